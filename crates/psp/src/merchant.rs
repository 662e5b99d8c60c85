//! Names the merchant gives: its order id and its customer number. Neither may carry a card number.

use alloc::string::String;

use paytone_card::{Pan, PanPolicy, luhn};

use crate::text::text_type;

/// The merchant's own id of what is to be paid: 1 to 64 characters of `A-Z a-z 0-9 _ . -`.
///
/// Ids travel through logs, stores and interfaces as they are, so a text that could hold a card number is
/// refused here: a run of 13 or more digits (separators do not end a run) that passes the Luhn check.
///
/// ```
/// use paytone_psp::{InvalidMerchantText, OrderId};
///
/// assert_eq!(OrderId::parse("2026-000123")?.as_str(), "2026-000123");
/// assert_eq!(OrderId::parse("4111-1111-1111-1111"), Err(InvalidMerchantText::LooksLikeCardNumber));
/// # Ok::<(), InvalidMerchantText>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId(String);

impl OrderId {
    /// Takes the merchant's text as it is.
    ///
    /// # Errors
    ///
    /// The length, a character, or a text that could hold a card number.
    pub fn parse(text: &str) -> Result<Self, InvalidMerchantText> {
        checked(text).map(Self)
    }

    /// The merchant's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_type!(OrderId, InvalidMerchantText);

/// The merchant's own number of a customer; the same rules as for an [`OrderId`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomerNumber(String);

impl CustomerNumber {
    /// Takes the merchant's text as it is.
    ///
    /// # Errors
    ///
    /// The length, a character, or a text that could hold a card number.
    pub fn parse(text: &str) -> Result<Self, InvalidMerchantText> {
        checked(text).map(Self)
    }

    /// The merchant's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_type!(CustomerNumber, InvalidMerchantText);

/// Why a merchant's id was refused. The text itself is never part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMerchantText {
    /// Not 1 to 64 characters.
    #[error("must have 1 to 64 characters")]
    Length,
    /// Something else than letters, digits, `_`, `.` and `-`.
    #[error("may hold only letters, digits, '_', '.' and '-'")]
    Character,
    /// A digit run that could be a card number.
    #[error("could hold a card number")]
    LooksLikeCardNumber,
}

fn checked(text: &str) -> Result<String, InvalidMerchantText> {
    if !(1..=LONGEST).contains(&text.len()) {
        return Err(InvalidMerchantText::Length);
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_separator(byte)) {
        return Err(InvalidMerchantText::Character);
    }
    if text.as_bytes().split(u8::is_ascii_alphabetic).any(could_hold_card_number) {
        return Err(InvalidMerchantText::LooksLikeCardNumber);
    }
    Ok(String::from(text))
}

const LONGEST: usize = 64;

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'_' | b'.' | b'-')
}

/// Looks at one stretch of digits and separators. A card number may be set off by separators on both sides,
/// so every part of the stretch that begins and ends with a group is judged by its check digit; and it may
/// run on into an expiry date, so whatever begins with a group and is a card number by its brand, length and
/// check digit is refused too.
fn could_hold_card_number(stretch: &[u8]) -> bool {
    let mut buffer = [0; LONGEST];
    let mut length = 0;
    let mut starts = [false; LONGEST];
    let mut ends = [false; LONGEST + 1];
    for (place, &byte) in stretch.iter().enumerate().filter(|(_, byte)| !is_separator(**byte)) {
        starts[length] = place == 0 || is_separator(stretch[place - 1]);
        buffer[length] = byte;
        length += 1;
        ends[length] = stretch.get(place + 1).is_none_or(|&next| is_separator(next));
    }
    let digits = &buffer[..length];
    let is_whole_number = |start: usize| {
        (start + SHORTEST_NUMBER..=length).any(|end| ends[end] && luhn::is_valid(&digits[start..end]))
    };
    let begins_with_number = |start: usize| {
        let policy = PanPolicy::default();
        (start + SHORTEST_NUMBER..=length).any(|end| Pan::parse(&digits[start..end], &policy).is_ok())
    };
    (0..length)
        .filter(|&start| starts[start])
        .any(|start| is_whole_number(start) || begins_with_number(start))
}

const SHORTEST_NUMBER: usize = 13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_ids_pass() {
        for text in ["1", "A-1", "2026-11-22_0001", "order.2026.000123", &"x".repeat(64), "202611220000001"] {
            assert_eq!(OrderId::parse(text).map(|id| id.0), Ok(String::from(text)));
        }
    }

    #[test]
    fn lengths_and_characters_are_checked() {
        assert_eq!(OrderId::parse(""), Err(InvalidMerchantText::Length));
        assert_eq!(OrderId::parse(&"x".repeat(65)), Err(InvalidMerchantText::Length));
        for text in ["a b", "a/b", "注文", "a\n", "a\"b"] {
            assert_eq!(OrderId::parse(text), Err(InvalidMerchantText::Character), "{text}");
        }
    }

    #[test]
    fn card_numbers_are_refused_however_they_are_set_off() {
        for text in [
            "4111111111111111",
            "4111-1111-1111-1111",
            "4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1",
            "card4111111111111111x",
            "4222222222222",
            "4111111111111111-1230-123",
            "41111111111111111230123",
            "3782822463100051230",
            "2026-4111_1111_1111_1111",
            "3782-822463-10005",
        ] {
            assert_eq!(OrderId::parse(text), Err(InvalidMerchantText::LooksLikeCardNumber), "{text}");
            assert_eq!(CustomerNumber::parse(text), Err(InvalidMerchantText::LooksLikeCardNumber), "{text}");
        }
    }

    #[test]
    fn a_letter_ends_a_run() {
        assert!(OrderId::parse("4111111111x111111").is_ok());
    }
}
