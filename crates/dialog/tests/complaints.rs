//! What callers and merchants complain about elsewhere, each with the test that it does not happen here.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use core::time::Duration;

use common::{Call, EXPIRY, at_pan, at_pan_of, authorizing, authorizing_of, card_script, order, order_code};
use paytone_card::{Brand, BrandSet, PanPolicy, test_numbers};
use paytone_dialog::phrase::{Language, Phrasebook};
use paytone_dialog::{
    AfterCall, Command, Confirm, Entry, Event, Field, FieldRules, HandOver, HangUpPolicy, MoneyMoved,
    OrderChange, Outcome, Phase, Prompt, Retry, Script, SecureState, Timeouts, Verdict,
};
use paytone_psp::DeclineReason;

#[test]
fn a_key_that_stops_the_prompt_is_the_first_digit() {
    let mut call = at_pan();
    call.keys("4");
    assert_eq!(call.log(), ["stop"]);
    assert_eq!(call.dialog.progress().digits(), 1);
}

#[test]
fn a_wait_starts_after_barge_in_too_and_the_call_never_hangs_silent() {
    let mut call = at_pan();
    call.keys("4");
    assert!(call.dialog.poll_timeout().is_some());
    call.wait(5);
    assert_eq!(call.said(), ["continue-entry"]);
}

#[test]
fn settings_do_not_switch_each_other_off() {
    for barge_in in [true, false] {
        for wait in [None, Some(Duration::from_secs(3))] {
            let rules = FieldRules { barge_in, inter_digit: wait, ..FieldRules::default() };
            let mut call = at_pan_of(card_script().rules(Field::Pan, rules));
            call.keys("4");
            assert_eq!(call.log() == ["stop"], barge_in, "{barge_in} {wait:?}");
            call.listen();
            call.log();
            call.wait(if wait.is_some() { 3 } else { 5 });
            assert_eq!(call.said(), ["continue-entry"], "{barge_in} {wait:?}");
        }
    }
}

#[test]
fn every_wait_ends() {
    let mut call = at_pan_of(card_script().no_input(10).no_match(10));
    let outcome = call.run_out();
    assert_eq!(outcome, Outcome::NoKeyHeard);
}

#[test]
fn digits_pressed_during_a_prompt_are_not_lost() {
    let mut call = at_pan();
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.dialog.progress().field(), Some(Field::Expiry));
}

#[test]
fn what_is_said_to_be_wrong_is_what_is_wrong() {
    let mut call = at_pan();
    call.keys("411111111111111#");
    let (prompts, situation) = call.spoken.last().unwrap();
    assert_eq!(prompts[0], Prompt::PanLength { received: 15 });
    assert!(Phrasebook::new().texts(prompts, situation)[0].starts_with("I received fifteen digits."));
}

#[test]
fn no_input_is_never_reported_as_a_payment() {
    let mut call = at_pan();
    assert_eq!(call.run_out().money_moved(), MoneyMoved::No);
}

#[test]
fn a_caller_in_a_loop_gets_out() {
    let mut call = at_pan_of(card_script().after(AfterCall::OperatorIfNeeded));
    for _ in 0..2 {
        call.keys("411#");
        call.wait(1);
    }
    call.keys("**0");
    assert_eq!(call.run_out(), Outcome::OperatorRequested);
}

#[test]
fn a_caller_whose_only_card_is_expired_is_not_asked_for_ever() {
    let mut call = at_pan_of(card_script().after(AfterCall::OperatorIfNeeded));
    call.keys(test_numbers::MASTERCARD);
    call.keys("0121");
    call.wait(1);
    call.log();
    call.keys("0121");
    assert_eq!(call.said(), ["card-expired enter-pan no-other-card"]);
    call.wait(1);
    call.keys("0");
    call.wait(2);
    assert_eq!(call.run_out(), Outcome::NoUsableCard);
}

#[test]
fn a_caller_who_reads_group_by_group_is_not_cut_off() {
    let mut call = at_pan();
    for group in ["4111", "1111", "1111", "1111"] {
        call.keys(group);
        call.wait(7);
    }
    assert_eq!(call.dialog.progress().field(), Some(Field::Expiry));
}

