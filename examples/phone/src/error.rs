//! What can go wrong with a call.

use std::io::ErrorKind;

use paytone_media::sdp::SdpError;
use thiserror::Error;

use crate::{InvalidKeys, InvalidTarget};

/// Why a call could not be made or a step of it could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// The text is not a SIP address.
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    /// The text is not a list of keys.
    #[error(transparent)]
    Keys(#[from] InvalidKeys),
    /// The host name of the target has no address of the bound family.
    #[error("host has no usable address")]
    Host,
    /// A local port could not be opened.
    #[error("local port cannot be opened: {0}")]
    Bind(ErrorKind),
    /// The other side refused the call; 300 to 699.
    #[error("call refused with status {status}")]
    Refused {
        /// The final SIP status.
        status: u16,
    },
    /// Nobody answered in time; the call was cancelled.
    #[error("no answer")]
    NoAnswer,
    /// The call was cancelled while it rang.
    #[error("call cancelled")]
    Cancelled,
    /// The call was answered with a session description the phone cannot use.
    #[error("answer cannot be used: {0}")]
    Answer(#[from] SdpError),
    /// Keys were to be sent as events, and the other side did not accept any.
    #[error("other side takes no telephone-events")]
    NoEvents,
    /// A request within the call (INFO, hold, resume) was refused; 300 to 699.
    #[error("request refused with status {status}")]
    RequestRefused {
        /// The final SIP status.
        status: u16,
    },
    /// The other side ended the call first.
    #[error("other side hung up")]
    HungUp,
    /// What was waited for did not happen within the limit.
    #[error("limit reached")]
    Limit,
    /// The SIP library could not send or read a message.
    #[error("sip transport failed")]
    Sip,
}
