//! One RTP packet, read in place.

use rtp_types::{RtpPacket, RtpParseError};
use thiserror::Error;

/// Why bytes are not an RTP packet (RFC 3550, 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidPacket {
    /// The version is not 2.
    #[error("not rtp version 2")]
    Version,
    /// The header or its extension goes past the end.
    #[error("rtp packet truncated")]
    Truncated,
    /// The padding is longer than what it pads, or empty.
    #[error("rtp padding out of range")]
    Padding,
}

/// A view of one received RTP packet. `Debug` shows the header only, since the payload may be a key press.
pub struct Packet<'a> {
    header: RtpPacket<'a>,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads the header of `bytes`, one UDP datagram.
    ///
    /// # Errors
    ///
    /// [`InvalidPacket`] when the bytes are not a whole RTP packet of version 2.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, InvalidPacket> {
        let header = RtpPacket::parse(bytes).map_err(|error| match error {
            RtpParseError::UnsupportedVersion(_) => InvalidPacket::Version,
            RtpParseError::Truncated { .. } => InvalidPacket::Truncated,
            RtpParseError::PaddingInvalid(_) => InvalidPacket::Padding,
        })?;
        let start = header.payload_offset();
        let payload = bytes.get(start..start + header.payload_len()).ok_or(InvalidPacket::Truncated)?;
        Ok(Self { header, payload })
    }

    /// 0 to 127.
    #[must_use]
    pub fn payload_type(&self) -> u8 {
        self.header.payload_type()
    }

    /// The marker bit: start of a talk spurt for audio (RFC 3551, 4.1), of an event for keys (RFC 4733, 2.2.1).
    #[must_use]
    pub fn marker(&self) -> bool {
        self.header.marker_bit()
    }

    /// Rises by one for every packet of a source and wraps.
    #[must_use]
    pub fn sequence_number(&self) -> u16 {
        self.header.sequence_number()
    }

    /// The media clock of the first sample, in 1/8000 s for everything negotiated here.
    #[must_use]
    pub fn timestamp(&self) -> u32 {
        self.header.timestamp()
    }

    /// The number the source chose for itself.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.header.ssrc()
    }

    /// The bytes after the header, without padding.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl core::fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Packet")
            .field("payload_type", &self.payload_type())
            .field("marker", &self.marker())
            .field("sequence_number", &self.sequence_number())
            .field("timestamp", &self.timestamp())
            .field("ssrc", &self.ssrc())
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

/// The payload types negotiated for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadTypes {
    audio: u8,
    event: Option<u8>,
}

impl PayloadTypes {
    /// `audio` carries the codec, `event` the key presses (RFC 4733) when the peer sends them; both 0 to 127.
    #[must_use]
    pub const fn new(audio: u8, event: Option<u8>) -> Self {
        Self { audio, event }
    }

    /// The payload type of the codec.
    #[must_use]
    pub const fn audio(self) -> u8 {
        self.audio
    }

    /// The payload type of `telephone-event/8000`, if negotiated.
    #[must_use]
    pub const fn event(self) -> Option<u8> {
        self.event
    }

    /// Whether packets of this payload type belong to the stream.
    #[must_use]
    pub fn contains(self, payload_type: u8) -> bool {
        payload_type == self.audio || Some(payload_type) == self.event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 12] = [0x80, 0x80 | 101, 0x12, 0x34, 0, 0, 0, 160, 0, 0, 0, 7];

    #[test]
    fn reads_every_field() {
        let mut bytes = HEADER.to_vec();
        bytes.extend([5, 10, 0, 160]);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.payload_type(), 101);
        assert!(packet.marker());
        assert_eq!(packet.sequence_number(), 0x1234);
        assert_eq!(packet.timestamp(), 160);
        assert_eq!(packet.ssrc(), 7);
        assert_eq!(packet.payload(), [5, 10, 0, 160]);
    }

    #[test]
    fn debug_hides_the_payload() {
        let mut bytes = HEADER.to_vec();
        bytes.extend([211, 222, 233]);
        let shown = format!("{:?}", Packet::parse(&bytes).unwrap());
        assert!(shown.contains("payload_len: 3"));
        assert!(!shown.contains("211") && !shown.contains("222"));
    }

    #[test]
    fn padding_is_cut_off_and_checked() {
        let mut bytes = HEADER.to_vec();
        bytes[0] |= 0x20;
        bytes.extend([9, 9, 0, 2]);
        assert_eq!(Packet::parse(&bytes).unwrap().payload(), [9, 9]);
        bytes[15] = 0;
        assert_eq!(Packet::parse(&bytes).unwrap_err(), InvalidPacket::Padding);
        bytes[15] = 5;
        assert_eq!(Packet::parse(&bytes).unwrap_err(), InvalidPacket::Truncated);
    }

    #[test]
    fn refuses_what_is_not_rtp() {
        assert_eq!(Packet::parse(&[]).unwrap_err(), InvalidPacket::Truncated);
        assert_eq!(Packet::parse(&HEADER[..11]).unwrap_err(), InvalidPacket::Truncated);
        let mut stun = HEADER;
        stun[0] = 0;
        assert_eq!(Packet::parse(&stun).unwrap_err(), InvalidPacket::Version);
    }
}
