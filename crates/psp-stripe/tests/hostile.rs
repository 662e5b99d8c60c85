//! Whatever comes back, no answer panics, and none is an approval that does not name our own payment.

mod support;

use core::time::Duration;

use paytone_card::test_numbers;
use paytone_psp::exchange::{Adapter, NoResponse, NotSent, Response, Step};
use paytone_psp::{
    Authorization, Authorize, Capture, CheckpointFailed, DoubtCause, Entry, Found, IdempotencyKey, InDoubt,
    Operation, OrderId, PaymentMethod, Reference,
};
use paytone_psp_stripe::Stripe;
use proptest::prelude::*;

use support::{account, payment};

const REFERENCE: &str = "01ARYZ6S41TSV4RRFFQ69G5FAV";

/// What a provider that has lost its mind may say.
fn body() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("succeeded"),
        Just("requires_capture"),
        Just("requires_confirmation"),
        Just("requires_payment_method"),
        Just("canceled"),
        Just("new_status"),
    ];
    let reference = prop_oneof![Just(REFERENCE), Just("01ARYZ6S41TSV4RRFFQ69G5FAW"), Just("")];
    let currency = prop_oneof![Just("jpy"), Just("JPY"), Just("kwd"), Just("isk"), Just("zzz")];
    let number = any::<u64>();
    let whole = (word, reference, currency, number, number, number).prop_map(
        |(status, reference, currency, amount, captured, refunded)| {
            format!(
                r#"{{"id":"pi_1","status":"{status}","amount":{amount},"amount_received":{captured},
                    "currency":"{currency}","metadata":{{"reference":"{reference}"}},
                    "latest_charge":{{"amount":{amount},"amount_captured":{captured},"amount_refunded":{refunded}}},
                    "data":[{{"id":"pi_1","status":"{status}","amount":1,"currency":"jpy","metadata":{{}}}}],
                    "has_more":true}}"#
            )
        },
    );
    prop_oneof![
        4 => whole,
        1 => any::<String>(),
        1 => Just(r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"  "}}"#.to_owned()),
        1 => Just(r#"{"id":"../../v1/refunds?"}"#.to_owned()),
        1 => Just("[".repeat(10_000)),
    ]
}

fn answer() -> impl Strategy<Value = Result<(u16, String), NoResponse>> {
    let status = prop_oneof![6 => Just(200_u16), 1 => 100_u16..600];
    prop_oneof![
        8 => (status, body()).prop_map(Ok),
        1 => Just(Err(NoResponse::Unknown(DoubtCause::NoAnswer))),
        1 => Just(Err(NoResponse::NotSent(NotSent::Connect))),
    ]
}

/// Takes every step with the answers in turn; the last one is given for ever.
fn take<A>(mut step: Step<'_, A>, answers: &[Result<(u16, String), NoResponse>], saves: bool) -> A {
    let mut answers = answers.iter().chain(core::iter::repeat(&answers[answers.len() - 1]));
    for _ in 0..500 {
        step = match step {
            Step::Done(answer) => return answer,
            Step::Save { then, .. } => then(if saves { Ok(()) } else { Err(CheckpointFailed) }),
            Step::Send { request, then } => {
                assert!(request.path().starts_with("/v1/") && !request.path().contains(".."), "{request:?}");
                then(
                    answers
                        .next()
                        .expect("for ever")
                        .clone()
                        .map(|(status, body)| Response::new(status, vec![], body.into_bytes())),
                )
            }
        };
    }
    panic!("an exchange without an end");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_approval_names_our_own_payment(answers in prop::collection::vec(answer(), 1..6), saves: bool) {
        let (stripe, order) = (Stripe::new(account()), OrderId::parse("A-1").expect("an order"));
        let paid = payment(test_numbers::VISA_42, 1200);
        let card = paid.card(Duration::from_secs(1_800_000_000)).expect("a card");
        let reference = Reference::parse(REFERENCE).expect("a reference");
        let request = Authorize {
            reference,
            key: IdempotencyKey::parse("6b1f1f3e-5f0a-4d35-9d39-2f5a6a1b7c11").expect("a key"),
            order: &order,
            money: paid.money,
            capture: Capture::Auto,
            method: PaymentMethod::LumpSum,
            entry: Entry::TelephoneOrder,
            card: &card,
            postcode: None,
        };
        if let Ok(Authorization::Approved(approval)) = take(stripe.authorize(request), &answers, saves) {
            prop_assert!(saves);
            prop_assert_eq!(approval.snapshot.reference, reference);
            let named = |answer: &Result<(u16, String), NoResponse>| {
                answer.as_ref().is_ok_and(|(status, body)| *status == 200 && body.contains(REFERENCE))
            };
            prop_assert!(answers.iter().any(named));
        }
    }

    #[test]
    fn a_lookup_finds_our_own_payment_or_none(answers in prop::collection::vec(answer(), 1..6)) {
        let reference = Reference::parse(REFERENCE).expect("a reference");
        let stripe = Stripe::new(account());
        let doubt = InDoubt::new(reference, Operation::Authorize, DoubtCause::NoAnswer);
        if let Ok(Found::Present(snapshot)) = take(stripe.lookup(&doubt), &answers, true) {
            prop_assert_eq!(snapshot.reference, reference);
        }
    }
}