#[test]
fn digits_survive_a_pause_that_was_too_long() {
    let mut call = at_pan_of(card_script().no_match(1));
    call.keys("4111 11");
    call.wait(9);
    call.keys("11 1111 1111#");
    assert_eq!(call.dialog.progress().field(), Some(Field::Expiry));
}

#[test]
fn whoever_listens_hears_the_last_four_digits_at_most() {
    let mut call = at_pan_of(card_script().confirm(Confirm::AmountAndLastFour));
    for keys in [test_numbers::UNIONPAY_19, EXPIRY, "123"] {
        call.keys(keys);
        call.keys("#");
    }
    let (prompts, situation) = call.spoken.last().unwrap();
    let said = Phrasebook::new().texts(prompts, situation);
    let digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let count = said[1].split([' ', '.']).filter(|word| digits.contains(word)).count();
    assert_eq!(count, 4, "{said:?}");
}

#[test]
fn holders_of_american_express_hear_where_their_four_digits_are() {
    let mut call = at_pan();
    call.keys(test_numbers::AMERICAN_EXPRESS);
    call.keys(EXPIRY);
    assert_eq!(call.said().last().unwrap(), "enter-front-code");
    assert_eq!(call.dialog.progress().brand(), Some(Brand::AmericanExpress));
}

#[test]
fn a_brand_is_refused_with_the_brands_that_are_taken() {
    let two = PanPolicy::default().with_accepted(BrandSet::of(&[Brand::Visa, Brand::Jcb]));
    let mut call = at_pan_of(card_script().pan_policy(two));
    call.keys("37");
    assert_eq!(call.said(), ["brand-not-accepted brands-accepted enter-pan"]);
    let (prompts, situation) = call.spoken.last().unwrap();
    let said = Phrasebook::new().texts(prompts, situation);
    assert_eq!(said[1], "We accept Visa and J. C. B.");
    assert!(said[2].contains("another card"), "{said:?}");
}

#[test]
fn the_operator_sees_how_far_the_caller_is() {
    let mut call = at_pan();
    call.keys("4111");
    let counts: Vec<_> = call.reports.iter().map(paytone_dialog::Progress::digits).collect();
    assert_eq!(counts[counts.len() - 4..], [1, 2, 3, 4]);
    let sequence: Vec<_> = call.reports.iter().map(paytone_dialog::Progress::sequence).collect();
    assert!(sequence.windows(2).all(|pair| pair[1] == pair[0] + 1), "numbered without a gap");
    let last = call.reports.last().unwrap();
    assert_eq!(last, call.dialog.progress(), "a report is whole in itself");
    assert!(
        call.reports.iter().all(|report| report.phase_since() >= common::START || report.sequence() == 1)
    );
}

#[test]
fn no_answer_is_never_a_decline_and_is_not_tried_again_before_a_lookup() {
    let mut call = authorizing(test_numbers::VISA);
    call.verdict(Verdict::Unknown);
    assert_eq!(call.said(), ["payment-unknown goodbye"]);
    let outcome = call.run_out();
    assert_eq!((outcome.money_moved(), outcome.retry()), (MoneyMoved::Maybe, Retry::AfterLookup));
}

#[test]
fn a_line_that_sends_no_tones_is_told_apart_from_a_silent_caller() {
    let mut call = at_pan_of(card_script().after(AfterCall::OperatorIfNeeded));
    call.wait(40);
    assert_eq!(call.said(), ["no-input enter-pan", "switch-to-tone enter-pan"]);
    assert!(call.dialog.progress().no_key_heard(), "the operator's screen says so");
    call.wait(20);
    assert_eq!(call.said(), ["too-long-silence to-operator"]);
    assert_eq!(call.run_out(), Outcome::NoKeyHeard);

    let mut helped = at_pan();
    helped.wait(40);
    helped.keys("*");
    assert!(!helped.dialog.progress().no_key_heard(), "a key is heard now");
}

