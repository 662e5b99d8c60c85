use core::fmt;

/// The nine digits by which a caller names an order: eight random ones and a check digit.
///
/// The check digit is H. M. Damm's (2004): it finds every single wrong digit and every swap of two
/// neighbours, so that a slip of the finger is told apart from a guess. The code opens a payment, so
/// `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OrderCode([u8; Self::LEN]);

impl OrderCode {
    /// The number of digits, check digit included.
    pub const LEN: usize = 9;

    /// Completes eight random decimal digits (values 0 to 9, not ASCII) with their check digit.
    ///
    /// # Errors
    /// [`InvalidOrderCode::NotADigit`] for a value above nine.
    pub fn generate(random: [u8; 8]) -> Result<Self, InvalidOrderCode> {
        if random.iter().any(|digit| *digit > 9) {
            return Err(InvalidOrderCode::NotADigit);
        }
        let mut ascii = [b'0' + damm(&random); Self::LEN];
        for (place, digit) in ascii.iter_mut().zip(random) {
            *place = b'0' + digit;
        }
        Ok(Self(ascii))
    }

    /// Reads nine ASCII digits, nothing before, between or after them.
    ///
    /// # Errors
    /// What is wrong, length first; never the digits.
    pub fn parse(text: &str) -> Result<Self, InvalidOrderCode> {
        let ascii: [u8; Self::LEN] = text.as_bytes().try_into().map_err(|_| InvalidOrderCode::Length)?;
        Self::from_ascii(ascii)
    }

    /// The code as nine ASCII digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn from_ascii(ascii: [u8; Self::LEN]) -> Result<Self, InvalidOrderCode> {
        if !ascii.iter().all(u8::is_ascii_digit) {
            return Err(InvalidOrderCode::NotADigit);
        }
        if damm(&ascii.map(|byte| byte - b'0')) != 0 {
            return Err(InvalidOrderCode::CheckDigit);
        }
        Ok(Self(ascii))
    }
}

/// Prints the type only.
impl fmt::Debug for OrderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderCode(..)")
    }
}

/// Why digits are not an [`OrderCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOrderCode {
    /// Not nine characters.
    #[error("an order code has nine digits")]
    Length,
    /// Something other than a decimal digit.
    #[error("an order code has only digits")]
    NotADigit,
    /// A digit is wrong or two are swapped.
    #[error("the check digit of the order code does not fit")]
    CheckDigit,
}

/// The interim digit after all of `digits`: the check digit of a code without one, 0 for a correct code.
fn damm(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |interim, digit| QUASIGROUP[usize::from(interim)][usize::from(*digit)])
}

/// The totally anti-symmetric quasigroup of order 10 from Damm's dissertation (2004).
const QUASIGROUP: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matches_the_published_example() {
        assert_eq!(damm(&[5, 7, 2]), 4);
        assert_eq!(damm(&[5, 7, 2, 4]), 0);
    }

    #[test]
    fn debug_prints_the_type_only() {
        let code = OrderCode::generate([1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(format!("{code:?}"), "OrderCode(..)");
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(OrderCode::parse("12345678"), Err(InvalidOrderCode::Length));
        assert_eq!(OrderCode::parse("1234 5678"), Err(InvalidOrderCode::NotADigit));
        assert_eq!(OrderCode::generate([0, 0, 0, 0, 0, 0, 0, 10]), Err(InvalidOrderCode::NotADigit));
    }

    proptest! {
        #[test]
        fn every_single_error_and_neighbour_swap_is_found(
            random in prop::array::uniform8(0..10_u8), place in 0..9_usize, other in 0..10_u8,
        ) {
            let code = OrderCode::generate(random).unwrap();
            prop_assert_eq!(OrderCode::parse(code.as_str()), Ok(code.clone()));
            let mut wrong = code.0;
            wrong[place] = b'0' + other;
            prop_assert_eq!(OrderCode::from_ascii(wrong).is_ok(), wrong == code.0);
            let mut swapped = code.0;
            swapped.swap(place, (place + 1) % 9);
            if place < 8 {
                prop_assert_eq!(OrderCode::from_ascii(swapped).is_ok(), swapped == code.0);
            }
        }
    }
}
