//! What is said and when: prompts, barge-in and hold.

use core::time::Duration;

use super::Dialog;
use crate::phrase::Situation;
use crate::state::State;
use crate::timers::Timer;
use crate::{Action, Language, PlayId, Prompt};

impl Dialog {
    /// Says what is pending, now that the keys that waited have been used up and did not make it stale.
    #[inline]
    pub(super) fn speak(&mut self) {
        if self.speech.has_pending() && !self.timers.is_held() && !self.caller.gone {
            self.begin_to_speak();
        }
    }

    fn begin_to_speak(&mut self) {
        if self.speech.is_playing() {
            self.actions.push(Action::StopPlaying);
        }
        // A caller who listens is not being slow: the wait for the next key starts when the prompt ends.
        self.timers.stop(Timer::Entry);
        let (id, prompts) = self.speech.start();
        let situation = self.situation();
        self.actions.push(Action::Play { id, prompts, situation });
    }

    /// What the choice of words may depend on now.
    fn situation(&self) -> Situation {
        let now = Situation::new(self.language).with_mode(self.mode).with_brand(self.brand);
        match &self.state {
            State::Collecting(open) => {
                let rules = self.plan.rules_of(open);
                let is_last = open.no_input + 1 >= rules.no_input || open.no_match + 1 >= rules.no_match;
                now.with_attempt(1 + open.no_input + open.no_match, is_last)
            }
            State::Closing(outcome) => now.with_outcome(outcome),
            _ => now,
        }
    }

    /// Speaks another language from now on: what is being said is said again in it, else what is being asked.
    pub(super) fn speak_in(&mut self, language: Language) {
        if !self.plan.languages.contains(&language) {
            return;
        }
        self.caller.language_is_chosen = true;
        if core::mem::replace(&mut self.language, language) == language {
            return;
        }
        if self.speech.interrupt() {
            self.actions.push(Action::StopPlaying);
        } else if !self.speech.has_pending() {
            self.say_what_is_asked();
        }
    }

    fn say_what_is_asked(&mut self) {
        let is_in_menu = self.collecting().is_some_and(|open| open.menu);
        if is_in_menu {
            return self.say_menu();
        }
        self.repeat_words(None);
    }

    /// What the open field asks for, after `lead`.
    pub(super) fn repeat_words(&mut self, lead: Option<Prompt>) {
        let mut words = self.speech.compose();
        words.extend(lead);
        self.field_words(&mut words);
        self.speech.say_these(words);
    }

    /// Barge-in: whatever is being said or about to be said is no longer needed.
    #[inline]
    pub(super) fn be_silent(&mut self) {
        if self.speech.stop() {
            self.actions.push(Action::StopPlaying);
        }
    }

    pub(super) fn prompt_done(&mut self, id: PlayId, now: Duration) {
        if !self.speech.done(id) {
            return;
        }
        // A terminator that comes after a whole prompt no longer belongs to the entry before it.
        self.keypad.swallow = false;
        if let Some(open) = self.collecting_mut() {
            open.cleared = false;
        }
        match self.state {
            State::Collecting(_) => self.listen(now),
            State::Closing(_) => self.closed(now),
            _ => {}
        }
    }

    fn listen(&mut self, now: Duration) {
        let has_begun = !self.entry_is_empty() && !self.collecting().is_some_and(|open| open.nudged);
        let wait = if has_begun { self.wait_within_entry() } else { self.first_digit_wait() };
        self.wait_for_key(wait, now);
    }

    /// Nobody listens: what is being said is kept for later, and so is the time left for the caller.
    pub(super) fn held(&mut self, now: Duration) {
        if self.timers.is_held() {
            return;
        }
        self.timers.hold(now);
        if self.speech.interrupt() {
            self.actions.push(Action::StopPlaying);
        }
    }

    /// The caller is back: what was cut short or never said is said, else the open field's prompt.
    pub(super) fn resumed(&mut self, now: Duration) {
        if !self.timers.is_held() {
            return;
        }
        self.timers.resume(now);
        if self.speech.has_pending() {
            return;
        }
        let is_in_the_middle = !self.entry_is_empty() && !self.collecting().is_some_and(|open| open.menu);
        if !is_in_the_middle {
            return self.say_what_is_asked();
        }
        self.repeat_words(Some(Prompt::ContinueEntry));
    }
}