#[test]
fn security_codes_are_not_guessed_over_many_calls() {
    let mut call = authorizing(test_numbers::VISA);
    call.event(Event::CodeTriesLeft(0));
    call.decline(DeclineReason::CodeMismatch);
    assert_eq!(call.said(), ["declined-card enter-pan"], "another card, in neutral words");
    assert_eq!(call.dialog.progress().last_four(), None);

    let mut open = authorizing(test_numbers::VISA);
    open.event(Event::CodeTriesLeft(1));
    open.decline(DeclineReason::CodeMismatch);
    assert_eq!(open.said(), ["declined-security-code enter-back-code"]);

    let mut unsent = authorizing(test_numbers::VISA);
    unsent.verdict(Verdict::TooManyCodeTries);
    assert_eq!(unsent.said(), ["declined-card enter-pan"]);
}

#[test]
fn an_operator_who_is_still_on_the_line_hears_nothing_of_the_order() {
    let script = Script::builder(Entry::AskOrderCode).hand_over(HandOver::Caller).build().unwrap();
    let mut call = Call::new(script).answered();
    call.keys(order_code().as_str());
    call.keys("5555");
    call.event(Event::OrderFound(order()));
    call.log();
    for _ in 0..3 {
        call.keys("472");
        call.wait(15);
    }
    assert!(call.said().iter().all(|said| said == "hand-over"), "keys of the operator mean nothing");
    call.keys("1");
    assert_eq!(call.said().last().unwrap(), "order-summary enter-pan");
    assert_eq!(call.dialog.progress().digits(), 0);
}

#[test]
fn a_hand_over_nobody_answers_ends() {
    let script = Script::builder(Entry::AskOrderCode).hand_over(HandOver::Caller).build().unwrap();
    let mut call = Call::new(script).answered();
    call.keys(order_code().as_str());
    call.event(Event::OrderFound(order()));
    call.log();
    call.wait(125);
    assert_eq!(call.run_out(), Outcome::NoInput(Field::HandOver));
}

#[test]
fn in_a_conference_caller_and_operator_both_agree_before_a_card_is_asked_for() {
    for operator_first in [true, false] {
        let script =
            Script::builder(Entry::AskOrderCode).hand_over(HandOver::CallerAndOperator).build().unwrap();
        let mut call = Call::new(script).answered();
        call.keys(order_code().as_str());
        call.event(Event::OrderFound(order()));
        if operator_first {
            call.command(Command::HandOver).unwrap();
            assert_eq!(call.dialog.progress().field(), Some(Field::HandOver));
            call.keys("1");
        } else {
            call.keys("1");
            assert_eq!(call.dialog.progress().field(), Some(Field::HandOver));
            call.command(Command::HandOver).unwrap();
        }
        assert_eq!(call.dialog.progress().field(), Some(Field::Pan));
    }
}

#[test]
fn an_order_that_changes_meanwhile_is_not_paid_and_the_caller_is_told() {
    for (change, said) in
        [(OrderChange::Cancelled, "order-cancelled"), (OrderChange::Changed, "order-changed")]
    {
        let mut call = at_pan_of(card_script().after(AfterCall::OperatorIfNeeded));
        call.keys("4111");
        call.log();
        call.event(Event::OrderWithdrawn(change));
        assert_eq!(call.said(), [format!("{said} to-operator")]);
        assert_eq!(call.run_out(), Outcome::OrderWithdrawn(change));
        assert_eq!(
            call.log(),
            ["release", "to-operator", &format!("finished order_withdrawn: {}", change.as_str())]
        );
    }
    let mut late = authorizing(test_numbers::VISA);
    late.event(Event::OrderWithdrawn(OrderChange::Cancelled));
    assert_eq!(late.dialog.progress().phase(), Phase::Authorizing);
}

#[test]
fn no_card_is_asked_for_while_none_can_be_paid() {
    let mut call = at_pan_of(card_script().after(AfterCall::OperatorIfNeeded));
    call.keys("4111");
    call.log();
    call.event(Event::Unavailable);
    assert_eq!(call.said(), ["service-unavailable to-operator"]);
    assert_eq!(call.run_out(), Outcome::GatewayUnavailable);
    let mut late = authorizing(test_numbers::VISA);
    late.event(Event::Unavailable);
    assert_eq!(late.dialog.progress().phase(), Phase::Authorizing);
}

