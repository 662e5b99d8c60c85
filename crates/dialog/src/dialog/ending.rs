//! Every way out: wipe, say the last words, release, hang up, finish.

use core::time::Duration;

use super::Dialog;
use crate::phase::SecureState;
use crate::state::State;
use crate::timers::Timer;
use crate::{Action, AfterCall, Outcome, Prompt};

impl Dialog {
    /// Settles the outcome and says it, then goodbye. Without a caller there is nobody to say it to.
    pub(super) fn close(&mut self, outcome: Outcome, words: impl IntoIterator<Item = Prompt>, now: Duration) {
        self.wipe();
        let outcome = self.after_a_decline(outcome);
        if self.caller.gone {
            return self.finish(outcome, now);
        }
        let last_word = self.last_word(&outcome);
        self.enter(State::Closing(outcome));
        self.speech.say(words.into_iter().chain([last_word]));
        let closing = self.plan.timeouts.closing;
        self.timers.start(Timer::Closing, now, closing);
        // A result is worth hearing after the session's time as well, but a hold must not keep it for ever.
        self.timers.extend(Timer::Session, now, closing);
    }

    fn last_word(&self, outcome: &Outcome) -> Prompt {
        match self.after {
            AfterCall::Operator => Prompt::BackToOperator,
            AfterCall::OperatorIfNeeded if outcome.needs_operator() => Prompt::ToOperator,
            _ => Prompt::Goodbye,
        }
    }

    /// The last words have been said, or had their time.
    pub(super) fn closed(&mut self, now: Duration) {
        if let State::Closing(outcome) = &self.state {
            self.finish(*outcome, now);
        }
    }

    pub(super) fn hung_up(&mut self, now: Duration) {
        self.caller.gone = true;
        match &self.state {
            // Money may be moving: the dialog lives on until it knows.
            State::Authorizing | State::Voiding => self.be_silent(),
            State::Closing(outcome) => self.finish(*outcome, now),
            state => self.finish(self.after_a_decline(Outcome::CallerHungUp(state.phase())), now),
        }
    }

    pub(super) fn session_over(&mut self, now: Duration) {
        match self.state {
            State::Closing(_) => self.closed(now),
            // The provider's answer is awaited whatever the time; it ends the dialog.
            State::Authorizing | State::Voiding => {}
            _ => self.close(Outcome::SessionExpired, [Prompt::SessionExpired], now),
        }
    }

    /// A caller who was declined and then gave up, by silence, mistakes or hanging up, was declined: that is what the
    /// merchant has to know.
    fn after_a_decline(&self, outcome: Outcome) -> Outcome {
        let gave_up = matches!(
            outcome,
            Outcome::NoInput(_)
                | Outcome::TooManyAttempts(_)
                | Outcome::NoKeyHeard
                | Outcome::CallerHungUp(_)
                | Outcome::CancelledByCaller
                | Outcome::SessionExpired
        );
        self.declined.filter(|_| gave_up).map_or(outcome, Outcome::Declined)
    }

    /// The embedder cannot go on. A card that is with the provider is in doubt then.
    pub(super) fn failed(&mut self, now: Duration) {
        match self.state {
            State::Authorizing | State::Voiding => self.no_verdict(now),
            State::Closing(_) => {}
            _ => self.close(Outcome::Internal, [Prompt::ServiceUnavailable], now),
        }
    }

    /// The operator goes on with the caller, without a word from here.
    pub(super) fn give_back(&mut self, now: Duration) {
        let outcome = self.after_a_decline(Outcome::CancelledByOperator);
        self.finish_with(outcome, Action::ReturnToOperator, now);
    }

    fn finish(&mut self, outcome: Outcome, now: Duration) {
        let to_operator = matches!(self.last_word(&outcome), Prompt::BackToOperator | Prompt::ToOperator);
        let last = if to_operator { Action::ReturnToOperator } else { Action::HangUp };
        self.finish_with(outcome, last, now);
    }

    fn finish_with(&mut self, outcome: Outcome, last: Action, now: Duration) {
        self.wipe();
        self.be_silent();
        self.timers.stop_all();
        self.state = State::Finished;
        if matches!(self.secure, SecureState::Securing | SecureState::Secured) {
            self.secure = SecureState::Releasing;
            self.actions.push(Action::Release);
        }
        if !self.caller.gone {
            self.actions.push(last);
        }
        self.report(now);
        self.actions.push(Action::Finished(outcome));
    }

    fn wipe(&mut self) {
        self.keypad.wipe();
        self.code.wipe();
        self.card = None;
        self.details = None;
    }
}

#[cfg(test)]
mod tests {
    use paytone_card::test_numbers;
    use paytone_dtmf::Key;

    use super::*;
    use crate::{Entry, Event, MerchantName, OrderSummary, Script};

    #[test]
    fn every_way_out_wipes_what_was_keyed() {
        for way_out in [Event::HungUp, Event::SecureRefused] {
            let now = Duration::from_secs(1_790_000_000);
            let money = paytone_psp::Money::new(100, paytone_psp::Currency::JPY);
            let order = OrderSummary::new(MerchantName::default(), money);
            let mut dialog = Dialog::new(Script::builder(Entry::Order(order)).build().unwrap());
            dialog.handle(Event::Answered, now);
            dialog.handle(Event::Secured, now);
            for key in test_numbers::MASTERCARD.chars().filter_map(Key::from_char) {
                dialog.handle(Event::Key(key), now);
            }
            assert!(dialog.card.is_some());
            dialog.keypad.type_ahead.push(Key::D7);
            dialog.handle(way_out, now);
            assert!(dialog.card.is_none());
            assert!(dialog.keypad.type_ahead.pop().is_none());
        }
    }
}
