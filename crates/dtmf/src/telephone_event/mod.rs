//! Keys as RTP telephone-events (RFC 4733, before it RFC 2833).

mod payload;
mod receiver;
mod sender;

pub use payload::{InvalidPayload, Payload};
pub use receiver::{EventKey, EventKeys, EventReceiver};
pub use sender::{EventPacket, EventSender};
