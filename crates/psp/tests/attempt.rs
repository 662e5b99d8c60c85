//! An attempt's life, told in examples.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod support;

use core::time::Duration;

use paytone_psp::attempt::{Attempt, Event, InvalidEvent, InvalidRecord, PersonsFinding, SETTLE, State};
use paytone_psp::{
    Approval, Capture, CheckpointBlob, DeclineReason, Found, Operation, ProviderState, Snapshot,
    TransactionId,
};

use support::{NOW, Names, order, yen};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn created() -> Attempt {
    Attempt::new(Names::new().reference(), order(), yen(1200), Capture::Manual, NOW)
}

fn apply(attempt: &mut Attempt, event: Event, now: Duration) -> State {
    attempt.apply(event, now).unwrap().to
}

fn intend() -> Event {
    Event::Intend { key: Names::new().key(), deadline: NOW + secs(90) }
}

fn send() -> Event {
    Event::Send { checkpoint: CheckpointBlob::new(b"access".to_vec()).unwrap() }
}

fn sent() -> Attempt {
    let mut attempt = created();
    apply(&mut attempt, intend(), NOW);
    apply(&mut attempt, send(), NOW);
    attempt
}

fn snapshot(attempt: &Attempt, state: ProviderState) -> Snapshot {
    Snapshot { reference: *attempt.reference(), state, money: attempt.money(), transaction: None, test: true }
}

fn approved(attempt: &Attempt, state: ProviderState) -> Event {
    Event::Approved(Approval { snapshot: snapshot(attempt, state), approval_code: None })
}

fn held(state: ProviderState) -> Attempt {
    let mut attempt = sent();
    let event = approved(&attempt, state);
    apply(&mut attempt, event, NOW);
    attempt
}

fn looked_up(attempt: &Attempt, asked: Duration, state: Option<ProviderState>) -> Event {
    let found = state.map_or(Found::Absent, |state| Found::Present(snapshot(attempt, state)));
    Event::LookedUp { asked, found }
}

fn void() -> Event {
    Event::Void { key: Names::new().key(), deadline: NOW + secs(90) }
}

fn refund(minor: u64) -> Event {
    Event::Refund { key: Names::new().key(), deadline: NOW + secs(90), money: yen(minor) }
}

#[test]
fn the_short_ways() {
    let mut attempt = created();
    assert_eq!(apply(&mut attempt, Event::Abandon, NOW), State::Abandoned);
    let mut attempt = created();
    assert_eq!(apply(&mut attempt, intend(), NOW), State::Intent);
    assert_eq!(apply(&mut attempt, Event::NoEffect, NOW), State::NotCharged);
    let mut attempt = sent();
    assert_eq!(apply(&mut attempt, Event::Declined(DeclineReason::Expired), NOW), State::Declined);
    assert_eq!(attempt.decline(), Some(DeclineReason::Expired));
    assert_eq!(held(ProviderState::Authorised).state(), State::Approved);
    assert_eq!(held(ProviderState::Captured).captured(), Some(yen(1200)));
}

#[test]
fn a_restart_closes_what_was_not_sent_and_doubts_what_was() {
    let mut attempt = created();
    assert_eq!(attempt.recover(NOW).to, State::Abandoned);
    let mut attempt = created();
    apply(&mut attempt, intend(), NOW);
    assert_eq!(attempt.recover(NOW).to, State::NotCharged);
    let mut attempt = sent();
    assert_eq!(attempt.recover(NOW + secs(7)).to, State::InDoubt);
    assert!(attempt.lookup_due(NOW + secs(7)));
    assert_eq!(attempt.in_doubt().unwrap().checkpoint().unwrap().as_bytes(), b"access");
    for (event, state) in [(void(), State::Voiding), (refund(1), State::Refunding)] {
        let held_as =
            if state == State::Voiding { ProviderState::Authorised } else { ProviderState::Captured };
        let mut attempt = held(held_as);
        apply(&mut attempt, event, NOW);
        assert_eq!(attempt.recover(NOW).to, state);
        assert!(attempt.lookup_due(NOW));
    }
    let mut attempt = held(ProviderState::Captured);
    assert!(!attempt.recover(NOW).changed);
}

