//! A payment from answer to goodbye.

mod common;

use core::time::Duration;

use common::{Call, EXPIRY, at_pan, card_script, order, order_code};
use paytone_card::{Brand, PanPolicy, test_numbers};
use paytone_dialog::{Entry, Event, OrderRefusal, Outcome, Phase, Script, Timeouts, Verdict};

#[test]
fn an_order_is_paid_step_by_step() {
    let mut call = Call::new(Script::builder(Entry::AskOrderCode).build().unwrap()).answered();
    call.listen();
    call.keys(order_code().as_str());
    call.event(Event::OrderFound(order()));
    call.listen();
    call.keys(test_numbers::VISA);
    call.keys("#");
    call.listen();
    call.keys(EXPIRY);
    call.listen();
    call.keys("123");
    call.listen();
    call.verdict(Verdict::Approved);
    call.listen();
    assert_eq!(
        call.log(),
        [
            "play welcome enter-order-code",
            "look-up",
            "play order-summary enter-pan",
            "play enter-expiry",
            "play enter-back-code",
            "authorize",
            "play one-moment",
            "play approved goodbye",
            "release",
            "hang-up",
            "finished approved",
        ]
    );
    assert_eq!(call.cards[0].masked().to_string(), "**** 1111");
    assert!(call.dialog.is_finished());
    assert_eq!(call.dialog.poll_timeout(), None);
}

#[test]
fn nothing_is_asked_before_the_keys_are_hidden() {
    let script = card_script().build().unwrap();
    let mut call = Call::new(script).confirms_secure(false).answered();
    call.wait(4);
    assert!(call.log().is_empty());
    call.event(Event::Secured);
    assert_eq!(call.log(), ["play welcome order-summary enter-pan"]);
}

#[test]
fn without_hidden_keys_the_call_ends() {
    for refused in [false, true] {
        let script = card_script().build().unwrap();
        let mut call = Call::new(script).confirms_secure(false).answered();
        if refused {
            call.event(Event::SecureRefused);
        } else {
            call.wait(5);
        }
        assert_eq!(call.log(), ["play masking-unavailable goodbye"]);
        assert_eq!(call.run_out(), Outcome::MaskingUnavailable);
        // What was asked for and never refused is called off.
        assert_eq!(call.log().contains(&"release".to_owned()), !refused);
    }
}

#[test]
fn losing_the_hidden_keys_in_mid_entry_ends_the_call() {
    let mut call = at_pan();
    call.keys("4111");
    call.event(Event::SecureRefused);
    assert_eq!(call.said(), ["masking-unavailable goodbye"]);
    assert_eq!(call.run_out(), Outcome::MaskingUnavailable);
}

#[test]
fn the_only_possible_length_ends_the_entry_at_once() {
    for (pan, code_prompt) in [
        (test_numbers::MASTERCARD, "enter-back-code"),
        (test_numbers::AMERICAN_EXPRESS, "enter-front-code"),
        (test_numbers::UNIONPAY_19, "enter-back-code"),
    ] {
        let mut call = at_pan();
        call.keys(pan);
        assert_eq!(call.log(), ["stop", "play enter-expiry"], "{pan}");
        call.keys(EXPIRY);
        assert_eq!(call.said(), [code_prompt]);
    }
}

#[test]
fn a_possible_number_that_may_go_on_waits_two_seconds() {
    let mut call = at_pan();
    call.keys(test_numbers::VISA);
    call.pass(Duration::from_millis(1_799));
    assert_eq!(call.log(), ["stop"]);
    call.pass(Duration::from_millis(1));
    assert_eq!(call.log(), ["play enter-expiry"]);
}

#[test]
fn a_terminator_ends_it_sooner() {
    let mut call = at_pan();
    call.keys(test_numbers::VISA);
    call.keys("#");
    assert_eq!(call.log(), ["stop", "play enter-expiry"]);
}

#[test]
fn one_terminator_after_an_early_end_is_swallowed() {
    let mut call = at_pan();
    call.keys(test_numbers::MASTERCARD);
    call.keys("#");
    assert_eq!(call.log(), ["stop", "play enter-expiry"], "the prompt goes on");
    call.keys("#");
    assert_eq!(call.log(), ["stop", "play enter-expiry"], "the second one asks again");
}

#[test]
fn a_terminator_after_the_whole_next_prompt_is_not_swallowed() {
    let mut call = at_pan();
    call.keys(test_numbers::MASTERCARD);
    call.listen();
    call.log();
    call.keys("#");
    assert_eq!(call.log(), ["play enter-expiry"]);
}

#[test]
fn the_key_that_interrupts_a_prompt_is_the_first_digit() {
    let mut call = at_pan();
    call.keys("5");
    assert_eq!(call.log(), ["stop"]);
    assert_eq!(call.dialog.progress().digits(), 1);
    call.keys(&test_numbers::MASTERCARD[1..]);
    assert_eq!(call.log(), ["play enter-expiry"]);
}

