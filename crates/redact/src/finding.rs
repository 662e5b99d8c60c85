use alloc::vec::Vec;
use core::ops::Range;

use paytone_card::Brand;

use crate::json::Quote;

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

/// A finding and how to write its mask.
pub(crate) struct Found {
    pub(crate) finding: Finding,
    /// The last four digits of a card number; `None` when it is not certain which digits are the last.
    pub(crate) last_four: Option<[u8; 4]>,
    /// The quotes that keep a JSON number valid.
    pub(crate) quote: Option<Quote>,
}

impl Found {
    pub(crate) const fn new(range: Range<usize>, kind: Kind) -> Self {
        Self { finding: Finding { range, kind, brand: None }, last_four: None, quote: None }
    }

    /// Adds a card number that begins inside this one. Which of the two it really is cannot be known, so both
    /// are hidden and neither's last digits are shown.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.finding.range.end <= self.finding.range.end {
            return;
        }
        self.finding.range.end = other.finding.range.end;
        if self.finding.brand != other.finding.brand {
            self.finding.brand = None;
        }
        self.last_four = None;
        self.quote = None;
    }

    /// Writes the mask: constant but for the last four digits.
    pub(crate) fn write_mask(&self, out: &mut Vec<u8>) {
        let quote = self.quote.as_ref().map_or(&[][..], Quote::as_bytes);
        out.extend_from_slice(quote);
        match self.finding.kind {
            Kind::CardNumber => {
                out.extend_from_slice(b"[card:****");
                out.extend_from_slice(self.last_four.as_ref().map_or(&[][..], |digits| digits));
                out.push(b']');
            }
            Kind::SecurityCode => out.extend_from_slice(b"[code:removed]"),
            Kind::Track => out.extend_from_slice(b"[track:removed]"),
            Kind::Key => out.extend_from_slice(b"[key:removed]"),
        }
        out.extend_from_slice(quote);
    }
}
