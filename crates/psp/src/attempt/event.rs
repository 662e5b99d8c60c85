//! What can happen to an attempt, and what came of it.

use core::time::Duration;

use super::State;
use crate::{Approval, CheckpointBlob, DeclineReason, Found, IdempotencyKey, Money, Snapshot};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The card is complete: the authorisation is about to be made.
    Intend {
        /// The key every repetition carries.
        key: IdempotencyKey,
        /// When it may no longer be sent, since the Unix epoch.
        deadline: Duration,
    },
    /// The caller gave up before the card was complete.
    Abandon,
    /// The authorisation goes out next. Commit this before it does. A repetition with the same key applies it
    /// again.
    Send {
        /// What the gateway wants kept.
        checkpoint: CheckpointBlob,
    },
    /// It is certain that the pending request had no effect: it was not sent, or it was refused.
    NoEffect,
    /// The authorisation was approved. Believed in every state.
    Approved(Approval),
    /// The authorisation was declined.
    Declined(DeclineReason),
    /// The pending request has no answer.
    NoAnswer,
    /// A lookup answered.
    LookedUp {
        /// When the lookup was sent, since the Unix epoch.
        asked: Duration,
        /// Its answer.
        found: Found,
    },
    /// A lookup failed; the next one is scheduled.
    LookupFailed,
    /// A capture goes out next. Commit this before it does.
    Capture {
        /// The key every repetition carries.
        key: IdempotencyKey,
        /// When it may no longer be sent, since the Unix epoch.
        deadline: Duration,
        /// How much: at most what was authorised.
        money: Money,
    },
    /// A void goes out next. Commit this before it does.
    Void {
        /// The key every repetition carries.
        key: IdempotencyKey,
        /// When it may no longer be sent, since the Unix epoch.
        deadline: Duration,
    },
    /// A refund goes out next. Commit this before it does.
    Refund {
        /// The key every repetition carries.
        key: IdempotencyKey,
        /// When it may no longer be sent, since the Unix epoch.
        deadline: Duration,
        /// How much: at most what was taken and not yet given back.
        money: Money,
    },
    /// A capture, void or refund was answered.
    Done(Snapshot),
    /// A person found out what became of an attempt that needed one.
    SettledByPerson(PersonsFinding),
}

impl Event {
    /// The event's name, for errors and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Intend { .. } => "intend",
            Self::Abandon => "abandon",
            Self::Send { .. } => "send",
            Self::NoEffect => "no_effect",
            Self::Approved(_) => "approved",
            Self::Declined(_) => "declined",
            Self::NoAnswer => "no_answer",
            Self::LookedUp { .. } => "looked_up",
            Self::LookupFailed => "lookup_failed",
            Self::Capture { .. } => "capture",
            Self::Void { .. } => "void",
            Self::Refund { .. } => "refund",
            Self::Done(_) => "done",
            Self::SettledByPerson(_) => "settled_by_person",
        }
    }
}

/// What a person found out about an attempt in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonsFinding {
    /// The provider holds nothing.
    NothingHeld,
    /// The amount is reserved and not taken.
    Authorised,
    /// The amount is taken.
    Captured,
}

/// What came of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the attempt has to be stored, and where `report` is set the merchant told"]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
    /// The version now.
    pub version: u32,
    /// Whether something the merchant would see has changed, and the version with it. Where not, the lookup
    /// schedule may still have moved: store the attempt after every event.
    pub changed: bool,
    /// Whether the merchant has to be told of this version.
    pub report: bool,
}

/// Why an event cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEvent {
    /// The event has no meaning in this state.
    #[error("{event} cannot happen in state {state}")]
    WrongState {
        /// The attempt's state.
        state: State,
        /// The event's [`name`](Event::name).
        event: &'static str,
    },
    /// It is too late to send.
    #[error("the deadline has passed")]
    DeadlinePassed,
    /// The amount is zero, of another currency, or more than is there.
    #[error("the amount is not possible")]
    Amount,
    /// The answer is about another attempt.
    #[error("the answer is about another attempt")]
    OtherReference,
    /// The provider denies what it confirmed before. The attempt keeps what was confirmed.
    #[error("the provider denies in state {state} what it confirmed before")]
    Contradiction {
        /// The attempt's state.
        state: State,
    },
}
