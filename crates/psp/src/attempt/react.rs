//! How each event changes an attempt. What providers show of a transaction is in [`learn`](super::learn).

use core::time::Duration;

use super::{Attempt, Event, InvalidEvent, LOOKUP_DELAYS, Pending, PersonsFinding, State};
use crate::{Approval, CheckpointBlob, DeclineReason, Money, Operation};

impl Attempt {
    pub(super) fn react(&mut self, event: Event, now: Duration) -> Result<(), InvalidEvent> {
        let name = event.name();
        let changed = match event {
            Event::Intend { key, deadline } => self
                .intend(Pending { operation: Operation::Authorize, key, deadline, money: self.money }, now),
            Event::Abandon => self.abandon(),
            Event::Send { checkpoint } => self.send(checkpoint, now),
            Event::NoEffect => self.no_effect(now),
            Event::Approved(approval) => return self.approved(approval),
            Event::Declined(reason) => self.declined(reason, now),
            Event::NoAnswer => self.no_answer(now),
            Event::LookedUp { asked, found } => return self.looked_up(asked, found, now),
            Event::LookupFailed => {
                self.look_up_later(now);
                Ok(())
            }
            Event::Capture { key, deadline, money } => {
                self.begin(Pending { operation: Operation::Capture, key, deadline, money }, now)
            }
            Event::Void { key, deadline } => {
                self.begin(Pending { operation: Operation::Void, key, deadline, money: self.money }, now)
            }
            Event::Refund { key, deadline, money } => {
                self.begin(Pending { operation: Operation::Refund, key, deadline, money }, now)
            }
            Event::Done(snapshot) => return self.done(snapshot, now),
            Event::SettledByPerson(finding) => self.settled_by_person(finding),
        };
        changed.map_err(|refused| refused.named(self.state, name))
    }

    fn intend(&mut self, pending: Pending, now: Duration) -> Result<(), Refused> {
        match self.state {
            State::Created if now >= pending.deadline => Err(Refused::DeadlinePassed),
            State::Created if self.money.is_zero() => Err(Refused::Amount),
            State::Created => {
                self.state = State::Intent;
                self.pending = Some(pending);
                Ok(())
            }
            _ => Err(Refused::WrongState),
        }
    }

    fn abandon(&mut self) -> Result<(), Refused> {
        match self.state {
            State::Created => self.close(State::Abandoned),
            _ => return Err(Refused::WrongState),
        }
        Ok(())
    }

    fn send(&mut self, checkpoint: CheckpointBlob, now: Duration) -> Result<(), Refused> {
        match (self.state, &self.pending) {
            (State::Intent | State::Sending, Some(pending)) if now < pending.deadline => {
                self.state = State::Sending;
                self.checkpoint = Some(checkpoint);
                Ok(())
            }
            (State::Intent | State::Sending, _) => Err(Refused::DeadlinePassed),
            _ => Err(Refused::WrongState),
        }
    }

    /// Where the request is already in doubt, one answer that it had no effect does not clear it: an earlier
    /// try may have had one. It is only a reason to look.
    fn no_effect(&mut self, now: Duration) -> Result<(), Refused> {
        match self.state {
            State::Created => return Err(Refused::WrongState),
            _ if self.doubt.is_some() => self.look_up_now(now),
            State::Intent | State::Sending => self.close(State::NotCharged),
            State::Capturing | State::Voiding => self.close(State::Approved),
            State::Refunding => self.close(State::Captured),
            _ => {}
        }
        Ok(())
    }

    /// An approval is never turned away, whatever we believed; but it does not undo what happened after it.
    fn approved(&mut self, approval: Approval) -> Result<(), InvalidEvent> {
        self.check(&approval.snapshot)?;
        let of_authorization = self.pending.is_none_or(|pending| pending.is_authorization());
        match self.state {
            State::Created | State::Intent | State::Sending | State::InDoubt => {
                self.hold(&approval.snapshot, false);
            }
            State::NeedsPerson if of_authorization => self.hold(&approval.snapshot, false),
            State::NotCharged | State::Declined | State::Abandoned => self.hold(&approval.snapshot, true),
            _ => {}
        }
        if self.approval_code.is_none() {
            self.approval_code = approval.approval_code;
        }
        Ok(())
    }

    /// A decline before anything was sent is one too: a provider can refuse a card before there is a payment.
    fn declined(&mut self, reason: DeclineReason, now: Duration) -> Result<(), Refused> {
        match self.state {
            State::Created => return Err(Refused::WrongState),
            State::Intent | State::Sending => self.decline_as(reason),
            State::InDoubt | State::NeedsPerson => self.look_up_now(now),
            _ if self.state.is_over() => {}
            _ => return Err(Refused::Contradiction),
        }
        Ok(())
    }

    pub(super) fn decline_as(&mut self, reason: DeclineReason) {
        self.close(State::Declined);
        self.decline = Some(reason);
    }

    fn no_answer(&mut self, now: Duration) -> Result<(), Refused> {
        match self.state {
            State::Created => return Err(Refused::WrongState),
            _ if self.pending.is_some() => self.fall_in_doubt(now, now.saturating_add(LOOKUP_DELAYS[0])),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, pending: Pending, now: Duration) -> Result<(), Refused> {
        let (state, most) = match (self.state, pending.operation) {
            (State::Approved, Operation::Capture) if !self.compensate => (State::Capturing, Some(self.money)),
            (State::Approved, Operation::Void) => (State::Voiding, Some(self.money)),
            (State::Captured, Operation::Refund) => (State::Refunding, self.left_to_refund()),
            _ => return Err(Refused::WrongState),
        };
        if now >= pending.deadline {
            return Err(Refused::DeadlinePassed);
        }
        if pending.money.is_zero() || !most.is_some_and(|most| pending.money <= most) {
            return Err(Refused::Amount);
        }
        self.state = state;
        self.pending = Some(pending);
        Ok(())
    }

    /// What was taken and not yet given back.
    #[must_use]
    pub fn left_to_refund(&self) -> Option<Money> {
        self.captured?.checked_sub(self.refunded)
    }

    fn settled_by_person(&mut self, finding: PersonsFinding) -> Result<(), Refused> {
        let (State::NeedsPerson, Some(pending)) = (self.state, self.pending) else {
            return Err(Refused::WrongState);
        };
        match (finding, pending.operation) {
            (PersonsFinding::NothingHeld, Operation::Authorize) => self.close(State::NotCharged),
            (PersonsFinding::NothingHeld, Operation::Refund) => {
                self.give_back(self.captured.unwrap_or(self.money));
            }
            (PersonsFinding::NothingHeld, _) => self.let_go(),
            (PersonsFinding::Authorised, _) => {
                self.captured = None;
                self.close(State::Approved);
            }
            (PersonsFinding::Captured, _) => self.take(self.captured.unwrap_or(pending.money)),
        }
        Ok(())
    }
}

/// Why an event was refused, before it is given its state and name.
#[derive(Clone, Copy)]
enum Refused {
    WrongState,
    DeadlinePassed,
    Amount,
    Contradiction,
}

impl Refused {
    const fn named(self, state: State, event: &'static str) -> InvalidEvent {
        match self {
            Self::WrongState => InvalidEvent::WrongState { state, event },
            Self::DeadlinePassed => InvalidEvent::DeadlinePassed,
            Self::Amount => InvalidEvent::Amount,
            Self::Contradiction => InvalidEvent::Contradiction { state },
        }
    }
}
