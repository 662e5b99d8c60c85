//! A browser without a window, by its driver and the few requests of the WebDriver standard that are needed here.
//! (A crate for all of it would be sixty crates to build.)

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Lines};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::common::peers::available;

/// The name of an element in an answer (W3C WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const PATIENCE: Duration = Duration::from_secs(60);

/// Which browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Chromium,
    Firefox,
}

impl Engine {
    /// Whether it can be started here.
    pub(crate) fn is_available(self) -> bool {
        available(self.program()) && available(self.driver())
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox-esr",
        }
    }

    /// Stands before the names of its pictures.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Chromium => "",
            Self::Firefox => "firefox-",
        }
    }

    const fn driver(self) -> &'static str {
        match self {
            Self::Chromium => "chromedriver",
            Self::Firefox => "geckodriver",
        }
    }

    /// What the driver is started with, and what it says before its port.
    const fn options(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Chromium => (&["--port=0", "--log-level=WARNING"], "successfully on port "),
            Self::Firefox => (&["--port=0"], "Listening on 127.0.0.1:"),
        }
    }
}

/// A browser with one page, and everything it has seen.
pub(crate) struct Browser {
    engine: Engine,
    driver: Child,
    /// What the driver writes: with Firefox that is the page's console.
    written: JoinHandle<String>,
    client: Client<HttpConnector, Full<Bytes>>,
    session: String,
    seen: String,
    pictures: PathBuf,
}

