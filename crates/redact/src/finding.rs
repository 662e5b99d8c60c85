use alloc::vec::Vec;
use core::ops::Range;

use paytone_card::Brand;

use crate::json::Quote;
use crate::window::Candidate;

/// Card data found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which bytes of the text, counted from its start.
    pub range: Range<usize>,
    /// What they are.
    pub kind: Kind,
    /// The brand of the card, where there is a card number and only one brand is possible.
    pub brand: Option<Brand>,
}

/// What kind of card data was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A card number (PAN).
    CardNumber,
    /// A security code behind its label.
    SecurityCode,
    /// Track 1 or 2 of the magnetic stripe, or its equivalent on a chip.
    Track,
    /// A key of a telephone keypad behind its label.
    Key,
}

/// How much of a card number its mask shows. Codes, tracks and keys are removed whatever the policy: they are
/// sensitive authentication data (PCI DSS v4.0.1 requirement 3.3.1) or lead to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The last four digits: `[card:****1111]`.
    #[default]
    LastFour,
    /// The first six digits and the last four: `[card:411111****1111]`. This is the most that may be displayed
    /// (PCI DSS v4.0.1 requirement 3.4.1). Of numbers of fewer than 15 digits, which that would all but show,
    /// the last four only.
    BinAndLastFour,
    /// Nothing: `[card:removed]`.
    RemoveAll,
}

/// A finding and how to write its mask.
pub(crate) struct Found {
    pub(crate) finding: Finding,
    /// The digits of a card number that may be shown; `None` when it is not certain which they are.
    digits: Option<Shown>,
    /// The quotes that keep a JSON number valid.
    pub(crate) quote: Option<Quote>,
}

struct Shown {
    bin: Option<[u8; 6]>,
    last_four: [u8; 4],
}

impl Found {
    pub(crate) const fn new(range: Range<usize>, kind: Kind) -> Self {
        Self { finding: Finding { range, kind, brand: None }, digits: None, quote: None }
    }

    pub(crate) fn card(range: Range<usize>, candidate: &Candidate) -> Self {
        let bin = (candidate.length >= FEWEST_WITH_BIN).then_some(candidate.bin);
        Self {
            finding: Finding { range, kind: Kind::CardNumber, brand: Some(candidate.brand) },
            digits: Some(Shown { bin, last_four: candidate.last_four }),
            quote: None,
        }
    }

    /// Adds a card number that begins inside this one. Which of the two it really is cannot be known, so both
    /// are hidden and no digits of either are shown.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.finding.range.end <= self.finding.range.end {
            return;
        }
        self.finding.range.end = other.finding.range.end;
        if self.finding.brand != other.finding.brand {
            self.finding.brand = None;
        }
        self.digits = None;
        self.quote = None;
    }

    /// Whether these are several card numbers of which nothing is shown, so that one more changes the end alone.
    pub(crate) fn is_of_many(&self) -> bool {
        self.finding.kind == Kind::CardNumber && self.finding.brand.is_none() && self.digits.is_none()
    }

    /// Writes the mask: constant but for what the policy shows.
    pub(crate) fn write_mask(&self, policy: Policy, out: &mut Vec<u8>) {
        let quote = self.quote.as_ref().map_or(&[][..], Quote::as_bytes);
        out.extend_from_slice(quote);
        out.extend_from_slice(match self.finding.kind {
            Kind::CardNumber if policy == Policy::RemoveAll => b"[card:removed]",
            Kind::CardNumber => b"[card:",
            Kind::SecurityCode => b"[code:removed]",
            Kind::Track => b"[track:removed]",
            Kind::Key => b"[key:removed]",
        });
        if self.finding.kind == Kind::CardNumber && policy != Policy::RemoveAll {
            self.write_digits(policy, out);
        }
        out.extend_from_slice(quote);
    }

    fn write_digits(&self, policy: Policy, out: &mut Vec<u8>) {
        let digits = self.digits.as_ref();
        if policy == Policy::BinAndLastFour {
            out.extend_from_slice(digits.and_then(|digits| digits.bin.as_ref()).map_or(&[][..], |bin| bin));
        }
        out.extend_from_slice(b"****");
        out.extend_from_slice(digits.map_or(&[][..], |digits| &digits.last_four));
        out.push(b']');
    }
}

/// Digits of the shortest number of which ten may be shown.
const FEWEST_WITH_BIN: usize = 15;
