//! The check digit of ISO/IEC 7812-1 annex B (the Luhn formula).
//!
//! It catches every single wrong digit and every swap of neighbours but 09 and 90. It does not catch the twin
//! errors 22 and 55, 33 and 66, 44 and 77, and it passes a number of zeros only.

#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(any(test, not(target_arch = "x86_64")))]
mod words;

use crate::stack;

#[cfg(target_arch = "x86_64")]
use sse2 as wide;
#[cfg(not(target_arch = "x86_64"))]
use words as wide;

/// Whether `digits` are ASCII digits, at least two of them, and the last one is the right check digit.
///
/// ```
/// assert!(paytone_card::luhn::is_valid(b"4111111111111111"));
/// assert!(!paytone_card::luhn::is_valid(b"4111111111111112"));
/// assert!(!paytone_card::luhn::is_valid(b""));
/// ```
#[must_use]
#[inline(always)]
pub fn is_valid(digits: &[u8]) -> bool {
    if let Some(sum) = wide::sum_to_sixteen(digits) {
        sweep_unoptimised();
        return is_low_multiple_of_ten(sum);
    }
    let sum = wide_sum(digits);
    is_low_multiple_of_ten(sum)
        || (sum >= UNTOLD && sum_by_digit(digits, false) == Some(0) && digits.len() >= 2)
}

/// Whether it is a multiple of ten below [`UNTOLD`], in one comparison: the product is four for every ten, and what is
/// left of them is in its uppermost bits.
#[inline]
const fn is_low_multiple_of_ten(sum: u32) -> bool {
    const FIRST_TOO_HIGH: u32 = UNTOLD.div_ceil(10) * 4;
    sum.wrapping_mul(u32::MAX / 10 + 1) < FIRST_TOO_HIGH
}

/// The ASCII digit that makes `digits` followed by it valid; `None` when `digits` is empty or holds anything
/// but ASCII digits.
///
/// ```
/// assert_eq!(paytone_card::luhn::check_digit(b"411111111111111"), Some(b'1'));
/// ```
#[must_use]
pub fn check_digit(digits: &[u8]) -> Option<u8> {
    if digits.is_empty() {
        return None;
    }
    sum_by_digit(digits, true).map(|sum| b'0' + ((10 - sum % 10) % 10) as u8)
}

/// The weighted sum, give or take a multiple of ten; `None` when something is not a digit. The last digit
/// counts once, as in a complete number.
#[inline]
pub(crate) fn sum(digits: &[u8]) -> Option<u32> {
    let sum = wide_sum(digits);
    if sum < UNTOLD { Some(sum) } else { sum_by_digit(digits, false) }
}

/// The same for 12 to 19 digits, unless [`UNTOLD`].
#[inline]
fn wide_sum(digits: &[u8]) -> u32 {
    let sum = wide::sum(digits);
    sweep_unoptimised();
    sum
}

/// From here on a sum tells nothing: something is not a digit, or nearly all of them are nines.
const UNTOLD: u32 = 224;

/// A build that does not optimise keeps on the stack what is a register otherwise: eight digits and more in a row.
#[inline(always)]
fn sweep_unoptimised() {
    if cfg!(debug_assertions) {
        stack::sweep::<2048>();
    }
}

/// Digit by digit, for any length, modulo ten; `double` says whether the rightmost digit counts twice.
#[cold]
#[inline(never)]
fn sum_by_digit(digits: &[u8], mut double: bool) -> Option<u32> {
    let mut sum = 0u64;
    for &byte in digits.iter().rev() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum += u64::from(if double { DOUBLED[usize::from(digit)] } else { digit });
        double = !double;
    }
    Some((sum % 10) as u32)
}

/// Twice the digit with its two digits added up.
const DOUBLED: [u8; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    #[test]
    fn refuses_what_is_not_two_digits_or_more() {
        for input in [&b""[..], b"0", b"4111 1111 1111 1111", b"411111111111111\n", b"O0", "４２".as_bytes()]
        {
            assert!(!is_valid(input));
        }
        assert_eq!(check_digit(b""), None);
        assert_eq!(check_digit(b"12a"), None);
    }

    #[test]
    fn the_example_of_the_standard_passes() {
        // ISO/IEC 7812-1 annex B works with the identifier 4992 73 9871 and finds 6.
        assert_eq!(check_digit(b"4992739871"), Some(b'6'));
        assert!(is_valid(b"49927398716"));
    }

    #[test]
    fn nines_are_added_up_too() {
        for length in 12..=19 {
            let nines = [b'9'; 19];
            assert_eq!(sum(&nines[..length]).map(|sum| sum % 10), sum_by_digit(&nines[..length], false));
        }
    }

    #[test]
    fn one_comparison_tells_tens_from_the_rest_for_every_sum_of_sixteen_bytes_and_three_digits() {
        for sum in 0..=16 * u32::from(u8::MAX) + 3 * 19 {
            assert_eq!(is_low_multiple_of_ten(sum), sum.is_multiple_of(10) && sum < UNTOLD);
        }
    }

    #[test]
    fn what_has_a_length_of_cards_is_added_up_at_once() {
        for length in 12..=19 {
            let digits = &b"1234567890123456789"[..length];
            assert!(wide::sum(digits) < UNTOLD && words::sum(digits) < UNTOLD);
        }
    }

    #[test]
    fn twin_errors_pass_as_the_formula_says() {
        assert!(is_valid(b"4111111111111111") && is_valid(b"0000000000000000"));
        assert_eq!(is_valid(b"2200000000000000"), is_valid(b"5500000000000000"));
    }

    proptest! {
        #[test]
        fn every_way_to_add_up_agrees(
            mut digits in vec(b'0'..=b'9', 9..24), at in any::<Index>(), byte in option::of(any::<u8>())
        ) {
            if let Some(byte) = byte {
                let at = at.index(digits.len());
                digits[at] = byte;
            }
            let expected = sum_by_digit(&digits, false);
            prop_assert_eq!(sum(&digits).map(|sum| sum % 10), expected);
            prop_assert_eq!(is_valid(&digits), expected == Some(0));
            for wide in [wide::sum(&digits), words::sum(&digits)] {
                prop_assert!(wide >= UNTOLD || Some(wide % 10) == expected);
            }
            for short in [wide::sum_to_sixteen(&digits), words::sum_to_sixteen(&digits)] {
                prop_assert_eq!(short.is_some(), (12..=16).contains(&digits.len()));
                prop_assert!(short.is_none_or(|sum| is_low_multiple_of_ten(sum) == (expected == Some(0))));
            }
        }

        #[test]
        fn exactly_one_check_digit_is_right(mut digits in vec(b'0'..=b'9', 1..25)) {
            let right = check_digit(&digits).unwrap();
            digits.push(0);
            for last in b'0'..=b'9' {
                *digits.last_mut().unwrap() = last;
                prop_assert_eq!(is_valid(&digits), last == right);
            }
        }
    }
}
