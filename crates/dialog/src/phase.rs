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
    /// A field is open and the caller's keys go into it.
    Collecting,
    /// The order code has been handed out and its order is being looked for.
    LookingUp,
    /// The card has been handed out and the verdict is awaited: money may be moving.
    Authorizing,
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
            Self::Collecting => "collecting",
            Self::LookingUp => "looking_up",
            Self::Authorizing => "authorizing",
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
