use core::fmt;

/// A card scheme, as recognised from the first digits of the number.
///
/// The list grows: new brands are not a breaking change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Brand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    AmericanExpress,
    /// JCB.
    Jcb,
    /// Diners Club International.
    DinersClub,
    /// Discover.
    Discover,
    /// UnionPay.
    UnionPay,
    /// Maestro: debit, often without a security code.
    Maestro,
    /// RuPay (India).
    RuPay,
    /// Mir (Russia).
    Mir,
    /// Troy (Türkiye).
    Troy,
    /// Verve (Nigeria).
    Verve,
    /// Elo (Brazil).
    Elo,
    /// Hipercard (Brazil).
    Hipercard,
    /// Hiper (Brazil).
    Hiper,
    /// UATP: airline accounts, without a security code.
    Uatp,
    /// Dankort (Denmark).
    Dankort,
    /// InterPayment.
    InterPayment,
    /// InstaPayment.
    InstaPayment,
    /// UkrCard (Ukraine).
    UkrCard,
    /// BORICA (Bulgaria).
    Borica,
    /// Carte Bancaire (France): always a co-brand of another one, and not visible in the prefix.
    CarteBancaire,
    /// China T-Union: transit, not for payment.
    ChinaTUnion,
    /// LankaPay (Sri Lanka): domestic, without a check digit.
    LankaPay,
    /// UzCard (Uzbekistan): domestic, without a check digit.
    UzCard,
    /// Humo (Uzbekistan): domestic, without a check digit.
    Humo,
    /// Napas (Vietnam): domestic, without a check digit.
    Napas,
    /// enRoute: retired, without a check digit.
    EnRoute,
    /// Solo: retired.
    Solo,
    /// Switch: retired.
    Switch,
    /// Laser: retired.
    Laser,
    /// Bankcard (Australia): retired.
    Bankcard,
}

/// Whether cards of a brand carry a security code, and of how many digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecurityCodeRule {
    /// Every card has a code of this many digits.
    Required(u8),
    /// Some cards have a code of this many digits.
    Optional(u8),
    /// No card has one.
    None,
}

