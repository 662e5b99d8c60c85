//! What goes into a call and what comes out.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use paytone_dialog::{
    Command, CommandRefused, Event, Language, OrderChange, OrderCode, OrderRefusal, OrderSummary, Outcome,
    Payment, Progress, Prompt, Verdict,
};

use crate::legs::Role;

/// Something that happened on the call.
#[non_exhaustive]
pub enum Input<'a> {
    /// The call was answered; audio flows.
    Answered,
    /// Audio from the caller: linear PCM, mono, 8 kHz, any number of samples.
    Audio(&'a [i16]),
    /// Audio from the caller that did not arrive, in samples. It is unknown, not silence.
    AudioLost(usize),
    /// One RTP packet of the telephone-event payload type (RFC 4733), in any order.
    TelephoneEvent {
        /// The packet's synchronisation source.
        ssrc: u32,
        /// The packet's RTP timestamp, in units of the 8 kHz clock.
        timestamp: u32,
        /// The packet's marker bit.
        marker: bool,
        /// The packet's payload.
        payload: &'a [u8],
    },
    /// Audio from the operator's leg, where there is one: linear PCM, mono, 8 kHz.
    OperatorAudio(&'a [i16]),
    /// Audio from the operator's leg that did not arrive, in samples.
    OperatorAudioLost(usize),
    /// As `TelephoneEvent`, from the operator's leg. Such keys never count.
    OperatorEvent {
        /// The packet's synchronisation source.
        ssrc: u32,
        /// The packet's RTP timestamp, in units of the 8 kHz clock.
        timestamp: u32,
        /// The packet's marker bit.
        marker: bool,
        /// The packet's payload.
        payload: &'a [u8],
    },
    /// The operator wants something done; refused commands come back as [`Action::CommandRefused`]. Whoever can wait for
    /// the answer asks [`Call::command`](crate::Call::command).
    Command(Command),
    /// A SIP INFO request's content type and body.
    Info {
        /// The `Content-Type`.
        content_type: &'a str,
        /// The body.
        body: &'a [u8],
    },
    /// The answer to [`Action::Secure`]: nobody else hears the keys from now on.
    Secured,
    /// The other answer to [`Action::Secure`]: keys cannot be kept from others.
    SecureRefused,
    /// The answer to [`Action::Release`].
    Released,
    /// The answer to [`Action::LookUpOrder`].
    OrderFound(OrderSummary),
    /// The other answer to [`Action::LookUpOrder`].
    OrderRefused(OrderRefusal),
    /// The order was cancelled or changed meanwhile.
    OrderWithdrawn(OrderChange),
    /// How many more wrong security codes the card that is with the gateway may have; before its verdict.
    CodeTriesLeft(u8),
    /// No card can be paid now, the gateway or the store being out of reach: none is asked for. Also an answer to
    /// [`Action::Secure`].
    Unavailable,
    /// Something on our side failed and the payment cannot go on.
    Failed,
    /// The answer to [`Action::Authorize`] or [`Action::Void`].
    Verdict(Verdict),
    /// The far end put the call on hold: no audio flows and every timer of the dialog rests.
    Held,
    /// The far end took the call back.
    Resumed,
    /// The peer described its media anew and no longer offers telephone-events: its in-band tones count again.
    EventsWithdrawn,
    /// Another language is wanted: what is being asked is asked again in it.
    Speak(Language),
    /// The caller is gone.
    HungUp,
}

impl Input<'_> {
    /// What the dialog is told; `None` for what is about audio.
    pub(crate) fn into_event(self) -> Option<Event> {
        Some(match self {
            Self::Answered => Event::Answered,
            Self::Secured => Event::Secured,
            Self::SecureRefused => Event::SecureRefused,
            Self::Released => Event::Released,
            Self::OrderFound(order) => Event::OrderFound(order),
            Self::OrderRefused(refusal) => Event::OrderRefused(refusal),
            Self::OrderWithdrawn(change) => Event::OrderWithdrawn(change),
            Self::CodeTriesLeft(left) => Event::CodeTriesLeft(left),
            Self::Verdict(verdict) => Event::Verdict(verdict),
            Self::Unavailable => Event::Unavailable,
            Self::Failed => Event::Failed,
            Self::Held => Event::Held,
            Self::Resumed => Event::Resumed,
            Self::Speak(language) => Event::Speak(language),
            Self::HungUp => Event::HungUp,
            _ => return None,
        })
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "Answered",
            Self::Audio(_) => "Audio(..)",
            Self::AudioLost(_) => "AudioLost(..)",
            Self::TelephoneEvent { .. } => "TelephoneEvent(..)",
            Self::Info { .. } => "Info(..)",
            Self::OperatorAudio(_) => "OperatorAudio(..)",
            Self::OperatorAudioLost(_) => "OperatorAudioLost(..)",
            Self::OperatorEvent { .. } => "OperatorEvent(..)",
            Self::Command(_) => "Command(..)",
            Self::Released => "Released",
            Self::OrderWithdrawn(_) => "OrderWithdrawn(..)",
            Self::CodeTriesLeft(_) => "CodeTriesLeft(..)",
            Self::Unavailable => "Unavailable",
            Self::Failed => "Failed",
            Self::Secured => "Secured",
            Self::SecureRefused => "SecureRefused",
            Self::OrderFound(_) => "OrderFound(..)",
            Self::OrderRefused(_) => "OrderRefused(..)",
            Self::Verdict(_) => "Verdict(..)",
            Self::Held => "Held",
            Self::Resumed => "Resumed",
            Self::EventsWithdrawn => "EventsWithdrawn",
            Self::Speak(_) => "Speak(..)",
            Self::HungUp => "HungUp",
        })
    }
}

/// Something the embedder has to do. Every one has to be met: the list grows with the calls, and the compiler says where.
#[derive(Debug)]
#[must_use = "an action that is dropped is a step of the call that does not happen"]
pub enum Action {
    /// Keep the caller's keys from everyone else, then answer [`Input::Secured`] or [`Input::SecureRefused`].
    Secure,
    /// Secure mode is over.
    Release,
    /// Find the order of this code and answer [`Input::OrderFound`] or [`Input::OrderRefused`].
    LookUpOrder(OrderCode),
    /// Ask the gateway, and answer [`Input::Verdict`] even if the caller hangs up meanwhile.
    Authorize(Payment),
    /// A prompt starts: for a screen or a log.
    Speaking {
        /// What is said, in order.
        prompts: Arc<[Prompt]>,
        /// The language it is said in.
        language: Language,
    },
    /// What [`Call::announce`](crate::Call::announce) was given has been said.
    Announced,
    /// Take back the payment that was just approved, and answer [`Input::Verdict`].
    Void,
    /// The caller was asked whether the card may be stored: for the audit.
    Consent {
        /// Whether the caller agreed.
        given: bool,
        /// When, since the Unix epoch.
        at: Duration,
    },
    /// A key of somebody whose keys do not count was dropped: for the audit.
    KeyDropped(Role),
    /// An [`Input::Command`] was not followed.
    CommandRefused(Command, CommandRefused),
    /// What a screen may show has changed.
    Report(Progress),
    /// Give the call back to the operator.
    ReturnToOperator,
    /// End the call.
    HangUp,
    /// The call's one outcome; the last action of all.
    Finished(Outcome),
}
