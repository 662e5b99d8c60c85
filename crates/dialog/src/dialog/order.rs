//! From an order code to the order it names.

use alloc::vec;
use core::time::Duration;

use super::Dialog;
use crate::state::{Missing, State};
use crate::timers::Timer;
use crate::{Action, OrderCode, OrderRefusal, OrderSummary, Outcome, Prompt};

impl Dialog {
    pub(super) fn look_up(&mut self, code: OrderCode, now: Duration) {
        self.enter(State::LookingUp);
        self.timers.start(Timer::LookUp, now, self.script.timeouts.look_up);
        self.actions.push_back(Action::LookUpOrder(code));
    }

    pub(super) fn order_found(&mut self, order: OrderSummary, now: Duration) {
        if matches!(self.state, State::LookingUp) {
            self.speak_as_ordered(&order);
            self.ask_card(Missing::ALL, vec![Prompt::OrderSummary(order)], now);
        }
    }

    pub(super) fn order_refused(&mut self, refusal: OrderRefusal, now: Duration) {
        if matches!(self.state, State::LookingUp) {
            self.close(Outcome::OrderRefused(refusal), vec![Prompt::OrderRefused(refusal)], now);
        }
    }

    /// Nothing has been sent anywhere, so this is the same to the caller as a provider out of reach.
    pub(super) fn look_up_failed(&mut self, now: Duration) {
        self.close(Outcome::GatewayUnavailable, vec![Prompt::ServiceUnavailable], now);
    }
}
