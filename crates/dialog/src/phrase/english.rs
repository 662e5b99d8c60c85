//! Numbers, money, dates and digits in English, as names of clips.

use alloc::vec;
use alloc::vec::Vec;

use paytone_psp::Money;

use super::value::{Value, brands, digit, digits, letter};

pub(super) fn value(value: &Value) -> Vec<&'static str> {
    let mut names = Vec::new();
    match *value {
        Value::Number(value) => number(value, &mut names),
        Value::Money(amount) => money(amount, &mut names),
        Value::Digits(count) => {
            number(u64::from(count), &mut names);
            names.push(if count == 1 { "digit" } else { "digits" });
        }
        Value::Brands(set) => {
            names.extend(brands(set));
            if names.len() > 1 {
                names.insert(names.len() - 1, "and");
            }
        }
        Value::Four(four) => names.extend(four.map(single)),
        Value::Month { month, year } => {
            names.push(MONTHS[usize::from(month.clamp(1, 12)) - 1]);
            names.extend(year_in_words(year));
        }
    }
    names
}

/// A digit on its own.
pub(super) fn single(value: u8) -> &'static str {
    SMALL[digit(value)]
}

/// In pairs, "twenty thirty"; the first ten years of a century otherwise: "two thousand five".
fn year_in_words(year: u16) -> Vec<&'static str> {
    let mut names = vec![];
    if year % 100 < 10 || year < 1000 {
        number(u64::from(year), &mut names);
    } else {
        below_thousand(u64::from(year / 100), &mut names);
        below_thousand(u64::from(year % 100), &mut names);
    }
    names
}

/// Speaks a number up to 999,999,999 in words, a greater one digit by digit.
fn number(value: u64, names: &mut Vec<&'static str>) {
    match value {
        0 => names.push(SMALL[0]),
        1..=MAX => in_words(value, names),
        _ => in_digits(value, 0, names),
    }
}

/// Speaks an amount: by the currency's own words, or by the letters of its code.
fn money(money: Money, names: &mut Vec<&'static str>) {
    let scale = money.currency().minor_per_major();
    let (major, minor) = (money.minor() / scale, money.minor() % scale);
    match Unit::of(money.currency().code()) {
        Some(unit) => in_units(major, minor, &unit, names),
        None => {
            names.extend(money.currency().code().bytes().filter_map(letter));
            number(major, names);
            if minor > 0 {
                names.push("point");
                in_digits(minor, usize::from(money.currency().exponent()), names);
            }
        }
    }
}

fn in_units(major: u64, minor: u64, unit: &Unit, names: &mut Vec<&'static str>) {
    if major > 0 || minor == 0 {
        number(major, names);
        names.push(if major == 1 { unit.major } else { unit.majors });
    }
    if major > 0 && minor > 0 {
        names.push("and");
    }
    if minor > 0 {
        number(minor, names);
        names.push(if minor == 1 { unit.minor } else { unit.minors });
    }
}

fn in_words(value: u64, names: &mut Vec<&'static str>) {
    for (size, name) in [(1_000_000, "million"), (1_000, "thousand")] {
        let count = value / size % 1_000;
        if count > 0 {
            below_thousand(count, names);
            names.push(name);
        }
    }
    below_thousand(value % 1_000, names);
}

/// Says nothing for 0.
fn below_thousand(value: u64, names: &mut Vec<&'static str>) {
    let (hundreds, rest) = (at(value / 100), at(value % 100));
    if hundreds > 0 {
        names.extend([SMALL[hundreds], "hundred"]);
    }
    match rest {
        0 => {}
        1..20 => names.push(SMALL[rest]),
        _ => {
            names.push(TENS[rest / 10 - 2]);
            names.extend((rest % 10 > 0).then(|| SMALL[rest % 10]));
        }
    }
}

/// Speaks at least `width` digits.
fn in_digits(value: u64, width: usize, names: &mut Vec<&'static str>) {
    names.extend(digits(value, width).into_iter().map(single));
}

fn at(place: u64) -> usize {
    usize::try_from(place).unwrap_or_default()
}

/// What a currency's units are called.
struct Unit {
    major: &'static str,
    majors: &'static str,
    minor: &'static str,
    minors: &'static str,
}

