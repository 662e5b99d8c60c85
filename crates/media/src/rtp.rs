//! RTP packets (RFC 3550): reading them, numbering what is sent, ordering what was received.

mod frame;
mod packet;
mod receiver;
mod sender;

pub use frame::{Arrival, Dropped, EventPacket, Frame};
pub use packet::{InvalidPacket, Packet, PayloadTypes};
pub use receiver::{REORDER_WINDOW, Receiver};
pub use sender::Sender;
