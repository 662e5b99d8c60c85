//! What the adapter answers, card by card and rule by rule.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;

use core::time::Duration;
use std::sync::Mutex;

use paytone_card::{Card, test_numbers};
use paytone_psp::conformance::Payment;
use paytone_psp::exchange::{Adapter, Response, Runner, Step};
use paytone_psp::{
    Authorization, Authorize, BoxFuture, CallContext, Capture, CaptureRequest, Checkpoint, CheckpointBlob,
    CheckpointFailed, Currency, DeclineReason, DoubtCause, Entry, Found, Gateway, GatewayError,
    IdempotencyKey, InDoubt, Money, Operation, OrderId, PaymentMethod, ProviderState, Reference,
    RefundRequest, Refusal,
};
use paytone_psp_gmo::fake::{Fake, Fault};
use paytone_psp_gmo::{Environment, Gmo};
use rand::{SeedableRng, rngs::StdRng};

use common::{NOW, adapter, in_process, payment, yen};

/// A caller with a store that keeps what it is given.
struct Caller {
    rng: StdRng,
    order: OrderId,
    saved: Mutex<Vec<u8>>,
}

impl Caller {
    fn new() -> Self {
        Self {
            rng: StdRng::seed_from_u64(3),
            order: OrderId::parse("2026-0001").unwrap(),
            saved: Mutex::default(),
        }
    }

    fn context(&self) -> CallContext<'_> {
        CallContext { now: NOW, deadline: NOW + Duration::from_secs(30), checkpoint: self }
    }

    fn key(&mut self) -> IdempotencyKey {
        IdempotencyKey::generate(&mut self.rng)
    }

    fn request<'a>(&'a mut self, card: &'a Card, money: Money) -> Authorize<'a> {
        Authorize {
            reference: Reference::generate(NOW, &mut self.rng),
            key: IdempotencyKey::generate(&mut self.rng),
            order: &self.order,
            money,
            capture: Capture::Auto,
            method: PaymentMethod::LumpSum,
            entry: Entry::TelephoneOrder,
            card,
            postcode: None,
        }
    }
}

impl Checkpoint for Caller {
    fn save<'a>(&'a self, blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        self.saved.lock().unwrap().extend(blob.as_bytes());
        Box::pin(async { Ok(()) })
    }
}

/// Asks for 1200 yen of a card.
async fn ask(gateway: &dyn Gateway, pan: &'static str, money: Money) -> Result<Authorization, GatewayError> {
    let mut caller = Caller::new();
    let card = payment(pan, 1).card(NOW).unwrap();
    let request = Authorize { order: &OrderId::parse("2026-0001").unwrap(), ..caller.request(&card, money) };
    let store = Caller::new();
    gateway.authorize(store.context(), request).await
}

#[tokio::test]
async fn every_card_is_declined_for_its_reason() {
    let expected = [
        (test_numbers::VISA_DECLINED, DeclineReason::CardNotUsable),
        (test_numbers::VISA_INSUFFICIENT_FUNDS, DeclineReason::InsufficientFunds),
        (test_numbers::VISA_LIMIT_EXCEEDED, DeclineReason::LimitExceeded),
        (test_numbers::VISA_LOST, DeclineReason::CardNotUsable),
        (test_numbers::VISA_EXPIRED, DeclineReason::InvalidExpiry),
        (test_numbers::VISA_CODE_MISMATCH, DeclineReason::CodeMismatch),
        (test_numbers::VISA_FAILS_WHEN_CHARGED, DeclineReason::CardNotUsable),
        (test_numbers::VISA_AUTHENTICATION, DeclineReason::AuthenticationRequired),
    ];
    for (pan, reason) in expected {
        let fake = Fake::new(|| NOW);
        match ask(&in_process(&fake), pan, yen(1200)).await {
            Ok(Authorization::Declined(decline)) => assert_eq!(decline.reason, reason, "{pan}"),
            other => panic!("{pan}: {other:?}"),
        }
        assert_eq!(fake.held(), []);
    }
}

