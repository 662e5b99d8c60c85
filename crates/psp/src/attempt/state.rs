//! Where an attempt can stand.

use crate::text::named_variants;

/// Where an attempt stands.
///
/// ```text
/// Created --> Intent --> Sending --+--> Declined
///    |          |          |       +--> NotCharged
/// Abandoned  NotCharged    |       +--> Approved <--> Capturing --> Captured <--> Refunding --> Refunded
///                          v       |       ^ |
///                       InDoubt ---+       | v
///                          |               Voiding --> Voided
///                       NeedsPerson
/// ```
///
/// A capture, void or refund without an answer keeps its state and is looked up from there; too old, it
/// becomes [`NeedsPerson`](Self::NeedsPerson) as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// The order is taken; the caller is still keying.
    Created,
    /// The key and the deadline are fixed; nothing was sent.
    Intent,
    /// The request may be on its way.
    Sending,
    /// It was sent and there is no answer; it is being looked up.
    InDoubt,
    /// In doubt for too long: someone must look at it. It is still looked up every hour.
    NeedsPerson,
    /// The money is reserved.
    Approved,
    /// A capture may be on its way.
    Capturing,
    /// The money is taken.
    Captured,
    /// Declined; no money moved.
    Declined,
    /// Nothing was sent, or the provider has nothing: no money moved.
    NotCharged,
    /// A void may be on its way.
    Voiding,
    /// The reserved money was let go of.
    Voided,
    /// A refund may be on its way.
    Refunding,
    /// All the money was given back. After a part refund an attempt is `Captured` again.
    Refunded,
    /// Given up before anything was to be sent.
    Abandoned,
}

named_variants! { State,
    Created => "created",
    Intent => "intent",
    Sending => "sending",
    InDoubt => "in_doubt",
    NeedsPerson => "needs_person",
    Approved => "approved",
    Capturing => "capturing",
    Captured => "captured",
    Declined => "declined",
    NotCharged => "not_charged",
    Voiding => "voiding",
    Voided => "voided",
    Refunding => "refunding",
    Refunded => "refunded",
    Abandoned => "abandoned",
}

impl State {
    /// Whether the attempt is over: no money is held, and only an approval that comes to light can change it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Declined | Self::NotCharged | Self::Voided | Self::Refunded | Self::Abandoned)
    }

    /// Whether an order with an attempt in this state must not get another one: money is, or may be, held.
    #[must_use]
    pub const fn blocks_new_attempt(self) -> bool {
        !self.is_over()
    }

    /// Whether the merchant has to be told when an attempt arrives here.
    #[must_use]
    pub const fn is_reported(self) -> bool {
        match self {
            Self::InDoubt
            | Self::NeedsPerson
            | Self::Approved
            | Self::Captured
            | Self::Declined
            | Self::NotCharged
            | Self::Voided
            | Self::Refunded => true,
            Self::Created
            | Self::Intent
            | Self::Sending
            | Self::Capturing
            | Self::Voiding
            | Self::Refunding
            | Self::Abandoned => false,
        }
    }

    /// Whether a request's outcome is not known to us in this state.
    #[must_use]
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::InDoubt | Self::NeedsPerson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnknownName;

    #[test]
    fn names_read_back() {
        for &state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Ok(state));
        }
        assert_eq!(State::parse("InDoubt"), Err(UnknownName));
    }

    #[test]
    fn only_what_is_over_frees_the_order() {
        let free: Vec<_> = State::ALL.iter().filter(|state| !state.blocks_new_attempt()).collect();
        assert_eq!(
            free,
            [&State::Declined, &State::NotCharged, &State::Voided, &State::Refunded, &State::Abandoned]
        );
    }
}
