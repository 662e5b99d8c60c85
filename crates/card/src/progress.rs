use crate::pan::{Verdict, check};
use crate::{InvalidPan, PanPolicy};

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
        Self::judge(ascii, Verdict::of(ascii, policy), policy)
    }

    /// The same for digits whose prefix has been judged.
    pub(crate) fn judge(ascii: &[u8], verdict: Verdict, policy: &PanPolicy) -> Self {
        let Some(lengths) = verdict.lengths(policy) else {
            return Self::Refused(match verdict {
                Verdict::NotAccepted(brand) => InvalidPan::BrandNotAccepted(brand),
                _ => InvalidPan::UnknownBrand,
            });
        };
        let length = ascii.len();
        if length > verdict.longest(policy) {
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
