//! What payments promise: asked once, journalled before, looked up after, and never lost.
//!
//! Long because each fault of the provider is one case here, told in full.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixtures;

use core::future::{pending, ready};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use fixtures::{
    NOW, TestClock, call, card, claim, claimant, claimed, crash, merchant, new_order, state, yen,
};
use ivr_payment_service::bus::{Bus, EventKind, ServiceEvent};
use ivr_payment_service::payments::{Accounts, Payments, Recovered, Tools};
use ivr_payment_service::store::{
    CallUlid, CardRequestState, Claim, Created, NewOrder, Order, OrderState, OrderTerms, Purpose, Store,
};
use paytone_card::test_numbers;
use paytone_dialog::{OrderRefusal, Outcome, Phase, Verdict};
use paytone_psp::attempt::{SETTLE, State};
use paytone_psp::simulator::Simulator;
use paytone_psp::{
    Approval, AskError, Authorization, Authorize, BoxFuture, CallContext, CaptureRequest, ChargeStored,
    CheckpointBlob, Decline, DeclineReason, Found, Gateway, GatewayError, GatewayInfo, IdempotencyKey,
    InDoubt, Operation, ProviderState, Reference, RefundRequest, Refusal, Register, Registration, Retry,
    Snapshot, StoredCard, StoredCardId, Verification, Verify, VoidRequest,
};
use tokio::sync::broadcast::Receiver;

const DEADLINE: Duration = Duration::from_secs(60);
/// How long a state may take to come about before the test has failed.
const PATIENCE: Duration = Duration::from_secs(20);
const VISA: &str = test_numbers::VISA;

/// A service's money side, with a clock that stands still.
struct Shop {
    store: Store,
    payments: Payments,
    clock: Arc<TestClock>,
    events: Receiver<ServiceEvent>,
}

impl Shop {
    fn new(store: Store, gateway: Arc<dyn Gateway>) -> Self {
        let (bus, clock) = (Bus::new(), TestClock::new());
        let events = bus.watch();
        let accounts = Accounts::shared(gateway, DEADLINE);
        let tools = Tools { store: store.clone(), accounts, bus, clock: clock.clone() };
        Self { payments: Payments::with(tools), store, clock, events }
    }

    async fn simulated() -> Self {
        Self::new(Store::in_memory().await.unwrap(), Arc::new(Simulator::new()))
    }

    async fn scripted(lines: impl IntoIterator<Item = Line>) -> (Self, Arc<Scripted>) {
        let gateway = Arc::new(Scripted::new(lines));
        (Self::new(Store::in_memory().await.unwrap(), gateway.clone()), gateway)
    }

    /// Waits until an attempt has come into this state.
    async fn until(&mut self, wanted: State) {
        loop {
            let event = tokio::time::timeout(PATIENCE, self.events.recv()).await.unwrap().unwrap();
            if matches!(event.kind, EventKind::AttemptState { state, .. } if state == wanted) {
                return;
            }
        }
    }

    /// Lets the seconds pass that what was not sent waits for its second and third try.
    async fn second_tries(&self) {
        for seconds in 1..=2 {
            self.clock.come_when_awaited(NOW + Duration::from_secs(seconds)).await;
        }
    }

    async fn attempts(&self, order: &Order) -> Vec<State> {
        let attempts = self.store.attempts_of(order.id).await.unwrap();
        attempts.iter().map(|record| record.attempt.state()).collect()
    }
}

/// What the scripted gateway does when it is asked for money.
#[derive(Debug, Clone, Copy)]
enum Line {
    /// Approves, after the checkpoint.
    Approve,
    /// Approves another reference's payment.
    ApproveAnother,
    /// Does not accept the number.
    NotATestNumber,
    /// Declines, after the checkpoint.
    Decline,
    /// Sends, and never comes back.
    Hang,
    /// Does not even send, and never comes back.
    HangUnsent,
    /// Has no connection, this time.
    NotConnected,
    /// Sends, and falls over.
    Panic,
    /// Wants the card number stored.
    StoreTheNumber,
}

