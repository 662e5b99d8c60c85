use alloc::boxed::Box;
use core::fmt;

use paytone_card::Card;
use paytone_psp::{Money, PaymentMethod};

/// A card and everything else that was asked for: what is handed to the provider.
#[derive(Debug)]
pub struct Payment {
    card: Card,
    details: Option<Box<Details>>,
}

impl Payment {
    pub(crate) const fn new(card: Card, details: Option<Box<Details>>) -> Self {
        Self { card, details }
    }

    /// The card.
    #[must_use]
    pub const fn card(&self) -> &Card {
        &self.card
    }

    /// The card alone, where the script asks for nothing else.
    #[must_use]
    pub fn into_card(self) -> Card {
        self.card
    }

    /// The card, and the rest beside it.
    #[must_use]
    pub fn into_parts(self) -> (Card, Details) {
        (self.card, self.details.map(|details| *details).unwrap_or_default())
    }

    /// What was asked for besides the card; `None` when that was nothing.
    #[must_use]
    pub fn details(&self) -> Option<&Details> {
        self.details.as_deref()
    }
}

/// What was asked for besides the card, or was known before. `Debug` prints no digit that was keyed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    pub(crate) amount: Option<Money>,
    pub(crate) method: Option<PaymentMethod>,
    pub(crate) postcode: Option<KeyedDigits>,
    pub(crate) consent: Option<bool>,
    pub(crate) custom: [Option<KeyedDigits>; 4],
}

impl Details {
    /// How much the caller wants to pay; `None` means the order's own amount.
    #[must_use]
    pub const fn amount(&self) -> Option<Money> {
        self.amount
    }

    /// How the caller wants to pay; `None` means that it was not asked.
    #[must_use]
    pub const fn method(&self) -> Option<PaymentMethod> {
        self.method
    }

    /// The digits of the postcode.
    #[must_use]
    pub const fn postcode(&self) -> Option<&KeyedDigits> {
        self.postcode.as_ref()
    }

    /// Whether the caller agreed to the card being stored; `None` means that it was not asked.
    #[must_use]
    pub const fn consent(&self) -> Option<bool> {
        self.consent
    }

    /// What was keyed for [`Field::Custom`](crate::Field::Custom) of this place, 0 to 3.
    #[must_use]
    pub fn custom(&self, place: u8) -> Option<&KeyedDigits> {
        self.custom.get(usize::from(place))?.as_ref()
    }
}

/// One to ten digits that are no card data. Fewer than any card number has, so that none gets out this way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyedDigits {
    ascii: [u8; Self::MAX],
    len: u8,
}

impl KeyedDigits {
    /// The most digits.
    pub const MAX: usize = 10;

    /// Takes 1 to 10 ASCII digits.
    #[must_use]
    pub fn new(digits: &[u8]) -> Option<Self> {
        let mut ascii = [b'0'; Self::MAX];
        let fits = (1..=Self::MAX).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        ascii.get_mut(..digits.len()).filter(|_| fits)?.copy_from_slice(digits);
        Some(Self { ascii, len: u8::try_from(digits.len()).ok()? })
    }

    /// The digits, ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.ascii[..usize::from(self.len)]).unwrap_or_default()
    }
}

/// Prints the type only.
impl fmt::Debug for KeyedDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedDigits(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_fewer_digits_than_any_card_number_has() {
        assert_eq!(KeyedDigits::new(b"1000001").unwrap().as_str(), "1000001");
        assert!(KeyedDigits::new(b"1234567890").is_some());
        for wrong in [&b"12345678901"[..], b"", b"12a"] {
            assert!(KeyedDigits::new(wrong).is_none());
        }
        assert_eq!(format!("{:?}", KeyedDigits::new(b"1000001")), "Some(KeyedDigits(..))");
    }
}
