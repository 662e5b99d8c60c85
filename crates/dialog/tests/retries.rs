//! Silence and mistakes: what they cost and what is said.

mod common;

use core::time::Duration;

use common::{Call, EXPIRY, PROMPT, START, at_pan, at_pan_of, card_script, order_code};
use paytone_card::{Brand, BrandSet, LuhnPolicy, PanPolicy, test_numbers};
use paytone_dialog::{Entry, Event, Field, Outcome, Script, Timeouts};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn silence_is_counted_from_the_end_of_the_prompt() {
    let mut call = at_pan();
    call.pass(PROMPT * 3 + ms(9_999));
    assert!(call.log().is_empty());
    call.pass(ms(1));
    assert_eq!(call.log(), ["play no-input enter-pan"]);
}

#[test]
fn tries_are_total_tries() {
    for tries in 1..=3 {
        let mut silent = at_pan_of(card_script().no_input(tries));
        silent.keys("*");
        silent.said();
        assert_eq!(silent.run_out(), Outcome::NoInput(Field::Pan));
        let said = silent.said();
        assert_eq!(said.len(), usize::from(tries));
        assert_eq!(said.last().unwrap(), "too-long-silence goodbye");

        let mut wrong = at_pan_of(card_script().no_match(tries));
        for _ in 0..tries {
            wrong.keys("411#");
            wrong.listen();
        }
        assert_eq!(*wrong.outcome().unwrap(), Outcome::TooManyAttempts(Field::Pan));
        let said = wrong.said();
        assert_eq!(said.len(), usize::from(tries));
        assert_eq!(said.last().unwrap(), "too-many-attempts goodbye");
    }
}

#[test]
fn silences_and_mistakes_are_counted_apart() {
    let mut call = at_pan();
    for _ in 0..2 {
        call.keys("411#");
        call.wait(4);
        call.wait(10);
    }
    assert_eq!(
        call.said(),
        ["pan-length enter-pan", "no-input enter-pan", "pan-length enter-pan", "no-input enter-pan"]
    );
    call.keys("411#");
    assert_eq!(call.run_out(), Outcome::TooManyAttempts(Field::Pan));
}

#[test]
fn each_field_has_its_own_tries() {
    let mut call = at_pan();
    for _ in 0..2 {
        call.keys("411#");
        call.wait(1);
    }
    call.keys(test_numbers::MASTERCARD);
    for _ in 0..2 {
        call.wait(1);
        call.keys("1330");
    }
    call.wait(1);
    call.keys(EXPIRY);
    assert_eq!(call.said().last().unwrap(), "enter-back-code");
    for _ in 0..3 {
        call.wait(1);
        call.keys("12#");
    }
    assert_eq!(call.run_out(), Outcome::TooManyAttempts(Field::SecurityCode));
}

#[test]
fn the_caller_hears_what_was_wrong() {
    let visa_only = PanPolicy::default().with_accepted(BrandSet::of(&[Brand::Visa]));
    // Without the check digit's say, a number that cannot be anybody's gets as far as the list of test numbers.
    let test_only = PanPolicy::default().with_luhn(LuhnPolicy::Off).with_test_numbers_only(true);
    let table = [
        (PanPolicy::default(), "42424242#", "pan-length enter-pan"),
        (PanPolicy::default(), "4242424242424241#", "pan-wrong enter-pan"),
        (PanPolicy::default(), "0", "pan-wrong enter-pan"),
        (visa_only, "55", "brand-not-accepted brands-accepted enter-pan"),
        (test_only, "5555555555554445", "not-a-test-card enter-pan"),
    ];
    for (policy, keys, expected) in table {
        let mut call = at_pan_of(card_script().pan_policy(policy));
        call.keys(keys);
        call.wait(1);
        assert_eq!(call.said(), [expected], "{keys}");
    }
    for (keys, expected) in [
        ("1330", "expiry-wrong enter-expiry"),
        ("3012", "expiry-wrong enter-expiry"),
        ("123#", "expiry-wrong enter-expiry"),
        ("0826", "card-expired enter-expiry"),
        ("1270", "expiry-wrong enter-expiry"),
    ] {
        let mut call = at_pan();
        call.keys(test_numbers::MASTERCARD);
        call.said();
        call.keys(keys);
        assert_eq!(call.said(), [expected], "{keys}");
    }
}

#[test]
fn a_wrong_order_code_is_asked_again_and_never_looked_up() {
    let mut call = Call::new(Script::builder(Entry::AskOrderCode).build().unwrap()).answered();
    call.log();
    call.keys("123456789");
    assert_eq!(call.log(), ["stop", "play order-code-wrong enter-order-code"]);
    call.wait(1);
    call.keys("12#");
    assert_eq!(call.said(), ["order-code-wrong enter-order-code"]);
    call.wait(1);
    call.keys(order_code().as_str());
    assert_eq!(call.log(), ["stop", "look-up"]);
}

