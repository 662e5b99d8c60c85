//! Chromium without a window, by chromedriver and the few requests of the WebDriver standard that are needed here.
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
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The name of an element in an answer (W3C WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page, and everything it has seen.
pub(crate) struct Chromium {
    driver: Child,
    client: Client<HttpConnector, Full<Bytes>>,
    session: String,
    seen: String,
    pictures: PathBuf,
}

impl Chromium {
    /// Starts one that asks for pages in this language.
    pub(crate) async fn start(language: &str) -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--log-level=WARNING"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("chromedriver says its port");
            if let Some((_, port)) = line.rsplit_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let pictures = PathBuf::from(std::env::var_os("PAYTONE_SCREENSHOTS").unwrap_or_else(|| {
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots").into_os_string()
        }));
        std::fs::create_dir_all(&pictures).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let root = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { driver, client, session: root.clone(), seen: String::new(), pictures };
        let made = browser.ask(&root, Some(capabilities(language))).await;
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
        let source = self.source().await;
        self.seen.push_str(&source);
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
        let source = self.source().await;
        self.seen.push_str(&source);
        let url = format!("{}/screenshot", self.session);
        let picture = self.ask(&url, None).await;
        let bytes = <base64ct::Base64 as base64ct::Encoding>::decode_vec(picture.as_str().unwrap()).unwrap();
        std::fs::write(self.pictures.join(format!("{name}.png")), bytes).unwrap();
    }

    /// Closes it; every page, request and console line it has seen.
    pub(crate) async fn stop(mut self) -> String {
        for log in ["browser", "performance"] {
            let entries = self.post("se/log", json!({ "type": log })).await;
            for entry in entries.as_array().unwrap() {
                self.seen.push_str(&format!("\n{entry}"));
            }
        }
        let request = Request::delete(&self.session).body(Full::default()).unwrap();
        self.client.request(request).await.unwrap();
        self.driver.kill().await.unwrap();
        self.seen
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

fn capabilities(language: &str) -> Value {
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "timeouts": { "script": 30_000 },
        "unhandledPromptBehavior": "ignore",
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": { "args": [
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
            "--window-size=1400,1000", format!("--lang={language}"), format!("--accept-lang={language}"),
        ] },
    } } })
}
