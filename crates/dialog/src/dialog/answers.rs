//! Questions with one key for an answer, and numbers that are no card data.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use paytone_psp::{InstalmentCount, Money, PaymentMethod};

use super::Dialog;
use crate::field::{Field, FieldSet};
use crate::keymap::OPERATOR;
use crate::{Action, Confirm, Details, HandOver, KeyedDigits, Outcome, Prompt, Storing};

/// Questions.
impl Dialog {
    pub(super) fn answer(&mut self, field: Field, digit: u8, now: Duration) {
        if field == Field::HandOver {
            return self.handed_over(digit, now);
        }
        if digit == OPERATOR && self.after.has_operator() {
            return self.ask_for_operator(now);
        }
        match (field, digit) {
            (Field::ConfirmOrder, 1) => {
                // It has just been spoken.
                self.caller.summary_due = false;
                self.filled(field, now);
            }
            (Field::ConfirmAmount | Field::ConfirmCard, 1) => self.filled(field, now),
            (Field::ConfirmOrder, 2) => self.another_order(now),
            (Field::ConfirmAmount, 2) => self.again(FieldSet::of(&[Field::Amount]), field, now),
            (Field::ConfirmCard, 2) => {
                self.wipe_card();
                self.again(self.plan.card_fields(FieldSet::CARD), field, now);
            }
            (Field::Consent, 1 | 2) => self.consented(digit == 1, now),
            (Field::Method, digit) => self.method_chosen(digit, now),
            _ => self.no_match(Prompt::NotAChoice, now),
        }
    }

    /// Whoever presses `1` says that the caller is there. Any other key may still be the operator's.
    fn handed_over(&mut self, digit: u8, now: Duration) {
        self.caller.handed_over |= digit == 1;
        self.hand_over_done(now);
    }

    pub(super) fn hand_over_done(&mut self, now: Duration) {
        let both = self.plan.hand_over == HandOver::CallerAndOperator;
        if self.caller.handed_over && (self.caller.operator_agreed || !both) {
            return self.filled(Field::HandOver, now);
        }
        self.repeat();
    }

    /// Not the one that was guessed from who is calling: the caller has to name it.
    fn another_order(&mut self, now: Duration) {
        self.order = None;
        self.caller.summary_due = false;
        self.again(FieldSet::of(&[Field::OrderCode]), Field::ConfirmOrder, now);
    }

    /// Asks for these again, and for the confirmation of them, unless the order is what changed.
    fn again(&mut self, missing: FieldSet, confirmation: Field, now: Duration) {
        self.missing.remove(confirmation);
        self.missing = self.missing.union(missing);
        if confirmation == Field::ConfirmCard {
            self.missing.insert(confirmation);
        }
        self.go_on(None, now);
    }

    fn consented(&mut self, given: bool, now: Duration) {
        self.details_mut().consent = Some(given);
        self.actions.push(Action::Consent { given, at: now });
        if !given && self.order.as_ref().is_some_and(|order| order.terms().storing == Storing::Needed) {
            return self.close(Outcome::CancelledByCaller, [Prompt::Cancelled], now);
        }
        self.filled(Field::Consent, now);
    }

    fn method_chosen(&mut self, digit: u8, now: Duration) {
        let methods = self.methods();
        match digit {
            1 if methods.lump_sum => self.chose(PaymentMethod::LumpSum),
            2 if !methods.instalments.is_empty() => self.ask_also(Field::Instalments),
            3 if methods.bonus => self.chose(PaymentMethod::Bonus),
            4 if methods.revolving => self.chose(PaymentMethod::Revolving),
            _ => return self.no_match(Prompt::NotAChoice, now),
        }
        self.filled(Field::Method, now);
    }

    pub(super) fn method_words(&self, words: &mut Vec<Prompt>) {
        let methods = self.methods();
        words.push(Prompt::ChooseMethod);
        words.extend(methods.lump_sum.then_some(Prompt::MethodLumpSum));
        words.extend((!methods.instalments.is_empty()).then_some(Prompt::MethodInstalments));
        words.extend(methods.bonus.then_some(Prompt::MethodBonus));
        words.extend(methods.revolving.then_some(Prompt::MethodRevolving));
    }

