//! The provider is away, the database is away, the disk is full, the service is being stopped: no card is asked for, the
//! caller goes back to the operator, the order stays open, and whoever has to know is told.
//!
//! Long because each trouble is one case, told from the call to the way back.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;
#[path = "fixtures/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test program uses its part")]
mod postgres;

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use common::alerts::listen_for_alerts;
use common::baresip::{Baresip, Setup};
use common::page::Reader;
use common::peers::available;
use common::{CODE, EXPIRY, Fixture, Watch, gmo};
use paytone_card::test_numbers;
use paytone_psp_gmo::fake::{Fake, SHOP_PASSWORD, serve};
use phone::{Call, Keys, Options, PhoneError, Target};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

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

/// The caller hears that it cannot be paid now, and not a word of a card; the operator has them back, until they hang up.
/// The call's SIP Call-ID.
async fn goes_back(watch: &mut Watch, operator: &mut Baresip, caller: Call) -> String {
    let said = says(watch, "back-to-operator").await;
    assert_eq!(said, ["service-unavailable", "back-to-operator"], "not a word of a card");
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    let call_id = caller.call_id().to_owned();
    caller.hang_up().await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    call_id
}

/// The switchboard hears at once that no call is taken.
async fn is_refused(fixture: &Fixture) {
    assert!(matches!(dial(fixture).await, Err(PhoneError::Refused { .. })), "a call was taken");
}

/// What was wrong is over: the call is known to have ended without money, its order is open and can be paid.
async fn recovers(fixture: &Fixture, order: &Value, call_id: &str) {
    becomes(fixture, 200, "ready", json!([])).await;
    assert_eq!(fixture.ended_call(call_id).await["outcome"], "gateway_unavailable");
    fixture.order_becomes(order["order_id"].as_str().unwrap(), "open").await;
    pays(fixture, order).await;
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
    let (mut provider, folder) = (Provider::start().await, tempfile::tempdir().unwrap());
    let mut operator = operator(folder.path()).await;
    let (told, url) = listen_for_alerts().await;
    let file = folder.path().join("told");
    let alert =
        format!("[alert]\nurl = '{url}'\ncommand = ['sh', '-c', 'cat >>\"$0\"', '{}']\n", file.display());
    let settings = alert + &provider.settings() + &line(&operator);
    let fixture = Fixture::start_with(&settings).await;
    let reader = Reader::sign_in(&fixture).await;
    let order = fixture.order("DOWN-1", 1200).await;
    becomes(&fixture, 200, "ready", json!([])).await;
    assert!(!reader.get("/board").await.1.contains("cannot be reached"));

    provider.go_away().await;
    let mut watch = fixture.watch();
    let caller = dial(&fixture).await.unwrap();
    let call_id = goes_back(&mut watch, &mut operator, caller).await;
    let call = fixture.ended_call(&call_id).await;
    assert_eq!(call["outcome"], "gateway_unavailable", "{call}");
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

    provider.come_back().await;
    recovers(&fixture, &order, &call_id).await;
    assert!(!reader.get("/board").await.1.contains("cannot be reached"), "the banner is gone");
    assert_eq!(provider.fake.held().len(), 1);
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
    let call_id = goes_back(&mut watch, &mut operator, caller).await;
    becomes(&fixture, 503, "not_ready", json!(["database"])).await;
    assert_eq!(reader.get("/board").await.0, 503, "the page says that there is no database");
    is_refused(&fixture).await;

    server.start_again().await;
    recovers(&fixture, &order, &call_id).await;
    operator.stop().await;
    fixture.stop().await;
}

