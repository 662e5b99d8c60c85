//! What can be asked for besides the card, and what is agreed to.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use common::{Call, EXPIRY, at_pan_of, card_script};
use paytone_card::test_numbers;
use paytone_dialog::{
    AmountRange, Confirm, CustomField, Entry, Event, Field, FieldRules, KeyedDigits, Language, MerchantName,
    Methods, OrderSummary, Outcome, ScriptBuilder, TypeAheadPolicy, Verdict,
};
use paytone_psp::{Currency, DeclineReason, InstalmentCount, Money, PaymentMethod};

const CARD: [Field; 3] = [Field::Pan, Field::Expiry, Field::SecurityCode];

fn asking(first: Field) -> ScriptBuilder {
    card_script().fields([first].into_iter().chain(CARD))
}

fn answered(script: ScriptBuilder) -> Call {
    Call::new(script.build().unwrap()).answered()
}

fn card(call: &mut Call) {
    for keys in [test_numbers::MASTERCARD, EXPIRY, "123"] {
        call.keys(keys);
    }
}

const fn yen(minor: u64) -> Money {
    Money::new(minor, Currency::JPY)
}

#[test]
fn a_postcode_ends_by_pause_or_key_and_is_handed_out_with_the_card() {
    for end in ["#", ""] {
        let mut call = answered(asking(Field::Postcode).postcode(7..=8));
        assert_eq!(call.said(), ["welcome order-summary enter-postcode"]);
        call.keys("100001#");
        assert_eq!(call.said(), ["postcode-wrong enter-postcode"]);
        call.wait(1);
        call.keys(&format!("1000001{end}"));
        call.wait(5);
        assert_eq!(call.said(), ["enter-pan"]);
        card(&mut call);
        assert_eq!(call.details.postcode().unwrap().as_str(), "1000001");
    }
}

#[test]
fn a_postcode_that_is_not_the_cardholders_is_asked_again_with_the_code() {
    let mut call = answered(asking(Field::Postcode).postcode(7..=7));
    call.keys("1000099");
    card(&mut call);
    call.log();
    call.decline(DeclineReason::PostcodeMismatch);
    assert_eq!(call.said(), ["declined-postcode enter-postcode"]);
    call.keys("1000001");
    assert_eq!(call.said(), ["enter-back-code"]);
    call.keys("123");
    assert_eq!(call.details.postcode().unwrap().as_str(), "1000001");
    assert_eq!(call.cards[0].masked().to_string(), "**** 4444", "the same card");
    call.verdict(Verdict::Approved);
    assert_eq!(call.run_out(), Outcome::Approved);
}

#[test]
fn an_amount_is_read_back_and_spoken_again_before_the_card() {
    let script = asking(Field::Amount).amount(AmountRange::new(yen(100), yen(50_000)).unwrap());
    let mut call = answered(script);
    call.log();
    call.keys("99#");
    assert_eq!(call.said(), ["amount-wrong enter-amount"]);
    call.wait(1);
    call.keys("3500#");
    assert_eq!(call.said(), ["amount-keyed confirm-amount"]);
    call.keys("2");
    assert_eq!(call.said(), ["enter-amount"]);
    call.keys("5300#1");
    assert_eq!(call.said().last().unwrap(), "order-summary enter-pan");
    let (prompts, _) = call.spoken.last().unwrap();
    let paytone_dialog::Prompt::OrderSummary(order) = &prompts[0] else { panic!("{prompts:?}") };
    assert_eq!(*order.money(), yen(5_300));
    card(&mut call);
    assert_eq!(call.details.amount(), Some(yen(5_300)));
}

#[test]
fn a_payment_is_made_as_the_caller_chose() {
    let methods = Methods { instalments: vec![3, 10, 12], bonus: true, ..Methods::default() };
    let count = |count| PaymentMethod::Instalments { count: InstalmentCount::new(count).unwrap() };
    let table = [
        ("1", "", PaymentMethod::LumpSum),
        ("3", "", PaymentMethod::Bonus),
        ("2", "3", count(3)),
        ("2", "10", count(10)),
        ("2", "12", count(12)),
    ];
    for (choice, instalments, expected) in table {
        let mut call = answered(asking(Field::Method).methods(methods.clone()));
        assert_eq!(
            call.said(),
            ["welcome order-summary choose-method method-lump-sum method-instalments method-bonus"],
            "only what is on offer"
        );
        call.keys("4");
        assert_eq!(
            call.said(),
            ["not-a-choice choose-method method-lump-sum method-instalments method-bonus"]
        );
        call.wait(1);
        call.keys(choice);
        call.keys(instalments);
        assert_eq!(call.said().last().unwrap(), "enter-pan", "{choice} {instalments}");
        card(&mut call);
        assert_eq!(call.details.method(), Some(expected));
    }
    let mut call = answered(asking(Field::Method).methods(methods));
    call.keys("2");
    call.log();
    call.keys("4#");
    assert_eq!(call.said(), ["instalments-wrong enter-instalments"]);
}

