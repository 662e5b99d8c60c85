use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::finding::Found;
use crate::scanner::{self, Scanner, Sink};
use crate::{Finding, Kind, Policy};

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
    policy: Policy,
    counts: Counts,
    hook: Option<Hook>,
}

/// Hears of each finding.
type Hook = Box<dyn FnMut(&Finding) + Send>;

/// How many findings there were.
///
/// ```
/// let mut redactor = paytone_redact::Redactor::new();
/// redactor.process(b"4111111111111111 cvc=123\n", &mut Vec::new());
/// assert_eq!((redactor.counts().card_numbers, redactor.counts().total()), (1, 2));
/// ```
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

impl Counts {
    /// All findings.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.card_numbers + self.security_codes + self.tracks + self.keys
    }

    pub(crate) const fn add(&mut self, kind: Kind) {
        let count = match kind {
            Kind::CardNumber => &mut self.card_numbers,
            Kind::SecurityCode => &mut self.security_codes,
            Kind::Track => &mut self.tracks,
            Kind::Key => &mut self.keys,
        };
        *count += 1;
    }
}

impl Redactor {
    /// A redactor at the start of a text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with masks that show more or less of a card number.
    ///
    /// ```
    /// use paytone_redact::{Policy, Redactor};
    ///
    /// let mut out = Vec::new();
    /// let mut redactor = Redactor::new().with_policy(Policy::BinAndLastFour);
    /// redactor.process(b"4111111111111111\n", &mut out);
    /// assert_eq!(out, b"[card:411111****1111]\n");
    /// ```
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The same with a hook that hears of each finding as it is masked: where it was and what, never its digits.
    /// Ranges count from the start of the text.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// use paytone_redact::{Kind, Redactor};
    ///
    /// let (incidents, heard) = mpsc::channel();
    /// let mut redactor = Redactor::new().with_hook(move |finding| {
    ///     let _ = incidents.send((finding.kind, finding.range.clone()));
    /// });
    /// redactor.process(b"pan=4111111111111111\n", &mut Vec::new());
    /// assert_eq!(heard.recv().unwrap(), (Kind::CardNumber, 4..20));
    /// ```
    #[must_use]
    pub fn with_hook(mut self, hook: impl FnMut(&Finding) + Send + 'static) -> Self {
        self.hook = Some(Box::new(hook));
        self
    }

    /// Takes in more of the text and appends to `out` what of it is decided.
    pub fn process(&mut self, input: &[u8], out: &mut Vec<u8>) {
        out.reserve(input.len());
        let Self { scanner, policy, counts, hook } = self;
        scanner.push(input, &mut Masking { out, policy: *policy, counts, hook: hook.as_mut() });
    }

    /// Ends the text, appends the rest to `out` and is ready for another text. The counts go on.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let Self { scanner, policy, counts, hook } = self;
        scanner.finish(&mut Masking { out, policy: *policy, counts, hook: hook.as_mut() });
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
    scanner::scan(text, &mut findings);
    findings
}

/// `text` with masks in place of what is found in it; borrowed when nothing is.
#[must_use]
pub fn redact_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    let mut masking = Whole { text, out: Vec::new(), kept: 0 };
    scanner::scan(text, &mut masking);
    if masking.out.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(masking.out) }
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
    policy: Policy,
    counts: &'a mut Counts,
    hook: Option<&'a mut Hook>,
}

impl Sink for Masking<'_> {
    fn keep(&mut self, bytes: &[u8]) {
        append(self.out, bytes);
    }

    fn found(&mut self, found: &Found) {
        self.counts.add(found.finding.kind);
        found.write_mask(self.policy, self.out);
        if let Some(hook) = &mut self.hook {
            hook(&found.finding);
        }
    }
}

/// The same for a text that is at hand, which is copied when there is a first finding.
struct Whole<'a> {
    text: &'a [u8],
    out: Vec<u8>,
    /// How much was kept before.
    kept: usize,
}

impl Sink for Whole<'_> {
    fn keep(&mut self, bytes: &[u8]) {
        if self.out.is_empty() {
            self.kept = bytes.len();
        } else {
            append(&mut self.out, bytes);
        }
    }

    fn found(&mut self, found: &Found) {
        if self.out.is_empty() {
            self.out.reserve(self.text.len() + ROOM_FOR_MASKS);
            append(&mut self.out, &self.text[..self.kept]);
        }
        found.write_mask(Policy::default(), &mut self.out);
    }
}

/// Copies in pieces for which C libraries use vector registers. What they use for longer ones, `rep movsb`, is more than
/// ten times as slow on some processors when the copy begins a few bytes further into a page than what is copied.
fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len());
    for piece in bytes.chunks(LONGEST_PIECE) {
        out.extend_from_slice(piece);
    }
}

const LONGEST_PIECE: usize = 2048;

/// Masks are longer than codes and keys.
const ROOM_FOR_MASKS: usize = 64;
