//! From an order code to the order it names, and from one field to the next.

use core::time::Duration;

use paytone_psp::PaymentMethod;

use super::Dialog;
use crate::field::{Field, FieldSet};
use crate::script::Plan;
use crate::state::State;
use crate::timers::Timer;
use crate::{
    Action, Confirm, Entry, HandOver, Methods, Mode, OrderChange, OrderCode, OrderRefusal, OrderSummary,
    OrderTerms, Outcome, Prompt, Storing,
};

/// Everything that has to be asked for in a call that begins like this.
pub(super) fn all_missing(plan: &Plan, entry: &Entry) -> FieldSet {
    let mut missing = plan.asked();
    match entry {
        Entry::AskOrderCode => missing.insert(Field::OrderCode),
        Entry::Suggested(_) => missing.insert(Field::ConfirmOrder),
        Entry::Order(_) | Entry::Refused(_) => {}
    }
    // An operator who transfers the caller may be the one who hears the beginning, dialled code or keyed.
    if plan.hand_over != HandOver::Nothing && !matches!(entry, Entry::Suggested(_)) {
        missing.insert(Field::HandOver);
    }
    if plan.confirm != Confirm::Nothing {
        missing.insert(Field::ConfirmCard);
    }
    missing
}

impl Dialog {
    /// What comes next: in automatic mode the first field that is missing, or the provider.
    pub(super) fn go_on(&mut self, lead: Option<Prompt>, now: Duration) {
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
        self.go_on(None, now);
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
        let before = before.into_iter().find(missing).or_else(|| {
            let by_order = [Field::Method, Field::Consent].into_iter().find(missing);
            by_order.filter(|field| !self.plan.fields.contains(field))
        });
        let scripted = || self.plan.fields.iter().copied().find(missing);
        before.or_else(scripted).or_else(|| Some(Field::ConfirmCard).filter(missing))
    }

    pub(super) fn keep(&mut self, order: OrderSummary) {
        // The customer's language, unless the caller has chosen one.
        if !self.caller.language_is_chosen && order.language().is_some() {
            self.language = self.plan.language_of(Some(&order));
        }
        self.agree_to_terms(order.terms());
        self.order = Some(order);
        self.caller.summary_due = true;
    }

    /// What the order says itself counts before what the script says.
    fn agree_to_terms(&mut self, terms: &OrderTerms) {
        let accepted = self.plan.pan_policy.accepted();
        let brands = terms.brands.map_or(accepted, |brands| brands.intersection(accepted));
        self.cards = self.plan.pan_policy.with_accepted(brands);
        self.after = terms.after.unwrap_or(self.plan.after);
        if terms.storing != Storing::No {
            self.ask_also(Field::Consent);
        }
        let Some(methods) = &terms.methods else { return };
        self.missing.remove(Field::Method);
        self.missing.remove(Field::Instalments);
        match methods.only() {
            Some(PaymentMethod::LumpSum) => {}
            Some(only) => self.chose(only),
            None if methods.only_count_is_open() => self.ask_also(Field::Instalments),
            None => self.ask_also(Field::Method),
        }
    }

    /// Asks for a field that the script does not name.
    pub(super) fn ask_also(&mut self, field: Field) {
        self.asked.insert(field);
        self.missing.insert(field);
    }

    /// The ways to pay that are on offer.
    pub(super) fn methods(&self) -> &Methods {
        let own = self.order.as_ref().and_then(|order| order.terms().methods.as_ref());
        own.unwrap_or(&self.plan.methods)
    }

    pub(super) fn look_up(&mut self, code: OrderCode, now: Duration) {
        self.enter(State::LookingUp);
        self.timers.start(Timer::LookUp, now, self.plan.timeouts.look_up);
        self.actions.push(Action::LookUpOrder(code));
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
            self.close(Outcome::OrderRefused(refusal), [Prompt::OrderRefused(refusal)], now);
        }
    }

    /// Once the card is with the provider, the order is being paid whatever happens to it.
    pub(super) fn order_withdrawn(&mut self, change: OrderChange, now: Duration) {
        if self.state.is_taking() {
            self.close(Outcome::OrderWithdrawn(change), [Prompt::OrderWithdrawn(change)], now);
        }
    }

    /// No card can be paid: none is asked for.
    pub(super) fn unavailable(&mut self, now: Duration) {
        if self.state.is_taking() {
            self.close(Outcome::GatewayUnavailable, [Prompt::ServiceUnavailable], now);
        }
    }

    /// Nothing has been sent anywhere, so this is the same to the caller as a provider out of reach.
    pub(super) fn look_up_failed(&mut self, now: Duration) {
        self.close(Outcome::GatewayUnavailable, [Prompt::ServiceUnavailable], now);
    }

    /// What is said before a field's own question: who is paid and how much, once, before anything that is decided by it.
    pub(super) fn summary(&mut self, field: Field) -> Option<Prompt> {
        const BEFORE: FieldSet = FieldSet::of(&[Field::OrderCode, Field::HandOver, Field::ConfirmOrder]);
        const AMOUNT: FieldSet = FieldSet::of(&[Field::Amount, Field::ConfirmAmount]);
        let is_open = BEFORE.contains(field) || !self.missing.intersection(AMOUNT).is_empty();
        if is_open || !core::mem::take(&mut self.caller.summary_due) {
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
