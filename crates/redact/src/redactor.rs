use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::finding::Found;
use crate::scanner::{Scanner, Sink};
use crate::{Finding, Kind};

/// Masks card data in a stream of bytes that comes in pieces of any size.
///
/// The output is the same however the input is cut. What may be the start of a finding is held back until it is
/// decided, never past a line feed and never more than about a kilobyte; what is held is wiped.
///
/// ```
/// use paytone_redact::Redactor;
///
/// let mut redactor = Redactor::new();
/// let mut out = Vec::new();
/// redactor.process(b"card 4111 11", &mut out);
/// assert_eq!(out, b"card ");
/// redactor.process(b"11 1111 1111\n", &mut out);
/// assert_eq!(out, b"card [card:****1111]\n");
/// redactor.finish(&mut out);
/// assert_eq!(redactor.counts().card_numbers, 1);
/// ```
#[derive(Default)]
pub struct Redactor {
    scanner: Scanner,
    counts: Counts,
}

/// How many findings there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// Card numbers.
    pub card_numbers: u64,
    /// Security codes.
    pub security_codes: u64,
    /// Tracks.
    pub tracks: u64,
    /// Keys.
    pub keys: u64,
}

impl Redactor {
    /// A redactor at the start of a text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in more of the text and appends to `out` what of it is decided.
    pub fn process(&mut self, input: &[u8], out: &mut Vec<u8>) {
        out.reserve(input.len());
        self.scanner.push(input, &mut Masking { out, counts: &mut self.counts });
    }

    /// Ends the text, appends the rest to `out` and is ready for another text. The counts go on.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.scanner.finish(&mut Masking { out, counts: &mut self.counts });
    }

    /// How many bytes are held back.
    #[must_use]
    pub fn held(&self) -> usize {
        self.scanner.held()
    }

    /// What was found so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

/// Prints the counts.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// Everything that would be masked in `text`, in order, without overlaps.
///
/// ```
/// use paytone_redact::{Kind, find};
///
/// let found = find(b"pan=4111111111111111 cvv=123");
/// assert_eq!(found[0].range, 4..20);
/// assert_eq!((found[1].kind, found[1].range.clone()), (Kind::SecurityCode, 25..28));
/// ```
#[must_use]
pub fn find(text: &[u8]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut scanner = Scanner::default();
    scanner.push(text, &mut findings);
    scanner.finish(&mut findings);
    findings
}

/// `text` with masks in place of what is found in it; borrowed when nothing is.
#[must_use]
pub fn redact_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    let mut redactor = Redactor::new();
    let mut out = Vec::new();
    redactor.process(text, &mut out);
    redactor.finish(&mut out);
    if redactor.counts == Counts::default() { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// `text` with masks in place of what is found in it; borrowed when nothing is.
///
/// ```
/// use std::borrow::Cow;
///
/// use paytone_redact::redact_str;
///
/// assert!(matches!(redact_str("order 20481, JPY 1200"), Cow::Borrowed(_)));
/// assert_eq!(redact_str("４１１１　１１１１　１１１１　１１１１"), "[card:****1111]");
/// ```
#[must_use]
pub fn redact_str(text: &str) -> Cow<'_, str> {
    match redact_bytes(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        // Findings begin and end between characters, so the text stays what it was: UTF-8.
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).unwrap_or_default()),
    }
}

/// Writes the text and the masks.
struct Masking<'a> {
    out: &'a mut Vec<u8>,
    counts: &'a mut Counts,
}

impl Sink for Masking<'_> {
    fn keep(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn found(&mut self, found: &Found) {
        let count = match found.finding.kind {
            Kind::CardNumber => &mut self.counts.card_numbers,
            Kind::SecurityCode => &mut self.counts.security_codes,
            Kind::Track => &mut self.counts.tracks,
            Kind::Key => &mut self.counts.keys,
        };
        *count += 1;
        found.write_mask(self.out);
    }
}
