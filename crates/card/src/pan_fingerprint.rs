use core::fmt;
use core::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Pan, stack};

/// A keyed hash of a card number, by which the same card is recognised without keeping its number.
///
/// HMAC-SHA-256 (RFC 2104, FIPS 180-4) of the ASCII digits. Without the key nothing can be told from it; with the
/// key it can be turned back into the number by trying them all, so the key is to be kept as one (PCI DSS v4.0.1
/// requirement 3.5.1.1), and away from where truncated numbers are.
///
/// `Display` writes 64 hexadecimal digits in lower case, `FromStr` reads them, `serde` uses them as a string.
///
/// ```
/// use paytone_card::{FingerprintKey, Pan, PanPolicy};
///
/// let key = FingerprintKey::new(b"a key of at least sixteen bytes").unwrap();
/// let pan = Pan::parse(b"4111111111111111", &PanPolicy::default()).unwrap();
/// assert_eq!(key.fingerprint(&pan), key.fingerprint(&pan));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PanFingerprint([u8; 32]);

/// The key of a [`PanFingerprint`]. `Debug` prints the type name only; wiped when dropped.
#[derive(Clone)]
pub struct FingerprintKey {
    keyed: Hmac<Sha256>,
}

/// Why a key was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFingerprintKey {
    /// There is none: the hash of a card number without a key is the card number.
    #[error("the fingerprint key is empty")]
    Empty,
    /// It has fewer than 16 bytes, the 128 bits PCI DSS asks of a key.
    #[error("the fingerprint key has fewer than {} bytes", FingerprintKey::MIN_BYTES)]
    TooShort,
}

/// Text that is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("not 64 hexadecimal digits in lower case")]
pub struct InvalidPanFingerprint;

/// More than the hash has been seen to need, optimised or not.
const MAC_DEPTH: usize = 8 * 1024;

impl FingerprintKey {
    /// The fewest bytes a key has.
    pub const MIN_BYTES: usize = 16;

    /// Takes a secret of at least 16 bytes; 32 random ones are best.
    ///
    /// # Errors
    ///
    /// [`InvalidFingerprintKey`].
    pub fn new(secret: &[u8]) -> Result<Self, InvalidFingerprintKey> {
        match secret.len() {
            0 => Err(InvalidFingerprintKey::Empty),
            1..Self::MIN_BYTES => Err(InvalidFingerprintKey::TooShort),
            // A key of any length will do.
            _ => Hmac::new_from_slice(secret)
                .map(|keyed| Self { keyed })
                .map_err(|_| InvalidFingerprintKey::TooShort),
        }
    }

    /// The fingerprint of a card number.
    #[must_use]
    pub fn fingerprint(&self, pan: &Pan) -> PanFingerprint {
        // The hash moves its block, the digits in it, and wipes the last place only.
        stack::swept::<MAC_DEPTH, _>(|| {
            let mut mac = self.keyed.clone();
            pan.expose(|digits| mac.update(digits));
            PanFingerprint(mac.finalize().into_bytes().into())
        })
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(..)")
    }
}

impl PanFingerprint {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PanFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PanFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PanFingerprint({self})")
    }
}

impl FromStr for PanFingerprint {
    type Err = InvalidPanFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidPanFingerprint> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(InvalidPanFingerprint);
        };
        let pairs: &[[u8; 2]; 32] = pairs.try_into().map_err(|_| InvalidPanFingerprint)?;
        let mut bytes = [0; 32];
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(high)? << 4 | nibble(low)?;
        }
        Ok(Self(bytes))
    }
}

fn nibble(hex: u8) -> Result<u8, InvalidPanFingerprint> {
    match hex {
        b'0'..=b'9' => Ok(hex - b'0'),
        b'a'..=b'f' => Ok(hex - b'a' + 10),
        _ => Err(InvalidPanFingerprint),
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PanFingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for PanFingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::named_text::deserialize(deserializer, "the fingerprint of a card number", str::parse)
    }
}
