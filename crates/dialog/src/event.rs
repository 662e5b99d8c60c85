use paytone_card::Card;
use paytone_dtmf::Key;
use paytone_psp::DeclineReason;

use crate::{Command, Language, OrderChange, OrderRefusal, OrderSummary, PlayId};

/// What a [`Dialog`](crate::Dialog) is told. Every event is accepted in every state; one that has no
/// meaning there is ignored.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The call is up and audio flows. The session starts.
    Answered,
    /// The caller pressed a key: one event per key press, whatever carried it.
    Key(Key),
    /// A [`Play`](crate::Action::Play) has been heard to its end. Not sent for one that was stopped.
    PromptDone(PlayId),
    /// Keys are hidden from everybody but the dialog: the answer to [`Secure`](crate::Action::Secure).
    Secured,
    /// Keys cannot be hidden, or are no longer.
    SecureRefused,
    /// Secure mode has been left: the answer to [`Release`](crate::Action::Release).
    Released,
    /// The order code names this order: an answer to [`LookUpOrder`](crate::Action::LookUpOrder).
    OrderFound(OrderSummary),
    /// The order cannot be paid: the other answer to [`LookUpOrder`](crate::Action::LookUpOrder).
    OrderRefused(OrderRefusal),
    /// The order was cancelled or changed while the card was being taken. Once the card is with the provider, this is
    /// too late and means nothing.
    OrderWithdrawn(OrderChange),
    /// How many more wrong security codes the card that is with the provider may have, counted across all calls by
    /// the fingerprint of its number. Told before the verdict; without it only the script's authorisations limit them.
    CodeTriesLeft(u8),
    /// What became of the payment: the answer to [`Authorize`](crate::Action::Authorize).
    Verdict(Verdict),
    /// The far end put the call on hold: nobody listens.
    Held,
    /// The far end took the call off hold.
    Resumed,
    /// The operator, or whoever placed the call, wants another language spoken: what is being asked is asked again in
    /// it. One that the script does not have changes nothing.
    Speak(Language),
    /// The operator wants something done. [`Dialog::command`](crate::Dialog::command) says whether it was.
    Command(Command),
    /// No card can be paid now, the provider or the store being out of reach: none is asked for any more. Once the card
    /// is with the provider this is too late and means nothing.
    Unavailable,
    /// Something on the embedder's side failed and the payment cannot go on.
    Failed,
    /// The caller is gone.
    HungUp,
}

/// What became of one authorisation.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The provider accepted the payment.
    Approved,
    /// The card was stored; nothing was charged.
    Registered,
    /// The card was found valid; nothing was charged.
    Checked,
    /// An approved payment was taken back: the answer to [`Void`](crate::Action::Void).
    Voided,
    /// The card has had too many wrong security codes, in this call or others, and was not sent.
    TooManyCodeTries,
    /// The provider declined it.
    Declined {
        /// Why, which decides what the caller is asked for next.
        reason: DeclineReason,
        /// The same card without its security code, so that only the wrong field is asked again.
        card: Option<Card>,
    },
    /// The gateway takes published test numbers only, and this is not one.
    NotATestCard,
    /// The provider was not reached: nothing was sent, nothing was charged.
    Unavailable,
    /// The request was sent and no answer came: the card may have been charged.
    Unknown,
}
