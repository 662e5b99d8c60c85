use alloc::sync::Arc;
use core::time::Duration;

use crate::phrase::Situation;
use crate::{OrderCode, Outcome, Payment, Progress, Prompt};

/// What a [`Dialog`](crate::Dialog) wants done. `Debug` shows no digit that the caller keyed.
///
/// Every one has to be met: an action that falls through unseen is a step of the call that does not happen.
#[derive(Debug)]
pub enum Action {
    /// Hide the keys from everybody but the dialog, then answer with
    /// [`Secured`](crate::Event::Secured) or [`SecureRefused`](crate::Event::SecureRefused).
    Secure,
    /// Leave secure mode, or give up entering it.
    Release,
    /// Speak these prompts one after the other. Nothing else is playing when this comes out.
    Play {
        /// Comes back in [`PromptDone`](crate::Event::PromptDone).
        id: PlayId,
        /// At least one.
        prompts: Arc<[Prompt]>,
        /// What the choice of words depends on, see [`Phrasebook`](crate::phrase::Phrasebook).
        situation: Situation,
    },
    /// Be silent at once; no [`PromptDone`](crate::Event::PromptDone) is expected for what was playing.
    StopPlaying,
    /// Find the order of this code.
    LookUpOrder(OrderCode),
    /// Ask the provider. The card is handed over: the dialog keeps no copy.
    Authorize(Payment),
    /// Take back the payment that was just approved, and answer with a [`Verdict`](crate::Verdict).
    Void,
    /// The caller was asked whether the card may be stored, and answered: for the audit.
    Consent {
        /// Whether the caller agreed.
        given: bool,
        /// When, since the Unix epoch.
        at: Duration,
    },
    /// Listen more patiently: a tone that comes twice is one key.
    SlowMode(bool),
    /// Something that a screen shows has changed.
    Report(Progress),
    /// Give the call back to the operator.
    ReturnToOperator,
    /// End the call.
    HangUp,
    /// The last action, once for every dialog.
    Finished(Outcome),
}

/// Tells one [`Play`](Action::Play) from another within a dialog; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlayId(u32);

impl PlayId {
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }
}
