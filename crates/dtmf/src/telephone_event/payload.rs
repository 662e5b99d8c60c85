use thiserror::Error;

/// One event block of an RTP telephone-event payload (RFC 4733 section 2.3): four bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    event: u8,
    end: bool,
    volume: u8,
    duration: u16,
}

/// The payload is shorter than one event block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("telephone-event payload is shorter than four bytes")]
pub struct InvalidPayload;

impl Payload {
    /// Bytes of one block.
    pub const LEN: usize = 4;

    /// A block for `event` (0 to 255), `volume` in -dBm0 (0 to 63, higher values are cut to 63) and
    /// `duration` in units of the RTP clock.
    #[must_use]
    pub const fn new(event: u8, end: bool, volume: u8, duration: u16) -> Self {
        Self { event, end, volume: if volume > 63 { 63 } else { volume }, duration }
    }

    /// Reads the first block of a payload. Bytes beyond it are further blocks; the reserved bit is ignored.
    ///
    /// # Errors
    /// [`InvalidPayload`] when there are fewer than four bytes.
    pub fn parse(payload: &[u8]) -> Result<Self, InvalidPayload> {
        let &[event, flags, high, low, ..] = payload else { return Err(InvalidPayload) };
        Ok(Self {
            event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// The block as it goes into an RTP packet.
    #[must_use]
    pub const fn write(&self) -> [u8; Self::LEN] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, (self.end as u8) << 7 | self.volume, high, low]
    }

    /// The event code; 0 to 15 are keys, 16 is a hook flash.
    #[must_use]
    pub const fn event(&self) -> u8 {
        self.event
    }

    /// Whether the event is over (the E bit).
    #[must_use]
    pub const fn end(&self) -> bool {
        self.end
    }

    /// The level, 0 to 63, standing for 0 to -63 dBm0.
    #[must_use]
    pub const fn volume(&self) -> u8 {
        self.volume
    }

    /// How long the event has lasted, in units of the RTP clock.
    #[must_use]
    pub const fn duration(&self) -> u16 {
        self.duration
    }
}

/// Leaves the event code out: it may be a digit of a card number.
impl core::fmt::Debug for Payload {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Payload")
            .field("end", &self.end)
            .field("volume", &self.volume)
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_event_flags_and_duration_in_network_order() {
        let payload = Payload::new(11, true, 10, 0x0140);
        assert_eq!(payload.write(), [11, 0x8a, 0x01, 0x40]);
        assert_eq!(Payload::parse(&payload.write()), Ok(payload));
    }

    #[test]
    fn the_reserved_bit_and_further_blocks_are_ignored() {
        let payload = Payload::parse(&[5, 0x4a, 0x06, 0xa0, 9, 9, 9]);
        assert_eq!(payload, Ok(Payload::new(5, false, 10, 1696)));
    }

    #[test]
    fn short_payloads_are_refused() {
        for len in 0..Payload::LEN {
            assert_eq!(Payload::parse(&[0; 4][..len]), Err(InvalidPayload));
        }
    }

    #[test]
    fn volume_stays_in_six_bits_and_debug_hides_the_event() {
        assert_eq!(Payload::new(7, false, 200, 0).write()[1], 63);
        assert_eq!(
            format!("{:?}", Payload::new(7, false, 9, 8)),
            "Payload { end: false, volume: 9, duration: 8, .. }"
        );
    }
}
