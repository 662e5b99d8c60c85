//! Card numbers that card schemes and payment providers publish for testing. None belongs to a person.
//!
//! Only these may appear in code, tests and documents.

use crate::Brand;

/// One published test number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestNumber {
    digits: &'static str,
    brand: Brand,
}

impl TestNumber {
    const fn new(digits: &'static str, brand: Brand) -> Self {
        Self { digits, brand }
    }

    /// The digits, ASCII.
    #[must_use]
    pub const fn digits(&self) -> &'static str {
        self.digits
    }

    /// The brand it is published as.
    #[must_use]
    pub const fn brand(&self) -> Brand {
        self.brand
    }
}

/// Visa, 16 digits.
pub const VISA: &str = "4111111111111111";
/// Visa, 16 digits, another one.
pub const VISA_42: &str = "4242424242424242";
/// Visa, 16 digits; published as declined by the issuer.
pub const VISA_DECLINED: &str = "4000000000000002";
/// Visa, 16 digits; published as declined for insufficient funds.
pub const VISA_INSUFFICIENT_FUNDS: &str = "4000000000009995";
/// Visa, 16 digits; published as reported lost.
pub const VISA_LOST: &str = "4000000000009987";
/// Visa, 16 digits; published as reported stolen.
pub const VISA_STOLEN: &str = "4000000000009979";
/// Visa, 16 digits; published as expired.
pub const VISA_EXPIRED: &str = "4000000000000069";
/// Visa, 16 digits; published as declined for a wrong security code.
pub const VISA_CODE_MISMATCH: &str = "4000000000000127";
/// Visa, 16 digits; published as a processing error at the provider.
pub const VISA_PROCESSING_ERROR: &str = "4000000000000119";
/// Visa, 16 digits; published as declined for being used too often.
pub const VISA_LIMIT_EXCEEDED: &str = "4000000000006975";
/// Visa, 16 digits; published as blocked for suspected fraud.
pub const VISA_FRAUD: &str = "4100000000000019";
/// Visa, 16 digits; published as asking for authentication by the holder.
pub const VISA_AUTHENTICATION: &str = "4000002760003184";
/// Visa, 16 digits; published as a card that can be stored and fails when it is charged.
pub const VISA_FAILS_WHEN_CHARGED: &str = "4000000000000341";
/// Visa, 16 digits; published as asking for authentication unless it is set up for later use.
pub const VISA_AUTHENTICATION_ALWAYS: &str = "4000002500003155";
/// Visa, 16 digits; published for the PG Multi-Payment sandbox as over a limit.
pub const VISA_SANDBOX_LIMIT: &str = "4999000000000005";
/// Visa, 16 digits, whose check digit is wrong; published for the PG Multi-Payment sandbox as short of funds.
pub const VISA_SANDBOX_FUNDS: &str = "4999000000000002";
/// Visa, 13 digits, a length no longer issued.
pub const VISA_13: &str = "4222222222222";
/// Visa, 16 digits, whose check digit is wrong on purpose.
pub const VISA_WRONG_CHECK_DIGIT: &str = "4242424242424241";
/// Mastercard, 16 digits.
pub const MASTERCARD: &str = "5555555555554444";
/// Mastercard, 16 digits, in the range that starts with 2.
pub const MASTERCARD_2: &str = "2223003122003222";
/// American Express, 15 digits.
pub const AMERICAN_EXPRESS: &str = "378282246310005";
/// JCB, 16 digits.
pub const JCB: &str = "3530111333300000";
/// Diners Club, 14 digits.
pub const DINERS_CLUB: &str = "36227206271667";
/// Diners Club, 16 digits.
pub const DINERS_CLUB_16: &str = "3056930009020004";
/// Discover, 16 digits.
pub const DISCOVER: &str = "6011111111111117";
/// UnionPay, 16 digits.
pub const UNIONPAY: &str = "6200000000000005";
/// UnionPay, 19 digits.
pub const UNIONPAY_19: &str = "6205500000000000004";
/// Maestro, 16 digits.
pub const MAESTRO: &str = "6771798021000008";

