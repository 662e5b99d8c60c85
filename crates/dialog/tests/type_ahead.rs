//! Keys that come before they are asked for.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use core::time::Duration;

use common::{Call, EXPIRY, at_pan, at_pan_of, card_script, order, order_code};
use paytone_card::{Pan, PanPolicy, test_numbers};
use paytone_dialog::{Entry, Event, Outcome, Script, Verdict};
use paytone_dtmf::Key;
use paytone_psp::DeclineReason;

fn ask_order_code() -> Script {
    Script::builder(Entry::AskOrderCode).build().unwrap()
}

#[test]
fn a_caller_who_keys_everything_in_one_go_pays() {
    for (terminator, pan) in [("#", test_numbers::VISA), ("", test_numbers::MASTERCARD)] {
        let mut call = Call::new(ask_order_code()).answered();
        call.listen();
        call.log();
        for entry in [order_code().as_str(), pan, EXPIRY, "123"] {
            call.keys(entry);
            call.keys(terminator);
        }
        assert_eq!(call.log(), ["look-up"]);
        call.event(Event::OrderFound(order()));
        assert_eq!(call.log(), ["authorize", "play one-moment"], "no prompt for what is there already");
        assert_eq!(call.cards[0].masked().to_string()[5..], pan[12..]);
    }
}

#[test]
fn keys_are_kept_while_the_line_is_being_secured() {
    let mut call = Call::new(card_script().build().unwrap()).confirms_secure(false).answered();
    call.keys(test_numbers::MASTERCARD);
    assert!(call.log().is_empty());
    call.event(Event::Secured);
    assert_eq!(call.log(), ["play enter-expiry"]);
}

#[test]
fn a_lone_swallowed_terminator_does_not_suppress_the_prompt() {
    let mut call = Call::new(ask_order_code()).answered();
    call.keys(order_code().as_str());
    call.keys("#");
    call.log();
    call.event(Event::OrderFound(order()));
    assert_eq!(call.log(), ["play order-summary enter-pan"]);
}

#[test]
fn part_of_an_entry_waits_for_the_rest() {
    let mut call = Call::new(card_script().build().unwrap()).confirms_secure(false).answered();
    call.keys("5555");
    call.event(Event::Secured);
    assert!(call.log().is_empty(), "the prompt is not played");
    assert_eq!(call.dialog.progress().digits(), 4);
    call.wait(8);
    assert_eq!(call.log(), ["play continue-entry"]);
    call.keys("5555 5555 4444");
    assert_eq!(call.log(), ["stop", "play enter-expiry"]);
}

#[test]
fn keys_run_on_without_pause_or_terminator() {
    let mut call = at_pan();
    call.keys("4111111111111111 1230 123");
    assert_eq!(call.log(), ["stop", "play enter-back-code", "stop", "authorize", "play one-moment"]);
    assert_eq!(call.cards[0].masked().to_string(), "**** 1111");
    assert_eq!(call.cards[0].expiry().month(), 12);
    assert_eq!(call.cards[0].code().unwrap().expose(|code| code.to_vec()), b"123");
}

#[test]
fn every_published_number_can_run_on() {
    // With test numbers only, exactly one length of the run is a card number.
    let policy = PanPolicy::default().with_test_numbers_only(true);
    let mut paid = 0;
    for number in test_numbers::ALL {
        let Ok(pan) = Pan::parse(number.digits().as_bytes(), &policy) else { continue };
        let code = if pan.brand().name() == "american-express" { "1234" } else { "123" };
        let mut call = at_pan_of(card_script().pan_policy(policy));
        call.keys(number.digits());
        call.keys(EXPIRY);
        call.keys(code);
        assert_eq!(call.cards.len(), 1, "{}", number.digits());
        assert_eq!(call.cards[0].masked(), pan.masked());
        paid += 1;
    }
    assert!(paid > 30, "{paid}");
}

#[test]
fn a_pause_is_not_running_on() {
    // One digit doubled: the number is not quietly repaired, the caller is told its length.
    let mut call = at_pan();
    call.keys("4111111111111111 1");
    call.wait(5);
    assert_eq!(call.log(), ["stop", "play continue-entry"]);
    call.wait(12);
    assert_eq!(call.log(), ["play pan-length enter-pan"]);
}

#[test]
fn what_was_keyed_behind_a_refused_entry_is_dropped() {
    let mut call = Call::new(card_script().build().unwrap()).confirms_secure(false).answered();
    call.keys("5555555555554445 1230 123");
    call.event(Event::Secured);
    assert_eq!(call.log(), ["play pan-wrong enter-pan"]);
    assert_eq!(call.dialog.progress().digits(), 0);
}

#[test]
fn what_runs_on_after_a_refused_entry_is_dropped_until_a_pause() {
    let mut call = at_pan();
    call.keys("5555555555554445 1230 123");
    assert_eq!(call.log(), ["stop", "play pan-wrong enter-pan"]);
    assert_eq!(call.dialog.progress().digits(), 0);
    call.pass(Duration::from_millis(500));
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.log(), ["stop", "play enter-expiry"]);
}

#[test]
fn keys_while_the_provider_is_asked_and_after_are_dropped() {
    let mut call = common::authorizing(test_numbers::VISA);
    call.keys("999#*");
    call.verdict(Verdict::Approved);
    call.keys("123456789");
    assert_eq!(call.log(), ["stop", "play approved goodbye"]);
    assert_eq!(call.run_out(), Outcome::Approved);
    call.keys("1");
    assert_eq!(call.log(), ["release", "hang-up", "finished approved"]);
}

#[test]
fn more_keys_than_can_be_kept_do_no_harm() {
    let mut call = Call::new(ask_order_code()).answered();
    call.keys(order_code().as_str());
    for _ in 0..200 {
        call.event(Event::Key(Key::D5));
    }
    call.log();
    call.event(Event::OrderFound(order()));
    assert_eq!(call.said(), ["pan-wrong enter-pan"]);
}

#[test]
fn keys_left_over_when_the_card_is_complete_are_dropped() {
    let mut call = Call::new(ask_order_code()).answered();
    for entry in [order_code().as_str(), test_numbers::MASTERCARD, EXPIRY, "123", "77"] {
        call.keys(entry);
    }
    call.event(Event::OrderFound(order()));
    call.log();
    call.decline(DeclineReason::CodeMismatch);
    assert_eq!(call.said(), ["declined-security-code enter-back-code"]);
}
