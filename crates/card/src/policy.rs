use crate::pan::check;
use crate::{Brand, BrandSet, Dispute, InvalidPan, IssuerRange, LengthSet};

/// When the Luhn check digit has to be right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LuhnPolicy {
    /// Always. Numbers of brands issued without a check digit are then mostly refused.
    #[default]
    Required,
    /// Except for brands of which some or all numbers are issued without one
    /// ([`Brand::always_has_check_digit`]).
    BrandDefault,
    /// Never: for providers whose sandbox wants numbers that fail it.
    Off,
}

/// What card numbers a merchant takes.
///
/// The default wants the check digit, takes every payable brand ([`BrandSet::PAYABLE`]) in the lengths issued
/// today, refuses what published sources do not agree on ([`Dispute`]), and makes no difference between real cards and published test numbers.
///
/// ```
/// use paytone_card::{Brand, BrandSet, InvalidPan, Pan, PanPolicy};
///
/// let policy = PanPolicy::default().with_accepted(BrandSet::of(&[Brand::Jcb, Brand::Mastercard]));
/// assert_eq!(Pan::parse(b"3530111333300000", &policy).unwrap().brand(), Brand::Jcb);
/// assert_eq!(
///     Pan::parse(b"4111111111111111", &policy).unwrap_err(),
///     InvalidPan::BrandNotAccepted(Brand::Visa)
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PanPolicy {
    luhn: LuhnPolicy,
    accepted: BrandSet,
    /// One bit per [`Dispute`] that is allowed.
    disputed: u16,
    rare_lengths: bool,
    test_numbers_only: bool,
}

impl Default for PanPolicy {
    fn default() -> Self {
        Self {
            luhn: LuhnPolicy::Required,
            accepted: BrandSet::PAYABLE,
            disputed: 0,
            rare_lengths: false,
            test_numbers_only: false,
        }
    }
}

impl PanPolicy {
    /// Sets when the check digit has to be right.
    #[must_use]
    pub const fn with_luhn(mut self, luhn: LuhnPolicy) -> Self {
        self.luhn = luhn;
        self
    }

    /// Sets the brands that are taken. A card with several brands is taken when one of them is.
    #[must_use]
    pub const fn with_accepted(mut self, accepted: BrandSet) -> Self {
        self.accepted = accepted;
        self
    }

    /// Also takes lengths that are no longer issued or rarely seen, such as Visa with 13 or 18 digits.
    #[must_use]
    pub const fn with_rare_lengths(mut self, rare_lengths: bool) -> Self {
        self.rare_lengths = rare_lengths;
        self
    }

    /// Allows what published sources do not agree on. Brands that come with it are added to the accepted ones,
    /// so this goes after [`with_accepted`](Self::with_accepted).
    #[must_use]
    pub const fn with_disputed(mut self, dispute: Dispute) -> Self {
        self.disputed |= 1 << dispute as u8;
        self.accepted = self.accepted.union(dispute.brands());
        self
    }

    /// Takes published test numbers only ([`crate::test_numbers`]): a simulator must never see a real card.
    #[must_use]
    pub const fn with_test_numbers_only(mut self, test_numbers_only: bool) -> Self {
        self.test_numbers_only = test_numbers_only;
        self
    }

    /// When the check digit has to be right.
    #[must_use]
    pub const fn luhn(&self) -> LuhnPolicy {
        self.luhn
    }

    /// The brands that are taken.
    #[must_use]
    pub const fn accepted(&self) -> BrandSet {
        self.accepted
    }

    /// Whether rarely seen lengths are taken.
    #[must_use]
    pub const fn rare_lengths(&self) -> bool {
        self.rare_lengths
    }

    /// Whether a disputed point is allowed.
    #[must_use]
    pub const fn allows(&self, dispute: Dispute) -> bool {
        self.disputed & (1 << dispute as u8) != 0
    }

    /// Whether only published test numbers are taken.
    #[must_use]
    pub const fn test_numbers_only(&self) -> bool {
        self.test_numbers_only
    }

    /// Checks a whole number given as ASCII digits without keeping it, and tells its brand.
    ///
    /// # Errors
    ///
    /// As for [`Pan::parse`](crate::Pan::parse).
    #[inline]
    pub fn check(&self, ascii: &[u8]) -> Result<Brand, InvalidPan> {
        check(ascii, self).map(|(_, brand)| brand)
    }

    /// The brand a number in `range` is taken as: its own if that is accepted, else an accepted co-brand.
    #[inline]
    pub(crate) fn brand_of(&self, range: &IssuerRange) -> Option<Brand> {
        if self.accepted.contains(range.brand()) && self.disputed == 0 {
            return Some(range.brand());
        }
        self.any_brand_of(range)
    }

    #[cold]
    fn any_brand_of(&self, range: &IssuerRange) -> Option<Brand> {
        let brands = range.brands().intersection(self.accepted);
        let shared = range.brand() == Brand::UnionPay && self.allows(Dispute::DiscoverOfUnionPay);
        if shared && brands.contains(Brand::Discover) {
            return Some(Brand::Discover);
        }
        if brands.contains(range.brand()) {
            return Some(range.brand());
        }
        brands.iter().next()
    }

    /// The lengths a number in `range` may have.
    #[inline]
    pub(crate) const fn lengths_of(&self, range: &IssuerRange) -> LengthSet {
        if self.rare_lengths {
            return range.lengths().union(range.rare_lengths());
        }
        if self.disputed == 0 || range.brand() as u8 != Brand::Visa as u8 {
            return range.lengths();
        }
        let mut allowed = LengthSet::EMPTY;
        if self.allows(Dispute::VisaOfThirteenDigits) {
            allowed = allowed.union(LengthSet::of(&[13]));
        }
        if self.allows(Dispute::VisaOfEighteenDigits) {
            allowed = allowed.union(LengthSet::of(&[18]));
        }
        range.lengths().union(range.rare_lengths().intersection(allowed))
    }

    /// Whether the check digit of a number of this brand has to be right.
    pub(crate) fn wants_check_digit(&self, brand: Brand) -> bool {
        let wanted = match self.luhn {
            LuhnPolicy::Required => true,
            LuhnPolicy::BrandDefault => brand.always_has_check_digit(),
            LuhnPolicy::Off => false,
        };
        let waived =
            |dispute: &Dispute| self.allows(*dispute) && dispute.without_check_digit().contains(brand);
        wanted && (self.disputed == 0 || !Dispute::ALL.iter().any(waived))
    }
}
