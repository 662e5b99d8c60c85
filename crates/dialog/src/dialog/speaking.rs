//! What is said and when: prompts, barge-in and hold.

use alloc::vec::Vec;
use core::time::Duration;

use super::Dialog;
use crate::state::State;
use crate::timers::Timer;
use crate::{Action, PlayId, Prompt};

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
        self.actions.push_back(Action::Play { id, prompts });
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
