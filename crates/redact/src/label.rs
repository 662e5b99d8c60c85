//! Words before a short number that tell what it is.
//!
//! Long because every spelling of a label is listed, and its tests with it.

use crate::work;

/// Whether the number behind `before` is a security code.
pub(crate) fn is_code(before: &[u8]) -> bool {
    let (words, _) = split_separators(before);
    // Most numbers are told apart by what their word ends in.
    match words.last() {
        Some(b'2' | 0x80.. | b'a'..=b'z' | b'A'..=b'Z') => {}
        _ => return false,
    }
    let label = without_suffix(words);
    CODE_LABELS.iter().any(|text| ends_with(label, text))
        || JAPANESE_LABELS.iter().any(|text| words.ends_with(text.as_bytes()))
}

/// Whether the digit behind `before` is a key somebody pressed.
pub(crate) fn is_key(before: &[u8]) -> bool {
    let (mut text, separators) = split_separators(before);
    if separators.is_empty() || !text.last().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let mut words = [&b""[..]; 4];
    for word in &mut words {
        (text, *word) = split_word(text);
    }
    let [last, earlier @ ..] = words;
    let near = |names: &[&str]| earlier.iter().any(|word| is_one_of(word, names));
    let has = |bytes: &[u8]| separators.iter().any(|byte| bytes.contains(byte));
    let strong = is_strong(separators);
    match last.to_ascii_lowercase().as_slice() {
        b"dtmf" | b"keypad" | b"keypress" | b"pressed" | b"keyed" => true,
        b"digit" => strong || near(&["dtmf", "keypad", "band", "pressed", "pushed", "received"]),
        b"key" => near(&["dtmf", "keypad", "band", "pressed", "pushed", "received", "telephone"]),
        b"event" => near(&["dtmf", "keypad", "band", "telephone"]),
        b"tone" => near(&["dtmf", "keypad", "band"]),
        // `signal: 9` is how a process died; `Signal=9` and `"signal":"9"` are RFC 2976 bodies.
        b"signal" => has(b"=\"") || near(&["dtmf", "keypad", "band"]),
        _ => strong && is_one_of(last, PROGRESS) && near(&["dtmf"]),
    }
}

/// Whether a label of a code, or of a key where the number is a `single` digit, may end there: told by the last
/// letters of `before`, and not always rightly. The front of `before` is not looked at.
#[inline(always)]
pub(crate) fn may_end(before: &[u8], single: bool) -> bool {
    let mut words = before;
    while let [head @ .., last] = words {
        work::note(1);
        return match ENDING[usize::from(*last)] {
            Ending::Separator => {
                words = head;
                continue;
            }
            Ending::Never => false,
            Ending::Letter => {
                let pairs = if single { &KEY_PAIRS } else { &CODE_PAIRS };
                let previous = head.last().copied().unwrap_or_default();
                let is_label = pairs[usize::from(last & 31)] >> (previous & 31) & 1 == 1;
                if is_escaped(words) {
                    may_end_in(before, single)
                } else {
                    is_label && may_end_in_letters(words, &before[words.len()..], single)
                }
            }
            Ending::Digit => {
                let is_label = head.last().is_some_and(u8::is_ascii_alphabetic);
                (is_label || is_escaped(words)) && may_end_in(before, single)
            }
            Ending::Other => may_end_in(before, single),
        };
    }
    false
}

/// Whether a label may end at `end`, where no byte of a gap is in front: told by its last three letters, without a
/// branch that depends on them, and not always rightly.
#[inline(always)]
pub(crate) fn may_end_at(text: &[u8], end: usize) -> bool {
    let Some(&[third, second, last]) = text.get(..end).and_then(|text| text.last_chunk()) else {
        return true;
    };
    let known = TRIPLES[usize::from(last & 31) << 5 | usize::from(second & 31)] >> (third & 31) & 1 != 0;
    // What is escaped ends otherwise, and so does what is not ASCII.
    known | !last.is_ascii_alphabetic() | (third == b'%')
}

