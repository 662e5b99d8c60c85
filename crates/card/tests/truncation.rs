//! What is kept of a number for showing and for storing, and what recognises it without the number.

use paytone_card::{
    Brand, FingerprintKey, InvalidFingerprintKey, InvalidTruncatedPan, MaskForm, Pan, PanFingerprint,
    PanPolicy, Truncation, luhn, test_numbers,
};
use proptest::prelude::*;

fn pan(digits: &str) -> Pan {
    Pan::parse(digits.as_bytes(), &everything()).expect("a valid number")
}

/// Every brand and length, so that the rule alone decides.
fn everything() -> PanPolicy {
    PanPolicy::default().with_accepted(paytone_card::BrandSet::ALL).with_rare_lengths(true)
}

#[test]
fn the_storage_rule_row_by_row() {
    let rows = [
        (test_numbers::VISA, "41111111****1111"),
        (test_numbers::MASTERCARD, "55555555****4444"),
        (test_numbers::DISCOVER, "60111111****1117"),
        (test_numbers::UNIONPAY, "62000000****0005"),
        ("3540111111111111", "35401111****1111"),
        (test_numbers::AMERICAN_EXPRESS, "378282****0005"),
        (test_numbers::DINERS_CLUB, "362272****1667"),
        // Longer than the table goes, a brand it does not name, a co-brand it does not name.
        (test_numbers::UNIONPAY_19, "620550****0004"),
        (test_numbers::DINERS_CLUB_16, "305693****0004"),
        (test_numbers::MAESTRO, "677179****0008"),
        (test_numbers::JCB, "353011****0000"),
        // Too short for six and four.
        (test_numbers::VISA_13, "****2222"),
    ];
    for (digits, widest) in rows {
        let digits = match luhn::is_valid(digits.as_bytes()) {
            true => digits.to_owned(),
            false => with_check_digit(&digits[..digits.len() - 1]),
        };
        let pan = pan(&digits);
        let (_, last_four) = digits.split_at(digits.len() - 4);
        let (first, _) = widest.split_once('*').unwrap();
        let expected = format!("{first}****{last_four}");
        assert_eq!(Truncation::Widest.of(&pan).to_string(), expected);
        assert_eq!(Truncation::LastFour.of(&pan).to_string(), format!("****{last_four}"));
        let six = &first[..first.len().min(6)];
        assert_eq!(Truncation::SixAndLastFour.of(&pan).to_string(), format!("{six}****{last_four}"));
    }
}

fn with_check_digit(digits: &str) -> String {
    let check = luhn::check_digit(digits.as_bytes()).expect("digits");
    format!("{digits}{}", char::from(check))
}

#[test]
fn a_deployment_reads_its_own_form_only() {
    let eight = "41111111****1111";
    let (six, none) = ("411111****1111", "****1111");
    assert_eq!(Truncation::LastFour.read(six), Err(InvalidTruncatedPan::OtherForm));
    assert_eq!(Truncation::SixAndLastFour.read(eight), Err(InvalidTruncatedPan::OtherForm));
    for (form, text) in
        [(Truncation::LastFour, none), (Truncation::SixAndLastFour, six), (Truncation::Widest, eight)]
    {
        assert_eq!(form.read(text), Ok(form.of(&pan(test_numbers::VISA))));
        assert_eq!(form.read(text).unwrap().last_four(), "1111");
    }
    for text in
        ["", "1111", "**** 1111", "4111****1111", "411111***1111", "411111*****1111", "4111111111111111"]
    {
        assert_eq!(Truncation::Widest.read(text), Err(InvalidTruncatedPan::Malformed), "{text}");
    }
}

