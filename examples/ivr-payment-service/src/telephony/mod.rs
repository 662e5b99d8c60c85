//! The only SIP and RTP sockets of the service. No type of the SIP library leaves this folder.
//!
//! Reading order: [`endpoint`](self) opens the sockets and sorts requests, `admission` decides what becomes of a first
//! INVITE, `session` runs one call, `media` is its RTP.

mod admission;
mod endpoint;
mod media;
mod message;
mod session;

pub use endpoint::{StartError, Telephony};
