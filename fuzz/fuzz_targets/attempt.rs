//! Any sequence of events on the attempts of one order: no panic, no doubt that ends without a lookup or a
//! person, no two approvals that are meant to stay, and every record reads back.

#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use paytone_psp::attempt::{Attempt, Event, PersonsFinding, State};
use paytone_psp::{
    Approval, Capture, CheckpointBlob, Currency, DeclineReason, Found, IdempotencyKey, Money, OrderId,
    ProviderState, Reference, Snapshot, TransactionId,
};

fuzz_target!(|bytes: &[u8]| {
    let mut now = Duration::from_secs(1_800_000_000);
    let mut attempts = vec![attempt(0, now)];
    for operation in bytes.chunks_exact(4) {
        let &[which, what, detail, pause] = operation else { return };
        now += pause_of(pause);
        let place = usize::from(which) % attempts.len();
        step(&mut attempts[place], what, detail, now);
        let free = attempts.iter().all(|attempt| !attempt.state().blocks_new_attempt());
        if free && attempts.len() < 32 {
            attempts.push(attempt(attempts.len(), now));
        }
        assert!(attempts.iter().filter(|attempt| is_to_stay(attempt)).count() <= 1);
    }
});

fn attempt(number: usize, now: Duration) -> Attempt {
    let symbol = char::from(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number % 32]);
    let reference = Reference::parse(&format!("01ARYZ6S41TSV4RRFFQ69G5FA{symbol}")).unwrap();
    let capture = if number.is_multiple_of(2) { Capture::Auto } else { Capture::Manual };
    Attempt::new(reference, OrderId::parse("order-1").unwrap(), yen(1200), capture, now)
}

fn step(attempt: &mut Attempt, what: u8, detail: u8, now: Duration) {
    let before = attempt.clone();
    let event = event(attempt, what, detail, now);
    let shows_money = event.as_ref().is_some_and(shows_money);
    let settles = matches!(event, Some(Event::LookedUp { .. } | Event::SettledByPerson(_)));
    let refused = match event {
        Some(event) => attempt.apply(event, now).is_err(),
        None if detail.is_multiple_of(2) => {
            let _ = attempt.handle_timeout(now);
            false
        }
        None => {
            let _ = attempt.recover(now);
            false
        }
    };
    if refused {
        assert_eq!(*attempt, before);
    }
    if before.state().is_unknown() && matches!(attempt.state(), State::Declined | State::NotCharged) {
        assert!(settles);
    }
    if before.state().is_over() && attempt.state() != before.state() {
        assert!(shows_money && attempt.needs_compensation());
    }
    if attempt.state().is_unknown() {
        assert!(attempt.poll_timeout().is_some() && attempt.in_doubt().is_some());
    }
    assert!(attempt.version() == before.version() || attempt.version() == before.version() + 1);
    assert_eq!(attempt.version() == before.version(), facts(attempt) == facts(&before));
    assert_eq!(Attempt::from_record(attempt.to_record()).as_ref(), Ok(&*attempt));
}

/// The event a step applies; `None` for the passing of time and for a restart.
fn event(attempt: &Attempt, what: u8, detail: u8, now: Duration) -> Option<Event> {
    let deadline = now + Duration::from_secs(u64::from(detail % 100));
    let money = yen(u64::from(detail) * 6);
    Some(match what % 16 {
        0 => Event::Intend { key: key(), deadline },
        1 => Event::Abandon,
        2 => Event::Send { checkpoint: CheckpointBlob::new(vec![detail]).unwrap() },
        3 => Event::NoEffect,
        4 => Event::Approved(Approval { snapshot: snapshot(attempt, detail), approval_code: None }),
        5 => Event::Declined(DeclineReason::ALL[usize::from(detail) % DeclineReason::ALL.len()]),
        6 => Event::NoAnswer,
        7 => Event::LookedUp { asked: now, found: Found::Absent },
        8 | 9 => {
            let asked = now.saturating_sub(pause_of(what));
            Event::LookedUp { asked, found: Found::Present(snapshot(attempt, detail)) }
        }
        10 => Event::LookupFailed,
        11 => Event::Capture { key: key(), deadline, money },
        12 => Event::Void { key: key(), deadline },
        13 => Event::Refund { key: key(), deadline, money },
        14 if detail < 128 => Event::Done(snapshot(attempt, detail)),
        14 => Event::SettledByPerson(match detail % 3 {
            0 => PersonsFinding::NothingHeld,
            1 => PersonsFinding::Authorised,
            _ => PersonsFinding::Captured,
        }),
        _ => return None,
    })
}

fn snapshot(attempt: &Attempt, detail: u8) -> Snapshot {
    let state = match detail % 8 {
        0 => ProviderState::Pending,
        1 => ProviderState::NotCharged,
        2 => ProviderState::Declined(DeclineReason::CardNotUsable),
        3 | 4 => ProviderState::Authorised,
        5 => ProviderState::Captured,
        6 => ProviderState::Voided,
        _ => ProviderState::Refunded { total: yen(u64::from(detail) * 6) },
    };
    let money = if detail & 0x40 == 0 { attempt.money() } else { yen(u64::from(detail)) };
    let transaction = (detail & 0x20 == 0).then(|| TransactionId::parse("tx-1").unwrap());
    Snapshot { reference: *attempt.reference(), state, money, transaction, test: true }
}

fn shows_money(event: &Event) -> bool {
    let held = |snapshot: &Snapshot| snapshot.state.holds_money(snapshot.money);
    match event {
        Event::Approved(_) => true,
        Event::LookedUp { found: Found::Present(snapshot), .. } | Event::Done(snapshot) => held(snapshot),
        _ => false,
    }
}

fn is_to_stay(attempt: &Attempt) -> bool {
    let holds = matches!(
        attempt.state(),
        State::Approved | State::Capturing | State::Captured | State::Voiding | State::Refunding
    );
    holds && !attempt.needs_compensation()
}

fn facts(attempt: &Attempt) -> (State, Option<Money>, Money, bool) {
    (attempt.state(), attempt.captured(), attempt.refunded(), attempt.needs_compensation())
}

/// Mostly seconds, sometimes hours.
fn pause_of(byte: u8) -> Duration {
    match byte {
        0..=199 => Duration::from_secs(u64::from(byte % 50)),
        _ => Duration::from_secs(u64::from(byte) * 60),
    }
}

fn yen(minor: u64) -> Money {
    Money::new(minor, Currency::JPY)
}

fn key() -> IdempotencyKey {
    IdempotencyKey::parse("6b1f1f3e-5f0a-4d35-9d39-2f5a6a1b7c11").unwrap()
}
