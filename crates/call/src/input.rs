//! What goes into a call and what comes out.

use alloc::sync::Arc;
use core::fmt;

use paytone_dialog::{
    Language, OrderCode, OrderRefusal, OrderSummary, Outcome, Payment, Progress, Prompt, Verdict,
};

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
    /// The answer to [`Action::LookUpOrder`].
    OrderFound(OrderSummary),
    /// The other answer to [`Action::LookUpOrder`].
    OrderRefused(OrderRefusal),
    /// The answer to [`Action::Authorize`].
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

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "Answered",
            Self::Audio(_) => "Audio(..)",
            Self::AudioLost(_) => "AudioLost(..)",
            Self::TelephoneEvent { .. } => "TelephoneEvent(..)",
            Self::Info { .. } => "Info(..)",
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

/// Something the embedder has to do.
#[derive(Debug)]
#[must_use = "an action that is dropped is a step of the call that does not happen"]
#[non_exhaustive]
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
    /// What a screen may show has changed.
    Report(Progress),
    /// End the call.
    HangUp,
    /// The call's one outcome; the last action of all.
    Finished(Outcome),
}
