//! Nobody takes a caller back who has paid: the other way is tried, then the caller hears a number to ask by, somebody on duty is
//! told, and the payment is what it was.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::alerts::listen_for_alerts;
use common::baresip::{Baresip, Setup};
use common::ear::Ear;
use common::page::Reader;
use common::peers::available;
use common::{CODE, EXPIRY, Fixture, Watch};
use paytone_card::test_numbers;
use paytone_dialog::Language;
use phone::{Call, Keys, Options, Target};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(60);

fn settings(operator: &str, back: &str, alerts: &str) -> String {
    format!(
        "[alert]\nurl = '{alerts}'\n\
         [[lines]]\nname = 'pay-order'\nkind = 'pay_order'\nusers = ['pay-{{code}}']\n\
         [lines.operator]\nuri = '{operator}'\nback = '{back}'\n"
    )
}

fn card() -> String {
    format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)
}

/// Whether the caller has heard that nobody is there, and then the order's code, digit by digit, twice.
fn hears_the_receipt(audio: &[i16], code: &str) {
    let digits = || code.chars().map(|digit| format!("number-{digit}"));
    let words = ["no-operator", "receipt-number-is"].into_iter().map(str::to_owned).chain(digits());
    let words = words.chain(["once-more".to_owned()]).chain(digits()).chain(["goodbye".to_owned()]);
    let (ear, mut from) = (Ear::new(), 0);
    for word in words {
        let place = ear.finds(&audio[from..], Language::En, &word);
        from += place.unwrap_or_else(|| panic!("no {word} after {} ms; the code is {code}", from / 8));
    }
}

/// What is told of a way back that there is not: to whoever watches, whoever is on duty, whoever counts.
async fn is_told(fixture: &Fixture, events: &mut Watch, told: JoinHandle<Value>, call: &Value) {
    let alarm = events.wait_for("alarm").await;
    assert_eq!((&alarm["data"]["alarm"], &alarm["call"]), (&json!("operator_unreachable"), call), "{alarm}");
    let spoken = events.wait_for("prompt").await;
    assert_eq!(spoken["data"], json!(["no-operator", "receipt", "goodbye"]));
    let told = tokio::time::timeout(PATIENCE, told).await.unwrap().unwrap();
    assert_eq!((&told["alarm"], &told["call"]), (&json!("operator_unreachable"), call), "{told}");
    let (status, _) = fixture.request(hyper::Method::GET, "/metrics", None).await;
    assert_eq!(status, 200);
    let counted = "paytone_alarms_total{alarm=\"operator_unreachable\"} 1";
    assert!(fixture.bodies().pop().unwrap().contains(counted), "counted once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_operator_and_a_refused_refer_end_in_a_receipt_number_and_an_alert() {
    if !available("baresip") {
        return;
    }
    let (caller_folder, operator_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut operator = Baresip::start(operator_folder.path()).await;
    let (told, alerts) = listen_for_alerts().await;
    let settings = settings(&operator.uri(), "refer", &alerts);
    let fixture = Fixture::start_with_own_voice_and(&settings).await;
    let order = fixture.order("NOBODY", 1200).await;
    let code = order["code"].as_str().unwrap();
    let mut events = fixture.watch();
    let mut caller = Baresip::start(caller_folder.path()).await;
    caller.command(&format!("dial {}", fixture.uri(&format!("pay-{code}")))).await;
    events.wait_for("secured").await;
    caller.press(&card()).await;
    let ended = events.wait_for("call_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    let paid = fixture.get("/v1/orders/NOBODY").await;
    // Once because the caller's own phone calls, as it was asked to, and once because the service does.
    for _ in 0..2 {
        operator.wait_for("CALL_INCOMING", PATIENCE).await;
        operator.command("hangup").await;
        operator.wait_for("CALL_CLOSED", PATIENCE).await;
    }
    is_told(&fixture, &mut events, told, &ended["call"]).await;
    nobody_is_left(&fixture).await;
    assert_eq!(fixture.get("/v1/orders/NOBODY").await, paid, "the payment is what it was");
    assert_eq!(paid["state"], "paid");
    caller.stop().await;
    operator.stop().await;
    fixture.stop().await;
    hears_the_receipt(&Baresip::heard(caller_folder.path()), code);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_is_not_there_and_a_refer_that_is_refused_do_too() {
    if !available("baresip") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // This program is there, and nobody of that name.
    let operator = Baresip::start_as(folder.path(), Setup { answers: true, ..Setup::default() }).await;
    let (told, alerts) = listen_for_alerts().await;
    let nobody = operator.uri().replace("phone@", "nobody@");
    let fixture = Fixture::start_with_own_voice_and(&settings(&nobody, "dial", &alerts)).await;
    let order = fixture.order("GONE", 1200).await;
    let code = order["code"].as_str().unwrap();
    let mut events = fixture.watch();
    let target: Target = fixture.uri(&format!("pay-{code}")).parse().unwrap();
    // This phone answers a REFER with 501.
    let mut caller = Call::dial(&target, &Options::new()).await.unwrap();
    caller.press(&Keys::parse(&format!("~{}", card())).unwrap()).await.unwrap();
    let ended = events.wait_for("call_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    is_told(&fixture, &mut events, told, &ended["call"]).await;
    let report = caller.wait_for_hang_up(PATIENCE).await;
    assert_eq!(report.ending(), phone::Ending::Callee);
    hears_the_receipt(report.heard().samples(), code);
    nobody_is_left(&fixture).await;
    let paid = fixture.get("/v1/orders/GONE").await;
    assert_eq!((&paid["state"], paid["attempts"].as_array().unwrap().len()), (&json!("paid"), 1), "{paid}");
    // The number the caller has heard leads to the order, in whatever groups it is said.
    let found = fixture.get(&format!("/v1/orders?code={code}")).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["items"][0]["order_id"], "GONE", "{found}");
    let said = format!("{}+{}-{}", &code[..3], &code[3..6], &code[6..]);
    let (status, _) = Reader::sign_in(&fixture).await.get(&format!("/orders?q={said}")).await;
    assert_eq!(status, 303, "the console shows the order at once");
    operator.stop().await;
    fixture.stop().await;
}

async fn nobody_is_left(fixture: &Fixture) {
    for _ in 0..1200 {
        if fixture.service.legs_up() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} legs are still up", fixture.service.legs_up());
}
