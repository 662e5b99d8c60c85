//! Calls over SIP that an operator drives through the API, or whose order an operator takes away.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::ear::Ear;
use common::page::Reader;
use common::{CODE, EXPIRY, Fixture};
use hyper::Method;
use ivr_payment_service::bus::{EventKind, ServiceEvent};
use paytone_card::test_numbers;
use paytone_dialog::{Field, Language, Phase, Progress, SecureState};
use phone::{Call, Keys, Options, Target};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

const PATIENCE: Duration = Duration::from_secs(60);

/// A line whose calls begin as these settings say.
fn line(languages: &str, dialog: &str) -> String {
    format!(
        "[[lines]]\nname = \"pay-order\"\nkind = \"pay_order\"\nusers = [\"pay-{{code}}\"]\n\
         languages = {languages}\n[lines.dialog]\n{dialog}\n"
    )
}

/// An operator at the console: sees the events of the one call there is, and commands it.
struct Operator<'a> {
    fixture: &'a Fixture,
    events: broadcast::Receiver<ServiceEvent>,
    caller: Call,
    call: String,
    said: Vec<String>,
}

impl<'a> Operator<'a> {
    /// Makes the order; the caller dials it.
    async fn with(fixture: &'a Fixture, order: Value) -> Self {
        let (status, order) = fixture.request(Method::POST, "/v1/orders", Some(&order)).await;
        assert_eq!(status, 201, "{order}");
        let events = fixture.service.services().bus.watch();
        let target: Target =
            fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap())).parse().unwrap();
        let caller = Call::dial(&target, &Options::new()).await.unwrap();
        let call = fixture.get(&format!("/v1/calls/{}", caller.call_id())).await;
        let call = call["id"].as_str().unwrap().to_owned();
        Self { fixture, events, caller, call, said: Vec::new() }
    }

    /// Waits for an event.
    async fn until(&mut self, what: &str, mut seen: impl FnMut(&EventKind) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.events.recv().await {
                    Ok(event) => {
                        if let EventKind::Prompt(names) = &event.kind {
                            self.said.extend(names.iter().cloned());
                        }
                        if seen(&event.kind) {
                            break;
                        }
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => panic!("the bus is closed"),
                }
            }
        });
        assert!(waited.await.is_ok(), "{what} did not happen; said {:?}", self.said);
    }

    async fn progress(&mut self, what: &str, seen: impl Fn(&Progress) -> bool) {
        self.until(what, |kind| matches!(kind, EventKind::Progress(progress) if seen(progress))).await;
    }

    async fn says(&mut self, prompt: &str) {
        self.until(
            prompt,
            |kind| matches!(kind, EventKind::Prompt(names) if names.iter().any(|name| name == prompt)),
        )
        .await;
    }

    /// Commands the call as it stands. What is refused comes back as the problem's type.
    async fn command(&self, command: &str, field: Option<&str>) -> Result<(), String> {
        let path = format!("/v1/calls/{}", self.call);
        let version = self.fixture.get(&path).await["version"].clone();
        let body = json!({ "command": command, "field": field, "version": version });
        let (status, answer) =
            self.fixture.request(Method::POST, &format!("{path}/commands"), Some(&body)).await;
        match status {
            200 => Ok(()),
            _ => Err(answer["type"].as_str().unwrap().trim_start_matches("urn:paytone:problem:").to_owned()),
        }
    }

    /// Has a field asked for, and the caller key it once the question is heard.
    async fn capture(&mut self, field: Field, prompt: &str, keys: &str) {
        self.command("capture", Some(field.as_str())).await.unwrap();
        self.says(prompt).await;
        self.press(keys).await;
        let taken =
            |progress: &Progress| progress.phase() == Phase::Waiting && !progress.missing().contains(field);
        self.progress(field.as_str(), taken).await;
    }

    async fn press(&mut self, keys: &str) {
        self.caller.press(&Keys::parse(keys).unwrap()).await.unwrap();
    }

    /// Waits for the service to hang up; the call as the API has it, and what the caller heard.
    async fn ended(self) -> (Value, Vec<i16>) {
        let report = self.caller.wait_for_hang_up(PATIENCE).await;
        assert_eq!(report.ending(), phone::Ending::Callee, "the service ends the call");
        (self.fixture.ended_call(report.call_id()).await, report.heard().samples().to_vec())
    }
}

fn order(order_id: &str) -> Value {
    json!({ "order_id": order_id, "amount": 3980, "currency": "JPY" })
}

