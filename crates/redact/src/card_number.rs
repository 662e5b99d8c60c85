use paytone_card::{Brand, BrandSet, IssuerRange, luhn};
use zeroize::Zeroize;

/// The fewest digits that are looked for: shorter card numbers exist, and so do too many other numbers.
pub(crate) const MIN_DIGITS: usize = 13;

/// The most digits of a card number.
pub(crate) const MAX_DIGITS: usize = 19;

/// Whether these ASCII digits, which begin in `range`, may be a card number: length and check digit agree.
/// Lengths no longer issued count too.
pub(crate) fn is_card_of(digits: &[u8], range: &IssuerRange) -> bool {
    may_have(digits.len(), range) && (has_no_check_digit(range.brand()) || luhn::is_valid(digits))
}

/// Whether card numbers of `range` may have so many digits.
#[inline]
pub(crate) fn may_have(digits: usize, range: &IssuerRange) -> bool {
    digits >= MIN_DIGITS && range.lengths().union(range.rare_lengths()).contains(digits)
}

/// Whether a card number may begin with the first two of these ASCII digits; what is in no range is often told by
/// them.
#[inline]
pub(crate) const fn may_begin(digits: &[u8]) -> bool {
    match *digits {
        [b'2', second, ..] => second < b'8',
        [first, ..] => !matches!(first, b'0' | b'7'),
        [] => false,
    }
}

/// Whether these ASCII digits may be a card number, told by their first two, their count and the check digit.
#[inline]
pub(crate) fn may_be(digits: &[u8]) -> bool {
    let &[first, second, ..] = digits else { return false };
    lengths_of(first, second) >> (digits.len() - MIN_DIGITS) & 1 == 1
        && (luhn::is_valid(digits) || may_lack_check_digit(digits))
}

/// A bit for each length from [`MIN_DIGITS`] on that card numbers may have that begin with these two in ASCII.
#[inline(always)]
pub(crate) fn lengths_of(first: u8, second: u8) -> u8 {
    known_of(first, second) & !LACKS_CHECK_DIGIT
}

/// The same, and whether such numbers may [lack](LACKS_CHECK_DIGIT) a check digit.
#[inline(always)]
pub(crate) fn known_of(first: u8, second: u8) -> u8 {
    BY_NIBBLES[usize::from(first & 15) << 4 | usize::from(second & 15)]
}

/// One bit more than there are lengths.
pub(crate) const LACKS_CHECK_DIGIT: u8 = 1 << 7;

/// What is known of numbers by the lower halves of their first two bytes: each pair of bytes has a place.
static BY_NIBBLES: [u8; 256] = {
    let mut table = [0; 256];
    let mut two = 0;
    while two < LENGTHS_OF_TWO.len() {
        let (first, second) = (two / 10, two % 10);
        let lacks = may_lack_check_digit(&[b'0' + first as u8, b'0' + second as u8]);
        table[first << 4 | second] = LENGTHS_OF_TWO[two] | if lacks { LACKS_CHECK_DIGIT } else { 0 };
        two += 1;
    }
    table
};

/// For the first two digits, a bit for each length from [`MIN_DIGITS`] on that such card numbers may have.
#[rustfmt::skip]
const LENGTHS_OF_TWO: [u8; 100] = [
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04,
    0x04, 0x04, 0x78, 0x08, 0x08, 0x08, 0x08, 0x08, 0x00, 0x00,
    0x7A, 0x40, 0x00, 0x00, 0x04, 0x78, 0x7A, 0x04, 0x7A, 0x7A,
    0x69, 0x69, 0x69, 0x69, 0x69, 0x69, 0x69, 0x69, 0x69, 0x7F,
    0x7F, 0x08, 0x08, 0x08, 0x08, 0x08, 0x7F, 0x7F, 0x7F, 0x7F,
    0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x7E, 0x08, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x48, 0x08, 0x00,
];

/// Running sums of the digits of a text, to tell whether the check digit of any part of it is right.
pub(crate) struct CheckSums<const N: usize> {
    /// Behind each digit, the sum of all up to it in which those at odd places count twice, and the one in which
    /// those at even places do.
    sums: [[u16; 2]; N],
}

impl<const N: usize> CheckSums<N> {
    pub(crate) const fn new() -> Self {
        Self { sums: [[0; 2]; N] }
    }

    /// Notes a digit, 0 to 9, at a place behind those noted before. What is noted at place zero starts anew.
    #[inline]
    pub(crate) fn push(&mut self, place: usize, value: u8) {
        let [odd, even] = self.before(place);
        let (once, twice) = (u16::from(value), DOUBLED[usize::from(value)]);
        self.sums[place] =
            if place.is_multiple_of(2) { [odd + once, even + twice] } else { [odd + twice, even + once] };
    }

    /// Whether the last digit of `start..end` is the right check digit (ISO/IEC 7812-1 annex B).
    #[inline]
    pub(crate) fn is_valid(&self, start: usize, end: usize) -> bool {
        // The last digit counts once.
        let which = (end - 1) % 2;
        (self.before(end)[which] - self.before(start)[which]).is_multiple_of(10)
    }

    /// Forgets the first `count` of `len` places; an even number.
    pub(crate) fn drop_front(&mut self, count: usize, len: usize) {
        let before = self.before(count);
        self.sums.copy_within(count..len, 0);
        for sums in &mut self.sums[..len - count] {
            *sums = [sums[0] - before[0], sums[1] - before[1]];
        }
    }

    pub(crate) fn wipe(&mut self) {
        self.sums.zeroize();
    }

    #[inline]
    fn before(&self, place: usize) -> [u16; 2] {
        place.checked_sub(1).map_or([0; 2], |last| self.sums[last])
    }
}

