//! The card is with the provider: wait, then say what became of it or ask for what was wrong.

use alloc::vec;
use core::time::Duration;

use paytone_card::Card;
use paytone_psp::{DeclineReason, Recovery};

use super::Dialog;
use crate::state::{Missing, State};
use crate::timers::Timer;
use crate::{Action, Field, Outcome, Prompt, Verdict};

impl Dialog {
    pub(super) fn authorize(&mut self, card: Card, now: Duration) {
        self.keypad.wipe();
        self.enter(State::Authorizing);
        self.authorizations += 1;
        self.actions.push_back(Action::Authorize(card));
        self.speech.say(vec![Prompt::OneMoment]);
        self.timers.start(Timer::Authorizing, now, self.script.timeouts.authorizing);
        self.timers.start(Timer::StillWorking, now, self.script.timeouts.still_working);
    }

    pub(super) fn still_working(&mut self, now: Duration) {
        self.timers.start(Timer::StillWorking, now, self.script.timeouts.still_working);
        if !self.speech.is_playing() {
            self.speech.say(vec![Prompt::StillWorking]);
        }
    }

    /// No answer is not a decline: money may have moved.
    pub(super) fn no_verdict(&mut self, now: Duration) {
        self.close(Outcome::Unknown, vec![Prompt::PaymentUnknown], now);
    }

    /// A verdict that nobody waits for is dropped, and a card in it wiped.
    pub(super) fn verdict(&mut self, verdict: Verdict, now: Duration) {
        if !matches!(self.state, State::Authorizing) {
            return;
        }
        match verdict {
            Verdict::Approved => self.close(Outcome::Approved, vec![Prompt::Approved], now),
            Verdict::Declined { reason, card } => self.declined(reason, card, now),
            Verdict::NotATestCard => {
                let ended = Outcome::TooManyAttempts(Field::Pan);
                self.ask_again(Missing::ALL, None, Prompt::NotATestCard, ended, now);
            }
            Verdict::Unavailable => {
                self.close(Outcome::GatewayUnavailable, vec![Prompt::ServiceUnavailable], now);
            }
            Verdict::Unknown => self.no_verdict(now),
        }
    }

    /// Asks only for what the reason says was wrong, or ends in words that tell a thief nothing.
    fn declined(&mut self, reason: DeclineReason, card: Option<Card>, now: Duration) {
        let outcome = Outcome::Declined(reason);
        self.declined = Some(reason);
        let (missing, why) = match reason.recovery() {
            Recovery::ReenterNumber => (Missing::PAN, Prompt::DeclinedNumber),
            Recovery::ReenterExpiry => (Missing::EXPIRY, Prompt::DeclinedExpiry),
            Recovery::ReenterCode => (Missing::SECURITY_CODE, Prompt::DeclinedSecurityCode),
            Recovery::OtherCard => (Missing::ALL, Prompt::DeclinedCard),
            Recovery::TryLater => return self.close(outcome, vec![Prompt::DeclinedForNow], now),
            _ => return self.close(outcome, vec![Prompt::Declined], now),
        };
        self.ask_again(missing, card, why, outcome, now);
    }

    /// Goes back to the keys, unless nobody is there, the tries are used up or the time is over.
    fn ask_again(
        &mut self,
        missing: Missing,
        card: Option<Card>,
        why: Prompt,
        ended: Outcome,
        now: Duration,
    ) {
        let is_over = !self.timers.is_running(Timer::Session);
        if is_over || self.caller_gone || self.authorizations >= self.script.authorizations {
            let words = if why == Prompt::NotATestCard { why } else { Prompt::Declined };
            return self.close(ended, vec![words], now);
        }
        let missing = self.take_back(card, missing);
        self.ask_card(missing, vec![why], now);
    }
}