/// A file system of eight megabytes in memory, which takes root. Dropped, it is gone.
struct SmallDisk(TempDir);

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
    let call_id = goes_back(&mut watch, &mut operator, caller).await;
    becomes(&fixture, 503, "not_ready", json!(["database_writes"])).await;
    let (status, page) = reader.get("/board").await;
    assert!(status == 200 && page.contains("Nothing can be saved"), "{page}");
    is_refused(&fixture).await;

    disk.clear();
    recovers(&fixture, &order, &call_id).await;
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
        is_refused(&fixture).await;
        let card = format!("{}#~{}#{EXPIRY}{CODE}", code(&order), test_numbers::VISA);
        caller.press(&keys(&card)).await.unwrap();
        caller.wait_for_hang_up(PATIENCE).await
    };
    let (report, ()) = tokio::join!(goes_on, fixture.service.drain(PATIENCE));
    assert_eq!(report.ending(), phone::Ending::Callee);
    assert_eq!(fixture.get("/v1/orders/STOP-1").await["state"], "paid");
    fixture.stop().await;
}

/// Whose caller comes back is known after a restart too: their order opens by itself.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_call_still_comes_back_to_its_operator() {
    let fixture = Fixture::start().await;
    let order = fixture.order("BACK-1", 1200).await;
    let path = format!("/orders/{}", order["id"].as_str().unwrap());
    let mut reader = Reader::sign_in(&fixture).await;
    assert_eq!(reader.get(&path).await.0, 200, "looked at");
    let fixture = Fixture::start_in(fixture.stop().await, "").await;
    reader.goes_to(&fixture);
    let mut told = reader.listen("/live?board=1").await;
    let caller = dial(&fixture).await.unwrap();
    caller.hang_up().await;
    told.wait_for("event: toast", PATIENCE).await;
    let mut caller = dial(&fixture).await.unwrap();
    let card = format!("{}#~{}#{EXPIRY}{CODE}", code(&order), test_numbers::VISA);
    caller.press(&keys(&card)).await.unwrap();
    let popped = told.wait_for("event: pop", PATIENCE).await;
    assert!(popped.contains(&format!("/console{path}")), "{popped}");
    caller.hang_up().await;
    drop(told);
    fixture.stop().await;
}

/// A payment whose answer has not come when the service is stopped is parked: the next start asks what became of it, and
/// nothing is charged again.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_parks_a_payment_without_an_answer() {
    let provider = Provider::start().await;
    let fixture = Fixture::start_with(&provider.settings()).await;
    // The stand-in charges this amount and never answers.
    let order = fixture.order("STOP-2", 1263).await;
    let mut caller = dial(&fixture).await.unwrap();
    let card = format!("{}#~{}#{EXPIRY}{CODE}", code(&order), test_numbers::VISA);
    caller.press(&keys(&card)).await.unwrap();
    provider.holds(1).await;
    let fixture = Fixture::start_in(fixture.stop().await, &provider.settings()).await;
    drop(caller);
    fixture.order_becomes("STOP-2", "paid").await;
    let attempts = fixture.get("/v1/orders/STOP-2").await["attempts"].clone();
    assert_eq!((attempts.as_array().unwrap().len(), provider.fake.held().len()), (1, 1), "{attempts}");
    fixture.stop().await;
}

/// A stand-in for PG Multi-Payment Service that can go away and come back at its address.
struct Provider {
    fake: Fake,
    address: SocketAddr,
    serving: JoinHandle<std::io::Result<Infallible>>,
    secrets: TempDir,
}

impl Provider {
    async fn start() -> Self {
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let (fake, secrets) = (Fake::new(now), tempfile::tempdir().unwrap());
        std::fs::write(secrets.path().join("password"), SHOP_PASSWORD).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { serving: tokio::spawn(serve(listener, fake.clone(), None)), fake, address, secrets }
    }

    fn settings(&self) -> String {
        gmo::settings(&format!("http://{}", self.address), &self.secrets.path().join("password"))
    }

    /// Nobody listens there any more.
    async fn go_away(&mut self) {
        self.serving.abort();
        assert!((&mut self.serving).await.is_err(), "it was serving");
    }

    async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = tokio::spawn(serve(listener, self.fake.clone(), None));
    }

    /// Waits until it has charged so often.
    async fn holds(&self, charges: usize) {
        for _ in 0..1200 {
            if self.fake.held().len() == charges {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:?} instead of {charges}", self.fake.held().len());
    }
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
