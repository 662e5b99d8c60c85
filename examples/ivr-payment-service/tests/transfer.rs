//! Into the service and back to the operator: blind and attended transfer by phones nobody here wrote.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::baresip::{Baresip, Setup};
use common::linphone::Linphone;
use common::peers::{SippServer, available, sipp_takes_call};
use common::sound::{HEARD, loudest_at_the_end, voice};
use common::{CODE, EXPIRY, Fixture};
use paytone_card::test_numbers;
use phone::{Call, Keys, Options, Target};

const OPERATOR_HZ: f64 = 470.0;
const PATIENCE: Duration = Duration::from_secs(20);

fn line(operator: &str, back: &str) -> String {
    format!(
        "[[lines]]\nname = 'pay-order'\nkind = 'pay_order'\nusers = ['pay-{{code}}']\n\
         [lines.operator]\nuri = '{operator}'\nback = '{back}'\nring_s = 30\n"
    )
}

fn card() -> String {
    format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_transfers_blind_and_gets_the_caller_back() {
    if !available("baresip") {
        return;
    }
    let (caller_folder, operator_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let says = voice(OPERATOR_HZ);
    let setup = Setup { answers: true, says: &says, ..Setup::default() };
    let mut operator = Baresip::start_as(operator_folder.path(), setup).await;
    let fixture = Fixture::start_with(&line(&operator.uri(), "refer")).await;
    let order = fixture.order("BLIND", 1200).await;
    let mut events = fixture.watch();
    let mut caller = Baresip::start(caller_folder.path()).await;

    caller.command(&format!("dial {}", operator.uri())).await;
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    caller.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    let pay = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap()));
    operator.command(&format!("transfer {pay}")).await;
    events.wait_for("secured").await;
    caller.press(&card()).await;
    let ended = events.wait_for("call_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    // The two of them talk without us.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(fixture.get("/v1/orders/BLIND").await["state"], "paid");
    caller.stop().await;
    operator.stop().await;
    fixture.stop().await;
    let heard = loudest_at_the_end(&Baresip::heard(caller_folder.path()), OPERATOR_HZ);
    assert!(heard > HEARD, "the caller hears the operator: {heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_refer_falls_back_to_dialling_the_operator() {
    if !available("baresip") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let says = voice(OPERATOR_HZ);
    let setup = Setup { answers: true, says: &says, ..Setup::default() };
    let mut operator = Baresip::start_as(folder.path(), setup).await;
    let fixture = Fixture::start_with(&line(&operator.uri(), "refer")).await;
    let order = fixture.order("REFUSED", 1200).await;
    let mut events = fixture.watch();
    let target: Target = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap())).parse().unwrap();
    // This phone answers a REFER with 501.
    let mut caller = Call::dial(&target, &Options::new()).await.unwrap();
    caller.press(&Keys::parse(&card()).unwrap()).await.unwrap();
    let ended = events.wait_for("call_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    caller.pause(Duration::from_secs(2)).await.unwrap();
    let heard = loudest_at_the_end(caller.heard().samples(), OPERATOR_HZ);
    assert!(heard > HEARD, "the caller hears the operator: {heard}");
    caller.hang_up().await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    operator.stop().await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_is_told_the_order_and_the_outcome() {
    if !available("sipp") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let operator = SippServer::start(folder.path(), &answers_once()).await;
    let fixture = Fixture::start_with(&line(&operator.uri("desk"), "dial")).await;
    let order = fixture.order("TOLD-7", 1200).await;
    let mut events = fixture.watch();
    let target: Target = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap())).parse().unwrap();
    let mut caller = Call::dial(&target, &Options::new()).await.unwrap();
    caller.press(&Keys::parse(&card()).unwrap()).await.unwrap();
    events.wait_for("call_ended").await;
    let told = operator.logged("ACK sip:").await;
    caller.hang_up().await;
    operator.succeeds(PATIENCE).await;
    assert!(told.contains("X-Payment-Order: TOLD-7"), "{told}");
    assert!(told.contains("X-Payment-Outcome: approved"), "{told}");
    let hex: String = b"order=TOLD-7;outcome=approved".iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(told.contains(&format!("User-to-User: {hex};encoding=hex")), "{told}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn linphone_transfers_attended_and_gets_the_caller_back() {
    if !available("linphonec") {
        return;
    }
    let mut operator = Linphone::start(None).await;
    let fixture = Fixture::start_with(&line(&operator.uri(), "dial")).await;
    // Where a linphone sends another one to has no port: a switchboard in front knows the way.
    let mut caller = Linphone::start(Some(fixture.sip())).await;
    let order = fixture.order("ATTENDED", 1200).await;
    let mut events = fixture.watch();
    operator.command(&format!("call {}", caller.uri())).await;
    operator.wait_for("Media streams established", PATIENCE).await;
    caller.wait_for("connected.", PATIENCE).await;
    let pay = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap()));
    operator.command("pause").await;
    operator.wait_for("is now paused", PATIENCE).await;
    operator.command(&format!("call {pay}")).await;
    events.wait_for("secured").await;
    operator.wait_for("connected.", PATIENCE).await;
    operator.command("transfer 1 --to-call 2").await;
    caller.wait_for("connected.", PATIENCE).await;
    caller.press(&card()).await;
    let ended = events.wait_for("call_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    // It does not answer by itself while it still closes the call it has transferred.
    operator.wait_for_both("Receiving new incoming call", "has been transfered", PATIENCE).await;
    operator.command("answer 3").await;
    operator.wait_for("connected.", PATIENCE).await;
    operator.stop().await;
    caller.stop().await;
    fixture.stop().await;
}

/// Answers one call and waits for its BYE.
fn answers_once() -> String {
    let takes_call = sipp_takes_call();
    format!(
        "<?xml version=\"1.0\"?>\n<scenario name=\"operator\">\n<recv request=\"INVITE\"/>\n{takes_call}</scenario>\n"
    )
}
