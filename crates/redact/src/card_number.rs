use paytone_card::{Brand, BrandSet, IssuerRange, luhn};

/// The fewest digits that are looked for: shorter card numbers exist, and so do too many other numbers.
pub(crate) const MIN_DIGITS: usize = 13;

/// The most digits of a card number.
pub(crate) const MAX_DIGITS: usize = 19;

/// Whether these ASCII digits, which begin in `range`, may be a card number: length and check digit agree.
/// Lengths no longer issued count too.
pub(crate) fn is_card_of(digits: &[u8], range: &IssuerRange) -> bool {
    digits.len() >= MIN_DIGITS
        && range.lengths().union(range.rare_lengths()).contains(digits.len())
        && (has_no_check_digit(range.brand()) || luhn::is_valid(digits))
}

/// How many digits of a run are a card number with the rest of the card keyed straight behind it: a month and
/// a year, and perhaps a security code.
pub(crate) fn keyed_on(digits: &[u8]) -> Option<(usize, Brand)> {
    let range = IssuerRange::of(digits).filter(|range| WORLDWIDE.contains(range.brand()))?;
    (MIN_DIGITS..=MAX_DIGITS.min(digits.len())).rev().find_map(|length| {
        let (number, rest) = digits.split_at(length);
        let is_card = range.lengths().contains(length) && luhn::is_valid(number);
        (is_card && is_expiry_and_code(rest)).then_some((length, range.brand()))
    })
}

/// The most digits [`keyed_on`] knows of: number, expiry date, code of four.
pub(crate) const MAX_KEYED_ON: usize = MAX_DIGITS + 4 + 4;

fn is_expiry_and_code(rest: &[u8]) -> bool {
    let [m1, m2, y1, _, code @ ..] = rest else { return false };
    let month = matches!((m1, m2), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'));
    month && matches!(y1, b'2'..=b'4') && matches!(code.len(), 0 | 3 | 4)
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
const fn has_no_check_digit(brand: Brand) -> bool {
    matches!(brand, Brand::LankaPay | Brand::UzCard | Brand::Humo | Brand::Napas)
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
