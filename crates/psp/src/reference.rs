//! Names we make ourselves: the attempt's reference and the key that makes a request happen once.

use core::time::Duration;

use rand::Rng;

use crate::text::text_type;

/// Our own name of one attempt: a [ULID](https://github.com/ulid/spec), 26 characters of Crockford's base 32.
///
/// Every attempt gets a new one, also after a decline, so that one reference never has two outcomes. It is
/// what an attempt is looked up by when the provider's answer was lost. Providers allow 27 characters and
/// more.
///
/// ```
/// use core::time::Duration;
/// use paytone_psp::Reference;
/// use rand::{SeedableRng, rngs::StdRng};
///
/// let now = Duration::from_millis(1_763_000_000_123);
/// let reference = Reference::generate(now, &mut StdRng::seed_from_u64(1));
/// assert_eq!(reference.as_str().len(), 26);
/// assert_eq!(reference.created(), now);
/// assert_eq!(Reference::parse(reference.as_str()), Ok(reference));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference([u8; Self::LEN]);

impl Reference {
    /// Characters in a reference.
    pub const LEN: usize = 26;

    /// A new reference: 48 bits of `now` in milliseconds since the Unix epoch, 80 random bits.
    ///
    /// References made in different milliseconds sort by time. A time past the year 10889 is cut to 48 bits.
    #[must_use]
    pub fn generate(now: Duration, rng: &mut impl Rng) -> Self {
        let millis = now.as_millis() & ((1 << 48) - 1);
        let random = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
        let mut value = millis << 80 | random >> 48;
        let mut text = [b'0'; Self::LEN];
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(value % 32) as usize];
            value /= 32;
        }
        Self(text)
    }

    /// Reads 26 upper-case characters.
    ///
    /// # Errors
    ///
    /// The length, a character outside Crockford's alphabet, or a first character above `7` (more than 128
    /// bits).
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let characters: [u8; Self::LEN] = text.as_bytes().try_into().map_err(|_| InvalidReference::Length)?;
        if !characters.iter().all(|character| ALPHABET.contains(character)) {
            return Err(InvalidReference::Character);
        }
        if characters[0] > b'7' {
            return Err(InvalidReference::TooLarge);
        }
        Ok(Self(characters))
    }

    /// The 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Every character comes from the alphabet, which is ASCII.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// When it was made, since the Unix epoch, in whole milliseconds.
    #[must_use]
    pub fn created(&self) -> Duration {
        let millis = self.0[..10].iter().fold(0_u64, |sum, character| {
            let digit = ALPHABET.iter().position(|known| known == character).unwrap_or(0);
            sum << 5 | digit as u64
        });
        Duration::from_millis(millis)
    }
}

text_type!(Reference, InvalidReference);

/// Crockford's base 32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text is not a [`Reference`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReference {
    /// Not 26 characters.
    #[error("a reference has 26 characters")]
    Length,
    /// Not upper-case Crockford base 32.
    #[error("a reference has upper-case letters and digits without I, L, O and U")]
    Character,
    /// More than 128 bits.
    #[error("a reference begins with a digit from 0 to 7")]
    TooLarge,
}

/// The key that makes a provider carry out a request once, however often it arrives: a random UUID (RFC 9562,
/// version 4), 36 characters, the strictest form any known provider asks for.
///
/// It belongs to one attempt and one operation: a repeated request carries the same key, another attempt
/// another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey([u8; Self::LEN]);

impl IdempotencyKey {
    /// Characters in a key.
    pub const LEN: usize = 36;

    /// A new key of 122 random bits.
    #[must_use]
    pub fn generate(rng: &mut impl Rng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = [b'-'; Self::LEN];
        let places = (0..Self::LEN).filter(|place| !HYPHENS.contains(place));
        let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        for (place, nibble) in places.zip(nibbles) {
            text[place] = b"0123456789abcdef"[usize::from(nibble)];
        }
        Self(text)
    }

    /// Reads a lower-case version 4 UUID.
    ///
    /// # Errors
    ///
    /// The text has another form.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let characters: [u8; Self::LEN] = text.as_bytes().try_into().map_err(|_| InvalidKey)?;
        let fits = |(place, character): (usize, &u8)| match place {
            8 | 13 | 18 | 23 => *character == b'-',
            14 => *character == b'4',
            19 => matches!(character, b'8' | b'9' | b'a' | b'b'),
            _ => matches!(character, b'0'..=b'9' | b'a'..=b'f'),
        };
        characters.iter().enumerate().all(fits).then_some(Self(characters)).ok_or(InvalidKey)
    }

    /// The 36 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Hexadecimal digits and hyphens only.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

text_type!(IdempotencyKey, InvalidKey);

const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The text is not an [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is a lower-case version 4 uuid")]
pub struct InvalidKey;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    /// A generator whose every bit is one.
    struct Ones;

    impl rand::TryRng for Ones {
        type Error = core::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(u32::MAX)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(u64::MAX)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            bytes.fill(0xff);
            Ok(())
        }
    }

    #[test]
    fn the_largest_values_have_the_form_their_specifications_print() {
        let last = Reference::generate(Duration::from_millis((1 << 48) - 1), &mut Ones);
        assert_eq!(last.as_str(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_eq!(IdempotencyKey::generate(&mut Ones).as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn the_time_part_is_the_one_of_the_ulid_specification() {
        let reference = Reference::generate(Duration::from_millis(1_469_918_176_385), &mut Ones);
        assert!(reference.as_str().starts_with("01ARYZ6S41"));
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(Reference::parse(""), Err(InvalidReference::Length));
        assert_eq!(Reference::parse("01ARYZ6S41TSV4RRFFQ69G5FAI"), Err(InvalidReference::Character));
        assert_eq!(Reference::parse("01aryz6s41tsv4rrffq69g5fav"), Err(InvalidReference::Character));
        assert_eq!(Reference::parse("81ARYZ6S41TSV4RRFFQ69G5FAV"), Err(InvalidReference::TooLarge));
        let version_one = "c232ab00-9414-11ec-b3c8-9f6bdeced846";
        assert_eq!(IdempotencyKey::parse(version_one), Err(InvalidKey));
        assert_eq!(IdempotencyKey::parse("FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF"), Err(InvalidKey));
    }

    proptest! {
        #[test]
        fn made_names_read_back(millis in 0_u64..1 << 48, seed: u64) {
            let mut rng = StdRng::seed_from_u64(seed);
            let now = Duration::from_millis(millis);
            let reference = Reference::generate(now, &mut rng);
            prop_assert_eq!(reference.created(), now);
            prop_assert_eq!(Reference::parse(reference.as_str()), Ok(reference));
            let key = IdempotencyKey::generate(&mut rng);
            prop_assert_eq!(IdempotencyKey::parse(key.as_str()), Ok(key));
        }

        #[test]
        fn later_references_sort_later(earlier in 0_u64..1 << 47, gap in 1_u64..1 << 40, seed: u64) {
            let mut rng = StdRng::seed_from_u64(seed);
            let first = Reference::generate(Duration::from_millis(earlier), &mut rng);
            let second = Reference::generate(Duration::from_millis(earlier + gap), &mut rng);
            prop_assert!(first < second);
        }
    }
}