#[test]
fn lookups_come_at_growing_intervals_and_then_every_hour() {
    let mut attempt = sent();
    apply(&mut attempt, Event::NoAnswer, NOW);
    let (mut at, mut waits) = (NOW, vec![]);
    while attempt.state() == State::InDoubt {
        let due = attempt.poll_timeout().unwrap();
        let transition = attempt.handle_timeout(due);
        if transition.to == State::NeedsPerson {
            assert_eq!(due, NOW + secs(2 * 3600));
            assert!(transition.report);
            break;
        }
        assert!(attempt.lookup_due(due) && !attempt.lookup_due(due - secs(1)));
        waits.push((due - at).as_secs());
        apply(&mut attempt, Event::LookupFailed, due);
        at = due;
    }
    assert_eq!(waits, [5, 15, 60, 300, 900, 3600]);
    for _ in 0..3 {
        let due = attempt.poll_timeout().unwrap();
        assert!(due <= at + secs(3600));
        apply(&mut attempt, Event::LookupFailed, due);
        assert_eq!(attempt.poll_timeout(), Some(due + secs(3600)));
        at = due;
    }
}

#[test]
fn nothing_there_counts_only_after_the_settle_time() {
    let mut attempt = sent();
    apply(&mut attempt, Event::NoAnswer, NOW + secs(30));
    let settled = NOW + secs(90) + SETTLE;
    for early in [None, Some(ProviderState::NotCharged)] {
        let event = looked_up(&attempt, settled - secs(1), early);
        assert_eq!(apply(&mut attempt, event, settled + secs(60)), State::InDoubt);
    }
    let event = looked_up(&attempt, settled, None);
    assert_eq!(apply(&mut attempt, event, settled), State::NotCharged);
}

#[test]
fn a_late_decline_is_only_a_reason_to_look() {
    let mut attempt = sent();
    apply(&mut attempt, Event::NoAnswer, NOW);
    for event in [Event::Declined(DeclineReason::Expired), Event::NoEffect] {
        assert_eq!(apply(&mut attempt, event, NOW + secs(1)), State::InDoubt);
        assert!(attempt.lookup_due(NOW + secs(1)));
    }
    let event = looked_up(&attempt, NOW + secs(1), Some(ProviderState::Declined(DeclineReason::Expired)));
    assert_eq!(apply(&mut attempt, event, NOW + secs(1)), State::Declined);
}

#[test]
fn a_late_approval_after_not_charged_is_believed_and_compensated() {
    let mut attempt = sent();
    apply(&mut attempt, Event::NoEffect, NOW);
    assert!(!attempt.state().blocks_new_attempt());
    let transition =
        attempt.apply(approved(&attempt.clone(), ProviderState::Authorised), NOW + secs(500)).unwrap();
    assert_eq!((transition.from, transition.to), (State::NotCharged, State::Approved));
    assert!(transition.report && attempt.needs_compensation() && attempt.state().blocks_new_attempt());
    let capture = Event::Capture { key: Names::new().key(), deadline: NOW + secs(600), money: yen(1200) };
    let refused = attempt.apply(capture, NOW + secs(500));
    assert!(matches!(refused, Err(InvalidEvent::WrongState { .. })), "{refused:?}");
    let void = Event::Void { key: Names::new().key(), deadline: NOW + secs(600) };
    apply(&mut attempt, void, NOW + secs(500));
    let done = Event::Done(snapshot(&attempt, ProviderState::Voided));
    assert_eq!(apply(&mut attempt, done, NOW + secs(501)), State::Voided);
    assert!(!attempt.needs_compensation());
}

#[test]
fn an_approval_of_another_amount_is_compensated() {
    let mut attempt = sent();
    let mut other = snapshot(&attempt, ProviderState::Captured);
    other.money = yen(12000);
    apply(&mut attempt, Event::Approved(Approval { snapshot: other, approval_code: None }), NOW);
    assert_eq!((attempt.state(), attempt.captured()), (State::Captured, Some(yen(12000))));
    assert!(attempt.needs_compensation());
}

