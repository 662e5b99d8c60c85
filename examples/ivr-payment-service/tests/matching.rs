//! Calls find their orders: by what is dialled, keyed or in a header, and by who calls. Each finding and each refusal is in
//! the audit.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::baresip::{Baresip, Setup};
use common::peers::available;
use common::sound::voice;
use common::{CODE, EXPIRY, Fixture, Watch};
use hyper::Method;
use ivr_payment_service::clock::now;
use ivr_payment_service::store::{Created, NewOrder, OrderTerms};
use paytone_card::test_numbers;
use paytone_psp::{Currency, Money, OrderId};
use phone::{Call, Keys, Options, Target};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
/// A line that looks at who calls, after the headers.
const BY_CALLER: &str = r#"
    [[lines]]
    name = "desk"
    kind = "order"
    users = ["desk"]
    match_by = ["header", "caller_id"]
    header = "X-Order-Code"
    [[lines]]
    name = "codes"
    kind = "pay_order"
    users = ["pay-{code}", "{code}"]
"#;

/// Calls `user`, keys, waits for the end. Returns the call as the API has it.
async fn call(fixture: &Fixture, user: &str, options: &Options, keys: &str) -> Value {
    let target: Target = fixture.uri(user).parse().unwrap();
    let mut call = Call::dial(&target, options).await.unwrap();
    // A caller who is hung up on keys no further: that is how some of these calls end.
    let _ = call.press(&Keys::parse(keys).unwrap()).await;
    let report = call.wait_for_hang_up(PATIENCE).await;
    fixture.ended_call(report.call_id()).await
}

fn card() -> String {
    format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)
}

async fn order_of(fixture: &Fixture, order_id: &str, customer: &str) -> String {
    let body =
        json!({ "order_id": order_id, "amount": 1200, "currency": "JPY", "customer_number": customer });
    let (status, order) = fixture.request(Method::POST, "/v1/orders", Some(&body)).await;
    assert_eq!(status, 201, "{order}");
    order["code"].as_str().unwrap().to_owned()
}

/// What the audit has of matches: by what, whether it was one, and the reason.
async fn matches(fixture: &Fixture) -> Vec<(String, bool, String)> {
    let entries = fixture.get("/v1/audit?limit=200").await;
    let entry = |entry: &Value| {
        let by = entry["action"].as_str()?.strip_prefix("match order by ")?.to_owned();
        let reason = entry["detail"].as_str()?.split(',').next()?.to_owned();
        assert!(!entry["actor"].as_str()?.is_empty() && entry["origin"] == "127.0.0.1", "{entry}");
        Some((by, entry["success"] == true, reason))
    };
    entries.as_array().unwrap().iter().filter_map(entry).collect()
}

fn taken(by: &str) -> (String, bool, String) {
    (by.to_owned(), true, "taken".to_owned())
}

fn refused(by: &str, why: &str) -> (String, bool, String) {
    (by.to_owned(), false, why.to_owned())
}

