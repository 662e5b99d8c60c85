//! The operator calls in first and waits; the caller is put through to whoever waits, and pays while both are on the line.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::baresip::{Baresip, Setup};
use common::page::Reader;
use common::peers::available;
use common::sound::{HEARD, loudest_at_the_end, voice};
use common::{CODE, EXPIRY, Fixture};
use ivr_payment_service::scan::{Findings, scan_audio};
use paytone_card::test_numbers;
use paytone_dtmf::SampleRate;
use phone::{Call, Options, PhoneError, Target};
use serde_json::{Value, json};

const CALLER_HZ: f64 = 310.0;
const OPERATOR_HZ: f64 = 470.0;
const PATIENCE: Duration = Duration::from_secs(20);

/// Where nobody has called in, `uri` is called.
fn settings(uri: &str) -> String {
    format!(
        "[[lines]]\nname = 'desk-in'\nkind = 'operator'\nusers = ['desk-in', 'desk-in-{{code}}']\n\
         [[lines]]\nname = 'desk'\nkind = 'pay_order'\nusers = ['desk-{{code}}']\n\
         [lines.operator]\nuri = '{uri}'\nstays = true\nwaits_on = 'desk-in'\nring_s = 5\n"
    )
}

/// Who waits, as the API lists them.
async fn waiting(fixture: &Fixture) -> Vec<Value> {
    fixture.get("/v1/waiting-operators").await["items"].as_array().unwrap().clone()
}

fn code(order: &Value) -> &str {
    order["code"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_calls_in_and_the_caller_who_comes_then_pays() {
    if !available("baresip") {
        return;
    }
    let (caller_folder, operator_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let fixture = Fixture::start_with(&settings("sip:nobody@127.0.0.1:9")).await;
    let reader = Reader::sign_in(&fixture).await;
    let order = fixture.order("FIRST-1", 1200).await;
    let mut events = fixture.watch();
    let says = voice(OPERATOR_HZ);
    let mut operator =
        Baresip::start_as(operator_folder.path(), Setup { says: &says, ..Setup::default() }).await;
    operator.command(&format!("dial {}", fixture.uri("desk-in"))).await;
    let waits = events.wait_for("operator_waits").await;
    assert_eq!(waits["data"], json!({ "line": "desk-in", "operator": "phone", "waits": true }));
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    let listed = waiting(&fixture).await;
    assert_eq!((&listed[0]["operator"], &listed[0]["code"]), (&json!("phone"), &Value::Null), "{listed:?}");
    let (status, board) = reader.get("/board").await;
    assert!(status == 200 && board.contains("waits for a caller"), "{board}");

    let says = voice(CALLER_HZ);
    let mut caller = Baresip::start_as(caller_folder.path(), Setup { says: &says, ..Setup::default() }).await;
    caller.command(&format!("dial {}", fixture.uri(&format!("desk-{}", code(&order))))).await;
    caller.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    assert_eq!(events.wait_for("operator_waits").await["data"]["waits"], false);
    assert!(waiting(&fixture).await.is_empty());
    fixture.take_payment().await;
    events.wait_for("secured").await;
    caller.press(&format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)).await;
    let ended = events.wait_for("payment_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    fixture.order_becomes("FIRST-1", "paid").await;
    // They talk for a while.
    tokio::time::sleep(Duration::from_secs(4)).await;
    caller.command("hangup").await;
    assert_eq!(events.wait_for("operator_waits").await["data"]["waits"], true, "for the next caller");
    assert_eq!(waiting(&fixture).await.len(), 1);
    operator.command("hangup").await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    caller.stop().await;
    operator.stop().await;
    fixture.stop().await;
    let heard = Baresip::heard(operator_folder.path());
    assert_eq!(scan_audio(&heard, SampleRate::Hz8000), Findings::default(), "no key");
    let loud = loudest_at_the_end(&heard, CALLER_HZ);
    assert!(loud > HEARD, "the operator hears the caller: {loud}");
    let loud = loudest_at_the_end(&Baresip::heard(caller_folder.path()), OPERATOR_HZ);
    assert!(loud > HEARD, "the caller hears the operator: {loud}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_the_operator_who_waits_for_them() {
    let fixture = Fixture::start_with(&settings("sip:nobody@127.0.0.1:9")).await;
    let (one, other) = (fixture.order("ONE", 1200).await, fixture.order("OTHER", 1300).await);
    let dial = async |user: String| {
        let target: Target = fixture.uri(&user).parse().unwrap();
        Call::dial(&target, &Options::new()).await
    };
    let refused = dial("desk-in-123".to_owned()).await;
    assert!(matches!(refused, Err(PhoneError::Refused { .. })), "no code, nobody to wait for");
    let any = dial("desk-in".to_owned()).await.unwrap();
    let own = dial(format!("desk-in-{}", code(&other))).await.unwrap();
    becomes_waiting(&fixture, &["", code(&other)]).await;
    // The caller of an order somebody waits for gets them, however long another has waited.
    let caller = dial(format!("desk-{}", code(&other))).await.unwrap();
    becomes_waiting(&fixture, &[""]).await;
    let another = dial(format!("desk-{}", code(&one))).await.unwrap();
    becomes_waiting(&fixture, &[]).await;
    // Whoever waited for one order's caller is done with that call; the other waits for the next caller.
    caller.hang_up().await;
    assert_eq!(own.wait_for_hang_up(PATIENCE).await.ending(), phone::Ending::Callee);
    any.pause(Duration::from_millis(100)).await.expect("the other two still talk");
    another.hang_up().await;
    becomes_waiting(&fixture, &[""]).await;
    let next = dial(format!("desk-{}", code(&one))).await.unwrap();
    becomes_waiting(&fixture, &[]).await;
    next.hang_up().await;
    becomes_waiting(&fixture, &[""]).await;
    // The operator's own hanging up ends it, and so does the service's end.
    let other = dial("desk-in".to_owned()).await.unwrap();
    becomes_waiting(&fixture, &["", ""]).await;
    any.hang_up().await;
    becomes_waiting(&fixture, &[""]).await;
    fixture.stop().await;
    assert_eq!(other.wait_for_hang_up(PATIENCE).await.ending(), phone::Ending::Callee);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_gives_up_waiting_is_called_like_everybody() {
    if !available("baresip") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Baresip::start_as(folder.path(), Setup { answers: true, ..Setup::default() }).await;
    let fixture = Fixture::start_with(&settings(&desk.uri())).await;
    let order = fixture.order("GONE-1", 1200).await;
    let target: Target = fixture.uri("desk-in").parse().unwrap();
    let operator = Call::dial(&target, &Options::new()).await.unwrap();
    becomes_waiting(&fixture, &[""]).await;
    operator.hang_up().await;
    becomes_waiting(&fixture, &[]).await;
    let target: Target = fixture.uri(&format!("desk-{}", code(&order))).parse().unwrap();
    let caller = Call::dial(&target, &Options::new()).await.unwrap();
    desk.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    caller.hang_up().await;
    desk.wait_for("CALL_CLOSED", PATIENCE).await;
    desk.stop().await;
    fixture.stop().await;
}

/// Waits until those wait who wait for these codes, or any caller.
async fn becomes_waiting(fixture: &Fixture, codes: &[&str]) {
    let mut listed = Vec::new();
    for _ in 0..200 {
        listed = waiting(fixture).await;
        if listed.iter().map(|it| it["code"].as_str().unwrap_or_default()).eq(codes.iter().copied()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{listed:?} wait");
}
