//! The commands that callers can give at any field: one key, one meaning, and no try is lost.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use common::{Call, EXPIRY, at_pan_of, card_script};
use paytone_card::test_numbers;
use paytone_dialog::{AbortScope, AfterCall, Language, Outcome, ScriptBuilder, Verdict};
use paytone_psp::DeclineReason;

fn with_operator() -> ScriptBuilder {
    card_script().after(AfterCall::OperatorIfNeeded).languages(&[Language::En, Language::Ja])
}

#[test]
fn the_menu_speaks_the_keys_that_mean_something_here() {
    let mut call = at_pan_of(card_script());
    call.keys("**");
    assert_eq!(call.said().last().unwrap(), "menu help-repeat help-help help-cancel help-back");
    let mut call = at_pan_of(with_operator());
    call.keys("**");
    let all = "menu help-operator help-repeat help-language help-help help-cancel help-back";
    assert_eq!(call.said().last().unwrap(), all);
    assert!(call.dialog.progress().is_in_menu());
}

#[test]
fn no_command_costs_a_try() {
    let mut call = at_pan_of(with_operator().no_input(1).no_match(1));
    for keys in ["**1", "**2", "**3*", "**7*", "***", "4111**1", "**"] {
        call.keys(keys);
        call.listen();
    }
    call.wait(10);
    assert!(call.outcome().is_none());
    assert_eq!(call.said().last().unwrap(), "enter-pan", "silence leaves the menu");
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.said(), ["enter-expiry"]);
}

#[test]
fn every_command_does_what_is_said_of_it() {
    let mut call = at_pan_of(with_operator());
    call.keys("4111**1");
    assert_eq!(call.said().last().unwrap(), "enter-pan");
    assert_eq!(call.dialog.progress().digits(), 0, "the clear key has cleared");
    call.keys("**2");
    assert_eq!((call.dialog.language(), call.said().last().unwrap().as_str()), (Language::Ja, "enter-pan"));
    call.keys("**2");
    assert_eq!(call.dialog.language(), Language::En);
    call.keys("**9");
    assert_eq!(call.said().last().unwrap(), "cancelled goodbye");
    assert_eq!(call.run_out(), Outcome::CancelledByCaller);
    let mut call = at_pan_of(with_operator());
    call.keys("**0");
    assert_eq!(call.said().last().unwrap(), "to-operator");
    assert_eq!(call.run_out(), Outcome::OperatorRequested);
    assert_eq!(call.log(), ["release", "to-operator", "finished operator_requested"]);
}

#[test]
fn without_an_operator_there_is_no_operators_key() {
    let mut call = at_pan_of(card_script());
    call.keys("**0");
    assert_eq!(call.said().last().unwrap(), "menu help-repeat help-help help-cancel help-back");
    call.keys("*0");
    call.wait(3);
    assert_eq!(call.said().last().unwrap(), "pan-wrong enter-pan");
}

#[test]
fn zero_alone_reaches_a_person_where_no_star_gets_through() {
    let mut call = at_pan_of(with_operator());
    call.keys("0");
    call.wait(2);
    assert_eq!(call.run_out(), Outcome::OperatorRequested);
    let mut call = at_pan_of(with_operator());
    call.keys("04111#");
    assert_eq!(call.said(), ["pan-wrong enter-pan"], "with more behind it, it was a slip");
}

#[test]
fn the_scope_says_where_the_menu_opens() {
    let opens = |scope, keys: &str| {
        let mut call = at_pan_of(card_script().abort(scope));
        call.keys(keys);
        call.dialog.progress().is_in_menu()
    };
    let table = [
        (AbortScope::DoublePress, [("*", false), ("**", true), ("4*", false), ("4**", true), ("*4*", false)]),
        (
            AbortScope::FirstKeyOnly,
            [("*", true), ("#*", true), ("4*", false), ("4**", true), ("41*4*", false)],
        ),
        (AbortScope::Anywhere, [("*", true), ("4*", true), ("4111*", true), ("#*", true), ("*", true)]),
        (AbortScope::Never, [("*", false), ("**", false), ("4**", false), ("***", false), ("*#*", false)]),
    ];
    for (scope, rows) in table {
        for (keys, expected) in rows {
            assert_eq!(opens(scope, keys), expected, "{scope:?} {keys}");
        }
    }
}

#[test]
fn every_field_ends_without_hash_or_star() {
    let mut call = at_pan_of(card_script());
    for keys in [test_numbers::VISA, EXPIRY, "123"] {
        call.listen();
        call.keys(keys);
        call.wait(3);
    }
    assert_eq!(call.cards.len(), 1);
}

#[test]
fn a_caller_without_another_card_says_so() {
    let mut call = common::authorizing_of(with_operator(), test_numbers::VISA);
    call.decline(DeclineReason::InsufficientFunds);
    assert_eq!(call.said(), ["declined-card enter-pan no-other-card"]);
    call.keys("0");
    call.wait(2);
    assert_eq!(call.said(), ["to-operator"]);
    assert_eq!(call.run_out(), Outcome::NoUsableCard);
}

#[test]
fn with_call_back_every_end_goes_to_the_operator() {
    let mut call = common::authorizing_of(card_script().after(AfterCall::Operator), test_numbers::VISA);
    call.verdict(Verdict::Approved);
    assert_eq!(call.run_out(), Outcome::Approved);
    let log = call.log();
    assert_eq!(log[1..], ["play approved back-to-operator", "release", "to-operator", "finished approved"]);
}

#[test]
fn an_operator_is_offered_where_only_a_person_helps() {
    for verdict in [Verdict::Unavailable, Verdict::Unknown] {
        let mut call = common::authorizing_of(with_operator(), test_numbers::VISA);
        call.verdict(verdict);
        assert!(call.said().last().unwrap().ends_with("to-operator"));
    }
    let mut call = Call::new(with_operator().build().unwrap()).answered();
    call.keys("5");
    call.event(paytone_dialog::Event::HungUp);
    assert!(!call.log().contains(&"to-operator".to_owned()), "nobody is there to be handed over");
}
