//! A card number planted in arbitrary text, in every form that is promised, never survives.

use paytone_card::{luhn, test_numbers};
use paytone_redact::{Redactor, redact_bytes};
use proptest::prelude::*;

/// How single digits are written.
#[derive(Clone, Copy, Debug)]
enum Digits {
    Ascii,
    Percent,
    Json,
    Decimal,
    FullWidth,
    Arabic,
    Devanagari,
    Kanji,
    Mathematical,
}

const DIGITS: [Digits; 9] = [
    Digits::Ascii,
    Digits::Percent,
    Digits::Json,
    Digits::Decimal,
    Digits::FullWidth,
    Digits::Arabic,
    Digits::Devanagari,
    Digits::Kanji,
    Digits::Mathematical,
];

/// What stands between groups.
const SEPARATORS: &[&str] = &[
    " ", "-", ".", "+", "%20", "%2D", "%2e", "%c2%a0", "\\u0020", "\\u00a0", "\\u2013", "&nbsp;", "&#32;",
    "&#160;", "\u{a0}", "\u{2009}", "\u{200b}", "\u{202f}", "\u{2010}", "\u{2011}", "\u{2013}", "\u{2014}",
    "\u{2212}", "\u{3000}", "\u{feff}", "\u{ff0d}", "\u{b7}", "ー",
];

/// What the number stands in; the number takes the place of `#`.
const PLACES: &[&str] = &[
    "#",
    "card # ok",
    "PAN#",
    "card_#_key",
    "x#y",
    "{\"pan\":\"#\"}",
    "{\"pan\":#}",
    "[#,1]",
    "{\\\"pan\\\":\\\"#\\\"}",
    "<pan>#</pan>",
    "<c n='#'/>",
    "id,#,\"x\"",
    "id;#;x",
    "id\t#\tx",
    "/pay?pan=#&x=1",
    "pan%3D#%26x",
    "%22#%22",
    "\u{1b}[31m#\u{1b}[0m",
    "\u{1b}[1;32m#\u{1b}[m",
    "# 12/30",
    "#|1230",
    "(#)",
    "\"#\"",
    "カード番号：#です",
    "番号#",
    "pan=#;cvc=123",
    "\\n#\\n",
    "é#é",
];

fn valid_number() -> impl Strategy<Value = &'static str> {
    let numbers: Vec<_> = test_numbers::ALL.iter().map(|number| number.digits()).collect();
    prop::sample::select(numbers)
        .prop_filter("card number", |digits| digits.len() >= 13 && luhn::is_valid(digits.as_bytes()))
}

fn written(digit: char, digits: Digits) -> String {
    let value = digit.to_digit(10).expect("a digit");
    let at = |zero: u32| char::from_u32(zero + value).expect("a character").to_string();
    match digits {
        Digits::Ascii => digit.to_string(),
        Digits::Percent => format!("%3{value}"),
        Digits::Json => format!("\\u003{value}"),
        Digits::Decimal => format!("&#{};", 48 + value),
        Digits::FullWidth => at(0xFF10),
        Digits::Arabic => at(0x0660),
        Digits::Devanagari => at(0x0966),
        Digits::Kanji => "〇一二三四五六七八九".chars().nth(value as usize).expect("ten digits").to_string(),
        Digits::Mathematical => at(0x1D7CE),
    }
}

/// The sizes of the groups of a number: one, fours, digit by digit, or as its brand prints it.
fn groups(length: usize, shape: usize) -> Vec<usize> {
    let fours = |length: usize| {
        let mut sizes = vec![4; length / 4];
        sizes.extend((!length.is_multiple_of(4)).then_some(length % 4));
        sizes
    };
    match (shape, length) {
        (0, _) => vec![length],
        (1, _) => vec![1; length],
        (2, 14) => vec![4, 6, 4],
        (2, 15) => vec![4, 6, 5],
        (2, 16) => vec![8, 8],
        (2, 13) => vec![4, 3, 3, 3],
        _ => fours(length),
    }
}

fn planted(number: &str, digits: Digits, separator: &str, shape: usize) -> String {
    let mut rest = number.chars();
    let groups = groups(number.len(), shape).into_iter();
    let groups =
        groups.map(|size| rest.by_ref().take(size).map(|digit| written(digit, digits)).collect::<String>());
    groups.collect::<Vec<_>>().join(separator)
}

/// Text without digits, and without what joins digits or marks them as something else at its ends.
fn around() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "log ",
        "INFO ",
        "the caller ",
        "\n",
        "\r\n",
        "日本語",
        "\u{1f4b3}",
        "key=",
        "é",
        ", ",
        "; ",
        "\"",
        "{",
        "}",
        "&amp;",
        "https://host/path",
        "_",
        "^",
        "~",
        "\u{0}",
        "\u{7f}",
        "|",
    ]);
    prop::collection::vec(words, 0..6).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_number_in_any_form_does_not_survive(
        number in valid_number(),
        digits in prop::sample::select(DIGITS.to_vec()),
        separator in prop::sample::select(SEPARATORS.to_vec()),
        place in prop::sample::select(PLACES.to_vec()),
        shape in 0_usize..4,
        (before, after) in (around(), around()),
        piece in 1_usize..50,
    ) {
        let form = planted(number, digits, separator, shape);
        let text = format!("{before} {} {after}", place.replace('#', &form));
        let masked = redact_bytes(text.as_bytes()).into_owned();
        let masked = String::from_utf8(masked).unwrap();
        prop_assert!(!masked.contains(&form), "{text:?}");
        // Nothing of it but the last four: neither its beginning nor its end in that writing.
        let part: String = number.chars().take(8).map(|digit| written(digit, digits)).collect();
        prop_assert!(shape != 0 || !masked.contains(&part), "{text:?} became {masked:?}");
        prop_assert!(masked.contains("[card:****") || masked.contains("[track:removed]"), "{text:?} became {masked:?}");

        let mut redactor = Redactor::new();
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(piece) {
            redactor.process(piece, &mut out);
        }
        redactor.finish(&mut out);
        prop_assert_eq!(String::from_utf8(out).unwrap(), masked);
    }
}
