//! The caller hangs up, at every point of a call.

mod common;

use common::{Call, EXPIRY, at_pan, authorizing, card_script, order_code};
use paytone_card::test_numbers;
use paytone_dialog::{Entry, Event, MoneyMoved, Outcome, Phase, Script, Verdict};
use paytone_psp::DeclineReason;

#[test]
fn before_the_answer() {
    let mut call = Call::new(card_script().build().unwrap());
    call.event(Event::HungUp);
    assert_eq!(call.log(), ["finished caller_hung_up: ringing"]);
}

#[test]
fn while_the_line_is_being_secured() {
    let mut call = Call::new(card_script().build().unwrap()).confirms_secure(false).answered();
    call.event(Event::HungUp);
    assert_eq!(call.log(), ["release", "finished caller_hung_up: securing"]);
}

#[test]
fn in_mid_entry() {
    let mut call = at_pan();
    call.keys("411111");
    call.log();
    call.event(Event::HungUp);
    assert_eq!(call.log(), ["release", "finished caller_hung_up: collecting"]);
    assert_eq!(call.dialog.progress().phase(), Phase::Finished);
    assert_eq!(call.dialog.poll_timeout(), None);
}

#[test]
fn while_an_order_is_looked_up() {
    let mut call = Call::new(Script::builder(Entry::AskOrderCode).build().unwrap()).answered();
    call.keys(order_code().as_str());
    call.event(Event::HungUp);
    assert_eq!(*call.outcome().unwrap(), Outcome::CallerHungUp(Phase::LookingUp));
}

#[test]
fn while_authorizing_the_verdict_is_awaited_and_is_the_outcome() {
    let reason = DeclineReason::InsufficientFunds;
    let verdicts = [
        (Verdict::Approved, Outcome::Approved),
        (Verdict::Declined { reason, card: None }, Outcome::Declined(reason)),
        (Verdict::Unavailable, Outcome::GatewayUnavailable),
        (Verdict::Unknown, Outcome::Unknown),
    ];
    for (verdict, outcome) in verdicts {
        let mut call = authorizing(test_numbers::VISA);
        call.event(Event::HungUp);
        call.wait(30);
        assert_eq!(call.log(), ["stop"], "alive and silent");
        call.verdict(verdict);
        assert_eq!(call.log(), ["release".to_owned(), format!("finished {outcome}")]);
    }
}

#[test]
fn a_verdict_that_never_comes_is_unknown() {
    let mut call = authorizing(test_numbers::VISA);
    call.event(Event::HungUp);
    let outcome = call.run_out();
    assert_eq!((outcome.money_moved(), outcome), (MoneyMoved::Maybe, Outcome::Unknown));
}

#[test]
fn while_the_result_is_spoken_the_result_stands() {
    let mut call = authorizing(test_numbers::VISA);
    call.verdict(Verdict::Approved);
    call.log();
    call.event(Event::HungUp);
    assert_eq!(call.log(), ["stop", "release", "finished approved"]);
}

#[test]
fn twice_is_once() {
    let mut call = at_pan();
    call.keys(test_numbers::MASTERCARD);
    call.keys(EXPIRY);
    call.event(Event::HungUp);
    call.log();
    call.event(Event::HungUp);
    call.event(Event::Answered);
    call.event(Event::Secured);
    call.keys("1");
    call.wait(700);
    assert!(call.log().is_empty());
}