/// Every command, on one call in Japanese, each when it is due and some when they are not.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_takes_a_japanese_payment_field_by_field() {
    let settings = line("[\"ja\"]", "directed = true\npostcode = true");
    let fixture = Fixture::start_with_own_voice_and(&settings).await;
    let mut desk = Operator::with(&fixture, order("J-1")).await;
    desk.progress("waiting", |progress| progress.phase() == Phase::Waiting).await;
    let refused = |why: &str| Err(format!("command-refused-{why}"));
    assert_eq!(desk.command("repeat", None).await, refused("nothing-open"));
    assert_eq!(desk.command("submit", None).await, refused("incomplete"));
    assert_eq!(desk.command("skip", Some("pan")).await, refused("not-optional"));
    assert_eq!(desk.command("capture", Some("amount")).await, refused("not-a-field"));
    assert_eq!(desk.command("capture", Some("security_code")).await, refused("too-early"));

    desk.capture(Field::Postcode, "enter-postcode", "1000001#").await;
    desk.command("capture", Some("pan")).await.unwrap();
    desk.says("enter-pan").await;
    assert!(desk.said.contains(&"order-summary".to_owned()), "who is paid and how much comes first");
    desk.command("repeat", None).await.unwrap();
    desk.says("enter-pan").await;
    // Half a number, and the operator has it keyed anew.
    desk.press("35303").await;
    desk.progress("five digits", |progress| progress.digits() == 5).await;
    desk.command("slow_mode", None).await.unwrap();
    desk.progress("slow", Progress::is_slow).await;
    desk.command("clear", Some("pan")).await.unwrap();
    desk.progress("cleared", |progress| progress.phase() == Phase::Waiting && progress.digits() == 0).await;
    desk.command("usual_mode", None).await.unwrap();
    desk.capture(Field::Pan, "enter-pan", &format!("~{}", test_numbers::JCB)).await;
    // They talk in between; the line is secured again for what follows.
    desk.command("talk", None).await.unwrap();
    desk.progress("released", |progress| progress.secure() == SecureState::Clear).await;
    desk.capture(Field::Expiry, "enter-expiry", "0131").await;
    desk.capture(Field::Expiry, "enter-expiry", &format!("~{EXPIRY}")).await;
    desk.capture(Field::SecurityCode, "enter-back-code", CODE).await;
    desk.command("submit", None).await.unwrap();
    let (call, audio) = desk.ended().await;
    assert_eq!(
        (&call["outcome"], &call["brand"], &call["last_four"]),
        (&json!("approved"), &json!("jcb"), &json!("0000"))
    );
    let order = fixture.get("/v1/orders/J-1").await;
    assert_eq!((&order["state"], &order["attempts"][0]["postcode"]), (&json!("paid"), &json!("1000001")));
    let ear = Ear::new();
    for name in ["enter-pan", "enter-expiry", "approved", "goodbye"] {
        assert!(ear.hears(&audio, Language::Ja, name), "{name}");
        assert!(!ear.hears(&audio, Language::En, name), "{name}");
    }
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_taken_back_cancelled_and_not_commanded_afterwards() {
    let fixture = Fixture::start_with(&line("[\"en\"]", "directed = true")).await;
    for (order_id, command, spoken) in [("T-1", "send_to_operator", false), ("T-2", "cancel", true)] {
        let mut desk = Operator::with(&fixture, order(order_id)).await;
        desk.progress("waiting", |progress| progress.phase() == Phase::Waiting).await;
        desk.command("capture", Some("pan")).await.unwrap();
        desk.says("enter-pan").await;
        desk.command(command, None).await.unwrap();
        desk.until("the end", |kind| matches!(kind, EventKind::CallEnded(_))).await;
        assert_eq!(desk.said.contains(&"cancelled".to_owned()), spoken, "{command}");
        assert!(desk.command("submit", None).await.is_err(), "{command}");
        let (call, _) = desk.ended().await;
        assert_eq!(call["outcome"], "cancelled_by_operator");
        fixture.order_becomes(order_id, "open").await;
    }
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_withdrawn_or_changed_is_spoken() {
    let fixture = Fixture::start_with_own_voice().await;
    for (order_id, prompt, detail) in
        [("W-1", "order-cancelled", "cancelled"), ("W-2", "order-changed", "changed")]
    {
        let mut desk = Operator::with(&fixture, order(order_id)).await;
        desk.says("enter-pan").await;
        desk.press("4111").await;
        let path = format!("/v1/orders/{order_id}");
        let (status, answer) = match detail {
            "cancelled" => fixture.request(Method::POST, &format!("{path}/cancel"), Some(&json!({}))).await,
            _ => fixture.request(Method::PATCH, &path, Some(&json!({ "amount": 4980 }))).await,
        };
        assert_eq!(status, 200, "{answer}");
        let (call, audio) = desk.ended().await;
        assert_eq!((&call["outcome"], &call["detail"]), (&json!("order_withdrawn"), &json!(detail)));
        assert!(Ear::new().hears(&audio, Language::En, prompt), "{prompt}");
        assert_eq!(fixture.get(&path).await["attempts"], json!([]));
    }
    fixture.stop().await;
}

/// Waits until the console's page of the order has this button, or has it no more.
async fn shows(reader: &Reader, button: &str, there: bool) {
    let id = format!("id=\"{button}\"");
    for _ in 0..600 {
        if reader.get("/orders/H-1").await.1.contains(&id) == there {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{button} there: {}", !there);
}

/// The operator who dialled hears a neutral loop; only whoever presses 1 hears of the order.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_hands_the_caller_over() {
    let dialog = "hand_over = \"caller_and_operator\"\n";
    let settings = line("[\"en\"]", dialog);
    let fixture = Fixture::start_with(&settings).await;
    let mut desk = Operator::with(&fixture, order("H-1")).await;
    desk.says("hand-over").await;
    desk.says("hand-over").await;
    let reader = Reader::sign_in(&fixture).await;
    shows(&reader, "do-hand_over", true).await;
    desk.press("23").await;
    desk.press("1").await;
    desk.says("hand-over").await;
    assert!(!desk.said.contains(&"order-summary".to_owned()), "not a word before both have agreed");
    desk.command("hand_over", None).await.unwrap();
    desk.says("order-summary").await;
    shows(&reader, "do-hand_over", false).await;
    assert_eq!(desk.command("hand_over", None).await, Err("command-refused-nothing-open".to_owned()));
    desk.press(&format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)).await;
    assert_eq!(desk.ended().await.0["outcome"], "approved");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_in_instalments_is_chosen_by_key() {
    let fixture = Fixture::start().await;
    let mut body = order("I-1");
    body["payment_methods"] = json!(["lump_sum", "instalments_3", "instalments_6", "revolving"]);
    let mut desk = Operator::with(&fixture, body).await;
    desk.says("choose-method").await;
    assert!(
        desk.said.contains(&"method-revolving".to_owned()) && !desk.said.contains(&"method-bonus".to_owned())
    );
    desk.press(&format!("26~{}#{EXPIRY}{CODE}", test_numbers::VISA)).await;
    assert_eq!(desk.ended().await.0["outcome"], "approved");
    let paid = fixture.get("/v1/orders/I-1").await;
    assert_eq!(paid["attempts"][0]["payment_method"], "instalments_6", "{paid}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_says_about_storing_the_card_is_kept() {
    let fixture = Fixture::start().await;
    for (order_id, key, consent) in [("S-1", "1", true), ("S-2", "2", false)] {
        let mut body = order(order_id);
        body["purpose"] = json!("charge_and_store");
        let mut desk = Operator::with(&fixture, body).await;
        desk.says("ask-consent").await;
        desk.press(&format!("{key}~{}#{EXPIRY}{CODE}", test_numbers::VISA)).await;
        assert_eq!(desk.ended().await.0["outcome"], "approved");
        let paid = fixture.get(&format!("/v1/orders/{order_id}")).await;
        assert_eq!(paid["attempts"][0]["consent"], consent);
    }
    let entries = fixture.get("/v1/audit").await.to_string();
    assert_eq!(entries.matches("consent to storing the card").count(), 2, "{entries}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brand_that_the_order_does_not_take_is_refused() {
    let fixture = Fixture::start().await;
    let mut body = order("B-1");
    body["allowed_brands"] = json!(["jcb"]);
    let mut desk = Operator::with(&fixture, body).await;
    desk.says("enter-pan").await;
    desk.press("41").await;
    desk.says("brand-not-accepted").await;
    desk.press(&format!("~{}#{EXPIRY}{CODE}", test_numbers::JCB)).await;
    assert_eq!(desk.ended().await.0["brand"], "jcb");
    fixture.stop().await;
}

/// The caller hangs up while the provider is asked: the approval is taken back, in the journal too.
async fn hung_up_meanwhile(line_says: &str, order_says: Option<&str>, expected: (&str, &[&str])) {
    let fixture = Fixture::start_with(&line("[\"en\"]", &format!("hang_up = \"{line_says}\""))).await;
    let mut body = order("V-1");
    body["after_hang_up"] = json!(order_says);
    // The simulator approves it, and takes twelve seconds.
    body["amount"] = json!(3954);
    let mut desk = Operator::with(&fixture, body).await;
    desk.says("enter-pan").await;
    desk.press(&format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)).await;
    desk.progress("authorizing", |progress| progress.phase() == Phase::Authorizing).await;
    desk.caller.hang_up().await;
    let mut events = desk.events;
    let ended = async { while !matches!(events.recv().await.unwrap().kind, EventKind::CallEnded(_)) {} };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    let call = fixture.get(&format!("/v1/calls/{}", desk.call)).await;
    assert_eq!(call["outcome"], expected.0, "{call}");
    let order = fixture.get("/v1/orders/V-1").await;
    let state = order["attempts"][0]["state"].as_str().unwrap();
    assert!(expected.1.contains(&state), "{order}");
    fixture.stop().await;
}

const TAKEN_BACK: (&str, &[&str]) = ("approved_then_voided", &["voided", "refunded"]);

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_caller_hung_up_is_taken_back_where_the_line_says_so() {
    hung_up_meanwhile("void_if_approved", None, TAKEN_BACK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_caller_hung_up_is_taken_back_where_its_order_says_so() {
    hung_up_meanwhile("finish_and_report", Some("void_if_approved"), TAKEN_BACK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_caller_hung_up_stands_where_its_order_says_so() {
    hung_up_meanwhile("void_if_approved", Some("finish_and_report"), ("approved", &["captured"])).await;
}
