//! The three fields of a card, filled key by key in one place and handed out once.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use paytone_card::{Brand, Card, CardEntry, InvalidExpiryDate, InvalidPan, PanProgress, SecurityCodeRule};

use super::Dialog;
use super::collecting::End;
use crate::state::{Missing, Secure};
use crate::timers::Timer;
use crate::{Field, Prompt};

impl Dialog {
    /// Asks for the parts of a card that are missing, after saying `lead`; never outside secure mode.
    pub(super) fn ask_card(&mut self, missing: Missing, lead: Vec<Prompt>, now: Duration) {
        if self.secure != Secure::On {
            return self.masking_failed(now);
        }
        if missing == Missing::ALL {
            self.card = Some(CardEntry::new());
        }
        self.missing = missing;
        self.next_card_field(lead, now);
    }

    fn next_card_field(&mut self, lead: Vec<Prompt>, now: Duration) {
        match self.missing.first() {
            Some(Field::SecurityCode) if self.code_rule() == SecurityCodeRule::None => self.hand_out(now),
            Some(field) => self.open(field, lead, now),
            None => self.hand_out(now),
        }
    }

    pub(super) fn filled(&mut self, field: Field, now: Duration) {
        self.missing.fill(field);
        self.next_card_field(Vec::new(), now);
    }

    fn hand_out(&mut self, now: Duration) {
        match self.card.take().map(CardEntry::finish) {
            Some(Ok(card)) => self.authorize(card, now),
            // What was thought to be there is not: nothing is lost but the caller's patience.
            _ => self.ask_card(Missing::ALL, vec![Prompt::StartAgain], now),
        }
    }

    /// Goes on with the card that a decline handed back. Without it, or with one that is too old to be
    /// kept, everything is missing.
    pub(super) fn take_back(&mut self, card: Option<Card>, missing: Missing) -> Missing {
        if missing == Missing::ALL || !self.timers.is_running(Timer::Card) {
            return Missing::ALL;
        }
        self.card = card.map(Card::into_entry);
        if self.card.is_some() { missing } else { Missing::ALL }
    }

    /// The last key was long ago: the card is wiped, and asked for from the start.
    pub(super) fn card_too_old(&mut self, now: Duration) {
        self.keypad.type_ahead.wipe();
        let had_digits = !self.entry_is_empty() || self.missing != Missing::ALL;
        if had_digits && self.open_field().is_some_and(Field::is_card_data) {
            self.ask_card(Missing::ALL, vec![Prompt::StartAgain], now);
        }
    }

    pub(super) fn pan_digit(&mut self, digit: u8, now: Duration) {
        let policy = self.script.pan_policy;
        let card = self.card.get_or_insert_with(CardEntry::new);
        let progress = card.push_pan(digit, &policy);
        let digits = card.pan_len();
        self.count(digits);
        match progress {
            PanProgress::Incomplete | PanProgress::MayGoOn => {
                self.wait_for_key(self.wait_within_entry(), now);
            }
            PanProgress::Complete => self.submit(End::Full, now),
            PanProgress::TooLong => {
                self.keypad.type_ahead.push_front(digit);
                self.submit(End::Full, now);
            }
            PanProgress::Refused(why) => {
                self.keypad.swallow = true;
                self.no_match(pan_prompt(&why), now);
            }
        }
    }

    /// How long to wait for the next digit: less where the card number is a possible one as it is.
    pub(super) fn wait_within_entry(&self) -> Duration {
        let pan = self.card.as_ref().filter(|_| self.open_field() == Some(Field::Pan));
        match pan.map(|card| card.pan_progress(&self.script.pan_policy)) {
            Some(PanProgress::MayGoOn) => self.script.timeouts.may_go_on,
            _ => self.script.timeouts.inter_digit,
        }
    }

    pub(super) fn submit_pan(&mut self, end: End, now: Duration) {
        let policy = self.script.pan_policy;
        let card = self.card.get_or_insert_with(CardEntry::new);
        let mut accepted = card.accept_pan(&policy);
        // Keys that ran on past the number: the rest belongs to the fields that follow.
        if accepted.is_err()
            && end == End::Full
            && let Some(len) = card.valid_prefix(&policy)
        {
            self.keypad.type_ahead.put_before(card.split_pan(len));
            accepted = card.accept_pan(&policy);
        }
        match accepted {
            Ok(_) => self.filled(Field::Pan, now),
            Err(why) => self.no_match(pan_prompt(&why), now),
        }
    }

    pub(super) fn expiry_digit(&mut self, digit: u8, now: Duration) {
        let digits = self.card.get_or_insert_with(CardEntry::new).push_expiry(digit);
        self.fixed_length(digits, 4, now);
    }

    pub(super) fn submit_expiry(&mut self, now: Duration) {
        match self.card.get_or_insert_with(CardEntry::new).accept_expiry(now) {
            Ok(()) => self.filled(Field::Expiry, now),
            Err(InvalidExpiryDate::Past) => self.no_match(Prompt::CardExpired, now),
            Err(_) => self.no_match(Prompt::ExpiryWrong, now),
        }
    }

    pub(super) fn security_code_digit(&mut self, digit: u8, now: Duration) {
        let digits = self.card.get_or_insert_with(CardEntry::new).push_code(digit);
        let full = self.card.as_ref().map_or(3, CardEntry::code_len);
        self.fixed_length(digits, usize::from(full), now);
    }

    pub(super) fn submit_security_code(&mut self, now: Duration) {
        match self.card.get_or_insert_with(CardEntry::new).accept_code() {
            Ok(()) => self.filled(Field::SecurityCode, now),
            Err(_) => self.no_match(Prompt::SecurityCodeWrong, now),
        }
    }

    /// Clears what the open field has, if it is one of the card's.
    pub(super) fn clear_card_field(&mut self) {
        let field = self.open_field();
        let Some(card) = &mut self.card else { return };
        match field {
            Some(Field::Pan) => card.clear_pan(),
            Some(Field::Expiry) => card.clear_expiry(),
            Some(Field::SecurityCode) => card.clear_code(),
            _ => {}
        }
    }

    /// Whether `#` alone answers the open field: a card that may have no security code.
    pub(super) fn may_be_left_out(&self) -> bool {
        self.open_field() == Some(Field::SecurityCode)
            && matches!(self.code_rule(), SecurityCodeRule::Optional(_))
    }

    pub(super) fn security_code_prompt(&self) -> Prompt {
        match self.code_rule() {
            SecurityCodeRule::Required(4) => Prompt::EnterFrontCode,
            SecurityCodeRule::Optional(_) => Prompt::EnterCodeIfAny,
            _ => Prompt::EnterBackCode,
        }
    }

    fn code_rule(&self) -> SecurityCodeRule {
        let brand = self.card.as_ref().and_then(CardEntry::brand);
        brand.map_or(SecurityCodeRule::Required(3), Brand::security_code)
    }
}

fn pan_prompt(why: &InvalidPan) -> Prompt {
    match why {
        InvalidPan::Length { received } => Prompt::PanLength { received: *received },
        InvalidPan::BrandNotAccepted(_) => Prompt::BrandNotAccepted,
        InvalidPan::NotATestNumber => Prompt::NotATestCard,
        _ => Prompt::PanWrong,
    }
}
