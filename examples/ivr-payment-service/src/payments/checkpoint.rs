//! What is made durable before money may move.

use core::future::ready;

use paytone_card::Card;
use paytone_psp::attempt::{Attempt, Event};
use paytone_psp::{BoxFuture, Checkpoint, CheckpointBlob, CheckpointFailed, Reference};

use super::Cashier;

/// Makes what the gateway wants kept durable, and with it that money may move from here on.
pub(super) struct JournalCheckpoint<'a> {
    pub(super) cashier: &'a Cashier,
    pub(super) reference: Reference,
    /// The card that is keyed; none where the provider has it.
    pub(super) card: Option<&'a Card>,
}

impl Checkpoint for JournalCheckpoint<'_> {
    fn save<'a>(&'a self, blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(async move {
            if self.card.is_some_and(|card| holds_number(blob, card)) {
                tracing::error!(reference = %self.reference, "the gateway wanted the card number stored");
                return Err(CheckpointFailed);
            }
            let send =
                |attempt: &mut Attempt, now| attempt.apply(Event::Send { checkpoint: blob.clone() }, now);
            let sent = self.cashier.change_once(self.reference, send).await;
            crate::failpoint::hit("sending");
            sent.map(drop).map_err(|error| {
                tracing::error!(reference = %self.reference, %error, "the checkpoint could not be journalled");
                CheckpointFailed
            })
        })
    }
}

/// A lookup moves nothing, so it has nothing to make durable.
pub(super) struct NoCheckpoint;

impl Checkpoint for NoCheckpoint {
    fn save<'a>(&'a self, _blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(ready(Err(CheckpointFailed)))
    }
}

fn holds_number(blob: &CheckpointBlob, card: &Card) -> bool {
    card.pan().expose(|digits| blob.as_bytes().windows(digits.len()).any(|window| window == digits))
}