/// Bytes of the gap that `text` begins with.
pub(crate) fn gap(text: &[u8]) -> usize {
    let gap = text.iter().take(MOST_SEPARATORS).take_while(|&&byte| is_gap(byte)).count();
    work::note(gap);
    gap
}

/// Whether a byte may stand between a label and its number.
pub(crate) fn is_gap(byte: u8) -> bool {
    ENDING[usize::from(byte)] == Ending::Separator
}

/// Whether a label may end in these two bytes; an escaped one ends otherwise.
#[cfg(test)]
pub(crate) fn may_end_with(before: u8, last: u8) -> bool {
    match ENDING[usize::from(last)] {
        Ending::Letter => {
            let pairs = CODE_PAIRS[usize::from(last & 31)] | KEY_PAIRS[usize::from(last & 31)];
            before.is_ascii_alphabetic() && pairs >> (before & 31) & 1 == 1
        }
        Ending::Digit => last == b'2' && b"cvndpxCVNDPX".contains(&before),
        // Of what ends in a semicolon only `&quot;` counts.
        Ending::Other => last != b';' || before.eq_ignore_ascii_case(&b't'),
        Ending::Never | Ending::Separator => false,
    }
}

/// The last two letters of what [`code_may_end_in`] and [`key_may_end_in`] know: for each last letter, a bit for
/// each in front.
static CODE_PAIRS: [u32; 32] =
    pairs(&["de", "er", "on", "ue", "ts", "vc", "vv", "vn", "vd", "sc", "id", "no", "is", "as"]);
static KEY_PAIRS: [u32; 32] =
    pairs(&["mf", "ad", "ss", "ed", "it", "nt", "ne", "al", "ey", "in", "gh", "ue", "ar", "ut", "de", "nd"]);

const fn pairs(endings: &[&str]) -> [u32; 32] {
    let mut pairs = [0; 32];
    let mut index = 0;
    while index < endings.len() {
        let ending = endings[index].as_bytes();
        pairs[(ending[1] & 31) as usize] |= 1 << (ending[0] & 31);
        index += 1;
    }
    pairs
}

/// The last three letters of the same: for each pair, a bit for each in front, or for all of them.
static TRIPLES: [u32; 1024] = {
    let mut triples = [0; 1024];
    let mut index = 0;
    while index < ENDINGS.len() {
        let ending = ENDINGS[index].as_bytes();
        let pair = ((ending[2] & 31) as usize) << 5 | (ending[1] & 31) as usize;
        triples[pair] |= if ending[0] == b'?' { u32::MAX } else { 1 << (ending[0] & 31) };
        index += 1;
    }
    triples
};

const ENDINGS: &[&str] = &[
    "ode", "ber", "ion", "lue", "its", "cvc", "cvv", "cvn", "cvd", "csc", "cid", "?no", "?is", "was", "tmf",
    "pad", "ess", "sed", "yed", "git", "ent", "one", "nal", "key", "gin", "ugh", "ted", "ved", "ued", "red",
    "har", "put", "end",
];

/// The label of a key ends in a separator.
#[inline]
fn may_end_in_letters(words: &[u8], separators: &[u8], single: bool) -> bool {
    let letters = last_letters(words);
    if single {
        !separators.is_empty() && key_may_end_in(letters, separators)
    } else {
        code_may_end_in(letters)
    }
}

#[inline(never)]
fn may_end_in(before: &[u8], single: bool) -> bool {
    // The label of a key ends in a separator.
    if single && before.last().is_some_and(u8::is_ascii_alphabetic) && !is_escaped(before) {
        return false;
    }
    let separators = before.iter().rev().take(MOST_SEPARATORS);
    let separators = separators.take_while(|&&byte| ENDING[usize::from(byte)] == Ending::Separator).count();
    let (words, separators) = before.split_at(before.len() - separators);
    let escaped = || ESCAPED.iter().any(|escape| strip_suffix_ignoring_case(words, escape).is_some());
    match words.last() {
        Some(b';') => escaped(),
        Some(0x80..) => escaped() || JAPANESE_LABELS.iter().any(|label| words.ends_with(label.as_bytes())),
        Some(_) if is_escaped(words) => escaped(),
        Some(byte) if byte.is_ascii_alphabetic() && single => key_may_end_in(last_letters(words), separators),
        Some(b'2' | b'a'..=b'z' | b'A'..=b'Z') => code_may_end_in(last_letters(words)),
        _ => false,
    }
}

