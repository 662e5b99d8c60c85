//! An amount of money as ISO 4217 counts it: whole minor units and a currency code.

use core::fmt;

/// A currency of ISO 4217 that can be paid in.
///
/// Codes that have no minor unit (precious metals, units of account, `XXX`, `XTS`) and fund codes are
/// refused, so every value has an [`exponent`](Self::exponent).
///
/// ```
/// use paytone_psp::Currency;
///
/// let yen = Currency::parse("JPY")?;
/// assert_eq!((yen.code(), yen.exponent()), ("JPY", 0));
/// assert!(Currency::parse("XAU").is_err());
/// # Ok::<(), paytone_psp::InvalidCurrency>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro, two decimals.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    /// The pound sterling, two decimals.
    pub const GBP: Self = Self(iso_currency::Currency::GBP);
    /// The yen, no decimals.
    pub const JPY: Self = Self(iso_currency::Currency::JPY);
    /// The United States dollar, two decimals.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Takes the three-letter code, upper case.
    ///
    /// # Errors
    ///
    /// The code is not in ISO 4217, or nothing can be paid in it.
    pub fn parse(code: &str) -> Result<Self, InvalidCurrency> {
        let found = iso_currency::Currency::from_code(code).ok_or(InvalidCurrency::Unknown)?;
        if found.code() != code {
            return Err(InvalidCurrency::Unknown);
        }
        if found.exponent().is_none() || found.is_special() || found.is_fund() {
            return Err(InvalidCurrency::NotPayable);
        }
        Ok(Self(found))
    }

    /// The three-letter code, upper case.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals the currency has: 0 for JPY, 2 for USD, 3 for KWD; never more than 4.
    ///
    /// This is ISO's number. Providers deviate for a few currencies; that is an adapter's business.
    #[must_use]
    pub fn exponent(self) -> u8 {
        self.0.exponent().and_then(|decimals| u8::try_from(decimals).ok()).unwrap_or(0)
    }

    /// How many minor units make one major unit: 1, 10, 100, 1000 or 10000.
    #[must_use]
    pub fn minor_per_major(self) -> u64 {
        10_u64.pow(u32::from(self.exponent()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why a currency code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCurrency {
    /// Not an upper-case code of ISO 4217.
    #[error("not an ISO 4217 currency code")]
    Unknown,
    /// A code for metals, funds, units of account or tests.
    #[error("a currency code nothing can be paid in")]
    NotPayable,
}

/// An amount of money: never negative, never a fraction of a minor unit, never without its currency.
///
/// ```
/// use paytone_psp::{Currency, Money};
///
/// let price = Money::new(1234, Currency::USD);
/// assert_eq!(price.to_string(), "USD 12.34");
/// assert_eq!(Money::new(1200, Currency::JPY).to_string(), "JPY 1200");
/// assert_eq!(price.checked_sub(Money::new(34, Currency::USD)), Some(Money::new(1200, Currency::USD)));
/// assert_eq!(price.checked_add(Money::new(1, Currency::JPY)), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: u64,
    currency: Currency,
}

impl Money {
    /// `minor` counts the currency's minor units: yen for JPY, cents for USD.
    #[must_use]
    pub const fn new(minor: u64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// No money at all.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor(self) -> u64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether there is nothing to pay.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum; `None` where the currencies differ or the sum has no room.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.combine(other, u64::checked_add)
    }

    /// The difference; `None` where the currencies differ or `other` is more.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.combine(other, u64::checked_sub)
    }

    fn combine(self, other: Self, operation: fn(u64, u64) -> Option<u64>) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self::new(operation(self.minor, other.minor)?, self.currency))
    }
}

/// Amounts of one currency compare; amounts of two do not.
impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

/// The code, a space, and the amount in major units with all its decimals.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.currency.minor_per_major();
        write!(f, "{} {}", self.currency, self.minor / scale)?;
        match self.currency.exponent() {
            0 => Ok(()),
            decimals => write!(f, ".{:0width$}", self.minor % scale, width = usize::from(decimals)),
        }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

/// As `{"amount": 1200, "currency": "JPY"}`, the amount in minor units and a whole number.
#[cfg(feature = "serde")]
mod serde_form {
    use alloc::string::String;

    use super::{Currency, Money};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(rename = "Money", deny_unknown_fields)]
    struct Plain {
        amount: u64,
        currency: Currency,
    }

    impl Serialize for Money {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            Plain { amount: self.minor(), currency: self.currency() }.serialize(serializer)
        }
    }

    impl<'de> Deserialize<'de> for Money {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let plain = Plain::deserialize(deserializer)?;
            Ok(Self::new(plain.amount, plain.currency))
        }
    }

    impl Serialize for Currency {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.code())
        }
    }

    impl<'de> Deserialize<'de> for Currency {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let code = String::deserialize(deserializer)?;
            Self::parse(&code).map_err(D::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_many_decimals_as_the_currency_has() {
        let dinar = Currency::parse("KWD").unwrap();
        assert_eq!(Money::new(1_005, dinar).to_string(), "KWD 1.005");
        assert_eq!(Money::new(5, Currency::EUR).to_string(), "EUR 0.05");
        assert_eq!(Money::new(0, Currency::JPY).to_string(), "JPY 0");
    }

    #[test]
    fn refuses_codes_nobody_pays_in() {
        assert_eq!(Currency::parse("jpy"), Err(InvalidCurrency::Unknown));
        assert_eq!(Currency::parse("QQQ"), Err(InvalidCurrency::Unknown));
        for code in ["XAU", "XTS", "XXX", "XDR", "BOV"] {
            assert_eq!(Currency::parse(code), Err(InvalidCurrency::NotPayable), "{code}");
        }
    }

    #[test]
    fn arithmetic_never_wraps_and_never_mixes_currencies() {
        let most = Money::new(u64::MAX, Currency::JPY);
        assert_eq!(most.checked_add(Money::new(1, Currency::JPY)), None);
        assert_eq!(Money::zero(Currency::JPY).checked_sub(Money::new(1, Currency::JPY)), None);
        assert_eq!(most.checked_sub(Money::new(1, Currency::USD)), None);
        assert_eq!(most.partial_cmp(&Money::zero(Currency::USD)), None);
        assert!(most > Money::zero(Currency::JPY));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn is_written_as_amount_and_currency() {
        let text = serde_json::to_string(&Money::new(1200, Currency::JPY)).unwrap();
        assert_eq!(text, r#"{"amount":1200,"currency":"JPY"}"#);
        assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), Money::new(1200, Currency::JPY));
        for wrong in [r#"{"amount":12.5,"currency":"JPY"}"#, r#"{"amount":-1,"currency":"JPY"}"#] {
            assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
        }
    }
}
