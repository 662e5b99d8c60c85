//! What holds for an attempt, and for the attempts of one order, whatever happens in whatever order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use core::time::Duration;

use paytone_psp::attempt::{Attempt, Event, InvalidEvent, PersonsFinding, SETTLE, State};
use paytone_psp::{
    Approval, Capture, CheckpointBlob, Currency, DeclineReason, Found, IdempotencyKey, Money, Operation,
    OrderId, ProviderState, Reference, Snapshot,
};
use proptest::prelude::*;

const START: Duration = Duration::from_secs(1_800_000_000);

fn reference(number: u8) -> Reference {
    let symbol = char::from(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[usize::from(number % 32)]);
    Reference::parse(&format!("01ARYZ6S41TSV4RRFFQ69G5FA{symbol}")).unwrap()
}

fn key() -> IdempotencyKey {
    IdempotencyKey::parse("6b1f1f3e-5f0a-4d35-9d39-2f5a6a1b7c11").unwrap()
}

fn yen(minor: u64) -> Money {
    Money::new(minor, Currency::JPY)
}

fn new_attempt(number: u8, now: Duration) -> Attempt {
    Attempt::new(reference(number), OrderId::parse("order-1").unwrap(), yen(1200), Capture::Auto, now)
}

/// An event for whichever attempt it will be applied to.
#[derive(Debug, Clone)]
enum Step {
    Apply(fn(Reference, Duration, u64) -> Event, u64),
    Approved(ProviderState),
    LookedUp { ago: u64, found: Option<ProviderState> },
    Done(ProviderState),
    Timeout,
    Restart,
}

impl Step {
    fn event(&self, reference: Reference, now: Duration) -> Option<Event> {
        let snapshot = |state| Snapshot { reference, state, money: yen(1200), transaction: None, test: true };
        Some(match self {
            Self::Apply(make, number) => make(reference, now, *number),
            Self::Approved(state) => {
                Event::Approved(Approval { snapshot: snapshot(*state), approval_code: None })
            }
            Self::LookedUp { ago, found } => Event::LookedUp {
                asked: now.saturating_sub(Duration::from_secs(*ago)),
                found: found.map_or(Found::Absent, |state| Found::Present(snapshot(state))),
            },
            Self::Done(state) => Event::Done(snapshot(*state)),
            Self::Timeout | Self::Restart => return None,
        })
    }

    /// Whether this step is a provider's word that money is held.
    fn shows_money(&self) -> bool {
        match self {
            Self::Approved(_) => true,
            Self::LookedUp { found: Some(state), .. } | Self::Done(state) => state.holds_money(yen(1200)),
            _ => false,
        }
    }
}

fn provider_state() -> impl Strategy<Value = ProviderState> {
    prop_oneof![
        Just(ProviderState::Pending),
        Just(ProviderState::NotCharged),
        Just(ProviderState::Declined(DeclineReason::InsufficientFunds)),
        Just(ProviderState::Authorised),
        Just(ProviderState::Captured),
        Just(ProviderState::Voided),
        (0_u64..1300).prop_map(|total| ProviderState::Refunded { total: yen(total) }),
    ]
}

fn own_event() -> impl Strategy<Value = Step> {
    let events: Vec<fn(Reference, Duration, u64) -> Event> = vec![
        |_, now, number| Event::Intend { key: key(), deadline: now + Duration::from_secs(number % 100) },
        |_, _, _| Event::Abandon,
        |_, _, number| Event::Send { checkpoint: CheckpointBlob::new(vec![number as u8]).unwrap() },
        |_, _, _| Event::NoEffect,
        |_, _, _| Event::Declined(DeclineReason::CardNotUsable),
        |_, _, _| Event::NoAnswer,
        |_, _, _| Event::LookupFailed,
        |_, now, number| Event::Capture {
            key: key(),
            deadline: now + Duration::from_secs(number % 100),
            money: yen(number % 1300),
        },
        |_, now, number| Event::Void { key: key(), deadline: now + Duration::from_secs(number % 100) },
        |_, now, number| Event::Refund {
            key: key(),
            deadline: now + Duration::from_secs(number % 100),
            money: yen(number % 1300),
        },
        |_, _, number| {
            Event::SettledByPerson(match number % 3 {
                0 => PersonsFinding::NothingHeld,
                1 => PersonsFinding::Authorised,
                _ => PersonsFinding::Captured,
            })
        },
    ];
    (prop::sample::select(events), any::<u64>()).prop_map(|(make, number)| Step::Apply(make, number))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => own_event(),
        1 => prop_oneof![Just(ProviderState::Authorised), Just(ProviderState::Captured)].prop_map(Step::Approved),
        3 => (0_u64..400, prop::option::of(provider_state()))
            .prop_map(|(ago, found)| Step::LookedUp { ago, found }),
        2 => provider_state().prop_map(Step::Done),
        1 => Just(Step::Timeout),
        1 => Just(Step::Restart),
    ]
}

