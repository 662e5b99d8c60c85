//! Magnetic stripe data (ISO/IEC 7813) behind a card number.

/// How much of `after`, which follows a card number, belongs to the same track; `None` when more text is needed
/// to tell, zero when the number stands alone. Nothing follows `after` when `end` is set.
pub(crate) fn len(after: &[u8], end: bool) -> Option<usize> {
    match after.first() {
        None if !end => None,
        Some(b'=' | b'D' | b'd') => track_2(after, 1, end),
        Some(b'^') => track_1(after, b"^", end),
        Some(b'%') => match after {
            [b'%', b'5', b'e' | b'E', ..] => track_1(after, &after[..3], end),
            [b'%', b'3', b'd' | b'D', ..] => track_2(after, 3, end),
            [b'%'] | [b'%', b'3' | b'5'] if !end => None,
            _ => Some(0),
        },
        _ => Some(0),
    }
}

/// Field separator, then year, month, service code and what the issuer likes: digits only.
fn track_2(after: &[u8], separator: usize, end: bool) -> Option<usize> {
    let digits = after[separator..].iter().take(MOST_DATA).take_while(|byte| byte.is_ascii_digit()).count();
    let len = separator + digits;
    if len == after.len() && !end && digits < MOST_DATA {
        return None;
    }
    if digits < FEWEST_DATA {
        return Some(0);
    }
    // The padding of the chip's equivalent (EMV tag 57) goes with it.
    Some(len + usize::from(matches!(after.get(len), Some(b'F' | b'f'))))
}

/// Separator, name, separator, then as in track 2 but for letters.
fn track_1(after: &[u8], separator: &[u8], end: bool) -> Option<usize> {
    let mut at = separator.len();
    loop {
        let rest = &after[at..];
        if rest.starts_with(separator) {
            break;
        }
        match rest.first() {
            Some(b'\n') => return Some(0),
            _ if rest.len() < separator.len() => return if end { Some(0) } else { None },
            _ if at > MOST_NAME => return Some(0),
            _ => at += 1,
        }
    }
    at += separator.len();
    let is_data = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b' ';
    let data = after[at..].iter().take(MOST_DATA).take_while(is_data).count();
    if at + data == after.len() && !end && data < MOST_DATA {
        return None;
    }
    let digits = after[at..at + data].iter().take_while(|byte| byte.is_ascii_digit()).count();
    Some(if digits >= FEWEST_DATA { at + data } else { 0 })
}

/// Year, month, service code.
const FEWEST_DATA: usize = 7;
/// More than a track can hold.
const MOST_DATA: usize = 80;
/// Bytes until the name must have ended; the standard has 26 characters, escapes make them longer.
const MOST_NAME: usize = 90;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks() {
        for after in [
            "=30121010000012345678",
            "=3012101",
            "D30121010000012345678F",
            "%3D30121010000012345678",
            "^DOE/JOHN^30121010000000000000",
            "%5EDOE/JOHN%5E30121010000000000000",
            "^ ^3012101ABC 123",
        ] {
            assert_eq!(len(after.as_bytes(), true), Some(after.len()), "{after}");
            assert_eq!(len(format!("{after}?").as_bytes(), false), Some(after.len()), "{after}");
            for cut in 0..after.len() {
                assert_eq!(len(&after.as_bytes()[..cut], false), None, "{after} cut at {cut}");
            }
        }
    }

    #[test]
    fn the_longest_name_is_told_the_same_however_it_is_cut() {
        for (name, is_track) in [(MOST_NAME, true), (MOST_NAME + 1, false)] {
            let after = format!("^{}^3012101?", "A".repeat(name));
            let whole = len(after.as_bytes(), true);
            assert_eq!(whole, Some(if is_track { after.len() - 1 } else { 0 }));
            for cut in 0..after.len() {
                let decided = len(&after.as_bytes()[..cut], false);
                assert!(decided.is_none() || decided == whole, "cut at {cut}");
            }
        }
    }

    #[test]
    fn other_text_is_not() {
        for after in
            ["", "=1230", "=abc", "D", "^", "^DOE/JOHN", "^DOE/JOHN\n^3012101", "^A^B", "%20", " 3012101"]
        {
            assert_eq!(len(after.as_bytes(), true), Some(0), "{after}");
        }
    }
}