#[tokio::test]
async fn a_fault_on_the_way_to_the_card_company_is_no_decline() {
    let fake = Fake::new(|| NOW);
    let answer = ask(&in_process(&fake), test_numbers::VISA_PROCESSING_ERROR, yen(1200)).await;
    let Err(GatewayError::InDoubt(doubt)) = answer else { panic!("{answer:?}") };
    assert_eq!(doubt.cause(), DoubtCause::ServerError);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_any_request() {
    let fake = Fake::new(|| NOW);
    fake.record();
    let gateway = in_process(&fake);
    let dollars = ask(&gateway, test_numbers::VISA, Money::new(1200, Currency::USD)).await;
    assert_eq!(dollars, Err(GatewayError::refused(Refusal::Currency)));
    let live = Gmo::new(Fake::shop(), Fake::merchant(), Environment::Live).unwrap();
    let answer = ask(&Runner::new(live, fake.clone()), test_numbers::VISA, yen(1200)).await;
    assert_eq!(answer, Err(GatewayError::refused(Refusal::TestNumber)));
    let mut caller = Caller::new();
    let card = payment(test_numbers::VISA, 1).card(NOW).unwrap();
    let request = Authorize { entry: Entry::StoredMerchantInitiated, ..caller.request(&card, yen(1200)) };
    let store = Caller::new();
    let answer = gateway.authorize(store.context(), request).await;
    assert_eq!(answer, Err(GatewayError::refused(Refusal::Parameters)));
    assert_eq!(fake.recorded().len(), 0);
}

/// The provider takes no number longer than 16 digits: the caller needs another card, and nothing is sent.
#[tokio::test]
async fn a_number_too_long_for_the_provider_is_declined_unsent() {
    let fake = Fake::new(|| NOW);
    fake.record();
    let long = Payment { pan: test_numbers::UNIONPAY_19, ..payment(test_numbers::VISA, 1) };
    let Some(card) = long.card(NOW) else { panic!("a published number can be keyed") };
    let mut caller = Caller::new();
    let store = Caller::new();
    let answer = in_process(&fake).authorize(store.context(), caller.request(&card, yen(1200))).await;
    let Ok(Authorization::Declined(decline)) = answer else { panic!("{answer:?}") };
    assert_eq!((decline.reason, fake.recorded().len()), (DeclineReason::CardNotUsable, 0));
}

#[tokio::test]
async fn the_checkpoint_is_our_reference_and_nothing_of_the_card() {
    let fake = Fake::new(|| NOW);
    let (mut caller, store) = (Caller::new(), Caller::new());
    let card = payment(test_numbers::VISA, 1).card(NOW).unwrap();
    let request = caller.request(&card, yen(1200));
    let reference = request.reference;
    assert!(in_process(&fake).authorize(store.context(), request).await.is_ok());
    assert_eq!(*store.saved.lock().unwrap(), reference.as_str().as_bytes());
}

/// A key is forgotten after a day. The order id is not: the repetition finds it taken, and that is a doubt to be looked
/// up and no second charge.
#[tokio::test]
async fn a_repetition_after_the_keys_life_charges_nothing() {
    let now = std::sync::Arc::new(Mutex::new(NOW));
    let clock = now.clone();
    let fake = Fake::new(move || *clock.lock().unwrap());
    let gateway = in_process(&fake);
    let (mut caller, store) = (Caller::new(), Caller::new());
    let card = payment(test_numbers::VISA, 1).card(NOW).unwrap();
    let request = caller.request(&card, yen(1200));
    assert!(matches!(gateway.authorize(store.context(), request).await, Ok(Authorization::Approved(_))));
    *now.lock().unwrap() += Duration::from_secs(25 * 60 * 60);
    let answer = gateway.authorize(store.context(), request).await;
    assert!(matches!(answer, Err(GatewayError::InDoubt(_))), "{answer:?}");
    assert_eq!(fake.held().len(), 1);
}

#[tokio::test]
async fn a_part_is_refunded_and_a_part_is_not_captured() {
    let fake = Fake::new(|| NOW);
    let gateway = in_process(&fake);
    let (mut caller, store) = (Caller::new(), Caller::new());
    let card = payment(test_numbers::VISA, 1).card(NOW).unwrap();
    let request = Authorize { capture: Capture::Manual, ..caller.request(&card, yen(1200)) };
    let reference = request.reference;
    assert!(gateway.authorize(store.context(), request).await.is_ok());
    let capture = |key, minor| CaptureRequest { reference, key, transaction: None, money: yen(minor) };
    let part = gateway.capture(store.context(), capture(caller.key(), 1000)).await;
    assert_eq!(part, Err(GatewayError::refused(Refusal::Amount)));
    assert!(gateway.capture(store.context(), capture(caller.key(), 1200)).await.is_ok());
    let refund = RefundRequest { reference, key: caller.key(), transaction: None, money: yen(200) };
    // The answer is lost, and the lookup still tells a part refund from none: the first amount is kept at the provider.
    fake.script("/order/update", Fault::ClosesAfter, 1);
    let Err(GatewayError::InDoubt(doubt)) = gateway.refund(store.context(), refund).await else {
        panic!("the answer was lost")
    };
    let Ok(Found::Present(snapshot)) = gateway.lookup(store.context(), &doubt).await else {
        panic!("it is there")
    };
    assert_eq!((snapshot.state, snapshot.money), (ProviderState::Refunded { total: yen(200) }, yen(1200)));
    assert_eq!(fake.held()[0].money, yen(1000));
    // The same request again, under its key, gives nothing back a second time.
    assert!(gateway.refund(store.context(), refund).await.is_err());
    assert_eq!(fake.held()[0].money, yen(1000));
}

/// An answer about another order, or one that says nothing, is no approval.
#[test]
fn an_answer_that_cannot_be_believed_is_in_doubt() {
    let (gmo, mut caller) = (adapter(), Caller::new());
    let card = payment(test_numbers::VISA, 1).card(NOW).unwrap();
    for body in [
        r#"{"orderReference":{"orderId":"another","status":"CAPTURE","amount":"1200"}}"#,
        r#"{"orderReference":{"status":"UNPROCESSED","amount":"1200"}}"#,
        r#"{"orderReference":{"status":"SOMETHING_NEW","amount":"1200"}}"#,
        r#"{"orderReference":{"status":"CAPTURE","amount":"much"}}"#,
        r#"{"status":"CAPTURE"}"#,
        "",
    ] {
        let Step::Save { then, .. } = gmo.authorize(caller.request(&card, yen(1200))) else {
            panic!("a checkpoint first")
        };
        let Step::Send { then, .. } = then(Ok(())) else { panic!("then the charge") };
        let Step::Done(answer) = then(Ok(Response::new(201, vec![], body.into()))) else {
            panic!("then the answer")
        };
        let Err(GatewayError::InDoubt(doubt)) = answer else { panic!("{body}: {answer:?}") };
        assert_eq!(doubt.cause(), DoubtCause::Unreadable, "{body}");
    }
}

/// What the provider does not know is absent, and not an error.
#[tokio::test]
async fn an_unknown_order_is_absent() {
    let fake = Fake::new(|| NOW);
    let doubt = InDoubt::new(
        Reference::generate(NOW, &mut StdRng::seed_from_u64(9)),
        Operation::Authorize,
        DoubtCause::Restart,
    );
    let store = Caller::new();
    assert_eq!(in_process(&fake).lookup(store.context(), &doubt).await, Ok(Found::Absent));
}
