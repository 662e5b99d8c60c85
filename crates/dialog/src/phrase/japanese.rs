//! Numbers, money, dates and digits in Japanese, as names of clips.
//!
//! Numbers are grouped by four digits (万, 億), not by three. What is counted may change the sound of the number before it:
//! 四円 is ヨエン, 十桁 ジュッケタ, 八セント ハッセント. Such pairs are clips of their own.

use alloc::vec::Vec;

use paytone_psp::Money;

use super::value::{Value, brands, digit, digits, letter};

pub(super) fn value(value: &Value) -> Vec<&'static str> {
    let mut names = Vec::new();
    match *value {
        Value::Number(value) => number(value, &mut names),
        Value::Money(amount) => money(amount, &mut names),
        Value::Digits(count) => counted(u64::from(count), &DIGITS, &mut names),
        Value::Brands(set) => {
            for brand in brands(set) {
                if !names.is_empty() {
                    names.push("and");
                }
                names.push(brand);
            }
        }
        Value::Four(four) => names.extend(four.map(single)),
        Value::Month { month, year } => {
            counted(u64::from(year), &YEARS, &mut names);
            names.push(MONTHS[usize::from(month.clamp(1, 12)) - 1]);
        }
    }
    names
}

/// A digit on its own.
pub(super) fn single(value: u8) -> &'static str {
    ONE_BY_ONE[digit(value)]
}

/// Speaks a number up to 9999 億 9999 万 9999 in words, a greater one digit by digit.
fn number(value: u64, names: &mut Vec<&'static str>) {
    match value {
        0 => names.push(ONES[0]),
        1..=MAX => in_words(value, names),
        _ => in_digits(value, 0, names),
    }
}

fn in_words(value: u64, names: &mut Vec<&'static str>) {
    for (size, name) in [(100_000_000, "hundred-million"), (10_000, "ten-thousand")] {
        match value / size % 10_000 {
            0 => {}
            1_000 => names.extend(["one-thousand", name]),
            group => {
                below_ten_thousand(group, names);
                names.push(name);
            }
        }
    }
    below_ten_thousand(value % 10_000, names);
}

/// Says nothing for 0, nor for the places that are 0.
fn below_ten_thousand(value: u64, names: &mut Vec<&'static str>) {
    let places = digits(value % 10_000, 4);
    for (place, table) in places.into_iter().zip([&THOUSANDS, &HUNDREDS, &TENS, &ONES]) {
        names.extend((place > 0).then(|| table[digit(place)]));
    }
}

/// Speaks at least `width` digits, one by one.
fn in_digits(value: u64, width: usize, names: &mut Vec<&'static str>) {
    names.extend(digits(value, width).into_iter().map(single));
}

/// Speaks a number and what it counts, in one clip with the end of the number where their sounds change.
fn counted(value: u64, counter: &Counter, names: &mut Vec<&'static str>) {
    if let Some((_, whole)) = counter.whole.iter().find(|(number, _)| *number == value) {
        return names.push(whole);
    }
    number(value, names);
    let changed = |name| counter.changed.iter().find(|(end, _)| *end == name).map(|(_, clip)| *clip);
    let Some(end) = names.pop() else { return };
    match (changed(end), TENS.iter().position(|tens| *tens == end)) {
        (Some(clip), _) => names.push(clip),
        // 二十セント: 二 and then the changed 十セント.
        (None, Some(tens @ 2..)) if changed(TENS[1]).is_some() => {
            names.push(ONES[tens]);
            names.extend(changed(TENS[1]));
        }
        _ => names.extend([end, counter.name]),
    }
}

/// Speaks an amount: by the currency's own words, or by the letters of its code and a decimal point.
fn money(money: Money, names: &mut Vec<&'static str>) {
    let scale = money.currency().minor_per_major();
    let (major, minor) = (money.minor() / scale, money.minor() % scale);
    match units(money.currency().code()) {
        Some([majors, minors]) => {
            if major > 0 || minor == 0 {
                counted(major, majors, names);
            }
            if minor > 0 {
                counted(minor, minors, names);
            }
        }
        None => {
            names.extend(money.currency().code().bytes().filter_map(letter));
            if minor == 0 {
                return number(major, names);
            }
            counted(major, &POINT, names);
            in_digits(minor, usize::from(money.currency().exponent()), names);
        }
    }
}

fn units(code: &str) -> Option<[&'static Counter; 2]> {
    Some(match code {
        "JPY" => [&YEN, &YEN],
        "USD" => [&DOLLARS, &CENTS],
        "EUR" => [&EUROS, &CENTS],
        "GBP" => [&POUNDS, &PENCE],
        "KRW" => [&WON, &WON],
        _ => return None,
    })
}

/// A word that counts, and the numbers that sound different before it.
struct Counter {
    name: &'static str,
    /// By the clip the number ends with.
    changed: &'static [(&'static str, &'static str)],
    /// By the whole number.
    whole: &'static [(u64, &'static str)],
}