#[test]
fn keys_without_meaning_do_not_even_interrupt() {
    let mut call = at_pan();
    call.keys("ABCD");
    assert!(call.log().is_empty());
}

#[test]
fn a_card_that_may_have_no_code_is_taken_without() {
    let mut call = at_pan();
    call.keys(test_numbers::MAESTRO);
    call.keys("#");
    call.keys(EXPIRY);
    assert_eq!(call.said(), ["enter-expiry", "enter-code-if-any"]);
    call.listen();
    call.keys("#");
    assert_eq!(call.log()[..1], ["authorize"]);
    assert!(call.cards[0].code().is_none());
}

#[test]
fn a_refused_order_is_explained() {
    let refusals = [
        (OrderRefusal::Unknown, "order-unknown"),
        (OrderRefusal::Expired, "order-expired"),
        (OrderRefusal::AlreadyPaid, "order-already-paid"),
        (OrderRefusal::Busy, "order-busy"),
        (OrderRefusal::TooManyGuesses, "too-many-guesses"),
    ];
    for (refusal, name) in refusals {
        let mut call = Call::new(Script::builder(Entry::AskOrderCode).build().unwrap()).answered();
        call.keys(order_code().as_str());
        call.log();
        call.event(Event::OrderRefused(refusal));
        assert_eq!(call.said(), [format!("{name} goodbye")]);
        assert_eq!(call.run_out(), Outcome::OrderRefused(refusal));
        let script = Script::builder(Entry::Refused(refusal)).build().unwrap();
        let mut call = Call::new(script).answered();
        assert_eq!(call.said(), [format!("welcome {name} goodbye")]);
        assert_eq!(call.run_out(), Outcome::OrderRefused(refusal));
    }
}

#[test]
fn a_lookup_without_answer_ends_the_call() {
    let mut call = Call::new(Script::builder(Entry::AskOrderCode).build().unwrap()).answered();
    call.keys(order_code().as_str());
    call.log();
    call.wait(10);
    assert_eq!(call.said(), ["service-unavailable goodbye"]);
    assert_eq!(call.run_out(), Outcome::GatewayUnavailable);
}

#[test]
fn the_caller_hears_that_the_provider_is_still_asked() {
    let mut call = common::authorizing(test_numbers::VISA);
    call.wait(17);
    assert_eq!(call.said(), ["still-working", "still-working"]);
}

#[test]
fn a_screen_sees_counts_brand_and_last_four_and_no_more() {
    let mut call = at_pan();
    call.keys("555555555555");
    let seen = call.dialog.progress();
    assert_eq!((seen.phase(), seen.digits(), seen.last_four()), (Phase::Collecting, 12, None));
    assert_eq!(seen.brand(), Some(Brand::Mastercard));
    call.keys("4444");
    call.keys(EXPIRY);
    call.keys("12");
    let seen = call.dialog.progress();
    assert_eq!(seen.digits(), 0, "not even how many digits of the security code");
    assert_eq!(seen.last_four().unwrap().last_four(), "4444");
    let sequences: Vec<_> = call.reports.iter().map(|seen| seen.sequence()).collect();
    let expected: Vec<_> = (1..).take(sequences.len()).collect();
    assert_eq!(sequences, expected);
    assert_eq!(call.reports.last(), Some(call.dialog.progress()));
}

#[test]
fn every_published_number_that_passes_can_be_keyed_without_a_terminator() {
    let policy = PanPolicy::default();
    let mut paid = 0;
    for number in test_numbers::ALL {
        let Ok(pan) = paytone_card::Pan::parse(number.digits().as_bytes(), &policy) else { continue };
        let mut call = at_pan();
        call.keys(number.digits());
        call.wait(3);
        call.keys(EXPIRY);
        call.keys(&"1234"[..usize::from(if pan.brand() == Brand::AmericanExpress { 4_u8 } else { 3 })]);
        assert_eq!(call.cards.len(), 1, "{}", number.digits());
        assert_eq!(call.cards[0].masked(), pan.masked());
        paid += 1;
    }
    assert!(paid > 30, "{paid}");
}

#[test]
fn a_terminator_after_an_entry_that_had_its_own_is_not_swallowed() {
    let mut call = at_pan();
    call.keys(test_numbers::MASTERCARD);
    call.wait(1);
    call.keys(&EXPIRY[..3]);
    call.keys("#");
    call.log();
    call.wait(1);
    call.keys("#");
    assert_eq!(call.log(), ["stop", "play enter-expiry"]);
}

#[test]
fn assurances_do_not_talk_over_what_is_being_said() {
    let timeouts = Timeouts { still_working: Duration::from_millis(500), ..Timeouts::default() };
    let mut call = common::authorizing_of(card_script().timeouts(timeouts), test_numbers::VISA);
    call.pass(Duration::from_millis(3_700));
    assert_eq!(call.log(), ["play still-working"]);
}
