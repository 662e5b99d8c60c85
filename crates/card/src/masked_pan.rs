use core::fmt;
use core::str::FromStr;

use crate::pan_ends::PanEnds;

/// What may be shown of a card number: its last four digits or, by explicit choice, the first ones too.
///
/// `Display` writes `**** 1111`, the same shape for every length, so that it tells no more than those four.
/// With a [`MaskForm`] that shows the issuer it writes `411111 **** 1111`. `FromStr` reads either back, `serde`
/// uses it as a string.
///
/// This is for showing (PCI DSS v4.0.1 requirement 3.4.1). For storing there are other limits:
/// [`TruncatedPan`](crate::TruncatedPan).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaskedPan {
    ends: PanEnds,
}

/// How much of a card number a mask shows.
///
/// Requirement 3.4.1 allows the issuer's digits and the last four, to people with a business need. At least four
/// digits stay hidden whatever the form: a number too short for that shows its last four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MaskForm {
    /// The last four digits.
    #[default]
    LastFour,
    /// The first six digits, the shorter issuer identification number, and the last four.
    SixAndLastFour,
    /// The first eight digits, the longer issuer identification number, and the last four; the first six of a
    /// number with fewer than 16 digits.
    EightAndLastFour,
}

/// Text that is not the masked form of a card number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the masked form of a card number")]
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
                Ok(Self { ends: PanEnds::new(&[], [a, b, c, d]) })
            }
            _ => Err(InvalidLastFour),
        }
    }

    /// The mask of a complete number in ASCII digits; zeros stand for what a shorter one lacks.
    pub(crate) fn of(digits: &[u8], form: MaskForm) -> Self {
        let leading = match form {
            MaskForm::LastFour => 0,
            MaskForm::EightAndLastFour if digits.len() >= 16 => 8,
            MaskForm::SixAndLastFour | MaskForm::EightAndLastFour => 6,
        };
        Self { ends: PanEnds::of(digits, leading) }
    }

    /// The first six or eight digits, ASCII; empty unless the form shows them.
    #[must_use]
    pub fn first(&self) -> &str {
        self.ends.first()
    }

    /// The last four digits, ASCII.
    #[must_use]
    pub fn last_four(&self) -> &str {
        self.ends.last_four()
    }
}

impl fmt::Display for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ends.write(f, GAP)
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
        PanEnds::parse(text, GAP).map(|ends| Self { ends }).ok_or(InvalidLastFour)
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
        crate::named_text::deserialize(deserializer, "a masked card number", str::parse)
    }
}

const GAP: &str = " **** ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_numbers;

    fn mask(digits: &str, form: MaskForm) -> MaskedPan {
        MaskedPan::of(digits.as_bytes(), form)
    }

    #[test]
    fn shows_the_last_four_in_one_shape() {
        let mask = mask(test_numbers::AMERICAN_EXPRESS, MaskForm::default());
        assert_eq!(mask.to_string(), "**** 0005");
        assert_eq!(format!("{mask:?}"), "MaskedPan(**** 0005)");
        assert_eq!((mask.first(), mask.last_four()), ("", "0005"));
    }

    #[test]
    fn shows_the_issuer_by_choice() {
        use MaskForm::{EightAndLastFour, SixAndLastFour};
        let rows = [
            (test_numbers::VISA, SixAndLastFour, "411111 **** 1111"),
            (test_numbers::VISA, EightAndLastFour, "41111111 **** 1111"),
            (test_numbers::AMERICAN_EXPRESS, EightAndLastFour, "378282 **** 0005"),
            (test_numbers::DINERS_CLUB, EightAndLastFour, "362272 **** 1667"),
            (test_numbers::UNIONPAY_19, EightAndLastFour, "62055000 **** 0004"),
            // Six and four would leave three digits hidden.
            (test_numbers::VISA_13, SixAndLastFour, "**** 2222"),
            (test_numbers::VISA_13, EightAndLastFour, "**** 2222"),
        ];
        for (digits, form, expected) in rows {
            let mask = mask(digits, form);
            assert_eq!(mask.to_string(), expected);
            assert_eq!(expected.parse(), Ok(mask));
        }
    }

    #[test]
    fn reads_its_own_forms_and_nothing_else() {
        let mask = MaskedPan::from_last_four("1111").unwrap();
        assert_eq!("**** 1111".parse(), Ok(mask));
        let wrong = [
            "",
            "1111",
            "**** 111",
            "**** 11111",
            "**** 111a",
            "**** １",
            "****  111",
            "****1111",
            "4111 **** 1111",
            " **** 1111",
            "411111**** 1111",
            "4111111 **** 1111",
            "41111a **** 1111",
            "411111111 **** 1111",
            "4111111111111111",
        ];
        for text in wrong {
            assert_eq!(text.parse::<MaskedPan>(), Err(InvalidLastFour), "{text}");
        }
        assert_eq!(MaskedPan::from_last_four("11111"), Err(InvalidLastFour));
    }
}
