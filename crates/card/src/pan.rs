use core::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digits::Digits;
use crate::{Brand, BrandSet, IssuerRange, LengthSet, MaskForm, MaskedPan, PanPolicy, luhn, test_numbers};

/// A complete card number (primary account number, ISO/IEC 7812-1) that passed a [`PanPolicy`].
///
/// 12 to 19 digits, wiped when dropped. `Debug` prints the type name only; there is no `Clone`, `Display`,
/// `Serialize`, `Deref` or `==`, comparing takes constant time through [`ConstantTimeEq`]. Where a number
/// travels, hold it in a [`Card`](crate::Card), which moves as a pointer: moving a `Pan` itself leaves a copy
/// behind on the stack.
///
/// ```
/// use paytone_card::{Brand, Pan, PanPolicy};
///
/// let pan = Pan::parse(b"378282246310005", &PanPolicy::default()).unwrap();
/// assert_eq!(pan.brand(), Brand::AmericanExpress);
/// assert_eq!(pan.masked().to_string(), "**** 0005");
/// assert_eq!(pan.expose(|digits| digits.len()), 15);
/// assert_eq!(format!("{pan:?}"), "Pan(..)");
/// ```
pub struct Pan {
    pub(crate) digits: Digits<MAX_DIGITS>,
    brand: Brand,
    brands: BrandSet,
}

/// Why a card number was not taken. Never holds a digit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPan {
    /// There is no digit.
    #[error("the card number is empty")]
    Empty,
    /// There is something other than the ASCII digits 0 to 9; separators count too.
    #[error("the card number holds something other than digits")]
    NotADigit,
    /// The brand has no cards of this length, or the policy does not take them. Told before
    /// [`CheckDigit`](Self::CheckDigit): a lost or doubled key shows up as a wrong length first.
    #[error("a card number of {received} digits is not possible here")]
    Length {
        /// How many digits there are; 255 stands for that many or more.
        received: u8,
    },
    /// The last digit does not fit the others: at least one digit is wrong.
    #[error("the check digit of the card number is wrong")]
    CheckDigit,
    /// Every digit is the same.
    #[error("the card number is one digit repeated")]
    RepeatedDigit,
    /// No card brand is known to use this prefix.
    #[error("the card number belongs to no known brand")]
    UnknownBrand,
    /// The brand is known and the policy does not take it.
    #[error("{0} cards are not accepted")]
    BrandNotAccepted(Brand),
    /// The policy takes published test numbers only.
    #[error("the card number is not a published test number")]
    NotATestNumber,
}

impl Pan {
    /// Takes a whole number given as ASCII digits without separators.
    ///
    /// # Errors
    ///
    /// The first of the [`InvalidPan`] reasons that applies, in this order: empty, not a digit, brand unknown
    /// or not accepted, length, repeated digit, check digit, not a test number.
    pub fn parse(ascii: &[u8], policy: &PanPolicy) -> Result<Self, InvalidPan> {
        let (range, brand) = check(ascii, policy)?;
        let mut pan = Self { digits: Digits::new(), brand, brands: range.brands() };
        pan.digits.fill(ascii);
        Ok(pan)
    }

    /// Lends the ASCII digits to `f`. Whatever `f` copies out of them is its own to wipe.
    pub fn expose<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(self.digits.as_slice())
    }

    /// The brand the number was accepted as.
    #[must_use]
    pub const fn brand(&self) -> Brand {
        self.brand
    }

    /// Every brand the card may carry, co-brands included.
    #[must_use]
    pub const fn brands(&self) -> BrandSet {
        self.brands
    }

    /// What may be shown of it: the last four digits.
    #[must_use]
    pub fn masked(&self) -> MaskedPan {
        self.masked_as(MaskForm::LastFour)
    }

    /// What may be shown of it, in another form.
    #[must_use]
    pub fn masked_as(&self, form: MaskForm) -> MaskedPan {
        MaskedPan::of(self.digits.as_slice(), form)
    }

    /// Whether this is one of the [`test_numbers`](crate::test_numbers).
    #[must_use]
    pub fn is_published_test_number(&self) -> bool {
        test_numbers::is_published(self.digits.as_slice())
    }

    /// A number with no digits yet, to be filled in place.
    pub(crate) const fn empty() -> Self {
        Self { digits: Digits::new(), brand: Brand::Visa, brands: BrandSet::EMPTY }
    }

    /// Checks the digits gathered so far as a whole number and settles the brand.
    pub(crate) fn settle(&mut self, policy: &PanPolicy) -> Result<Brand, InvalidPan> {
        let (range, brand) = check(self.digits.as_slice(), policy)?;
        (self.brand, self.brands) = (brand, range.brands());
        Ok(self.brand)
    }
}

impl ConstantTimeEq for Pan {
    fn ct_eq(&self, other: &Self) -> Choice {
        // Bytes past the length are zero, so equal arrays are equal numbers.
        self.digits.as_array().ct_eq(other.digits.as_array())
    }
}

impl Zeroize for Pan {
    fn zeroize(&mut self) {
        self.digits.zeroize();
    }
}

