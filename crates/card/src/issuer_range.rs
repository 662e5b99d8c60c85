use crate::range_table::{NO_ROW, ROWS, SEGMENTS};
use crate::{Brand, BrandSet};

pub use crate::range_table::RANGE_TABLE_DATE;

/// A range of issuer identification numbers (ISO/IEC 7812-1: the first digits of a card number) and what is
/// known of the cards in it.
///
/// ```
/// use paytone_card::{Brand, IssuerRange};
///
/// // 2221 to 2720 is Mastercard; its neighbours are not.
/// assert_eq!(IssuerRange::of(b"2221000000000009").unwrap().brand(), Brand::Mastercard);
/// assert!(IssuerRange::of(b"2220000000000000").is_none());
/// assert!(IssuerRange::of(b"2721000000000000").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerRange {
    /// First and last prefix, both `prefix_digits` long.
    first: u32,
    last: u32,
    prefix_digits: u8,
    brand: Brand,
    brands: BrandSet,
    lengths: LengthSet,
    rare_lengths: LengthSet,
}

impl IssuerRange {
    /// The range a number of at least 8 ASCII digits is in, by the longest prefix of the table; `None` when it
    /// is in none, shorter, or not made of digits. Digits past the eighth are not looked at.
    #[must_use]
    pub fn of(ascii: &[u8]) -> Option<&'static Self> {
        let prefix = value(ascii.get(..PREFIX_DIGITS)?)?;
        row(segment_of(prefix))
    }

    /// The brand.
    #[must_use]
    pub const fn brand(&self) -> Brand {
        self.brand
    }

    /// The brand and every co-brand cards of this range may carry.
    #[must_use]
    pub const fn brands(&self) -> BrandSet {
        self.brands
    }

    /// The lengths issued today.
    #[must_use]
    pub const fn lengths(&self) -> LengthSet {
        self.lengths
    }

    /// Lengths that were once issued or are rarely seen.
    #[must_use]
    pub const fn rare_lengths(&self) -> LengthSet {
        self.rare_lengths
    }

    /// Every range a number that begins with these ASCII digits can be in, in order of the prefix; `None`
    /// stands for a gap of the table. A range that surrounds another may come twice.
    pub(crate) fn candidates(ascii: &[u8]) -> impl Iterator<Item = Option<&'static Self>> {
        let known = &ascii[..ascii.len().min(PREFIX_DIGITS)];
        let scale = POWERS[PREFIX_DIGITS - known.len()];
        let (first, last) = match value(known) {
            Some(prefix) => (segment_of(prefix * scale), segment_of((prefix + 1) * scale - 1)),
            None => (1, 0),
        };
        let mut previous = None;
        (first..=last).map(row).filter(move |&range| {
            let again = previous == Some(range);
            previous = Some(range);
            !again
        })
    }

    pub(crate) const fn new(first: u32, last: u32, brand: Brand, lengths: LengthSet) -> Self {
        Self {
            first,
            last,
            prefix_digits: digits_of(first),
            brand,
            brands: BrandSet::EMPTY.with(brand),
            lengths,
            rare_lengths: LengthSet::EMPTY,
        }
    }

    pub(crate) const fn co_brand(mut self, brand: Brand) -> Self {
        self.brands = self.brands.with(brand);
        self
    }

    pub(crate) const fn rare(mut self, lengths: LengthSet) -> Self {
        self.rare_lengths = lengths;
        self
    }

    pub(crate) const fn prefix_digits(&self) -> u8 {
        self.prefix_digits
    }

    /// The first 8-digit prefix of the range.
    pub(crate) const fn start(&self) -> u32 {
        self.first * POWERS[PREFIX_DIGITS - self.prefix_digits as usize]
    }

    /// The first 8-digit prefix after the range.
    pub(crate) const fn end(&self) -> u32 {
        (self.last + 1) * POWERS[PREFIX_DIGITS - self.prefix_digits as usize]
    }
}

/// A set of card number lengths, in digits, each at most 31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LengthSet(u32);

impl LengthSet {
    /// No length.
    pub const EMPTY: Self = Self(0);

    pub(crate) const fn of(lengths: &[u8]) -> Self {
        let mut set = 0;
        let mut index = 0;
        while index < lengths.len() {
            set |= 1 << lengths[index];
            index += 1;
        }
        Self(set)
    }

    /// The lengths in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `length` is in the set.
    #[must_use]
    pub const fn contains(self, length: usize) -> bool {
        length < 32 && self.0 & (1 << length) != 0
    }

    /// Whether a length greater than `length` is in the set.
    #[must_use]
    pub const fn has_longer_than(self, length: usize) -> bool {
        length < 31 && self.0 >> (length + 1) != 0
    }

    /// The longest length; `None` when there is none.
    #[must_use]
    pub const fn longest(self) -> Option<usize> {
        match self.0 {
            0 => None,
            set => Some(set.ilog2() as usize),
        }
    }

    /// The lengths, shortest first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..32).filter(move |&length| self.contains(length))
    }
}

/// Digits of a prefix that decide the range: the longest issuer identification number of ISO/IEC 7812-1.
pub(crate) const PREFIX_DIGITS: usize = 8;

const POWERS: [u32; PREFIX_DIGITS + 1] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The segment that holds an 8-digit prefix; the first one starts at zero.
fn segment_of(prefix: u32) -> usize {
    SEGMENTS.partition_point(|segment| segment.start <= prefix).saturating_sub(1)
}

fn row(segment: usize) -> Option<&'static IssuerRange> {
    match SEGMENTS[segment].row {
        NO_ROW => None,
        row => ROWS.get(usize::from(row)),
    }
}

/// The number that ASCII digits stand for; at most 8 of them.
fn value(ascii: &[u8]) -> Option<u32> {
    ascii
        .iter()
        .try_fold(0, |value, &byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

const fn digits_of(prefix: u32) -> u8 {
    let mut digits = 1;
    while digits < PREFIX_DIGITS && prefix >= POWERS[digits] {
        digits += 1;
    }
    digits as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_narrow_as_digits_come_in() {
        let brands = |ascii: &[u8]| -> BrandSet {
            IssuerRange::candidates(ascii).flatten().map(IssuerRange::brand).collect()
        };
        assert!(brands(b"2").contains(Brand::Mastercard) && brands(b"2").contains(Brand::Mir));
        assert_eq!(brands(b"2204"), Brand::Mir.into());
        assert_eq!(brands(b"2222"), Brand::Mastercard.into());
        assert_eq!(brands(b"222"), Brand::Mastercard.into());
        assert!(IssuerRange::candidates(b"222").any(|range| range.is_none()), "2220 is in no range");
        assert!(IssuerRange::candidates(b"99").all(|range| range.is_none()));
        assert_eq!(brands(b""), IssuerRange::candidates(b"").flatten().map(IssuerRange::brand).collect());
    }

    #[test]
    fn refuses_what_is_not_eight_digits() {
        for input in [&b""[..], b"4111111", b"4111 1111", b"4111111x11"] {
            assert!(IssuerRange::of(input).is_none());
        }
    }

    #[test]
    fn length_sets() {
        let set = LengthSet::of(&[16, 19]);
        assert!(set.contains(16) && !set.contains(17) && !set.contains(99));
        assert!(set.has_longer_than(16) && set.has_longer_than(18) && !set.has_longer_than(19));
        assert!(!set.has_longer_than(usize::MAX));
        assert_eq!(set.iter().collect::<Vec<_>>(), [16, 19]);
    }
}
