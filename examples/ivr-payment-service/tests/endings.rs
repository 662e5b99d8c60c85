//! Calls ended at every moment, by everybody who can end one: no leg stays up, no secure mode on, no payment half done.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::baresip::{Baresip, Setup};
use common::peers::available;
use common::sound::voice;
use common::{CODE, EXPIRY, Fixture, Watch};
use paytone_card::test_numbers;
use phone::{Call, Dialing, Keys, Options, PhoneError, Target};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// How far the call has come when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Talking,
    Secured,
    InTheNumber,
    /// The last key has been pressed: the payment may or may not have begun.
    LastKey,
    TalkingAgain,
}

/// Who ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ender {
    Caller,
    Operator,
    /// The caller's phone is gone without a word.
    Network,
}

const MOMENTS: [Moment; 5] =
    [Moment::Talking, Moment::Secured, Moment::InTheNumber, Moment::LastKey, Moment::TalkingAgain];
const ENDERS: [Ender; 3] = [Ender::Caller, Ender::Operator, Ender::Network];

fn settings(operator: &str) -> String {
    format!(
        "[call]\nrtp_timeout_s = 2\n[dialog]\nfirst_digit_s = 5\ninter_digit_s = 5\nmay_go_on_s = 0.5\n\
         no_input_attempts = 1\nno_match_attempts = 1\n\
         [[lines]]\nname = 'desk'\nkind = 'pay_order'\nusers = ['desk-{{code}}']\n\
         [lines.operator]\nuri = '{operator}'\nstays = true\n"
    )
}

/// Calls, as a switchboard does that is told to come back: a machine with far too much to do answers 503 for a while.
async fn dial(target: &Target) -> Call {
    let mut dialled = Call::dial(target, &Options::new()).await;
    for _ in 0..20 {
        if !matches!(dialled, Err(PhoneError::Refused { status: 503 })) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        dialled = Call::dial(target, &Options::new()).await;
    }
    dialled.unwrap()
}

