//! What goes out for a charge, request by request, taken by hand.

mod support;

use core::time::Duration;

use paytone_card::test_numbers;
use paytone_psp::exchange::{Adapter, NoResponse, NotSent, Request, Response, Step};
use paytone_psp::{
    Authorization, Authorize, Capture, CheckpointFailed, DoubtCause, Entry, GatewayError, IdempotencyKey,
    InstalmentCount, OrderId, PaymentMethod, Postcode, Reference, Retry,
};
use paytone_psp_stripe::{API_VERSION, Stripe};

use support::{account, payment};

const REFERENCE: &str = "01ARYZ6S41TSV4RRFFQ69G5FAV";
const KEY: &str = "6b1f1f3e-5f0a-4d35-9d39-2f5a6a1b7c11";

type Charge<'a> = Step<'a, Result<Authorization, GatewayError>>;

/// Starts a charge of 1200 yen and hands its first step to `play`.
fn charge(method: PaymentMethod, play: impl FnOnce(Charge<'_>)) {
    charge_with(method, None, play);
}

fn charge_with(method: PaymentMethod, postcode: Option<Postcode>, play: impl FnOnce(Charge<'_>)) {
    let (stripe, order) = (Stripe::new(account()), OrderId::parse("A-1").expect("an order"));
    let paid = payment(test_numbers::VISA_42, 1200);
    let card = paid.card(Duration::from_secs(1_800_000_000)).expect("a card");
    play(stripe.authorize(Authorize {
        reference: Reference::parse(REFERENCE).expect("a reference"),
        key: IdempotencyKey::parse(KEY).expect("a key"),
        order: &order,
        money: paid.money,
        capture: Capture::Manual,
        method,
        entry: Entry::TelephoneOrder,
        card: &card,
        postcode,
    }));
}

fn body(request: &Request) -> &str {
    core::str::from_utf8(request.body().expect("a body").as_ref()).expect("ASCII")
}

fn answer(body: &str) -> Result<Response, NoResponse> {
    Ok(Response::new(200, vec![], body.as_bytes().to_vec()))
}

/// Takes the steps up to the confirmation.
fn up_to_confirmation(first: Charge<'_>) -> Charge<'_> {
    let Step::Send { then, .. } = first else { panic!("the card first") };
    let Step::Send { then, .. } = then(answer(r#"{"id":"pm_1"}"#)) else { panic!("then the payment") };
    let Step::Save { then, .. } = then(answer(r#"{"id":"pi_1"}"#)) else { panic!("then the journal") };
    then(Ok(()))
}

#[test]
fn a_charge_is_three_requests_and_only_the_first_has_the_card() {
    charge(PaymentMethod::LumpSum, |first| {
        let Step::Send { request, then } = first else { panic!("the card first") };
        assert_eq!((request.method().as_str(), request.path()), ("POST", "/v1/payment_methods"));
        let number = test_numbers::VISA_42;
        let expected =
            format!("type=card&card[number]={number}&card[exp_month]=12&card[exp_year]=2030&card[cvc]=123");
        assert_eq!(body(&request), expected);
        assert_eq!(request.header_value("stripe-version"), Some(API_VERSION));
        assert_eq!(request.header_value("authorization"), Some("Bearer sk_test_0123456789"));
        assert_eq!(request.header_value("idempotency-key"), Some(format!("{KEY}-card").as_str()));

        let Step::Send { request, then } = then(answer(r#"{"id":"pm_1"}"#)) else { panic!("the payment") };
        assert_eq!(request.path(), "/v1/payment_intents");
        let expected = format!(
            "amount=1200&currency=jpy&payment_method=pm_1&payment_method_types[0]=card&capture_method=manual\
             &metadata[reference]={REFERENCE}&metadata[order_id]=A-1"
        );
        assert_eq!(body(&request), expected);
        assert_eq!(request.header_value("idempotency-key"), Some(format!("{KEY}-payment").as_str()));

        let Step::Save { blob, then } = then(answer(r#"{"id":"pi_1"}"#)) else { panic!("the journal") };
        assert_eq!(blob.as_bytes(), b"pi_1");

        let Step::Send { request, .. } = then(Ok(())) else { panic!("the confirmation") };
        assert_eq!(request.path(), "/v1/payment_intents/pi_1/confirm");
        let expected =
            "expand[0]=latest_charge&payment_method_options[card][moto]=true&error_on_requires_action=true";
        assert_eq!(body(&request), expected);
        assert_eq!(request.header_value("idempotency-key"), Some(KEY));
    });
}

#[test]
fn a_postcode_goes_out_with_the_card_so_that_the_issuer_compares_it() {
    charge_with(PaymentMethod::LumpSum, Postcode::parse("1500043"), |first| {
        let Step::Send { request, .. } = first else { panic!("the card first") };
        assert!(body(&request).ends_with("&billing_details[address][postal_code]=1500043"));
    });
}

#[test]
fn instalments_bonus_and_revolving_are_said_at_the_confirmation() {
    let three = InstalmentCount::new(3).expect("a count");
    let plan = "payment_method_options[card][installments][plan]";
    let cases = [
        (
            PaymentMethod::Instalments { count: three },
            format!("{plan}[count]=3&{plan}[interval]=month&{plan}[type]=fixed_count"),
        ),
        (PaymentMethod::Bonus, format!("{plan}[type]=bonus")),
        (PaymentMethod::Revolving, format!("{plan}[type]=revolving")),
    ];
    for (method, expected) in cases {
        charge(method, |first| {
            let Step::Send { request, .. } = up_to_confirmation(first) else { panic!("the confirmation") };
            assert!(body(&request).ends_with(&expected), "{method:?}: {}", body(&request));
        });
    }
}

#[test]
fn without_its_checkpoint_a_payment_is_cancelled_and_nothing_was_sent() {
    charge(PaymentMethod::LumpSum, |first| {
        let Step::Send { then, .. } = first else { panic!("the card first") };
        let Step::Send { then, .. } = then(answer(r#"{"id":"pm_1"}"#)) else { panic!("the payment") };
        let Step::Save { then, .. } = then(answer(r#"{"id":"pi_1"}"#)) else { panic!("the journal") };
        let Step::Send { request, then } = then(Err(CheckpointFailed)) else { panic!("the cancellation") };
        assert_eq!(request.path(), "/v1/payment_intents/pi_1/cancel");
        let Step::Done(answer) = then(Err(NoResponse::Unknown(DoubtCause::NoAnswer))) else { panic!("over") };
        assert_eq!(answer, Err(GatewayError::NotSent { retry: Retry::Never }));
    });
}

#[test]
fn a_missing_answer_is_a_doubt_at_the_confirmation_and_nowhere_before() {
    let lost = || Err(NoResponse::Unknown(DoubtCause::NoAnswer));
    charge(PaymentMethod::LumpSum, |first| {
        let Step::Send { then, .. } = first else { panic!("the card first") };
        assert!(matches!(
            then(lost()),
            Step::Done(Err(GatewayError::NotSent { retry: Retry::SameKey { .. } }))
        ));
    });
    charge(PaymentMethod::LumpSum, |first| {
        let Step::Send { then, .. } = up_to_confirmation(first) else { panic!("the confirmation") };
        let Step::Done(Err(GatewayError::InDoubt(doubt))) = then(lost()) else { panic!("a doubt") };
        assert_eq!(doubt.transaction().expect("known by now").as_str(), "pi_1");
        assert_eq!(doubt.checkpoint().expect("known by now").as_bytes(), b"pi_1");
    });
    charge(PaymentMethod::LumpSum, |first| {
        let Step::Send { then, .. } = up_to_confirmation(first) else { panic!("the confirmation") };
        let not_sent = then(Err(NoResponse::NotSent(NotSent::Connect)));
        assert!(matches!(not_sent, Step::Done(Err(GatewayError::NotSent { .. }))));
    });
}

#[test]
fn an_answer_about_another_payment_is_a_doubt() {
    charge(PaymentMethod::LumpSum, |first| {
        let Step::Send { then, .. } = up_to_confirmation(first) else { panic!("the confirmation") };
        let other = r#"{"id":"pi_2","status":"succeeded","amount":1200,"currency":"jpy","metadata":{}}"#;
        assert!(matches!(then(answer(other)), Step::Done(Err(GatewayError::InDoubt(_)))));
    });
}
