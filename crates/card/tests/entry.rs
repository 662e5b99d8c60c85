//! A card keyed digit by digit.
#![cfg(feature = "alloc")]

use core::time::Duration;

use paytone_card::{
    Brand, BrandSet, CardEntry, IncompleteCard, InvalidExpiryDate, InvalidPan, InvalidSecurityCode, Pan,
    PanPolicy, PanProgress, luhn, test_numbers,
};
use proptest::prelude::*;

/// 2023-11-14.
const NOW: Duration = Duration::from_secs(1_700_000_000);

fn push(entry: &mut CardEntry, digits: &str, policy: &PanPolicy) -> PanProgress {
    let mut progress = entry.pan_progress(policy);
    for digit in digits.bytes() {
        progress = entry.push_pan(digit - b'0', policy);
    }
    progress
}

fn keyed(digits: &str) -> (CardEntry, PanProgress) {
    let mut entry = CardEntry::new();
    let progress = push(&mut entry, digits, &PanPolicy::default());
    (entry, progress)
}

fn accepted(digits: &str) -> CardEntry {
    let (mut entry, _) = keyed(digits);
    entry.accept_pan(&PanPolicy::default()).expect("a valid number");
    entry
}

#[test]
fn ends_where_the_brand_ends() {
    let rows = [
        ("", PanProgress::Incomplete),
        (test_numbers::MASTERCARD, PanProgress::Complete),
        (test_numbers::AMERICAN_EXPRESS, PanProgress::Complete),
        (test_numbers::VISA, PanProgress::MayGoOn),
        (test_numbers::JCB, PanProgress::MayGoOn),
        (test_numbers::DINERS_CLUB, PanProgress::MayGoOn),
        (test_numbers::UNIONPAY, PanProgress::MayGoOn),
        (test_numbers::UNIONPAY_19, PanProgress::Complete),
        (test_numbers::VISA_13, PanProgress::Incomplete),
        ("411111111111111", PanProgress::Incomplete),
        // 16 digits that cannot be right yet: three more may make them so.
        ("4111111111111112", PanProgress::Incomplete),
        ("41111111111111111", PanProgress::Incomplete),
        // Complete says nothing about the check digit.
        ("5555555555554445", PanProgress::Complete),
        ("55555555555544440", PanProgress::TooLong),
        ("0", PanProgress::Refused(InvalidPan::UnknownBrand)),
        ("4", PanProgress::Incomplete),
        ("2220", PanProgress::Refused(InvalidPan::UnknownBrand)),
        ("222", PanProgress::Incomplete),
        ("8600", PanProgress::Refused(InvalidPan::BrandNotAccepted(Brand::UzCard))),
    ];
    for (digits, expected) in rows {
        assert_eq!(keyed(digits).1, expected, "{digits}");
    }
}

#[test]
fn a_brand_not_accepted_is_told_as_soon_as_it_is_certain() {
    let policy = PanPolicy::default().with_accepted(BrandSet::of(&[Brand::Visa, Brand::Mastercard]));
    let mut entry = CardEntry::new();
    assert_eq!(push(&mut entry, "3", &policy), PanProgress::Incomplete);
    assert_eq!(
        push(&mut entry, "7", &policy),
        PanProgress::Refused(InvalidPan::BrandNotAccepted(Brand::AmericanExpress))
    );
    assert_eq!(
        push(&mut entry, "8282246310005", &policy),
        PanProgress::Refused(InvalidPan::BrandNotAccepted(Brand::AmericanExpress))
    );
    assert_eq!(entry.accept_pan(&policy), Err(InvalidPan::BrandNotAccepted(Brand::AmericanExpress)));
}

#[test]
fn a_digit_too_many_is_not_stored() {
    let (mut entry, progress) = keyed("55555555555544441");
    assert_eq!((progress, entry.pan_len()), (PanProgress::TooLong, 16));
    assert_eq!(entry.accept_pan(&PanPolicy::default()), Ok(Brand::Mastercard));
    let (mut entry, _) = keyed("4111111111111111123");
    assert_eq!(entry.push_pan(0, &PanPolicy::default()), PanProgress::TooLong);
    assert_eq!(entry.pan_len(), 19);
}

