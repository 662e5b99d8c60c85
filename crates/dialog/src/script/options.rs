//! What a script can be set to.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use paytone_psp::{InstalmentCount, Money, PaymentMethod};

use crate::{KeyedDigits, Language, MerchantName};

/// What the caller agrees to before the provider is asked: `1` to go on, `2` for another card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Confirm {
    /// Nothing: the last digit sends the payment.
    #[default]
    Nothing,
    /// The card, by its last four digits.
    LastFour,
    /// The amount and the card's last four digits.
    AmountAndLastFour,
}

/// What has to happen between an order code keyed by an operator and the first word about the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HandOver {
    /// Nothing: the caller keys the code.
    #[default]
    Nothing,
    /// A neutral loop plays until somebody presses `1`: switchboards swap the two without telling us.
    Caller,
    /// As `Caller`, and the operator says so on the console too
    /// ([`Command::HandOver`](crate::Command::HandOver)): in a conference both may hear.
    CallerAndOperator,
}

/// What becomes of a payment whose caller hung up while the provider was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HangUpPolicy {
    /// It stands, and is reported.
    #[default]
    FinishAndReport,
    /// It is taken back if it was approved.
    VoidIfApproved,
}

/// Where the call goes when the dialog is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AfterCall {
    /// It ends: nobody is there to take it, and there is no operator's key.
    #[default]
    HangUp,
    /// It ends, unless the caller needs a person: see [`Outcome::needs_operator`](crate::Outcome::needs_operator).
    OperatorIfNeeded,
    /// It goes back to the operator, whatever the outcome.
    Operator,
}

impl AfterCall {
    /// Whether the caller can ask for the operator.
    #[must_use]
    pub const fn has_operator(self) -> bool {
        !matches!(self, Self::HangUp)
    }
}

/// The amounts a caller may key, both ends included, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountRange {
    pub(crate) least: Money,
    pub(crate) most: Money,
}

impl AmountRange {
    /// From `least` to `most`; `None` unless both are of one currency, the first is not more than the second, not
    /// nothing, and the second has at most nine digits in minor units.
    #[must_use]
    pub fn new(least: Money, most: Money) -> Option<Self> {
        (!least.is_zero() && least <= most && most.minor() < 1_000_000_000).then_some(Self { least, most })
    }
}

/// How a payment may be made. By default in one sum alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Methods {
    /// In one sum.
    pub lump_sum: bool,
    /// The counts of instalments on offer, 2 to 99 each; none if empty.
    pub instalments: Vec<u8>,
    /// In one sum with the next bonus.
    pub bonus: bool,
    /// As revolving credit.
    pub revolving: bool,
}

impl Default for Methods {
    fn default() -> Self {
        Self { lump_sum: true, instalments: Vec::new(), bonus: false, revolving: false }
    }
}

impl Methods {
    pub(crate) fn are_sane(&self) -> bool {
        self.instalments.iter().all(|count| (2..=99).contains(count))
    }

    /// Whether there is more than one way, so that the caller is asked.
    #[must_use]
    pub const fn offer_a_choice(&self) -> bool {
        self.kinds() > 1 || self.instalments.len() > 1
    }

    /// Whether it is certain that there are instalments, and only their number is to be asked.
    pub(crate) const fn only_count_is_open(&self) -> bool {
        self.kinds() == 1 && self.instalments.len() > 1
    }

    /// The one way there is, where there is only one.
    #[must_use]
    pub fn only(&self) -> Option<PaymentMethod> {
        let count = self.instalments.first().copied().and_then(InstalmentCount::new);
        let only = match (self.bonus, self.revolving, count) {
            (true, ..) => PaymentMethod::Bonus,
            (_, true, _) => PaymentMethod::Revolving,
            (_, _, Some(count)) => PaymentMethod::Instalments { count },
            _ => PaymentMethod::LumpSum,
        };
        (!self.offer_a_choice()).then_some(only)
    }

    const fn kinds(&self) -> u8 {
        self.lump_sum as u8 + !self.instalments.is_empty() as u8 + self.bonus as u8 + self.revolving as u8
    }
}

/// A number of the merchant's own that callers are asked for: an account, an invoice, a date of birth.
///
/// At most ten digits, so that no card number leaves the dialog this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    pub(crate) clip: Arc<str>,
    pub(crate) texts: Vec<(Language, Box<str>)>,
    pub(crate) least: u8,
    pub(crate) most: u8,
}

impl CustomField {
    /// A number of so many digits, asked for by the clip of that name: 1 to 64 of `a-z`, `0-9` and single hyphens
    /// between them.
    ///
    /// # Errors
    /// [`InvalidCustomField`] says which of the two is out of range.
    pub fn new(clip: &str, digits: RangeInclusive<u8>) -> Result<Self, InvalidCustomField> {
        let (least, most) = (*digits.start(), *digits.end());
        if least == 0 || least > most || usize::from(most) > KeyedDigits::MAX {
            return Err(InvalidCustomField::Digits);
        }
        MerchantName::default().with_clip(clip).map_err(|_| InvalidCustomField::Clip)?;
        Ok(Self { clip: clip.into(), texts: Vec::new(), least, most })
    }

    /// The words of the clip in a language. A script is refused when one of its languages is left out.
    #[must_use]
    pub fn with_text(mut self, language: Language, text: &str) -> Self {
        self.texts.retain(|(of, _)| *of != language);
        self.texts.push((language, text.into()));
        self
    }

    /// The words of the clip in that language.
    #[must_use]
    pub fn text(&self, language: Language) -> Option<&str> {
        self.texts.iter().find(|(of, _)| *of == language).map(|(_, text)| &**text)
    }

    /// The name of the clip.
    #[must_use]
    pub fn clip(&self) -> &str {
        &self.clip
    }
}

/// Why settings are not a [`CustomField`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCustomField {
    /// Not one to ten digits.
    #[error("a number of the merchant's own has one to ten digits")]
    Digits,
    /// A clip name that is not in kebab case.
    #[error("a clip name has 1 to 64 of a-z, 0-9 and single hyphens between them")]
    Clip,
}

#[cfg(test)]
mod tests {
    use paytone_psp::Currency;

    use super::*;

    #[test]
    fn no_card_number_fits_into_a_field_of_the_merchants() {
        assert!(CustomField::new("enter-invoice", 1..=10).is_ok());
        for digits in [0..=5, 1..=11] {
            assert_eq!(CustomField::new("enter-invoice", digits), Err(InvalidCustomField::Digits));
        }
        assert_eq!(CustomField::new("../etc", 1..=5), Err(InvalidCustomField::Clip));
    }

    #[test]
    fn amounts_are_of_one_currency_and_in_order() {
        let yen = |minor| Money::new(minor, Currency::JPY);
        assert!(AmountRange::new(yen(1), yen(999_999_999)).is_some());
        assert!(AmountRange::new(yen(2), yen(1)).is_none());
        assert!(AmountRange::new(yen(0), yen(1)).is_none());
        assert!(AmountRange::new(yen(1), yen(1_000_000_000)).is_none());
        assert!(AmountRange::new(yen(1), Money::new(2, Currency::USD)).is_none());
    }
}
