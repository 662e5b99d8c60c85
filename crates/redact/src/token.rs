//! One character of a text, seen as a part of a number: a digit, a separator between digits, or neither.

use crate::work;

/// What stands at the start of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A digit, 0 to 9, written with this many bytes.
    Digit { value: u8, len: usize },
    /// Something that may stand between the digits of a card number. Dots do not mix with others.
    Separator { len: usize, dot: bool },
    /// An escaped character that is neither, in this many bytes. Digits of its code are not digits of the text.
    Escape { len: usize },
    /// Anything else.
    Other,
    /// The bytes end in the middle of what may be one of the above.
    Partial,
}

/// Whether a byte can begin a digit token; all else is skipped quickly.
pub(crate) const fn may_begin_digit(byte: u8) -> bool {
    BEGINS_DIGIT[byte as usize]
}

/// Whether what stands at the start of `bytes`, which is an escape or outside ASCII, may be a digit, a separator
/// or an escape that holds digits: told by the bytes at hand, and not always rightly.
#[inline]
pub(crate) fn may_begin_number(bytes: &[u8]) -> bool {
    match *bytes {
        [b'\\', next, ..] => matches!(next, b'u' | b'U' | b'x'),
        [b'&', next, ..] => matches!(next, b'#' | b'n' | b'N'),
        [b'%', next, ..] => next.is_ascii_hexdigit(),
        [0xC2, next, ..] => matches!(next, 0xA0 | 0xAD | 0xB7),
        [0xE2, next, ..] => matches!(next, 0x80 | 0x81 | 0x88),
        [0xE3, second, third, ..] => matches!((second, third), (0x80, 0x80 | 0x87) | (0x83, 0xBC)),
        [0xE4, second, ..] => matches!(second, 0xB8..=0xBA),
        [0xE5, second, ..] => matches!(second, 0x85 | 0x9B),
        [0xEF, second, ..] => matches!(second, 0xB9 | 0xBB | 0xBC),
        [first, ..] => first == 0xC2 || may_begin_digit(first),
        [] => false,
    }
}

/// Whether a byte can be part of a digit, a separator or an escape, or of what may become one.
#[inline]
pub(crate) const fn may_be_in_number(byte: u8) -> bool {
    IN_NUMBER[byte as usize]
}

static IN_NUMBER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(
            byte as u8,
            b'0'..=b'9'
                | b'a'..=b'f'
                | b'A'..=b'F'
                | b' ' | b'-' | b'+' | b'.' | b'%' | b'\\' | b'&' | b'#' | b';'
                | b'u' | b'U' | b'x' | b'X' | b'n' | b'N' | b's' | b'S' | b'p' | b'P'
                | 0x80..
        );
        byte += 1;
    }
    table
};

/// The token at the start of `bytes`; nothing follows them when `end` is set.
#[inline]
pub(crate) fn token_at(bytes: &[u8], end: bool) -> Token {
    work::note(1);
    match bytes.first() {
        Some(&byte @ b'0'..=b'9') => Token::Digit { value: byte - b'0', len: 1 },
        Some(b' ' | b'-' | b'+') => Token::Separator { len: 1, dot: false },
        Some(b'.') => Token::Separator { len: 1, dot: true },
        None | Some(b'%' | b'\\' | b'&' | 0x80..) => longer_token_at(bytes, end),
        Some(_) => Token::Other,
    }
}

/// The token at the start of bytes that are none, an escape, or outside ASCII.
#[inline(never)]
fn longer_token_at(bytes: &[u8], end: bool) -> Token {
    let token = match bytes.first() {
        None => Token::Partial,
        Some(0x80..) => character(bytes),
        Some(_) => escape(bytes),
    };
    if end && token == Token::Partial { Token::Other } else { token }
}