/// Steps, each with the seconds that pass before it.
fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let pause = prop_oneof![4 => 0_u64..30, 1 => 0_u64..10_000];
    prop::collection::vec((pause, step()), 0..60)
}

/// The path an attempt of one order usually takes to its request, so that random steps begin where it
/// matters.
fn sent(number: u8, now: Duration) -> Attempt {
    let mut attempt = new_attempt(number, now);
    let deadline = now + Duration::from_secs(90);
    let _ = attempt.apply(Event::Intend { key: key(), deadline }, now).unwrap();
    let _ = attempt.apply(Event::Send { checkpoint: CheckpointBlob::new(vec![]).unwrap() }, now).unwrap();
    attempt
}

fn take(attempt: &mut Attempt, step: &Step, now: Duration) -> Result<(), InvalidEvent> {
    match step.event(*attempt.reference(), now) {
        Some(event) => attempt.apply(event, now).map(drop),
        None if matches!(step, Step::Restart) => {
            let _ = attempt.recover(now);
            Ok(())
        }
        None => {
            let _ = attempt.handle_timeout(now);
            Ok(())
        }
    }
}

fn holds_money(attempt: &Attempt) -> bool {
    matches!(
        attempt.state(),
        State::Approved | State::Capturing | State::Captured | State::Voiding | State::Refunding
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_leaves_doubt_for_no_without_a_lookup_or_a_person(steps in steps(), begin_sent: bool) {
        let mut now = START;
        let mut attempt = if begin_sent { sent(0, now) } else { new_attempt(0, now) };
        for (pause, step) in steps {
            now += Duration::from_secs(pause);
            let before = attempt.clone();
            let _ = take(&mut attempt, &step, now);
            let fell = matches!(attempt.state(), State::Declined | State::NotCharged);
            if before.state().is_unknown() && fell {
                let by_person =
                    matches!(step.event(*attempt.reference(), now), Some(Event::SettledByPerson(_)));
                let by_provider = matches!(step, Step::LookedUp { .. });
                prop_assert!(by_person || by_provider, "{step:?}");
            }
            if let (true, State::NotCharged, Step::LookedUp { ago, .. }) =
                (before.state().is_unknown(), attempt.state(), &step)
            {
                let asked = now - Duration::from_secs(*ago);
                prop_assert!(asked >= before.pending().unwrap().deadline + SETTLE);
            }
        }
    }

    #[test]
    fn what_is_over_stays_over_unless_money_comes_to_light(steps in steps(), begin_sent: bool) {
        let mut now = START;
        let mut attempt = if begin_sent { sent(0, now) } else { new_attempt(0, now) };
        for (pause, step) in steps {
            now += Duration::from_secs(pause);
            let before = attempt.clone();
            let _ = take(&mut attempt, &step, now);
            if before.state().is_over() && attempt.state() != before.state() {
                prop_assert!(step.shows_money(), "{step:?}");
                prop_assert!(holds_money(&attempt) && attempt.needs_compensation(), "{attempt:?}");
            }
        }
    }

    #[test]
    fn an_approval_is_never_ignored(steps in steps(), state in prop::sample::select(vec![
        ProviderState::Authorised, ProviderState::Captured,
    ])) {
        let mut now = START;
        let mut attempt = sent(0, now);
        for (pause, step) in steps {
            now += Duration::from_secs(pause);
            let _ = take(&mut attempt, &step, now);
        }
        let before = attempt.clone();
        take(&mut attempt, &Step::Approved(state), now).unwrap();
        let reversed_since = matches!(before.state(), State::Voided | State::Refunded);
        let about_a_later_request = before.state() == State::NeedsPerson
            && before.pending().is_some_and(|pending| pending.operation != Operation::Authorize);
        prop_assert!(holds_money(&attempt) || reversed_since || about_a_later_request, "{before:?}");
    }

    #[test]
    fn an_order_never_has_two_approvals_that_are_meant_to_stay(
        steps in prop::collection::vec((any::<u8>(), 0_u64..200, step()), 0..120),
    ) {
        let mut now = START;
        let mut attempts = vec![sent(0, now)];
        for (which, pause, step) in steps {
            now += Duration::from_secs(pause);
            let place = usize::from(which) % attempts.len();
            let _ = take(&mut attempts[place], &step, now);
            if attempts.iter().all(|attempt| !attempt.state().blocks_new_attempt()) && attempts.len() < 32 {
                attempts.push(sent(attempts.len() as u8, now));
            }
            let staying =
                attempts.iter().filter(|attempt| holds_money(attempt) && !attempt.needs_compensation()).count();
            prop_assert!(staying <= 1, "{attempts:#?}");
        }
    }

    #[test]
    fn the_version_counts_what_the_merchant_would_see(steps in steps(), begin_sent: bool) {
        let mut now = START;
        let mut attempt = if begin_sent { sent(0, now) } else { new_attempt(0, now) };
        for (pause, step) in steps {
            now += Duration::from_secs(pause);
            let before = attempt.clone();
            let refused = take(&mut attempt, &step, now).is_err();
            let seen = |attempt: &Attempt| {
                (attempt.state(), attempt.captured(), attempt.refunded(), attempt.needs_compensation())
            };
            let risen = u32::from(seen(&before) != seen(&attempt));
            prop_assert_eq!(attempt.version(), before.version() + risen);
            if refused {
                prop_assert_eq!(&attempt, &before);
            }
        }
    }

    #[test]
    fn a_record_brings_back_the_same_attempt(steps in steps(), begin_sent: bool) {
        let mut now = START;
        let mut attempt = if begin_sent { sent(0, now) } else { new_attempt(0, now) };
        for (pause, step) in steps {
            now += Duration::from_secs(pause);
            let _ = take(&mut attempt, &step, now);
            prop_assert_eq!(Attempt::from_record(attempt.to_record()), Ok(attempt.clone()));
        }
    }

    #[test]
    fn nothing_is_sent_after_its_deadline(steps in steps(), begin_sent: bool) {
        let mut now = START;
        let mut attempt = if begin_sent { sent(0, now) } else { new_attempt(0, now) };
        for (pause, step) in steps {
            now += Duration::from_secs(pause);
            let event = step.event(*attempt.reference(), now);
            let sends = matches!(
                event,
                Some(Event::Send { .. } | Event::Capture { .. } | Event::Void { .. } | Event::Refund { .. })
            );
            if take(&mut attempt, &step, now).is_ok() && sends {
                prop_assert!(now < attempt.pending().unwrap().deadline);
            }
        }
    }

    #[test]
    fn whatever_is_unknown_is_looked_up_for_ever(steps in steps()) {
        let mut now = START;
        let mut attempt = sent(0, now);
        for (pause, step) in steps {
            now += Duration::from_secs(pause);
            let _ = take(&mut attempt, &step, now);
        }
        for _ in 0..200 {
            if attempt.state().is_unknown() {
                let due = attempt.poll_timeout().unwrap();
                now = now.max(due);
                prop_assert!(due <= now + Duration::from_secs(3600));
                let _ = attempt.handle_timeout(now);
                if attempt.lookup_due(now) {
                    prop_assert!(attempt.in_doubt().is_some());
                    let _ = attempt.apply(Event::LookupFailed, now);
                }
                prop_assert!(attempt.state().is_unknown());
            }
        }
    }

    #[test]
    fn no_more_is_refunded_than_was_taken(steps in steps()) {
        let mut now = START;
        let mut attempt = sent(0, now);
        for (pause, step) in steps {
            now += Duration::from_secs(pause);
            let before = attempt.clone();
            let _ = take(&mut attempt, &step, now);
            if (before.state(), attempt.state()) == (State::Captured, State::Refunding) {
                prop_assert!(attempt.pending().unwrap().money <= before.left_to_refund().unwrap());
            }
        }
    }
}
