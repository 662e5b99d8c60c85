use alloc::string::String;
use alloc::vec::Vec;

use paytone_card::{Brand, BrandSet};
use paytone_psp::Money;

use super::{Clip, Language, english, japanese};
use crate::OrderCode;

/// Something that is spoken by rule: no recording can hold every one.
///
/// ```
/// use paytone_dialog::phrase::{Language, Value};
/// use paytone_psp::{Currency, Money};
///
/// let price = Value::Money(Money::new(1_380, Currency::JPY));
/// assert_eq!(price.text(Language::En), "one thousand three hundred eighty yen");
/// assert_eq!(price.reading(Language::Ja), "センサンビャクハチジューエン");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A whole number.
    Number(u64),
    /// An amount, by its currency's own words, or by the letters of the currency's code.
    Money(Money),
    /// How many digits something has.
    Digits(u8),
    /// Four digits one by one, each 0 to 9: the end of a card number, or keys to press. There is no way to speak
    /// more digits of a card than these.
    Four([u8; 4]),
    /// Brands of cards, in the order of [`Brand`]; those without a clip, see [`is_spoken`](Self::is_spoken), are left
    /// out.
    Brands(BrandSet),
    /// A month and its year, as an expiry date has them.
    Month {
        /// 1 to 12.
        month: u8,
        /// All four digits.
        year: u16,
    },
}

impl Value {
    /// The clips that speak it, one after the other.
    #[must_use]
    pub fn clips(&self, language: Language) -> Vec<Clip> {
        self.names(language).into_iter().map(Clip::built_in).collect()
    }

    /// What it says, in words.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        super::text_of(&self.names(language), language)
    }

    /// How it sounds: in Japanese the katakana of its words, in English the words themselves.
    #[must_use]
    pub fn reading(&self, language: Language) -> String {
        super::reading_of(&self.names(language), language)
    }

    /// Whether a brand has a clip.
    #[must_use]
    pub fn is_spoken(brand: Brand) -> bool {
        brand_clip(brand).is_some()
    }

    pub(super) fn names(&self, language: Language) -> Vec<&'static str> {
        match language {
            Language::En => english::value(self),
            Language::Ja => japanese::value(self),
        }
    }
}

/// The value of a digit as a place in a table; what is no digit is the last one.
pub(super) fn digit(value: u8) -> usize {
    usize::from(value.min(9))
}

/// The digits of a number, at least `width` of them.
pub(super) fn digits(value: u64, width: usize) -> Vec<u8> {
    let mut digits = Vec::new();
    let mut rest = value;
    while rest > 0 || digits.len() < width {
        digits.push(u8::try_from(rest % 10).unwrap_or_default());
        rest /= 10;
    }
    digits.reverse();
    digits
}

/// The clips of an order code's digits.
pub(super) fn one_by_one(code: &OrderCode, language: Language) -> impl Iterator<Item = &'static str> {
    code.as_str().bytes().map(move |ascii| match language {
        Language::En => english::single(ascii.wrapping_sub(b'0')),
        Language::Ja => japanese::single(ascii.wrapping_sub(b'0')),
    })
}

/// The clips of the brands that have one.
pub(super) fn brands(brands: BrandSet) -> Vec<&'static str> {
    brands.iter().filter_map(brand_clip).collect()
}

const fn brand_clip(brand: Brand) -> Option<&'static str> {
    Some(match brand {
        Brand::Visa => "brand-visa",
        Brand::Mastercard => "brand-mastercard",
        Brand::AmericanExpress => "brand-american-express",
        Brand::Jcb => "brand-jcb",
        Brand::DinersClub => "brand-diners-club",
        Brand::Discover => "brand-discover",
        Brand::UnionPay => "brand-unionpay",
        Brand::Maestro => "brand-maestro",
        _ => return None,
    })
}

/// The clip of a letter of a currency's code.
pub(super) fn letter(ascii: u8) -> Option<&'static str> {
    LETTERS.get(usize::from(ascii.wrapping_sub(b'A'))).copied()
}

const LETTERS: [&str; 26] = [
    "letter-a", "letter-b", "letter-c", "letter-d", "letter-e", "letter-f", "letter-g", "letter-h",
    "letter-i", "letter-j", "letter-k", "letter-l", "letter-m", "letter-n", "letter-o", "letter-p",
    "letter-q", "letter-r", "letter-s", "letter-t", "letter-u", "letter-v", "letter-w", "letter-x",
    "letter-y", "letter-z",
];