/// The last four bytes, in lower case if they are letters.
fn last_letters(words: &[u8]) -> [u8; 4] {
    let mut letters = [0; 4];
    for (to, from) in letters.iter_mut().rev().zip(words.iter().rev()) {
        *to = from.to_ascii_lowercase();
    }
    letters
}

fn code_may_end_in(letters: [u8; 4]) -> bool {
    matches!(
        &letters,
        b"code"
            | b"mber"
            | b"tion"
            | b"alue"
            | b"gits"
            | b"cav2"
            | [_, b'c', b'v', b'c' | b'v' | b'n' | b'd']
            | [b'c', b'v', _, b'2']
            | [_, b'c', b's', b'c']
            | [_, b'c', b'i', b'd']
            | [_, _, b'n', b'o']
            | [_, _, b'i', b's']
            | [_, b'w', b'a', b's']
    )
}

fn key_may_end_in(letters: [u8; 4], separators: &[u8]) -> bool {
    match &letters {
        b"dtmf" | b"ypad" | b"ress" | b"ssed" | b"eyed" | b"igit" | b"vent" | b"tone" | b"gnal" => true,
        [_, b'k', b'e', b'y'] => true,
        b"egin" | b"ough" | b"pted" | b"ived" | b"cted" | b"ated" | b"sent" | b"eued" | b"ored" | b"alue"
        | b"char" | b"nput" | b"code" => is_strong(separators),
        [_, b'e', b'n', b'd'] => is_strong(separators),
        _ => false,
    }
}

fn is_strong(separators: &[u8]) -> bool {
    separators.iter().any(|byte| b"=:\"'[(".contains(byte))
}

/// What a byte in front of a number says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// There is no label.
    Never,
    Letter,
    /// The digits that end `%20`, `%22` and `cvc2`.
    Digit,
    /// The semicolon of `&quot;`, and what is outside ASCII.
    Other,
    Separator,
}

static ENDING: [Ending; 256] = {
    let mut table = [Ending::Never; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | b'"' | b'\'' | b':' | b'=' | b'>' | b'\\' | b'[' | b']' | b'(' | b')' | b'#' => {
                Ending::Separator
            }
            b'a'..=b'z' | b'A'..=b'Z' => Ending::Letter,
            b'0' | b'2' => Ending::Digit,
            b';' | 0x80.. => Ending::Other,
            _ => Ending::Never,
        };
        byte += 1;
    }
    table
};

/// Splits the separators before a number off: quotes, colons, equal signs, brackets and the like.
fn split_separators(before: &[u8]) -> (&[u8], &[u8]) {
    let mut text = before;
    while before.len() - text.len() < MOST_SEPARATORS {
        let shorter = match text {
            [
                head @ ..,
                b' ' | b'\t' | b'"' | b'\'' | b':' | b'=' | b'>' | b'\\' | b'[' | b']' | b'(' | b')' | b'#',
            ] => head,
            [.., b'a'..=b'z' | b'A'..=b'Z' | b'1'..=b'9' | b'.' | b',' | b'-' | b'_']
                if !is_escaped(text) =>
            {
                break;
            }
            _ => match ESCAPED.iter().find_map(|escape| strip_suffix_ignoring_case(text, escape)) {
                Some(head) => head,
                None => break,
            },
        };
        text = shorter;
    }
    (text, &before[text.len()..])
}