/// Brings a call to this moment.
async fn advance(fixture: &Fixture, events: &mut Watch, call: &mut Call, moment: Moment) -> Vec<Value> {
    let mut seen = Vec::new();
    if moment == Moment::Talking {
        return seen;
    }
    fixture.take_payment().await;
    seen.extend(events.wait_for_all("secured").await);
    let card = format!("{}#{EXPIRY}{CODE}", test_numbers::VISA);
    let keys = match moment {
        Moment::Talking | Moment::Secured => return seen,
        Moment::InTheNumber => &card[..6],
        Moment::LastKey | Moment::TalkingAgain => &card,
    };
    call.press(&Keys::parse(keys).unwrap()).await.unwrap();
    if moment == Moment::TalkingAgain {
        seen.extend(events.wait_for_all("payment_ended").await);
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_ended_at_any_moment_leaves_nothing_behind() {
    if !available("baresip") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let says = voice(470.0);
    let setup = Setup { answers: true, says: &says, ..Setup::default() };
    let mut operator = Baresip::start_as(folder.path(), setup).await;
    let fixture = Fixture::start_with(&settings(&operator.uri())).await;
    for (row, (moment, ender)) in MOMENTS.iter().flat_map(|m| ENDERS.map(|e| (*m, e))).enumerate() {
        let name = format!("ROW-{row}");
        let order = fixture.order(&name, 1200).await;
        let target = fixture.uri(&format!("desk-{}", order["code"].as_str().unwrap()));
        let target: Target = target.parse().unwrap();
        let mut events = fixture.watch();
        let mut call = dial(&target).await;
        operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
        let mut seen = advance(&fixture, &mut events, &mut call, moment).await;
        match ender {
            Ender::Caller => drop(call.hang_up().await),
            Ender::Network => drop(call),
            Ender::Operator => {
                operator.command("hangup").await;
                // Who is left pays to the end, or is hung up on.
                call.wait_for_hang_up(Duration::from_secs(60)).await;
            }
        }
        seen.extend(events.wait_for_all("call_ended").await);
        if ender != Ender::Operator {
            operator.wait_for("CALL_CLOSED", PATIENCE).await;
        }
        let count = |name: &str| seen.iter().filter(|event| event["event"] == name).count();
        assert_eq!(count("secured"), count("released"), "{moment:?} {ender:?}: {seen:?}");
        assert_eq!(count("secured"), usize::from(moment != Moment::Talking), "{moment:?} {ender:?}");
        // The payment is whole or not there, whatever the end of the call crossed.
        let wanted: &[&str] = match moment {
            Moment::TalkingAgain => &["paid"],
            Moment::LastKey => &["paid", "open"],
            _ => &["open"],
        };
        settles(&fixture, &name, wanted).await;
    }
    nobody_is_left(&fixture).await;
    operator.stop().await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_stopped_at_any_moment_hangs_up_on_both_and_loses_no_payment() {
    if !available("baresip") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut operator = Baresip::start_as(folder.path(), Setup { answers: true, ..Setup::default() }).await;
    for moment in [Moment::Talking, Moment::Secured, Moment::InTheNumber, Moment::LastKey] {
        let fixture = Fixture::start_with(&settings(&operator.uri())).await;
        let order = fixture.order("STOP", 1200).await;
        let target = fixture.uri(&format!("desk-{}", order["code"].as_str().unwrap()));
        let mut events = fixture.watch();
        let target: Target = target.parse().unwrap();
        let mut call = dial(&target).await;
        operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
        let mut seen = advance(&fixture, &mut events, &mut call, moment).await;
        let database = fixture.stop().await;
        seen.extend(events.wait_for_all("call_ended").await);
        let count = |name: &str| seen.iter().filter(|event| event["event"] == name).count();
        assert_eq!(count("secured"), count("released"), "{moment:?}: {seen:?}");
        assert_eq!(call.wait_for_hang_up(PATIENCE).await.ending(), phone::Ending::Callee, "{moment:?}");
        operator.wait_for("CALL_CLOSED", PATIENCE).await;
        // Whatever was under way is known to the next process, and comes to an end.
        let next = Fixture::start_in(database, &settings(&operator.uri())).await;
        let wanted: &[&str] = if moment == Moment::LastKey { &["paid", "open"] } else { &["open"] };
        settles(&next, "STOP", wanted).await;
        next.stop().await;
    }
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_cancelled_at_once_leave_nothing_behind() {
    let fixture = Fixture::start_with("[call]\nrtp_timeout_s = 2\n").await;
    let order = fixture.order("CANCEL", 1200).await;
    let target = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap()));
    let target: Target = target.parse().unwrap();
    for _ in 0..20 {
        // It is answered at once: CANCEL and 200 cross, and the phone that is answered all the same hangs up.
        Dialing::start(&target, &Options::new()).await.unwrap().cancel().await;
    }
    nobody_is_left(&fixture).await;
    settles(&fixture, "CANCEL", &["open"]).await;
    assert_eq!(fixture.get("/v1/orders/CANCEL").await["attempts"], json!([]));
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_while_the_operators_phone_rings_stops_it() {
    if !available("baresip") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut operator = Baresip::start_as(folder.path(), Setup::default()).await;
    let fixture = Fixture::start_with(&settings(&operator.uri())).await;
    let order = fixture.order("RINGS", 1200).await;
    let target = fixture.uri(&format!("desk-{}", order["code"].as_str().unwrap()));
    let target: Target = target.parse().unwrap();
    let call = dial(&target).await;
    operator.wait_for("CALL_INCOMING", PATIENCE).await;
    call.hang_up().await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    fixture.order_becomes("RINGS", "open").await;
    nobody_is_left(&fixture).await;
    operator.stop().await;
    fixture.stop().await;
}

async fn settles(fixture: &Fixture, order: &str, wanted: &[&str]) {
    let mut state = Value::Null;
    for _ in 0..200 {
        state = fixture.get(&format!("/v1/orders/{order}")).await["state"].clone();
        if wanted.iter().any(|wanted| state == *wanted) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{order} is {state}, not {wanted:?}");
}

async fn nobody_is_left(fixture: &Fixture) {
    for _ in 0..200 {
        if fixture.service.legs_up() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} legs are still up", fixture.service.legs_up());
}
