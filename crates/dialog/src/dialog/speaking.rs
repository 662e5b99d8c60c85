//! What is said and when: prompts, barge-in and hold.

use alloc::vec::Vec;
use core::time::Duration;

use paytone_card::CardEntry;

use super::Dialog;
use crate::phrase::Situation;
use crate::state::State;
use crate::timers::Timer;
use crate::{Action, Language, OrderSummary, PlayId, Prompt};

impl Dialog {
    /// Says what is pending, now that the keys that waited have been used up and did not make it stale.
    pub(super) fn speak(&mut self) {
        if !self.speech.has_pending() || self.timers.is_held() || self.caller_gone {
            return;
        }
        if self.speech.is_playing() {
            self.actions.push_back(Action::StopPlaying);
        }
        // A caller who listens is not being slow: the wait for the next key starts when the prompt ends.
        self.timers.stop(Timer::Entry);
        let (id, prompts) = self.speech.start();
        let situation = self.situation();
        self.actions.push_back(Action::Play { id, prompts, situation });
    }

    /// What the choice of words may depend on now.
    fn situation(&self) -> Situation {
        let now = Situation::new(self.language).with_brand(self.card.as_ref().and_then(CardEntry::brand));
        match &self.state {
            State::Collecting(open) => {
                let is_last =
                    open.no_input + 1 >= self.script.no_input || open.no_match + 1 >= self.script.no_match;
                now.with_attempt(1 + open.no_input + open.no_match, is_last)
            }
            State::Closing(outcome) => now.with_outcome(outcome),
            _ => now,
        }
    }

    /// Speaks another language from now on: what is being said is said again in it, else what is being asked.
    pub(super) fn speak_in(&mut self, language: Language) {
        if !self.script.languages.contains(&language) {
            return;
        }
        self.language_is_chosen = true;
        if core::mem::replace(&mut self.language, language) == language {
            return;
        }
        if self.speech.interrupt() {
            self.actions.push_back(Action::StopPlaying);
        } else if !self.speech.has_pending() {
            self.speech.say(self.field_prompt().into_iter().collect());
        }
    }

    /// Speaks the customer's language, unless the caller has chosen one.
    pub(super) fn speak_as_ordered(&mut self, order: &OrderSummary) {
        let spoken = |language: &Language| self.script.languages.contains(language);
        if let (false, Some(language)) = (self.language_is_chosen, order.language().filter(spoken)) {
            self.language = language;
        }
    }

    /// Barge-in: whatever is being said or about to be said is no longer needed.
    pub(super) fn be_silent(&mut self) {
        if self.speech.stop() {
            self.actions.push_back(Action::StopPlaying);
        }
    }

    pub(super) fn prompt_done(&mut self, id: PlayId, now: Duration) {
        if !self.speech.done(id) {
            return;
        }
        // A terminator that comes after a whole prompt no longer belongs to the entry before it.
        self.keypad.swallow = false;
        match self.state {
            State::Collecting(_) => self.listen(now),
            State::Closing(_) => self.closed(),
            _ => {}
        }
    }

    fn listen(&mut self, now: Duration) {
        let wait =
            if self.entry_is_empty() { self.script.timeouts.first_digit } else { self.wait_within_entry() };
        self.wait_for_key(wait, now);
    }

    /// Nobody listens: what is being said is kept for later, and so is the time left for the caller.
    pub(super) fn held(&mut self, now: Duration) {
        if self.timers.is_held() {
            return;
        }
        self.timers.hold(now);
        if self.speech.interrupt() {
            self.actions.push_back(Action::StopPlaying);
        }
    }

    /// The caller is back: what was cut short or never said is said, else the open field's prompt.
    pub(super) fn resumed(&mut self, now: Duration) {
        if !self.timers.is_held() {
            return;
        }
        self.timers.resume(now);
        if !self.speech.has_pending() {
            let go_on = (!self.entry_is_empty()).then_some(Prompt::ContinueEntry);
            let words: Vec<Prompt> = go_on.into_iter().chain(self.field_prompt()).collect();
            self.speech.say(words);
        }
    }
}
