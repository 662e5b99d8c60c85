//! The attempt journal: one try to take money for an order, as a state machine that forgets nothing.
//!
//! ```
//! use core::time::Duration;
//! use paytone_psp::attempt::{Attempt, Event, State};
//! use paytone_psp::{Capture, CheckpointBlob, Currency, IdempotencyKey, Money, OrderId, Reference};
//! use rand::{SeedableRng, rngs::StdRng};
//!
//! let (now, mut rng) = (Duration::from_secs(1_800_000_000), StdRng::seed_from_u64(7));
//! let order = OrderId::parse("2026-0001")?;
//! let money = Money::new(1200, Currency::JPY);
//! let mut attempt = Attempt::new(Reference::generate(now, &mut rng), order, money, Capture::Auto, now);
//! let deadline = now + Duration::from_secs(90);
//! attempt.apply(Event::Intend { key: IdempotencyKey::generate(&mut rng), deadline }, now)?;
//! attempt.apply(Event::Send { checkpoint: CheckpointBlob::new(vec![])? }, now)?;
//!
//! // The process dies here. The next one finds the attempt in its store:
//! let mut attempt = Attempt::from_record(attempt.to_record())?;
//! let transition = attempt.recover(now + Duration::from_secs(600));
//! assert_eq!((transition.from, transition.to), (State::Sending, State::InDoubt));
//! assert!(transition.report, "the merchant hears that the outcome is unknown");
//! assert!(attempt.state().blocks_new_attempt());
//! assert!(attempt.lookup_due(now + Duration::from_secs(600)));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # How a caller works with it
//!
//! 1. Apply the [`Event`] **before** the step that another system can see, and commit the [`Record`] durably;
//!    only then take the step. [`Event::Send`] belongs into the gateway's [`Checkpoint`](crate::Checkpoint).
//! 2. Apply the answer as an event and commit again. Where [`Transition::report`] is set, put the version
//!    into the merchant's outbox in the same commit. Reporting is no state of the attempt.
//! 3. At [`poll_timeout`](Attempt::poll_timeout) call [`handle_timeout`](Attempt::handle_timeout); where
//!    [`lookup_due`](Attempt::lookup_due), make a lookup with [`in_doubt`](Attempt::in_doubt).
//! 4. At start call [`recover`](Attempt::recover) on every attempt that is not over.
//! 5. Where [`needs_compensation`](Attempt::needs_compensation), void (or refund) without being asked.
//!
//! # What it holds to
//!
//! - An answer that is missing is [`State::InDoubt`], blocks the order, and ages into [`State::NeedsPerson`]
//!   alone.
//! - Nothing leaves doubt for `Declined` or `NotCharged` but a lookup or a person, and "nothing there" counts
//!   only once [`SETTLE`] has passed since the request's deadline.
//! - An approval is believed in every state. Where it contradicts what was reported, the attempt asks to be
//!   compensated.
//! - Nothing is sent after the deadline.

mod event;
mod learn;
mod pending;
mod react;
mod record;
mod schedule;
mod state;

use core::time::Duration;

use crate::{
    ApprovalCode, Capture, CheckpointBlob, DeclineReason, DoubtCause, InDoubt, Money, OrderId, Reference,
    TransactionId,
};

pub use self::event::{Event, InvalidEvent, PersonsFinding, Transition};
pub use self::pending::Pending;
pub use self::record::{DoubtRecord, InvalidRecord, PendingRecord, Record};
pub use self::schedule::{LOOKUP_DELAYS, PERSON_AFTER, SETTLE};
pub use self::state::State;

use self::schedule::Doubt;

/// One try to take money for an order, under one [`Reference`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    reference: Reference,
    order: OrderId,
    money: Money,
    capture: Capture,
    state: State,
    since: Duration,
    version: u32,
    pending: Option<Pending>,
    doubt: Option<Doubt>,
    checkpoint: Option<CheckpointBlob>,
    decline: Option<DeclineReason>,
    transaction: Option<TransactionId>,
    approval_code: Option<ApprovalCode>,
    captured: Option<Money>,
    refunded: Money,
    compensate: bool,
    test: bool,
}

impl Attempt {
    /// A new attempt in [`State::Created`], version 1. Its existence already keeps a second one from the
    /// order.
    #[must_use]
    pub fn new(reference: Reference, order: OrderId, money: Money, capture: Capture, now: Duration) -> Self {
        Self {
            reference,
            order,
            money,
            capture,
            state: State::Created,
            since: now,
            version: 1,
            pending: None,
            doubt: None,
            checkpoint: None,
            decline: None,
            transaction: None,
            approval_code: None,
            captured: None,
            refunded: Money::zero(money.currency()),
            compensate: false,
            test: false,
        }
    }

