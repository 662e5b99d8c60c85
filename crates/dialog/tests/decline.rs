//! After a decline: only the wrong field is asked again, and an unknown outcome is not a decline.

mod common;

use common::{EXPIRY, authorizing, authorizing_of, card_script};
use paytone_card::test_numbers;
use paytone_dialog::{Event, Field, Outcome, Verdict};
use paytone_psp::{DeclineReason, Recovery};

#[test]
fn a_wrong_security_code_is_all_that_is_asked_again() {
    let mut call = authorizing(test_numbers::VISA);
    call.decline(DeclineReason::CodeMismatch);
    assert_eq!(call.said(), ["declined-security-code enter-back-code"]);
    call.keys("321");
    assert_eq!(call.log(), ["stop", "authorize", "play one-moment"]);
    assert_eq!(call.cards[0].masked().to_string(), "**** 1111");
    assert_eq!(call.cards[0].code().unwrap().expose(|code| code.to_vec()), b"321");
    call.verdict(Verdict::Approved);
    assert_eq!(call.run_out(), Outcome::Approved);
}

#[test]
fn a_wrong_expiry_date_is_asked_again_with_the_code() {
    let mut call = authorizing(test_numbers::VISA);
    call.decline(DeclineReason::Expired);
    assert_eq!(call.said(), ["declined-expiry enter-expiry"]);
    call.keys("1131");
    assert_eq!(call.said(), ["enter-back-code"]);
    call.keys("123");
    assert_eq!((call.cards[0].expiry().month(), call.cards[0].expiry().year()), (11, 2031));
    assert_eq!(call.cards[0].masked().to_string(), "**** 1111");
}

#[test]
fn a_wrong_number_is_asked_again_with_the_code() {
    let mut call = authorizing(test_numbers::VISA);
    call.decline(DeclineReason::InvalidNumber);
    assert_eq!(call.said(), ["declined-number enter-pan"]);
    assert_eq!(call.dialog.progress().last_four(), None);
    call.keys(test_numbers::AMERICAN_EXPRESS);
    assert_eq!(call.said(), ["enter-front-code"], "the date is kept, the code is the new brand's");
    call.keys("1234");
    assert_eq!(call.cards[0].masked().to_string(), "**** 0005");
    assert_eq!(call.cards[0].expiry().month(), 12);
}

#[test]
fn another_card_is_asked_for_from_the_start() {
    for reason in [DeclineReason::InsufficientFunds, DeclineReason::CardNotUsable] {
        let mut call = authorizing(test_numbers::VISA);
        call.decline(reason);
        assert_eq!(call.dialog.progress().last_four(), None, "nothing of the old card is shown");
        call.keys(test_numbers::MASTERCARD);
        call.keys(EXPIRY);
        call.keys("123");
        assert_eq!(call.said(), ["declined-card enter-pan", "enter-expiry", "enter-back-code", "one-moment"]);
        assert_eq!(call.cards[0].masked().to_string(), "**** 4444");
    }
}

#[test]
fn a_card_that_did_not_come_back_is_keyed_again() {
    let mut call = authorizing(test_numbers::VISA);
    call.verdict(Verdict::Declined { reason: DeclineReason::CodeMismatch, card: None });
    assert_eq!(call.said(), ["declined-security-code enter-pan"]);
}

#[test]
fn a_card_that_came_back_late_is_not_used() {
    let mut call = authorizing(test_numbers::VISA);
    call.wait(61);
    call.log();
    call.decline(DeclineReason::CodeMismatch);
    assert_eq!(call.said(), ["declined-security-code enter-pan"]);
}

#[test]
fn every_reason_is_answered_and_fraud_hears_what_nobody_can_use() {
    for &reason in DeclineReason::ALL {
        let mut call = authorizing(test_numbers::VISA);
        call.decline(reason);
        let said = call.said().remove(0);
        let expected = match reason.recovery() {
            Recovery::ReenterNumber => "declined-number enter-pan",
            Recovery::ReenterExpiry => "declined-expiry enter-expiry",
            Recovery::ReenterCode => "declined-security-code enter-back-code",
            Recovery::OtherCard => "declined-card enter-pan",
            Recovery::TryLater => "declined-for-now goodbye",
            _ => "declined goodbye",
        };
        assert_eq!(said, expected, "{reason:?}");
    }
    let mut call = authorizing(test_numbers::VISA);
    call.decline(DeclineReason::LostOrStolen);
    assert_eq!(call.run_out(), Outcome::Declined(DeclineReason::LostOrStolen));
}

