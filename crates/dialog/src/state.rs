use crate::{Field, Outcome, Phase};

/// The states of a dialog. What a state needs to know lives in it.
#[derive(Debug)]
pub(crate) enum State {
    Ringing,
    Securing(Then),
    /// Directed mode: the operator says what comes next.
    Waiting,
    Collecting(Collecting),
    LookingUp,
    Authorizing,
    /// The caller had hung up when the approval came: it is being taken back.
    Voiding,
    Closing(Outcome),
    Finished,
}

impl State {
    pub(crate) const fn phase(&self) -> Phase {
        match self {
            Self::Ringing => Phase::Ringing,
            Self::Securing(_) => Phase::Securing,
            Self::Waiting => Phase::Waiting,
            Self::Collecting(_) => Phase::Collecting,
            Self::LookingUp => Phase::LookingUp,
            Self::Authorizing => Phase::Authorizing,
            Self::Voiding => Phase::Voiding,
            Self::Closing(_) => Phase::Closing,
            Self::Finished => Phase::Finished,
        }
    }

    /// Whether the order and the card are still being taken: nothing has been sent anywhere.
    pub(crate) const fn is_taking(&self) -> bool {
        matches!(self, Self::Securing(_) | Self::Waiting | Self::Collecting(_) | Self::LookingUp)
    }

    /// Whether a key is used, at once or when the next field opens.
    pub(crate) const fn takes_keys(&self) -> bool {
        matches!(self, Self::Securing(_) | Self::Collecting(_) | Self::LookingUp)
    }
}

/// One field being asked for, over all its tries.
#[derive(Debug)]
pub(crate) struct Collecting {
    pub(crate) field: Field,
    /// Where its rules are in the script, see `Plan::rules_of`.
    pub(crate) rules: u8,
    /// Digits in the entry.
    pub(crate) digits: u8,
    pub(crate) no_input: u8,
    pub(crate) no_match: u8,
    /// An entry was just refused: keys that run on without a gap are the rest of it.
    pub(crate) running_on: bool,
    /// The caller has been asked to go on after a pause in the middle.
    pub(crate) nudged: bool,
    /// The last key was the clear key.
    pub(crate) cleared: bool,
    /// The menu of commands is open.
    pub(crate) menu: bool,
    /// The entry is the operator's key alone.
    pub(crate) zero: bool,
}

impl Collecting {
    pub(crate) const fn new(field: Field, rules: u8) -> Self {
        Self {
            field,
            rules,
            digits: 0,
            no_input: 0,
            no_match: 0,
            running_on: false,
            nudged: false,
            cleared: false,
            menu: false,
            zero: false,
        }
    }

    /// Whether an entry has begun and nothing but digits has happened to it.
    pub(crate) const fn is_plain(&self) -> bool {
        self.digits > 0 && !(self.running_on | self.cleared | self.menu | self.zero)
    }

    /// The security code does not even show how many digits it has.
    pub(crate) const fn digits_to_show(&self) -> u8 {
        match self.field {
            Field::SecurityCode => 0,
            _ => self.digits,
        }
    }
}

/// What follows once the line is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The script begins.
    Begin,
    /// The field that the operator wants is asked for.
    Capture(Field),
}
