//! International bank account numbers (ISO 13616): country, two check digits, then digits and letters.

/// Whether the point between `before` and `rest` is inside an IBAN, written in one piece or in groups with
/// single spaces; `None` when more text is needed to tell. Nothing follows `rest` when `end` is set.
pub(crate) fn contains(before: &[u8], rest: &[u8], end: bool) -> Option<bool> {
    // Spaces make up at most a fifth of the longest one.
    let reach = before.len().saturating_sub(MAX_LENGTH + MAX_LENGTH / 4);
    // All bytes are looked at, so that the compiler can do it many at a time.
    if !before[reach..].iter().fold(false, |any, byte| any | byte.is_ascii_uppercase()) {
        return Some(false);
    }
    for start in (reach..before.len()).rev() {
        if !before[start].is_ascii_uppercase() || start > 0 && before[start - 1].is_ascii_alphanumeric() {
            continue;
        }
        let Some(length) = length(&before[start..]) else { continue };
        match is_valid(before[start..].iter().chain(rest).copied(), length, before.len() - start, end) {
            Some(false) => {}
            answer => return answer,
        }
    }
    Some(false)
}

/// The length of the IBANs of the country whose code `text` begins with.
fn length(text: &[u8]) -> Option<usize> {
    let &[a, b, c, d, ..] = text else { return None };
    if !c.is_ascii_digit() || !d.is_ascii_digit() {
        return None;
    }
    COUNTRIES.iter().find(|(country, _)| country.as_bytes() == [a, b]).map(|&(_, length)| length)
}

/// Reads `length` characters and checks them (ISO/IEC 7064 MOD 97-10); at least `inside` bytes are of them.
fn is_valid(text: impl Iterator<Item = u8>, length: usize, inside: usize, end: bool) -> Option<bool> {
    let mut characters = [0; MAX_LENGTH];
    let mut count = 0;
    let mut space = false;
    for (at, byte) in text.enumerate() {
        if count == length {
            // A whole IBAN ends at a boundary, and the point in question is before it.
            return Some(!byte.is_ascii_alphanumeric() && at > inside && mod_97(&characters[..length]) == 1);
        }
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' => {
                characters[count] = byte;
                count += 1;
                space = false;
            }
            b' ' if !space => space = true,
            _ => return Some(false),
        }
    }
    match (end, count == length) {
        (true, whole) => Some(whole && mod_97(&characters[..length]) == 1),
        (false, _) => None,
    }
}

fn mod_97(characters: &[u8]) -> u32 {
    let (head, tail) = characters.split_at(4);
    tail.iter().chain(head).fold(0, |remainder, &byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
    })
}

const MAX_LENGTH: usize = 34;

/// Country codes and the length of their IBANs (ISO 13616).
const COUNTRIES: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(before: &str, rest: &str) -> Option<bool> {
        contains(before.as_bytes(), rest.as_bytes(), true)
    }

    #[test]
    fn examples_of_the_register() {
        assert_eq!(inside("GB29NWBK", "60161331926819"), Some(true));
        assert_eq!(inside("to GB29 NWBK ", "6016 1331 9268 19."), Some(true));
        assert_eq!(inside("DE89 ", "3704 0044 0532 0130 00"), Some(true));
        assert_eq!(inside("DE89 3704 0044 0532 0130 00", "x"), Some(false), "behind it");
    }

    #[test]
    fn a_wrong_check_or_country_or_boundary_is_none() {
        assert_eq!(inside("GB28NWBK", "60161331926819"), Some(false));
        assert_eq!(inside("ZZ29NWBK", "60161331926819"), Some(false));
        assert_eq!(inside("XGB29NWBK", "60161331926819"), Some(false));
        assert_eq!(inside("GB29NWBK", "60161331926819A"), Some(false));
    }

    #[test]
    fn asks_for_more_while_it_may_be_one() {
        assert_eq!(contains(b"GB29NWBK", b"60161331926819", false), None);
        assert_eq!(contains(b"card ", b"60161331926819", false), Some(false));
    }
}