#[test]
fn consent_is_asked_and_recorded_whatever_the_answer() {
    for (key, given) in [("1", true), ("2", false)] {
        let mut call = answered(asking(Field::Consent));
        call.keys(key);
        assert!(call.log().contains(&format!("consent {given}")));
        card(&mut call);
        assert_eq!(call.details.consent(), Some(given));
        call.verdict(Verdict::Registered);
        assert_eq!(call.run_out(), Outcome::Registered);
    }
}

#[test]
fn a_number_of_the_merchants_own_is_asked_for_in_its_own_words() {
    let own =
        CustomField::new("enter-invoice", 4..=6).unwrap().with_text(Language::En, "Your invoice number?");
    let mut call = answered(asking(Field::Custom(0)).custom(own));
    assert_eq!(call.said(), ["welcome order-summary enter-custom"]);
    call.keys("123#");
    assert_eq!(call.said(), ["number-wrong enter-custom"]);
    call.wait(1);
    call.keys("123456");
    card(&mut call);
    assert_eq!(call.details.custom(0).unwrap().as_str(), "123456");
    assert!(call.details.custom(1).is_none());
}

#[test]
fn what_is_known_is_not_asked() {
    let known = KeyedDigits::new(b"1000001").unwrap();
    let mut call = answered(asking(Field::Postcode).known_postcode(known));
    assert_eq!(call.said(), ["welcome order-summary enter-pan"]);
    card(&mut call);
    assert_eq!(call.details.postcode(), Some(&known));
}

#[test]
fn an_optional_field_is_left_out_by_key_or_by_silence() {
    let optional = || FieldRules { optional: true, ..FieldRules::default() };
    let mut call = answered(asking(Field::Postcode).rules(Field::Postcode, optional()));
    call.keys("#");
    assert_eq!(call.said().last().unwrap(), "enter-pan");

    let mut silent = answered(asking(Field::Postcode).rules(Field::Postcode, optional()));
    silent.wait(45);
    assert_eq!(
        silent.said()[..3],
        ["welcome order-summary enter-postcode", "no-input enter-postcode", "enter-pan"]
    );
}

#[test]
fn the_card_is_confirmed_by_its_last_four_digits_and_never_more() {
    let mut call = at_pan_of(card_script().confirm(Confirm::AmountAndLastFour));
    card(&mut call);
    assert!(call.cards.is_empty(), "nothing is sent before the caller agrees");
    assert_eq!(call.said().last().unwrap(), "order-summary card-ends-in confirm-card");
    call.keys("2");
    assert_eq!(call.said(), ["enter-pan"]);
    assert_eq!(call.dialog.progress().last_four(), None);
    for keys in [test_numbers::AMERICAN_EXPRESS, EXPIRY, "1234"] {
        call.keys(keys);
    }
    let (prompts, _) = call.spoken.last().unwrap();
    let paytone_dialog::Prompt::CardEndsIn(masked) = &prompts[1] else { panic!("{prompts:?}") };
    assert_eq!(masked.last_four(), "0005");
    call.keys("1");
    assert_eq!(call.cards[0].masked().last_four(), "0005");
}

#[test]
fn fields_come_in_the_scripts_order_and_without_a_code_where_none_is_asked() {
    let mut call = answered(card_script().fields([Field::Expiry, Field::Pan]));
    assert_eq!(call.said(), ["welcome order-summary enter-expiry"]);
    call.keys(EXPIRY);
    call.keys(test_numbers::MASTERCARD);
    assert!(call.cards[0].code().is_none());
}

#[test]
fn a_prompt_that_has_to_be_heard_is_heard() {
    let heard = FieldRules { barge_in: false, ..FieldRules::default() };
    let mut call = answered(card_script().rules(Field::Pan, heard.clone()));
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.log(), ["play welcome order-summary enter-pan"], "not interrupted");
    call.listen();
    assert_eq!(call.said(), ["enter-expiry"], "the keys were kept");

    let flushed = FieldRules { type_ahead: TypeAheadPolicy::Flush, ..heard };
    let mut call = answered(card_script().rules(Field::Pan, flushed));
    call.keys("5555");
    call.listen();
    assert_eq!(call.dialog.progress().digits(), 0, "the keys were dropped");
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.dialog.progress().field(), Some(Field::Expiry));
}

#[test]
fn an_order_found_by_who_is_calling_is_paid_only_when_the_caller_agrees() {
    let order = OrderSummary::new(MerchantName::default(), yen(1_200));
    let suggested = || paytone_dialog::Script::builder(Entry::Suggested(order.clone()));
    let mut call = answered(suggested());
    assert_eq!(call.said(), ["welcome order-summary confirm-order"]);
    call.keys(test_numbers::MASTERCARD);
    assert!(call.dialog.progress().last_four().is_none(), "card digits are no answer");
    let mut call = answered(suggested());
    call.keys("1");
    assert_eq!(call.said().last().unwrap(), "enter-pan", "who is paid and how much was just said");
    let mut other = answered(suggested());
    other.keys("2");
    assert_eq!(other.said().last().unwrap(), "enter-order-code");
    other.keys(common::order_code().as_str());
    other.event(Event::OrderFound(common::order()));
    assert_eq!(other.said(), ["order-summary enter-pan"]);
}