/// A gateway that does what the test says. Lookups find the money it was asked for taken.
#[derive(Debug)]
struct Scripted {
    info: GatewayInfo,
    lines: Mutex<VecDeque<Line>>,
    authorizations: AtomicUsize,
    lookups: AtomicUsize,
    asked: Mutex<Option<(Reference, paytone_psp::Money)>>,
    keys: Mutex<Vec<IdempotencyKey>>,
}

impl Scripted {
    fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        Self {
            info: Simulator::new().info().clone(),
            lines: Mutex::new(lines.into_iter().collect()),
            authorizations: AtomicUsize::new(0),
            lookups: AtomicUsize::new(0),
            asked: Mutex::new(None),
            keys: Mutex::default(),
        }
    }

    fn count(&self) -> (usize, usize) {
        (self.authorizations.load(Ordering::SeqCst), self.lookups.load(Ordering::SeqCst))
    }

    async fn play(
        &self,
        line: Line,
        context: CallContext<'_>,
        request: Authorize<'_>,
    ) -> Result<Authorization, GatewayError> {
        let blob = match line {
            Line::StoreTheNumber => request.card.pan().expose(<[u8]>::to_vec),
            _ => b"access-pass".to_vec(),
        };
        let blob = CheckpointBlob::new(blob).unwrap();
        self.keys.lock().unwrap().push(request.key);
        let sends = !matches!(line, Line::NotATestNumber | Line::HangUnsent);
        if sends && context.checkpoint.save(&blob).await.is_err() {
            return Err(GatewayError::NotSent { retry: Retry::Never });
        }
        let taken = |reference| {
            let (state, money) = (ProviderState::Captured, request.money);
            let snapshot = Snapshot { reference, state, money, transaction: None, test: true };
            Ok(Authorization::Approved(Approval { snapshot, approval_code: None }))
        };
        match line {
            Line::Approve | Line::StoreTheNumber => taken(request.reference),
            Line::ApproveAnother => taken(Reference::generate(NOW, &mut rand::rng())),
            Line::NotATestNumber => Err(GatewayError::refused(Refusal::NotATestNumber)),
            Line::Decline => Ok(Authorization::Declined(Decline::new(DeclineReason::InsufficientFunds))),
            Line::Hang | Line::HangUnsent => pending().await,
            Line::NotConnected => {
                Err(GatewayError::NotSent { retry: Retry::SameKey { after: Duration::from_secs(1) } })
            }
            Line::Panic => panic!("the gateway falls over"),
        }
    }
}

fn unsupported<'a, T>(operation: Operation) -> BoxFuture<'a, Result<T, GatewayError>>
where
    T: Send + 'a,
{
    Box::pin(ready(Err(GatewayError::refused(Refusal::Unsupported(operation)))))
}

impl Gateway for Scripted {
    fn info(&self) -> &GatewayInfo {
        &self.info
    }