#[test]
fn a_value_that_is_no_digit_is_not_stored() {
    let mut entry = CardEntry::new();
    assert_eq!(entry.push_pan(10, &PanPolicy::default()), PanProgress::Refused(InvalidPan::NotADigit));
    assert_eq!((entry.pan_len(), entry.push_expiry(b'1'), entry.push_code(255)), (0, 0, 0));
}

#[test]
fn a_card_keyed_without_a_pause_is_taken_apart() {
    let policy = PanPolicy::default();
    let (mut entry, progress) = keyed("4111111111111111123");
    assert_eq!(progress, PanProgress::Complete);
    assert_eq!(entry.accept_pan(&policy), Err(InvalidPan::CheckDigit));
    assert_eq!(entry.valid_prefix(&policy), Some(16));
    let mut tail = entry.split_pan(16);
    assert_eq!((tail.len(), entry.pan_len()), (3, 16));
    assert_eq!(entry.accept_pan(&policy), Ok(Brand::Visa));
    while let Some(digit) = tail.pop_front() {
        entry.push_expiry(digit);
    }
    assert!(tail.is_empty());
    assert_eq!(entry.push_expiry(0), 4);
    assert_eq!(entry.accept_expiry(NOW), Ok(()));
}

#[test]
fn a_valid_prefix_must_be_the_only_one_and_shorter() {
    let policy = PanPolicy::default();
    assert_eq!(keyed(test_numbers::VISA).0.valid_prefix(&policy), None, "not shorter");
    assert_eq!(keyed("").0.valid_prefix(&policy), None);
    // Zeros keep the check digit right: 16, 17, 18 and 19 digits all pass.
    let (mut entry, _) = keyed("6304000000000000000");
    assert_eq!(entry.valid_prefix(&policy), None, "ambiguous");
    assert!(entry.split_pan(99).is_empty());
    assert_eq!(entry.pan_len(), 19);
}

#[test]
fn the_brand_shows_as_soon_as_it_is_certain() {
    assert_eq!(keyed("4").0.brand(), None);
    assert_eq!(keyed("4111").0.brand(), Some(Brand::Visa));
    assert_eq!(keyed("37").0.brand(), Some(Brand::AmericanExpress));
    assert_eq!(keyed("").0.brand(), None);
    assert_eq!(keyed("37").0.masked(), None);
    assert_eq!(accepted(test_numbers::VISA).masked().unwrap().last_four(), "1111");
}

#[test]
fn further_keys_and_clearing_open_an_accepted_field() {
    let policy = PanPolicy::default();
    let mut entry = accepted(test_numbers::VISA);
    entry.push_pan(1, &policy);
    assert_eq!(entry.masked(), None);
    entry.clear_pan();
    assert_eq!((entry.pan_len(), entry.brand()), (0, None));
    assert_eq!(entry.finish().unwrap_err(), IncompleteCard::Pan);
}

#[test]
fn the_code_is_as_long_as_the_brand_says() {
    let mut entry = accepted(test_numbers::AMERICAN_EXPRESS);
    assert_eq!(entry.code_len(), 4);
    for digit in [0, 0, 1] {
        entry.push_code(digit);
    }
    assert_eq!(entry.accept_code(), Err(InvalidSecurityCode::Length { expected: 4 }));
    assert_eq!((entry.push_code(2), entry.push_code(3)), (4, 4));
    assert_eq!(entry.accept_code(), Ok(()));
    entry.clear_code();
    assert_eq!(entry.code_digits(), 0);

    let mut visa = accepted(test_numbers::VISA);
    let lengths: Vec<usize> = (0..5).map(|digit| visa.push_code(digit)).collect();
    assert_eq!((visa.code_len(), lengths), (3, vec![1, 2, 3, 3, 3]));
}

#[test]
fn the_expiry_date_is_checked_when_it_is_closed() {
    let mut entry = CardEntry::new();
    assert_eq!(entry.accept_expiry(NOW), Err(InvalidExpiryDate::Length));
    let lengths: Vec<usize> = [2, 6, 1, 2, 9].iter().map(|&digit| entry.push_expiry(digit)).collect();
    assert_eq!(lengths, [1, 2, 3, 4, 4]);
    assert_eq!(entry.accept_expiry(NOW), Err(InvalidExpiryDate::LooksSwapped));
    entry.clear_expiry();
    assert_eq!(entry.expiry_len(), 0);
}