impl Browser {
    /// Starts one that asks for pages in this language.
    pub(crate) async fn start(engine: Engine, language: &str) -> Self {
        let (options, says) = engine.options();
        let mut driver = Command::new(engine.driver())
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the driver starts");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("the driver says its port");
            if let Some((_, port)) = line.rsplit_once(says) {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let errors = BufReader::new(driver.stderr.take().unwrap()).lines();
        let written = tokio::spawn(async move {
            let (said, complained) = tokio::join!(whole(lines), whole(errors));
            said + &complained
        });
        let pictures = PathBuf::from(std::env::var_os("PAYTONE_SCREENSHOTS").unwrap_or_else(|| {
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots").into_os_string()
        }));
        std::fs::create_dir_all(&pictures).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let root = format!("http://127.0.0.1:{port}/session");
        let mut browser =
            Self { engine, driver, written, client, session: root.clone(), seen: String::new(), pictures };
        let made = browser.ask(&root, Some(capabilities(engine, language))).await;
        browser.session = format!("{root}/{}", made["sessionId"].as_str().unwrap());
        browser
    }

    pub(crate) async fn open(&mut self, url: &str) {
        self.post("url", json!({ "url": url })).await;
    }

    /// Waits until something like this is on the page.
    pub(crate) async fn wait_for(&mut self, css: &str) {
        let script = "const [css, done] = arguments; const look = () => document.querySelector(css) ? done(true) : \
                      setTimeout(look, 20); look();";
        let waited = tokio::time::timeout(PATIENCE, async {
            // A page that is left takes its script with it: the next one is asked again.
            loop {
                let answer = self.try_ask("execute/async", json!({ "script": script, "args": [css] })).await;
                if answer["value"] == json!(true) {
                    return;
                }
            }
        });
        let came = waited.await.is_ok();
        let page = if came { String::new() } else { self.source().await };
        assert!(came, "{css} did not come: {page}");
        self.look().await;
    }

    /// Writes into a field, as keys would.
    pub(crate) async fn write(&mut self, css: &str, text: &str) {
        self.on(css, "value", json!({ "text": text })).await;
    }

    pub(crate) async fn click(&mut self, css: &str) {
        self.on(css, "click", json!({})).await;
    }

    /// What a person reads there.
    pub(crate) async fn text_of(&mut self, css: &str) -> String {
        self.wait_for(css).await;
        let script = "return document.querySelector(arguments[0])?.innerText ?? '';";
        let text = self.post("execute/sync", json!({ "script": script, "args": [css] })).await;
        text.as_str().unwrap().to_owned()
    }

    /// Says yes to a question.
    pub(crate) async fn accept(&mut self) {
        self.post("alert/accept", json!({})).await;
    }

    /// A screenshot, kept under this name.
    pub(crate) async fn picture(&mut self, name: &str) {
        self.look().await;
        let url = format!("{}/screenshot", self.session);
        let picture = self.ask(&url, None).await;
        let bytes = <base64ct::Base64 as base64ct::Encoding>::decode_vec(picture.as_str().unwrap()).unwrap();
        std::fs::write(self.pictures.join(format!("{}{name}.png", self.engine.prefix())), bytes).unwrap();
    }

    /// Closes it; every page, request and console line it has seen.
    pub(crate) async fn stop(mut self) -> String {
        if self.engine == Engine::Chromium {
            for log in ["browser", "performance"] {
                let entries = self.post("se/log", json!({ "type": log })).await;
                for entry in entries.as_array().unwrap() {
                    self.seen.push_str(&format!("\n{entry}"));
                }
            }
        }
        let request = Request::delete(&self.session).body(Full::default()).unwrap();
        self.client.request(request).await.unwrap();
        self.driver.kill().await.unwrap();
        self.seen.push_str(&self.written.await.unwrap());
        self.seen
    }

    /// What the browser has complained of in pages, and not about itself.
    pub(crate) fn complaints(seen: &str) -> String {
        let complaint = |line: &&str| {
            (line.starts_with('{') && line.contains("\"level\":\"SEVERE\""))
                || line.starts_with("JavaScript error: http")
        };
        seen.lines().filter(complaint).collect()
    }

    /// The page, and what it has asked for: Firefox's driver keeps no list of requests.
    async fn look(&mut self) {
        let source = self.source().await;
        self.seen.push_str(&source);
        if self.engine == Engine::Firefox {
            let script = "return performance.getEntries().map((entry) => entry.name).join('\\n');";
            let requests = self.post("execute/sync", json!({ "script": script, "args": [] })).await;
            self.seen.push_str(&format!("\n{}\n", requests.as_str().unwrap()));
        }
    }

    async fn source(&self) -> String {
        let url = format!("{}/source", self.session);
        self.ask(&url, None).await.as_str().unwrap_or_default().to_owned()
    }

    /// Does this to an element. The page is alive: one that has been replaced, or is covered for a moment, is looked for
    /// again, since nothing was done to it then.
    async fn on(&mut self, css: &str, what: &str, body: Value) {
        let start = std::time::Instant::now();
        loop {
            self.wait_for(css).await;
            let found = self.try_ask("element", json!({ "using": "css selector", "value": css })).await;
            let Some(element) = found["value"][ELEMENT].as_str() else { continue };
            let done = self.try_ask(&format!("element/{element}/{what}"), body.clone()).await;
            let refused =
                ["stale element reference", "element click intercepted", "element not interactable"];
            let error = done["value"]["error"].as_str();
            if !error.is_some_and(|error| refused.contains(&error)) {
                return assert_eq!(error, None, "{css}: {done}");
            }
            assert!(start.elapsed() < PATIENCE, "{css}: {done}");
        }
    }

    async fn post(&self, what: &str, body: Value) -> Value {
        self.ask(&format!("{}/{what}", self.session), Some(body)).await
    }

    async fn ask(&self, url: &str, body: Option<Value>) -> Value {
        let (success, answer) = self.send(url, body).await;
        assert!(success, "{url}: {answer}");
        answer["value"].clone()
    }

    async fn try_ask(&self, what: &str, body: Value) -> Value {
        self.send(&format!("{}/{what}", self.session), Some(body)).await.1
    }

    async fn send(&self, url: &str, body: Option<Value>) -> (bool, Value) {
        let request = if body.is_some() { Request::post(url) } else { Request::get(url) };
        let bytes = body.map(|body| body.to_string()).unwrap_or_default();
        let request = request.header("content-type", "application/json").body(Full::from(bytes)).unwrap();
        let response = self.client.request(request).await.unwrap();
        let success = response.status().is_success();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (success, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

/// Everything a program writes until it ends.
async fn whole<R: AsyncRead + Unpin>(mut lines: Lines<BufReader<R>>) -> String {
    let mut written = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        written.push_str(&line);
        written.push('\n');
    }
    written
}

fn capabilities(engine: Engine, language: &str) -> Value {
    let mut wanted = json!({ "timeouts": { "script": 30_000 }, "unhandledPromptBehavior": "ignore" });
    match engine {
        Engine::Chromium => {
            wanted["browserName"] = json!("chrome");
            wanted["goog:loggingPrefs"] = json!({ "browser": "ALL", "performance": "ALL" });
            wanted["goog:chromeOptions"] = json!({ "args": [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                "--window-size=1400,1000", format!("--lang={language}"), format!("--accept-lang={language}"),
            ] });
        }
        Engine::Firefox => {
            wanted["browserName"] = json!("firefox");
            wanted["moz:firefoxOptions"] = json!({
                "binary": firefox(),
                "args": ["-headless"],
                "env": { "MOZ_HEADLESS_WIDTH": "1400", "MOZ_HEADLESS_HEIGHT": "1000" },
                "prefs": {
                    "intl.accept_languages": language,
                    "devtools.console.stdout.content": true,
                    "javascript.options.showInConsole": true,
                    "browser.dom.window.dump.enabled": true,
                },
            });
        }
    }
    json!({ "capabilities": { "alwaysMatch": wanted } })
}

/// The program itself: Debian's name for it is a script, which the driver does not start.
fn firefox() -> &'static str {
    let own = "/usr/lib/firefox-esr/firefox-esr";
    if std::path::Path::new(own).exists() { own } else { "/usr/bin/firefox-esr" }
}