    fn authorize<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Authorize<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        self.authorizations.fetch_add(1, Ordering::SeqCst);
        *self.asked.lock().unwrap() = Some((request.reference, request.money));
        let line = self.lines.lock().unwrap().pop_front().unwrap();
        Box::pin(self.play(line, context, request))
    }

    fn lookup<'a>(
        &'a self,
        _context: CallContext<'a>,
        doubt: &'a InDoubt,
    ) -> BoxFuture<'a, Result<Found, AskError>> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        let asked = *self.asked.lock().unwrap();
        let found =
            asked.filter(|(reference, _)| reference == doubt.reference()).map(|(reference, money)| {
                Snapshot { reference, state: ProviderState::Captured, money, transaction: None, test: true }
            });
        Box::pin(ready(Ok(found.map_or(Found::Absent, Found::Present))))
    }

    fn verify<'a>(
        &'a self,
        _: CallContext<'a>,
        _: Verify<'a>,
    ) -> BoxFuture<'a, Result<Verification, GatewayError>> {
        unsupported(Operation::Verify)
    }

    fn capture<'a>(
        &'a self,
        _: CallContext<'a>,
        _: CaptureRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        unsupported(Operation::Capture)
    }

    fn void<'a>(
        &'a self,
        _: CallContext<'a>,
        _: VoidRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        unsupported(Operation::Void)
    }

    fn refund<'a>(
        &'a self,
        _: CallContext<'a>,
        _: RefundRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        unsupported(Operation::Refund)
    }

    fn register<'a>(
        &'a self,
        _: CallContext<'a>,
        request: Register<'a>,
    ) -> BoxFuture<'a, Result<Registration, GatewayError>> {
        let line = self.lines.lock().unwrap().pop_front().unwrap();
        Box::pin(async move {
            match line {
                Line::Hang => pending().await,
                Line::NotATestNumber => Err(GatewayError::refused(Refusal::NotATestNumber)),
                _ => Ok(Registration::Stored(StoredCard {
                    id: StoredCardId::parse("card-at-the-provider").unwrap(),
                    masked: request.card.masked(),
                    test: true,
                })),
            }
        })
    }

    fn forget<'a>(&'a self, _: CallContext<'a>, _: &'a StoredCardId) -> BoxFuture<'a, Result<(), AskError>> {
        Box::pin(ready(Err(AskError::Refused(Refusal::Unsupported(Operation::Forget)))))
    }

    fn charge_stored<'a>(
        &'a self,
        _: CallContext<'a>,
        _: ChargeStored<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        unsupported(Operation::ChargeStored)
    }
}

#[tokio::test]
async fn an_approved_payment_pays_the_order() {
    let shop = Shop::simulated().await;
    let (call, order) = claimed(&shop.store, 1200).await;

    let verdict = shop.payments.authorize(call, &order, card(VISA)).await;

    assert!(matches!(verdict, Verdict::Approved));
    assert_eq!(state(&shop.store, &order).await, OrderState::Paid);
    let [record] = &shop.store.attempts_of(order.id).await.unwrap()[..] else { panic!("one attempt") };
    assert_eq!((record.attempt.state(), record.attempt.is_test()), (State::Captured, true));
    assert_eq!((record.last_four.last_four(), record.brand.name()), ("1111", "visa"));
    assert_eq!(record.attempt.captured(), Some(order.money));
    let shown = shop.store.call(order.merchant, call.as_str()).await.unwrap().unwrap();
    assert_eq!(shown.last_four, Some(record.last_four));
}

