use crate::range_table::{NO_ROW, ROWS, SEGMENT_ROWS, SEGMENT_STARTS, SEGMENTS_OF_THREE};
use crate::{Brand, BrandSet, LengthSet};

pub use crate::range_table::{RANGE_TABLE_DATE, RANGE_TABLE_VERSION};

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
    /// First and last prefix, of the same number of digits.
    first: u32,
    last: u32,
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
        let prefix = ascii.first_chunk::<PREFIX_DIGITS>()?;
        prefix.iter().all(u8::is_ascii_digit).then(|| Self::of_digits(prefix))?
    }

    /// Like [`of`](Self::of) for eight bytes that are known to be digits.
    #[inline]
    pub(crate) fn of_digits(ascii: &[u8; PREFIX_DIGITS]) -> Option<&'static Self> {
        let &[a, b, c, ..] = ascii;
        let three = usize::from(a) * 100 + usize::from(b) * 10 + usize::from(c) - usize::from(b'0') * 111;
        let &[first, last] = SEGMENTS_OF_THREE.get(three)?;
        // Three digits mostly settle it.
        let segment = if first == last { usize::from(first) } else { segment_between(first, last, ascii) };
        row(segment)
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

    /// The range of every number that begins with these ASCII digits; `None` while there are several, or gaps.
    pub(crate) fn certain(ascii: &[u8]) -> Option<&'static Self> {
        let mut candidates = Self::candidates(ascii);
        let range = candidates.next()??;
        candidates.next().is_none().then_some(range)
    }

    /// `first` and `last` are prefixes of the same number of digits, at most 8.
    pub(crate) const fn new(
        first: u32,
        last: u32,
        brand: Brand,
        lengths: &[u8],
        rare_lengths: &[u8],
        co_brands: &[Brand],
    ) -> Self {
        Self {
            first,
            last,
            brand,
            brands: BrandSet::of(co_brands).with(brand),
            lengths: LengthSet::of(lengths),
            rare_lengths: LengthSet::of(rare_lengths),
        }
    }
}

/// Digits of a prefix that decide the range: the longest issuer identification number of ISO/IEC 7812-1.
pub(crate) const PREFIX_DIGITS: usize = 8;

const POWERS: [u32; PREFIX_DIGITS + 1] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The segment that holds an 8-digit prefix; the first one starts at zero.
fn segment_of(prefix: u32) -> usize {
    SEGMENT_STARTS.partition_point(|&start| start <= prefix).saturating_sub(1)
}

/// The same for a prefix in ASCII that is known to be in one of the segments `first` to `last`.
fn segment_between(first: u8, last: u8, ascii: &[u8; PREFIX_DIGITS]) -> usize {
    let prefix = ascii.iter().fold(0, |value, &byte| value * 10 + u32::from(byte.wrapping_sub(b'0') & 15));
    let (first, last) = (usize::from(first), usize::from(last));
    let starts = SEGMENT_STARTS.get(first + 1..=last).unwrap_or_default();
    first + starts.partition_point(|&start| start <= prefix)
}

#[inline]
fn row(segment: usize) -> Option<&'static IssuerRange> {
    match SEGMENT_ROWS.get(segment) {
        None | Some(&NO_ROW) => None,
        Some(&row) => ROWS.get(usize::from(row)),
    }
}

/// The number that ASCII digits stand for; at most 8 of them.
fn value(ascii: &[u8]) -> Option<u32> {
    ascii
        .iter()
        .try_fold(0, |value, &byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
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
    fn segments_are_sorted_and_start_at_zero() {
        assert_eq!(SEGMENT_STARTS[0], 0);
        assert!(SEGMENT_STARTS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn the_tables_say_what_a_search_of_the_rows_says() {
        for prefix in SEGMENT_STARTS.iter().flat_map(|&start| [start.saturating_sub(1), start, start + 1]) {
            let ascii = format!("{prefix:08}");
            let covers = |row: &&IssuerRange| {
                let digits = row.first.ilog10() as usize + 1;
                (row.first..=row.last).contains(&(prefix / POWERS[PREFIX_DIGITS - digits]))
            };
            let expected = ROWS.iter().filter(covers).max_by_key(|row| row.first.ilog10());
            assert_eq!(IssuerRange::of(ascii.as_bytes()), expected, "{ascii}");
            assert_eq!(row(segment_of(prefix)), expected, "{ascii}");
        }
    }
}