impl Counter {
    const fn plain(name: &'static str) -> Self {
        Self { name, changed: &[], whole: &[] }
    }
}

const YEN: Counter = Counter { changed: &[("number-4", "yen-4")], ..Counter::plain("yen") };
const WON: Counter = Counter::plain("won");
const DOLLARS: Counter = Counter::plain("dollar");
const EUROS: Counter = Counter::plain("euro");
const POUNDS: Counter = Counter::plain("pound");
const PENCE: Counter = Counter::plain("pence");
const CENTS: Counter = Counter {
    changed: &[("number-1", "cent-1"), ("number-8", "cent-8"), ("number-10", "cent-10")],
    ..Counter::plain("cent")
};
const YEARS: Counter = Counter { changed: &[("number-4", "year-4")], ..Counter::plain("year") };
const DIGITS: Counter = Counter {
    name: "digits",
    changed: &[("number-6", "digits-6"), ("number-10", "digits-10")],
    whole: &[(1, "digits-1"), (2, "digits-2")],
};
const POINT: Counter = Counter {
    name: "point",
    changed: &[("number-1", "point-1"), ("number-8", "point-8"), ("number-10", "point-10")],
    whole: &[(0, "point-0")],
};

/// The greatest number spoken in words.
const MAX: u64 = 999_999_999_999;

const ONES: [&str; 10] = [
    "number-0", "number-1", "number-2", "number-3", "number-4", "number-5", "number-6", "number-7",
    "number-8", "number-9",
];

/// Digits that stand alone are all two beats long: 二 is ニー, 五 is ゴー.
const ONE_BY_ONE: [&str; 10] = [
    "number-0", "number-1", "digit-2", "number-3", "number-4", "digit-5", "number-6", "number-7", "number-8",
    "number-9",
];

/// The first is never spoken.
const TENS: [&str; 10] = [
    "number-0",
    "number-10",
    "number-20",
    "number-30",
    "number-40",
    "number-50",
    "number-60",
    "number-70",
    "number-80",
    "number-90",
];

const HUNDREDS: [&str; 10] = [
    "number-0",
    "number-100",
    "number-200",
    "number-300",
    "number-400",
    "number-500",
    "number-600",
    "number-700",
    "number-800",
    "number-900",
];