#[tokio::test]
async fn a_declined_card_comes_back_without_its_code_and_another_may_be_tried() {
    let shop = Shop::simulated().await;
    let (call, order) = claimed(&shop.store, 1200).await;

    let verdict = shop.payments.authorize(call, &order, card(test_numbers::VISA_CODE_MISMATCH)).await;
    let Verdict::Declined { reason: DeclineReason::CodeMismatch, card: Some(back) } = verdict else {
        panic!("not a wrong code")
    };
    assert!(back.code().is_none());
    assert_eq!(state(&shop.store, &order).await, OrderState::Collecting);

    let verdict = shop.payments.authorize(call, &order, card(VISA)).await;
    assert!(matches!(verdict, Verdict::Approved));
    assert_eq!(shop.attempts(&order).await, [State::Declined, State::Captured]);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_blocks_the_order_and_is_found_by_a_lookup() {
    let mut shop = Shop::simulated().await;
    let (caller, order) = claimed(&shop.store, 1251).await;

    let verdict = shop.payments.authorize(caller, &order, card(VISA)).await;
    assert!(matches!(verdict, Verdict::Unknown));
    assert_eq!(state(&shop.store, &order).await, OrderState::InDoubt);
    let again = shop.payments.authorize(caller, &order, card(VISA)).await;
    assert!(matches!(again, Verdict::Unavailable), "never authorised again");
    let next = claimant(call(&shop.store).await, "b");
    let refused = shop.store.claim_order(order.code.as_str(), &next, &fixtures::LIMITS, NOW).await.unwrap();
    assert_eq!(refused, Claim::Refused(OrderRefusal::Busy));

    shop.clock.advance(Duration::from_secs(5));
    shop.until(State::Captured).await;
    assert_eq!(state(&shop.store, &order).await, OrderState::Paid);
    assert_eq!(shop.attempts(&order).await, [State::Captured]);
    let told: Vec<_> = shop.store.reports().await.unwrap().iter().map(|told| told.state).collect();
    assert_eq!(told, [State::InDoubt, State::Captured]);
}

#[tokio::test]
async fn a_lost_request_frees_the_order_only_once_it_can_no_longer_arrive() {
    let mut shop = Shop::simulated().await;
    let (call, order) = claimed(&shop.store, 1252).await;
    let verdict = shop.payments.authorize(call, &order, card(VISA)).await;
    assert!(matches!(verdict, Verdict::Unknown));
    shop.store.call_ended(call, &Outcome::Unknown, NOW).await.unwrap();
    assert_eq!(state(&shop.store, &order).await, OrderState::InDoubt);

    shop.clock.advance(DEADLINE + SETTLE);
    shop.until(State::NotCharged).await;
    assert_eq!(state(&shop.store, &order).await, OrderState::Open);
}

#[tokio::test]
async fn what_was_not_sent_leaves_the_order_as_it_was() {
    let shop = Shop::simulated().await;
    let (call, order) = claimed(&shop.store, 1253).await;

    let verdict = shop.payments.authorize(call, &order, card(VISA));
    shop.second_tries().await;
    let verdict = verdict.await;

    assert!(matches!(verdict, Verdict::Unavailable));
    assert_eq!(shop.attempts(&order).await, [State::NotCharged]);
    assert_eq!(state(&shop.store, &order).await, OrderState::Collecting);
    shop.store.call_ended(call, &Outcome::GatewayUnavailable, NOW).await.unwrap();
    assert_eq!(state(&shop.store, &order).await, OrderState::Open);
}

#[tokio::test]
async fn what_was_not_sent_is_sent_again_under_the_same_key() {
    let (shop, gateway) = Shop::scripted([Line::NotConnected, Line::NotConnected, Line::Approve]).await;
    let (call, order) = claimed(&shop.store, 900).await;

    let verdict = shop.payments.authorize(call, &order, card(VISA));
    shop.second_tries().await;
    let verdict = verdict.await;

    assert!(matches!(verdict, Verdict::Approved), "{verdict:?}");
    assert_eq!(gateway.count(), (3, 0));
    let keys = gateway.keys.lock().unwrap().clone();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(shop.attempts(&order).await, [State::Captured]);
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_not_asked_for_ever() {
    let (shop, gateway) = Shop::scripted([Line::NotConnected; 5]).await;
    let (call, order) = claimed(&shop.store, 900).await;

    let verdict = shop.payments.authorize(call, &order, card(VISA));
    shop.second_tries().await;
    let verdict = verdict.await;

    assert!(matches!(verdict, Verdict::Unavailable), "{verdict:?}");
    assert_eq!(gateway.count(), (3, 0));
    assert_eq!(shop.attempts(&order).await, [State::NotCharged]);
}

#[tokio::test]
async fn a_refused_number_is_told_apart_from_a_gateway_that_is_down() {
    let (shop, gateway) = Shop::scripted([Line::NotATestNumber, Line::Approve]).await;
    let (call, order) = claimed(&shop.store, 1200).await;

    let verdict = shop.payments.authorize(call, &order, card(VISA)).await;
    assert!(matches!(verdict, Verdict::NotATestCard));
    let verdict = shop.payments.authorize(call, &order, card(test_numbers::MASTERCARD)).await;
    assert!(matches!(verdict, Verdict::Approved));
    assert_eq!(gateway.count(), (2, 0));
}

#[tokio::test]
async fn a_gateway_that_never_answers_is_looked_up_after_its_deadline() {
    let (mut shop, gateway) = Shop::scripted([Line::Hang]).await;
    let (call, order) = claimed(&shop.store, 1200).await;
    let verdict = shop.payments.authorize(call, &order, card(VISA));
    shop.until(State::Sending).await;

    shop.clock.advance(DEADLINE + Duration::from_secs(5));
    assert!(matches!(verdict.await, Verdict::Unknown));
    assert_eq!(state(&shop.store, &order).await, OrderState::InDoubt);

    shop.clock.advance(Duration::from_secs(5));
    shop.until(State::Captured).await;
    assert_eq!(state(&shop.store, &order).await, OrderState::Paid);
    assert_eq!(gateway.count(), (1, 1));
}

#[tokio::test]
async fn a_gateway_that_falls_over_leaves_the_outcome_unknown() {
    let (shop, _) = Shop::scripted([Line::Panic]).await;
    let (call, order) = claimed(&shop.store, 1200).await;

    let verdict = shop.payments.authorize(call, &order, card(VISA)).await;

    assert!(matches!(verdict, Verdict::Unknown));
    assert_eq!(shop.attempts(&order).await, [State::InDoubt]);
}

#[tokio::test]
async fn an_answer_about_another_payment_is_no_answer() {
    let (shop, _) = Shop::scripted([Line::ApproveAnother]).await;
    let (call, order) = claimed(&shop.store, 1200).await;

    let verdict = shop.payments.authorize(call, &order, card(VISA)).await;

    assert!(matches!(verdict, Verdict::Unknown));
    assert_eq!(state(&shop.store, &order).await, OrderState::InDoubt);
}

#[tokio::test]
async fn a_gateway_cannot_have_the_card_number_stored() {
    let (shop, _) = Shop::scripted([Line::StoreTheNumber]).await;
    let (call, order) = claimed(&shop.store, 1200).await;

    let verdict = shop.payments.authorize(call, &order, card(VISA)).await;

    assert!(matches!(verdict, Verdict::Unavailable));
    assert_eq!(shop.attempts(&order).await, [State::NotCharged]);
}

#[tokio::test]
async fn a_hang_up_does_not_drop_a_request_in_flight() {
    let (mut shop, gateway) = Shop::scripted([Line::Approve]).await;
    let (call, order) = claimed(&shop.store, 1200).await;
    drop(shop.payments.authorize(call, &order, card(VISA)));
    shop.until(State::Sending).await;
    shop.store.call_ended(call, &Outcome::CallerHungUp(Phase::Authorizing), NOW).await.unwrap();

    shop.until(State::Captured).await;
    assert_eq!(state(&shop.store, &order).await, OrderState::Paid);
    assert_eq!(gateway.count(), (1, 0));
}

#[tokio::test]
async fn without_the_order_nothing_is_asked() {
    let (shop, gateway) = Shop::scripted([Line::Approve]).await;
    let (_, order) = claimed(&shop.store, 1200).await;
    let stranger = call(&shop.store).await;

    let verdict = shop.payments.authorize(stranger, &order, card(VISA)).await;

    assert!(matches!(verdict, Verdict::Unavailable));
    assert_eq!(gateway.count(), (0, 0));
}

#[tokio::test]
async fn a_crash_in_any_state_is_cleared_up_without_asking_for_money_again() {
    let states = [
        // What the gateway did, the state at the crash, then what recovery makes of the attempt and of the order.
        (Line::HangUnsent, State::Intent, State::NotCharged, OrderState::Open),
        (Line::Hang, State::Sending, State::Captured, OrderState::Paid),
        (Line::Panic, State::InDoubt, State::Captured, OrderState::Paid),
        (Line::Decline, State::Declined, State::Declined, OrderState::Open),
        (Line::Approve, State::Captured, State::Captured, OrderState::Paid),
    ];
    for (line, crashed, recovered, expected) in states {
        let folder = tempfile::tempdir().unwrap();
        let (before, after) = (folder.path().join("before.sqlite"), folder.path().join("after.sqlite"));
        let gateway = Arc::new(Scripted::new([line]));
        let mut shop = Shop::new(Store::open(&before).await.unwrap(), gateway.clone());
        let (call, order) = claimed(&shop.store, 1200).await;
        let verdict = shop.payments.authorize(call, &order, card(VISA));
        shop.until(crashed).await;
        crash(&before, &after);

        let mut shop = Shop::new(Store::open(&after).await.unwrap(), gateway.clone());
        let found = shop.payments.recover().await.unwrap();
        let open = usize::from(crashed != recovered);
        assert_eq!(found, Recovered { calls: 1, attempts: open }, "{line:?}");
        if open == 1 {
            shop.until(recovered).await;
        }
        assert_eq!(shop.attempts(&order).await, [recovered], "{line:?}");
        assert_eq!(state(&shop.store, &order).await, expected, "{line:?}");
        assert_eq!(gateway.count().0, 1, "{line:?}: asked for money again");
        let ending = shop.store.call(order.merchant, call.as_str()).await.unwrap().unwrap().ending.unwrap();
        assert_eq!(ending.outcome, "interrupted", "{line:?}");
        drop(verdict);
    }
}

/// A card to be stored, in a call that has its order.
async fn to_store(shop: &Shop) -> (CallUlid, Order) {
    let terms = OrderTerms { purpose: Purpose::Register, ..OrderTerms::default() };
    let new = NewOrder { money: yen(0), terms, ..new_order("R-1", 1) };
    let made = shop.store.create_order(merchant(&shop.store).await, &new, NOW).await.unwrap();
    let Created::New(order) = made else { panic!("made") };
    let caller = call(&shop.store).await;
    (caller, claim(&shop.store, &order, caller).await)
}

#[tokio::test]
async fn a_card_stored_without_an_answer_is_in_doubt_looked_up_and_can_be_tried_again() {
    let (shop, _) = Shop::scripted([Line::Hang, Line::Approve]).await;
    let (caller, order) = to_store(&shop).await;
    let pending = shop.payments.authorize(caller, &order, card(VISA));
    shop.clock.come_when_awaited(NOW + DEADLINE + Duration::from_secs(5)).await;
    assert!(matches!(pending.await, Verdict::Unknown), "not told that it was declined");
    shop.store.call_ended(caller, &Outcome::Unknown, NOW).await.unwrap();
    assert_eq!(state(&shop.store, &order).await, OrderState::InDoubt);
    let next = call(&shop.store).await;
    let busy =
        shop.store.claim_order(order.code.as_str(), &claimant(next, "b"), &fixtures::LIMITS, NOW).await;
    assert_eq!(busy.unwrap(), Claim::Refused(OrderRefusal::Busy));

    assert_eq!(shop.payments.look_up_cards().await.unwrap(), 1, "it may still arrive");
    shop.clock.advance(SETTLE);
    assert_eq!(shop.payments.look_up_cards().await.unwrap(), 0);
    assert_eq!(state(&shop.store, &order).await, OrderState::Open);
    let order = claim(&shop.store, &order, next).await;
    assert!(matches!(shop.payments.authorize(next, &order, card(VISA)).await, Verdict::Registered));
    assert_eq!(state(&shop.store, &order).await, OrderState::Completed);
    assert_eq!(shop.store.stored_cards(order.merchant, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_card_that_was_being_stored_at_a_crash_is_in_doubt_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (database, copy) = (folder.path().join("a.sqlite"), folder.path().join("b.sqlite"));
    let gateway = Arc::new(Scripted::new([Line::Hang]));
    let shop = Shop::new(Store::open(&database).await.unwrap(), gateway);
    let (caller, order) = to_store(&shop).await;
    let pending = shop.payments.authorize(caller, &order, card(VISA));
    while shop.store.card_requests(CardRequestState::Asked).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    crash(&database, &copy);
    drop(pending);

    let later = Shop::new(Store::open(&copy).await.unwrap(), Arc::new(Scripted::new([])));
    later.payments.recover().await.unwrap();
    assert_eq!(state(&later.store, &order).await, OrderState::InDoubt);
    later.clock.advance(DEADLINE + SETTLE);
    assert_eq!(later.payments.look_up_cards().await.unwrap(), 0);
    assert_eq!(state(&later.store, &order).await, OrderState::Open);
}
