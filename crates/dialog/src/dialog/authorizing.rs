//! The card is with the provider: wait, then say what became of it or ask for what was wrong.

use core::time::Duration;

use paytone_card::Card;
use paytone_psp::{DeclineReason, Recovery};

use super::Dialog;
use crate::field::FieldSet;
use crate::state::State;
use crate::timers::Timer;
use crate::{Action, Field, HangUpPolicy, Outcome, Payment, Prompt, Verdict};

impl Dialog {
    pub(super) fn authorize(&mut self, payment: Payment, now: Duration) {
        self.keypad.wipe();
        self.enter(State::Authorizing);
        self.authorizations += 1;
        self.code_tries = None;
        self.actions.push(Action::Authorize(payment));
        self.speech.say([Prompt::OneMoment]);
        self.timers.start(Timer::Authorizing, now, self.plan.timeouts.authorizing);
        self.timers.start(Timer::StillWorking, now, self.plan.timeouts.still_working);
    }

    pub(super) fn still_working(&mut self, now: Duration) {
        self.timers.start(Timer::StillWorking, now, self.plan.timeouts.still_working);
        if !self.speech.is_playing() {
            self.speech.say([Prompt::StillWorking]);
        }
    }

    /// No answer is not a decline: money may have moved. An approval that could not be taken back stands.
    pub(super) fn no_verdict(&mut self, now: Duration) {
        if matches!(self.state, State::Voiding) {
            return self.close(Outcome::Approved, [Prompt::Approved], now);
        }
        self.close(Outcome::Unknown, [Prompt::PaymentUnknown], now);
    }

    /// A verdict that nobody waits for is dropped, and a card in it wiped.
    pub(super) fn verdict(&mut self, verdict: Verdict, now: Duration) {
        match self.state {
            State::Authorizing => self.answered_by_provider(verdict, now),
            State::Voiding if matches!(verdict, Verdict::Voided) => {
                self.close(Outcome::ApprovedThenVoided, [Prompt::Cancelled], now);
            }
            State::Voiding => self.no_verdict(now),
            _ => {}
        }
    }

    fn answered_by_provider(&mut self, verdict: Verdict, now: Duration) {
        match verdict {
            Verdict::Approved => self.approved(now),
            Verdict::Registered => self.close(Outcome::Registered, [Prompt::Registered], now),
            Verdict::Checked => self.close(Outcome::Checked, [Prompt::Checked], now),
            Verdict::Voided => self.close(Outcome::ApprovedThenVoided, [Prompt::Cancelled], now),
            Verdict::Declined { reason, card } => self.declined(reason, card, now),
            Verdict::TooManyCodeTries => {
                self.declined = Some(DeclineReason::CodeMismatch);
                self.other_card(Outcome::Declined(DeclineReason::CodeMismatch), now);
            }
            Verdict::NotATestCard => {
                let ended = Outcome::TooManyAttempts(Field::Pan);
                self.ask_again(FieldSet::CARD, None, Prompt::NotATestCard, ended, now);
            }
            Verdict::Unavailable => {
                self.close(Outcome::GatewayUnavailable, [Prompt::ServiceUnavailable], now);
            }
            Verdict::Unknown => self.no_verdict(now),
        }
    }

    fn approved(&mut self, now: Duration) {
        let own = self.order.as_ref().and_then(|order| order.terms().hang_up);
        if !self.caller.gone || own.unwrap_or(self.plan.hang_up) == HangUpPolicy::FinishAndReport {
            return self.close(Outcome::Approved, [Prompt::Approved], now);
        }
        self.enter(State::Voiding);
        self.timers.start(Timer::Authorizing, now, self.plan.timeouts.authorizing);
        self.actions.push(Action::Void);
    }

    /// Asks only for what the reason says was wrong, or ends in words that tell a thief nothing.
    fn declined(&mut self, reason: DeclineReason, card: Option<Card>, now: Duration) {
        let outcome = Outcome::Declined(reason);
        self.declined = Some(reason);
        let (wrong, why) = match reason.recovery() {
            Recovery::ReenterNumber => (FieldSet::PAN, Prompt::DeclinedNumber),
            Recovery::ReenterExpiry => (FieldSet::EXPIRY, Prompt::DeclinedExpiry),
            // Too many wrong codes for this card, here or in other calls: guessing ends.
            Recovery::ReenterCode if self.code_tries == Some(0) => return self.other_card(outcome, now),
            Recovery::ReenterCode => (FieldSet::SECURITY_CODE, Prompt::DeclinedSecurityCode),
            // The provider has seen the code, so that it is keyed again with the postcode.
            Recovery::ReenterPostcode if self.asked.contains(Field::Postcode) => {
                (FieldSet::POSTCODE, Prompt::DeclinedPostcode)
            }
            Recovery::OtherCard => return self.other_card(outcome, now),
            Recovery::TryLater => return self.close(outcome, [Prompt::DeclinedForNow], now),
            _ => return self.close(outcome, [Prompt::Declined], now),
        };
        self.ask_again(wrong, card, why, outcome, now);
    }

    fn other_card(&mut self, ended: Outcome, now: Duration) {
        self.caller.may_have_no_card = self.after.has_operator();
        self.ask_again(FieldSet::CARD, None, Prompt::DeclinedCard, ended, now);
    }

    /// Goes back to the keys, unless nobody is there, the tries are used up or the time is over.
    fn ask_again(&mut self, wrong: FieldSet, card: Option<Card>, why: Prompt, ended: Outcome, now: Duration) {
        let is_over = !self.timers.is_running(Timer::Session);
        if is_over || self.caller.gone || self.authorizations >= self.plan.authorizations {
            let words = if why == Prompt::NotATestCard { why } else { Prompt::Declined };
            return self.close(ended, [words], now);
        }
        let taken_back = self.take_back(card, wrong);
        self.clear_wrong(taken_back);
        self.miss(taken_back);
        if wrong.contains(Field::Postcode) {
            self.wipe_field(Field::Postcode);
        }
        self.go_on(Some(why), now);
    }

    /// What was wrong is gone before it is asked for again.
    fn clear_wrong(&mut self, wrong: FieldSet) {
        let Some(card) = &mut self.card else { return };
        if wrong.contains(Field::Pan) {
            card.clear_pan();
            self.brand = None;
        }
        if wrong.contains(Field::Expiry) {
            card.clear_expiry();
        }
    }
}
