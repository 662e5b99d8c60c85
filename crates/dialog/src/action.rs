use alloc::vec::Vec;

use paytone_card::Card;

use crate::phrase::Situation;
use crate::{OrderCode, Outcome, Progress, Prompt};

/// What a [`Dialog`](crate::Dialog) wants done. `Debug` shows no digit that the caller keyed.
#[derive(Debug)]
#[non_exhaustive]
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
        prompts: Vec<Prompt>,
        /// What the choice of words depends on, see [`Phrasebook`](crate::phrase::Phrasebook).
        situation: Situation,
    },
    /// Be silent at once; no [`PromptDone`](crate::Event::PromptDone) is expected for what was playing.
    StopPlaying,
    /// Find the order of this code.
    LookUpOrder(OrderCode),
    /// Ask the provider for the money. The card is handed over: the dialog keeps no copy.
    Authorize(Card),
    /// Something that a screen shows has changed.
    Report(Progress),
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
