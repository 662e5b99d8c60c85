//! The far end holds the call and takes it back.

mod common;

use core::time::Duration;

use common::{at_pan, authorizing};
use paytone_card::test_numbers;
use paytone_dialog::{Event, Outcome, Verdict};

#[test]
fn an_entry_survives_a_hold() {
    let mut call = at_pan();
    call.keys("55555555");
    call.event(Event::Held);
    call.log();
    call.wait(40);
    assert!(call.log().is_empty(), "the wait for the next key rests");
    assert!(call.dialog.progress().is_held());
    call.event(Event::Resumed);
    assert_eq!(call.log(), ["play continue-entry enter-pan"]);
    call.keys("55554444");
    assert_eq!(call.log(), ["stop", "play enter-expiry"]);
}

#[test]
fn an_empty_field_is_asked_again() {
    let mut call = at_pan();
    call.listen();
    call.event(Event::Held);
    call.wait(40);
    call.event(Event::Resumed);
    assert_eq!(call.log(), ["play enter-pan"]);
}

#[test]
fn what_a_hold_cut_short_is_said_again() {
    let mut call = at_pan();
    call.event(Event::Held);
    assert_eq!(call.log(), ["stop"]);
    call.wait(40);
    call.event(Event::Resumed);
    assert_eq!(call.log(), ["play welcome order-summary enter-pan"]);
}

#[test]
fn time_goes_on_where_it_stopped() {
    let mut call = at_pan();
    call.keys("4*");
    call.wait(6);
    call.event(Event::Held);
    call.wait(100);
    call.event(Event::Resumed);
    call.log();
    // The prompt is being repeated; silence counts from its end.
    call.listen();
    call.pass(Duration::from_millis(9_999));
    assert!(call.log().is_empty());
    call.pass(Duration::from_millis(1));
    assert_eq!(call.log(), ["play no-input enter-pan"]);
}

#[test]
fn silence_after_the_repeated_prompt_ends_a_kept_entry() {
    let mut call = at_pan();
    call.keys(test_numbers::VISA);
    call.event(Event::Held);
    call.wait(20);
    call.event(Event::Resumed);
    call.log();
    call.listen();
    call.wait(2);
    assert_eq!(call.log(), ["play enter-expiry"]);
}

#[test]
fn the_result_waits_for_the_caller_to_come_back() {
    let mut call = authorizing(test_numbers::VISA);
    call.event(Event::Held);
    call.verdict(Verdict::Approved);
    call.wait(120);
    assert_eq!(call.log(), ["stop"], "nobody would hear it");
    call.event(Event::Resumed);
    call.listen();
    assert_eq!(call.log(), ["play approved goodbye", "release", "hang-up", "finished approved"]);
}

#[test]
fn the_provider_is_not_held() {
    let mut call = authorizing(test_numbers::VISA);
    call.event(Event::Held);
    call.wait(90);
    call.event(Event::Resumed);
    assert_eq!(call.said(), ["payment-unknown goodbye"]);
}

#[test]
fn a_hold_does_not_keep_a_call_for_ever() {
    let mut call = at_pan();
    call.event(Event::Held);
    assert_eq!(call.run_out(), Outcome::SessionExpired);
    let mut call = authorizing(test_numbers::VISA);
    call.event(Event::Held);
    call.verdict(Verdict::Approved);
    assert_eq!(call.run_out(), Outcome::Approved);
}

#[test]
fn a_held_card_is_wiped_after_a_minute_and_asked_for_again() {
    let mut call = at_pan();
    call.keys("55555555");
    call.event(Event::Held);
    call.wait(61);
    call.log();
    assert_eq!(call.dialog.progress().digits(), 0);
    call.event(Event::Resumed);
    assert_eq!(call.log(), ["play start-again enter-pan"]);
}

#[test]
fn holds_do_not_pile_up() {
    let mut call = at_pan();
    call.event(Event::Resumed);
    call.event(Event::Held);
    call.event(Event::Held);
    call.log();
    call.event(Event::Resumed);
    call.event(Event::Resumed);
    assert_eq!(call.log().len(), 1);
}
