//! What a store promises, whatever database it is in: one call per order, codes that cannot be guessed, one live attempt,
//! and nothing lost.

mod retention;

use core::time::Duration;

pub(crate) use retention::{
    the_audit_is_cut_at_a_signed_head_and_nowhere_else, what_is_settled_goes_and_what_is_not_stays,
};

use super::fixtures::{
    LIMITS, NOW, TTL, call, card, claim, claimant, claimed, merchant, new_order, order, state, yen,
};
use ivr_payment_service::store::{
    CallUlid, ChangeError, Chosen, Claim, Created, NewAttempt, Order, OrderState, Report, Source, Store,
    StoreError,
};
use paytone_card::test_numbers;
use paytone_dialog::{OrderCode, OrderRefusal, Outcome, Phase};
use paytone_psp::attempt::{Attempt, Event, InvalidEvent, State};
use paytone_psp::{
    Approval, Capture, CheckpointBlob, DeclineReason, IdempotencyKey, ProviderState, Reference, Snapshot,
};

const HUNG_UP: Outcome = Outcome::CallerHungUp(Phase::Collecting);
const MILLISECOND: Duration = Duration::from_millis(1);

pub(crate) async fn try_code(
    store: &Store,
    code: &str,
    call: CallUlid,
    source: &str,
    now: Duration,
) -> Claim {
    store.claim_order(code, &claimant(call, source), &LIMITS, now).await.unwrap()
}

fn intended(order: &Order) -> Attempt {
    let mut rng = rand::rng();
    let reference = Reference::generate(NOW, &mut rng);
    let mut attempt = Attempt::new(reference, order.order_id.clone(), order.money, Capture::Auto, NOW);
    let key = IdempotencyKey::generate(&mut rng);
    let intend = Event::Intend { key, deadline: NOW + Duration::from_secs(60) };
    assert_eq!(attempt.apply(intend, NOW).unwrap().to, State::Intent);
    attempt
}

async fn begin(store: &Store, order: &Order, call: CallUlid) -> Result<Reference, StoreError> {
    let attempt = intended(order);
    let card = card(test_numbers::VISA);
    let (last_four, brand) = (card.masked(), card.brand());
    let new = NewAttempt {
        attempt: &attempt,
        order: order.id,
        source: Source::Call(call),
        last_four,
        brand,
        chosen: &Chosen::default(),
    };
    store.begin_attempt(new, NOW).await.map(|()| *attempt.reference())
}

async fn apply(store: &Store, reference: Reference, event: Event) -> State {
    let changed = store.change_attempt(reference, NOW, |attempt| attempt.apply(event, NOW)).await;
    changed.unwrap().0.attempt.state()
}

fn send() -> Event {
    Event::Send { checkpoint: CheckpointBlob::new(b"access-pass".to_vec()).unwrap() }
}

fn approved(reference: Reference, order: &Order) -> Event {
    let state = ProviderState::Captured;
    let snapshot = Snapshot { reference, state, money: order.money, transaction: None, test: true };
    Event::Approved(Approval { snapshot, approval_code: None })
}

pub(crate) async fn an_order_belongs_to_one_call_at_a_time_and_is_free_again_after_a_hang_up(store: &Store) {
    let (first, second) = (call(store).await, call(store).await);
    let order = order(store, "A-1", 1200).await;

    let held = claim(store, &order, first).await;
    assert_eq!((held.state, held.leased_by), (OrderState::Collecting, Some(first)));
    let code = order.code.as_str();
    assert_eq!(try_code(store, code, second, "b", NOW).await, Claim::Refused(OrderRefusal::Busy));
    assert!(
        matches!(try_code(store, code, first, "a", NOW).await, Claim::Taken(_)),
        "its own call may ask again"
    );

    store.call_ended(first, &HUNG_UP, NOW).await.unwrap();
    assert_eq!(state(store, &order).await, OrderState::Open);
    assert!(matches!(try_code(store, code, second, "b", NOW).await, Claim::Taken(_)));
}

pub(crate) async fn a_call_that_is_over_gets_no_order_and_no_attempt(store: &Store) {
    let (gone, order) = claimed(store, 1200).await;
    store.call_ended(gone, &HUNG_UP, NOW).await.unwrap();

    let late = store.claim_order(order.code.as_str(), &claimant(gone, "a"), &LIMITS, NOW).await;
    assert_eq!(late, Err(StoreError::NotHeld));
    assert_eq!(begin(store, &order, gone).await, Err(StoreError::NotHeld));
    let fixed = store.create_fixed_price_order(gone, "pay", yen(1000), TTL, NOW).await;
    assert_eq!(fixed, Err(StoreError::NotHeld));
    assert_eq!(state(store, &order).await, OrderState::Open);
}