fn escape(bytes: &[u8]) -> Token {
    match *bytes {
        [b'%', b'3', digit @ b'0'..=b'9', ..] => return Token::Digit { value: digit - b'0', len: 3 },
        [b'%', b'2', b'0', ..] => return Token::Separator { len: 3, dot: false },
        [_, _, ..] if !may_begin_number(bytes) => return Token::Other,
        _ => {}
    }
    let mut partial = false;
    for &(before, after) in DIGIT_ESCAPES {
        match prefix(bytes, before) {
            Prefix::No => continue,
            Prefix::Partial => partial = true,
            Prefix::Yes => match bytes.get(before.len()) {
                None => partial = true,
                Some(&digit @ b'0'..=b'9') => {
                    // Decimal character references count from 48, the others end in the digit itself.
                    let value = if after.is_empty() { digit - b'0' } else { decimal(bytes, digit) };
                    match prefix(&bytes[before.len() + 1..], after) {
                        Prefix::Yes if value <= 9 => {
                            return Token::Digit { value, len: before.len() + 1 + after.len() };
                        }
                        Prefix::Partial => partial = true,
                        _ => {}
                    }
                }
                Some(_) => {}
            },
        }
    }
    for &(text, dot) in SEPARATOR_ESCAPES {
        match prefix(bytes, text) {
            Prefix::Yes => return Token::Separator { len: text.len(), dot },
            Prefix::Partial => partial = true,
            Prefix::No => {}
        }
    }
    match other_escape(bytes) {
        Some(Token::Partial) => Token::Partial,
        _ if partial => Token::Partial,
        Some(token) => token,
        None => Token::Other,
    }
}

/// `%22`, `\x22`, `\u0022`: an escape that means no digit and no separator.
fn other_escape(bytes: &[u8]) -> Option<Token> {
    let (introducer, digits) = match bytes {
        [b'%', ..] => (1, 2),
        [b'\\'] => return Some(Token::Partial),
        [b'\\', b'x', ..] => (2, 2),
        [b'\\', b'u', ..] => (2, 4),
        _ => return None,
    };
    let code = &bytes[introducer..bytes.len().min(introducer + digits)];
    if !code.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    Some(if code.len() == digits { Token::Escape { len: introducer + digits } } else { Token::Partial })
}

/// The digit of `&#48;` to `&#57;`; above 9 when it is none.
fn decimal(bytes: &[u8], last: u8) -> u8 {
    match bytes.get(2) {
        Some(b'4') if last >= b'8' => last - b'8',
        Some(b'5') if last <= b'7' => last - b'0' + 2,
        _ => u8::MAX,
    }
}

enum Prefix {
    Yes,
    No,
    /// `bytes` is shorter and agrees so far.
    Partial,
}

/// Compares ASCII without regard to case.
fn prefix(bytes: &[u8], text: &[u8]) -> Prefix {
    let common = bytes.len().min(text.len());
    if !bytes[..common].eq_ignore_ascii_case(&text[..common]) {
        Prefix::No
    } else if common == text.len() {
        Prefix::Yes
    } else {
        Prefix::Partial
    }
}

/// The token of a character outside ASCII.
fn character(bytes: &[u8]) -> Token {
    if let [0xEF, 0xBC, last @ 0x90..=0x99, ..] = *bytes {
        return Token::Digit { value: last - 0x90, len: 3 };
    }
    let head = &bytes[..bytes.len().min(4)];
    let valid = match core::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            core::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        // No length means that the bytes end too early, not that they are wrong.
        Err(error) if error.error_len().is_none() => return Token::Partial,
        Err(_) => return Token::Other,
    };
    let Some(character) = valid.chars().next() else { return Token::Other };
    let len = character.len_utf8();
    match (digit(character), separator(character)) {
        (Some(value), _) => Token::Digit { value, len },
        (None, Some(dot)) => Token::Separator { len, dot },
        (None, None) => Token::Other,
    }
}

fn digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    if let Some(value) = KANJI.iter().position(|&kanji| kanji == character) {
        return Some(value as u8);
    }
    if (0x1D7CE..=0x1D7FF).contains(&code) {
        return Some(((code - 0x1D7CE) % 10) as u8);
    }
    let zero = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code))?;
    Some((code - zero) as u8)
}

/// Whether the character separates, and then whether it is a dot.
const fn separator(character: char) -> Option<bool> {
    match character {
        '\u{A0}' | '\u{AD}' | '\u{2000}'..='\u{200B}' | '\u{2010}'..='\u{2015}' | '\u{202F}' => Some(false),
        '\u{205F}' | '\u{2060}' | '\u{2212}' | '\u{3000}' | '\u{30FC}' => Some(false),
        '\u{FE58}' | '\u{FE63}' | '\u{FEFF}' | '\u{FF0D}' => Some(false),
        '\u{B7}' | '\u{2024}' | '\u{FF0E}' => Some(true),
        _ => None,
    }
}

/// What stands before and after the last character of an escaped digit.
const DIGIT_ESCAPES: &[(&[u8], &[u8])] = &[(b"%3", b""), (b"\\u003", b""), (b"&#4", b";"), (b"&#5", b";")];