fn complete() -> CardEntry {
    let mut entry = accepted(test_numbers::VISA);
    for digit in [1, 2, 3, 0] {
        entry.push_expiry(digit);
    }
    entry.accept_expiry(NOW).expect("a date ahead");
    for digit in [0, 1, 2] {
        entry.push_code(digit);
    }
    entry.accept_code().expect("three digits");
    entry
}

#[test]
fn a_finished_card_lends_its_parts() {
    let card = complete().finish().unwrap();
    assert!(card.pan().expose(|digits| digits == test_numbers::VISA.as_bytes()));
    assert_eq!((card.expiry().month(), card.expiry().year()), (12, 2030));
    assert!(card.code().unwrap().expose(|digits| digits == b"012"));
    assert_eq!((card.brand(), card.masked().to_string()), (Brand::Visa, "**** 1111".into()));
}

#[test]
fn a_card_opened_for_correction_has_lost_its_code_and_kept_the_rest() {
    let mut entry = complete().finish().unwrap().into_entry();
    assert_eq!((entry.brand(), entry.code_digits()), (Some(Brand::Visa), 0));
    for digit in [9, 9, 9] {
        entry.push_code(digit);
    }
    entry.accept_code().unwrap();
    let card = entry.finish().unwrap();
    assert_eq!(card.expiry().year(), 2030);
    assert!(card.code().unwrap().expose(|digits| digits == b"999"));

    let mut card = complete().finish().unwrap();
    card.drop_code();
    assert!(card.code().is_none());
    assert_eq!(card.into_entry().finish().unwrap_err(), IncompleteCard::SecurityCode);
}

#[test]
fn a_missing_field_is_named() {
    assert_eq!(accepted(test_numbers::VISA).finish().unwrap_err(), IncompleteCard::ExpiryDate);
    let mut entry = complete();
    entry.clear_code();
    for digit in [1, 2] {
        entry.push_code(digit);
    }
    let card = entry.finish_without_code().unwrap();
    assert!(card.code().is_none(), "two digits are no code");
}

#[test]
fn a_brand_with_optional_codes_finishes_without_one() {
    let mut entry = accepted(test_numbers::MAESTRO);
    for digit in [1, 2, 3, 0] {
        entry.push_expiry(digit);
    }
    entry.accept_expiry(NOW).unwrap();
    assert!(!entry.wants_code());
    assert!(entry.finish().unwrap().code().is_none());
}

/// Digits that start like some card and mostly end in a right check digit.
fn card_like() -> impl Strategy<Value = Vec<u8>> {
    let prefixes = vec![
        "", "4", "4111", "401178", "4571", "51", "2221", "2720", "34", "37", "3528", "353", "357111", "1800",
        "300", "3095", "36", "38", "6011", "644", "65", "62", "622126", "627", "81", "8171", "5018", "50",
        "6759", "676770", "60", "6521", "508", "2200", "2205", "9792", "506099", "507865", "650002",
        "504175", "509", "606282", "637095", "63737423", "1", "5019", "636", "637", "604001", "31", "8600",
        "9860", "9704", "2014", "6334", "5610",
    ];
    let rest = prop::collection::vec(b'0'..=b'9', 20);
    (prop::sample::select(prefixes), rest, 1usize..20, any::<bool>()).prop_map(
        |(prefix, rest, length, right)| {
            let mut digits: Vec<u8> = prefix.bytes().chain(rest).take(length).collect();
            if right && length > 1 {
                digits.pop();
                digits.push(luhn::check_digit(&digits).expect("digits"));
            }
            digits
        },
    )
}

/// Every range of the data file, in every length from the prefix on: a number with the right check digit.
fn one_number_of_every_range_and_length() -> impl Iterator<Item = Vec<u8>> {
    let lines = include_str!("../data/issuer_ranges.txt").lines();
    let prefixes = lines.filter_map(|line| line.split([' ', '-']).next());
    let prefixes = prefixes.filter(|prefix| prefix.bytes().next().is_some_and(|byte| byte.is_ascii_digit()));
    prefixes.flat_map(|prefix| {
        (prefix.len() + 1..=20).map(move |length| {
            let rest = b"31415926535897932384";
            let mut digits: Vec<u8> = prefix.bytes().chain(rest.iter().copied()).take(length - 1).collect();
            digits.push(luhn::check_digit(&digits).expect("digits"));
            digits
        })
    })
}