    /// Applies what happened at `now` (since the Unix epoch).
    ///
    /// # Errors
    ///
    /// The event cannot happen in this state, or contradicts what is known. The attempt is then unchanged;
    /// whoever gets such an error about an answer of a provider raises an alarm.
    pub fn apply(&mut self, event: Event, now: Duration) -> Result<Transition, InvalidEvent> {
        let mut next = self.clone();
        next.react(event, now)?;
        Ok(self.become_next(next, now))
    }

    /// What to do about time that has passed: a request without an answer at its deadline becomes in doubt, a
    /// doubt too old becomes a person's.
    pub fn handle_timeout(&mut self, now: Duration) -> Transition {
        let mut next = self.clone();
        next.age(now);
        self.become_next(next, now)
    }

    /// What to do after a restart: an attempt that never began is abandoned, one that was not sent yet is not
    /// charged, and whatever was sent is in doubt, with a lookup due at once.
    pub fn recover(&mut self, now: Duration) -> Transition {
        let mut next = self.clone();
        match next.state {
            State::Created => next.state = State::Abandoned,
            State::Intent => next.close(State::NotCharged),
            State::Sending | State::Capturing | State::Voiding | State::Refunding => {
                next.fall_in_doubt(now, now);
            }
            State::InDoubt | State::NeedsPerson => next.look_up_now(now),
            _ => {}
        }
        self.become_next(next, now)
    }

    /// Takes over what `next` has become and counts the version where there is something to tell.
    fn become_next(&mut self, mut next: Self, now: Duration) -> Transition {
        let from = self.state;
        let changed = next.facts() != self.facts();
        if changed {
            next.version = self.version.saturating_add(1);
        }
        if next.state != from {
            next.since = now;
        }
        *self = next;
        Transition {
            from,
            to: self.state,
            version: self.version,
            changed,
            report: changed && self.state.is_reported(),
        }
    }

    /// What a merchant would see change.
    const fn facts(&self) -> (State, Option<Money>, Money, bool) {
        (self.state, self.captured, self.refunded, self.compensate)
    }

    /// Ends a request or an attempt: nothing is pending or in doubt any more.
    fn close(&mut self, state: State) {
        self.state = state;
        self.pending = None;
        self.doubt = None;
    }

    /// What a lookup takes to ask about this attempt. `None` where no request's outcome is open.
    #[must_use]
    pub fn in_doubt(&self) -> Option<InDoubt> {
        let pending = self.pending.as_ref().filter(|_| self.state != State::Intent)?;
        let mut doubt = InDoubt::new(self.reference, pending.operation, DoubtCause::Restart);
        if let Some(checkpoint) = &self.checkpoint {
            doubt = doubt.with_checkpoint(checkpoint.clone());
        }
        if let Some(transaction) = &self.transaction {
            doubt = doubt.with_transaction(transaction.clone());
        }
        Some(doubt)
    }

    /// Our own name of the attempt.
    #[must_use]
    pub const fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The merchant's order.
    #[must_use]
    pub const fn order(&self) -> &OrderId {
        &self.order
    }

    /// The amount asked for.
    #[must_use]
    pub const fn money(&self) -> Money {
        self.money
    }

    /// Whether the money is taken with the approval.
    #[must_use]
    pub const fn capture(&self) -> Capture {
        self.capture
    }

    /// Where the attempt stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Since when it stands there, since the Unix epoch.
    #[must_use]
    pub const fn since(&self) -> Duration {
        self.since
    }

    /// Counts the changes a merchant would see; 1 at first. The merchant tells reports apart by reference and
    /// version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The request whose outcome is open.
    #[must_use]
    pub const fn pending(&self) -> Option<&Pending> {
        self.pending.as_ref()
    }

    /// Why it was declined.
    #[must_use]
    pub const fn decline(&self) -> Option<DeclineReason> {
        self.decline
    }

    /// The provider's id, once an answer gave it.
    #[must_use]
    pub const fn transaction(&self) -> Option<&TransactionId> {
        self.transaction.as_ref()
    }

    /// The issuer's approval code, once an answer gave it.
    #[must_use]
    pub const fn approval_code(&self) -> Option<&ApprovalCode> {
        self.approval_code.as_ref()
    }

    /// What was taken; `None` until then.
    #[must_use]
    pub const fn captured(&self) -> Option<Money> {
        self.captured
    }

    /// What was given back so far.
    #[must_use]
    pub const fn refunded(&self) -> Money {
        self.refunded
    }

    /// Whether the provider holds money that was reported as not taken, or another amount than asked for: it
    /// must be voided or refunded without being asked.
    #[must_use]
    pub const fn needs_compensation(&self) -> bool {
        self.compensate
    }

    /// Whether the provider said that no real card network was asked.
    #[must_use]
    pub const fn is_test(&self) -> bool {
        self.test
    }
}
