//! Every row of the simulator's table does what it says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod support;

use core::time::Duration;
use std::sync::{Arc, Mutex};

use paytone_card::test_numbers;
use paytone_psp::simulator::{Pause, Row, Simulator, table};
use paytone_psp::{
    Advice, Approval, Authorization, Authorize, BoxFuture, Capture, CaptureRequest, ChargeStored,
    DeclineReason, DoubtCause, Entry, Found, Gateway, GatewayError, InDoubt, Operation, PaymentMethod,
    Postcode, ProviderState, RefundRequest, Refusal, Register, RegisterMode, Registration, Retry,
    VoidRequest,
};

use support::{NOW, Names, Store, card, context, order, request, yen};

async fn charge(simulator: &Simulator, request: Authorize<'_>) -> Result<Authorization, GatewayError> {
    simulator.authorize(context(&Store::default(), NOW), request).await
}

fn approved(result: Result<Authorization, GatewayError>) -> Approval {
    match result {
        Ok(Authorization::Approved(approval)) => approval,
        other => panic!("not approved: {other:?}"),
    }
}

fn refusal<T: core::fmt::Debug>(result: Result<T, GatewayError>) -> Refusal {
    match result {
        Err(GatewayError::Refused { reason, .. }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

async fn find(simulator: &Simulator, request: &Authorize<'_>, now: Duration) -> Option<ProviderState> {
    let doubt = InDoubt::new(request.reference, Operation::Authorize, DoubtCause::Restart);
    match simulator.lookup(context(&Store::default(), now), &doubt).await.unwrap() {
        Found::Absent => None,
        Found::Present(snapshot) => {
            assert!(snapshot.test);
            Some(snapshot.state)
        }
    }
}

/// The decline each published number stands for.
fn expected(row: &Row) -> (DeclineReason, Advice) {
    match row.test_number().unwrap() {
        test_numbers::VISA_DECLINED | test_numbers::VISA_FAILS_WHEN_CHARGED => {
            (DeclineReason::CardNotUsable, Advice::Unspecified)
        }
        test_numbers::VISA_INSUFFICIENT_FUNDS | test_numbers::VISA_SANDBOX_FUNDS => {
            (DeclineReason::InsufficientFunds, Advice::Unspecified)
        }
        test_numbers::VISA_LIMIT_EXCEEDED | test_numbers::VISA_SANDBOX_LIMIT => {
            (DeclineReason::LimitExceeded, Advice::Unspecified)
        }
        test_numbers::VISA_LOST | test_numbers::VISA_STOLEN => {
            (DeclineReason::LostOrStolen, Advice::DoNotRetry)
        }
        test_numbers::VISA_FRAUD => (DeclineReason::SuspectedFraud, Advice::DoNotRetry),
        test_numbers::VISA_EXPIRED => (DeclineReason::Expired, Advice::Unspecified),
        test_numbers::VISA_CODE_MISMATCH => (DeclineReason::CodeMismatch, Advice::Unspecified),
        test_numbers::VISA_PROCESSING_ERROR => (DeclineReason::IssuerUnavailable, Advice::Unspecified),
        test_numbers::VISA_AUTHENTICATION | test_numbers::VISA_AUTHENTICATION_ALWAYS => {
            (DeclineReason::AuthenticationRequired, Advice::Unspecified)
        }
        test_numbers::VISA_WRONG_CHECK_DIGIT => (DeclineReason::InvalidNumber, Advice::Unspecified),
        other => panic!("a row this test does not know: {other}"),
    }
}

#[tokio::test]
async fn every_number_with_a_row_is_declined_as_it_says() {
    let (simulator, order, mut names) = (Simulator::new(), order(), Names::new());
    for row in table().iter().filter(|row| row.test_number().is_some()) {
        let card = card(row.test_number().unwrap());
        let request = request(&mut names, &order, &card, 1251);
        let Ok(Authorization::Declined(decline)) = charge(&simulator, request).await else {
            panic!("not declined: {}", row.when());
        };
        assert_eq!((decline.reason, decline.advice), expected(row), "{}", row.when());
        assert!(decline.test && decline.code.is_some());
        let found = find(&simulator, &request, NOW).await;
        assert_eq!(found, Some(ProviderState::Declined(decline.reason)));
    }
}

#[tokio::test]
async fn a_postcode_that_is_not_the_cardholders_is_declined_and_a_right_one_is_not() {
    let (simulator, order, mut names) = (Simulator::new(), order(), Names::new());
    let card = card(test_numbers::VISA);
    let wrong = request(&mut names, &order, &card, 1200);
    let wrong = Authorize { postcode: Postcode::parse("1500099"), ..wrong };
    match charge(&simulator, wrong).await {
        Ok(Authorization::Declined(decline)) => assert_eq!(decline.reason, DeclineReason::PostcodeMismatch),
        other => panic!("not declined: {other:?}"),
    }
    let right = request(&mut names, &order, &card, 1200);
    approved(charge(&simulator, Authorize { postcode: Postcode::parse("1500043"), ..right }).await);
}

#[tokio::test]
async fn every_other_published_number_is_approved() {
    let (simulator, order, mut names) = (Simulator::new(), order(), Names::new());
    let special: Vec<_> = table().iter().filter_map(Row::test_number).collect();
    let mut seen = 0;
    for number in [
        test_numbers::VISA,
        test_numbers::VISA_42,
        test_numbers::MASTERCARD,
        test_numbers::MASTERCARD_2,
        test_numbers::AMERICAN_EXPRESS,
        test_numbers::JCB,
        test_numbers::DINERS_CLUB,
        test_numbers::DISCOVER,
        test_numbers::UNIONPAY,
    ] {
        assert!(!special.contains(&number));
        let card = card(number);
        let request = request(&mut names, &order, &card, 1200);
        let approval = approved(charge(&simulator, request).await);
        assert!(approval.snapshot.test);
        seen += 1;
        let code = format!("{seen:06}");
        assert_eq!(approval.approval_code.unwrap().as_str(), code);
    }
}

#[tokio::test]
async fn every_amount_with_a_row_goes_wrong_as_it_says() {
    let (order, card) = (order(), card(test_numbers::VISA));
    let mut names = Names::new();
    for row in table().iter().filter(|row| row.amount_ending().is_some()) {
        let simulator = Simulator::new();
        let request = request(&mut names, &order, &card, 1200 + u64::from(row.amount_ending().unwrap()));
        let result = charge(&simulator, request).await;
        let (cause, held) = match (row.amount_ending().unwrap(), &result) {
            (51 | 52 | 57, Err(GatewayError::InDoubt(doubt))) => {
                (Some(doubt.cause()), row.amount_ending() != Some(52))
            }
            (55, Err(GatewayError::InDoubt(doubt))) => (Some(doubt.cause()), false),
            (56, Err(GatewayError::InDoubt(doubt))) => (Some(doubt.cause()), true),
            (53, Err(GatewayError::NotSent { retry: Retry::SameKey { .. } })) => (None, false),
            (54 | 61 | 62, Ok(Authorization::Approved(_))) => (None, true),
            other => panic!("{}: {other:?}", row.when()),
        };
        let expected_cause = match row.amount_ending().unwrap() {
            51 | 52 | 57 => Some(DoubtCause::NoAnswer),
            55 => Some(DoubtCause::ServerError),
            56 => Some(DoubtCause::Unreadable),
            _ => None,
        };
        assert_eq!(cause, expected_cause, "{}", row.when());
        assert_eq!(!simulator.transactions().is_empty(), held, "{}", row.when());
    }
}

#[tokio::test]
async fn a_late_approval_is_found_after_a_minute() {
    let (simulator, order, card) = (Simulator::new(), order(), card(test_numbers::VISA));
    let request = request(&mut Names::new(), &order, &card, 1257);
    assert!(charge(&simulator, request).await.is_err());
    assert_eq!(find(&simulator, &request, NOW + Duration::from_secs(59)).await, None);
    let found = find(&simulator, &request, NOW + Duration::from_secs(60)).await;
    assert_eq!(found, Some(ProviderState::Captured));
}

/// Counts the time that is passed.
#[derive(Clone, Default)]
struct Counter(Arc<Mutex<Duration>>);

impl Pause for Counter {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        *self.0.lock().unwrap() += time;
        Box::pin(core::future::ready(()))
    }
}

#[tokio::test]
async fn a_slow_answer_waits_no_longer_than_the_caller() {
    let (order, card, mut names) = (order(), card(test_numbers::VISA), Names::new());
    let counter = Counter::default();
    let simulator = Simulator::with_pause(counter.clone());
    let _ = approved(charge(&simulator, request(&mut names, &order, &card, 1254)).await);
    assert_eq!(*counter.0.lock().unwrap(), Duration::from_secs(12));

    let store = Store::default();
    let mut impatient = context(&store, NOW);
    impatient.deadline = NOW + Duration::from_secs(5);
    let answer = simulator.authorize(impatient, request(&mut names, &order, &card, 1254)).await;
    assert!(matches!(answer, Err(GatewayError::InDoubt(_))), "{answer:?}");
    assert_eq!(*counter.0.lock().unwrap(), Duration::from_secs(17));
    assert_eq!(simulator.transactions().len(), 2);
}

#[tokio::test]
async fn a_number_that_is_not_published_is_refused() {
    // The first number behind a published one that passes the check digit and is not published itself.
    let unpublished = (1_u64..)
        .map(|step| (test_numbers::VISA.parse::<u64>().unwrap() + step).to_string())
        .find(|digits| {
            paytone_card::luhn::is_valid(digits.as_bytes()) && !test_numbers::is_published(digits.as_bytes())
        })
        .unwrap();
    let (simulator, order, card) = (Simulator::new(), order(), card(&unpublished));
    let request = request(&mut Names::new(), &order, &card, 1200);
    assert_eq!(refusal(charge(&simulator, request).await), Refusal::NotATestNumber);
    assert!(simulator.transactions().is_empty());
}

#[tokio::test]
async fn the_first_capture_void_or_refund_can_go_wrong() {
    let (order, card, mut names) = (order(), card(test_numbers::VISA), Names::new());
    for (minor, state_after) in [(1261, ProviderState::Voided), (1262, ProviderState::Authorised)] {
        let simulator = Simulator::new();
        let request = Authorize { capture: Capture::Manual, ..request(&mut names, &order, &card, minor) };
        let _ = approved(charge(&simulator, request).await);
        let void = VoidRequest { reference: request.reference, key: names.key(), transaction: None };
        let store = Store::default();
        let answer = simulator.void(context(&store, NOW), void).await;
        assert!(matches!(answer, Err(GatewayError::InDoubt(_))), "{answer:?}");
        assert_eq!(find(&simulator, &request, NOW).await, Some(state_after));
        let again = simulator.void(context(&store, NOW), void).await.unwrap();
        assert_eq!(again.state, ProviderState::Voided, "the same key again");
    }
}

#[tokio::test]
async fn refunds_and_captures_have_their_limits() {
    let (simulator, order, card, mut names) =
        (Simulator::new(), order(), card(test_numbers::VISA), Names::new());
    let store = Store::default();
    let request = Authorize { capture: Capture::Manual, ..request(&mut names, &order, &card, 1200) };
    let _ = approved(charge(&simulator, request).await);
    let reference = request.reference;
    let refund = |key, minor| RefundRequest { reference, key, transaction: None, money: yen(minor) };
    let answer = simulator.refund(context(&store, NOW), refund(names.key(), 1)).await;
    assert_eq!(refusal(answer), Refusal::WrongState);
    let part = CaptureRequest { reference, key: names.key(), transaction: None, money: yen(1000) };
    assert_eq!(simulator.capture(context(&store, NOW), part).await.unwrap().money, yen(1000));
    let answer = simulator.refund(context(&store, NOW), refund(names.key(), 1001)).await;
    assert_eq!(refusal(answer), Refusal::Amount);
    let key = names.key();
    for _ in 0..2 {
        let given = simulator.refund(context(&store, NOW), refund(key, 400)).await.unwrap();
        assert_eq!(given.state, ProviderState::Refunded { total: yen(400) }, "the same key gives once");
    }
    let answer = simulator.refund(context(&store, NOW), refund(names.key(), 601)).await;
    assert_eq!(refusal(answer), Refusal::Amount);
    let answer = simulator.refund(context(&store, NOW), refund(key, 300)).await;
    assert_eq!(refusal(answer), Refusal::KeyReused);
}

#[tokio::test]
async fn a_reference_is_never_charged_twice() {
    let (simulator, order, card, mut names) =
        (Simulator::new(), order(), card(test_numbers::VISA), Names::new());
    let first = request(&mut names, &order, &card, 1200);
    let _ = approved(charge(&simulator, first).await);
    let second = Authorize { key: names.key(), ..first };
    assert_eq!(refusal(charge(&simulator, second).await), Refusal::ReferenceReused);
    assert_eq!(simulator.transactions().len(), 1);
}

#[tokio::test]
async fn a_card_that_fails_when_charged_can_be_stored() {
    let (simulator, order, mut names) = (Simulator::new(), order(), Names::new());
    let card = card(test_numbers::VISA_FAILS_WHEN_CHARGED);
    let store = Store::default();
    let register = Register {
        reference: names.reference(),
        key: names.key(),
        mode: RegisterMode::VerifyThenStore,
        entry: Entry::TelephoneOrder,
        card: &card,
    };
    let Ok(Registration::Stored(stored)) = simulator.register(context(&store, NOW), register).await else {
        panic!("not stored");
    };
    let charge = ChargeStored {
        reference: names.reference(),
        key: names.key(),
        order: &order,
        money: yen(1200),
        capture: Capture::Auto,
        method: PaymentMethod::LumpSum,
        entry: Entry::StoredMerchantInitiated,
        stored: &stored.id,
    };
    let answer = simulator.charge_stored(context(&store, NOW), charge).await;
    assert!(matches!(answer, Ok(Authorization::Declined(_))), "{answer:?}");
    assert_eq!(stored.masked.last_four(), "0341");
}

#[tokio::test]
async fn nothing_it_says_holds_card_digits() {
    let (simulator, order, card) = (Simulator::new(), order(), card(test_numbers::VISA_42));
    let request = request(&mut Names::new(), &order, &card, 1200);
    let answer = charge(&simulator, request).await;
    let said = format!("{request:?} {answer:?} {simulator:?} {:?}", simulator.transactions());
    assert!(!said.contains("42424242"), "{said}");
}
