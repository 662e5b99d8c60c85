//! Numbers the packets of the stream we send.

use rtp_types::RtpPacketBuilder;

/// Our source of one RTP stream: sequence numbers, the media clock, markers.
///
/// Audio and key presses share one source, one sequence and one clock, as RFC 4733, 2.2.1 wants.
#[derive(Debug)]
pub struct Sender {
    ssrc: u32,
    sequence: u16,
    clock: u32,
    spurt_begins: bool,
}

impl Sender {
    /// A source that starts at the given numbers, which should be random (RFC 3550, 5.1).
    #[must_use]
    pub const fn new(ssrc: u32, first_sequence: u16, first_timestamp: u32) -> Self {
        Self { ssrc, sequence: first_sequence, clock: first_timestamp, spurt_begins: true }
    }

    /// Writes a packet with `payload`, one byte per sample, into `packet` and moves the media clock past it.
    ///
    /// The marker is set on the first packet and on the first after [`Sender::advance`] (RFC 3551, 4.1).
    pub fn audio(&mut self, payload_type: u8, payload: &[u8], packet: &mut Vec<u8>) {
        let marker = core::mem::take(&mut self.spurt_begins);
        self.write(payload_type, marker, self.clock, payload, packet);
        self.clock = self.clock.wrapping_add(payload.len() as u32);
    }

    /// Writes a telephone-event packet into `packet`. All packets of one key press carry the media clock at its
    /// start as `timestamp` ([`Sender::timestamp`] then), and the first one the marker (RFC 4733, 2.2.1).
    ///
    /// The media clock does not move: say how much time passes with [`Sender::advance`].
    pub fn event(
        &mut self,
        payload_type: u8,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
        packet: &mut Vec<u8>,
    ) {
        self.write(payload_type, marker, timestamp, payload, packet);
    }

    /// Lets `samples` of media time pass without audio.
    pub const fn advance(&mut self, samples: u32) {
        self.clock = self.clock.wrapping_add(samples);
        self.spurt_begins = true;
    }

    /// The media clock of the next packet, in samples.
    #[must_use]
    pub const fn timestamp(&self) -> u32 {
        self.clock
    }

    fn write(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
        packet: &mut Vec<u8>,
    ) {
        packet.clear();
        RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(payload_type & 0x7f)
            .marker_bit(marker)
            .sequence_number(self.sequence)
            .timestamp(timestamp)
            .ssrc(self.ssrc)
            .payload(payload)
            .write_into_vec_unchecked(packet);
        self.sequence = self.sequence.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Packet;

    #[test]
    fn audio_rises_by_one_packet_and_its_samples() {
        let (mut sender, mut packet) = (Sender::new(7, u16::MAX, u32::MAX - 79), Vec::new());
        sender.audio(0, &[0xff; 160], &mut packet);
        let first = Packet::parse(&packet).unwrap();
        assert!(first.marker());
        assert_eq!((first.sequence_number(), first.timestamp(), first.ssrc()), (u16::MAX, u32::MAX - 79, 7));
        sender.audio(0, &[0xff; 160], &mut packet);
        let second = Packet::parse(&packet).unwrap();
        assert!(!second.marker());
        assert_eq!((second.sequence_number(), second.timestamp()), (0, 80));
        assert_eq!(second.payload(), [0xff; 160]);
    }

    #[test]
    fn events_share_the_sequence_and_the_clock_runs_on() {
        let (mut sender, mut packet) = (Sender::new(7, 10, 1000), Vec::new());
        let start = sender.timestamp();
        for step in 0..3_u16 {
            sender.event(101, start, step == 0, &[5, 10, 0, 160], &mut packet);
            sender.advance(160);
            let event = Packet::parse(&packet).unwrap();
            assert_eq!((event.timestamp(), event.sequence_number()), (1000, 10 + step));
            assert_eq!(event.marker(), step == 0);
        }
        sender.audio(0, &[0xff; 160], &mut packet);
        let audio = Packet::parse(&packet).unwrap();
        assert_eq!((audio.timestamp(), audio.sequence_number()), (1480, 13));
        assert!(audio.marker(), "audio starts again after the event");
        assert_eq!(sender.timestamp(), 1640);
    }
}
