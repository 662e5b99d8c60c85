use paytone_card::Brand;

use super::Language;
use crate::{Mode, Outcome};

/// What the choice of words for a prompt may depend on, besides the prompt itself and what was said just before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    pub(crate) language: Language,
    pub(crate) mode: Mode,
    pub(crate) attempt: u8,
    pub(crate) is_last_attempt: bool,
    pub(crate) brand: Option<Brand>,
    pub(crate) outcome: Option<Outcome>,
}

impl Situation {
    /// The beginning of a dialog in this language, driven by its script.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self { language, ..Self::default() }
    }

    /// With another driver.
    #[must_use]
    pub const fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// At the given try at a field, counted from 1; whether one more silence or mistake ends the dialog.
    #[must_use]
    pub const fn with_attempt(self, attempt: u8, is_last: bool) -> Self {
        Self { attempt, is_last_attempt: is_last, ..self }
    }

    /// With a card of this brand in hand.
    #[must_use]
    pub const fn with_brand(self, brand: Option<Brand>) -> Self {
        Self { brand, ..self }
    }

    /// With the outcome settled.
    #[must_use]
    pub const fn with_outcome(self, outcome: &Outcome) -> Self {
        Self { outcome: Some(*outcome), ..self }
    }

    /// The language that is spoken.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The try at the open field, counted from 1; 0 where no field is open.
    #[must_use]
    pub const fn attempt(&self) -> u8 {
        self.attempt
    }

    /// The brand of the card, once it is certain.
    #[must_use]
    pub const fn brand(&self) -> Option<Brand> {
        self.brand
    }
}