fn paid(call: &Value, order: &str) {
    assert_eq!(
        (call["outcome"].as_str(), call["order_id"].as_str()),
        (Some("approved"), Some(order)),
        "{call}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialled_alias_and_a_keyed_code_name_the_order() {
    let fixture = Fixture::start().await;
    let (first, second, third) = (
        order_of(&fixture, "D-1", "C-1").await,
        order_of(&fixture, "D-2", "C-1").await,
        order_of(&fixture, "K-1", "C-1").await,
    );
    paid(&call(&fixture, &format!("pay-{first}"), &Options::new(), &card()).await, "D-1");
    paid(&call(&fixture, &second, &Options::new(), &card()).await, "D-2");
    paid(&call(&fixture, "order", &Options::new(), &format!("{third}#{}", card())).await, "K-1");
    let spent = call(&fixture, &second, &Options::new(), "").await;
    assert_eq!(
        (spent["outcome"].as_str(), spent["detail"].as_str()),
        (Some("order_refused"), Some("already_paid"))
    );
    let unknown = call(&fixture, "pay-111111111", &Options::new(), "").await;
    assert_eq!(unknown["outcome"], "order_refused");
    let slip = call(&fixture, "pay-111111112", &Options::new(), "").await;
    assert_eq!(slip["outcome"], "order_refused", "a slip of the finger: no refusal that counts");
    let expected = [
        taken("dialled"),
        taken("dialled"),
        taken("keyed"),
        refused("dialled", "already_paid"),
        refused("dialled", "unknown"),
    ];
    assert_eq!(matches(&fixture).await, expected);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_with_one_open_order_is_asked_and_agrees_or_keys_another_code() {
    let fixture = Fixture::start_with(BY_CALLER).await;
    let desk = |number: &str| Options::new().caller(number);
    order_of(&fixture, "N-1", "81312345678").await;
    paid(&call(&fixture, "desk", &desk("+81312345678"), &format!("~1~{}", card())).await, "N-1");

    order_of(&fixture, "N-2", "0312345678").await;
    let other = order_of(&fixture, "N-3", "C-9").await;
    let keys = format!("~2~{other}#~{}", card());
    paid(&call(&fixture, "desk", &desk("0312345678"), &keys).await, "N-3");
    fixture.order_becomes("N-2", "open").await;
    assert_eq!(matches(&fixture).await, [taken("caller_id"), taken("caller_id"), taken("keyed")]);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_with_two_open_orders_or_none_is_asked_for_a_code() {
    let fixture = Fixture::start_with(BY_CALLER).await;
    let first = order_of(&fixture, "T-1", "0312345678").await;
    order_of(&fixture, "T-2", "0312345678").await;
    let keys = format!("{first}#~{}", card());
    paid(&call(&fixture, "desk", &Options::new().caller("0312345678"), &keys).await, "T-1");
    fixture.order_becomes("T-2", "open").await;
    let stranger = order_of(&fixture, "T-3", "C-9").await;
    let keys = format!("{stranger}#~{}", card());
    paid(&call(&fixture, "desk", &Options::new().caller("0399999999"), &keys).await, "T-3");
    paid(
        &call(&fixture, "desk", &Options::new().caller("anonymous"), &{
            let code = order_of(&fixture, "T-4", "C-9").await;
            format!("{code}#~{}", card())
        })
        .await,
        "T-4",
    );
    let expected = [
        refused("caller_id", "busy"),
        taken("keyed"),
        refused("caller_id", "unknown"),
        taken("keyed"),
        taken("keyed"),
    ];
    assert_eq!(matches(&fixture).await, expected);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_names_the_order_in_every_form() {
    let fixture = Fixture::start_with(BY_CALLER).await;
    for form in 0..4 {
        let order_id = format!("H-{form}");
        let code = order_of(&fixture, &order_id, "C-1").await;
        let hex: String = code.bytes().map(|byte| format!("{byte:02x}")).collect();
        let (name, value) = match form {
            0 => ("User-to-User", format!("{hex};encoding=hex")),
            1 => ("User-to-User", format!("04{hex};purpose=isdn-uui;encoding=hex;content=isdn-uui")),
            2 => ("User-to-User", format!("{code};purpose=orders")),
            _ => ("X-Order-Code", code),
        };
        paid(&call(&fixture, "desk", &Options::new().header(name, &value), &card()).await, &order_id);
    }
    assert_eq!(matches(&fixture).await, vec![taken("header"); 4]);
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_with_an_unknown_a_spent_or_another_merchants_code_is_refused() {
    let fixture = Fixture::start_with(BY_CALLER).await;
    let with = |code: &str| Options::new().header("User-to-User", &format!("{code};purpose=orders"));
    let spent = order_of(&fixture, "S-1", "C-1").await;
    paid(&call(&fixture, "desk", &with(&spent), &card()).await, "S-1");

    let store = &fixture.service.services().store;
    let other = store.create_merchant(&"another".into(), now()).await.unwrap().unwrap();
    let new = NewOrder {
        order_id: OrderId::parse("O-1").unwrap(),
        money: Money::new(1200, Currency::JPY),
        customer_number: None,
        description: None,
        terms: OrderTerms::default(),
        ttl: PATIENCE,
    };
    let Created::New(theirs) = store.create_order(other.id, &new, now()).await.unwrap() else {
        panic!("made")
    };
    let never = paytone_dialog::OrderCode::generate([7; 8]).unwrap();
    for (code, why) in
        [(spent.as_str(), "already_paid"), (theirs.code.as_str(), "unknown"), (never.as_str(), "unknown")]
    {
        let ended = call(&fixture, "desk", &with(code), "").await;
        assert_eq!((ended["outcome"].as_str(), ended["detail"].as_str()), (Some("order_refused"), Some(why)));
    }
    let expected = [
        taken("header"),
        refused("header", "already_paid"),
        refused("header", "unknown"),
        refused("header", "unknown"),
    ];
    assert_eq!(matches(&fixture).await, expected);
    fixture.stop().await;
}

/// Waits until this prompt is spoken; everything that was spoken since the last look.
async fn said(events: &mut Watch, prompt: &str) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    while !said.iter().any(|name| name == prompt) {
        let names = events.wait_for("prompt").await["data"].clone();
        said.extend(names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()));
    }
    said
}

/// The operator dials the line and keys the code, with more keys after it, before the caller is joined to the leg: not a word
/// of the order is spoken until somebody presses 1, and no key before that is the card's.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_keys_the_code_before_the_caller_is_joined() {
    let line =
        "[[lines]]\nname = 'hand'\nkind = 'order'\nusers = ['hand']\n[lines.dialog]\nhand_over = 'caller'\n";
    let fixture = Fixture::start_with(line).await;
    let code = order_of(&fixture, "J-1", "C-1").await;
    let mut events = fixture.watch();
    let target: Target = fixture.uri("hand").parse().unwrap();
    let mut leg = Call::dial(&target, &Options::new()).await.unwrap();
    let keys = |keys: &str| Keys::parse(keys).unwrap();
    said(&mut events, "enter-order-code").await;
    leg.press(&keys(&format!("{code}#"))).await.unwrap();
    let mut before = said(&mut events, "hand-over").await;
    leg.press(&keys("4")).await.unwrap();
    before.extend(said(&mut events, "hand-over").await);
    assert!(before.iter().all(|name| name == "hand-over"), "neutral words alone: {before:?}");

    leg.press(&keys("1")).await.unwrap();
    let mut after = said(&mut events, "enter-pan").await;
    after.retain(|name| name != "hand-over");
    assert_eq!(after, ["order-summary", "enter-pan"]);
    leg.press(&keys(&card())).await.unwrap();
    let report = leg.wait_for_hang_up(PATIENCE).await;
    paid(&fixture.ended_call(report.call_id()).await, "J-1");
    assert_eq!(matches(&fixture).await, [taken("keyed")]);
    fixture.stop().await;
}

/// Caller and operator talk; the operator names the order on a screen, and the caller pays that one.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_names_the_order_on_a_screen() {
    if !available("baresip") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let says = voice(470.0);
    let setup = Setup { answers: true, says: &says, ..Setup::default() };
    let mut operator = Baresip::start_as(folder.path(), setup).await;
    let uri = operator.uri();
    let line = format!(
        "[[lines]]\nname = 'desk'\nkind = 'order'\nusers = ['desk']\n[lines.operator]\nuri = '{uri}'\nstays = true\n"
    );
    let fixture = Fixture::start_with(&line).await;
    order_of(&fixture, "W-1", "C-1").await;
    let mut events = fixture.watch();
    let target: Target = fixture.uri("desk").parse().unwrap();
    let mut caller = Call::dial(&target, &Options::new()).await.unwrap();
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    let (status, answer) = fixture.command(json!({ "command": "take_payment", "order_id": "W-0" })).await;
    assert_eq!(status, 404, "{answer}");
    let (status, answer) = fixture.command(json!({ "command": "take_payment", "order_id": "W-1" })).await;
    assert_eq!(status, 200, "{answer}");
    said(&mut events, "enter-pan").await;
    caller.press(&Keys::parse(&card()).unwrap()).await.unwrap();
    assert_eq!(events.wait_for("payment_ended").await["data"]["outcome"], "approved");
    fixture.order_becomes("W-1", "paid").await;

    let (status, answer) = fixture.command(json!({ "command": "take_payment", "order_id": "W-1" })).await;
    assert_eq!(status, 200, "{answer}");
    let told = events.wait_for("command_refused").await;
    assert_eq!(told["data"]["reason"], "no-order-to-pay", "{told}");
    caller.hang_up().await;
    events.wait_for("call_ended").await;
    operator.stop().await;
    assert_eq!(matches(&fixture).await, [taken("operator"), refused("operator", "already_paid")]);
    fixture.stop().await;
}

/// All of a switchboard's calls come from one address. It is a partner: the numbers it gives tell its callers apart. Anybody
/// else could make one up for every call.
#[tokio::test(flavor = "multi_thread")]
async fn a_partners_callers_are_limited_by_number_and_everybody_else_by_address() {
    let partner = "[[sip.trunks]]\nname = 'pbx'\nsources = ['127.0.0.1']\n";
    for (settings, is_partner) in [(partner, true), ("", false)] {
        let fixture = Fixture::start_with(&format!("{settings}[guard]\nper_caller = 1\n")).await;
        let is_paid = async |caller: &str, order: &str| {
            let (code, options) = (order_of(&fixture, order, "C-1").await, Options::new().caller(caller));
            call(&fixture, &format!("pay-{code}"), &options, &card()).await["outcome"] == "approved"
        };
        assert!(is_paid("0312345678", "L-1").await);
        assert!(!is_paid("0312345678", "L-2").await, "one try is what a caller has");
        assert_eq!(is_paid("0387654321", "L-3").await, is_partner);
        fixture.stop().await;
    }
}
