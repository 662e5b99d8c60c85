use core::num::NonZeroU32;
use core::time::Duration;

use super::Payload;
use crate::Key;

/// The RTP packets of one key, paced 20 ms apart (RFC 4733 section 2.5.1).
///
/// An iterator: the start and the updates while the key is held, then the end three times. A key
/// longer than a duration of 0xFFFF is sent in segments.
///
/// ```
/// use core::time::Duration;
/// use paytone_dtmf::Key;
/// use paytone_dtmf::telephone_event::EventSender;
///
/// let packets: Vec<_> = EventSender::new(Key::D5, 8000, Duration::from_millis(60)).collect();
/// assert_eq!(packets.len(), 5);
/// assert!(packets[0].marker && !packets[1].marker);
/// assert_eq!(packets[4].payload.duration(), 480);
/// assert_eq!(packets[4].offset, Duration::from_millis(80));
/// ```
#[derive(Clone, Debug)]
pub struct EventSender {
    key: Key,
    timestamp: u32,
    volume: u8,
    clock: NonZeroU32,
    duration: Duration,
    /// Packet intervals gone by.
    step: u32,
    /// Where the current segment starts, in clock units from the start of the key.
    segment: u64,
    ends_sent: u8,
}

/// One packet of a key; sequence number, SSRC and payload type are the RTP sender's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// When to send it, counted from the start of the key.
    pub offset: Duration,
    /// The RTP timestamp.
    pub timestamp: u32,
    /// The RTP marker bit.
    pub marker: bool,
    /// The RTP payload.
    pub payload: Payload,
}

impl EventSender {
    /// The packets of `key` held for `duration`, starting at the RTP time `timestamp`, with the
    /// 8 kHz clock and a level of -10 dBm0.
    #[must_use]
    pub const fn new(key: Key, timestamp: u32, duration: Duration) -> Self {
        Self { key, timestamp, volume: 10, clock: CLOCK_8K, duration, step: 0, segment: 0, ends_sent: 0 }
    }

    /// Sets the clock rate of the payload type, in Hz.
    #[must_use]
    pub const fn with_clock(mut self, hz: NonZeroU32) -> Self {
        self.clock = hz;
        self
    }

    /// Sets the level that is announced, 0 to 63 for 0 to -63 dBm0.
    #[must_use]
    pub const fn with_volume(mut self, volume: u8) -> Self {
        self.volume = volume;
        self
    }

    fn units(&self, time: Duration) -> u64 {
        let units = time.as_nanos() * u128::from(self.clock.get()) / 1_000_000_000;
        u64::try_from(units).unwrap_or(u64::MAX)
    }

    fn packet(&self, end: bool, duration: u16) -> EventPacket {
        EventPacket {
            offset: INTERVAL * (self.step + u32::from(self.ends_sent)),
            // The timestamp wraps: its low 32 bits are what is sent.
            timestamp: self.timestamp.wrapping_add(self.segment as u32),
            marker: self.step == 0 && self.ends_sent == 0 && self.segment == 0,
            payload: Payload::new(self.key.event_code(), end, self.volume, duration),
        }
    }
}

impl Iterator for EventSender {
    type Item = EventPacket;

    fn next(&mut self) -> Option<EventPacket> {
        if self.ends_sent == ENDS {
            return None;
        }
        let total = self.units(self.duration).max(1);
        let covered = self.units(INTERVAL * (self.step + 1)).min(total);
        let Ok(duration) = u16::try_from(covered - self.segment) else {
            let full = self.packet(false, u16::MAX);
            self.segment += u64::from(u16::MAX);
            return Some(full);
        };
        let end = covered == total;
        let packet = self.packet(end, duration);
        if end {
            self.ends_sent += 1;
        } else {
            self.step += 1;
        }
        Some(packet)
    }
}

const CLOCK_8K: NonZeroU32 = NonZeroU32::new(8_000).expect("not zero");
const INTERVAL: Duration = Duration::from_millis(20);
/// How often the end is sent (RFC 4733 section 2.5.1.4).
const ENDS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_grow_and_the_end_is_sent_three_times() {
        let packets: Vec<EventPacket> =
            EventSender::new(Key::Pound, 100, Duration::from_millis(50)).with_volume(7).collect();
        let seen: Vec<(u64, bool, bool, u16)> = packets
            .iter()
            .map(|p| (p.offset.as_millis() as u64, p.marker, p.payload.end(), p.payload.duration()))
            .collect();
        let expected = [
            (0, true, false, 160),
            (20, false, false, 320),
            (40, false, true, 400),
            (60, false, true, 400),
            (80, false, true, 400),
        ];
        assert_eq!(seen, expected);
        assert!(packets.iter().all(|p| p.timestamp == 100 && p.payload.event() == 11));
        assert!(packets.iter().all(|p| p.payload.volume() == 7));
    }

    #[test]
    fn a_long_key_goes_on_in_a_new_segment_without_marker() {
        let clock = NonZeroU32::new(48_000).expect("not zero");
        let packets: Vec<EventPacket> =
            EventSender::new(Key::D1, u32::MAX, Duration::from_secs(3)).with_clock(clock).collect();
        let segments: Vec<u32> =
            packets.chunk_by(|a, b| a.timestamp == b.timestamp).map(|segment| segment[0].timestamp).collect();
        assert_eq!(segments, [u32::MAX, 0xfffe, 0x1_fffd]);
        assert_eq!(packets.iter().filter(|p| p.marker).count(), 1);
        assert_eq!(packets.iter().filter(|p| p.payload.end()).count(), 3);
        assert!(packets.iter().filter(|p| p.payload.duration() == u16::MAX).all(|p| !p.payload.end()));
        let last = packets.last().expect("packets");
        assert_eq!(u32::from(last.payload.duration()) + 2 * 0xffff, 144_000);
    }

    #[test]
    fn the_shortest_key_is_its_end() {
        let packets: Vec<EventPacket> = EventSender::new(Key::D1, 0, Duration::ZERO).collect();
        assert_eq!(packets.len(), 3);
        assert!(packets[0].marker && packets.iter().all(|p| p.payload.end()));
    }
}
