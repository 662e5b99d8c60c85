use core::fmt;

/// One thing the caller is asked to key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Field {
    /// The nine digits that name an order, see [`OrderCode`](crate::OrderCode).
    OrderCode,
    /// The primary account number: the card number.
    Pan,
    /// The month and year printed on the card, keyed as MMYY.
    Expiry,
    /// The three or four digit card verification code.
    SecurityCode,
}

impl Field {
    /// The name used in reports and logs: `order_code`, `pan`, `expiry` or `security_code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderCode => "order_code",
            Self::Pan => "pan",
            Self::Expiry => "expiry",
            Self::SecurityCode => "security_code",
        }
    }

    /// Whether the keys of this field are card data, so that it may only be asked for in secure mode.
    #[must_use]
    pub const fn is_card_data(self) -> bool {
        !matches!(self, Self::OrderCode)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
