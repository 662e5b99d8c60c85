//! One field at a time: keys in, an entry accepted or refused.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use paytone_dtmf::Key;

use super::Dialog;
use crate::state::{Collecting, State};
use crate::timers::Timer;
use crate::{Field, OrderCode, Outcome, Prompt};

/// How an entry came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The caller pressed the terminator.
    Terminator,
    /// The caller paused.
    Pause,
    /// No further digit could belong to it.
    Full,
}

impl Dialog {
    /// Opens a field after saying `lead`. With keys waiting, the prompt is dropped before it is heard.
    pub(super) fn open(&mut self, field: Field, lead: Vec<Prompt>, now: Duration) {
        self.enter(State::Collecting(Collecting::new(field)));
        self.ask(lead, now);
    }

    /// Begins a try at the open field.
    fn ask(&mut self, mut words: Vec<Prompt>, now: Duration) {
        self.clear_entry();
        words.extend(self.field_prompt());
        self.speech.say(words);
        self.timers.stop(Timer::Entry);
        self.timers.start(Timer::Field, now, self.script.timeouts.field);
    }

    /// Takes a key from the line: used at once while a field is open, kept for the next field before that,
    /// dropped once the card is handed out.
    pub(super) fn key_pressed(&mut self, key: Key, now: Duration) {
        if !self.state.takes_keys() || !self.has_meaning(key) {
            return;
        }
        let gap = self.keypad.gap(now);
        if self.runs_on(gap) {
            return;
        }
        self.timers.start(Timer::Card, now, self.script.timeouts.card);
        self.keypad.type_ahead.push(key);
    }

    fn has_meaning(&self, key: Key) -> bool {
        key.digit().is_some() || key == self.script.terminator || key == self.script.clear
    }

    fn runs_on(&mut self, gap: Duration) -> bool {
        let limit = self.script.timeouts.run_on;
        let Some(open) = self.collecting_mut() else { return false };
        open.running_on &= gap < limit;
        open.running_on
    }

    /// Gives one key to the open field.
    pub(super) fn consume(&mut self, key: Key, now: Duration) {
        let swallow = core::mem::take(&mut self.keypad.swallow);
        if swallow && key == self.script.terminator {
            return;
        }
        self.be_silent();
        match key.digit() {
            Some(digit) => self.digit(digit, now),
            None if key == self.script.terminator => self.terminator(now),
            None => self.clear(now),
        }
    }

    fn digit(&mut self, digit: u8, now: Duration) {
        match self.open_field() {
            Some(Field::OrderCode) => self.order_digit(digit, now),
            Some(Field::Pan) => self.pan_digit(digit, now),
            Some(Field::Expiry) => self.expiry_digit(digit, now),
            Some(Field::SecurityCode) => self.security_code_digit(digit, now),
            None => {}
        }
    }

    fn order_digit(&mut self, digit: u8, now: Duration) {
        let digits = self.code.push(digit);
        self.fixed_length(digits, OrderCode::LEN, now);
    }

    /// An entry of a known length ends with its last digit.
    pub(super) fn fixed_length(&mut self, digits: usize, full: usize, now: Duration) {
        self.count(digits);
        if digits >= full {
            return self.submit(End::Full, now);
        }
        self.wait_for_key(self.script.timeouts.inter_digit, now);
    }

    /// `#`: the entry is complete. An empty one is asked for again, which costs no try.
    fn terminator(&mut self, now: Duration) {
        match self.entry_is_empty() {
            false => self.submit(End::Terminator, now),
            true if self.may_be_left_out() => self.filled(Field::SecurityCode, now),
            true => self.repeat(),
        }
    }

    /// `*`: start the entry again. An empty one has its prompt repeated.
    fn clear(&mut self, now: Duration) {
        if self.entry_is_empty() {
            return self.repeat();
        }
        self.clear_entry();
        self.wait_for_key(self.script.timeouts.first_digit, now);
    }

    fn repeat(&mut self) {
        self.timers.stop(Timer::Entry);
        let words = self.field_prompt().into_iter().collect();
        self.speech.say(words);
    }

    /// The caller has paused, or the time for this try is over.
    pub(super) fn entry_over(&mut self, now: Duration) {
        if self.collecting().is_none() {
            return;
        }
        self.be_silent();
        if self.entry_is_empty() { self.no_input(now) } else { self.submit(End::Pause, now) }
    }

    pub(super) fn submit(&mut self, end: End, now: Duration) {
        self.keypad.swallow = end != End::Terminator;
        match self.open_field() {
            Some(Field::OrderCode) => self.submit_order_code(now),
            Some(Field::Pan) => self.submit_pan(end, now),
            Some(Field::Expiry) => self.submit_expiry(now),
            Some(Field::SecurityCode) => self.submit_security_code(now),
            None => {}
        }
    }

    fn submit_order_code(&mut self, now: Duration) {
        match self.code.take() {
            Some(code) => self.look_up(code, now),
            None => self.no_match(Prompt::OrderCodeWrong, now),
        }
    }

    fn no_input(&mut self, now: Duration) {
        let limit = self.script.no_input;
        let Some(open) = self.collecting_mut() else { return };
        open.no_input += 1;
        if open.no_input >= limit {
            let outcome = Outcome::NoInput(open.field);
            return self.close(outcome, vec![Prompt::TooLongSilence], now);
        }
        self.ask(vec![Prompt::NoInput], now);
    }

    /// Refuses the entry. Keys that wait were meant for what would have come after it, and are dropped.
    pub(super) fn no_match(&mut self, why: Prompt, now: Duration) {
        let limit = self.script.no_match;
        let Some(open) = self.collecting_mut() else { return };
        open.no_match += 1;
        if open.no_match >= limit {
            let outcome = Outcome::TooManyAttempts(open.field);
            return self.close(outcome, vec![Prompt::TooManyAttempts], now);
        }
        open.running_on = true;
        self.keypad.type_ahead.wipe();
        self.ask(vec![why], now);
    }

    pub(super) fn wait_for_key(&mut self, wait: Duration, now: Duration) {
        self.timers.start(Timer::Entry, now, wait);
    }

    pub(super) fn count(&mut self, digits: usize) {
        if let Some(open) = self.collecting_mut() {
            open.digits = u8::try_from(digits).unwrap_or(u8::MAX);
        }
    }

    pub(super) fn entry_is_empty(&self) -> bool {
        self.collecting().is_none_or(|open| open.digits == 0)
    }

    fn clear_entry(&mut self) {
        self.code.wipe();
        self.clear_card_field();
        self.count(0);
    }

    pub(super) fn open_field(&self) -> Option<Field> {
        self.collecting().map(|open| open.field)
    }

    const fn collecting_mut(&mut self) -> Option<&mut Collecting> {
        match &mut self.state {
            State::Collecting(open) => Some(open),
            _ => None,
        }
    }

    pub(super) fn field_prompt(&self) -> Option<Prompt> {
        self.open_field().map(|field| match field {
            Field::OrderCode => Prompt::EnterOrderCode,
            Field::Pan => Prompt::EnterPan,
            Field::Expiry => Prompt::EnterExpiry,
            Field::SecurityCode => self.security_code_prompt(),
        })
    }
}