#[test]
fn a_payment_whose_caller_is_gone_is_taken_back_where_the_merchant_wants_that() {
    let voiding = || authorizing_of(card_script().hang_up(HangUpPolicy::VoidIfApproved), test_numbers::VISA);
    let mut call = voiding();
    call.event(Event::HungUp);
    call.verdict(Verdict::Approved);
    assert_eq!(call.log().last().unwrap(), "void");
    assert_eq!(call.dialog.progress().phase(), Phase::Voiding);
    call.verdict(Verdict::Voided);
    assert_eq!(*call.outcome().unwrap(), Outcome::ApprovedThenVoided);

    let mut failed = voiding();
    failed.event(Event::HungUp);
    failed.verdict(Verdict::Approved);
    assert_eq!(failed.run_out(), Outcome::Approved, "what could not be taken back stands");

    let mut stayed = voiding();
    stayed.verdict(Verdict::Approved);
    assert_eq!(stayed.run_out(), Outcome::Approved);
}

#[test]
fn a_failure_on_our_side_is_not_blamed_on_the_caller() {
    let mut call = at_pan();
    call.keys("4111");
    call.event(Event::Failed);
    assert_eq!(call.run_out(), Outcome::Internal);
    let mut sent = authorizing(test_numbers::VISA);
    sent.event(Event::Failed);
    assert_eq!(sent.run_out(), Outcome::Unknown, "a card that was sent is in doubt");
}

#[test]
fn there_is_a_japanese_voice() {
    let mut call = at_pan_of(card_script().languages(&[Language::Ja]));
    call.wait(30);
    let (prompts, situation) = call.spoken.last().unwrap();
    assert!(Phrasebook::new().texts(prompts, situation).iter().all(|text| !text.is_ascii()));
}

#[test]
fn a_session_ends_whatever_the_caller_does() {
    let timeouts = Timeouts { session: Duration::from_secs(60), ..Timeouts::default() };
    let mut call = at_pan_of(card_script().timeouts(timeouts));
    while call.outcome().is_none() && call.dialog.progress().phase() == Phase::Collecting {
        call.keys("**1");
        call.wait(1);
    }
    assert_eq!(call.run_out(), Outcome::SessionExpired);
}

/// "They ask for the number again that I have just keyed": whoever takes over knows what was keyed and why it failed.
#[test]
fn an_operator_who_takes_over_knows_brand_last_four_and_reason() {
    let mut call = authorizing_of(card_script().after(AfterCall::Operator), test_numbers::MASTERCARD);
    call.decline(DeclineReason::SuspectedFraud);
    assert_eq!(call.said(), ["declined back-to-operator"]);
    assert_eq!(call.run_out(), Outcome::Declined(DeclineReason::SuspectedFraud));
    let last = call.reports.last().unwrap();
    assert_eq!((last.phase(), last.brand()), (Phase::Finished, Some(Brand::Mastercard)));
    assert_eq!(last.last_four().unwrap().last_four(), "4444");
}

/// "Pausing the recording was answered with success and did nothing": only the new state itself counts.
#[test]
fn a_line_that_does_not_say_that_it_is_secure_is_not_taken_for_secure() {
    let mut call = Call::new(card_script().build().unwrap()).confirms_secure(false).answered();
    call.event(Event::Released);
    call.wait(1);
    assert_eq!((call.said(), call.dialog.progress().secure()), (vec![], SecureState::Securing));
    assert_eq!(call.run_out(), Outcome::MaskingUnavailable);
    assert!(call.spoken.iter().flat_map(|(said, _)| said.iter()).all(|prompt| !prompt.asks_for_card_data()));
}

/// "My telephone sends every tone twice": the operator has it heard patiently, in mid-call, and nothing is lost.
#[test]
fn a_telephone_whose_tones_come_twice_is_heard_patiently() {
    let mut call = at_pan();
    call.keys("4111");
    call.log();
    call.command(Command::SlowMode(true)).unwrap();
    assert_eq!(call.log(), ["slow true"]);
    assert!(call.dialog.progress().is_slow());
    assert_eq!(call.dialog.progress().digits(), 4, "what was keyed stays");
}