#[test]
fn an_unfinished_entry_waits_and_is_asked_to_go_on_once() {
    // Five seconds within a group of digits, three more where the next group is looked at.
    for (keys, wait) in
        [("411", 4_799), ("4111", 7_799), ("41111", 4_799), ("3782", 7_799), ("3782822463", 7_799)]
    {
        let mut call = at_pan();
        call.keys(keys);
        call.log();
        call.pass(ms(wait));
        assert!(call.log().is_empty());
        call.pass(ms(1));
        assert_eq!(call.log(), ["play continue-entry"], "{keys}");
        assert_eq!(usize::from(call.dialog.progress().digits()), keys.len(), "what was keyed is kept");
        call.pass(PROMPT + ms(9_999));
        assert!(call.log().is_empty());
        call.pass(ms(1));
        assert_eq!(call.log(), ["play pan-length enter-pan"]);
    }
}

#[test]
fn star_clears_the_entry_and_repeats_the_prompt_of_an_empty_one() {
    let mut call = at_pan();
    call.keys("4999*");
    assert_eq!(call.log(), ["stop"]);
    assert_eq!(call.dialog.progress().digits(), 0);
    call.wait(1);
    call.keys("#");
    assert_eq!(call.log(), ["play enter-pan"]);
    call.keys("*");
    assert_eq!(call.log(), ["stop", "play enter-pan"]);
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.log(), ["stop", "play enter-expiry"]);
}

#[test]
fn star_and_silence_after_it_cost_what_silence_costs() {
    let mut call = at_pan();
    call.keys("4999*");
    call.log();
    call.wait(10);
    assert_eq!(call.log(), ["play no-input enter-pan"]);
}

#[test]
fn asking_again_costs_no_try() {
    let mut call = at_pan_of(card_script().no_match(1).no_input(1));
    call.keys("*##*##");
    assert_eq!(call.said(), ["enter-pan"; 6]);
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.said(), ["enter-expiry"]);
}

#[test]
fn a_field_has_a_minute_however_busy_the_keys_are() {
    let mut call = at_pan();
    for _ in 0..12 {
        call.keys("4*");
        call.pass(ms(4_599));
    }
    call.log();
    call.pass(ms(12));
    assert_eq!(call.log(), ["play no-input enter-pan"]);
}

#[test]
fn a_stale_or_early_timeout_changes_nothing() {
    let mut call = at_pan();
    let due = call.dialog.poll_timeout().unwrap();
    call.dialog.handle_timeout(due - ms(1));
    assert!(call.dialog.poll_action().is_none());
    call.listen();
    let silence = call.dialog.poll_timeout().unwrap();
    call.keys("4");
    call.log();
    // The silence timer was for before the key; by its time only the pause after the key counts.
    call.dialog.handle_timeout(silence - ms(5_201));
    assert!(call.dialog.poll_action().is_none());
    assert!(call.dialog.poll_timeout().unwrap() < silence);
}

#[test]
fn the_end_of_a_prompt_that_was_stopped_means_nothing() {
    let mut call = at_pan();
    let mut dialog = paytone_dialog::Dialog::new(card_script().build().unwrap());
    dialog.handle(Event::Answered, START);
    dialog.handle(Event::Secured, START);
    let id = core::iter::from_fn(|| dialog.poll_action())
        .find_map(|action| match action {
            paytone_dialog::Action::Play { id, .. } => Some(id),
            _ => None,
        })
        .unwrap();
    call.keys("4111");
    let before = call.dialog.poll_timeout();
    call.event(Event::PromptDone(id));
    assert_eq!(call.dialog.poll_timeout(), before);
}

#[test]
fn the_session_ends_after_ten_minutes() {
    let timeouts = Timeouts { field: Duration::from_secs(3_600), ..Timeouts::default() };
    let mut call = at_pan_of(card_script().timeouts(timeouts));
    while call.now < START + Duration::from_secs(599) {
        call.keys("*");
    }
    call.log();
    call.wait(2);
    assert_eq!(call.said(), ["session-expired goodbye"]);
    assert_eq!(call.run_out(), Outcome::SessionExpired);
}

#[test]
fn a_card_is_not_kept_for_longer_than_a_minute_after_the_last_key() {
    let mut call = at_pan_of(card_script().no_input(10));
    call.keys(test_numbers::MASTERCARD);
    call.log();
    call.wait(58);
    assert_eq!(call.dialog.progress().field(), Some(Field::Expiry));
    call.wait(2);
    assert_eq!(call.said().last().unwrap(), "start-again enter-pan");
    assert_eq!(call.dialog.progress().last_four(), None);
}

#[test]
fn a_terminator_after_a_number_refused_by_its_first_digits_is_swallowed() {
    let visa_only = PanPolicy::default().with_accepted(BrandSet::of(&[Brand::Visa]));
    let mut call = at_pan_of(card_script().pan_policy(visa_only));
    call.keys("55");
    call.log();
    call.wait(1);
    call.keys("#");
    assert!(call.log().is_empty());
}

#[test]
fn an_empty_entry_does_not_grow_too_old() {
    let mut call = at_pan_of(card_script().no_input(10));
    call.keys("4*");
    call.wait(70);
    assert!(call.said().iter().all(|prompts| prompts == "no-input enter-pan"));
}