// The digits wipe themselves; the brand is not a secret.
impl ZeroizeOnDrop for Pan {}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pan(..)")
    }
}

/// Every check of a whole number, in the order [`Pan::parse`] documents.
#[inline]
pub(crate) fn check(ascii: &[u8], policy: &PanPolicy) -> Result<(&'static IssuerRange, Brand), InvalidPan> {
    let Some(luhn_sum) = luhn::sum(ascii) else {
        return Err(InvalidPan::NotADigit);
    };
    let (range, brand) = range_and_brand(ascii, policy)?;
    if !policy.lengths_of(range).contains(ascii.len()) {
        return Err(length(ascii));
    }
    if is_one_digit(ascii) {
        return Err(InvalidPan::RepeatedDigit);
    }
    if luhn_sum % 10 != 0 && policy.wants_check_digit(brand) {
        return Err(InvalidPan::CheckDigit);
    }
    if policy.test_numbers_only() && !test_numbers::is_published(ascii) {
        return Err(InvalidPan::NotATestNumber);
    }
    Ok((range, brand))
}

/// Whether a number is one digit repeated; mostly its ends differ already.
#[inline]
fn is_one_digit(ascii: &[u8]) -> bool {
    ascii.first_chunk::<8>() == ascii.last_chunk() && ascii.iter().all(|&digit| digit == ascii[0])
}

/// The range of a number that is all digits, and the brand it is taken as.
#[inline]
fn range_and_brand(ascii: &[u8], policy: &PanPolicy) -> Result<(&'static IssuerRange, Brand), InvalidPan> {
    if let Some(prefix) = ascii.first_chunk() {
        let range = IssuerRange::of_digits(prefix).ok_or(InvalidPan::UnknownBrand)?;
        let brand = policy.brand_of(range).ok_or(InvalidPan::BrandNotAccepted(range.brand()))?;
        return Ok((range, brand));
    }
    Err(too_short(ascii, policy))
}

/// Why digits too few to tell the range by are no card number.
#[cold]
fn too_short(ascii: &[u8], policy: &PanPolicy) -> InvalidPan {
    if ascii.is_empty() {
        return InvalidPan::Empty;
    }
    match Verdict::of(ascii, policy) {
        Verdict::Unknown => InvalidPan::UnknownBrand,
        Verdict::NotAccepted(brand) => InvalidPan::BrandNotAccepted(brand),
        Verdict::Open(_) | Verdict::Range(_) => length(ascii),
    }
}

#[cold]
fn length(ascii: &[u8]) -> InvalidPan {
    InvalidPan::Length { received: u8::try_from(ascii.len()).unwrap_or(u8::MAX) }
}

/// What the leading digits alone decide under a policy.
pub(crate) enum Verdict {
    /// No brand has this prefix.
    Unknown,
    /// Whatever follows, it will be this brand, which is not accepted.
    NotAccepted(Brand),
    /// Several ranges are still possible; these are the lengths of the accepted ones.
    Open(LengthSet),
    /// The range is certain and accepted.
    Range(&'static IssuerRange),
}

impl Verdict {
    /// Judges one or more ASCII digits.
    pub(crate) fn of(ascii: &[u8], policy: &PanPolicy) -> Self {
        let mut certain = None;
        let mut ranges = 0;
        let mut gap = false;
        let mut rejected = BrandSet::EMPTY;
        let mut lengths = LengthSet::EMPTY;
        for range in IssuerRange::candidates(ascii) {
            match range {
                None => gap = true,
                Some(range) if policy.brand_of(range).is_some() => {
                    ranges += 1;
                    certain = Some(range);
                    lengths = lengths.union(policy.lengths_of(range));
                }
                Some(range) => rejected = rejected.with(range.brand()),
            }
        }
        match (certain, rejected.iter().next()) {
            (None, None) => Self::Unknown,
            (None, Some(brand)) if rejected.len() == 1 && !gap => Self::NotAccepted(brand),
            (Some(range), None) if ranges == 1 && !gap => Self::Range(range),
            _ => Self::Open(lengths),
        }
    }

    /// Judges the one range that is left.
    pub(crate) fn of_range(range: &'static IssuerRange, policy: &PanPolicy) -> Self {
        match policy.brand_of(range) {
            Some(_) => Self::Range(range),
            None => Self::NotAccepted(range.brand()),
        }
    }

    /// The lengths a number can have; `None` when it is refused already.
    pub(crate) fn lengths(&self, policy: &PanPolicy) -> Option<LengthSet> {
        match *self {
            Self::Unknown | Self::NotAccepted(_) => None,
            Self::Open(lengths) => Some(lengths),
            Self::Range(range) => Some(policy.lengths_of(range)),
        }
    }

    /// The most digits a number can have. A refused one, or one of a range without a length the policy takes, is
    /// keyed to the end.
    pub(crate) fn longest(&self, policy: &PanPolicy) -> usize {
        self.lengths(policy).and_then(LengthSet::longest).unwrap_or(MAX_DIGITS)
    }
}

/// The longest card number (ISO/IEC 7812-1 clause 4.1), in digits.
pub(crate) const MAX_DIGITS: usize = 19;
