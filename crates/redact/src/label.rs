//! Words before a short number that tell what it is.

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
    let strong = has(b"=:\"'[(");
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
