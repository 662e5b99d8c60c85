//! What operators and merchants complain about elsewhere, and what happens here. What callers complain about is in
//! `complaints.rs`.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use core::time::Duration;

use common::{Call, EXPIRY, START, at_pan, authorizing_of, card_script};
use paytone_card::{Brand, test_numbers};
use paytone_dialog::{
    Action, AfterCall, Command, CommandRefused, Event, Field, Mode, Outcome, Phase, SecureState, Verdict,
};
use paytone_psp::DeclineReason;

/// "The agent cannot see progress and clicks too early."
#[test]
fn an_operator_who_clicks_too_early_is_told_so_and_nothing_changes() {
    let mut call = Call::new(card_script().mode(Mode::Directed).build().unwrap()).answered();
    assert_eq!(call.command(Command::Submit), Err(CommandRefused::Incomplete));
    call.command(Command::Capture(Field::Pan)).unwrap();
    call.keys("5555");
    assert_eq!(call.dialog.progress().digits(), 4, "each digit is seen, as a count");
    assert_eq!(call.command(Command::Submit), Err(CommandRefused::Incomplete));
    assert_eq!(call.command(Command::Capture(Field::SecurityCode)), Err(CommandRefused::TooEarly));
    assert_eq!((call.dialog.progress().field(), call.dialog.progress().digits()), (Some(Field::Pan), 4));
}

/// "A mobile or a switchboard doubles tones, and only one system has a switch for it."
#[test]
fn a_line_that_doubles_tones_is_heard_patiently_from_one_key_to_the_next() {
    let mut call = at_pan();
    call.keys("5555 55");
    call.command(Command::SlowMode(true)).unwrap();
    assert_eq!(call.log(), ["stop", "slow true"], "in mid-entry, and nothing keyed is lost");
    call.pass(Duration::from_secs(8));
    assert_eq!(call.dialog.progress().digits(), 6, "waits are longer too");
    call.keys("55 5555 4444");
    assert_eq!(call.dialog.progress().field(), Some(Field::Expiry));
}

/// "A postcode has letters, a keypad has none."
#[test]
fn a_postcode_is_taken_by_its_digits_alone() {
    let asked = [Field::Postcode, Field::Pan, Field::Expiry, Field::SecurityCode];
    let mut call = Call::new(card_script().fields(asked).build().unwrap()).answered();
    // SW1A 2AA: what an address check compares.
    call.keys("12#");
    assert_eq!(call.said().last().unwrap(), "postcode-wrong enter-postcode");
    call.wait(1);
    call.keys("122#");
    for keys in [test_numbers::MASTERCARD, EXPIRY, "123"] {
        call.keys(keys);
    }
    assert_eq!(call.details.postcode().unwrap().as_str(), "122");
}

/// "Pause and resume was answered with 200 and did nothing."
#[test]
fn secure_mode_is_believed_only_once_the_new_state_is_reported() {
    let mut call = Call::new(card_script().build().unwrap()).confirms_secure(false).answered();
    assert_eq!(call.dialog.progress().secure(), SecureState::Securing);
    assert!(call.said().is_empty(), "that it was asked for is not that it is there");
    call.event(Event::Released);
    assert!(call.said().is_empty(), "nor is another answer");
    call.event(Event::Secured);
    assert_eq!(call.said(), ["welcome order-summary enter-pan"]);
}

/// "The caller keyed the card number, and then the agent asks for it again."
#[test]
fn the_operator_gets_the_outcome_and_what_may_be_shown_of_the_card_with_the_caller() {
    let script = card_script().after(AfterCall::Operator).authorizations(1);
    let mut call = authorizing_of(script, test_numbers::MASTERCARD);
    call.decline(DeclineReason::InsufficientFunds);
    assert_eq!(call.run_out(), Outcome::Declined(DeclineReason::InsufficientFunds));
    assert!(call.log().contains(&"to-operator".to_owned()));
    let last = call.reports.last().unwrap();
    assert_eq!((last.phase(), last.brand()), (Phase::Finished, Some(Brand::Mastercard)));
    assert_eq!(last.last_four().unwrap().last_four(), "4444");
}

/// "The secure flow distorts the handling time."
#[test]
fn every_phase_says_when_it_began() {
    let mut call = authorizing_of(card_script(), test_numbers::MASTERCARD);
    let sent = call.now;
    call.wait(20);
    call.verdict(Verdict::Approved);
    call.run_out();
    let since = |phase| call.reports.iter().find(|report| report.phase() == phase).unwrap().phase_since();
    assert_eq!(since(Phase::Securing), START);
    assert!(since(Phase::Authorizing) <= sent && since(Phase::Authorizing) > since(Phase::Collecting));
    assert_eq!(since(Phase::Closing), sent + Duration::from_secs(20));
    assert!(since(Phase::Finished) > since(Phase::Closing));
}

/// "The result overtakes the event before it."
#[test]
fn reports_are_one_stream_numbered_without_a_gap_and_the_outcome_is_its_end() {
    let mut call = authorizing_of(card_script(), test_numbers::MASTERCARD);
    call.verdict(Verdict::Approved);
    call.run_out();
    let numbers: Vec<_> = call.reports.iter().map(|report| report.sequence()).collect();
    assert_eq!(numbers, (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    assert!(call.log().last().unwrap().starts_with("finished"));
}

/// The same where nobody fetches what is to be done until the very end.
#[test]
fn reports_that_nobody_fetched_are_kept_in_their_order() {
    let mut dialog = paytone_dialog::Dialog::new(card_script().build().unwrap());
    dialog.handle(Event::Answered, START);
    dialog.handle(Event::Secured, START);
    for key in test_numbers::MASTERCARD.chars().filter_map(paytone_dtmf::Key::from_char) {
        dialog.handle(Event::Key(key), START);
    }
    dialog.handle(Event::HungUp, START);
    let actions: Vec<_> = core::iter::from_fn(|| dialog.poll_action()).collect();
    let reports = actions.iter().filter_map(|action| match action {
        Action::Report(progress) => Some(progress.sequence()),
        _ => None,
    });
    assert!(reports.eq(1..=19), "answered, secured, sixteen digits, the end");
    assert!(matches!(actions.last(), Some(Action::Finished(_))));
}
