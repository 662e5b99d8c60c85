//! The wire side of one call's audio, without sockets: RTP order, source latch, SDP answer, G.711.
//!
//! ```
//! use core::time::Duration;
//! use paytone_media::rtp::{Frame, Receiver, Sender};
//! use paytone_media::sdp::{self, LocalMedia, Offer};
//!
//! // A phone offers audio and the keys' own format; we answer with one codec of its choice.
//! let invite = b"v=0\r\no=phone 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
//!     m=audio 4000 RTP/AVP 8 0 96\r\na=rtpmap:96 telephone-event/8000\r\n";
//! let local = LocalMedia { address: [192, 0, 2, 1].into(), port: 30_000, session_id: 7, version: 1 };
//! let answer = sdp::answer(&Offer::parse(invite)?, &local)?;
//! let agreed = answer.agreement();
//! assert_eq!(agreed.codec().name(), "PCMA");
//!
//! // 20 ms of its audio arrive; the receiver hands them out in order.
//! let mut packet = Vec::new();
//! Sender::new(0x5eed, 1, 0).audio(agreed.payload_types().audio(), &[agreed.codec().silence(); 160], &mut packet);
//! let mut receiver = Receiver::new(agreed.payload_types());
//! receiver.push(&packet, Duration::ZERO)?;
//! assert!(matches!(receiver.pop(Duration::ZERO), Some(Frame::Audio { payload, .. }) if payload.len() == 160));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything here is a value or a state machine: the caller owns the sockets and the clock, and passes in
//! bytes and the time since the Unix epoch. Bytes from the network end as a typed error or are ignored;
//! they never panic.
//!
//! * [`sdp`]: offer and answer (RFC 3264, RFC 8866) for one telephone-quality audio stream;
//! * [`rtp`]: packets (RFC 3550), what to send, and the order of what was received;
//! * [`latch`]: whose packets count when the signalled address and the real one differ;
//! * [`g711`]: PCMU and PCMA to 16-bit samples and back.

#![forbid(unsafe_code)]

pub mod g711;
pub mod latch;
pub mod rtp;
pub mod sdp;

/// The README's example has to compile too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
