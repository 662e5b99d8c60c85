//! What a whole card number is refused for, and in what order.

use paytone_card::{Brand, InvalidPan, MaskedPan, Pan, PanPolicy, luhn, test_numbers};
use proptest::prelude::*;
use subtle::ConstantTimeEq;

fn parse(ascii: &[u8]) -> Result<(), InvalidPan> {
    Pan::parse(ascii, &PanPolicy::default()).map(drop)
}

#[test]
fn published_numbers_of_payable_brands_are_taken_and_masked() {
    let policy = PanPolicy::default().with_rare_lengths(true);
    for number in test_numbers::ALL {
        let pan = match Pan::parse(number.digits().as_bytes(), &policy) {
            Ok(pan) => pan,
            Err(reason) => {
                let expected = if number.brand().is_payable() {
                    InvalidPan::CheckDigit
                } else {
                    InvalidPan::BrandNotAccepted(number.brand())
                };
                assert_eq!(reason, expected, "{}", number.digits());
                continue;
            }
        };
        assert_eq!(pan.brand(), number.brand());
        assert!(pan.brands().contains(number.brand()));
        assert!(pan.is_published_test_number());
        assert!(pan.expose(|digits| digits == number.digits().as_bytes()));
        assert_eq!(pan.masked().last_four(), &number.digits()[number.digits().len() - 4..]);
    }
}

#[test]
fn reasons_in_their_order() {
    let rows: [(&[u8], InvalidPan); 15] = [
        (b"", InvalidPan::Empty),
        (b"4111 1111 1111 1111", InvalidPan::NotADigit),
        (b"4111111111111111\n", InvalidPan::NotADigit),
        ("４111111111111111".as_bytes(), InvalidPan::NotADigit),
        (b"0000000000000000", InvalidPan::UnknownBrand),
        (b"00000000000000000", InvalidPan::UnknownBrand),
        (b"4", InvalidPan::Length { received: 1 }),
        (b"411111111111111", InvalidPan::Length { received: 15 }),
        (b"41111111111111111", InvalidPan::Length { received: 17 }),
        (b"4222222222222", InvalidPan::Length { received: 13 }),
        (b"5555555555555555", InvalidPan::RepeatedDigit),
        (b"4111111111111112", InvalidPan::CheckDigit),
        (b"2720999999999999999", InvalidPan::Length { received: 19 }),
        (b"201400000000009", InvalidPan::BrandNotAccepted(Brand::EnRoute)),
        (&[b'4'; 300], InvalidPan::Length { received: 255 }),
    ];
    for (ascii, reason) in rows {
        assert_eq!(parse(ascii), Err(reason), "{}", String::from_utf8_lossy(ascii));
    }
}

#[test]
fn a_simulator_takes_published_numbers_only() {
    let policy = PanPolicy::default().with_test_numbers_only(true);
    assert!(Pan::parse(test_numbers::VISA.as_bytes(), &policy).is_ok());
    // Zeros but for the check digit: nobody's card, and not a published number either.
    assert_eq!(Pan::parse(b"4000000000000000006", &policy).unwrap_err(), InvalidPan::NotATestNumber);
}

#[test]
fn compares_in_constant_time_only() {
    let policy = PanPolicy::default();
    let pan = |digits: &str| Pan::parse(digits.as_bytes(), &policy).unwrap();
    assert!(bool::from(pan(test_numbers::VISA).ct_eq(&pan(test_numbers::VISA))));
    assert!(!bool::from(pan(test_numbers::VISA).ct_eq(&pan(test_numbers::VISA_42))));
    assert!(!bool::from(pan(test_numbers::UNIONPAY).ct_eq(&pan(test_numbers::UNIONPAY_19))));
}

#[test]
fn errors_tell_the_reason_without_digits() {
    let message = |reason: InvalidPan| reason.to_string();
    assert_eq!(
        message(InvalidPan::Length { received: 15 }),
        "a card number of 15 digits is not possible here"
    );
    assert_eq!(message(InvalidPan::BrandNotAccepted(Brand::EnRoute)), "enRoute cards are not accepted");
}

/// A valid number: the prefix of a brand, anything, the right check digit.
fn valid_number() -> impl Strategy<Value = Vec<u8>> {
    let shapes = [("4111", 16), ("4111", 19), ("51", 16), ("2300", 16), ("34", 15), ("3540", 16), ("36", 14)];
    (prop::sample::select(shapes.to_vec()), prop::collection::vec(b'0'..=b'9', 19)).prop_map(
        |((prefix, length), rest)| {
            let mut digits: Vec<u8> = prefix.bytes().chain(rest).take(length - 1).collect();
            digits.push(luhn::check_digit(&digits).expect("digits"));
            digits
        },
    )
}

proptest! {
    #[test]
    fn any_wrong_digit_is_caught(number in valid_number(), at in any::<prop::sample::Index>(), by in 1u8..10) {
        let mut wrong = number.clone();
        let at = at.index(wrong.len());
        wrong[at] = b'0' + (wrong[at] - b'0' + by) % 10;
        prop_assert!(parse(&number).is_ok());
        prop_assert!(!luhn::is_valid(&wrong));
        prop_assert!(parse(&wrong).is_err());
    }

    #[test]
    fn any_swap_of_neighbours_but_09_is_caught(number in valid_number(), at in any::<prop::sample::Index>()) {
        let at = at.index(number.len() - 1);
        let pair = [number[at], number[at + 1]];
        let mut swapped = number;
        swapped.swap(at, at + 1);
        let blind = pair[0] == pair[1] || pair == *b"09" || pair == *b"90";
        prop_assert_eq!(luhn::is_valid(&swapped), blind);
    }

    #[test]
    fn a_mask_shows_the_last_four_and_nothing_else(number in valid_number()) {
        let mask = Pan::parse(&number, &PanPolicy::default()).unwrap().masked();
        let last_four = std::str::from_utf8(&number[number.len() - 4..]).unwrap();
        prop_assert_eq!(mask.to_string(), format!("**** {last_four}"));
        prop_assert_eq!(mask, MaskedPan::from_last_four(last_four).unwrap());
    }

    #[test]
    fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = parse(&bytes);
    }
}
