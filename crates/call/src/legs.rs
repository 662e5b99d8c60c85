//! Who is on the call, and what each of them hears.

/// Who is at the far end of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Pays. Only this one's keys count while the card is taken.
    Caller,
    /// Works for the merchant and must not learn the card.
    Operator,
    /// Stores what it hears.
    Recorder,
}

/// How the legs meet, which decides what can be promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Topology {
    /// The operator has handed the caller over and is gone: there is one leg, the caller's.
    #[default]
    Transfer,
    /// The operator's switchboard mixes operator and caller into one leg. Nothing can be masked there: a card is only
    /// asked for after both have agreed to the hand-over, which the script has to demand
    /// ([`HandOver::CallerAndOperator`](paytone_dialog::HandOver::CallerAndOperator)); otherwise secure mode is refused.
    Conference,
    /// Caller, operator and recorder have legs of their own that meet here. Keys are masked towards operator and
    /// recorder from answer to hang-up, in secure mode and outside.
    Bridge,
}

/// Whether operator and recorder hear the caller speak while the card is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SecureSpeech {
    /// They do, keys masked: operator and caller can talk meanwhile.
    #[default]
    Heard,
    /// They do not: a caller who reads the number aloud is not heard either.
    Cut,
}

/// What one leg hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hears {
    /// The caller, keys masked. Nobody hears the keys.
    pub caller: bool,
    /// The operator.
    pub operator: bool,
    /// The prompts.
    pub prompts: bool,
}

impl Topology {
    /// What the leg of this role hears, in secure mode or outside.
    ///
    /// ```
    /// use paytone_call::{Role, SecureSpeech, Topology};
    ///
    /// let operator = Topology::Bridge.hears(Role::Operator, true, SecureSpeech::Cut);
    /// assert!(!operator.caller && !operator.prompts);
    /// ```
    #[must_use]
    pub const fn hears(self, role: Role, secure: bool, speech: SecureSpeech) -> Hears {
        let is_bridge = matches!(self, Self::Bridge);
        let is_cut = secure && matches!(speech, SecureSpeech::Cut);
        match role {
            Role::Caller => Hears { caller: false, operator: is_bridge, prompts: true },
            Role::Operator => Hears { caller: is_bridge && !is_cut, operator: false, prompts: false },
            Role::Recorder => Hears { caller: !is_cut, operator: is_bridge, prompts: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_leg_hears() {
        let row = |topology: Topology, role, secure, speech| {
            let Hears { caller, operator, prompts } = topology.hears(role, secure, speech);
            [caller, operator, prompts]
        };
        use Role::{Caller, Operator, Recorder};
        use SecureSpeech::{Cut, Heard};
        for secure in [true, false] {
            for speech in [Heard, Cut] {
                let cut = secure && speech == Cut;
                assert_eq!(row(Topology::Bridge, Caller, secure, speech), [false, true, true]);
                assert_eq!(row(Topology::Bridge, Operator, secure, speech), [!cut, false, false]);
                assert_eq!(row(Topology::Bridge, Recorder, secure, speech), [!cut, true, true]);
                for alone in [Topology::Transfer, Topology::Conference] {
                    assert_eq!(row(alone, Caller, secure, speech), [false, false, true]);
                    assert_eq!(row(alone, Operator, secure, speech), [false; 3]);
                    assert_eq!(row(alone, Recorder, secure, speech), [!cut, false, true]);
                }
            }
        }
    }
}
