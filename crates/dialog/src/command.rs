use crate::{Field, Mode};

/// What an operator can tell a dialog to do. All of them count in both modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Go on in this mode; an open field stays open.
    Mode(Mode),
    /// Ask for this field, now. What it had before is wiped first.
    Capture(Field),
    /// Wipe what this field has.
    Clear(Field),
    /// Go on without this field, which the script has made optional.
    Skip(Field),
    /// Say again what the open field asks for.
    Repeat,
    /// Wait longer for keys, and have doubled tones heard as one: `true` switches it on.
    SlowMode(bool),
    /// Leave secure mode, so that caller and operator can talk. An open entry is wiped; complete ones stay. From then on
    /// the operator drives, and the next card field secures the line again.
    Talk,
    /// Ask the provider, now that nothing is missing.
    Submit,
    /// The caller is on the line: the operator's part of a hand-over that needs both.
    HandOver,
    /// End the dialog and say so.
    Cancel,
    /// End the dialog without a word: the operator goes on with the caller.
    TakeBack,
}

/// Why a [`Command`] was not followed. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandRefused {
    /// The call is not up yet, or the line is still being secured, or an order still being looked for.
    #[error("the dialog is not ready for commands yet")]
    NotReady,
    /// The card is with the provider: its answer has to come first.
    #[error("the provider is being asked")]
    Authorizing,
    /// The outcome is decided.
    #[error("the dialog is over")]
    Over,
    /// The script does not ask for this field.
    #[error("the field is not one of the script's")]
    NotAField,
    /// The field may not be left out.
    #[error("the field is not optional")]
    NotOptional,
    /// The field needs another one first: the security code needs the card number.
    #[error("another field has to come first")]
    TooEarly,
    /// Something is missing that is needed.
    #[error("a field is missing")]
    Incomplete,
    /// Nothing is open, so there is nothing to repeat or hand over.
    #[error("no field is open")]
    NothingOpen,
}

impl CommandRefused {
    /// The name used in reports and logs, in kebab case: `not-ready` and so on.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotReady => "not-ready",
            Self::Authorizing => "authorizing",
            Self::Over => "over",
            Self::NotAField => "not-a-field",
            Self::NotOptional => "not-optional",
            Self::TooEarly => "too-early",
            Self::Incomplete => "incomplete",
            Self::NothingOpen => "nothing-open",
        }
    }
}
