//! What an order says about how it is paid counts before what the script of its line says.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use common::{Call, EXPIRY, order, order_code};
use paytone_card::{Brand, BrandSet, test_numbers};
use paytone_dialog::{
    AfterCall, Command, Entry, Event, Field, HandOver, HangUpPolicy, Methods, Mode, OrderTerms, Outcome,
    Script, Storing, Verdict,
};
use paytone_psp::{InstalmentCount, PaymentMethod};

/// A call whose order, with these terms, was found by its code.
fn found(terms: OrderTerms) -> Call {
    let script = Script::builder(Entry::AskOrderCode).after(AfterCall::OperatorIfNeeded);
    let mut call = Call::new(script.build().unwrap()).answered();
    call.keys(order_code().as_str());
    call.log();
    call.event(Event::OrderFound(order().with_terms(terms)));
    call
}

fn card(call: &mut Call) {
    for keys in [test_numbers::MASTERCARD, EXPIRY, "123"] {
        call.keys(keys);
    }
}

fn instalments(count: u8) -> PaymentMethod {
    PaymentMethod::Instalments { count: InstalmentCount::new(count).unwrap() }
}

#[test]
fn a_brand_that_the_order_does_not_take_is_refused_as_early_as_it_is_certain() {
    let brands = Some(BrandSet::of(&[Brand::Visa, Brand::Jcb]));
    let mut call = found(OrderTerms { brands, ..OrderTerms::default() });
    call.log();
    call.keys("55");
    assert_eq!(call.said(), ["brand-not-accepted brands-accepted enter-pan"]);
    call.wait(1);
    call.keys(test_numbers::JCB);
    assert_eq!(call.dialog.progress().brand(), Some(Brand::Jcb));
}

#[test]
fn the_ways_to_pay_are_the_orders_own() {
    let methods = Methods { lump_sum: false, instalments: vec![3, 6], bonus: true, revolving: false };
    let mut call = found(OrderTerms { methods: Some(methods), ..OrderTerms::default() });
    assert_eq!(call.said(), ["order-summary choose-method method-instalments method-bonus"]);
    call.keys("1");
    assert_eq!(call.said(), ["not-a-choice choose-method method-instalments method-bonus"]);
    call.wait(1);
    call.keys("26");
    assert_eq!(call.said().last().unwrap(), "enter-pan");
    card(&mut call);
    assert_eq!(call.details.method(), Some(instalments(6)));
}

#[test]
fn what_is_no_choice_is_not_asked() {
    let only = |methods: Methods| {
        let mut call = found(OrderTerms { methods: Some(methods), ..OrderTerms::default() });
        assert_eq!(call.said(), ["order-summary enter-pan"]);
        card(&mut call);
        call.details.method()
    };
    assert_eq!(only(Methods::default()), None, "in one sum, as ever");
    let none = || Methods { lump_sum: false, ..Methods::default() };
    assert_eq!(only(Methods { instalments: vec![12], ..none() }), Some(instalments(12)));
    assert_eq!(only(Methods { revolving: true, ..none() }), Some(PaymentMethod::Revolving));

    let counts = Methods { instalments: vec![3, 6], ..none() };
    let call = &mut found(OrderTerms { methods: Some(counts), ..OrderTerms::default() });
    assert_eq!(call.said(), ["order-summary enter-instalments"], "only the number is open");
}

#[test]
fn a_card_is_stored_only_when_the_caller_agrees() {
    for (storing, key, ended) in [
        (Storing::IfAgreed, "1", None),
        (Storing::IfAgreed, "2", None),
        (Storing::Needed, "1", None),
        (Storing::Needed, "2", Some(Outcome::CancelledByCaller)),
    ] {
        let mut call = found(OrderTerms { storing, ..OrderTerms::default() });
        assert_eq!(call.said(), ["order-summary ask-consent"]);
        call.keys(key);
        assert!(call.log().contains(&format!("consent {}", key == "1")));
        match ended {
            Some(outcome) => assert_eq!(call.run_out(), outcome),
            None => {
                card(&mut call);
                assert_eq!(call.details.consent(), Some(key == "1"));
            }
        }
    }
}

