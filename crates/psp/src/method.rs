//! How a payment is made: the payment method the cardholder chose, who entered it, and when the money is
//! taken.

use crate::text::named_variants;

/// How the cardholder pays the issuer, as Japanese card payments offer it. Cards from elsewhere pay a lump
/// sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PaymentMethod {
    /// In one sum.
    #[default]
    LumpSum,
    /// In monthly instalments.
    Instalments {
        /// How many.
        count: InstalmentCount,
    },
    /// In one sum with the next bonus.
    Bonus,
    /// As revolving credit.
    Revolving,
}

/// A number of instalments: 2 to 99. Which counts a provider takes is in its contract; 3, 5, 6, 10, 12, 15,
/// 18, 20 and 24 are usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstalmentCount(u8);

impl InstalmentCount {
    /// `None` outside 2 to 99.
    #[must_use]
    pub const fn new(count: u8) -> Option<Self> {
        match count {
            2..=99 => Some(Self(count)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0
    }
}

/// How the card data came in. It decides which rules and liabilities apply, so it is never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Entry {
    /// Keyed by the cardholder over the telephone (mail order / telephone order).
    TelephoneOrder,
    /// A stored card, charged because the customer asks for it now.
    StoredCustomerInitiated,
    /// A stored card, charged by the merchant under an earlier agreement.
    StoredMerchantInitiated,
}

named_variants! { Entry,
    TelephoneOrder => "telephone_order",
    StoredCustomerInitiated => "stored_customer_initiated",
    StoredMerchantInitiated => "stored_merchant_initiated",
}

/// When the money of an approval is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capture {
    /// With the approval.
    Auto,
    /// Later, by a capture; until then the approval can be voided.
    Manual,
}

named_variants! { Capture,
Auto => "auto", Manual => "manual" }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instalment_is_a_lump_sum() {
        assert_eq!(InstalmentCount::new(1), None);
        assert_eq!(InstalmentCount::new(2).map(InstalmentCount::count), Some(2));
        assert_eq!(InstalmentCount::new(100), None);
    }
}
