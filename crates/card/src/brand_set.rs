use core::fmt;

use crate::Brand;

/// A set of brands: those a merchant takes, or those one card carries.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct BrandSet(u64);

impl BrandSet {
    /// No brand.
    pub const EMPTY: Self = Self(0);

    /// Every brand the crate knows.
    pub const ALL: Self = Self::of(Brand::ALL);

    /// Every brand for which [`Brand::is_payable`].
    pub const PAYABLE: Self = {
        let mut set = Self::EMPTY;
        let mut index = 0;
        while index < Brand::ALL.len() {
            if Brand::ALL[index].is_payable() {
                set = set.with(Brand::ALL[index]);
            }
            index += 1;
        }
        set
    };

    /// The set of these brands.
    #[must_use]
    pub const fn of(brands: &[Brand]) -> Self {
        let mut set = Self::EMPTY;
        let mut index = 0;
        while index < brands.len() {
            set = set.with(brands[index]);
            index += 1;
        }
        set
    }

    /// This set and `brand`.
    #[must_use]
    pub const fn with(self, brand: Brand) -> Self {
        Self(self.0 | 1 << brand as u8)
    }

    /// This set but not `brand`.
    #[must_use]
    pub const fn without(self, brand: Brand) -> Self {
        Self(self.0 & !(1 << brand as u8))
    }

    /// Whether `brand` is in the set.
    #[must_use]
    pub const fn contains(self, brand: Brand) -> bool {
        self.0 & (1 << brand as u8) != 0
    }

    /// Whether there is a brand in both sets.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The brands in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The brands in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// How many brands there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The brands, in the order of [`Brand::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Brand> {
        Brand::ALL.iter().copied().filter(move |&brand| self.contains(brand))
    }
}

impl FromIterator<Brand> for BrandSet {
    fn from_iter<I: IntoIterator<Item = Brand>>(brands: I) -> Self {
        brands.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl From<Brand> for BrandSet {
    fn from(brand: Brand) -> Self {
        Self::EMPTY.with(brand)
    }
}

/// Lists the brands.
impl fmt::Debug for BrandSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A sequence of brand names.
#[cfg(feature = "serde")]
impl serde::Serialize for BrandSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for BrandSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> serde::de::Visitor<'de> for Names {
            type Value = BrandSet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of card brand names")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut names: A) -> Result<BrandSet, A::Error> {
                let mut set = BrandSet::EMPTY;
                while let Some(brand) = names.next_element()? {
                    set = set.with(brand);
                }
                Ok(set)
            }
        }

        deserializer.deserialize_seq(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payable_leaves_out_retired_transit_airline_and_disputed_brands() {
        for brand in [Brand::Visa, Brand::Jcb, Brand::DinersClub, Brand::Maestro, Brand::UnionPay] {
            assert!(BrandSet::PAYABLE.contains(brand), "{brand}");
        }
        for brand in [Brand::EnRoute, Brand::ChinaTUnion, Brand::Uatp, Brand::Napas, Brand::Elo] {
            assert!(!BrandSet::PAYABLE.contains(brand), "{brand}");
        }
    }

    #[test]
    fn set_operations() {
        let set = BrandSet::of(&[Brand::Visa, Brand::Elo]);
        assert_eq!(set.len(), 2);
        assert_eq!(set.without(Brand::Elo), Brand::Visa.into());
        assert!(set.intersects(Brand::Elo.into()));
        assert!(!set.intersects(Brand::Jcb.into()));
        assert_eq!(set.iter().collect::<BrandSet>(), set);
        assert_eq!(BrandSet::ALL.len(), Brand::ALL.len());
        assert_eq!(format!("{set:?}"), "{Visa, Elo}");
        assert!(BrandSet::EMPTY.is_empty());
    }
}
