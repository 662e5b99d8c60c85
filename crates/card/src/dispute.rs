use crate::{Brand, BrandSet};

/// A point on which published sources differ.
///
/// The crate recognises all of these numbers; unless a policy allows one
/// ([`PanPolicy::with_disputed`](crate::PanPolicy::with_disputed)) it is refused with its own reason, or read
/// the first way.
///
/// ```
/// use paytone_card::{Brand, Dispute, InvalidPan, Pan, PanPolicy};
///
/// let number = b"5066991111111118";
/// let policy = PanPolicy::default();
/// assert_eq!(policy.check(number), Err(InvalidPan::BrandNotAccepted(Brand::Elo)));
/// assert_eq!(policy.with_disputed(Dispute::Elo).check(number), Ok(Brand::Elo));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Dispute {
    /// Some UnionPay cards are said to be issued without a Luhn check digit, and validators skip it for the
    /// brand. Refused as [`InvalidPan::CheckDigit`](crate::InvalidPan::CheckDigit).
    UnionPayWithoutCheckDigit,
    /// Visa cards had 13 digits once; validators refuse them, test number lists still have them. Refused as
    /// [`InvalidPan::Length`](crate::InvalidPan::Length).
    VisaOfThirteenDigits,
    /// Some tables give Visa 18 digits, next to 16 and 19; no current programme is known. Refused as
    /// [`InvalidPan::Length`](crate::InvalidPan::Length).
    VisaOfEighteenDigits,
    /// 622126 to 622925 are UnionPay cards that Discover takes by agreement. Read as UnionPay; allowed, as
    /// Discover where that is accepted.
    DiscoverOfUnionPay,
    /// RuPay's 60, 508, 6521 to 6522, 81 (from 8172) and 82 are Maestro, Discover or nothing elsewhere. Refused as
    /// [`InvalidPan::BrandNotAccepted`](crate::InvalidPan::BrandNotAccepted), or taken as an accepted co-brand.
    RuPay,
    /// Verve's ranges are Maestro or Discover elsewhere. Refused as
    /// [`InvalidPan::BrandNotAccepted`](crate::InvalidPan::BrandNotAccepted).
    Verve,
    /// Elo's many small ranges are Visa, Maestro or Discover elsewhere. Refused as
    /// [`InvalidPan::BrandNotAccepted`](crate::InvalidPan::BrandNotAccepted).
    Elo,
    /// 2205 is BORICA here, Mir in other tables. Refused as
    /// [`InvalidPan::BrandNotAccepted`](crate::InvalidPan::BrandNotAccepted).
    Borica,
    /// LankaPay, UzCard, Humo and Napas are issued without a check digit; other tables leave them out. Refused
    /// as [`InvalidPan::BrandNotAccepted`](crate::InvalidPan::BrandNotAccepted); allowed, also without it.
    DomesticWithoutCheckDigit,
}

impl Dispute {
    /// Every one, in the order of the enum.
    pub const ALL: &'static [Self] = &[
        Self::UnionPayWithoutCheckDigit,
        Self::VisaOfThirteenDigits,
        Self::VisaOfEighteenDigits,
        Self::DiscoverOfUnionPay,
        Self::RuPay,
        Self::Verve,
        Self::Elo,
        Self::Borica,
        Self::DomesticWithoutCheckDigit,
    ];

    /// The brands that are taken when it is allowed and are not otherwise.
    pub(crate) const fn brands(self) -> BrandSet {
        match self {
            Self::RuPay => BrandSet::EMPTY.with(Brand::RuPay),
            Self::Verve => BrandSet::EMPTY.with(Brand::Verve),
            Self::Elo => BrandSet::EMPTY.with(Brand::Elo),
            Self::Borica => BrandSet::EMPTY.with(Brand::Borica),
            Self::DomesticWithoutCheckDigit => DOMESTIC,
            _ => BrandSet::EMPTY,
        }
    }

    /// The brands whose check digit is not looked at when it is allowed.
    pub(crate) const fn without_check_digit(self) -> BrandSet {
        match self {
            Self::UnionPayWithoutCheckDigit => BrandSet::EMPTY.with(Brand::UnionPay),
            Self::DomesticWithoutCheckDigit => DOMESTIC,
            _ => BrandSet::EMPTY,
        }
    }
}

const DOMESTIC: BrandSet = BrandSet::of(&[Brand::LankaPay, Brand::UzCard, Brand::Humo, Brand::Napas]);
