//! The three fields of a card, filled key by key in one place and handed out once.

use core::time::Duration;

use paytone_card::{
    Brand, BrandSet, Card, CardEntry, InvalidExpiryDate, InvalidPan, MaskedPan, PanProgress, SecurityCodeRule,
};

use super::Dialog;
use super::collecting::End;
use crate::field::FieldSet;
use crate::keymap::OPERATOR;
use crate::phrase::Value;
use crate::state::State;
use crate::timers::Timer;
use crate::{Field, Mode, Payment, Prompt};

impl Dialog {
    /// Everything is there: the card goes to the provider.
    pub(super) fn hand_out(&mut self, now: Duration) {
        let needs_code =
            self.plan.fields.contains(&Field::SecurityCode) && !self.plan.rules(Field::SecurityCode).optional;
        let finish = if needs_code { CardEntry::finish } else { CardEntry::finish_without_code };
        match self.card.take().map(finish) {
            Some(Ok(card)) => self.authorize(Payment::new(card, self.details.clone()), now),
            // What was thought to be there is not: nothing is lost but the caller's patience.
            _ => self.start_again(now),
        }
    }

    /// Asks for the whole card once more.
    fn start_again(&mut self, now: Duration) {
        self.wipe_card();
        self.miss(FieldSet::CARD);
        self.go_on(Some(Prompt::StartAgain), now);
    }

    /// Notes that these are to be asked for, as far as the script does, and what is agreed to with them.
    pub(super) fn miss(&mut self, fields: FieldSet) {
        self.missing = self.missing.union(self.plan.card_fields(fields));
        if fields.contains(Field::Pan) && self.plan.confirm != crate::Confirm::Nothing {
            self.missing.insert(Field::ConfirmCard);
        }
    }

    pub(super) fn wipe_card(&mut self) {
        self.card = None;
        self.brand = None;
    }

    /// Goes on with the card that a decline handed back. Without it, or with one that is too old to be
    /// kept, everything is missing.
    pub(super) fn take_back(&mut self, card: Option<Card>, wrong: FieldSet) -> FieldSet {
        if wrong == FieldSet::CARD || !self.timers.is_running(Timer::Card) {
            self.wipe_card();
            return FieldSet::CARD;
        }
        self.card = card.map(Card::into_entry);
        if self.card.is_some() { wrong } else { FieldSet::CARD }
    }

    /// The last key was long ago: the card is wiped, and asked for from the start.
    pub(super) fn card_too_old(&mut self, now: Duration) {
        self.keypad.type_ahead.wipe();
        let card = self.plan.card_fields(FieldSet::CARD);
        let open = self.open_field();
        let is_open = open.is_some_and(Field::is_card_data);
        let has_some = self.missing.intersection(card) != card || (is_open && !self.entry_is_empty());
        if !has_some || !matches!(self.state, State::Collecting(_) | State::Waiting | State::Securing(_)) {
            return;
        }
        if is_open || open == Some(Field::ConfirmCard) {
            return self.start_again(now);
        }
        self.wipe_card();
        self.miss(FieldSet::CARD);
    }

    /// What may be shown of the number.
    pub(super) fn last_four(&self) -> Option<MaskedPan> {
        match &self.card {
            Some(card) => card.masked(),
            // The card is with the provider, or the outcome is known.
            None if self.authorizations > 0 && self.brand.is_some() => self.progress.last_four,
            None => None,
        }
    }

    pub(super) fn pan_digit(&mut self, digit: u8, now: Duration) {
        if self.after.has_operator() && self.is_operators_key(digit, now) {
            return;
        }
        let (progress, _) = self.push_pan(digit);
        self.pan_progressed(progress, digit, now);
    }

    /// Adds a digit to the number; tells what it amounts to and how many digits it has.
    #[inline]
    pub(super) fn push_pan(&mut self, digit: u8) -> (PanProgress, u8) {
        let card = self.card.get_or_insert_with(CardEntry::new);
        let progress = card.push_pan(digit, &self.cards);
        let digits = card.pan_len();
        // A brand that is certain stays so, whatever digit follows.
        self.brand = self.brand.or_else(|| card.brand());
        (progress, self.count(digits))
    }

