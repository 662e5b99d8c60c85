//! What a receiver hands out.

use super::Packet;
use crate::g711::FRAME_SAMPLES;

/// What became of a packet given to [`Receiver::push`](super::Receiver::push).
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival<'a> {
    /// Audio, kept for [`Receiver::pop`](super::Receiver::pop).
    Audio,
    /// A key press, not ordered and not kept.
    Event(EventPacket<'a>),
    /// Not used.
    Dropped(Dropped),
}

/// Why a well-formed packet is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dropped {
    /// Its payload type was not negotiated.
    PayloadType,
    /// The same sequence number waits already.
    Duplicate,
    /// It was handed out or reported lost already.
    Late,
    /// It disagrees with the stream heard so far; the next one may confirm it.
    Stray,
    /// More than 200 ms of audio in one packet.
    Oversized,
}

/// One telephone-event packet (RFC 4733), as it came. `Debug` does not show its payload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EventPacket<'a> {
    ssrc: u32,
    timestamp: u32,
    marker: bool,
    payload: &'a [u8],
}

/// Up to 20 ms of the stream, in order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// One byte per sample, 1 to 160 of them.
    Audio {
        /// The encoded samples.
        payload: &'a [u8],
        /// The payload type they came with.
        payload_type: u8,
    },
    /// Audio that was sent and did not arrive, 1 to 160 samples.
    Lost {
        /// How many samples are missing here.
        samples: usize,
    },
    /// The sender paused on purpose, 1 to 160 samples. Of a long pause only the first 60 ms are told, which
    /// is enough to end a tone and little enough not to delay what follows.
    Silence {
        /// How many samples were not sent.
        samples: usize,
    },
}

impl<'a> EventPacket<'a> {
    pub(super) fn of(packet: &Packet<'a>) -> Self {
        Self {
            ssrc: packet.ssrc(),
            timestamp: packet.timestamp(),
            marker: packet.marker(),
            payload: packet.payload(),
        }
    }

    /// The source that sent it.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The media clock at the start of the event; the same in all its packets.
    #[must_use]
    pub const fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Set on the first packet of an event.
    #[must_use]
    pub const fn marker(&self) -> bool {
        self.marker
    }

    /// Event, end, volume and duration in four bytes, if the sender kept to the format.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl core::fmt::Debug for EventPacket<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EventPacket").field("timestamp", &self.timestamp).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (name, samples) = match self {
            Self::Audio { payload, .. } => ("Audio", payload.len()),
            Self::Lost { samples } => ("Lost", *samples),
            Self::Silence { samples } => ("Silence", *samples),
        };
        f.debug_struct(name).field("samples", &samples).finish_non_exhaustive()
    }
}

/// Samples still to be reported before the next packet.
#[derive(Default)]
pub(super) struct Gap {
    pub(super) lost: usize,
    pub(super) silent: usize,
}

impl Gap {
    pub(super) const fn is_empty(&self) -> bool {
        self.lost == 0 && self.silent == 0
    }

    pub(super) fn take(&mut self) -> Option<Frame<'static>> {
        let piece = |left: &mut usize| {
            let samples = (*left).min(FRAME_SAMPLES);
            *left -= samples;
            (samples > 0).then_some(samples)
        };
        if let Some(samples) = piece(&mut self.lost) {
            return Some(Frame::Lost { samples });
        }
        piece(&mut self.silent).map(|samples| Frame::Silence { samples })
    }
}
