/// A set of card number lengths, in digits, each at most 31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LengthSet(u32);

impl LengthSet {
    /// No length.
    pub const EMPTY: Self = Self(0);

    pub(crate) const fn of(lengths: &[u8]) -> Self {
        let mut set = 0;
        let mut index = 0;
        while index < lengths.len() {
            set |= 1 << lengths[index];
            index += 1;
        }
        Self(set)
    }

    /// The lengths in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The lengths in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The lengths of the set that are `length` or more.
    #[must_use]
    pub(crate) const fn from(self, length: usize) -> Self {
        if length < 32 { Self(self.0 >> length << length) } else { Self::EMPTY }
    }

    /// Whether `length` is in the set.
    #[must_use]
    pub const fn contains(self, length: usize) -> bool {
        length < 32 && self.0 & (1 << length) != 0
    }

    /// Whether a length greater than `length` is in the set.
    #[must_use]
    pub const fn has_longer_than(self, length: usize) -> bool {
        length < 31 && self.0 >> (length + 1) != 0
    }

    /// The shortest length; `None` when there is none.
    #[must_use]
    pub const fn shortest(self) -> Option<usize> {
        match self.0 {
            0 => None,
            set => Some(set.trailing_zeros() as usize),
        }
    }

    /// The longest length; `None` when there is none.
    #[must_use]
    pub const fn longest(self) -> Option<usize> {
        match self.0 {
            0 => None,
            set => Some(set.ilog2() as usize),
        }
    }

    /// The lengths, shortest first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..32).filter(move |&length| self.contains(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_sets() {
        let set = LengthSet::of(&[16, 19]);
        assert!(set.contains(16) && !set.contains(17) && !set.contains(99));
        assert!(set.has_longer_than(16) && set.has_longer_than(18) && !set.has_longer_than(19));
        assert!(!set.has_longer_than(usize::MAX));
        assert_eq!((set.shortest(), set.longest()), (Some(16), Some(19)));
        assert_eq!((LengthSet::EMPTY.shortest(), LengthSet::EMPTY.longest()), (None, None));
        assert_eq!(set.intersection(LengthSet::of(&[13, 19])), LengthSet::of(&[19]));
        assert_eq!((set.from(16), set.from(17).shortest(), set.from(99)), (set, Some(19), LengthSet::EMPTY));
        assert_eq!(set.iter().collect::<Vec<_>>(), [16, 19]);
    }
}