#[test]
fn a_void_without_an_answer_is_looked_up() {
    for (shown, becomes) in [
        (ProviderState::Voided, State::Voided),
        (ProviderState::Captured, State::Captured),
        (ProviderState::Pending, State::Voiding),
        (ProviderState::Authorised, State::Voiding),
    ] {
        let mut attempt = held(ProviderState::Authorised);
        apply(&mut attempt, void(), NOW);
        assert_eq!(apply(&mut attempt, Event::NoAnswer, NOW + secs(1)), State::Voiding);
        assert_eq!(attempt.in_doubt().unwrap().operation(), Operation::Void);
        let event = looked_up(&attempt, NOW + secs(6), Some(shown));
        assert_eq!(apply(&mut attempt, event, NOW + secs(6)), becomes);
    }
    let mut attempt = held(ProviderState::Authorised);
    apply(&mut attempt, void(), NOW);
    apply(&mut attempt, Event::NoAnswer, NOW + secs(1));
    let event = looked_up(&attempt, NOW + secs(90) + SETTLE, Some(ProviderState::Authorised));
    assert_eq!(apply(&mut attempt, event, NOW + secs(300)), State::Approved, "it was never done");
}

#[test]
fn refunds_add_up_to_what_was_taken() {
    let mut attempt = held(ProviderState::Captured);
    apply(&mut attempt, refund(500), NOW);
    let done = Event::Done(snapshot(&attempt, ProviderState::Refunded { total: yen(500) }));
    let transition = attempt.apply(done, NOW).unwrap();
    assert_eq!((transition.to, transition.report), (State::Captured, true));
    assert_eq!((attempt.refunded(), attempt.left_to_refund()), (yen(500), Some(yen(700))));
    assert_eq!(attempt.apply(refund(701), NOW), Err(InvalidEvent::Amount));
    apply(&mut attempt, refund(700), NOW);
    let done = Event::Done(snapshot(&attempt, ProviderState::Refunded { total: yen(1200) }));
    assert_eq!(apply(&mut attempt, done, NOW), State::Refunded);
}

#[test]
fn a_refund_in_doubt_is_not_taken_for_an_earlier_one() {
    let mut attempt = held(ProviderState::Captured);
    apply(&mut attempt, refund(500), NOW);
    let done = Event::Done(snapshot(&attempt, ProviderState::Refunded { total: yen(500) }));
    apply(&mut attempt, done, NOW);
    apply(&mut attempt, refund(300), NOW);
    apply(&mut attempt, Event::NoAnswer, NOW);
    let shown = ProviderState::Refunded { total: yen(500) };
    let event = looked_up(&attempt, NOW + secs(5), Some(shown));
    assert_eq!(apply(&mut attempt, event, NOW + secs(5)), State::Refunding);
    let event = looked_up(&attempt, NOW + secs(10), Some(ProviderState::Refunded { total: yen(800) }));
    assert_eq!(apply(&mut attempt, event, NOW + secs(10)), State::Captured);
    assert_eq!(attempt.refunded(), yen(800));
}

#[test]
fn what_was_confirmed_is_not_taken_back() {
    let mut attempt = held(ProviderState::Captured);
    for shown in
        [None, Some(ProviderState::NotCharged), Some(ProviderState::Declined(DeclineReason::Expired))]
    {
        let refused = attempt.apply(looked_up(&attempt.clone(), NOW + secs(900), shown), NOW + secs(900));
        assert_eq!(refused, Err(InvalidEvent::Contradiction { state: State::Captured }));
    }
    let refused = attempt.apply(Event::Declined(DeclineReason::Expired), NOW);
    assert_eq!(refused, Err(InvalidEvent::Contradiction { state: State::Captured }));
    assert_eq!(attempt.state(), State::Captured);
}