pub(crate) async fn a_code_is_spent_when_the_order_is_paid(store: &Store) {
    let (payer, order) = claimed(store, 1200).await;
    let reference = begin(store, &order, payer).await.unwrap();
    apply(store, reference, send()).await;
    assert_eq!(apply(store, reference, approved(reference, &order)).await, State::Captured);
    store.call_ended(payer, &Outcome::Approved, NOW).await.unwrap();

    assert_eq!(state(store, &order).await, OrderState::Paid);
    let later = call(store).await;
    let refused = try_code(store, order.code.as_str(), later, "b", NOW).await;
    assert_eq!(refused, Claim::Refused(OrderRefusal::AlreadyPaid));
}

pub(crate) async fn an_order_expires_to_the_millisecond_but_not_while_a_call_has_it(store: &Store) {
    let order = order(store, "A-1", 1200).await;
    let caller = call(store).await;
    let code = order.code.as_str();
    assert_eq!(order.expires_at, NOW + TTL);

    let at_end = try_code(store, code, caller, "a", NOW + TTL).await;
    assert_eq!(at_end, Claim::Refused(OrderRefusal::Expired));
    let just_before = try_code(store, code, caller, "a", NOW + TTL - MILLISECOND).await;
    let Claim::Taken(held) = just_before else { panic!("refused a millisecond before its end") };
    assert_eq!(held.state_at(NOW + TTL + TTL), OrderState::Collecting);
    begin(store, &order, caller).await.unwrap();
}

pub(crate) async fn guesses_run_out_for_the_call_and_for_where_it_comes_from(store: &Store) {
    let order = order(store, "A-1", 1200).await;
    let first = call(store).await;
    let wrong = [1, 2, 3].map(|n| OrderCode::generate([n; 8]).unwrap());

    for code in &wrong {
        let refused = try_code(store, code.as_str(), first, "a", NOW).await;
        assert_eq!(refused, Claim::Refused(OrderRefusal::Unknown));
    }
    let right = order.code.as_str();
    assert_eq!(try_code(store, right, first, "a", NOW).await, Claim::Refused(OrderRefusal::TooManyGuesses));

    // Three of five are used up at this source; the next call from there has two.
    let second = call(store).await;
    for code in &wrong[..2] {
        try_code(store, code.as_str(), second, "a", NOW).await;
    }
    let third = call(store).await;
    assert_eq!(try_code(store, right, third, "a", NOW).await, Claim::Refused(OrderRefusal::TooManyGuesses));

    let within = NOW + LIMITS.window - MILLISECOND;
    assert_eq!(
        try_code(store, right, third, "a", within).await,
        Claim::Refused(OrderRefusal::TooManyGuesses)
    );
    let elsewhere = call(store).await;
    assert!(matches!(try_code(store, right, elsewhere, "b", NOW).await, Claim::Taken(_)));
    store.call_ended(elsewhere, &HUNG_UP, NOW).await.unwrap();
    assert!(matches!(try_code(store, right, third, "a", NOW + LIMITS.window).await, Claim::Taken(_)));
}

pub(crate) async fn a_slip_of_the_finger_is_no_guess(store: &Store) {
    let order = order(store, "A-1", 1200).await;
    let caller = call(store).await;
    let mut slip = order.code.as_str().to_owned();
    let last = slip.pop().unwrap();
    slip.push(if last == '0' { '1' } else { '0' });

    for _ in 0..10 {
        let refused = try_code(store, &slip, caller, "a", NOW).await;
        assert_eq!(refused, Claim::Refused(OrderRefusal::Unknown));
    }
    assert!(matches!(try_code(store, order.code.as_str(), caller, "a", NOW).await, Claim::Taken(_)));
}

pub(crate) async fn a_repeated_order_is_the_same_and_another_one_with_its_id_is_refused(store: &Store) {
    let made = order(store, "A-1", 1200).await;

    let again = store.create_order(merchant(store).await, &new_order("A-1", 1200), NOW + TTL).await.unwrap();
    assert_eq!(again, Created::Same(made));
    assert_eq!(
        store.create_order(merchant(store).await, &new_order("A-1", 1201), NOW).await.unwrap(),
        Created::Taken
    );
}