/// Twice the digit with its two digits added up; the lower half of a byte that is no digit counts for nothing.
pub(crate) const DOUBLED: [u16; 16] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9, 0, 0, 0, 0, 0, 0];

/// How many digits of a run are a card number with the rest of the card keyed straight behind it: a month and
/// a year, and perhaps a security code.
pub(crate) fn keyed_on(digits: &[u8]) -> Option<(usize, Brand)> {
    EXPIRY_AND_CODE.iter().find_map(|behind| {
        let length =
            digits.len().checked_sub(*behind).filter(|length| (MIN_DIGITS..=MAX_DIGITS).contains(length))?;
        let (number, rest) = digits.split_at(length);
        let range = is_expiry_and_code(rest).then(|| IssuerRange::of(digits))??;
        let is_card =
            WORLDWIDE.contains(range.brand()) && range.lengths().contains(length) && luhn::is_valid(number);
        is_card.then_some((length, range.brand()))
    })
}

/// Whether digits that end so may be such, told by the month and the decade.
#[inline(never)]
pub(crate) fn may_be_keyed_on(last: &[u8; 32]) -> bool {
    EXPIRY_AND_CODE.iter().any(|behind| is_expiry(&last[last.len() - behind..]))
}

/// Digits of an expiry date, alone and with a code behind it.
const EXPIRY_AND_CODE: [usize; 3] = [FEWEST_BEHIND, 7, 8];
pub(crate) const FEWEST_BEHIND: usize = 4;

/// The most digits [`keyed_on`] knows of: number, expiry date, code of four.
pub(crate) const MAX_KEYED_ON: usize = MAX_DIGITS + 4 + 4;

fn is_expiry_and_code(rest: &[u8]) -> bool {
    is_expiry(rest) && EXPIRY_AND_CODE.contains(&rest.len())
}

fn is_expiry(rest: &[u8]) -> bool {
    let [m1, m2, y1, _, ..] = rest else { return false };
    let month = matches!((m1, m2), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'));
    month && matches!(y1, b'2'..=b'4')
}

/// The brands looked for in runs longer than a number: with all of them too many ids would be found.
const WORLDWIDE: BrandSet = BrandSet::of(&[
    Brand::Visa,
    Brand::Mastercard,
    Brand::AmericanExpress,
    Brand::Jcb,
    Brand::DinersClub,
    Brand::Discover,
    Brand::UnionPay,
]);

/// Domestic brands issued without a check digit; their prefixes are narrow.
pub(crate) const fn has_no_check_digit(brand: Brand) -> bool {
    matches!(brand, Brand::LankaPay | Brand::UzCard | Brand::Humo | Brand::Napas)
}

/// Whether numbers that begin with these ASCII digits may have no check digit, told by the first two.
#[inline]
pub(crate) const fn may_lack_check_digit(digits: &[u8]) -> bool {
    matches!(digits, [b'3', b'5', ..] | [b'5', b'6', ..] | [b'8', b'6', ..] | [b'9', b'7' | b'8', ..])
}

#[cfg(test)]
mod tests {
    use paytone_card::test_numbers;

    use super::*;

    #[test]
    fn every_published_number_of_13_digits_or_more_is_one() {
        for number in test_numbers::ALL.iter().filter(|number| luhn::is_valid(number.digits().as_bytes())) {
            let digits = number.digits().as_bytes();
            assert!(is_card_of(digits, IssuerRange::of(digits).unwrap()), "{}", number.digits());
        }
    }

    #[test]
    fn wrong_length_or_check_digit_is_none() {
        for digits in [&b"411111111111111"[..], b"4111111111111112", b"1754043753123", b"676770000007"] {
            assert!(!is_card_of(digits, IssuerRange::of(digits).unwrap()));
        }
    }

    #[test]
    fn no_range_begins_otherwise() {
        for prefix in 0..1_000_000 {
            let digits = format!("{prefix:06}00");
            if let Some(range) = IssuerRange::of(digits.as_bytes()) {
                assert!(may_begin(digits.as_bytes()), "{digits}");
                assert!(
                    !has_no_check_digit(range.brand()) || may_lack_check_digit(digits.as_bytes()),
                    "{digits}"
                );
                let known = LENGTHS_OF_TWO[prefix / 10_000];
                assert!(
                    (MIN_DIGITS..=MAX_DIGITS)
                        .all(|length| !may_have(length, range) || known >> (length - MIN_DIGITS) & 1 == 1)
                );
            }
        }
    }

    #[test]
    fn running_sums_agree_with_the_check_digit() {
        let digits = b"04111111111111111378282246310005";
        let mut sums = CheckSums::<32>::new();
        for (place, digit) in digits.iter().enumerate() {
            sums.push(place, digit - b'0');
        }
        for start in 0..digits.len() - 1 {
            for end in start + 2..=digits.len() {
                assert_eq!(sums.is_valid(start, end), luhn::is_valid(&digits[start..end]));
            }
        }
        sums.drop_front(2, digits.len());
        assert!(sums.is_valid(15, 30) && !sums.is_valid(14, 30));
    }

    #[test]
    fn keys_run_on() {
        let visa = Some((16, Brand::Visa));
        assert_eq!(keyed_on(b"41111111111111111230"), visa);
        assert_eq!(keyed_on(b"41111111111111111230123"), visa);
        assert_eq!(keyed_on(b"3782822463100051230").map(|(length, _)| length), Some(15));
        assert_eq!(keyed_on(b"41111111111111111330"), None, "no month 13");
        assert_eq!(keyed_on(b"1800000000077000539"), None, "nanoseconds, not a retired JCB");
        assert_eq!(keyed_on(b"411111111111111112301"), None, "no code of one digit");
    }
}
