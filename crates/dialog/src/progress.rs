use paytone_card::{Brand, MaskedPan};

use crate::{Field, Phase};

/// What a screen may show about a dialog: how many digits, never which.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Progress {
    pub(crate) sequence: u32,
    pub(crate) phase: Phase,
    pub(crate) field: Option<Field>,
    pub(crate) digits: u8,
    pub(crate) brand: Option<Brand>,
    pub(crate) last_four: Option<MaskedPan>,
    pub(crate) authorizations: u8,
    pub(crate) held: bool,
}

impl Progress {
    pub(crate) const fn new() -> Self {
        Self {
            sequence: 0,
            phase: Phase::Ringing,
            field: None,
            digits: 0,
            brand: None,
            last_four: None,
            authorizations: 0,
            held: false,
        }
    }

    /// Grows by one with every report, so that a gap or a repetition shows.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Where the dialog stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The open field, while the phase is [`Phase::Collecting`].
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        self.field
    }

    /// How many digits the open field has; always 0 for the security code.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.digits
    }

    /// The card's brand, once it is certain.
    #[must_use]
    pub const fn brand(&self) -> Option<Brand> {
        self.brand
    }

    /// The last four digits of the card number, once the whole number is accepted.
    #[must_use]
    pub const fn last_four(&self) -> Option<&MaskedPan> {
        self.last_four.as_ref()
    }

    /// How many times the provider has been asked.
    #[must_use]
    pub const fn authorizations(&self) -> u8 {
        self.authorizations
    }

    /// Whether the far end has the call on hold.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }
}