impl Unit {
    fn of(code: &str) -> Option<Self> {
        let [major, majors, minor, minors] = match code {
            "USD" => ["dollar", "dollars", "cent", "cents"],
            "EUR" => ["euro", "euros", "cent", "cents"],
            "GBP" => ["pound", "pounds", "penny", "pence"],
            "JPY" => ["yen"; 4],
            "KRW" => ["won"; 4],
            _ => return None,
        };
        Some(Self { major, majors, minor, minors })
    }
}

/// The greatest number spoken in words.
const MAX: u64 = 999_999_999;

const SMALL: [&str; 20] = [
    "number-0",
    "number-1",
    "number-2",
    "number-3",
    "number-4",
    "number-5",
    "number-6",
    "number-7",
    "number-8",
    "number-9",
    "number-10",
    "number-11",
    "number-12",
    "number-13",
    "number-14",
    "number-15",
    "number-16",
    "number-17",
    "number-18",
    "number-19",
];

const TENS: [&str; 8] =
    ["number-20", "number-30", "number-40", "number-50", "number-60", "number-70", "number-80", "number-90"];

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
    "month-10", "month-11", "month-12",
];

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use paytone_psp::Currency;

    use super::*;
    use crate::phrase::Language;

    fn words(value: u64) -> String {
        Value::Number(value).text(Language::En)
    }

    fn amount(minor: u64, code: &str) -> String {
        Value::Money(Money::new(minor, Currency::parse(code).unwrap())).text(Language::En)
    }

    #[test]
    fn numbers_are_spoken_by_rule() {
        let table = [
            (0, "zero"),
            (9, "nine"),
            (10, "ten"),
            (19, "nineteen"),
            (20, "twenty"),
            (21, "twenty one"),
            (99, "ninety nine"),
            (100, "one hundred"),
            (101, "one hundred one"),
            (999, "nine hundred ninety nine"),
            (1_000, "one thousand"),
            (1_015, "one thousand fifteen"),
            (20_300, "twenty thousand three hundred"),
            (1_000_000, "one million"),
            (1_000_001, "one million one"),
            (
                999_999_999,
                "nine hundred ninety nine million nine hundred ninety nine thousand nine hundred ninety nine",
            ),
            (1_000_000_000, "one zero zero zero zero zero zero zero zero zero"),
        ];
        for (value, expected) in table {
            assert_eq!(words(value), expected);
        }
        assert_eq!(words(u64::MAX).split(' ').count(), 20);
    }

    #[test]
    fn money_is_spoken_in_its_own_units() {
        let table = [
            (1_200, "JPY", "one thousand two hundred yen"),
            (0, "JPY", "zero yen"),
            (1, "KRW", "one won"),
            (1_234, "USD", "twelve dollars and thirty four cents"),
            (1_200, "USD", "twelve dollars"),
            (101, "USD", "one dollar and one cent"),
            (34, "EUR", "thirty four cents"),
            (100, "EUR", "one euro"),
            (201, "GBP", "two pounds and one penny"),
            (250, "GBP", "two pounds and fifty pence"),
            (0, "GBP", "zero pounds"),
        ];
        for (minor, code, expected) in table {
            assert_eq!(amount(minor, code), expected);
        }
    }

    #[test]
    fn other_currencies_are_spelled() {
        assert_eq!(amount(1_205, "CHF"), "C. H. F. twelve point zero five");
        assert_eq!(amount(1_200, "CHF"), "C. H. F. twelve");
        assert_eq!(amount(1_005, "KWD"), "K. W. D. one point zero zero five");
        assert_eq!(amount(7, "VND"), "V. N. D. seven");
    }

    #[test]
    fn months_years_and_digits_are_spoken_by_rule() {
        let said = |month, year| Value::Month { month, year }.text(Language::En);
        assert_eq!(said(3, 2030), "March twenty thirty");
        assert_eq!(said(12, 2009), "December two thousand nine");
        assert_eq!(said(1, 2100), "January two thousand one hundred");
        assert_eq!(said(1, 1999), "January nineteen ninety nine");
        assert_eq!(Value::Four([0, 3, 3, 0]).text(Language::En), "zero three three zero");
        assert_eq!(Value::Digits(1).text(Language::En), "one digit");
        assert_eq!(Value::Digits(16).text(Language::En), "sixteen digits");
    }
}
