//! How an attempt learns from what a provider shows of its transaction.

use core::time::Duration;

use super::{Attempt, InvalidEvent, LOOKUP_DELAYS, Pending, State};
use crate::{Found, Money, Operation, ProviderState, Snapshot};

impl Attempt {
    pub(super) fn looked_up(
        &mut self,
        asked: Duration,
        found: Found,
        now: Duration,
    ) -> Result<(), InvalidEvent> {
        match found {
            Found::Absent => self.nothing_there(asked, now),
            Found::Present(snapshot) => self.learn(&snapshot, asked, now),
        }
    }

    /// The answer to a capture, void or refund. Where it does not show the effect, the effect is in doubt.
    pub(super) fn done(&mut self, snapshot: Snapshot, now: Duration) -> Result<(), InvalidEvent> {
        let before_approval = matches!(self.state, State::Created | State::Intent | State::Sending);
        let in_doubt =
            self.state.is_unknown() && self.pending.is_some_and(|pending| pending.is_authorization());
        if before_approval || in_doubt {
            return Err(InvalidEvent::WrongState { state: self.state, event: "done" });
        }
        self.learn(&snapshot, Duration::ZERO, now)?;
        if self.pending.is_some() && self.doubt.is_none() {
            self.fall_in_doubt(now, now.saturating_add(LOOKUP_DELAYS[0]));
        }
        Ok(())
    }

    fn learn(&mut self, snapshot: &Snapshot, asked: Duration, now: Duration) -> Result<(), InvalidEvent> {
        self.check(snapshot)?;
        match (self.state, self.pending) {
            (State::Created | State::Intent, _) => self.learn_unsent(snapshot),
            (_, Some(pending)) => return self.learn_open(snapshot, pending, asked, now),
            (State::Approved | State::Captured, None) => return self.learn_held(snapshot, asked, now),
            (_, None) => self.learn_over(snapshot, asked),
        }
        Ok(())
    }

    /// Nothing was sent as far as we know. Money that is held all the same is believed.
    fn learn_unsent(&mut self, snapshot: &Snapshot) {
        if snapshot.state.holds_money(snapshot.money) {
            self.hold(snapshot, false);
        }
    }

    /// A request's outcome is open: what shows its effect ends it; what shows none ends it once the request
    /// can no longer be under way.
    fn learn_open(
        &mut self,
        snapshot: &Snapshot,
        pending: Pending,
        asked: Duration,
        now: Duration,
    ) -> Result<(), InvalidEvent> {
        let settled = pending.is_settled(asked);
        match (snapshot.state, pending.operation) {
            (ProviderState::NotCharged, _) => return self.nothing_there(asked, now),
            (ProviderState::Declined(reason), Operation::Authorize) => self.decline_as(reason),
            (ProviderState::Authorised | ProviderState::Captured, Operation::Authorize) => {
                self.hold(snapshot, false);
            }
            (ProviderState::Authorised, Operation::Capture | Operation::Void) if settled => {
                self.close(State::Approved);
            }
            (ProviderState::Captured, Operation::Capture | Operation::Void) => self.take(snapshot.money),
            (ProviderState::Captured, Operation::Refund) if settled => self.close(State::Captured),
            (ProviderState::Voided, _) => self.let_go(),
            (ProviderState::Refunded { total }, Operation::Refund) if total <= self.refunded => {
                self.close_or_look_later(settled, State::Captured, now);
            }
            (ProviderState::Refunded { total }, _) => self.show_refund(snapshot.money, total),
            _ => self.look_up_later(now),
        }
        Ok(())
    }

    fn close_or_look_later(&mut self, settled: bool, state: State, now: Duration) {
        if settled {
            self.close(state);
        } else {
            self.look_up_later(now);
        }
    }

    /// Money is held and nothing is open: a lookup can show more than we did, never less than we were told.
    fn learn_held(
        &mut self,
        snapshot: &Snapshot,
        asked: Duration,
        now: Duration,
    ) -> Result<(), InvalidEvent> {
        match snapshot.state {
            ProviderState::NotCharged | ProviderState::Declined(_) => return self.nothing_there(asked, now),
            ProviderState::Pending | ProviderState::Authorised => {}
            ProviderState::Captured if self.state == State::Captured => {}
            ProviderState::Captured => self.take(snapshot.money),
            ProviderState::Voided => self.let_go(),
            ProviderState::Refunded { total } => self.show_refund(snapshot.money, total),
        }
        Ok(())
    }

    /// We believe that nothing is held. Where we believe that since a void or a refund, only what was seen
    /// later counts.
    fn learn_over(&mut self, snapshot: &Snapshot, asked: Duration) {
        let after_reversal = matches!(self.state, State::Voided | State::Refunded);
        let stale = after_reversal && asked <= self.since;
        if snapshot.state.holds_money(snapshot.money) && !stale {
            self.hold(snapshot, true);
        }
    }

    fn nothing_there(&mut self, asked: Duration, now: Duration) -> Result<(), InvalidEvent> {
        match (self.state, self.pending) {
            (State::Intent, _) => {}
            (_, Some(pending)) if pending.is_authorization() => {
                self.close_or_look_later(pending.is_settled(asked), State::NotCharged, now);
            }
            (_, Some(_)) => self.look_up_later(now),
            (State::Approved | State::Captured, None) => {
                return Err(InvalidEvent::Contradiction { state: self.state });
            }
            _ => {}
        }
        Ok(())
    }

    /// What every answer must agree with: our reference, our currency, and one transaction under one
    /// reference.
    pub(super) fn check(&mut self, snapshot: &Snapshot) -> Result<(), InvalidEvent> {
        if snapshot.reference != self.reference {
            return Err(InvalidEvent::OtherReference);
        }
        let total = match snapshot.state {
            ProviderState::Refunded { total } => total,
            _ => snapshot.money,
        };
        if [snapshot.money, total].iter().any(|money| money.currency() != self.money.currency()) {
            return Err(InvalidEvent::Amount);
        }
        match (&self.transaction, &snapshot.transaction) {
            (Some(known), Some(told)) if known != told => {
                return Err(InvalidEvent::Contradiction { state: self.state });
            }
            (None, Some(told)) => self.transaction = Some(told.clone()),
            _ => {}
        }
        self.test |= snapshot.test;
        Ok(())
    }

    /// The provider holds money for us. It is to be let go of where that contradicts what was reported, or is
    /// another amount than was asked for.
    pub(super) fn hold(&mut self, snapshot: &Snapshot, contradicts: bool) {
        self.compensate |= contradicts || snapshot.money != self.money;
        self.decline = None;
        self.refunded = Money::zero(self.money.currency());
        match snapshot.state {
            ProviderState::Captured => self.take(snapshot.money),
            ProviderState::Refunded { total } => {
                self.take(snapshot.money);
                self.refunded = total;
            }
            _ => {
                self.captured = None;
                self.close(State::Approved);
            }
        }
    }

    pub(super) fn take(&mut self, money: Money) {
        self.close(State::Captured);
        self.captured = Some(money);
    }

    pub(super) fn let_go(&mut self) {
        self.close(State::Voided);
        self.compensate = false;
    }

    pub(super) fn give_back(&mut self, total: Money) {
        self.close(State::Refunded);
        self.refunded = total;
        self.compensate = false;
    }

    fn show_refund(&mut self, money: Money, total: Money) {
        let captured = *self.captured.get_or_insert(money);
        if total >= captured {
            return self.give_back(total);
        }
        self.close(State::Captured);
        if total > self.refunded {
            self.refunded = total;
        }
    }
}
