use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::issuer_range::PREFIX_DIGITS;
use crate::pan::Verdict;
use crate::{Brand, BrandSet, InvalidPan, IssuerRange, LengthSet, Pan, PanPolicy, PanProgress};

/// A card number keyed digit by digit, in a fixed array that is filled in place and wiped when dropped.
///
/// A [`CardEntry`](crate::CardEntry) holds one; by itself it serves where there is no allocator, and is then best
/// left where it is: moving it leaves a copy of the digits behind.
///
/// ```
/// use paytone_card::{Brand, PanEntry, PanPolicy, PanProgress};
///
/// let policy = PanPolicy::default();
/// let mut entry = PanEntry::new();
/// entry.push(3, &policy);
/// assert!(entry.candidates(&policy).contains(Brand::DinersClub));
/// entry.push(4, &policy);
/// assert_eq!(entry.brand(), Some(Brand::AmericanExpress));
/// let lengths = entry.lengths(&policy);
/// assert_eq!((lengths.shortest(), lengths.longest()), (Some(15), Some(15)));
/// ```
pub struct PanEntry {
    pan: Pan,
    /// The one range the number can be in, as soon as the digits leave no other: it is looked up once, not at
    /// every key.
    certain: Option<&'static IssuerRange>,
    accepted: bool,
}

impl PanEntry {
    /// An entry without a digit.
    #[must_use]
    pub const fn new() -> Self {
        Self { pan: Pan::empty(), certain: None, accepted: false }
    }

    /// Adds a digit (0 to 9) and tells what the number now amounts to. A digit that no number with this prefix
    /// has room for is not stored ([`PanProgress::TooLong`]); a value above 9 is not either
    /// ([`InvalidPan::NotADigit`]).
    pub fn push(&mut self, digit: u8, policy: &PanPolicy) -> PanProgress {
        if digit > 9 {
            return PanProgress::Refused(InvalidPan::NotADigit);
        }
        let is_far_from_whole = self.shortest(policy).is_some_and(|shortest| self.len() + 1 < shortest);
        if !(is_far_from_whole || self.has_room(policy)) || !self.pan.digits.push(digit) {
            return PanProgress::TooLong;
        }
        self.accepted = false;
        if is_far_from_whole {
            return PanProgress::Incomplete;
        }
        if self.certain.is_none() && self.len() <= PREFIX_DIGITS {
            self.certain = IssuerRange::certain(self.digits());
        }
        self.progress(policy)
    }

    /// How many digits have been stored, 0 to 19.
    #[must_use]
    pub fn len(&self) -> usize {
        self.digits().len()
    }

    /// Whether no digit has been stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Wipes the number.
    pub fn clear(&mut self) {
        self.zeroize();
    }

    /// What the digits stored so far amount to; never `TooLong`.
    #[must_use]
    pub fn progress(&self, policy: &PanPolicy) -> PanProgress {
        if self.has_just_begun_well(policy) {
            return PanProgress::Incomplete;
        }
        PanProgress::judge(self.digits(), self.verdict(policy), policy)
    }

    /// Every brand the number may still be taken as.
    #[must_use]
    pub fn candidates(&self, policy: &PanPolicy) -> BrandSet {
        let ranges = IssuerRange::candidates(self.digits()).flatten();
        ranges.filter_map(|range| policy.brand_of(range)).collect()
    }

    /// The brand of the number: the accepted one or, while it is being keyed, the one it will be whatever
    /// follows.
    #[must_use]
    pub fn brand(&self) -> Option<Brand> {
        if self.accepted {
            return Some(self.pan.brand());
        }
        if let Some(range) = self.certain {
            return Some(range.brand());
        }
        let mut candidates =
            IssuerRange::candidates(self.digits()).map(|range| range.map(IssuerRange::brand));
        let first = candidates.next()??;
        candidates.all(|brand| brand == Some(first)).then_some(first)
    }

    /// The lengths the number may still come to, this one included; none when it is refused whatever follows.
    #[must_use]
    pub fn lengths(&self, policy: &PanPolicy) -> LengthSet {
        self.verdict(policy).lengths(policy).unwrap_or_default().from(self.len())
    }

    /// Closes the number; a digit pushed after that opens it again.
    ///
    /// # Errors
    ///
    /// The first [`InvalidPan`] reason that applies, as for [`Pan::parse`]; the digits stay.
    pub fn accept(&mut self, policy: &PanPolicy) -> Result<Brand, InvalidPan> {
        self.accepted = false;
        let brand = self.pan.settle(policy)?;
        self.accepted = true;
        Ok(brand)
    }

    /// The number, once it has been accepted.
    #[must_use]
    pub fn pan(&self) -> Option<&Pan> {
        self.accepted.then_some(&self.pan)
    }

    /// The shortest number of the one range that is left, if it is accepted.
    #[inline]
    fn shortest(&self, policy: &PanPolicy) -> Option<usize> {
        let range = self.certain.filter(|range| policy.brand_of(range).is_some())?;
        policy.lengths_of(range).shortest()
    }

    /// Whether one more digit can be part of the number, or of one already refused. No range is settled by fewer
    /// digits than a prefix has and issues numbers as short as that.
    fn has_room(&self, policy: &PanPolicy) -> bool {
        self.len() < PREFIX_DIGITS || self.len() < self.verdict(policy).longest(policy)
    }

    /// Whether the digits are fewer than any card number has, and one of the ranges they leave is accepted: the first
    /// such one settles it, where a verdict would go through all.
    fn has_just_begun_well(&self, policy: &PanPolicy) -> bool {
        let is_accepted = |range| policy.brand_of(range).is_some();
        match self.certain {
            _ if self.len() >= PREFIX_DIGITS => false,
            Some(range) => is_accepted(range),
            None => IssuerRange::candidates(self.digits()).flatten().any(is_accepted),
        }
    }

    fn verdict(&self, policy: &PanPolicy) -> Verdict {
        match self.certain {
            Some(range) => Verdict::of_range(range, policy),
            None => Verdict::of(self.digits(), policy),
        }
    }

    pub(crate) fn digits(&self) -> &[u8] {
        self.pan.digits.as_slice()
    }

    /// Wipes everything from digit `len` on.
    #[cfg(feature = "alloc")]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.pan.digits.truncate(len);
        self.certain = IssuerRange::certain(self.digits());
        self.accepted = false;
    }
}

impl Default for PanEntry {
    fn default() -> Self {
        Self::new()
    }
}

impl Zeroize for PanEntry {
    fn zeroize(&mut self) {
        self.pan.zeroize();
        self.certain = None;
        self.accepted = false;
    }
}

// The digits wipe themselves.
impl ZeroizeOnDrop for PanEntry {}

impl fmt::Debug for PanEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PanEntry(..)")
    }
}
