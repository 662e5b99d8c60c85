//! Keys of SRTP as session descriptions carry them (RFC 4568).

use base64ct::{Base64, Encoding};
use core::fmt;
use zeroize::Zeroizing;

/// A crypto suite (RFC 4568, 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`: tags of 80 bits.
    AesCm128HmacSha1With80,
    /// `AES_CM_128_HMAC_SHA1_32`: tags of 32 bits.
    AesCm128HmacSha1With32,
}

impl Suite {
    /// Its name in a session description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1With80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1With32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        let all = [Self::AesCm128HmacSha1With80, Self::AesCm128HmacSha1With32];
        all.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }
}

/// The key and salt one end encrypts with. Wiped when dropped; `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct Crypto {
    tag: u32,
    suite: Suite,
    master: Zeroizing<[u8; MASTER]>,
}

impl Crypto {
    /// A key for this suite: 16 bytes of key and 14 of salt, from a cryptographic source of randomness.
    #[must_use]
    pub fn new(suite: Suite, master: Zeroizing<[u8; MASTER]>) -> Self {
        Self { tag: 1, suite, master }
    }

    /// The suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Lends the master key (16 bytes) and the master salt (14 bytes).
    pub fn expose<T>(&self, use_them: impl FnOnce(&[u8], &[u8]) -> T) -> T {
        let (key, salt) = self.master.split_at(KEY);
        use_them(key, salt)
    }

    /// The same key as the answer to the offer `other`: its tag and its suite (RFC 4568, 5.1.2).
    #[must_use]
    pub(super) fn answering(&self, other: &Self) -> Self {
        Self { tag: other.tag, suite: other.suite, master: self.master.clone() }
    }

    /// Reads the value of an `a=crypto` line; `None` for one that cannot be used: another suite, a master key identifier, a
    /// session parameter that is not understood (RFC 4568, 6.3.7).
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let suite = Suite::from_name(words.next()?)?;
        let inline = words.next()?.strip_prefix("inline:")?;
        if words.next().is_some() || inline.contains(';') {
            return None;
        }
        let mut parts = inline.split('|');
        let mut master = Zeroizing::new([0; MASTER]);
        let key = Base64::decode(parts.next()?, master.as_mut_slice()).ok()?;
        if key.len() != MASTER || parts.any(|part| part.contains(':')) {
            return None;
        }
        Some(Self { tag, suite, master })
    }

    /// The value of its `a=crypto` line.
    pub(super) fn value(&self) -> Zeroizing<String> {
        let inline = Zeroizing::new(Base64::encode_string(self.master.as_slice()));
        Zeroizing::new(format!("{} {} inline:{}", self.tag, self.suite.name(), *inline))
    }
}

impl fmt::Debug for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crypto").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// Bytes of a master key and its salt together.
pub const MASTER: usize = 30;
const KEY: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 4568, 6.1.
    const EXAMPLE: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    #[test]
    fn a_line_is_read_and_written() {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{EXAMPLE}|2^20");
        let crypto = Crypto::parse(&line).unwrap();
        assert_eq!(crypto.suite(), Suite::AesCm128HmacSha1With80);
        let written = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{EXAMPLE}");
        assert_eq!(*crypto.value(), written);
        assert_eq!(Crypto::parse(&written).unwrap(), crypto);
        crypto.expose(|key, salt| assert_eq!((key.len(), salt.len()), (16, 14)));
        assert!(!format!("{crypto:?}").contains("d0Rm"));
    }

    #[test]
    fn what_is_not_understood_is_not_used() {
        for line in [
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{EXAMPLE}|2^20|1:4"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{EXAMPLE}|1:4"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{EXAMPLE} UNENCRYPTED_SRTP"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{EXAMPLE};inline:{EXAMPLE}"),
            format!("1 F8_128_HMAC_SHA1_80 inline:{EXAMPLE}"),
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0Rm".to_owned(),
            "x AES_CM_128_HMAC_SHA1_80 inline:".to_owned(),
            String::new(),
        ] {
            assert!(Crypto::parse(&line).is_none(), "{line}");
        }
    }
}
