//! A request with an `Idempotency-Key` whose process is killed with `kill -9`, wherever it has got to: made again as soon as the
//! service is back, it is answered with what came of it, and no money moves twice.
//!
//! As in `kill.rs`, the process that is killed is this test program itself, started again with other settings.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixtures;
mod ledger;

use core::time::Duration;
use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::sync::Arc;

use fixtures::postgres::Server;
use fixtures::{LIMITS, TTL, card, claimant, merchant, new_order};
use ivr_payment_service::api::{Api, Backend, Dialling, RateLimit, Refusals};
use ivr_payment_service::bus::Bus;
use ivr_payment_service::clock::Clock;
use ivr_payment_service::config::Config;
use ivr_payment_service::payments::{Accounts, Payments, Tools};
use ivr_payment_service::store::{Claim, Created, NewCall, NewOrder, OrderTerms, Purpose, Store};
use ivr_payment_service::waiting::WaitingRoom;
use ledger::process::{Ahead, open};
use ledger::{Gateway, Provider};
use paytone_card::test_numbers;
use paytone_psp::exchange::{Body, Request, Transport as _};
use paytone_psp_http::{Endpoint, Http, Trust};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// When the service is back: nothing that was sent can still arrive, and nobody takes the request for one that hangs.
const BACK: Duration = Duration::from_secs(5 * 60);
/// How long the provider may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Nothing here takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);
const KEY: &str = "a-key-for-tests";
const ORDER: &str = "K-1";

