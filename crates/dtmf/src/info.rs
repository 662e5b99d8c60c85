//! Keys in the bodies of SIP INFO requests.
//!
//! Two content types are in use, neither with a real standard: `application/dtmf-relay`
//! (`Signal=5`, `Duration=160` on lines of their own) and `application/dtmf` (the key alone). Senders
//! differ in case, spaces and line ends, and some write `*` and `#` as 10 and 11: all of that is read.
//! Some send `audio/telephone-event`, with one of these bodies or with the four bytes of RFC 4733.

use thiserror::Error;

use crate::Key;

/// Reads the key out of an INFO request.
///
/// `content_type` may carry parameters (`application/dtmf-relay; charset=utf-8`). `Ok(None)` means
/// the request is well formed but is not a key: another content type, or a hook flash.
///
/// ```
/// use paytone_dtmf::{Key, info};
///
/// let key = info::parse("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n");
/// assert_eq!(key, Ok(Some(Key::D5)));
/// assert_eq!(info::parse("application/sdp", b"v=0"), Ok(None));
/// ```
///
/// # Errors
/// [`InvalidInfo`] when the content type promises a key and the body holds none.
pub fn parse(content_type: &str, body: &[u8]) -> Result<Option<Key>, InvalidInfo> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/dtmf-relay") {
        signal_line(body)
    } else if media_type.eq_ignore_ascii_case("application/dtmf") {
        // Some senders put the relay form under this type.
        if body.contains(&b'=') { signal_line(body) } else { signal(body.trim_ascii()) }
    } else if media_type.eq_ignore_ascii_case("audio/telephone-event") {
        event(body)
    } else {
        Ok(None)
    }
}

/// Why an INFO body holds no key. The body itself, which may be a card digit, is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidInfo {
    /// The body is empty or has no `Signal` line.
    #[error("no signal in the body")]
    NoSignal,
    /// The signal is not a key.
    #[error("signal is not a key")]
    NotAKey,
}

/// The four bytes of a block, or text.
fn event(body: &[u8]) -> Result<Option<Key>, InvalidInfo> {
    match *body {
        // No event code below 17 is a printable character.
        [code @ 0..=15, _, _, _] => Ok(Key::from_event_code(code)),
        [16, _, _, _] => Ok(None),
        _ if body.contains(&b'=') => signal_line(body),
        _ => signal(body.trim_ascii()),
    }
}

fn signal_line(body: &[u8]) -> Result<Option<Key>, InvalidInfo> {
    body.split(|&byte| byte == b'\n' || byte == b'\r')
        .find_map(|line| {
            let equals = line.iter().position(|&byte| byte == b'=')?;
            let (name, value) = line.split_at(equals);
            name.trim_ascii().eq_ignore_ascii_case(b"signal").then(|| signal(value[1..].trim_ascii()))
        })
        .unwrap_or(Err(InvalidInfo::NoSignal))
}

fn signal(text: &[u8]) -> Result<Option<Key>, InvalidInfo> {
    match text {
        [] => Err(InvalidInfo::NoSignal),
        b"!" | b"16" => Ok(None),
        [b'1', ones @ b'0'..=b'5'] => Ok(Key::from_event_code(10 + ones - b'0')),
        [one] => Key::from_char(char::from(*one)).map(Some).ok_or(InvalidInfo::NotAKey),
        _ => Err(InvalidInfo::NotAKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELAY: &str = "application/dtmf-relay";
    const PLAIN: &str = "application/dtmf";

    #[test]
    fn relay_bodies_as_seen_in_the_field() {
        let bodies: [&[u8]; 8] = [
            b"Signal=5\r\nDuration=160\r\n",
            b"Signal= 5\r\nDuration= 160\r\n",
            b"signal = 5\nduration = 160",
            b"SIGNAL=5",
            b"Duration=160\r\nSignal=5\r\n",
            b"\r\n Signal=5 \r\n\r\n",
            b"Signal=5\rDuration=100",
            b"Signal=5\r\nDuration=\r\n",
        ];
        for body in bodies {
            assert_eq!(parse(RELAY, body), Ok(Some(Key::D5)));
        }
    }

    #[test]
    fn every_key_in_every_spelling() {
        for key in Key::ALL {
            let mut char_body = *b"Signal=?\r\n";
            char_body[7] = key.reveal() as u8;
            assert_eq!(parse(RELAY, &char_body), Ok(Some(key)));
            assert_eq!(parse(PLAIN, &[key.reveal() as u8]), Ok(Some(key)));
            assert_eq!(parse(PLAIN, &[key.reveal().to_ascii_lowercase() as u8, b'\r', b'\n']), Ok(Some(key)));
        }
        for code in 10..16u8 {
            let two = [b'1', b'0' + code - 10];
            assert_eq!(parse(PLAIN, &two), Ok(Key::from_event_code(code)));
        }
        assert_eq!(parse(RELAY, b"Signal=11\r\nDuration=250\r\n"), Ok(Some(Key::Pound)));
    }

    #[test]
    fn content_types_are_compared_without_case_and_parameters() {
        assert_eq!(parse(" Application/DTMF-Relay ; charset=utf-8", b"Signal=1"), Ok(Some(Key::D1)));
        assert_eq!(parse(PLAIN, b"Signal=1\r\n"), Ok(Some(Key::D1)));
        assert_eq!(parse("text/plain", b"5"), Ok(None));
        assert_eq!(parse("", b"5"), Ok(None));
    }

    #[test]
    fn telephone_events_in_a_body_are_bytes_or_text() {
        let event = "audio/telephone-event";
        assert_eq!(parse(event, &[5, 0x8a, 3, 0x20]), Ok(Some(Key::D5)));
        assert_eq!(parse(event, &[11, 0x0a, 0, 0]), Ok(Some(Key::Pound)));
        assert_eq!(parse(event, &[16, 0x8a, 3, 0x20]), Ok(None));
        assert_eq!(parse(event, b"5\r\n"), Ok(Some(Key::D5)));
        assert_eq!(parse(event, b"Signal=#\r\nDuration=160"), Ok(Some(Key::Pound)));
        assert_eq!(parse(event, &[17, 0x8a, 3, 0x20]), Err(InvalidInfo::NotAKey));
        assert_eq!(parse(event, &[5, 0x8a, 3]), Err(InvalidInfo::NotAKey));
    }

    #[test]
    fn flash_is_no_key_and_nonsense_is_an_error() {
        assert_eq!(parse(RELAY, b"Signal=!\r\n"), Ok(None));
        assert_eq!(parse(PLAIN, b"16"), Ok(None));
        assert_eq!(parse(RELAY, b"Duration=160\r\n"), Err(InvalidInfo::NoSignal));
        assert_eq!(parse(RELAY, b"Signal=\r\n"), Err(InvalidInfo::NoSignal));
        assert_eq!(parse(PLAIN, b"  "), Err(InvalidInfo::NoSignal));
        for body in [&b"Signal=55"[..], b"Signal=x", b"Signal=-1", b"Signal=17", b"Signal=\xff"] {
            assert_eq!(parse(RELAY, body), Err(InvalidInfo::NotAKey));
        }
    }
}
