use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digits::Digits;
use crate::{Brand, SecurityCodeRule};

/// The card verification code: three digits on the back, or four on the front of American Express.
///
/// Digits, not a number: `012` and `000` are codes. Wiped when dropped; read through
/// [`expose`](Self::expose); `Debug` prints the type name only. It must not outlive the authorisation it was
/// keyed for (PCI DSS v4.0.1 requirement 3.3.1.2).
///
/// ```
/// use paytone_card::{Brand, InvalidSecurityCode, SecurityCode};
///
/// let code = SecurityCode::parse(b"012", Brand::Visa).unwrap();
/// assert!(code.expose(|digits| digits == b"012"));
/// assert_eq!(
///     SecurityCode::parse(b"012", Brand::AmericanExpress).unwrap_err(),
///     InvalidSecurityCode::Length { expected: 4 }
/// );
/// ```
pub struct SecurityCode {
    pub(crate) digits: Digits<4>,
}

/// Why a security code was not taken. Never holds a digit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSecurityCode {
    /// The brand's codes have another length.
    #[error("the security code does not have {expected} digits")]
    Length {
        /// How many digits the brand's codes have.
        expected: u8,
    },
    /// Something other than the ASCII digits 0 to 9.
    #[error("the security code holds something other than digits")]
    NotADigit,
}

impl SecurityCode {
    /// Takes the ASCII digits of a code on a card of `brand`.
    ///
    /// # Errors
    ///
    /// [`InvalidSecurityCode`], a character that is no digit before a wrong length.
    pub fn parse(ascii: &[u8], brand: Brand) -> Result<Self, InvalidSecurityCode> {
        if !ascii.iter().all(u8::is_ascii_digit) {
            return Err(InvalidSecurityCode::NotADigit);
        }
        check_length(ascii.len(), brand)?;
        let mut code = Self::empty();
        code.digits.fill(ascii);
        Ok(code)
    }

    /// Lends the ASCII digits to `f`. Whatever `f` copies out of them is its own to wipe.
    pub fn expose<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(self.digits.as_slice())
    }

    /// A code with no digits yet, to be filled in place.
    pub(crate) const fn empty() -> Self {
        Self { digits: Digits::new() }
    }
}

impl Zeroize for SecurityCode {
    fn zeroize(&mut self) {
        self.digits.zeroize();
    }
}

// The digits wipe themselves.
impl ZeroizeOnDrop for SecurityCode {}

impl fmt::Debug for SecurityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityCode(..)")
    }
}

/// How many digits a code on a card of `brand` has; 3 for a brand whose cards have none.
pub(crate) const fn expected_length(brand: Brand) -> u8 {
    match brand.security_code() {
        SecurityCodeRule::Required(length) | SecurityCodeRule::Optional(length) => length,
        SecurityCodeRule::None => 3,
    }
}

pub(crate) fn check_length(length: usize, brand: Brand) -> Result<(), InvalidSecurityCode> {
    let expected = expected_length(brand);
    if length == usize::from(expected) { Ok(()) } else { Err(InvalidSecurityCode::Length { expected }) }
}
