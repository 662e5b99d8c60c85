//! The only SIP and RTP sockets of the service. No type of the SIP library leaves this folder.
//!
//! Reading order: [`endpoint`](self) opens the sockets and sorts requests, `admission` decides what becomes of a first
//! INVITE, `session` runs one call, `media` is its RTP over a socket of `ports`, `operator` the leg to an operator, `waiting` one that has called in, `bridge` what a call with that
//! leg does, `returning` how a caller gets back to the operator, `replace` how a leg takes the place of another.

mod admission;
mod arrivals;
mod bridge;
mod check;
mod digest;
mod endpoint;
mod listen;
mod media;
mod message;
mod operator;
mod ports;
mod recording;
mod replace;
mod returning;
mod session;
mod srtp;
mod timer;
mod tls;
mod tone;
mod waiting;

use core::time::Duration;

use rsipstack::sip::{Transport, Uri};
use rsipstack::transaction::transaction::Transaction;

pub use endpoint::{StartError, Telephony};
pub(crate) use operator::OperatorLeg;
pub use tls::{TlsFileError, check_tls_files};

/// Where a peer sends the rest of a dialog: the transport in use, the address it can reach.
fn contact(switchboard: &endpoint::Switchboard, transport: Transport, user: Option<&str>) -> Option<Uri> {
    let listening = &switchboard.listening;
    let (address, parameter) = match transport {
        Transport::Tls => (listening.tls.unwrap_or(listening.tcp), ";transport=tls"),
        Transport::Tcp => (listening.tcp, ";transport=tcp"),
        _ => (listening.udp, ""),
    };
    let public = switchboard.services.config.sip.public.as_deref();
    let host = match (public, transport) {
        (Some(host), Transport::Udp | Transport::Tcp) => host.to_owned(),
        // The public port is that of plain SIP.
        (Some(host), _) => format!("{}:{}", host.split(':').next().unwrap_or(host), address.port()),
        (None, _) => address.to_string(),
    };
    let user = user.map_or_else(String::new, |user| format!("{user}@"));
    Uri::try_from(format!("sip:{user}{host}{parameter}")).ok()
}

/// The transport a request came by.
fn transport_of(transaction: &Transaction) -> Transport {
    let connection = transaction.connection.as_ref();
    connection.and_then(|connection| connection.get_addr().r#type).unwrap_or(Transport::Udp)
}

/// How long the far end may take to answer our BYE.
const BYE_PATIENCE: Duration = Duration::from_secs(4);
