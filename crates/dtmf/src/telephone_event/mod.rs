//! Keys as RTP telephone-events (RFC 4733, before it RFC 2833).

mod conceal;
mod payload;
mod receiver;
mod redundant;
mod sender;

pub use conceal::conceal;
pub use payload::{InvalidPayload, Payload};
pub use receiver::{EventKey, EventKeys, EventReceiver};
pub use redundant::RedundantBlock;
pub use sender::{EventPacket, EventSender};
