//! One field at a time: keys in, an entry accepted or refused.

use alloc::vec::Vec;
use core::iter;
use core::time::Duration;

use paytone_dtmf::Key;

use super::Dialog;
use crate::state::{Collecting, State};
use crate::timers::Timer;
use crate::{Field, FieldRules, OrderCode, Outcome, Prompt, TypeAheadPolicy};

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
    pub(super) fn open(&mut self, field: Field, lead: Option<Prompt>, now: Duration) {
        // Whoever keyed the order code may not be who answers a hand-over.
        if field == Field::HandOver || self.plan.rules(field).type_ahead == TypeAheadPolicy::Flush {
            self.keypad.wipe();
        }
        self.enter(State::Collecting(Collecting::new(field, self.plan.rules_at(field))));
        let summary = self.summary(field);
        self.ask(lead.into_iter().chain(summary), now);
    }

    /// Begins a try at the open field.
    fn ask(&mut self, lead: impl IntoIterator<Item = Prompt>, now: Duration) {
        self.clear_entry();
        let mut words = self.speech.compose();
        words.extend(lead);
        self.field_words(&mut words);
        self.speech.say_these(words);
        self.timers.stop(Timer::Entry);
        self.timers.start(Timer::Field, now, self.field_wait());
    }

    /// Takes a key from the line: used at once while a field is open, kept for the next field before that,
    /// dropped once the card is handed out.
    pub(super) fn key_pressed(&mut self, key: Key, now: Duration) {
        self.caller.heard = true;
        if !self.state.takes_keys() || !self.has_meaning(key) {
            return;
        }
        self.keypad.pressed(now);
        if self.runs_on() || self.is_unwanted() {
            return;
        }
        self.timers.start(Timer::Card, now, self.plan.timeouts.card);
        if self.keypad.type_ahead.is_empty() && self.collecting().is_some() && !self.must_listen() {
            return self.consume(key, now);
        }
        self.keypad.type_ahead.push(key);
    }

    fn has_meaning(&self, key: Key) -> bool {
        key.digit().is_some() || key == self.plan.clear || self.open_rules().terminators.contains(key)
    }

    fn runs_on(&mut self) -> bool {
        let State::Collecting(open) = &mut self.state else { return false };
        if open.running_on {
            open.running_on = self.keypad.last_gap() < self.plan.timeouts.run_on;
        }
        open.running_on
    }

    /// A key during a prompt that has to be heard, where such keys are not kept.
    fn is_unwanted(&self) -> bool {
        self.must_listen() && self.open_rules().type_ahead == TypeAheadPolicy::Flush
    }

    /// Whether the prompt has to be heard to its end before a key counts.
    pub(super) fn must_listen(&self) -> bool {
        (self.speech.is_playing() || self.speech.has_pending())
            && self.collecting().is_some_and(|open| !self.plan.rules_of(open).barge_in)
    }

    /// Gives one key to the open field.
    pub(super) fn consume(&mut self, key: Key, now: Duration) {
        let ends = key.digit().is_none() && self.open_rules().terminators.contains(key);
        let swallow = core::mem::take(&mut self.keypad.swallow);
        if swallow && ends {
            return;
        }
        self.be_silent();
        let Some(open) = self.collecting_mut() else { return };
        if open.menu {
            return self.menu_key(key, now);
        }
        let field = open.field;
        if let Some(digit) = key.digit() {
            open.cleared = false;
            return self.digit(field, digit, now);
        }
        if ends {
            open.cleared = false;
            return self.terminator(field, now);
        }
        self.clear_pressed(now);
    }

    pub(super) fn digit(&mut self, field: Field, digit: u8, now: Duration) {
        match field {
            Field::Pan => self.pan_digit(digit, now),
            Field::Expiry => self.expiry_digit(digit, now),
            Field::SecurityCode => self.security_code_digit(digit, now),
            Field::OrderCode => self.order_digit(digit, now),
            field if field.is_question() => self.answer(field, digit, now),
            field => self.number_digit(field, digit, now),
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
        self.wait_for_key(self.inter_digit_wait(), now);
    }

    /// `#`: the entry is complete. An empty one is asked for again, which costs no try.
    fn terminator(&mut self, field: Field, now: Duration) {
        match self.entry_is_empty() {
            false => self.submit(End::Terminator, now),
            true if self.may_be_left_out(field) => self.leave_out(field, now),
            true => self.repeat(),
        }
    }

    pub(super) fn repeat(&mut self) {
        self.timers.stop(Timer::Entry);
        self.repeat_words(None);
    }

    /// The caller pauses. In the middle of what cannot be complete yet, once, the caller is asked to go on and
    /// loses nothing.
    pub(super) fn paused(&mut self, now: Duration) {
        if self.collecting().is_some_and(|open| open.menu) {
            return self.leave_menu(now);
        }
        let may_be_nudged = self.is_in_the_middle();
        match self.collecting_mut() {
            Some(open) if may_be_nudged && !open.nudged => {
                open.nudged = true;
                self.speech.say([Prompt::ContinueEntry]);
            }
            _ => self.entry_over(now),
        }
    }

    /// The caller has paused, or the time for this try is over.
    pub(super) fn entry_over(&mut self, now: Duration) {
        let Some(open) = self.collecting_mut() else { return };
        open.menu = false;
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
            Some(field) if Self::is_number(field) => self.submit_number(field, now),
            _ => {}
        }
    }

    fn submit_order_code(&mut self, now: Duration) {
        match self.code.take() {
            Some(code) => self.look_up(code, now),
            None => self.no_match(Prompt::OrderCodeWrong, now),
        }
    }

    fn no_input(&mut self, now: Duration) {
        let heard = self.caller.heard;
        let Some(open) = self.collecting_mut() else { return };
        let field = open.field;
        // A hand-over has no tries: it loops until its time is over.
        if field == Field::HandOver && self.timers.is_running(Timer::Field) {
            return self.repeat();
        }
        let Some(open) = self.collecting_mut() else { return };
        open.no_input += 1;
        let silences = open.no_input;
        let limit = self.plan.rules(field).no_input;
        if silences >= SILENCES_TO_LEAVE_OUT && self.may_be_left_out(field) {
            return self.leave_out(field, now);
        }
        if silences >= limit || field == Field::HandOver {
            let outcome = if heard { Outcome::NoInput(field) } else { Outcome::NoKeyHeard };
            return self.close(outcome, [Prompt::TooLongSilence], now);
        }
        let tell_about_tones = !heard && silences == SILENCES_TO_DOUBT_TONES.min(limit - 1);
        self.caller.told_about_tones |= tell_about_tones;
        let why = if tell_about_tones { Prompt::SwitchToTone } else { Prompt::NoInput };
        self.ask([why], now);
    }

    /// Refuses the entry. Keys that wait were meant for what would have come after it, and are dropped.
    pub(super) fn no_match(&mut self, why: Prompt, now: Duration) {
        let Some(open) = self.collecting_mut() else { return };
        open.no_match += 1;
        open.running_on = true;
        let (field, mistakes) = (open.field, open.no_match);
        if mistakes >= self.plan.rules(field).no_match {
            let outcome = Outcome::TooManyAttempts(field);
            return self.close(outcome, [Prompt::TooManyAttempts], now);
        }
        self.keypad.type_ahead.wipe();
        let brands = if why == Prompt::BrandNotAccepted { self.brands_accepted() } else { None };
        self.ask(iter::once(why).chain(brands), now);
    }

    pub(super) fn wait_for_key(&mut self, wait: Duration, now: Duration) {
        self.timers.start(Timer::Entry, now, wait);
    }

    /// Notes how many digits the entry has, and hands it on: it is not read back at once.
    #[inline]
    pub(super) const fn count(&mut self, digits: usize) -> u8 {
        // No entry is longer than a card number.
        let digits = (digits & 0x1f) as u8;
        if let Some(open) = self.collecting_mut() {
            open.digits = digits;
        }
        digits
    }

    /// Digits in the entry.
    #[inline]
    pub(super) fn digits(&self) -> u8 {
        self.collecting().map_or(0, |open| open.digits)
    }

    pub(super) fn entry_is_empty(&self) -> bool {
        self.collecting().is_none_or(|open| open.digits == 0)
    }

    pub(super) fn clear_entry(&mut self) {
        self.code.wipe();
        self.clear_card_field();
        if let Some(open) = self.collecting_mut() {
            (open.digits, open.zero, open.nudged) = (0, false, false);
        }
    }

    pub(super) fn open_rules(&self) -> &FieldRules {
        self.collecting().map_or(&self.plan.usual, |open| self.plan.rules_of(open))
    }

    pub(super) fn first_digit_wait(&self) -> Duration {
        self.patience(self.open_rules().first_digit.unwrap_or(self.plan.timeouts.first_digit))
    }

    pub(super) fn inter_digit_wait(&self) -> Duration {
        self.patience(self.open_rules().inter_digit.unwrap_or(self.plan.timeouts.inter_digit))
    }

    pub(super) fn field_wait(&self) -> Duration {
        let whole = self.open_rules().field.unwrap_or(self.plan.timeouts.field);
        let is_hand_over = self.open_field() == Some(Field::HandOver);
        if is_hand_over { self.plan.timeouts.hand_over } else { self.patience(whole) }
    }

    /// Twice as long for a caller whose keys are heard patiently.
    pub(super) const fn patience(&self, wait: Duration) -> Duration {
        if self.caller.slow { wait.saturating_mul(2) } else { wait }
    }

    pub(super) fn field_words(&self, words: &mut Vec<Prompt>) {
        match self.open_field() {
            Some(Field::OrderCode) => words.push(Prompt::EnterOrderCode),
            Some(Field::HandOver) => words.push(Prompt::HandOver),
            Some(Field::ConfirmOrder) => {
                words.extend(self.order.clone().map(Prompt::OrderSummary));
                words.push(Prompt::ConfirmOrder);
            }
            Some(Field::Amount) => words.push(Prompt::EnterAmount),
            Some(Field::ConfirmAmount) => {
                let amount = self.details.as_ref().and_then(|details| details.amount);
                words.extend(amount.map(Prompt::AmountKeyed));
                words.push(Prompt::ConfirmAmount);
            }
            Some(Field::Method) => self.method_words(words),
            Some(Field::Instalments) => words.push(Prompt::EnterInstalments),
            Some(Field::Postcode) => words.push(Prompt::EnterPostcode),
            Some(Field::Consent) => words.push(Prompt::AskConsent),
            Some(Field::Custom(own)) => {
                words.extend(self.plan.custom(own).cloned().map(Prompt::EnterCustom));
            }
            Some(Field::Pan) => {
                words.push(Prompt::EnterPan);
                words.extend(self.caller.may_have_no_card.then_some(Prompt::NoOtherCard));
            }
            Some(Field::Expiry) => words.push(Prompt::EnterExpiry),
            Some(Field::SecurityCode) => words.push(self.security_code_prompt()),
            Some(Field::ConfirmCard) => self.confirm_card_words(words),
            None => {}
        }
    }
}

/// An optional field is left out at the second silence: not every telephone has a `#` that gets through.
const SILENCES_TO_LEAVE_OUT: u8 = 2;
/// When two tries have passed without a key in the whole call, the telephone may send none.
const SILENCES_TO_DOUBT_TONES: u8 = 2;