const THOUSANDS: [&str; 10] = [
    "number-0",
    "number-1000",
    "number-2000",
    "number-3000",
    "number-4000",
    "number-5000",
    "number-6000",
    "number-7000",
    "number-8000",
    "number-9000",
];

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
    "month-10", "month-11", "month-12",
];

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use paytone_psp::Currency;

    use super::*;
    use crate::phrase::Language::Ja;

    fn heard(value: u64) -> String {
        Value::Number(value).reading(Ja)
    }

    fn amount(minor: u64, code: &str) -> [String; 2] {
        let money = Value::Money(Money::new(minor, Currency::parse(code).unwrap()));
        [money.text(Ja), money.reading(Ja)]
    }

    #[test]
    fn numbers_are_read_by_rule() {
        let table = [
            (0, "ゼロ"),
            (1, "イチ"),
            (4, "ヨン"),
            (7, "ナナ"),
            (9, "キュー"),
            (10, "ジュー"),
            (14, "ジューヨン"),
            (20, "ニジュー"),
            (99, "キュージューキュー"),
            (100, "ヒャク"),
            (101, "ヒャクイチ"),
            (300, "サンビャク"),
            (600, "ロッピャク"),
            (800, "ハッピャク"),
            (1_000, "セン"),
            (1_001, "センイチ"),
            (1_500, "センゴヒャク"),
            (3_000, "サンゼン"),
            (3_333, "サンゼンサンビャクサンジューサン"),
            (6_666, "ロクセンロッピャクロクジューロク"),
            (8_000, "ハッセン"),
            (8_888, "ハッセンハッピャクハチジューハチ"),
            (10_000, "イチマン"),
            (10_010, "イチマンジュー"),
            (40_000, "ヨンマン"),
            (100_000, "ジューマン"),
            (120_000, "ジューニマン"),
            (1_000_000, "ヒャクマン"),
            (3_000_000, "サンビャクマン"),
            (10_000_000, "イッセンマン"),
            (11_000_000, "センヒャクマン"),
            (30_000_000, "サンゼンマン"),
            (80_008_000, "ハッセンマンハッセン"),
            (100_000_000, "イチオク"),
            (100_000_001, "イチオクイチ"),
            (1_000_000_000, "ジューオク"),
            (100_000_000_000, "イッセンオク"),
            (100_010_001_000, "イッセンオクイッセンマンセン"),
            (
                999_999_999_999,
                "キューセンキューヒャクキュージューキューオクキューセンキューヒャクキュージューキューマン\
                 キューセンキューヒャクキュージューキュー",
            ),
            (1_000_000_000_002, "イチゼロゼロゼロゼロゼロゼロゼロゼロゼロゼロゼロニー"),
        ];
        for (value, expected) in table {
            assert_eq!(heard(value), expected, "{value}");
        }
    }

    #[test]
    fn money_is_read_in_its_own_units() {
        let table = [
            (0, "JPY", "ゼロ円", "ゼロエン"),
            (1, "JPY", "一円", "イチエン"),
            (4, "JPY", "四円", "ヨエン"),
            (7, "JPY", "七円", "ナナエン"),
            (9, "JPY", "九円", "キューエン"),
            (14, "JPY", "十四円", "ジューヨエン"),
            (40, "JPY", "四十円", "ヨンジューエン"),
            (400, "JPY", "四百円", "ヨンヒャクエン"),
            (1_200, "JPY", "千二百円", "センニヒャクエン"),
            (1_980, "JPY", "千九百八十円", "センキューヒャクハチジューエン"),
            (3_300, "JPY", "三千三百円", "サンゼンサンビャクエン"),
            (8_624, "JPY", "八千六百二十四円", "ハッセンロッピャクニジューヨエン"),
            (10_000, "JPY", "一万円", "イチマンエン"),
            (40_004, "JPY", "四万四円", "ヨンマンヨエン"),
            (
                12_345_678,
                "JPY",
                "千二百三十四万五千六百七十八円",
                "センニヒャクサンジューヨンマンゴセンロッピャクナナジューハチエン",
            ),
            (100_000_000, "JPY", "一億円", "イチオクエン"),
            (1_004, "KRW", "千四ウォン", "センヨンウォン"),
            (1_234, "USD", "十二ドル三十四セント", "ジューニドルサンジューヨンセント"),
            (1_200, "USD", "十二ドル", "ジューニドル"),
            (101, "USD", "一ドル一セント", "イチドルイッセント"),
            (408, "USD", "四ドル八セント", "ヨンドルハッセント"),
            (1_010, "USD", "十ドル十セント", "ジュードルジュッセント"),
            (20, "EUR", "二十セント", "ニジュッセント"),
            (18, "EUR", "十八セント", "ジューハッセント"),
            (100, "EUR", "一ユーロ", "イチユーロ"),
            (250, "GBP", "二ポンド五十ペンス", "ニポンドゴジューペンス"),
            (1_200, "CHF", "CHF十二", "シーエイチエフジューニ"),
            (1_205, "CHF", "CHF十二点ゼロ五", "シーエイチエフジューニテンゼロゴー"),
            (5, "CHF", "CHF零点ゼロ五", "シーエイチエフレーテンゼロゴー"),
            (1_050, "CHF", "CHF十点五ゼロ", "シーエイチエフジュッテンゴーゼロ"),
            (1_002, "KWD", "KWD一点ゼロゼロ二", "ケーダブリューディーイッテンゼロゼロニー"),
            (7, "VND", "VND七", "ブイエヌディーナナ"),
        ];
        for (minor, code, text, reading) in table {
            assert_eq!(amount(minor, code), [text, reading]);
        }
    }

    #[test]
    fn months_years_and_digits_are_read_by_rule() {
        let months = [
            "イチガツ",
            "ニガツ",
            "サンガツ",
            "シガツ",
            "ゴガツ",
            "ロクガツ",
            "シチガツ",
            "ハチガツ",
            "クガツ",
            "ジューガツ",
            "ジューイチガツ",
            "ジューニガツ",
        ];
        for (month, name) in (1..).zip(months) {
            let heard = Value::Month { month, year: 2030 }.reading(Ja);
            assert_eq!(heard, ["ニセンサンジューネン", name].concat());
        }
        assert_eq!(Value::Month { month: 4, year: 2034 }.text(Ja), "二千三十四年四月");
        assert_eq!(Value::Month { month: 4, year: 2034 }.reading(Ja), "ニセンサンジューヨネンシガツ");
        assert_eq!(Value::Four([0, 2, 4, 5]).reading(Ja), "ゼロニーヨンゴー");
        assert_eq!(Value::Four([7, 8, 9, 1]).reading(Ja), "ナナハチキューイチ");
    }

    #[test]
    fn digits_are_counted_by_their_own_counter() {
        let table = [
            (1, "ヒトケタ"),
            (2, "フタケタ"),
            (3, "サンケタ"),
            (4, "ヨンケタ"),
            (6, "ロッケタ"),
            (10, "ジュッケタ"),
            (11, "ジューイチケタ"),
            (12, "ジューニケタ"),
            (16, "ジューロッケタ"),
            (20, "ニジュッケタ"),
        ];
        for (count, expected) in table {
            assert_eq!(Value::Digits(count).reading(Ja), expected);
        }
    }
}
