use alloc::boxed::Box;
use core::fmt;

use zeroize::Zeroize;

use crate::card_entry::Fields;
use crate::{Brand, CardEntry, ExpiryDate, MaskedPan, Pan, SecurityCode};

/// A card as keyed by its holder: number, expiry date and, until it has been used, the security code.
///
/// Made by [`CardEntry::finish`]. All digits are in one heap block that is wiped when the card is dropped;
/// moving the card moves a pointer. There is no `Clone`, `Display`, `Serialize`, `Deref` or `==`, and `Debug`
/// prints the type name only.
pub struct Card {
    fields: Box<Fields>,
}

/// Why an entry is not a card yet. The entry it was made from has been wiped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum IncompleteCard {
    /// The card number has not been accepted.
    #[error("the card number is missing")]
    Pan,
    /// The expiry date has not been accepted.
    #[error("the expiry date is missing")]
    ExpiryDate,
    /// The security code has not been accepted, and every card of the brand has one.
    #[error("the security code is missing")]
    SecurityCode,
}

impl Card {
    pub(crate) fn new(fields: Box<Fields>) -> Result<Self, IncompleteCard> {
        if fields.pan.pan().is_none() {
            return Err(IncompleteCard::Pan);
        }
        if fields.expiry.is_none() {
            return Err(IncompleteCard::ExpiryDate);
        }
        Ok(Self { fields })
    }

    /// The card number.
    ///
    /// # Panics
    ///
    /// Never: a card is not made without one.
    #[must_use]
    pub fn pan(&self) -> &Pan {
        self.fields.pan.pan().expect("a card has a number")
    }

    /// The expiry date.
    ///
    /// # Panics
    ///
    /// Never: a card is not made without one.
    #[must_use]
    pub fn expiry(&self) -> &ExpiryDate {
        self.fields.expiry.as_ref().expect("a card has an expiry date")
    }

    /// The security code; `None` when the card has none or it has been dropped.
    #[must_use]
    pub fn code(&self) -> Option<&SecurityCode> {
        self.fields.code_accepted.then_some(&self.fields.code)
    }

    /// The brand the number was accepted as.
    #[must_use]
    pub fn brand(&self) -> Brand {
        self.pan().brand()
    }

    /// What may be shown of the number.
    #[must_use]
    pub fn masked(&self) -> MaskedPan {
        self.pan().masked()
    }

    /// Wipes the security code: after the authorisation it must not exist any more.
    pub fn drop_code(&mut self) {
        self.fields.code.zeroize();
        self.fields.code_accepted = false;
    }

    /// Opens the card for correction, without its security code: only the wrong field is asked again, and the
    /// code always.
    #[must_use]
    pub fn into_entry(mut self) -> CardEntry {
        self.drop_code();
        CardEntry::from_fields(self.fields)
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(..)")
    }
}