    pub(super) fn confirm_card_words(&self, words: &mut Vec<Prompt>) {
        let with_amount = self.plan.confirm == Confirm::AmountAndLastFour;
        let order = self.order.clone().filter(|_| with_amount).map(Prompt::OrderSummary);
        let card = self.last_four().map(Prompt::CardEndsIn);
        words.extend(order.into_iter().chain(card).chain([Prompt::ConfirmCard]));
    }
}

/// Numbers.
impl Dialog {
    pub(super) fn number_digit(&mut self, field: Field, digit: u8, now: Duration) {
        let digits = self.code.push(digit);
        let full =
            if field == Field::Instalments && self.is_whole_count() { digits } else { self.most(field) };
        self.fixed_length(digits, full, now);
    }

    /// No count on offer is longer and begins like this one.
    fn is_whole_count(&self) -> bool {
        let keyed = self.code.value();
        !self.methods().instalments.iter().any(|count| u64::from(*count / 10) == keyed && *count >= 10)
    }

    fn most(&self, field: Field) -> usize {
        match field {
            Field::Instalments => 2,
            Field::Postcode => usize::from(self.plan.postcode.1),
            Field::Custom(own) => self.plan.custom(own).map_or(1, |own| usize::from(own.most)),
            _ => AMOUNT_DIGITS,
        }
    }

    pub(super) fn submit_number(&mut self, field: Field, now: Duration) {
        let taken = match field {
            Field::Amount => self.take_amount(),
            Field::Instalments => self.take_instalments(),
            _ => self.take_digits(field),
        };
        match taken {
            Ok(()) => self.filled(field, now),
            Err(why) => self.no_match(why, now),
        }
    }

    fn take_amount(&mut self) -> Result<(), Prompt> {
        let range = self.plan.amount.ok_or(Prompt::AmountWrong)?;
        let amount = Money::new(self.code.value(), range.least.currency());
        if !(range.least..=range.most).contains(&amount) {
            return Err(Prompt::AmountWrong);
        }
        self.details_mut().amount = Some(amount);
        self.order = self.order.as_ref().map(|order| order.with_money(amount));
        self.missing.insert(Field::ConfirmAmount);
        Ok(())
    }

    fn take_instalments(&mut self) -> Result<(), Prompt> {
        let count = u8::try_from(self.code.value()).unwrap_or(u8::MAX);
        let offered = self.methods().instalments.contains(&count);
        let count = InstalmentCount::new(count).filter(|_| offered).ok_or(Prompt::InstalmentsWrong)?;
        self.chose(PaymentMethod::Instalments { count });
        Ok(())
    }

    fn take_digits(&mut self, field: Field) -> Result<(), Prompt> {
        let (least, why) = match field {
            Field::Custom(own) => (self.plan.custom(own).map_or(1, |own| own.least), Prompt::NumberWrong),
            _ => (self.plan.postcode.0, Prompt::PostcodeWrong),
        };
        let long_enough = self.code.digits().len() >= usize::from(least);
        let keyed = KeyedDigits::new(self.code.digits()).filter(|_| long_enough).ok_or(why)?;
        match field {
            Field::Custom(own) => {
                if let Some(place) = self.details_mut().custom.get_mut(usize::from(own)) {
                    *place = Some(keyed);
                }
            }
            _ => self.details_mut().postcode = Some(keyed),
        }
        Ok(())
    }

    /// Goes on without an optional field.
    pub(super) fn leave_out(&mut self, field: Field, now: Duration) {
        self.clear_entry();
        self.filled(field, now);
    }

    pub(super) fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_with(|| Box::new(Details::default()))
    }

    /// Whether it is a number that is no card data.
    pub(super) const fn is_number(field: Field) -> bool {
        matches!(field, Field::Amount | Field::Instalments | Field::Postcode | Field::Custom(_))
    }
}

/// As many as [`AmountRange`](crate::AmountRange) can have.
const AMOUNT_DIGITS: usize = 9;