/// Every published test number the crate knows.
pub const ALL: &[TestNumber] = &[
    TestNumber::new(VISA, Brand::Visa),
    TestNumber::new(VISA_42, Brand::Visa),
    TestNumber::new("4012888888881881", Brand::Visa),
    TestNumber::new("4000056655665556", Brand::Visa),
    TestNumber::new(VISA_13, Brand::Visa),
    TestNumber::new("4007000000027", Brand::Visa),
    TestNumber::new(VISA_DECLINED, Brand::Visa),
    TestNumber::new(VISA_INSUFFICIENT_FUNDS, Brand::Visa),
    TestNumber::new(VISA_LOST, Brand::Visa),
    TestNumber::new(VISA_STOLEN, Brand::Visa),
    TestNumber::new(VISA_EXPIRED, Brand::Visa),
    TestNumber::new(VISA_CODE_MISMATCH, Brand::Visa),
    TestNumber::new(VISA_PROCESSING_ERROR, Brand::Visa),
    TestNumber::new(VISA_LIMIT_EXCEEDED, Brand::Visa),
    TestNumber::new(VISA_FRAUD, Brand::Visa),
    TestNumber::new(VISA_AUTHENTICATION, Brand::Visa),
    TestNumber::new(VISA_FAILS_WHEN_CHARGED, Brand::Visa),
    TestNumber::new(VISA_AUTHENTICATION_ALWAYS, Brand::Visa),
    TestNumber::new("4000000000000010", Brand::Visa),
    TestNumber::new(VISA_SANDBOX_LIMIT, Brand::Visa),
    TestNumber::new(VISA_SANDBOX_FUNDS, Brand::Visa),
    TestNumber::new(VISA_WRONG_CHECK_DIGIT, Brand::Visa),
    TestNumber::new(MASTERCARD, Brand::Mastercard),
    TestNumber::new("5105105105105100", Brand::Mastercard),
    TestNumber::new("5200828282828210", Brand::Mastercard),
    TestNumber::new(MASTERCARD_2, Brand::Mastercard),
    TestNumber::new("2223000048400011", Brand::Mastercard),
    TestNumber::new(AMERICAN_EXPRESS, Brand::AmericanExpress),
    TestNumber::new("371449635398431", Brand::AmericanExpress),
    TestNumber::new("378734493671000", Brand::AmericanExpress),
    TestNumber::new(JCB, Brand::Jcb),
    TestNumber::new("3566002020360505", Brand::Jcb),
    TestNumber::new("3088000000000017", Brand::Jcb),
    TestNumber::new(DINERS_CLUB, Brand::DinersClub),
    TestNumber::new(DINERS_CLUB_16, Brand::DinersClub),
    TestNumber::new("36259600000004", Brand::DinersClub),
    TestNumber::new("30569309025904", Brand::DinersClub),
    TestNumber::new("38520000023237", Brand::DinersClub),
    TestNumber::new(DISCOVER, Brand::Discover),
    TestNumber::new("6011000990139424", Brand::Discover),
    TestNumber::new("6011981111111113", Brand::Discover),
    TestNumber::new("6555900000604105", Brand::Discover),
    TestNumber::new(UNIONPAY, Brand::UnionPay),
    TestNumber::new("6200000000000047", Brand::UnionPay),
    TestNumber::new(UNIONPAY_19, Brand::UnionPay),
    TestNumber::new("6243030000000001", Brand::UnionPay),
    TestNumber::new("6221261111117766", Brand::UnionPay),
    TestNumber::new(MAESTRO, Brand::Maestro),
    TestNumber::new("6304000000000000", Brand::Maestro),
    TestNumber::new("5019717010103742", Brand::Dankort),
    TestNumber::new("5610591081018250", Brand::Bankcard),
    TestNumber::new("6331101999990016", Brand::Solo),
    TestNumber::new("201400000000009", Brand::EnRoute),
];

/// Whether these ASCII digits are one of [`ALL`].
#[must_use]
pub fn is_published(ascii: &[u8]) -> bool {
    ALL.iter().any(|number| number.digits.as_bytes() == ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IssuerRange, luhn};

    #[test]
    fn every_number_is_in_a_range_of_its_brand() {
        for number in ALL {
            let range = IssuerRange::of(number.digits.as_bytes()).expect(number.digits);
            assert_eq!(range.brand(), number.brand, "{}", number.digits);
            let lengths = range.lengths().union(range.rare_lengths());
            assert!(lengths.contains(number.digits.len()), "{}", number.digits);
        }
    }

    #[test]
    fn only_those_published_so_have_a_wrong_check_digit() {
        let wrong: Vec<_> =
            ALL.iter().map(TestNumber::digits).filter(|digits| !luhn::is_valid(digits.as_bytes())).collect();
        assert_eq!(wrong, [VISA_SANDBOX_FUNDS, VISA_WRONG_CHECK_DIGIT]);
    }

    #[test]
    fn published_means_all_of_the_number() {
        assert!(is_published(VISA.as_bytes()));
        assert!(!is_published(&VISA.as_bytes()[..15]));
        assert!(!is_published(b""));
        assert!(ALL.iter().all(|a| ALL.iter().filter(|b| a.digits == b.digits).count() == 1));
    }
}
