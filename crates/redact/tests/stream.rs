//! Laws of the stream, for arbitrary text that is rich in what the redactor looks at.

use paytone_card::{luhn, test_numbers};
use paytone_redact::{Redactor, find, redact_bytes};
use proptest::prelude::*;

/// Pieces of text that lead into every branch.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b" ",
        b"-",
        b".",
        b"+",
        b"=",
        b":",
        b"\n",
        b"\"",
        b"\\",
        b"%",
        b"%20",
        b"%22",
        b"%34",
        b"%2B",
        b"^",
        b"D",
        b"?",
        b"\\u0034",
        b"\\u0022",
        b"&#52;",
        b"&nbsp;",
        b"cvc=",
        b"cvv\":\"",
        b"security code ",
        b"Signal=",
        b"dtmf '",
        b"digit: ",
        b"o=- ",
        b" IN IP4",
        b"{\"pan\":",
        b",\"x\":",
        b"}",
        b"abcdef",
        b"_",
        b"0x",
        b"GB29NWBK",
        b"60161331926819",
        b"DE89 ",
        b"3704 0044 0532 0130 00",
        b"30121010000012345678",
        b"^DOE/JOHN^",
        b"0.",
        b"41111111-1111-4111-8111-111111111111",
        b"1230",
        b"\xEF\xBC\x94",
        b"\xEF",
        b"\xE4\xB8\x80",
        b"\xF0\x9D",
        b"[card:****1111]",
        b"[code:removed]",
    ];
    let numbers: Vec<&'static str> = test_numbers::ALL.iter().map(|number| number.digits()).collect();
    prop_oneof![
        4 => prop::sample::select(words).prop_map(<[u8]>::to_vec),
        3 => prop::sample::select(numbers).prop_map(|digits| digits.as_bytes().to_vec()),
        2 => prop::sample::select(test_numbers::ALL.to_vec()).prop_map(|number| spaced(number.digits(), b" ")),
        2 => prop::collection::vec(b'0'..=b'9', 1..24),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

/// A published number with the right check digit.
fn valid_number() -> impl Strategy<Value = &'static str> {
    let numbers: Vec<_> = test_numbers::ALL.iter().map(|number| number.digits()).collect();
    prop::sample::select(numbers).prop_filter("check digit", |digits| luhn::is_valid(digits.as_bytes()))
}

/// In groups of four.
fn spaced(digits: &str, separator: &[u8]) -> Vec<u8> {
    digits.as_bytes().chunks(4).collect::<Vec<_>>().join(separator)
}

fn in_pieces(text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut redactor = Redactor::new();
    let mut out = Vec::new();
    let mut rest = text;
    for &cut in cuts.iter().cycle().take_while(|_| !cuts.is_empty()) {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(cut.min(rest.len()));
        redactor.process(piece, &mut out);
        rest = after;
    }
    redactor.process(rest, &mut out);
    redactor.finish(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_output_does_not_depend_on_the_cuts(
        text in text(), cuts in prop::collection::vec(1usize..40, 1..8)
    ) {
        let whole = redact_bytes(&text);
        prop_assert_eq!(&in_pieces(&text, &cuts)[..], &whole[..]);
        prop_assert_eq!(&in_pieces(&text, &[1])[..], &whole[..]);
    }

    #[test]
    fn a_second_pass_changes_nothing(text in text()) {
        let once = redact_bytes(&text).into_owned();
        prop_assert_eq!(&redact_bytes(&once)[..], &once[..]);
    }

    #[test]
    fn bytes_outside_findings_are_unchanged(text in text()) {
        let masked = redact_bytes(&text).into_owned();
        let mut rest = &masked[..];
        let mut at = 0;
        for finding in find(&text) {
            let kept = &text[at..finding.range.start];
            prop_assert!(rest.starts_with(kept));
            rest = &rest[kept.len()..];
            // A mask; a JSON number gets the same quotes on both sides.
            let quote = rest.iter().position(|&byte| byte == b'[').unwrap();
            let mask = quote + rest[quote..].iter().position(|&byte| byte == b']').unwrap() + 1;
            prop_assert_eq!(&rest[..quote], &rest[mask..mask + quote]);
            rest = &rest[mask + quote..];
            at = finding.range.end;
        }
        prop_assert_eq!(rest, &text[at..]);
    }

    #[test]
    fn a_planted_number_does_not_survive(
        before in r"[ -\[\]-~\n]{0,20}", after in "[ -~\n]{0,20}", digits in valid_number(), form in 0usize..4
    ) {
        let planted = match form {
            0 => digits.as_bytes().to_vec(),
            1 => spaced(digits, b" "),
            2 => spaced(digits, b"-"),
            _ => digits.bytes().map(|digit| [digit]).collect::<Vec<_>>().join(&b' '),
        };
        // A digit next to it makes it another number, and what marks other numbers is tested by name.
        let before = before.trim_end_matches(|c: char| c.is_ascii_digit() || " -.+%".contains(c));
        // Behind `0x` it is a pointer.
        let before = before.strip_suffix("0x").unwrap_or(before);
        let before = before.trim_end_matches(|c: char| c.is_ascii_digit() || " -.+%".contains(c));
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit() || " -.+%".contains(c));
        let text = [before.as_bytes(), &planted[..], after.as_bytes()].concat();
        let masked = redact_bytes(&text);
        let left: Vec<u8> = masked.iter().copied().filter(u8::is_ascii_digit).collect();
        prop_assert!(!left.windows(digits.len()).any(|window| window == digits.as_bytes()));
    }

    #[test]
    fn what_is_held_is_bounded_and_a_line_end_releases_it(text in text()) {
        let mut redactor = Redactor::new();
        let mut out = Vec::new();
        for &byte in &text {
            redactor.process(&[byte], &mut out);
            prop_assert!(redactor.held() <= 1024, "{}", redactor.held());
            prop_assert!(byte != b'\n' || redactor.held() == 0);
        }
    }
}

#[test]
fn text_without_digits_is_never_held() {
    let mut redactor = Redactor::new();
    let mut out = Vec::new();
    redactor.process(b"Enter the card number: ", &mut out);
    assert_eq!((out.as_slice(), redactor.held()), (&b"Enter the card number: "[..], 0));
}

#[test]
fn hostile_input_takes_linear_time() {
    // Every group is a possible start of a number; a quadratic pass over these would not end in the test's time.
    let inputs = [
        b"4 ".repeat(100_000),
        b"4111 ".repeat(50_000),
        vec![b'4'; 1_000_000],
        b"%34".repeat(300_000),
        b"cvc cvc=".repeat(100_000),
        b"4111111111111111^".repeat(50_000),
        b"GB29 4111111111111111".repeat(40_000),
    ];
    for input in inputs {
        assert!(redact_bytes(&input).len() <= input.len() * 2);
    }
}
