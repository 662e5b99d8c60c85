//! The commands that a caller can give at any field, and that cost no try.

use core::time::Duration;

use paytone_dtmf::Key;

use super::Dialog;
use crate::keymap::{CallerCommand, KEY_MAP};
use crate::timers::Timer;
use crate::{AbortScope, Outcome, Prompt};

impl Dialog {
    /// The clear key: start the entry again, have the prompt of an empty one repeated, or open the menu.
    pub(super) fn clear_pressed(&mut self, now: Duration) {
        let is_empty = self.entry_is_empty();
        let Some(open) = self.collecting_mut() else { return };
        let was_cleared = core::mem::replace(&mut open.cleared, true);
        let field = open.field;
        let opens_menu = match self.plan.rules(field).abort {
            AbortScope::DoublePress => was_cleared && self.keypad.last_gap() <= DOUBLE_PRESS,
            AbortScope::FirstKeyOnly => is_empty,
            AbortScope::Anywhere => true,
            AbortScope::Never => false,
        };
        if opens_menu {
            return self.open_menu(now);
        }
        if is_empty {
            return self.repeat();
        }
        self.clear_entry();
        self.wait_for_key(self.first_digit_wait(), now);
    }

    fn open_menu(&mut self, now: Duration) {
        self.clear_entry();
        if let Some(open) = self.collecting_mut() {
            open.menu = true;
            open.cleared = false;
        }
        self.timers.stop(Timer::Entry);
        // What the menu takes is not taken from the field's own time.
        self.timers.start(Timer::Field, now, self.field_wait());
        self.say_menu();
    }

    /// The key map, as far as it means something in this script.
    pub(super) fn say_menu(&mut self) {
        let mut words = self.speech.compose();
        words.push(Prompt::Menu);
        let offered = KEY_MAP.into_iter().filter(|(_, command, _)| self.is_offered(*command));
        words.extend(offered.map(|(_, _, help)| help));
        self.speech.say_these(words);
    }

    fn is_offered(&self, command: CallerCommand) -> bool {
        match command {
            CallerCommand::Operator => self.after.has_operator(),
            CallerCommand::Language => self.plan.languages.len() > 1,
            _ => true,
        }
    }

    pub(super) fn menu_key(&mut self, key: Key, now: Duration) {
        let command = KEY_MAP.iter().find(|(of, _, _)| *of == key).map(|(_, command, _)| *command);
        match command.filter(|command| self.is_offered(*command)) {
            Some(CallerCommand::Operator) => self.ask_for_operator(now),
            Some(CallerCommand::Language) => self.next_language(now),
            Some(CallerCommand::Cancel) => {
                self.close(Outcome::CancelledByCaller, [Prompt::Cancelled], now);
            }
            Some(CallerCommand::Repeat | CallerCommand::Back) => self.leave_menu(now),
            Some(CallerCommand::Help) | None => self.say_menu(),
        }
    }

    /// Back to the field, which is asked for again.
    pub(super) fn leave_menu(&mut self, now: Duration) {
        if let Some(open) = self.collecting_mut() {
            open.menu = false;
        }
        self.timers.start(Timer::Field, now, self.field_wait());
        self.repeat();
    }

    fn next_language(&mut self, now: Duration) {
        let languages = &self.plan.languages;
        let place = languages.iter().position(|language| *language == self.language).unwrap_or_default();
        self.language = languages[(place + 1) % languages.len()];
        self.caller.language_is_chosen = true;
        self.leave_menu(now);
    }

    /// The caller wants a person, or cannot go on without one.
    pub(super) fn ask_for_operator(&mut self, now: Duration) {
        let outcome =
            if self.caller.may_have_no_card { Outcome::NoUsableCard } else { Outcome::OperatorRequested };
        self.close(outcome, None, now);
    }
}

/// Two presses of the clear key within this time are one command.
const DOUBLE_PRESS: Duration = Duration::from_millis(1500);