    /// Does what the number calls for now that it has this digit.
    pub(super) fn pan_progressed(&mut self, progress: PanProgress, digit: u8, now: Duration) {
        match progress {
            PanProgress::Incomplete => self.wait_for_key(self.wait_within_group(self.digits()), now),
            PanProgress::MayGoOn => self.wait_for_key(self.patience(self.plan.timeouts.may_go_on), now),
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

    /// No card number begins with the operator's key: alone it asks for a person, with more it is a mistake.
    fn is_operators_key(&mut self, digit: u8, now: Duration) -> bool {
        let is_empty = self.entry_is_empty();
        let wait = self.patience(self.plan.timeouts.may_go_on);
        let Some(open) = self.collecting_mut() else { return false };
        if open.zero {
            self.keypad.swallow = true;
            self.no_match(Prompt::PanWrong, now);
            return true;
        }
        open.zero = is_empty && digit == OPERATOR;
        let is_operators = open.zero;
        if is_operators {
            self.count(1);
            self.wait_for_key(wait, now);
        }
        is_operators
    }

    /// Whether an entry has begun that cannot be complete yet, so that a pause is only a pause.
    pub(super) fn is_in_the_middle(&self) -> bool {
        match self.collecting() {
            Some(open) if open.field == Field::OrderCode => open.digits > 0,
            Some(open) if open.field == Field::Pan && open.digits > 0 && !open.zero => {
                let progress = self.card.as_ref().map(|card| card.pan_progress(&self.cards));
                progress == Some(PanProgress::Incomplete)
            }
            _ => false,
        }
    }

    /// How long to wait for the next digit: less where the card number is a possible one as it is.
    pub(super) fn wait_within_entry(&self) -> Duration {
        let Some(open) = self.collecting() else { return self.inter_digit_wait() };
        if open.field != Field::Pan {
            return self.inter_digit_wait();
        }
        let card = self.card.as_ref().map(|card| card.pan_progress(&self.cards));
        match card {
            Some(PanProgress::MayGoOn) => self.patience(self.plan.timeouts.may_go_on),
            _ => self.wait_within_group(open.digits),
        }
    }

    /// Longer where a group of digits ends on the card: the caller looks at the next one.
    pub(super) fn wait_within_group(&self, digits: u8) -> Duration {
        let ends = match self.brand {
            Some(Brand::AmericanExpress | Brand::DinersClub) => matches!(digits, 4 | 10),
            _ => matches!(digits, 4 | 8 | 12 | 16),
        };
        let wait = self.inter_digit_wait();
        if ends { wait.saturating_add(self.patience(self.plan.timeouts.group)) } else { wait }
    }

    pub(super) fn submit_pan(&mut self, end: End, now: Duration) {
        if self.collecting().is_some_and(|open| open.zero) {
            return self.ask_for_operator(now);
        }
        let policy = self.cards;
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
            Ok(brand) => self.pan_accepted(brand, now),
            Err(why) => self.no_match(pan_prompt(&why), now),
        }
    }

    fn pan_accepted(&mut self, brand: Brand, now: Duration) {
        self.brand = Some(brand);
        self.caller.may_have_no_card = false;
        if brand.security_code() == SecurityCodeRule::None {
            self.missing.remove(Field::SecurityCode);
        }
        self.filled(Field::Pan, now);
    }

    /// The brands that are taken, as far as they can be named.
    pub(super) fn brands_accepted(&self) -> Option<Prompt> {
        let accepted = self.cards.accepted().iter();
        let named: BrandSet = accepted.filter(|brand| Value::is_spoken(*brand)).collect();
        (!named.is_empty()).then_some(Prompt::BrandsAccepted(named))
    }

    pub(super) fn expiry_digit(&mut self, digit: u8, now: Duration) {
        let digits = self.card.get_or_insert_with(CardEntry::new).push_expiry(digit);
        self.fixed_length(digits, 4, now);
    }

    pub(super) fn submit_expiry(&mut self, now: Duration) {
        match self.card.get_or_insert_with(CardEntry::new).accept_expiry(now) {
            Ok(()) => self.filled(Field::Expiry, now),
            Err(InvalidExpiryDate::Past) => self.card_expired(now),
            Err(_) => self.no_match(Prompt::ExpiryWrong, now),
        }
    }

    /// A mistake or the truth: where there is an operator to turn to, a caller whose second try expires too is asked
    /// for another card.
    fn card_expired(&mut self, now: Duration) {
        let is_true = self.collecting().is_some_and(|open| open.no_match > 0);
        let last = self.collecting().map_or(0, |open| open.no_match) + 1 >= self.open_rules().no_match;
        if !is_true || last || self.mode == Mode::Directed || !self.after.has_operator() {
            return self.no_match(Prompt::CardExpired, now);
        }
        self.caller.may_have_no_card = true;
        self.wipe_card();
        self.miss(FieldSet::CARD);
        self.go_on(Some(Prompt::CardExpired), now);
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
            Some(Field::Pan) => {
                card.clear_pan();
                self.brand = None;
            }
            Some(Field::Expiry) => card.clear_expiry(),
            Some(Field::SecurityCode) => card.clear_code(),
            _ => {}
        }
    }

    /// Whether a field may stay empty: an optional one, or the code of a card that may have none.
    pub(super) fn may_be_left_out(&self, field: Field) -> bool {
        let has_none = || matches!(self.code_rule(), SecurityCodeRule::Optional(_) | SecurityCodeRule::None);
        self.plan.rules(field).optional || (field == Field::SecurityCode && has_none())
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