impl Brand {
    /// Every brand, in the order of the enum.
    pub const ALL: &'static [Self] = &[
        Self::Visa,
        Self::Mastercard,
        Self::AmericanExpress,
        Self::Jcb,
        Self::DinersClub,
        Self::Discover,
        Self::UnionPay,
        Self::Maestro,
        Self::RuPay,
        Self::Mir,
        Self::Troy,
        Self::Verve,
        Self::Elo,
        Self::Hipercard,
        Self::Hiper,
        Self::Uatp,
        Self::Dankort,
        Self::InterPayment,
        Self::InstaPayment,
        Self::UkrCard,
        Self::Borica,
        Self::CarteBancaire,
        Self::ChinaTUnion,
        Self::LankaPay,
        Self::UzCard,
        Self::Humo,
        Self::Napas,
        Self::EnRoute,
        Self::Solo,
        Self::Switch,
        Self::Laser,
        Self::Bankcard,
    ];

    /// The name for machines: lower case, words joined by a dash, as in `"american-express"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.names().0
    }

    /// The name for people, as in `"American Express"`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.names().1
    }

    /// The brand of a [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|brand| brand.name() == name)
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Visa => ("visa", "Visa"),
            Self::Mastercard => ("mastercard", "Mastercard"),
            Self::AmericanExpress => ("american-express", "American Express"),
            Self::Jcb => ("jcb", "JCB"),
            Self::DinersClub => ("diners-club", "Diners Club"),
            Self::Discover => ("discover", "Discover"),
            Self::UnionPay => ("unionpay", "UnionPay"),
            Self::Maestro => ("maestro", "Maestro"),
            Self::RuPay => ("rupay", "RuPay"),
            Self::Mir => ("mir", "Mir"),
            Self::Troy => ("troy", "Troy"),
            Self::Verve => ("verve", "Verve"),
            Self::Elo => ("elo", "Elo"),
            Self::Hipercard => ("hipercard", "Hipercard"),
            Self::Hiper => ("hiper", "Hiper"),
            Self::Uatp => ("uatp", "UATP"),
            Self::Dankort => ("dankort", "Dankort"),
            Self::InterPayment => ("interpayment", "InterPayment"),
            Self::InstaPayment => ("instapayment", "InstaPayment"),
            Self::UkrCard => ("ukrcard", "UkrCard"),
            Self::Borica => ("borica", "BORICA"),
            Self::CarteBancaire => ("carte-bancaire", "Carte Bancaire"),
            Self::ChinaTUnion => ("china-t-union", "China T-Union"),
            Self::LankaPay => ("lankapay", "LankaPay"),
            Self::UzCard => ("uzcard", "UzCard"),
            Self::Humo => ("humo", "Humo"),
            Self::Napas => ("napas", "Napas"),
            Self::EnRoute => ("enroute", "enRoute"),
            Self::Solo => ("solo", "Solo"),
            Self::Switch => ("switch", "Switch"),
            Self::Laser => ("laser", "Laser"),
            Self::Bankcard => ("bankcard", "Bankcard"),
        }
    }

    /// The security code of this brand's cards.
    #[must_use]
    pub const fn security_code(self) -> SecurityCodeRule {
        match self {
            Self::AmericanExpress => SecurityCodeRule::Required(4),
            Self::Maestro | Self::Solo | Self::Switch | Self::Laser | Self::Bankcard => {
                SecurityCodeRule::Optional(3)
            }
            Self::Uatp | Self::ChinaTUnion | Self::UzCard | Self::Humo | Self::Napas | Self::EnRoute => {
                SecurityCodeRule::None
            }
            _ => SecurityCodeRule::Required(3),
        }
    }

    /// Whether this brand's numbers end in a Luhn check digit (ISO/IEC 7812-1 annex B).
    ///
    /// `false` for brands issued without one; also for UnionPay and Verve, whose older ranges are.
    #[must_use]
    pub const fn always_has_check_digit(self) -> bool {
        !matches!(
            self,
            Self::UnionPay
                | Self::Verve
                | Self::LankaPay
                | Self::UzCard
                | Self::Humo
                | Self::Napas
                | Self::EnRoute
        )
    }

    /// Whether the brand is taken unless a policy says otherwise: not when it is retired, for transit only,
    /// for airline accounts, domestic without a check digit, or one whose ranges other sources give to another
    /// brand ([`Dispute`](crate::Dispute)).
    #[must_use]
    pub const fn is_payable(self) -> bool {
        !matches!(
            self,
            Self::RuPay
                | Self::Verve
                | Self::Elo
                | Self::Borica
                | Self::Uatp
                | Self::ChinaTUnion
                | Self::LankaPay
                | Self::UzCard
                | Self::Humo
                | Self::Napas
                | Self::EnRoute
                | Self::Solo
                | Self::Switch
                | Self::Laser
                | Self::Bankcard
        )
    }
}

/// Writes the [`label`](Brand::label).
impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Brand {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Brand {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::named_text::deserialize(deserializer, "the name of a card brand", |name| {
            Self::from_name(name).ok_or("not the name of a card brand")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_lead_back_to_the_brand() {
        for &brand in Brand::ALL {
            assert!(brand.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{brand}");
            assert_eq!(Brand::from_name(brand.name()), Some(brand));
        }
    }

    #[test]
    fn all_is_in_the_order_of_the_enum_without_gaps() {
        for (index, &brand) in Brand::ALL.iter().enumerate() {
            assert_eq!(brand as usize, index);
        }
        assert_eq!(Brand::ALL.last(), Some(&Brand::Bankcard));
    }

    #[test]
    fn display_honours_width() {
        assert_eq!(format!("[{:<6}]", Brand::Jcb), "[JCB   ]");
    }

    #[test]
    fn security_codes_follow_the_brand() {
        assert_eq!(Brand::AmericanExpress.security_code(), SecurityCodeRule::Required(4));
        assert_eq!(Brand::Visa.security_code(), SecurityCodeRule::Required(3));
        assert_eq!(Brand::Maestro.security_code(), SecurityCodeRule::Optional(3));
        assert_eq!(Brand::Uatp.security_code(), SecurityCodeRule::None);
    }
}
