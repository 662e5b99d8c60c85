//! The provider is away, the database is away, the disk is full, the service is being stopped: no card is asked for, the
//! caller goes back to the operator, the order stays open, and whoever has to know is told.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;
#[path = "fixtures/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test program uses its part")]
mod postgres;

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use common::baresip::{Baresip, Setup};
use common::page::Reader;
use common::peers::available;
use common::{CODE, EXPIRY, Fixture, Watch, gmo};
use paytone_card::test_numbers;
use paytone_psp_gmo::fake::{Fake, SHOP_PASSWORD, serve};
use phone::{Call, Keys, Options, PhoneError, Target};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(60);

/// A line that finds its order by a code the caller keys, and gives the caller back to this operator.
fn line(operator: &Baresip) -> String {
    format!(
        "[[lines]]\nname = 'order'\nkind = 'order'\nusers = ['order']\nlanguages = ['en']\n\
         [lines.operator]\nuri = '{}'\nback = 'dial'\n",
        operator.uri()
    )
}

async fn operator(folder: &Path) -> Baresip {
    Baresip::start_as(folder, Setup { answers: true, ..Setup::default() }).await
}

async fn dial(fixture: &Fixture) -> Result<Call, PhoneError> {
    let target: Target = fixture.uri("order").parse().unwrap();
    Call::dial(&target, &Options::new()).await
}

fn keys(text: &str) -> Keys {
    Keys::parse(text).unwrap()
}

fn code(order: &Value) -> String {
    order["code"].as_str().unwrap().to_owned()
}

/// Waits for a prompt, and returns every prompt up to it.
async fn says(watch: &mut Watch, prompt: &str) -> Vec<String> {
    let mut said = Vec::new();
    loop {
        let event = watch.wait_for("prompt").await;
        let names: Vec<String> = serde_json::from_value(event["data"].clone()).unwrap();
        let found = names.iter().any(|name| name == prompt);
        said.extend(names);
        if found {
            return said;
        }
    }
}