#[test]
fn authorizations_are_limited() {
    let mut call = authorizing_of(card_script().authorizations(2), test_numbers::VISA);
    call.decline(DeclineReason::CodeMismatch);
    call.keys("321");
    call.log();
    call.decline(DeclineReason::CodeMismatch);
    assert_eq!(call.said(), ["declined goodbye"]);
    assert_eq!(call.run_out(), Outcome::Declined(DeclineReason::CodeMismatch));
    assert_eq!(call.dialog.progress().authorizations(), 2);
}

#[test]
fn a_card_that_is_not_a_test_card_has_its_own_prompt() {
    let mut call = authorizing_of(card_script().authorizations(2), test_numbers::VISA);
    call.verdict(Verdict::NotATestCard);
    assert_eq!(call.said(), ["not-a-test-card enter-pan"]);
    call.keys(test_numbers::MASTERCARD);
    call.keys(EXPIRY);
    call.keys("123");
    call.log();
    call.verdict(Verdict::NotATestCard);
    assert_eq!(call.said(), ["not-a-test-card goodbye"]);
    assert_eq!(call.run_out(), Outcome::TooManyAttempts(Field::Pan));
}

#[test]
fn unknown_is_not_spoken_as_declined() {
    let mut call = authorizing(test_numbers::VISA);
    call.verdict(Verdict::Unknown);
    assert_eq!(call.said(), ["payment-unknown goodbye"]);
    let mut call = authorizing(test_numbers::VISA);
    call.wait(90);
    assert_eq!(call.said().last().unwrap(), "payment-unknown goodbye");
    call.log();
    // Too late: the caller has been told, and whoever keeps the books settles it.
    call.verdict(Verdict::Approved);
    assert!(call.said().is_empty());
    assert_eq!(call.run_out(), Outcome::Unknown);
}

#[test]
fn a_provider_out_of_reach_is_not_a_decline_either() {
    let mut call = authorizing(test_numbers::VISA);
    call.verdict(Verdict::Unavailable);
    assert_eq!(call.said(), ["service-unavailable goodbye"]);
    assert_eq!(call.run_out(), Outcome::GatewayUnavailable);
}

#[test]
fn a_verdict_nobody_waits_for_is_ignored() {
    let mut call = common::at_pan();
    call.verdict(Verdict::Approved);
    assert!(call.log().is_empty());
}

#[test]
fn after_the_sessions_time_nothing_more_is_asked() {
    let timeouts = paytone_dialog::Timeouts {
        session: core::time::Duration::from_secs(20),
        ..paytone_dialog::Timeouts::default()
    };
    let mut call = authorizing_of(card_script().timeouts(timeouts), test_numbers::VISA);
    call.wait(20);
    call.log();
    call.decline(DeclineReason::CodeMismatch);
    assert_eq!(call.said(), ["declined goodbye"]);
}

#[test]
fn nothing_more_is_asked_once_the_keys_are_no_longer_hidden() {
    for secured_later in [false, true] {
        let mut call = authorizing(test_numbers::VISA);
        call.event(Event::SecureRefused);
        if secured_later {
            call.event(Event::Secured);
        }
        assert!(call.log().is_empty(), "the card is not called back");
        call.decline(DeclineReason::CodeMismatch);
        assert_eq!(call.said(), ["masking-unavailable goodbye"]);
    }
}

#[test]
fn a_caller_who_gives_up_after_a_decline_was_declined() {
    let declined = Outcome::Declined(DeclineReason::InsufficientFunds);
    let mut silent = authorizing(test_numbers::VISA);
    silent.decline(DeclineReason::InsufficientFunds);
    assert_eq!(silent.run_out(), declined, "by silence");

    let mut gone = authorizing(test_numbers::VISA);
    gone.decline(DeclineReason::InsufficientFunds);
    gone.event(Event::HungUp);
    assert_eq!(gone.run_out(), declined, "by hanging up");
}