/// Whether the last three bytes look like `%3D`: only then can they be one of [`ESCAPED`].
const fn is_escaped(text: &[u8]) -> bool {
    matches!(text, [.., b'%', _, _])
}

/// Without a word such as the one in `cvc number`.
fn without_suffix(words: &[u8]) -> &[u8] {
    for suffix in ["code", "number", "value", "no", "is", "was", "digits"] {
        if let Some(head) = strip_suffix_ignoring_case(words, suffix.as_bytes())
            && CODE_LABELS.iter().any(|label| ends_with(without_joint(head), label))
        {
            return without_joint(head);
        }
    }
    words
}

/// Whether `text` ends with `label` as a word of its own. A space in the label stands for an optional joint;
/// letters are compared without regard to case, and `cardCvc` begins a word in the middle.
fn ends_with(text: &[u8], label: &str) -> bool {
    let mut rest = text;
    for part in label.rsplit(' ') {
        if rest.len() < text.len() {
            rest = without_joint(rest);
        }
        match strip_suffix_ignoring_case(rest, part.as_bytes()) {
            Some(head) => rest = head,
            None => return false,
        }
    }
    match (rest, text.get(rest.len())) {
        ([.., b'a'..=b'z'], Some(b'A'..=b'Z')) => true,
        ([.., previous], _) => !previous.is_ascii_alphabetic() || ends_with_escape(rest),
        ([], _) => true,
    }
}

/// Ends with an escaped character whose last byte looks like a letter: `\n`, `%5B`.
fn ends_with_escape(text: &[u8]) -> bool {
    match text {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', a, b] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
        _ => false,
    }
}

/// Without one underscore, dash or space at the end.
fn without_joint(text: &[u8]) -> &[u8] {
    match text {
        [head @ .., b'_' | b'-' | b' '] => head,
        _ => text,
    }
}

/// Splits the last word of ASCII letters, and one joint before it, off.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let letters = text.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (mut head, mut word) = text.split_at(text.len() - letters);
    if let (Some(b'\\'), [first, rest @ ..]) = (head.last(), word)
        && matches!(first, b'n' | b'r' | b't')
    {
        (head, word) = (&text[..=head.len()], rest);
    }
    (without_joint(head), word)
}

fn is_one_of(word: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

fn strip_suffix_ignoring_case<'a>(text: &'a [u8], suffix: &[u8]) -> Option<&'a [u8]> {
    let (head, tail) = text.split_at(text.len().checked_sub(suffix.len())?);
    tail.eq_ignore_ascii_case(suffix).then_some(head)
}

/// The names card brands and payment interfaces give the code.
const CODE_LABELS: &[&str] = &[
    "cvc",
    "cvc2",
    "cvv",
    "cvv2",
    "cvn",
    "cvn2",
    "cvd",
    "cvd2",
    "cav2",
    "cvp2",
    "cvx2",
    "csc",
    "cid",
    "icvv",
    "security code",
    "security number",
    "sec code",
    "card code",
    "card verification",
    "verification value",
    "card validation",
    "validation code",
];

const JAPANESE_LABELS: &[&str] = &["セキュリティコード", "セキュリティーコード", "カード確認番号"];

/// What a log says of a key besides its name.
const PROGRESS: &[&str] = &[
    "begin",
    "end",
    "passthrough",
    "accepted",
    "received",
    "detected",
    "emulated",
    "sent",
    "queued",
    "ignored",
    "arrived",
    "value",
    "char",
    "input",
    "code",
];

/// Separators as URLs and markup write them.
const ESCAPED: &[&[u8]] =
    &[b"%20", b"%22", b"%3a", b"%3d", b"%5b", b"%5d", b"&quot;", "：".as_bytes(), "＝".as_bytes()];