/// Waits until `/readyz` says this.
async fn becomes(fixture: &Fixture, status: u16, word: &str, reasons: Value) {
    let wanted = (status, json!({ "status": word, "reasons": reasons }));
    let mut answer = (0, Value::Null);
    for _ in 0..600 {
        answer = fixture.request(hyper::Method::GET, "/readyz", None).await;
        if answer == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{answer:?} instead of {wanted:?}");
}

/// A card is asked for again, and pays.
async fn pays(fixture: &Fixture, order: &Value) {
    let mut caller = dial(fixture).await.unwrap();
    let card = format!("{}#~{}#{EXPIRY}{CODE}", code(order), test_numbers::VISA);
    caller.press(&keys(&card)).await.unwrap();
    fixture.order_becomes(order["order_id"].as_str().unwrap(), "paid").await;
    caller.hang_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_provider_no_card_is_asked_for() {
    if !available("baresip") {
        return;
    }
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let (fake, secrets) = (Fake::new(now), tempfile::tempdir().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let provider = tokio::spawn(serve(listener, fake.clone(), None));
    let password = secrets.path().join("password");
    std::fs::write(&password, SHOP_PASSWORD).unwrap();
    let mut operator = operator(secrets.path()).await;
    let (told, url) = listen_for_alerts().await;
    let file = secrets.path().join("told");
    let alert =
        format!("[alert]\nurl = '{url}'\ncommand = ['sh', '-c', 'cat >>\"$0\"', '{}']\n", file.display());
    let settings = alert + &gmo::settings(&format!("http://{address}"), &password) + &line(&operator);
    let fixture = Fixture::start_with(&settings).await;
    let reader = Reader::sign_in(&fixture).await;
    let order = fixture.order("DOWN-1", 1200).await;
    becomes(&fixture, 200, "ready", json!([])).await;
    assert!(!reader.get("/board").await.1.contains("cannot be reached"));

    provider.abort();
    drop(provider.await);
    let mut watch = fixture.watch();
    let caller = dial(&fixture).await.unwrap();
    let said = says(&mut watch, "back-to-operator").await;
    assert_eq!(said, ["service-unavailable", "back-to-operator"], "not a word of a card");
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    let call = fixture.ended_call(caller.call_id()).await;
    assert_eq!(call["outcome"], "gateway_unavailable", "{call}");
    caller.hang_up().await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;

    becomes(&fixture, 200, "degraded", json!(["gateway"])).await;
    let posted = tokio::time::timeout(PATIENCE, told).await.unwrap().unwrap();
    assert_eq!(
        (&posted["alarm"], &posted["node"]),
        (&json!("gateway_unreachable"), &json!("main")),
        "{posted}"
    );
    assert_eq!(given_to_a_program(&file).await, posted, "an address and a program are told the same");
    for page in ["/board", "/new", "/orders"] {
        let (status, text) = reader.get(page).await;
        assert!(status == 200 && text.contains("The payment provider cannot be reached"), "{page}: {text}");
    }
    let left = fixture.get("/v1/orders/DOWN-1").await;
    assert_eq!((&left["state"], &left["attempts"]), (&json!("open"), &json!([])));

    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(serve(listener, fake.clone(), None));
    becomes(&fixture, 200, "ready", json!([])).await;
    assert!(!reader.get("/board").await.1.contains("cannot be reached"), "the banner is gone");
    pays(&fixture, &order).await;
    assert_eq!(fake.held().len(), 1);
    operator.stop().await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_no_card_is_asked_for() {
    if !available("baresip") {
        return;
    }
    let Some(mut server) = postgres::Server::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut operator = operator(folder.path()).await;
    let database = format!("[database]\nurl = '{}'\n", server.database().await.expose_secret());
    let fixture = Fixture::start_with(&(database + &line(&operator))).await;
    let reader = Reader::sign_in(&fixture).await;
    let order = fixture.order("DOWN-2", 1200).await;

    let mut watch = fixture.watch();
    let mut caller = dial(&fixture).await.unwrap();
    says(&mut watch, "enter-order-code").await;
    server.kill();
    caller.press(&keys(&format!("{}#", code(&order)))).await.unwrap();
    assert_eq!(says(&mut watch, "back-to-operator").await, ["service-unavailable", "back-to-operator"]);
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    let call_id = caller.call_id().to_owned();
    caller.hang_up().await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    becomes(&fixture, 503, "not_ready", json!(["database"])).await;
    assert_eq!(reader.get("/board").await.0, 503, "the page says that there is no database");
    assert!(
        matches!(dial(&fixture).await, Err(PhoneError::Refused { .. })),
        "the switchboard hears it at once"
    );

    server.start_again().await;
    becomes(&fixture, 200, "ready", json!([])).await;
    assert_eq!(fixture.ended_call(&call_id).await["outcome"], "gateway_unavailable");
    fixture.order_becomes("DOWN-2", "open").await;
    pays(&fixture, &order).await;
    operator.stop().await;
    fixture.stop().await;
}

/// A file system of eight megabytes in memory, which takes root. Dropped, it is gone.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m,mode=700", "paytone-test"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if mounted {
            return Some(Self(folder));
        }
        assert!(std::env::var_os("PAYTONE_REQUIRE_PEERS").is_none(), "a file system has to be mounted");
        writeln!(std::io::stderr(), "SKIPPED: no file system can be mounted here")
            .expect("standard error takes a line");
        None
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.0.path().join("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
        while filler.write_all(&[0]).is_ok() {}
    }

    fn clear(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).output());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_no_card_is_asked_for() {
    if !available("baresip") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut operator = operator(folder.path()).await;
    let own = tempfile::tempdir_in(disk.0.path()).unwrap();
    let fixture = Fixture::start_in(own, &line(&operator)).await;
    let reader = Reader::sign_in(&fixture).await;
    let order = fixture.order("FULL-1", 1200).await;

    let mut watch = fixture.watch();
    let mut caller = dial(&fixture).await.unwrap();
    says(&mut watch, "enter-order-code").await;
    disk.fill();
    caller.press(&keys(&format!("{}#", code(&order)))).await.unwrap();
    assert_eq!(says(&mut watch, "back-to-operator").await, ["service-unavailable", "back-to-operator"]);
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    let call_id = caller.call_id().to_owned();
    caller.hang_up().await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    becomes(&fixture, 503, "not_ready", json!(["database_writes"])).await;
    let (status, page) = reader.get("/board").await;
    assert!(status == 200 && page.contains("Nothing can be saved"), "{page}");
    assert!(
        matches!(dial(&fixture).await, Err(PhoneError::Refused { .. })),
        "the switchboard hears it at once"
    );

    disk.clear();
    becomes(&fixture, 200, "ready", json!([])).await;
    assert_eq!(fixture.ended_call(&call_id).await["outcome"], "gateway_unavailable");
    fixture.order_becomes("FULL-1", "open").await;
    pays(&fixture, &order).await;
    operator.stop().await;
    drop(fixture.stop().await);
}

/// A stop lets the call that is up pay, and takes no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_being_stopped_finishes_its_calls() {
    let fixture = Fixture::start().await;
    let order = fixture.order("STOP-1", 1200).await;
    let mut watch = fixture.watch();
    let mut caller = dial(&fixture).await.unwrap();
    says(&mut watch, "enter-order-code").await;
    let goes_on = async {
        becomes(&fixture, 503, "not_ready", json!(["stopping"])).await;
        assert!(matches!(dial(&fixture).await, Err(PhoneError::Refused { .. })), "no new call");
        let card = format!("{}#~{}#{EXPIRY}{CODE}", code(&order), test_numbers::VISA);
        caller.press(&keys(&card)).await.unwrap();
        caller.wait_for_hang_up(PATIENCE).await
    };
    let (report, ()) = tokio::join!(goes_on, fixture.service.drain(PATIENCE));
    assert_eq!(report.ending(), phone::Ending::Callee);
    assert_eq!(fixture.get("/v1/orders/STOP-1").await["state"], "paid");
    fixture.stop().await;
}

/// A server for one alert: what it is told, and where it is.
async fn listen_for_alerts() -> (tokio::task::JoinHandle<Value>, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/alerts", listener.local_addr().unwrap());
    let told = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        // The body is one JSON object: it is there when it can be read.
        loop {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            assert!(length > 0, "an alert that ends early: {text}");
            text.push_str(core::str::from_utf8(&bytes[..length]).unwrap());
            let body = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
            if let Some(body) = body {
                assert!(text.starts_with("POST /alerts HTTP/1.1\r\n"), "{text}");
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                return body;
            }
        }
    });
    (told, url)
}

/// What the alert command was given, once it is whole.
async fn given_to_a_program(file: &Path) -> Value {
    for _ in 0..600 {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Ok(told) = serde_json::from_str(&text) {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no program was told");
}
