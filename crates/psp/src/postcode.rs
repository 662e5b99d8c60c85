//! The cardholder's postcode, as far as a keypad has it.

use core::fmt;

/// The digits of the cardholder's postcode: 1 to 10, without letters and separators, which a keypad lacks.
///
/// A provider has the issuer compare them (an address verification). A mismatch is a
/// [`PostcodeMismatch`](crate::DeclineReason::PostcodeMismatch) decline. `Debug` prints no digit: it is where somebody
/// lives.
///
/// ```
/// use paytone_psp::Postcode;
///
/// assert_eq!(Postcode::parse("1500043").unwrap().as_str(), "1500043");
/// assert_eq!(Postcode::parse("150-0043"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Postcode {
    ascii: [u8; Self::MAX],
    len: u8,
}

impl Postcode {
    /// The most digits.
    pub const MAX: usize = 10;

    /// Takes 1 to 10 ASCII digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut ascii = [b'0'; Self::MAX];
        let len = u8::try_from(text.len()).ok().filter(|len| *len > 0)?;
        ascii.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        ascii.iter().all(u8::is_ascii_digit).then_some(Self { ascii, len })
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let digits = self.ascii.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(digits).unwrap_or_default()
    }
}

impl fmt::Debug for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postcode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_one_to_ten_digits_and_shows_none() {
        assert_eq!(Postcode::parse("0123456789").unwrap().as_str(), "0123456789");
        for wrong in ["", "01234567890", "150-0043", "SW1", "１２３"] {
            assert_eq!(Postcode::parse(wrong), None, "{wrong}");
        }
        assert_eq!(std::format!("{:?}", Postcode::parse("1500043")), "Some(Postcode(..))");
    }
}
