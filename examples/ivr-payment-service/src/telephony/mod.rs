//! The only SIP and RTP sockets of the service. No type of the SIP library leaves this folder.
//!
//! Reading order: [`endpoint`](self) opens the sockets and sorts requests, `admission` decides what becomes of a first
//! INVITE, `session` runs one call, `media` is its RTP, `operator` the leg to an operator, `bridge` what a call with that
//! leg does, `returning` how a caller gets back to the operator, `replace` how a leg takes the place of another.

mod admission;
mod bridge;
mod endpoint;
mod media;
mod message;
mod operator;
mod replace;
mod returning;
mod session;

use core::time::Duration;

use rsipstack::sip::Uri;

pub use endpoint::{StartError, Telephony};

/// Where a peer sends the rest of a dialog: the transport in use, the address it can reach.
fn contact(switchboard: &endpoint::Switchboard, tcp: bool, user: Option<&str>) -> Option<Uri> {
    let listening = if tcp { switchboard.listening.tcp } else { switchboard.listening.udp };
    let host = switchboard.services.config.sip.public.clone().unwrap_or_else(|| listening.to_string());
    let transport = if tcp { ";transport=tcp" } else { "" };
    let user = user.map_or_else(String::new, |user| format!("{user}@"));
    Uri::try_from(format!("sip:{user}{host}{transport}")).ok()
}

/// How long the far end may take to answer our BYE.
const BYE_PATIENCE: Duration = Duration::from_secs(4);