fn setting(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// The service: the one that is killed, or the one after it. It does nothing in an ordinary run of the tests.
#[tokio::test]
async fn child() {
    let Ok(database) = std::env::var("PAYTONE_KILL_DATABASE") else { return };
    let again = std::env::var_os("PAYTONE_FAIL_AT").is_none();
    let clock = Arc::new(Ahead(if again { BACK } else { Duration::ZERO }));
    let store = open(&database).await;
    let bus = Bus::new();
    let gateway = Gateway::new(setting("PAYTONE_KILL_PROVIDER").parse().unwrap());
    let accounts = Accounts::shared(Arc::new(gateway), DEADLINE);
    let tools = Tools { store: store.clone(), accounts, bus: bus.clone(), clock: clock.clone() };
    let payments = Payments::with(tools);
    let mut events = bus.watch();
    payments.recover().await.unwrap();
    if !again {
        pay(&store, &payments, &clock).await;
    }
    let merchant = merchant(&store).await;
    let backend = Backend {
        store: store.clone(),
        payments,
        bus,
        rate: RateLimit::new(10_000, 10_000),
        refusals: Refusals::default(),
        waiting: WaitingRoom::default(),
        clock,
        key: KEY.into(),
        merchant,
        ttl: TTL,
        own_ttl: HashMap::new(),
        dialling: Dialling::new(&Config::default(), "127.0.0.1:5060".parse().unwrap(), |_| merchant),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = Api::start(listener, backend, axum::Router::new(), None).unwrap();
    println!("\nlistening {}", api.address());
    while !store.open_attempts().await.unwrap().is_empty() {
        events.recv().await.unwrap();
    }
    println!("\nsettled");
    core::future::pending::<()>().await;
}

/// An order that a caller has paid, or whose amount is reserved.
async fn pay(store: &Store, payments: &Payments, clock: &Ahead) {
    let purpose = Purpose::parse(&setting("PAYTONE_KILL_PURPOSE")).unwrap();
    let new = NewOrder { terms: OrderTerms { purpose, ..OrderTerms::default() }, ..new_order(ORDER, 1200) };
    let Created::New(order) = store.create_order(merchant(store).await, &new, clock.now()).await.unwrap()
    else {
        panic!("it was there already")
    };
    let (merchant, line) = (merchant(store).await, "order".into());
    let new = NewCall { merchant, sip_call_id: "killed".into(), line, caller: None };
    let caller = store.call_started(&new, clock.now()).await.unwrap();
    let claimant = claimant(caller, "192.0.2.1");
    let claim = store.claim_order(order.code.as_str(), &claimant, &LIMITS, clock.now()).await.unwrap();
    let Claim::Taken(order) = claim else { panic!("{claim:?}") };
    drop(payments.authorize(caller, &order, card(test_numbers::VISA)).await);
}

/// A service in a process of its own.
struct Running {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    http: Http,
}

struct Case<'a> {
    what: &'static str,
    purpose: &'static str,
    body: &'static str,
    place: &'static str,
    database: &'a str,
    provider: &'a Provider,
}

impl Case<'_> {
    async fn start(&self, killed: bool) -> Running {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--nocapture"]).stdout(Stdio::piped()).kill_on_drop(true);
        command.env("PAYTONE_KILL_DATABASE", self.database).env("PAYTONE_KILL_PURPOSE", self.purpose);
        command.env("PAYTONE_KILL_PROVIDER", self.provider.address().to_string());
        if killed {
            command.env("PAYTONE_FAIL_AT", format!("{}:1", self.place));
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = wait_for(&mut lines, "listening ").await;
        let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
        Running { child, lines, http: Http::new(endpoint, &Trust::PublicAuthorities).unwrap() }
    }

    /// The HTTP status and the body; nothing where no answer came.
    async fn ask(&self, running: &Running, key: &str) -> Option<(u16, Value)> {
        let path = format!("/v1/orders/{ORDER}/{}", self.what);
        let body = Body::write(|sink| sink.push(self.body.as_bytes()));
        let request = Request::post(&path, "application/json", body)
            .header("authorization", &format!("Bearer {KEY}"))
            .header("idempotency-key", key)
            .patience(PATIENCE);
        let answer = running.http.session(PATIENCE).send(request).await.ok()?;
        Some((answer.status(), serde_json::from_slice(answer.body()).unwrap()))
    }

    /// What the provider has taken and reserved, once the request is carried out.
    fn moved(&self) -> (u64, u64) {
        match self.what {
            "capture" => (1200, 0),
            "refund" => (700, 0),
            _ => (0, 0),
        }
    }
}

async fn wait_for(
    lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    begins: &str,
) -> String {
    let found = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("the service runs");
            if let Some(rest) = line.strip_prefix(begins) {
                return rest.to_owned();
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap()
}

/// Where a request is killed: its key is taken; the journal has what it begins; the provider has done it; all is written but
/// the answer.
const PLACES: [&str; 4] = ["request-taken", "operation", "operation-answered", "request-answered"];

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_request_made_again_is_answered_at_once_and_moves_no_money_twice() {
    if std::env::var_os("PAYTONE_KILL_DATABASE").is_some() {
        return;
    }
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("capture", "authorize", "{}"),
        ("void", "authorize", ""),
        ("refund", "capture", r#"{"amount":500}"#),
    ];
    let mut files = 0;
    for (what, purpose, body) in cases {
        for place in PLACES {
            files += 1;
            let file = folder.path().join(format!("{files}.sqlite")).to_str().unwrap().to_owned();
            let mut databases = vec![file];
            if let Some(server) = &server {
                databases.push(server.database().await.expose_secret().to_owned());
            }
            for database in databases {
                let provider = Provider::reliable().await;
                let case = Case { what, purpose, body, place, database: &database, provider: &provider };
                killed_and_made_again(&case).await;
            }
        }
    }
}

async fn killed_and_made_again(case: &Case<'_>) {
    let Case { what, place, provider, .. } = case;
    let mut killed = case.start(true).await;
    assert_eq!(case.ask(&killed, "k1").await, None, "{what} {place}");
    let status = tokio::time::timeout(PATIENCE, killed.child.wait()).await.unwrap().unwrap();
    assert_eq!(status.signal(), Some(9), "{what} {place}");

    let mut running = case.start(false).await;
    let (first, second) = tokio::join!(case.ask(&running, "k1"), case.ask(&running, "k1"));
    let statuses = [first.unwrap().0, second.unwrap().0];
    let fits = |status: &u16| matches!((place, status), (&"operation", 502) | (_, 200 | 202));
    assert!(statuses.iter().any(fits), "{what} {place}: {statuses:?}");
    // One of the two may be told that the other is at it.
    assert!(statuses.iter().all(|status| fits(status) || *status == 409), "{what} {place}: {statuses:?}");

    wait_for(&mut running.lines, "settled").await;
    let (status, answer) = case.ask(&running, "k1").await.unwrap();
    if *place == "operation" {
        // The journal had it and the provider never got it: that is said, and it can be asked for anew.
        assert_eq!(
            (status, &answer["type"]),
            (502, &"urn:paytone:problem:provider-did-not".into()),
            "{what}"
        );
        assert_eq!(case.ask(&running, "k2").await.unwrap().0, 200, "{what}");
    } else {
        assert_eq!(status, 200, "{what} {place}: {answer}");
    }
    assert_eq!((provider.held(), provider.reserved()), case.moved(), "{what} {place}");
    assert_eq!(case.ask(&running, "k1").await.unwrap(), (status, answer), "{what} {place}");
    assert_eq!((provider.held(), provider.reserved()), case.moved(), "{what} {place}");
    running.child.kill().await.unwrap();
}