#[test]
fn digit_by_digit_agrees_with_parsing_the_whole_for_every_range_and_length() {
    let all = PanPolicy::default().with_accepted(BrandSet::ALL);
    let (mut taken, mut refused) = (0, 0);
    for digits in one_number_of_every_range_and_length() {
        for policy in [PanPolicy::default(), all, all.with_rare_lengths(true)] {
            let mut entry = CardEntry::new();
            let progress = push(&mut entry, std::str::from_utf8(&digits).unwrap(), &policy);
            let whole = policy.check(&digits);
            if progress == PanProgress::TooLong {
                assert!(matches!(whole, Err(InvalidPan::Length { .. } | InvalidPan::BrandNotAccepted(_))));
            } else {
                assert_eq!(entry.accept_pan(&policy), whole);
            }
            let ends = matches!(progress, PanProgress::Complete | PanProgress::MayGoOn);
            assert_eq!(ends, whole.is_ok(), "{progress:?}");
            if let Ok(brand) = whole {
                assert!(entry.pan_entry().lengths(&policy).contains(digits.len()));
                assert!(entry.pan_entry().candidates(&policy).contains(brand));
                taken += 1;
            } else {
                refused += 1;
            }
        }
    }
    assert!(taken > 500 && refused > 500, "{taken} and {refused}");
}

fn policies() -> impl Strategy<Value = PanPolicy> {
    let sets = vec![BrandSet::PAYABLE, BrandSet::ALL, BrandSet::of(&[Brand::Visa, Brand::Discover])];
    (prop::sample::select(sets), any::<bool>())
        .prop_map(|(accepted, rare)| PanPolicy::default().with_accepted(accepted).with_rare_lengths(rare))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn digit_by_digit_agrees_with_parsing_the_whole(digits in card_like(), policy in policies()) {
        let whole = Pan::parse(&digits, &policy).map(|pan| pan.brand());
        let mut entry = CardEntry::new();
        let mut too_long = false;
        let mut refused = false;
        let mut last = PanProgress::Incomplete;
        for &digit in &digits {
            last = entry.push_pan(digit - b'0', &policy);
            too_long |= last == PanProgress::TooLong;
            refused |= matches!(last, PanProgress::Refused(_));
            prop_assert!(!refused || matches!(last, PanProgress::Refused(_) | PanProgress::TooLong));
        }
        if too_long || refused {
            prop_assert!(whole.is_err(), "{:?}", last);
        }
        if whole.is_ok() {
            prop_assert!(matches!(last, PanProgress::Complete | PanProgress::MayGoOn), "{:?}", last);
        }
        if last == PanProgress::MayGoOn {
            prop_assert!(whole.is_ok());
        }
        if !too_long {
            prop_assert_eq!(entry.accept_pan(&policy), whole);
        }
    }

    #[test]
    fn complete_means_that_nothing_longer_is_valid(digits in card_like(), more in "[0-9]{1,5}") {
        let policy = PanPolicy::default();
        let text = String::from_utf8(digits).unwrap();
        if keyed(&text).1 == PanProgress::Complete {
            let mut longer = text.into_bytes();
            longer.extend(more.bytes());
            prop_assert!(Pan::parse(&longer, &policy).is_err());
        }
    }

    #[test]
    fn a_split_number_is_put_back_together(digits in card_like(), at in 0usize..22) {
        let (mut entry, _) = keyed(std::str::from_utf8(&digits).unwrap());
        let before = entry.pan_len();
        let mut tail = entry.split_pan(at);
        let mut again = digits[..entry.pan_len()].to_vec();
        prop_assert_eq!(entry.pan_len() + tail.len(), before);
        while let Some(digit) = tail.pop_front() {
            again.push(b'0' + digit);
        }
        prop_assert_eq!(&again[..], &digits[..before]);
    }
}
