//! Into secure mode before the first word about a card.

use core::time::Duration;

use super::Dialog;
use crate::phase::SecureState;
use crate::state::{State, Then};
use crate::timers::Timer;
use crate::{Action, Entry, Field, Mode, Outcome, Prompt};

impl Dialog {
    /// In automatic mode the line is secured at once, in directed mode before the first card field.
    pub(super) fn answered(&mut self, now: Duration) {
        if !matches!(self.state, State::Ringing) {
            return;
        }
        self.timers.start(Timer::Session, now, self.plan.timeouts.session);
        match self.mode {
            Mode::Automatic => self.ask_for_secure(Then::Begin, now),
            Mode::Directed => self.begin(now),
        }
    }

    pub(super) fn ask_for_secure(&mut self, then: Then, now: Duration) {
        self.enter(State::Securing(then));
        self.timers.start(Timer::Securing, now, self.plan.timeouts.securing);
        if self.secure != SecureState::Securing {
            self.secure = SecureState::Securing;
            self.actions.push(Action::Secure);
        }
    }

    pub(super) fn secured(&mut self, now: Duration) {
        if self.secure != SecureState::Securing {
            return;
        }
        self.secure = SecureState::Secured;
        match self.state {
            State::Securing(Then::Begin) => self.begin(now),
            State::Securing(Then::Capture(field)) => self.open(field, None, now),
            _ => {}
        }
    }

    /// The media side has left secure mode, unless it has been asked to enter it again meanwhile.
    pub(super) fn released(&mut self) {
        if self.secure == SecureState::Releasing {
            self.secure = SecureState::Clear;
        }
    }

    fn begin(&mut self, now: Duration) {
        let lead = (self.mode == Mode::Automatic).then_some(Prompt::Welcome);
        match self.entry.clone() {
            Entry::AskOrderCode => {}
            Entry::Order(order) | Entry::Suggested(order) => self.keep(order),
            Entry::Refused(refusal) => {
                let words = [Prompt::Welcome, Prompt::OrderRefused(refusal)];
                return self.close(Outcome::OrderRefused(refusal), words, now);
            }
        }
        self.go_on(lead, now);
    }

    /// Keys are not hidden, or no longer: whatever was entered goes. A card that is with the provider
    /// already is not called back.
    pub(super) fn secure_refused(&mut self, now: Duration) {
        if self.secure == SecureState::Clear {
            return;
        }
        self.secure = SecureState::Refused;
        if self.state.is_taking() {
            self.masking_failed(now);
        }
    }

    pub(super) fn masking_failed(&mut self, now: Duration) {
        self.close(Outcome::MaskingUnavailable, [Prompt::MaskingUnavailable], now);
    }

    /// Opens a field, in secure mode if it needs that.
    pub(super) fn open_safely(&mut self, field: Field, lead: Option<Prompt>, now: Duration) {
        match self.secure {
            _ if !field.is_card_data() => self.open(field, lead, now),
            SecureState::Secured => self.open(field, lead, now),
            SecureState::Clear | SecureState::Securing | SecureState::Releasing => {
                self.ask_for_secure(Then::Capture(field), now);
            }
            SecureState::Refused => self.masking_failed(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, Script};

    #[test]
    fn secure_mode_is_left_when_the_media_side_says_so() {
        let mut dialog = Dialog::new(Script::builder(Entry::AskOrderCode).build().unwrap());
        let now = Duration::from_secs(1_790_000_000);
        let mut seen = Vec::new();
        for event in [Event::Answered, Event::Secured, Event::HungUp, Event::Released] {
            dialog.handle(event, now);
            seen.push(dialog.progress().secure());
        }
        use SecureState::{Clear, Releasing, Secured, Securing};
        assert_eq!(seen, [Securing, Secured, Releasing, Clear]);
    }
}