/// Escaped separators, and whether they are dots.
const SEPARATOR_ESCAPES: &[(&[u8], bool)] = &[
    (b"%20", false),
    (b"%2d", false),
    (b"%2e", true),
    (b"%c2%a0", false),
    (b"\\u0020", false),
    (b"\\u002d", false),
    (b"\\u00a0", false),
    (b"\\u2010", false),
    (b"\\u2011", false),
    (b"\\u2013", false),
    (b"\\u2014", false),
    (b"\\u202f", false),
    (b"\\u3000", false),
    (b"&nbsp;", false),
    (b"&#32;", false),
    (b"&#45;", false),
    (b"&#160;", false),
];

/// The zero of each decimal digit block of Unicode that is written today (general category Nd).
const ZEROS: &[u32] = &[
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10,
];

const KANJI: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

static BEGINS_DIGIT: [bool; 256] = {
    // Lead bytes of the Unicode digits above, in UTF-8.
    let leads = [0xD9, 0xDB, 0xDF, 0xE0, 0xE1, 0xE3, 0xE4, 0xE5, 0xEF, 0xF0, b'%', b'\\', b'&'];
    let mut table = [false; 256];
    let mut byte = b'0';
    while byte <= b'9' {
        table[byte as usize] = true;
        byte += 1;
    }
    let mut index = 0;
    while index < leads.len() {
        table[leads[index] as usize] = true;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_every_writing() {
        for (text, value) in [
            ("7", 7),
            ("%37", 7),
            ("\\u0037", 7),
            ("&#48;", 0),
            ("&#49;", 1),
            ("&#50;", 2),
            ("&#57;", 9),
            ("７", 7),
            ("٧", 7),
            ("۷", 7),
            ("७", 7),
            ("๗", 7),
            ("𝟕", 7),
            ("七", 7),
            ("〇", 0),
        ] {
            assert_eq!(token_at(text.as_bytes(), true), Token::Digit { value, len: text.len() }, "{text}");
            assert!(may_begin_digit(text.as_bytes()[0]), "{text}");
            for cut in 1..text.len() {
                let token = token_at(&text.as_bytes()[..cut], false);
                assert_eq!(token, Token::Partial, "{text} cut at {cut}");
            }
        }
    }

    #[test]
    fn separators_in_every_writing() {
        for text in
            [" ", "-", "+", "%20", "%2D", "%C2%A0", "\\u00A0", "&nbsp;", "&#160;", "\u{A0}", "–", "　"]
        {
            assert_eq!(token_at(text.as_bytes(), true), Token::Separator { len: text.len(), dot: false });
        }
        assert_eq!(token_at(b".", true), Token::Separator { len: 1, dot: true });
    }

    #[test]
    fn every_character_that_counts_may_begin_a_number() {
        for character in ('\u{80}'..=char::MAX)
            .filter(|&character| (digit(character), separator(character)) != (None, None))
        {
            let text = String::from(character);
            assert!(may_begin_number(text.as_bytes()), "{character:?}");
            assert!(text.bytes().all(may_be_in_number));
            assert_ne!(token_at(text.as_bytes(), true), Token::Other);
        }
    }

    #[test]
    fn every_escape_may_begin_a_number() {
        let digits = DIGIT_ESCAPES.iter().map(|(before, after)| [*before, b"5", *after].concat());
        for text in digits.chain(SEPARATOR_ESCAPES.iter().map(|(text, _)| text.to_vec())) {
            for text in [text.to_ascii_uppercase(), text] {
                assert!(may_begin_number(&text) && text.iter().copied().all(may_be_in_number));
                assert_ne!(token_at(&text, true), Token::Other);
            }
        }
    }

    #[test]
    fn all_else_is_neither() {
        for text in
            ["a", "_", "\n", "%3G", "%x", "\\n", "\\u00G1", "&amp;", "&#47;", "&#58;", "é", "人", "\u{FF1A}"]
        {
            assert_eq!(token_at(text.as_bytes(), true), Token::Other, "{text}");
        }
        for text in ["%22", "%3D", "\\x22", "\\u0022"] {
            assert_eq!(token_at(text.as_bytes(), true), Token::Escape { len: text.len() }, "{text}");
            assert_eq!(token_at(&text.as_bytes()[..text.len() - 1], false), Token::Partial, "{text}");
        }
        assert_eq!(token_at(b"\xFF123", false), Token::Other);
        assert_eq!(token_at(b"\xEF\xBC", true), Token::Other, "nothing follows");
    }
}
