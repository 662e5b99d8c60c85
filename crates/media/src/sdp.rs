//! Offer and answer for one telephone-quality audio stream (RFC 3264 over RFC 8866).
//!
//! Only what a telephone call needs is negotiated: one `RTP/AVP` or `RTP/SAVP` audio stream (keys by RFC 4568), PCMU or PCMA, key presses as
//! `telephone-event/8000` (RFC 4733) on whatever payload type the peer chose, IPv4 or IPv6, and hold. Other
//! streams of an offer are answered with port 0 (RFC 3264, 6).

mod agreement;
mod answer;
mod crypto;
mod description;
mod offer;

pub use agreement::{Agreement, Direction};
pub use answer::{Answer, answer, answer_secure};
pub use crypto::{Crypto, MASTER, Suite};
pub use offer::{Offer, Offering, offer, offer_secure};

use core::net::IpAddr;
use thiserror::Error;

/// Our own end of the stream, as written into an offer or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMedia {
    /// The address on which we receive RTP.
    pub address: IpAddr,
    /// The UDP port on which we receive RTP.
    pub port: u16,
    /// Names the session in the `o=` line; the same for the whole call (RFC 8866, 5.2).
    pub session_id: u64,
    /// Version in the `o=` line: one more for every further description of the same call (RFC 3264, 8).
    pub version: u64,
}

impl LocalMedia {
    /// The same end for the next description of the call: only the version rises.
    #[must_use]
    pub const fn next_version(self) -> Self {
        Self { version: self.version.wrapping_add(1), ..self }
    }
}

/// Why a session description cannot be used. Each of these is a SIP 488 except [`SdpError::Malformed`] and
/// [`SdpError::TooLong`], which are a 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdpError {
    /// The bytes are not a session description.
    #[error("not a session description")]
    Malformed,
    /// More than 16 KiB, or more than 16 streams.
    #[error("session description too long")]
    TooLong,
    /// There is no audio stream, or only disabled ones (port 0).
    #[error("no audio stream")]
    NoAudio,
    /// No audio stream has a transport that can be used here: it is neither plain nor SRTP with keys in the description, or
    /// it is the one of the two that is not wanted.
    #[error("audio transport is not the one wanted")]
    Transport,
    /// The peer insists on SRTP, but with no key of a suite there is here.
    #[error("no usable srtp key")]
    NoCrypto,
    /// No audio stream has PCMU or PCMA.
    #[error("no supported audio codec")]
    NoCodec,
    /// The connection address is missing, a host name or a multicast group.
    #[error("no usable connection address")]
    NoAddress,
    /// Our address and the peer's are not both IPv4 or both IPv6.
    #[error("address families differ")]
    AddressFamily,
}
