//! From an order code to the order it names, and from one field to the next.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use paytone_psp::PaymentMethod;

use super::Dialog;
use crate::field::{Field, FieldSet};
use crate::script::Plan;
use crate::state::State;
use crate::timers::Timer;
use crate::{
    Action, Confirm, Entry, HandOver, Mode, OrderChange, OrderCode, OrderRefusal, OrderSummary, Outcome,
    Prompt,
};

/// Everything that has to be asked for in a call that begins like this.
pub(super) fn all_missing(plan: &Plan, entry: &Entry) -> FieldSet {
    let mut missing = plan.asked();
    match entry {
        Entry::AskOrderCode => {
            missing.insert(Field::OrderCode);
            if plan.hand_over != HandOver::Nothing {
                missing.insert(Field::HandOver);
            }
        }
        Entry::Suggested(_) => missing.insert(Field::ConfirmOrder),
        Entry::Order(_) | Entry::Refused(_) => {}
    }
    if plan.confirm != Confirm::Nothing {
        missing.insert(Field::ConfirmCard);
    }
    missing
}

impl Dialog {
    /// What comes next: in automatic mode the first field that is missing, or the provider.
    pub(super) fn go_on(&mut self, lead: Vec<Prompt>, now: Duration) {
        if self.mode == Mode::Directed {
            self.enter(State::Waiting);
            return self.speech.say(lead);
        }
        match self.first_missing() {
            Some(field) => self.open_safely(field, lead, now),
            None => self.hand_out(now),
        }
    }

    pub(super) fn filled(&mut self, field: Field, now: Duration) {
        self.missing.remove(field);
        self.go_on(Vec::new(), now);
    }

    /// About the order, then the script's own fields, then the card as a whole.
    pub(super) fn first_missing(&self) -> Option<Field> {
        let missing = |field: &Field| self.missing.contains(*field);
        let before = [
            Field::OrderCode,
            Field::HandOver,
            Field::ConfirmOrder,
            Field::ConfirmAmount,
            Field::Instalments,
        ];
        let before = before.into_iter().find(missing);
        let scripted = || self.plan.fields.iter().copied().find(missing);
        before.or_else(scripted).or_else(|| Some(Field::ConfirmCard).filter(missing))
    }

    pub(super) fn keep(&mut self, order: OrderSummary) {
        // The customer's language, unless the caller has chosen one.
        if !self.caller.language_is_chosen && order.language().is_some() {
            self.language = self.plan.language_of(Some(&order));
        }
        self.order = Some(order);
        self.caller.summary_due = true;
    }

    pub(super) fn look_up(&mut self, code: OrderCode, now: Duration) {
        self.enter(State::LookingUp);
        self.timers.start(Timer::LookUp, now, self.plan.timeouts.look_up);
        self.actions.push_back(Action::LookUpOrder(code));
    }

    /// The order of the code, or in directed mode one that the operator has just registered.
    pub(super) fn order_found(&mut self, order: OrderSummary, now: Duration) {
        match self.state {
            State::LookingUp => {
                self.keep(order);
                self.filled(Field::OrderCode, now);
            }
            State::Waiting if self.order.is_none() => {
                self.keep(order);
                self.missing.remove(Field::OrderCode);
            }
            _ => {}
        }
    }

    pub(super) fn order_refused(&mut self, refusal: OrderRefusal, now: Duration) {
        if matches!(self.state, State::LookingUp) {
            self.close(Outcome::OrderRefused(refusal), vec![Prompt::OrderRefused(refusal)], now);
        }
    }

    /// Once the card is with the provider, the order is being paid whatever happens to it.
    pub(super) fn order_withdrawn(&mut self, change: OrderChange, now: Duration) {
        let is_taking = matches!(
            self.state,
            State::Securing(_) | State::Waiting | State::Collecting(_) | State::LookingUp
        );
        if is_taking {
            self.close(Outcome::OrderWithdrawn(change), vec![Prompt::OrderWithdrawn(change)], now);
        }
    }

    /// Nothing has been sent anywhere, so this is the same to the caller as a provider out of reach.
    pub(super) fn look_up_failed(&mut self, now: Duration) {
        self.close(Outcome::GatewayUnavailable, vec![Prompt::ServiceUnavailable], now);
    }

    /// What is said before a field's own question: who is paid and how much, once, before the card.
    pub(super) fn summary(&mut self, field: Field) -> Option<Prompt> {
        if !field.is_card_data() || !core::mem::take(&mut self.caller.summary_due) {
            return None;
        }
        self.order.clone().map(Prompt::OrderSummary)
    }

    /// The instalments that were chosen and not counted yet.
    pub(super) fn chose(&mut self, method: PaymentMethod) {
        self.details_mut().method = Some(method);
        self.missing.remove(Field::Instalments);
    }
}