#[test]
fn a_fingerprint_is_the_hmac_of_the_digits() {
    // openssl dgst -sha256 -hmac 'sixteen bytes or more' over the sixteen digits.
    let key = FingerprintKey::new(b"sixteen bytes or more").unwrap();
    let fingerprint = key.fingerprint(&pan(test_numbers::VISA));
    assert_eq!(fingerprint.to_string(), "a99ea76826833f7fdfe5378d0e18e0119bc7b8d6002b56bb656f3c6f3154453d");
    assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    assert_ne!(fingerprint, key.fingerprint(&pan(test_numbers::VISA_42)));
    let other = FingerprintKey::new(b"sixteen bytes or more!").unwrap();
    assert_ne!(fingerprint, other.fingerprint(&pan(test_numbers::VISA)));
    assert_eq!(format!("{key:?}"), "FingerprintKey(..)");
}

#[test]
fn a_fingerprint_wants_a_key() {
    let refused = |secret: &[u8]| FingerprintKey::new(secret).map(drop);
    assert_eq!(refused(b""), Err(InvalidFingerprintKey::Empty));
    assert_eq!(refused(&[7; 15]), Err(InvalidFingerprintKey::TooShort));
    assert_eq!(refused(&[7; 16]), Ok(()));
    assert_eq!(refused(&[7; 300]), Ok(()));
    for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"A".repeat(64), &"g".repeat(64)] {
        assert!(text.parse::<PanFingerprint>().is_err(), "{text}");
    }
}

/// A valid number of any brand and length.
fn any_number() -> impl Strategy<Value = String> {
    let prefixes = [
        "4", "401178", "51", "2300", "34", "353", "36", "6011", "62", "622126", "6304", "6759", "2200", "31",
    ];
    (prop::sample::select(prefixes.to_vec()), "[0-9]{19}", 12usize..=19)
        .prop_map(|(prefix, rest, length)| with_check_digit(&format!("{prefix}{rest}")[..length - 1]))
        .prop_filter("a length of the brand", |digits| everything().check(digits.as_bytes()).is_ok())
}

proptest! {
    #[test]
    fn no_form_shows_more_than_its_rule(digits in any_number()) {
        let pan = pan(&digits);
        let shown = |text: String| text.bytes().filter(u8::is_ascii_digit).count();
        let five = [Brand::Visa, Brand::Mastercard, Brand::Discover, Brand::Jcb, Brand::UnionPay];
        let long = if digits.len() >= 16 { 8 } else { 6 };
        let stored = if digits.len() == 16 && pan.brands().iter().all(|b| five.contains(&b)) { 8 } else { 6 };

        prop_assert_eq!(shown(pan.masked().to_string()), 4);
        prop_assert!(shown(pan.masked_as(MaskForm::SixAndLastFour).to_string()) <= 6 + 4);
        prop_assert!(shown(pan.masked_as(MaskForm::EightAndLastFour).to_string()) <= long + 4);
        prop_assert_eq!(shown(Truncation::LastFour.of(&pan).to_string()), 4);
        prop_assert!(shown(Truncation::SixAndLastFour.of(&pan).to_string()) <= 6 + 4);
        prop_assert!(shown(Truncation::Widest.of(&pan).to_string()) <= stored + 4);
    }

    #[test]
    fn four_digits_are_missing_and_the_rest_is_true(digits in any_number()) {
        let pan = pan(&digits);
        for form in [MaskForm::LastFour, MaskForm::SixAndLastFour, MaskForm::EightAndLastFour] {
            let mask = pan.masked_as(form);
            prop_assert!(digits.starts_with(mask.first()) && digits.ends_with(mask.last_four()));
            prop_assert!(mask.first().len() + 8 <= digits.len());
            prop_assert_eq!(mask.to_string().parse(), Ok(mask));
        }
        for form in [Truncation::LastFour, Truncation::SixAndLastFour, Truncation::Widest] {
            let stored = form.of(&pan);
            prop_assert!(digits.starts_with(stored.first()) && digits.ends_with(stored.last_four()));
            prop_assert!(stored.first().len() + 8 <= digits.len());
            prop_assert_eq!(form.read(&stored.to_string()), Ok(stored));
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), stars in "[0-9* ]{0,24}") {
        for text in [text, stars] {
            let _ = (Truncation::Widest.read(&text), text.parse::<paytone_card::MaskedPan>());
        }
    }
}