#[test]
fn one_reference_has_one_transaction() {
    let mut attempt = sent();
    let mut first = snapshot(&attempt, ProviderState::Captured);
    first.transaction = Some(TransactionId::parse("tx-1").unwrap());
    let mut second = first.clone();
    second.transaction = Some(TransactionId::parse("tx-2").unwrap());
    let event = |snapshot| Event::Approved(Approval { snapshot, approval_code: None });
    apply(&mut attempt, event(first), NOW);
    assert_eq!(
        attempt.apply(event(second), NOW),
        Err(InvalidEvent::Contradiction { state: State::Captured })
    );
    let stranger = Attempt::new(Names::seeded(3).reference(), order(), yen(1200), Capture::Auto, NOW);
    let other = event(snapshot(&stranger, ProviderState::Captured));
    assert_eq!(attempt.apply(other, NOW), Err(InvalidEvent::OtherReference));
}

#[test]
fn a_lookup_from_before_a_void_does_not_undo_it() {
    let mut attempt = held(ProviderState::Authorised);
    apply(&mut attempt, void(), NOW + secs(10));
    let done = Event::Done(snapshot(&attempt, ProviderState::Voided));
    apply(&mut attempt, done, NOW + secs(11));
    let stale = looked_up(&attempt, NOW + secs(9), Some(ProviderState::Authorised));
    assert_eq!(apply(&mut attempt, stale, NOW + secs(12)), State::Voided);
    let fresh = looked_up(&attempt, NOW + secs(12), Some(ProviderState::Authorised));
    assert_eq!(apply(&mut attempt, fresh, NOW + secs(13)), State::Approved);
    assert!(attempt.needs_compensation());
}

#[test]
fn a_person_settles_what_no_lookup_could() {
    for (finding, becomes) in [
        (PersonsFinding::NothingHeld, State::NotCharged),
        (PersonsFinding::Authorised, State::Approved),
        (PersonsFinding::Captured, State::Captured),
    ] {
        let mut attempt = sent();
        apply(&mut attempt, Event::NoAnswer, NOW);
        let early = attempt.apply(Event::SettledByPerson(finding), NOW);
        assert!(matches!(early, Err(InvalidEvent::WrongState { .. })), "{early:?}");
        assert_eq!(attempt.handle_timeout(NOW + secs(7200)).to, State::NeedsPerson);
        assert_eq!(apply(&mut attempt, Event::SettledByPerson(finding), NOW + secs(7300)), becomes);
        assert_eq!(attempt.poll_timeout(), None);
    }
}

#[test]
fn a_request_without_an_answer_is_in_doubt_at_its_deadline() {
    let mut attempt = sent();
    assert_eq!(attempt.poll_timeout(), Some(NOW + secs(90)));
    assert!(!attempt.handle_timeout(NOW + secs(89)).changed);
    assert_eq!(attempt.handle_timeout(NOW + secs(90)).to, State::InDoubt);
}

#[test]
fn nothing_begins_too_late_or_for_nothing() {
    let mut attempt = created();
    assert_eq!(attempt.apply(intend(), NOW + secs(90)), Err(InvalidEvent::DeadlinePassed));
    apply(&mut attempt, intend(), NOW);
    assert_eq!(attempt.apply(send(), NOW + secs(90)), Err(InvalidEvent::DeadlinePassed));
    assert_eq!(attempt.state(), State::Intent);
    let mut free = Attempt::new(Names::new().reference(), order(), yen(0), Capture::Auto, NOW);
    assert_eq!(free.apply(intend(), NOW), Err(InvalidEvent::Amount));
}

#[test]
fn a_record_that_does_not_fit_together_is_refused() {
    let good = sent().to_record();
    let mut record = good.clone();
    record.pending = None;
    assert_eq!(Attempt::from_record(record), Err(InvalidRecord::Inconsistent));
    let mut record = good.clone();
    record.state = "in_doubt".into();
    assert_eq!(Attempt::from_record(record), Err(InvalidRecord::Inconsistent));
    let mut record = good.clone();
    record.state = "paid".into();
    assert_eq!(Attempt::from_record(record), Err(InvalidRecord::Column("state")));
    let mut record = good.clone();
    record.order = "4111111111111111".into();
    assert_eq!(Attempt::from_record(record), Err(InvalidRecord::Column("order")));
    let text = serde_json::to_string(&good).unwrap();
    assert_eq!(Attempt::from_record(serde_json::from_str(&text).unwrap()), Ok(sent()));
}
