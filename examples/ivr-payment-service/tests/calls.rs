//! Calls over SIP and RTP, and how each of them ends.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::{CODE, EXPIRY, Fixture};
use paytone_card::test_numbers;
use phone::{Call, Keying, Keys, Options, Target, Transport};
use serde_json::Value;

/// Impatient, so that silences take seconds instead of half a minute.
const IMPATIENT: &str = "[dialog]\nfirst_digit_s = 1.5\ninter_digit_s = 1.5\nmay_go_on_s = 0.5\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls `user`, keys, waits for the end. Returns the call as the API has it.
async fn call(fixture: &Fixture, user: &str, options: &Options, keys: &str) -> Value {
    let target: Target = fixture.uri(user).parse().unwrap();
    let mut call = Call::dial(&target, options).await.unwrap();
    // A caller who is hung up on keys no further: that is how some of these calls end.
    let _ = call.press(&Keys::parse(keys).unwrap()).await;
    let report = call.wait_for_hang_up(PATIENCE).await;
    assert_eq!(report.ending(), phone::Ending::Callee, "the service ends the call");
    fixture.ended_call(report.call_id()).await
}

fn keys(pan: &str) -> String {
    format!("{pan}#{EXPIRY}{CODE}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_by_its_own_uri() {
    let fixture = Fixture::start().await;
    let order = fixture.order("A-1", 1200).await;
    let user = format!("pay-{}", order["code"].as_str().unwrap());
    let call = call(&fixture, &user, &Options::new(), &keys(test_numbers::VISA)).await;
    assert_eq!(call["outcome"], "approved");
    assert_eq!(call["order_id"], "A-1");
    assert_eq!(call["last_four"], "1111");
    let order = fixture.get("/v1/orders/A-1").await;
    assert_eq!(order["state"], "paid");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_by_its_code_keyed_or_dialled() {
    let fixture = Fixture::start().await;
    let keyed = fixture.order("K-1", 900).await;
    let all = format!("{}#{}", keyed["code"].as_str().unwrap(), keys(test_numbers::MASTERCARD));
    let first = call(&fixture, "order", &Options::new(), &all).await;
    assert_eq!((first["outcome"].as_str(), first["order_id"].as_str()), (Some("approved"), Some("K-1")));

    let dialled = fixture.order("D-1", 900).await;
    let options = Options::new().transport(Transport::Tcp);
    let second = call(&fixture, dialled["code"].as_str().unwrap(), &options, &keys(test_numbers::JCB)).await;
    assert_eq!((second["outcome"].as_str(), second["order_id"].as_str()), (Some("approved"), Some("D-1")));
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fixed_price_call_makes_its_own_order() {
    let fixture = Fixture::start().await;
    let all = format!("{}{EXPIRY}1234", test_numbers::AMERICAN_EXPRESS);
    let call = call(&fixture, "200", &Options::new().keying(Keying::Info), &all).await;
    assert_eq!(call["outcome"], "approved");
    let order = fixture.get(&format!("/v1/orders/{}", call["order_id"].as_str().unwrap())).await;
    assert_eq!(order["state"], "paid");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tones_alone_pay_over_a_bad_line_and_a_talking_voice() {
    let fixture = Fixture::start_with_own_voice().await;
    let options =
        Options::new().keying(Keying::Tone).offer_events(false).line_noise_db(20.0).loss(0.01).reorder(0.01);
    let call = call(&fixture, "pay", &options, &format!(",,{}#,,{EXPIRY},,{CODE}", test_numbers::VISA)).await;
    assert_eq!(call["outcome"], "approved");
    fixture.stop().await;
}

/// Now and then a key loses so much that nothing of it lasts for 30 ms: whoever calls is asked again then, but
/// these callers key on without listening.
#[tokio::test(flavor = "multi_thread")]
async fn tones_alone_pay_when_one_packet_in_twenty_is_lost() {
    let fixture = Fixture::start_with_own_voice().await;
    let keys = format!(",,{}#,,{EXPIRY},,{CODE}", test_numbers::VISA);
    let outcome = async |seed| {
        let options = Options::new().keying(Keying::Tone).offer_events(false);
        let options = options.line_noise_db(20.0).loss(0.05).seed(seed);
        call(&fixture, "pay", &options, &keys).await["outcome"].clone()
    };
    let outcomes = tokio::join!(outcome(1), outcome(2), outcome(3), outcome(4), outcome(5), outcome(6));
    let outcomes = <[Value; 6]>::from(outcomes);
    let paid = outcomes.iter().filter(|&outcome| outcome == "approved").count();
    assert!(paid >= 4, "{outcomes:?}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_leaves_the_order_open() {
    let fixture = Fixture::start_with(IMPATIENT).await;
    let order = fixture.order("X-1", 1200).await;
    let user = format!("pay-{}", order["code"].as_str().unwrap());
    let ended = call(&fixture, &user, &Options::new(), &keys(test_numbers::VISA_DECLINED)).await;
    assert_eq!(ended["outcome"], "declined", "{ended}");
    let order = fixture.order_becomes("X-1", "open").await;
    assert_eq!(order["attempts"].as_array().map(Vec::len), Some(1));

    let again = call(&fixture, &user, &Options::new(), &keys(test_numbers::VISA)).await;
    assert_eq!(again["outcome"], "approved", "an order that was declined can be paid");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_asked_again_and_end_the_call_at_the_third() {
    let fixture = Fixture::start_with(IMPATIENT).await;
    let wrong = test_numbers::VISA_WRONG_CHECK_DIGIT;
    let luhn = call(&fixture, "pay", &Options::new(), &format!("~{wrong}#~{wrong}#~{wrong}#")).await;
    assert_eq!(luhn["outcome"], "too_many_attempts", "{luhn}");

    let once = format!("~{wrong}#~{}#~{EXPIRY}~{CODE}", test_numbers::VISA);
    assert_eq!(call(&fixture, "pay", &Options::new(), &once).await["outcome"], "approved");

    let expired = format!("~{}#~0121~0121~0121", test_numbers::VISA);
    assert_eq!(call(&fixture, "pay", &Options::new(), &expired).await["outcome"], "too_many_attempts");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_no_test_card_is_refused() {
    let fixture = Fixture::start_with(IMPATIENT).await;
    // Well formed and nobody's card: fifteen zeros and a check digit, on no list of test numbers.
    let unknown = "4000000000000000006";
    let ended = call(&fixture, "pay", &Options::new(), &format!("~{unknown}#~{unknown}#~{unknown}#")).await;
    assert_eq!(ended["outcome"], "too_many_attempts", "{ended}");
    assert!(ended["last_four"].is_null(), "{ended}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_in_mid_entry_frees_the_order() {
    let fixture = Fixture::start().await;
    let order = fixture.order("H-1", 1200).await;
    let target: Target = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap())).parse().unwrap();
    let mut caller = Call::dial(&target, &Options::new()).await.unwrap();
    caller.press(&Keys::parse("41111111").unwrap()).await.unwrap();
    fixture.order_becomes("H-1", "collecting").await;
    let report = caller.hang_up().await;
    let ended = fixture.ended_call(report.call_id()).await;
    assert_eq!(ended["outcome"], "caller_hung_up");
    let order = fixture.order_becomes("H-1", "open").await;
    assert_eq!(order["attempts"].as_array().map(Vec::len), Some(0));
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_the_call_after_three_questions() {
    let fixture = Fixture::start_with(IMPATIENT).await;
    let ended = call(&fixture, "pay", &Options::new(), "").await;
    assert_eq!(ended["outcome"], "no_key_heard", "{ended}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_hold_rests_and_goes_on() {
    let fixture = Fixture::start_with(IMPATIENT).await;
    let target: Target = fixture.uri("pay").parse().unwrap();
    let mut caller = Call::dial(&target, &Options::new()).await.unwrap();
    let (first, rest) = test_numbers::VISA.split_at(8);
    caller.press(&Keys::parse(first).unwrap()).await.unwrap();
    caller.hold().await.unwrap();
    let before = caller.heard().packets();
    // Longer than every timeout of the dialog.
    caller.pause(Duration::from_secs(4)).await.unwrap();
    let during = caller.heard().packets() - before;
    assert!(during < 25, "no audio flows to a caller who holds, yet {during} packets came");
    caller.resume().await.unwrap();
    caller.listen(Duration::from_secs(10)).await.unwrap();
    caller.press(&Keys::parse(&format!("{rest}#{EXPIRY}{CODE}")).unwrap()).await.unwrap();
    let report = caller.wait_for_hang_up(PATIENCE).await;
    assert_eq!(fixture.ended_call(report.call_id()).await["outcome"], "approved");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_names_nothing_is_told_so() {
    let fixture = Fixture::start().await;
    let ended = call(&fixture, "pay-111111111", &Options::new(), "").await;
    assert_eq!(ended["outcome"], "order_refused", "{ended}");
    let order = fixture.order("P-1", 1200).await;
    let user = format!("pay-{}", order["code"].as_str().unwrap());
    assert_eq!(
        call(&fixture, &user, &Options::new(), &keys(test_numbers::VISA)).await["outcome"],
        "approved"
    );
    let paid = call(&fixture, &user, &Options::new(), "").await;
    assert_eq!(paid["outcome"], "order_refused", "a code is worth one payment");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_goes_silent_on_the_network_is_hung_up_on() {
    let fixture = Fixture::start_with("[call]\nrtp_timeout_s = 2\n").await;
    let target: Target = fixture.uri("pay").parse().unwrap();
    let caller = Call::dial(&target, &Options::new().loss(1.0)).await.unwrap();
    let report = caller.wait_for_hang_up(Duration::from_secs(20)).await;
    assert_eq!(report.ending(), phone::Ending::Callee);
    assert!(report.duration() < Duration::from_secs(10), "{:?}", report.duration());
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_cannot_last_for_ever() {
    let fixture = Fixture::start_with("[call]\nmax_length_s = 2\n").await;
    let target: Target = fixture.uri("pay").parse().unwrap();
    let caller = Call::dial(&target, &Options::new()).await.unwrap();
    let report = caller.wait_for_hang_up(Duration::from_secs(20)).await;
    assert_eq!(report.ending(), phone::Ending::Callee);
    assert!(report.duration() < Duration::from_secs(10), "{:?}", report.duration());
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_there_at_an_unknown_number() {
    let fixture = Fixture::start().await;
    let target: Target = fixture.uri("nobody").parse().unwrap();
    let refused = Call::dial(&target, &Options::new()).await.err();
    assert!(format!("{refused:?}").contains("404"), "{refused:?}");
    fixture.stop().await;
}
