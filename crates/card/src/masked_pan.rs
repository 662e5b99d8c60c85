use core::fmt;
use core::str::FromStr;

/// What may be shown of a card number: its last four digits.
///
/// `Display` writes `**** 1111`, the same shape for every length, so that it tells no more than those four
/// (PCI DSS v4.0.1 requirement 3.4.1 allows up to the BIN and the last four; this crate's default is less).
/// `FromStr` reads that form back, `serde` uses it as a string.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaskedPan {
    last_four: [u8; 4],
}

/// Text that is not the masked form of a card number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not four asterisks, a space and four digits")]
pub struct InvalidLastFour;

impl MaskedPan {
    /// The mask of a number that ends in these four ASCII digits, as a provider reports them.
    ///
    /// # Errors
    ///
    /// [`InvalidLastFour`] when `digits` is not exactly four ASCII digits.
    pub fn from_last_four(digits: &str) -> Result<Self, InvalidLastFour> {
        match *digits.as_bytes() {
            [a, b, c, d] if digits.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Self { last_four: [a, b, c, d] })
            }
            _ => Err(InvalidLastFour),
        }
    }

    /// The mask of a complete number in ASCII digits; zeros stand for what a shorter one lacks.
    pub(crate) fn of(digits: &[u8]) -> Self {
        Self { last_four: digits.last_chunk().copied().unwrap_or([b'0'; 4]) }
    }

    /// The last four digits, ASCII.
    #[must_use]
    pub fn last_four(&self) -> &str {
        core::str::from_utf8(&self.last_four).unwrap_or_default()
    }
}

impl fmt::Display for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.last_four())
    }
}

impl fmt::Debug for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskedPan({self})")
    }
}

impl FromStr for MaskedPan {
    type Err = InvalidLastFour;

    fn from_str(text: &str) -> Result<Self, InvalidLastFour> {
        text.strip_prefix(PREFIX).ok_or(InvalidLastFour).and_then(Self::from_last_four)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for MaskedPan {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for MaskedPan {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Mask;

        impl serde::de::Visitor<'_> for Mask {
            type Value = MaskedPan;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a masked card number")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MaskedPan, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Mask)
    }
}

const PREFIX: &str = "**** ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_last_four_in_one_shape() {
        let mask = MaskedPan::of(b"378282246310005");
        assert_eq!(mask.to_string(), "**** 0005");
        assert_eq!(format!("{mask:?}"), "MaskedPan(**** 0005)");
        assert_eq!(mask.last_four(), "0005");
    }

    #[test]
    fn reads_its_own_form_and_nothing_else() {
        let mask = MaskedPan::from_last_four("1111").unwrap();
        assert_eq!("**** 1111".parse(), Ok(mask));
        for text in ["", "1111", "**** 111", "**** 11111", "**** 111a", "**** １", "****  111", "****1111"] {
            assert_eq!(text.parse::<MaskedPan>(), Err(InvalidLastFour), "{text}");
        }
        assert_eq!(MaskedPan::from_last_four("11111"), Err(InvalidLastFour));
    }
}