/// Bytes of separators that are looked over.
const MOST_SEPARATORS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_three_letters_of_labels_are_known() {
        let letters = || b'a'..=b'z';
        for third in letters() {
            for (second, last) in letters().flat_map(|second| letters().map(move |last| (second, last))) {
                let may = letters().any(|fourth| {
                    let word = [fourth, third, second, last];
                    code_may_end_in(word) || key_may_end_in(word, b"=")
                });
                let text = [third, second, last];
                assert_eq!(may_end_at(&text, 3), may, "{}", text.escape_ascii());
                assert_eq!(may_end_at(&text.map(|byte| byte.to_ascii_uppercase()), 3), may);
            }
        }
        for text in ["%3D", "cv2", "quot;", "号"] {
            assert!(may_end_at(text.as_bytes(), text.len()), "{text}");
        }
    }

    #[test]
    fn labels_of_a_code() {
        for before in [
            "cvc=",
            "CVC: ",
            "cvv ",
            "cvv2=",
            "\"cvc\":",
            "\"cvc\":\"",
            "\\\"cvc\\\":\\\"",
            "security_code=",
            "securityCode: ",
            "Security Code ",
            "security-code: '",
            "cardCvc=",
            "card_cvc: ",
            "card[cvc]=",
            "card%5Bcvc%5D=",
            r"\r\ncvc=",
            "%22cvc%22%3A%22",
            "<cvv>",
            "CVC2 is ",
            "cvc code: ",
            "cvv number ",
            "CID: ",
            "csc=",
            "verification_value=",
            "card verification value: ",
            "(CVV) ",
            "セキュリティコード：",
            "cvc",
        ] {
            assert!(is_code(before.as_bytes()), "{before}");
            assert!(may_end(before.as_bytes(), false), "{before}");
        }
    }

    #[test]
    fn every_label_may_end_in_front_of_a_number() {
        for label in CODE_LABELS.iter().chain(JAPANESE_LABELS) {
            for (suffix, separator) in [("", ""), ("", ": "), ("_no", "="), (" digits", "%20"), (" WAS", " ")]
            {
                let before = format!("{label}{suffix}{separator}").to_uppercase();
                assert!(!is_code(before.as_bytes()) || may_end(before.as_bytes(), false), "{before}");
            }
            assert!(is_code(format!("{label}=").as_bytes()), "{label}");
        }
        for word in PROGRESS {
            for before in [format!("DTMF {word}: "), format!("dtmf {word}%3a"), format!("Dtmf {word}=\"")] {
                assert!(!is_key(before.as_bytes()) || may_end(before.as_bytes(), true), "{before}");
            }
        }
    }

    #[test]
    fn other_words_are_not() {
        for before in [
            "",
            "=",
            "code=",
            "status ",
            "call-",
            "acid=",
            "placid ",
            "country code: ",
            "CVE-2024-",
            "cvc,",
            "security: ",
            "error_code=",
            "zipcode ",
            "removed] ",
            "cvc=123 ",
        ] {
            assert!(!is_code(before.as_bytes()), "{before}");
        }
    }

    #[test]
    fn labels_of_a_key() {
        for before in [
            "Signal=",
            r"\r\n\r\nSignal=",
            "Signal= ",
            "\"signal\":\"",
            "DTMF digit ",
            "digit=",
            "dtmf: ",
            "dtmf=",
            "DTMF end '",
            "DTMF end passthrough '",
            "Out-of-band digit [",
            "dtmf key ",
            "keypad key ",
            "\"digit\": \"",
            "pressed ",
            "RTP RECV DTMF ",
            "dtmf_digit=",
            "INFO DTMF(",
            "telephone-event ",
            "received digit ",
            "DTMF received: ",
        ] {
            assert!(is_key(before.as_bytes()), "{before}");
            assert!(may_end(before.as_bytes(), true), "{before}");
        }
    }

    #[test]
    fn other_digits_are_not_keys() {
        for before in [
            "",
            "signal: ",
            "signal ",
            "digits=",
            "check digit ",
            "key ",
            "key=",
            "event=",
            "dtmf_mode=",
            "dtmf",
            "DTMF-",
            "level=",
            "attempt ",
        ] {
            assert!(!is_key(before.as_bytes()), "{before}");
        }
    }
}