pub(crate) async fn a_fixed_price_order_lives_and_dies_with_its_call(store: &Store) {
    let caller = call(store).await;
    let order = store.create_fixed_price_order(caller, "pay", yen(1000), TTL, NOW).await.unwrap();
    assert_eq!((order.state, order.leased_by), (OrderState::Collecting, Some(caller)));
    assert_eq!(
        store.call(merchant(store).await, caller.as_str()).await.unwrap().unwrap().order,
        Some(order.id)
    );

    store.call_ended(caller, &HUNG_UP, NOW + MILLISECOND).await.unwrap();
    let left = store.order(merchant(store).await, order.order_id.as_str()).await.unwrap().unwrap();
    assert_eq!(left.state_at(NOW + MILLISECOND), OrderState::Expired);
}

pub(crate) async fn a_second_attempt_waits_until_the_first_has_failed(store: &Store) {
    let (caller, order) = claimed(store, 1200).await;
    let first = begin(store, &order, caller).await.unwrap();
    assert_eq!(begin(store, &order, caller).await, Err(StoreError::LiveAttempt));
    apply(store, first, send()).await;
    assert_eq!(begin(store, &order, caller).await, Err(StoreError::LiveAttempt));

    apply(store, first, Event::Declined(DeclineReason::InsufficientFunds)).await;
    assert_eq!(state(store, &order).await, OrderState::Collecting, "the call goes on with another card");
    begin(store, &order, caller).await.unwrap();
    assert_eq!(store.attempts_of(order.id).await.unwrap().len(), 2);
}

pub(crate) async fn doubt_blocks_the_order_until_it_is_cleared(store: &Store) {
    let (caller, order) = claimed(store, 1200).await;
    let reference = begin(store, &order, caller).await.unwrap();
    apply(store, reference, send()).await;
    store.call_ended(caller, &HUNG_UP, NOW).await.unwrap();
    assert_eq!(state(store, &order).await, OrderState::Collecting, "a request is on its way");

    apply(store, reference, Event::NoAnswer).await;
    assert_eq!(state(store, &order).await, OrderState::InDoubt);
    let next = call(store).await;
    let refused = try_code(store, order.code.as_str(), next, "b", NOW).await;
    assert_eq!(refused, Claim::Refused(OrderRefusal::Busy));

    apply(store, reference, approved(reference, &order)).await;
    assert_eq!(state(store, &order).await, OrderState::Paid);
}

pub(crate) async fn an_approval_after_all_is_written_even_beside_a_live_attempt(store: &Store) {
    let (caller, order) = claimed(store, 1200).await;
    let first = begin(store, &order, caller).await.unwrap();
    apply(store, first, Event::NoEffect).await;
    let second = begin(store, &order, caller).await.unwrap();
    apply(store, second, send()).await;

    let (record, _) = store
        .change_attempt(first, NOW, |attempt| attempt.apply(approved(first, &order), NOW))
        .await
        .unwrap();
    assert!(record.attempt.needs_compensation());
    assert_eq!(state(store, &order).await, OrderState::InDoubt);
}

pub(crate) async fn the_report_is_written_with_the_change_and_only_where_there_is_one(store: &Store) {
    let (caller, order) = claimed(store, 1200).await;
    let reference = begin(store, &order, caller).await.unwrap();
    apply(store, reference, send()).await;
    assert_eq!(store.reports().await.unwrap(), []);

    let refused = store.change_attempt(reference, NOW, |attempt| attempt.apply(Event::Abandon, NOW)).await;
    assert!(matches!(refused, Err(ChangeError::Event(InvalidEvent::WrongState { .. }))));
    assert_eq!(store.reports().await.unwrap(), []);

    apply(store, reference, approved(reference, &order)).await;
    let told = [Report { reference, version: 4, state: State::Captured }];
    assert_eq!(store.reports().await.unwrap(), told);
}

pub(crate) async fn a_call_is_found_by_either_id_and_ends_once(store: &Store) {
    let caller = call(store).await;
    let card = card(test_numbers::VISA);
    store.call_card(caller, card.masked(), card.brand()).await.unwrap();
    store.call_ended(caller, &Outcome::Declined(DeclineReason::Expired), NOW).await.unwrap();
    store.call_ended(caller, &Outcome::Approved, NOW + TTL).await.unwrap();

    for id in [caller.as_str(), "a84b4c76e66710"] {
        let found = store.call(merchant(store).await, id).await.unwrap().unwrap();
        let ending = found.ending.unwrap();
        assert_eq!((ending.outcome.as_str(), ending.detail.as_deref()), ("declined", Some("expired")));
        assert_eq!((ending.at, found.last_four), (NOW, Some(card.masked())));
    }
    assert_eq!(store.call(merchant(store).await, "nobody").await.unwrap(), None);
}
