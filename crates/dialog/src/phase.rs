use core::fmt;

/// Where a dialog stands, coarsely: what a screen or a log line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Phase {
    /// The call is not answered yet.
    Ringing,
    /// The media side has been asked to hide the keys and has not confirmed it.
    Securing,
    /// The operator says what comes next.
    Waiting,
    /// A field is open and the caller's keys go into it.
    Collecting,
    /// The order code has been handed out and its order is being looked for.
    LookingUp,
    /// The card has been handed out and the verdict is awaited: money may be moving.
    Authorizing,
    /// The payment was approved after the caller had hung up, and is being taken back.
    Voiding,
    /// The outcome is decided and is being spoken.
    Closing,
    /// Nothing follows.
    Finished,
}

impl Phase {
    /// The name used in reports and logs, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Securing => "securing",
            Self::Waiting => "waiting",
            Self::Collecting => "collecting",
            Self::LookingUp => "looking_up",
            Self::Authorizing => "authorizing",
            Self::Voiding => "voiding",
            Self::Closing => "closing",
            Self::Finished => "finished",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the caller's keys are hidden from everybody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum SecureState {
    /// They are not.
    #[default]
    Clear,
    /// The media side has been asked to hide them.
    Securing,
    /// They are hidden, and the media side has said so.
    Secured,
    /// They need not be hidden any more, and the media side has been told.
    Releasing,
    /// The media side said that it cannot hide them.
    Refused,
}

impl SecureState {
    /// The name used in reports and logs, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Securing => "securing",
            Self::Secured => "secured",
            Self::Releasing => "releasing",
            Self::Refused => "refused",
        }
    }
}
