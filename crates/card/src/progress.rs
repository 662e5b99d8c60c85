use crate::pan::{MAX_DIGITS, Verdict, check};
use crate::{InvalidPan, LengthSet, PanPolicy};

/// What the digits of a card number keyed so far amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanProgress {
    /// More digits are needed.
    Incomplete,
    /// It passes every check as it stands, and a longer number is possible too: Visa has 16 digits or 19. Take
    /// it when no further key comes.
    MayGoOn,
    /// It has a length of its brand and no longer one is possible. Whether it is valid, accepting tells.
    Complete,
    /// The last digit was one more than any number with this prefix has. **It was not stored.**
    TooLong,
    /// The first digits already decide that the number cannot be taken, whatever follows. Further digits are
    /// stored and do not change this.
    Refused(InvalidPan),
}

impl PanProgress {
    /// Judges the digits of a number keyed so far, given in ASCII. `TooLong` when there is a digit more than
    /// any number with this prefix has.
    ///
    /// ```
    /// use paytone_card::{PanPolicy, PanProgress};
    ///
    /// let policy = PanPolicy::default();
    /// assert_eq!(PanProgress::of(b"37828224631000", &policy), PanProgress::Incomplete);
    /// assert_eq!(PanProgress::of(b"378282246310005", &policy), PanProgress::Complete);
    /// assert_eq!(PanProgress::of(b"4111111111111111", &policy), PanProgress::MayGoOn);
    /// ```
    #[must_use]
    pub fn of(ascii: &[u8], policy: &PanPolicy) -> Self {
        if !ascii.iter().all(u8::is_ascii_digit) {
            return Self::Refused(InvalidPan::NotADigit);
        }
        let Some(lengths) = possible_lengths(ascii, policy) else {
            return refusal(ascii, policy);
        };
        let length = ascii.len();
        if length > longest(lengths) {
            return Self::TooLong;
        }
        if lengths.contains(length) {
            if !lengths.has_longer_than(length) {
                return Self::Complete;
            }
            if check(ascii, policy).is_ok() {
                return Self::MayGoOn;
            }
        }
        Self::Incomplete
    }
}

/// Whether one more digit after these can be part of a number, or of one already refused.
pub(crate) fn has_room(ascii: &[u8], policy: &PanPolicy) -> bool {
    ascii.len() < possible_lengths(ascii, policy).map_or(MAX_DIGITS, longest)
}

/// The most digits a number can have; a range without a length the policy takes is keyed to the end and then
/// refused for its length.
fn longest(lengths: LengthSet) -> usize {
    lengths.longest().unwrap_or(MAX_DIGITS)
}

/// The lengths a number that starts like this can have; `None` when it is refused already.
pub(crate) fn possible_lengths(ascii: &[u8], policy: &PanPolicy) -> Option<LengthSet> {
    match Verdict::of(ascii, policy) {
        Verdict::Unknown | Verdict::NotAccepted(_) => None,
        Verdict::Open(lengths) => Some(lengths),
        Verdict::Range(range) => Some(policy.lengths_of(range)),
    }
}

fn refusal(ascii: &[u8], policy: &PanPolicy) -> PanProgress {
    match Verdict::of(ascii, policy) {
        Verdict::NotAccepted(brand) => PanProgress::Refused(InvalidPan::BrandNotAccepted(brand)),
        _ => PanProgress::Refused(InvalidPan::UnknownBrand),
    }
}
