use crate::{Field, Outcome, Phase};

/// The states of a dialog. What a state needs to know lives in it.
#[derive(Debug)]
pub(crate) enum State {
    Ringing,
    Securing,
    Collecting(Collecting),
    LookingUp,
    Authorizing,
    Closing(Outcome),
    Finished,
}

impl State {
    pub(crate) const fn phase(&self) -> Phase {
        match self {
            Self::Ringing => Phase::Ringing,
            Self::Securing => Phase::Securing,
            Self::Collecting(_) => Phase::Collecting,
            Self::LookingUp => Phase::LookingUp,
            Self::Authorizing => Phase::Authorizing,
            Self::Closing(_) => Phase::Closing,
            Self::Finished => Phase::Finished,
        }
    }

    /// Whether a key is used, at once or when the next field opens.
    pub(crate) const fn takes_keys(&self) -> bool {
        matches!(self, Self::Securing | Self::Collecting(_) | Self::LookingUp)
    }
}

/// One field being asked for, over all its tries.
#[derive(Debug)]
pub(crate) struct Collecting {
    pub(crate) field: Field,
    /// Digits in the entry.
    pub(crate) digits: u8,
    pub(crate) no_input: u8,
    pub(crate) no_match: u8,
    /// An entry was just refused: keys that run on without a gap are the rest of it.
    pub(crate) running_on: bool,
}

impl Collecting {
    pub(crate) const fn new(field: Field) -> Self {
        Self { field, digits: 0, no_input: 0, no_match: 0, running_on: false }
    }

    /// The security code does not even show how many digits it has.
    pub(crate) const fn digits_to_show(&self) -> u8 {
        match self.field {
            Field::SecurityCode => 0,
            _ => self.digits,
        }
    }
}

/// How the keys are hidden from everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secure {
    Off,
    Asked,
    On,
    Refused,
}

/// Which parts of the card are still to be keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) pan: bool,
    pub(crate) expiry: bool,
    pub(crate) security_code: bool,
}

impl Missing {
    pub(crate) const ALL: Self = Self { pan: true, expiry: true, security_code: true };
    /// A security code is never kept for a second authorisation, so it always comes with the others.
    pub(crate) const PAN: Self = Self { expiry: false, ..Self::ALL };
    pub(crate) const EXPIRY: Self = Self { pan: false, ..Self::ALL };
    pub(crate) const SECURITY_CODE: Self = Self { pan: false, expiry: false, security_code: true };

    pub(crate) const fn first(self) -> Option<Field> {
        match self {
            Self { pan: true, .. } => Some(Field::Pan),
            Self { expiry: true, .. } => Some(Field::Expiry),
            Self { security_code: true, .. } => Some(Field::SecurityCode),
            _ => None,
        }
    }

    pub(crate) const fn fill(&mut self, field: Field) {
        match field {
            Field::Pan => self.pan = false,
            Field::Expiry => self.expiry = false,
            Field::SecurityCode => self.security_code = false,
            Field::OrderCode => {}
        }
    }
}