#[test]
fn the_order_says_where_the_call_goes() {
    for (after, last) in
        [(None, "hang-up"), (Some(AfterCall::HangUp), "hang-up"), (Some(AfterCall::Operator), "to-operator")]
    {
        let mut call = found(OrderTerms { after, ..OrderTerms::default() });
        card(&mut call);
        call.verdict(Verdict::Approved);
        call.run_out();
        let log = call.log();
        assert_eq!(log[log.len() - 2], last, "{log:?}");
    }
}

#[test]
fn a_call_that_is_to_end_after_the_payment_says_goodbye_even_where_the_line_has_an_operator() {
    for after in [None, Some(AfterCall::HangUp)] {
        let mut call = found(OrderTerms { after, ..OrderTerms::default() });
        card(&mut call);
        call.log();
        call.verdict(Verdict::Approved);
        assert_eq!(call.said(), ["approved goodbye"]);
        assert_eq!(call.run_out(), Outcome::Approved);
    }
    // A line whose callers go back to the operator, and an order that says otherwise.
    let script = Script::builder(Entry::AskOrderCode).after(AfterCall::Operator);
    let mut call = Call::new(script.build().unwrap()).answered();
    call.keys(order_code().as_str());
    let ends = OrderTerms { after: Some(AfterCall::HangUp), ..OrderTerms::default() };
    call.event(Event::OrderFound(order().with_terms(ends)));
    card(&mut call);
    call.log();
    call.verdict(Verdict::Approved);
    assert_eq!(call.said(), ["approved goodbye"]);
    call.run_out();
    assert_eq!(call.log(), ["release", "hang-up", "finished approved"]);
}

#[test]
fn the_order_says_whether_an_approval_after_a_hang_up_stands() {
    for line in [HangUpPolicy::FinishAndReport, HangUpPolicy::VoidIfApproved] {
        for own in [None, Some(HangUpPolicy::FinishAndReport), Some(HangUpPolicy::VoidIfApproved)] {
            let script = Script::builder(Entry::AskOrderCode).hang_up(line);
            let mut call = Call::new(script.build().unwrap()).answered();
            call.keys(order_code().as_str());
            let terms = OrderTerms { hang_up: own, ..OrderTerms::default() };
            call.event(Event::OrderFound(order().with_terms(terms)));
            card(&mut call);
            call.event(Event::HungUp);
            call.log();
            call.verdict(Verdict::Approved);
            let voids = own.unwrap_or(line) == HangUpPolicy::VoidIfApproved;
            assert_eq!(call.log().contains(&"void".to_owned()), voids, "line {line:?}, order {own:?}");
        }
    }
}

#[test]
fn an_operator_can_have_asked_again_what_the_order_asks() {
    let methods = Some(Methods { instalments: vec![3, 6], ..Methods::default() });
    let mut call = found(OrderTerms { methods, ..OrderTerms::default() });
    call.command(Command::Mode(Mode::Directed)).unwrap();
    call.keys("2");
    for keys in ["3", "6"] {
        call.command(Command::Capture(Field::Instalments)).unwrap();
        assert_eq!(call.said().last().unwrap(), "enter-instalments");
        call.keys(keys);
        assert!(!call.dialog.progress().missing().contains(Field::Instalments));
    }
    for (field, keys) in
        [(Field::Pan, test_numbers::MASTERCARD), (Field::Expiry, EXPIRY), (Field::SecurityCode, "123")]
    {
        call.command(Command::Capture(field)).unwrap();
        call.keys(keys);
    }
    call.command(Command::Submit).unwrap();
    assert_eq!(call.details.method(), Some(instalments(6)));
}

/// The operator who transfers the caller may hear the beginning, whether the code was keyed or dialled.
#[test]
fn a_dialled_order_is_handed_over_too() {
    let script = Script::builder(Entry::Order(order())).hand_over(HandOver::Caller);
    let mut call = Call::new(script.build().unwrap()).answered();
    assert_eq!(call.said(), ["welcome hand-over"], "not a word about the order yet");
    call.wait(20);
    assert!(call.said().iter().all(|said| said == "hand-over"));
    call.keys("1");
    assert_eq!(call.said().last().unwrap(), "order-summary enter-pan");
}
