//! `kill -9` at every step of a payment, and then a second process that has to make sense of what is left: no card charged
//! twice, no approval lost, every outcome told.
//!
//! The process that is killed is this test program itself, started again with other settings; the provider and the
//! merchant's server stay up in the first one, like the world does. `PAYTONE_KILL_RUNS` says how many runs (two for every
//! place and database unless set), `PAYTONE_KILL_SEED` where to begin.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixtures;
mod ledger;

use core::time::Duration;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use fixtures::postgres::Server;
use fixtures::{LIMITS, TTL, card, claimant, merchant, new_order};
use ivr_payment_service::bus::Bus;
use ivr_payment_service::clock::Clock;
use ivr_payment_service::failpoint::PLACES;
use ivr_payment_service::payments::{Accounts, Operate, Payments, Tools};
use ivr_payment_service::store::{Claim, Created, DeliveryState, NewCall, OrderState, Store};
use ivr_payment_service::webhook::{Courier, make_key};
use ledger::process::{Ahead, open};
use ledger::{Gateway, Provider};
use paytone_card::test_numbers;
use paytone_psp::attempt::State;
use serde_json::Value;

/// What a second process finds ahead of it: every deadline is long over.
const LATER: Duration = Duration::from_secs(3600);

fn setting(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// The process that is killed, or that cleans up. It does nothing in an ordinary run of the tests.
#[tokio::test]
async fn child() {
    let Ok(database) = std::env::var("PAYTONE_KILL_DATABASE") else { return };
    let again = std::env::var_os("PAYTONE_FAIL_AT").is_none();
    let clock = Arc::new(Ahead(if again { LATER } else { Duration::ZERO }));
    let store = open(&database).await;
    let tools = Tools {
        store: store.clone(),
        accounts: Accounts::shared(
            Arc::new(Gateway::new(setting("PAYTONE_KILL_PROVIDER").parse().unwrap())),
            Duration::from_secs(5),
        ),
        bus: Bus::new(),
        clock: clock.clone(),
    };
    let payments = Payments::with(tools);
    payments.recover().await.unwrap();
    let courier = Courier::new(store.clone(), clock.clone());
    if !again {
        pay(&store, &payments, &clock).await;
        courier.deliver_due().await.unwrap();
    }
    settle(&store).await;
    courier.deliver_due().await.unwrap();
}

/// One order, paid, and given back where that is asked for.
async fn pay(store: &Store, payments: &Payments, clock: &Ahead) {
    let merchant = merchant(store).await;
    let (key, _) = make_key();
    store
        .create_endpoint(merchant, &setting("PAYTONE_KILL_HOOK").as_str().into(), &key, clock.now())
        .await
        .unwrap();
    let new = new_order("K-1", 1200);
    let Created::New(order) = store.create_order(merchant, &new, clock.now()).await.unwrap() else {
        panic!()
    };
    let new = NewCall { merchant, sip_call_id: "kill".into(), line: "order".into(), caller: None };
    let call = store.call_started(&new, clock.now()).await.unwrap();
    let claimant = claimant(call, "192.0.2.1");
    let claim = store.claim_order(order.code.as_str(), &claimant, &LIMITS, clock.now()).await.unwrap();
    let Claim::Taken(order) = claim else { panic!("{claim:?}") };
    drop(payments.authorize(call, &order, card(test_numbers::VISA)).await);
    if std::env::var_os("PAYTONE_KILL_REFUND").is_some() {
        settle(store).await;
        let attempt = store.attempts_of(order.id).await.unwrap().remove(0);
        drop(payments.operate(merchant, *attempt.attempt.reference(), Operate::Refund(None)).await);
    }
}

/// Waits until nothing is open any more.
async fn settle(store: &Store) {
    for _ in 0..1200 {
        if store.open_attempts().await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("still open: {:?}", store.open_attempts().await.unwrap());
}

/// A merchant's server: what it was told, by reference and version.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Value>>>);

impl Told {
    async fn start() -> (Self, String) {
        let this = Self::default();
        let kept = this.clone();
        let receive = async move |body: String| {
            kept.0.lock().unwrap().push(serde_json::from_str(&body).unwrap());
        };
        let router = axum::Router::new().route("/", axum::routing::post(receive));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (this, url)
    }

    fn heard(&self, reference: &str, version: u32) -> bool {
        let told = self.0.lock().unwrap();
        told.iter().any(|body| {
            let payment = &body["data"]["payment"];
            payment["reference"] == reference && payment["version"] == version
        })
    }
}

struct Run<'a> {
    database: &'a str,
    provider: &'a Provider,
    hook: &'a str,
    place: &'static str,
}

impl Run<'_> {
    async fn child(&self, kill: bool) -> std::process::ExitStatus {
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--nocapture"]).stdout(Stdio::null());
        command.env("PAYTONE_KILL_DATABASE", self.database).env("PAYTONE_KILL_HOOK", self.hook);
        command.env("PAYTONE_KILL_PROVIDER", self.provider.address().to_string());
        if kill {
            command.env("PAYTONE_FAIL_AT", format!("{}:1", self.place));
        }
        if self.place.starts_with("operation") {
            command.env("PAYTONE_KILL_REFUND", "1");
        }
        tokio::time::timeout(Duration::from_secs(120), command.kill_on_drop(true).status())
            .await
            .unwrap()
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_double_charge_no_lost_approval_every_outcome_told() {
    if std::env::var_os("PAYTONE_KILL_DATABASE").is_some() {
        return;
    }
    let server = Server::start().await;
    let databases = if server.is_some() { 2 } else { 1 };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let runs = number("PAYTONE_KILL_RUNS").unwrap_or(PLACES.len() * databases * 2);
    let first = number("PAYTONE_KILL_SEED").unwrap_or(0);
    let mut killed = BTreeMap::<_, u32>::new();
    let (mut charges, mut silent, mut outcomes) = (0, 0, 0);
    for seed in first..first + runs {
        let place = PLACES[seed % PLACES.len()];
        let folder = tempfile::tempdir().unwrap();
        let database = match &server {
            Some(server) if (seed / PLACES.len()) % 2 == 1 => {
                secrecy::ExposeSecret::expose_secret(&server.database().await).to_owned()
            }
            _ => folder.path().join("paytone.sqlite").to_str().unwrap().to_owned(),
        };
        let provider = Provider::start(u64::try_from(seed).unwrap()).await;
        let (told, hook) = Told::start().await;
        let run = Run { database: &database, provider: &provider, hook: &hook, place };
        let status = run.child(true).await;
        assert_eq!(status.signal(), Some(9), "seed {seed}: not killed at {place}: {status}");
        let status = run.child(false).await;
        assert!(status.success(), "seed {seed}: {place}: {status}");
        *killed.entry(place).or_default() += 1;

        let store = open(&database).await;
        let order = store.order(merchant(&store).await, "K-1").await.unwrap().unwrap();
        let held = provider.held();
        assert!(provider.charges() <= 1, "seed {seed}: {place}: charged {} times", provider.charges());
        for record in store.attempts_of(order.id).await.unwrap() {
            let believed = match record.attempt.state() {
                State::Captured => 1200,
                State::NotCharged | State::Refunded | State::Declined => 0,
                other => panic!("seed {seed}: {place}: left {other}"),
            };
            assert_eq!(believed, held, "seed {seed}: {place}: the journal and the provider disagree");
        }
        assert_eq!(order.state == OrderState::Paid, held == 1200, "seed {seed}: {place}");
        for report in store.reports().await.unwrap() {
            outcomes += 1;
            let reference = report.reference.to_string();
            assert!(told.heard(&reference, report.version), "seed {seed}: {place}: {} untold", report.state);
        }
        let merchant = merchant(&store).await;
        assert_eq!(store.deliveries(merchant, Some(DeliveryState::Waiting), 10).await.unwrap(), []);
        charges += provider.charges();
        silent += provider.silent();
        store.close().await;
    }
    assert!(TTL > LATER);
    println!("{runs} runs, killed at {killed:?}; {databases} databases");
    println!(
        "{charges} charges, {silent} answers lost on the way; 0 charged twice, 0 approvals lost, {outcomes} outcomes, 0 untold"
    );
}
