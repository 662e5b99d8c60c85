use core::time::Duration;

use paytone_card::{Brand, MaskedPan};

use crate::{Field, FieldSet, Mode, Phase, SecureState};

/// What a screen may show about a dialog: how many digits, never which.
///
/// Each is whole in itself and numbered, so that a screen that missed some shows the truth again with the next, and a
/// record of all replays the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Progress {
    pub(crate) sequence: u32,
    pub(crate) phase: Phase,
    #[cfg_attr(feature = "serde", serde(serialize_with = "milliseconds"))]
    /// In nanoseconds since the Unix epoch, which takes half the room.
    pub(crate) phase_since: u64,
    pub(crate) mode: Mode,
    pub(crate) secure: SecureState,
    pub(crate) field: Option<Field>,
    pub(crate) menu: bool,
    pub(crate) digits: u8,
    pub(crate) missing: FieldSet,
    pub(crate) brand: Option<Brand>,
    pub(crate) last_four: Option<MaskedPan>,
    pub(crate) authorizations: u8,
    pub(crate) held: bool,
    pub(crate) no_key_heard: bool,
    pub(crate) slow: bool,
}

impl Progress {
    pub(crate) const fn new() -> Self {
        Self {
            sequence: 0,
            phase: Phase::Ringing,
            phase_since: 0,
            mode: Mode::Automatic,
            secure: SecureState::Clear,
            field: None,
            menu: false,
            digits: 0,
            missing: FieldSet::of(&[]),
            brand: None,
            last_four: None,
            authorizations: 0,
            held: false,
            no_key_heard: false,
            slow: false,
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

    /// Since when it stands there, since the Unix epoch; serialised in milliseconds.
    #[must_use]
    pub const fn phase_since(&self) -> Duration {
        Duration::from_nanos(self.phase_since)
    }

    /// Who says what comes next.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the caller's keys are hidden.
    #[must_use]
    pub const fn secure(&self) -> SecureState {
        self.secure
    }

    /// The open field, while the phase is [`Phase::Collecting`].
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        self.field
    }

    /// Whether the caller is in the menu of commands, above the open field.
    #[must_use]
    pub const fn is_in_menu(&self) -> bool {
        self.menu
    }

    /// How many digits the open field has; always 0 for the security code.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.digits
    }

    /// What is still to be asked for.
    #[must_use]
    pub const fn missing(&self) -> FieldSet {
        self.missing
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

    /// Whether two tries have passed without a single key in the whole call: the telephone may send none.
    #[must_use]
    pub const fn no_key_heard(&self) -> bool {
        self.no_key_heard
    }

    /// Whether keys are heard patiently.
    #[must_use]
    pub const fn is_slow(&self) -> bool {
        self.slow
    }
}

#[cfg(feature = "serde")]
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn milliseconds<S: serde::Serializer>(at: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(at / 1_000_000)
}
