//! Numbers that have the form of a card number and are something else, told by what is around them.
//!
//! An answer of `None` means that more of the text is needed.

use crate::iban;
use crate::window::Candidate;

/// How many bytes before a number decide what it is: the longest token looked at is a SHA-512 in hexadecimal.
pub(crate) const LOOK_BEHIND: usize = 160;

/// The number and its surroundings.
pub(crate) struct Context<'a> {
    /// What precedes the number on its line, as far back as [`LOOK_BEHIND`].
    pub(crate) before: &'a [u8],
    /// The part of it behind the last finding.
    pub(crate) apart: &'a [u8],
    /// Starts with the number.
    pub(crate) rest: &'a [u8],
    /// Nothing follows `rest`.
    pub(crate) end: bool,
    /// A masked finding ends right before the separator in front of the number.
    pub(crate) follows_finding: bool,
}

impl Context<'_> {
    /// Whether `candidate`, at the start of `rest`, is not a card number.
    pub(crate) fn excludes(&self, candidate: &Candidate) -> Option<bool> {
        if self.is_fraction(candidate) || self.is_phone_number(candidate) {
            return Some(true);
        }
        let is_part = |&byte: &u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let alone = !self.apart.last().is_some_and(is_part)
            && self.rest.get(candidate.len).is_some_and(|byte| !is_part(byte));
        if self.is_sdp_origin()? {
            return Some(true);
        }
        // A token of digits alone is neither; most numbers are such.
        if !alone && (self.is_uuid()? || self.is_hexadecimal()?) {
            return Some(true);
        }
        iban::contains(self.apart, self.rest, self.end)
    }

    /// `48.5112345678901234`: the digits behind the point of a number.
    fn is_fraction(&self, candidate: &Candidate) -> bool {
        candidate.single
            && !self.follows_finding
            && matches!(self.before, [.., digit, b'.'] if digit.is_ascii_digit())
    }

    /// `+4915112345678`: ITU-T E.164 numbers have 15 digits at most. A plus behind a letter or digit is an
    /// encoded space.
    fn is_phone_number(&self, candidate: &Candidate) -> bool {
        let plus = match self.before {
            [.., b'%', b'2', b'b' | b'B'] => true,
            [.., previous, b'+'] => !previous.is_ascii_alphanumeric(),
            [b'+'] => true,
            _ => false,
        };
        plus && candidate.digits <= 15
    }

    fn is_sdp_origin(&self) -> Option<bool> {
        is_sdp_origin(self.before, self.rest, self.end)
    }

    /// Inside the form 8-4-4-4-12 of RFC 9562, whatever its version.
    fn is_uuid(&self) -> Option<bool> {
        let is_part = |&byte: &u8| byte.is_ascii_hexdigit() || byte == b'-';
        let token = self.token(is_part, UUID_DASHES[4])?;
        let Some(token) = token else { return Some(false) };
        Some(
            token.len() == UUID_DASHES[4]
                && token
                    .bytes()
                    .enumerate()
                    .all(|(at, byte)| (byte == b'-') == UUID_DASHES[..4].contains(&at)),
        )
    }

    /// Inside a hash of a usual length, or a pointer behind `0x`.
    fn is_hexadecimal(&self) -> Option<bool> {
        let Some(token) = self.token(u8::is_ascii_alphanumeric, LONGEST_HASH)? else { return Some(false) };
        let hexadecimal = |token: Joined<'_>| token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if let Some(pointer) = token.strip_prefix(b"0x") {
            return Some(pointer.len() <= 16 && hexadecimal(pointer));
        }
        Some(
            HASH_LENGTHS.contains(&token.len())
                && hexadecimal(token)
                && token.bytes().any(|byte| byte.is_ascii_alphabetic()),
        )
    }

    /// The token of such bytes around the start of the number; the inner `None` when it is longer than `most`.
    #[expect(clippy::option_option, reason = "the outer one asks for more, as everywhere here")]
    fn token(&self, is_part: impl Fn(&u8) -> bool, most: usize) -> Option<Option<Joined<'_>>> {
        let head = self.apart.iter().rev().take(most + 1).take_while(|byte| is_part(byte)).count();
        let tail = self.rest.iter().take(most + 1).take_while(|byte| is_part(byte)).count();
        if head + tail > most {
            return Some(None);
        }
        if tail == self.rest.len() && !self.end {
            return None;
        }
        Some(Some(Joined(&self.apart[self.apart.len() - head..], &self.rest[..tail])))
    }
}

/// Bytes on either side of a point.
#[derive(Clone, Copy)]
struct Joined<'a>(&'a [u8], &'a [u8]);

impl<'a> Joined<'a> {
    const fn len(&self) -> usize {
        self.0.len() + self.1.len()
    }

    fn bytes(self) -> impl Iterator<Item = u8> + 'a {
        self.0.iter().chain(self.1).copied()
    }

    /// Without `prefix`, which must be whole on the near side.
    fn strip_prefix(self, prefix: &[u8]) -> Option<Self> {
        Some(Joined(self.0.strip_prefix(prefix)?, self.1))
    }
}

/// `o=- 4611731400430051336 2 IN IP4 127.0.0.1`: whether `rest` begins with the session id or version of an SDP (RFC
/// 8866 clause 5.2), also as one string with escaped line ends.
pub(crate) fn is_sdp_origin(before: &[u8], rest: &[u8], end: bool) -> Option<bool> {
    let Some(before) = before.strip_suffix(b" ") else { return Some(false) };
    let (line, token) = split_token(before);
    if is_origin(token) {
        return origin_goes_on(rest, 2, end);
    }
    let user = line.strip_suffix(b" ").map(split_token);
    match user {
        Some((_, user)) if is_origin(user) && token.iter().all(u8::is_ascii_digit) => {
            origin_goes_on(rest, 1, end)
        }
        _ => Some(false),
    }
}

/// Splits the last token off; a token holds no white space.
fn split_token(text: &[u8]) -> (&[u8], &[u8]) {
    let token = text.iter().rev().take_while(|byte| !byte.is_ascii_whitespace()).count();
    text.split_at(text.len() - token)
}

/// `o=` and a user name, at the start of the token, of a string or behind an escaped line end.
fn is_origin(token: &[u8]) -> bool {
    let Some(at) = token.windows(2).rposition(|pair| pair == b"o=") else { return false };
    matches!(&token[..at], [] | [.., b'"' | b'\''] | [.., b'\\', b'n' | b'r'])
}

/// Whether `rest` goes on with so many numbers and then `IN IP4` or `IN IP6`.
fn origin_goes_on(mut rest: &[u8], numbers: usize, end: bool) -> Option<bool> {
    for _ in 0..numbers {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match rest.get(digits) {
            Some(b' ') if digits > 0 => rest = &rest[digits + 1..],
            None if !end => return None,
            _ => return Some(false),
        }
    }
    let common = rest.len().min(NET_TYPE.len());
    if rest[..common] != NET_TYPE[..common] {
        return Some(false);
    }
    if common < NET_TYPE.len() && !end { None } else { Some(common == NET_TYPE.len()) }
}

const NET_TYPE: &[u8] = b"IN IP";

/// Where the dashes of a UUID are, and its length.
const UUID_DASHES: [usize; 5] = [8, 13, 18, 23, 36];

/// Hexadecimal digits of MD5 and trace ids, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
const HASH_LENGTHS: [usize; 6] = [32, 40, 56, 64, 96, LONGEST_HASH];
const LONGEST_HASH: usize = 128;
