//! What an operator has done, field by field.

use core::time::Duration;

use super::Dialog;
use crate::field::{Field, FieldSet};
use crate::phase::SecureState;
use crate::state::{State, Then};
use crate::{Action, Command, CommandRefused, Mode, Outcome, Prompt};

impl Dialog {
    pub(super) fn follow(&mut self, command: Command, now: Duration) -> Result<(), CommandRefused> {
        match command {
            Command::Mode(mode) => return self.switch_to(mode, now),
            Command::SlowMode(on) => return self.slow_mode(on),
            _ => self.check_ready()?,
        }
        match command {
            Command::Capture(field) => self.capture(field, now),
            Command::Clear(field) => self.clear_field(field, now),
            Command::Skip(field) => self.skip(field, now),
            Command::Repeat => self.say_again(),
            Command::Submit => self.submit_all(now),
            Command::Talk => self.talk(),
            Command::HandOver => self.operator_agrees(now),
            Command::Cancel => {
                self.close(Outcome::CancelledByOperator, [Prompt::Cancelled], now);
                Ok(())
            }
            Command::TakeBack => {
                self.give_back(now);
                Ok(())
            }
            Command::Mode(_) | Command::SlowMode(_) => Ok(()),
        }
    }

    const fn check_ready(&self) -> Result<(), CommandRefused> {
        match self.state {
            State::Ringing | State::Securing(_) | State::LookingUp => Err(CommandRefused::NotReady),
            State::Authorizing | State::Voiding => Err(CommandRefused::Authorizing),
            State::Closing(_) | State::Finished => Err(CommandRefused::Over),
            State::Waiting | State::Collecting(_) => Ok(()),
        }
    }

    fn switch_to(&mut self, mode: Mode, now: Duration) -> Result<(), CommandRefused> {
        if matches!(self.state, State::Closing(_) | State::Finished) {
            return Err(CommandRefused::Over);
        }
        self.mode = mode;
        if mode == Mode::Automatic && matches!(self.state, State::Waiting) {
            match self.secure {
                SecureState::Secured => self.go_on(None, now),
                _ => match self.first_missing() {
                    Some(field) => self.open_safely(field, None, now),
                    None => self.ask_for_secure(Then::Capture(Field::Pan), now),
                },
            }
        }
        Ok(())
    }

    fn slow_mode(&mut self, on: bool) -> Result<(), CommandRefused> {
        if matches!(self.state, State::Closing(_) | State::Finished) {
            return Err(CommandRefused::Over);
        }
        if self.caller.slow != on {
            self.caller.slow = on;
            self.actions.push(Action::SlowMode(on));
        }
        Ok(())
    }

    fn capture(&mut self, field: Field, now: Duration) -> Result<(), CommandRefused> {
        self.check_askable(field)?;
        self.wipe_field(field);
        self.keypad.wipe();
        self.be_silent();
        self.open_safely(field, None, now);
        Ok(())
    }

    /// Whether the script knows the field, and what it depends on is there.
    fn check_askable(&self, field: Field) -> Result<(), CommandRefused> {
        let is_scripted = self.asked.contains(field) || self.missing.contains(field);
        if !is_scripted {
            return Err(CommandRefused::NotAField);
        }
        let order_first = field.is_card_data() && (self.order.is_none() || self.is_order_open());
        let number_first = field == Field::SecurityCode && self.missing.contains(Field::Pan);
        let card = self.plan.card_fields(FieldSet::CARD);
        let card_first = field == Field::ConfirmCard && !self.missing.intersection(card).is_empty();
        if order_first || number_first || card_first { Err(CommandRefused::TooEarly) } else { Ok(()) }
    }

    /// The caller has not agreed to the order, or to who is on the line.
    fn is_order_open(&self) -> bool {
        const ORDER: FieldSet = FieldSet::of(&[Field::OrderCode, Field::HandOver, Field::ConfirmOrder]);
        !self.missing.intersection(ORDER).is_empty()
    }

    fn clear_field(&mut self, field: Field, now: Duration) -> Result<(), CommandRefused> {
        if !self.asked.contains(field) {
            return Err(CommandRefused::NotAField);
        }
        let was_open = self.open_field();
        self.wipe_field(field);
        // With the card number its code has gone too.
        if was_open.is_some_and(|open| open == field || field == Field::Pan && open.is_card_data()) {
            self.be_silent();
            self.keypad.wipe();
            self.go_on(None, now);
        }
        Ok(())
    }

    /// Wipes what a field has, and what depends on it; it is missing then.
    pub(super) fn wipe_field(&mut self, field: Field) {
        if self.open_field() == Some(field) {
            self.clear_entry();
        }
        if let Some(card) = &mut self.card {
            match field {
                Field::Pan => {
                    card.clear_pan();
                    card.clear_code();
                    self.brand = None;
                }
                Field::Expiry => card.clear_expiry(),
                Field::SecurityCode => card.clear_code(),
                _ => {}
            }
        }
        match field {
            Field::Pan => self.miss(FieldSet::PAN),
            _ => self.missing.insert(field),
        }
        self.wipe_detail(field);
    }

    fn wipe_detail(&mut self, field: Field) {
        let Some(details) = &mut self.details else { return };
        match field {
            Field::Amount => {
                details.amount = None;
                self.missing.remove(Field::ConfirmAmount);
            }
            Field::Method => {
                details.method = None;
                self.missing.remove(Field::Instalments);
            }
            Field::Instalments => details.method = None,
            Field::Postcode => details.postcode = None,
            Field::Consent => details.consent = None,
            Field::Custom(own) => {
                if let Some(place) = details.custom.get_mut(usize::from(own)) {
                    *place = None;
                }
            }
            _ => {}
        }
    }

    fn skip(&mut self, field: Field, now: Duration) -> Result<(), CommandRefused> {
        if !self.asked.contains(field) {
            return Err(CommandRefused::NotAField);
        }
        if !self.may_be_left_out(field) {
            return Err(CommandRefused::NotOptional);
        }
        self.wipe_field(field);
        if self.open_field() == Some(field) {
            self.be_silent();
            self.filled(field, now);
        } else {
            self.missing.remove(field);
        }
        Ok(())
    }

    fn say_again(&mut self) -> Result<(), CommandRefused> {
        if self.open_field().is_none() {
            return Err(CommandRefused::NothingOpen);
        }
        self.repeat();
        Ok(())
    }

    fn submit_all(&mut self, now: Duration) -> Result<(), CommandRefused> {
        let needed = |field: &Field| !self.may_be_left_out(*field);
        if self.missing.iter().any(|field| needed(&field)) {
            return Err(CommandRefused::Incomplete);
        }
        self.clear_entry();
        self.hand_out(now);
        Ok(())
    }

    /// Leaves secure mode so that the two can talk. Entries that are complete stay; the next card field secures the line
    /// again.
    fn talk(&mut self) -> Result<(), CommandRefused> {
        if self.is_order_open() {
            return Err(CommandRefused::TooEarly);
        }
        self.clear_entry();
        self.keypad.wipe();
        self.be_silent();
        self.mode = Mode::Directed;
        self.enter(State::Waiting);
        if self.secure == SecureState::Secured {
            self.secure = SecureState::Releasing;
            self.actions.push(Action::Release);
        }
        Ok(())
    }

    fn operator_agrees(&mut self, now: Duration) -> Result<(), CommandRefused> {
        if self.open_field() != Some(Field::HandOver) {
            return Err(CommandRefused::NothingOpen);
        }
        self.caller.operator_agreed = true;
        self.hand_over_done(now);
        Ok(())
    }
}
