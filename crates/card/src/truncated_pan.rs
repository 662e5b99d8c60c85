use core::fmt;

use crate::pan_ends::PanEnds;
use crate::{Brand, BrandSet, Pan};

/// What may be stored of a card number: the number with its middle taken out for good.
///
/// Truncation makes a number unreadable in the sense of PCI DSS v4.0.1 requirement 3.5.1, which needs no key, as
/// long as nobody can put two different truncations of one number side by side. So a deployment settles on one
/// [`Truncation`] and makes and reads every `TruncatedPan` with that.
///
/// ```
/// use paytone_card::{InvalidTruncatedPan, Pan, PanPolicy, Truncation};
///
/// let truncation = Truncation::SixAndLastFour;
/// let pan = Pan::parse(b"5555555555554444", &PanPolicy::default()).unwrap();
/// let stored = truncation.of(&pan);
/// assert_eq!(stored.to_string(), "555555****4444");
/// assert_eq!(truncation.read("555555****4444"), Ok(stored));
/// // A record of another form does not slip in.
/// assert_eq!(truncation.read("55555555****4444"), Err(InvalidTruncatedPan::OtherForm));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TruncatedPan {
    ends: PanEnds,
}

/// How much of a card number a deployment stores.
///
/// | form | 16 digits, Discover, JCB, Mastercard, UnionPay, Visa | any other with 14 digits or more | shorter |
/// |---|---|---|---|
/// | `LastFour` | last 4 | last 4 | last 4 |
/// | `SixAndLastFour` | first 6, last 4 | first 6, last 4 | last 4 |
/// | `Widest` | first 8, last 4 | first 6, last 4 | last 4 |
///
/// `Widest` is the table of PCI SSC FAQ 1091. A card with a co-brand outside the five counts as that one. For 12 and
/// 13 digits, where the FAQ's first six and last four would leave two or three to guess, less is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Truncation {
    /// The last four digits.
    #[default]
    LastFour,
    /// The first six digits and the last four.
    SixAndLastFour,
    /// As much as brand and length allow.
    Widest,
}

/// Why a text is not a truncated card number of the form that was asked for. Never holds a digit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTruncatedPan {
    /// It is no truncated card number.
    #[error("not a truncated card number")]
    Malformed,
    /// It holds more digits than the deployment's form has.
    #[error("a truncated card number of another form")]
    OtherForm,
}

impl Truncation {
    /// Truncates a number.
    #[must_use]
    pub fn of(self, pan: &Pan) -> TruncatedPan {
        pan.expose(|digits| TruncatedPan {
            ends: PanEnds::of(digits, self.leading(pan.brands().with(pan.brand()), digits.len())),
        })
    }

    /// Reads what `Display` of a [`TruncatedPan`] of this form wrote.
    ///
    /// # Errors
    ///
    /// [`InvalidTruncatedPan`].
    pub fn read(self, text: &str) -> Result<TruncatedPan, InvalidTruncatedPan> {
        let ends = PanEnds::parse(text, GAP).ok_or(InvalidTruncatedPan::Malformed)?;
        let most = match self {
            Self::LastFour => 0,
            Self::SixAndLastFour => 6,
            Self::Widest => 8,
        };
        if ends.first().len() > most {
            return Err(InvalidTruncatedPan::OtherForm);
        }
        Ok(TruncatedPan { ends })
    }

    /// How many leading digits are kept, when there are enough.
    fn leading(self, brands: BrandSet, length: usize) -> usize {
        match self {
            Self::LastFour => 0,
            Self::Widest if length == 16 && brands.union(EIGHT_OF_16) == EIGHT_OF_16 => 8,
            Self::SixAndLastFour | Self::Widest => 6,
        }
    }
}

impl TruncatedPan {
    /// The first six or eight digits, ASCII; empty unless they are kept.
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

/// Writes `411111****1111`, or `****1111` when only the last four are kept; always four asterisks, however many
/// digits are missing.
impl fmt::Display for TruncatedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ends.write(f, GAP)
    }
}

impl fmt::Debug for TruncatedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TruncatedPan({self})")
    }
}

/// As a string; it is read back by [`Truncation::read`], which knows the deployment's form.
#[cfg(feature = "serde")]
impl serde::Serialize for TruncatedPan {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const GAP: &str = "****";

/// The brands of whose 16 digits the first eight may be kept.
const EIGHT_OF_16: BrandSet =
    BrandSet::of(&[Brand::Discover, Brand::Jcb, Brand::Mastercard, Brand::UnionPay, Brand::Visa]);
