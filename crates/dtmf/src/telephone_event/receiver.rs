use core::num::NonZeroU32;
use core::time::Duration;

use super::Payload;
use crate::{Key, Phase};

/// Turns the telephone-event packets of a leg into keys, each exactly once.
///
/// A key is told apart by (SSRC, timestamp, event), never by the marker alone, so packets may be
/// lost, doubled or out of order as long as one of the key arrives. Segments of a long key (past a
/// duration of 0xFFFF) and senders that move the timestamp along with the key still give one key.
///
/// ```
/// use core::time::Duration;
/// use paytone_dtmf::Key;
/// use paytone_dtmf::telephone_event::{EventKey, EventReceiver};
///
/// let mut receiver = EventReceiver::new();
/// let now = Duration::from_secs(1_700_000_000);
/// let mut keys = receiver.handle(0x1234, 8000, true, &[5, 0x0a, 0x00, 0xa0], now);
/// assert_eq!(keys.next(), Some(EventKey::Start { key: Key::D5 }));
/// let mut keys = receiver.handle(0x1234, 8000, false, &[5, 0x8a, 0x03, 0x20], now);
/// assert_eq!(keys.next(), Some(EventKey::End { key: Key::D5, duration: Duration::from_millis(100) }));
/// ```
#[derive(Clone, Debug)]
pub struct EventReceiver {
    clock: NonZeroU32,
    current: Option<Current>,
    seen: [Option<Id>; SEEN],
    next_seen: usize,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKey {
    /// The key went down.
    Start {
        /// Which key.
        key: Key,
    },
    /// The key came up, or its sender fell silent.
    End {
        /// Which key.
        key: Key,
        /// How long it was held, as far as the packets that arrived tell.
        duration: Duration,
    },
}

impl EventKey {
    /// Which key.
    #[must_use]
    pub const fn key(&self) -> Key {
        match *self {
            Self::Start { key } | Self::End { key, .. } => key,
        }
    }

    /// Whether it went down or came up.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Start { .. } => Phase::Start,
            Self::End { .. } => Phase::End,
        }
    }
}

impl EventReceiver {
    /// A receiver for the 8 kHz clock.
    #[must_use]
    pub const fn new() -> Self {
        Self { clock: CLOCK_8K, current: None, seen: [None; SEEN], next_seen: 0 }
    }

    /// Sets the clock rate that was negotiated for the payload type, in Hz.
    #[must_use]
    pub const fn with_clock(mut self, hz: NonZeroU32) -> Self {
        self.clock = hz;
        self
    }

    /// Takes one RTP packet of the negotiated telephone-event payload type.
    ///
    /// `marker` is the RTP marker bit, `now` the time of arrival since the Unix epoch. Payloads that
    /// are too short and events that are not keys yield nothing.
    pub fn handle(
        &mut self,
        ssrc: u32,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
        now: Duration,
    ) -> EventKeys {
        let mut keys = EventKeys::default();
        let mut start = timestamp;
        for (index, bytes) in payload.chunks_exact(Payload::LEN).take(BLOCKS).enumerate() {
            let Ok(block) = Payload::parse(bytes) else { break };
            // Further blocks are keys that follow at once; zeros there are a sender's padding.
            if index > 0 && block.duration() == 0 {
                break;
            }
            self.block(ssrc, start, marker && index == 0, block, now, &mut keys);
            if !block.end() {
                break;
            }
            start = start.wrapping_add(u32::from(block.duration()));
        }
        keys
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, if at all.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let current = self.current.as_ref().filter(|current| current.end == End::Open)?;
        Some(current.heard + SILENCE)
    }

    /// Ends a key whose sender has been silent for 200 ms.
    pub fn handle_timeout(&mut self, now: Duration) -> Option<EventKey> {
        if self.poll_timeout()? > now {
            return None;
        }
        let clock = self.clock;
        self.current.as_mut()?.close(End::Silent, clock)
    }

    fn block(
        &mut self,
        ssrc: u32,
        timestamp: u32,
        marker: bool,
        block: Payload,
        now: Duration,
        keys: &mut EventKeys,
    ) {
        let Some(key) = Key::from_event_code(block.event()) else { return };
        let id = Id { ssrc, timestamp, key };
        let slack = self.clock.get() / 50;
        let clock = self.clock;
        if let Some(current) = &mut self.current {
            if current.goes_on_with(id, marker, slack) {
                current.update(timestamp, block.duration(), now);
                if block.end() {
                    keys.push(current.close(End::Marked, clock));
                }
                return;
            }
            if self.seen.contains(&Some(id)) {
                return;
            }
            if current.came_after(id, clock) {
                keys.push(Some(EventKey::Start { key }));
                keys.push(Some(EventKey::End { key, duration: span(block.duration().into(), clock) }));
                self.remember(id);
                return;
            }
            keys.push(current.close(End::Silent, clock));
        }
        self.remember(id);
        let mut current = Current::new(id, block.duration(), now);
        keys.push(Some(EventKey::Start { key }));
        if block.end() {
            keys.push(current.close(End::Marked, clock));
        }
        self.current = Some(current);
    }

    fn remember(&mut self, id: Id) {
        self.seen[self.next_seen] = Some(id);
        self.next_seen = (self.next_seen + 1) % SEEN;
    }
}

impl Default for EventReceiver {
    fn default() -> Self {
        Self::new()
    }
}

/// The key changes of one packet, oldest first.
#[derive(Clone, Debug, Default)]
#[must_use = "keys that are not read are lost"]
pub struct EventKeys {
    keys: [Option<EventKey>; 3 * BLOCKS],
    read: usize,
    written: usize,
}

impl EventKeys {
    fn push(&mut self, key: Option<EventKey>) {
        if key.is_some() {
            self.keys[self.written] = key;
            self.written += 1;
        }
    }
}

impl Iterator for EventKeys {
    type Item = EventKey;

    fn next(&mut self) -> Option<EventKey> {
        let key = self.keys.get(self.read).copied().flatten()?;
        self.read += 1;
        Some(key)
    }
}

/// What makes two packets speak of the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id {
    ssrc: u32,
    timestamp: u32,
    key: Key,
}

/// The newest key.
#[derive(Clone, Debug)]
struct Current {
    first: Id,
    /// Timestamp of the newest segment; differs from the first one's only in long keys and with
    /// senders that move it.
    timestamp: u32,
    duration: u16,
    heard: Duration,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    /// By silence or by another key; a later segment of the same press may still come.
    Silent,
    /// By the E bit.
    Marked,
}

impl Current {
    const fn new(first: Id, duration: u16, heard: Duration) -> Self {
        Self { first, timestamp: first.timestamp, duration, heard, end: End::Open }
    }

    /// Whether a packet belongs to this press.
    fn goes_on_with(&self, id: Id, marker: bool, slack: u32) -> bool {
        if (id.ssrc, id.key) != (self.first.ssrc, self.first.key) {
            return false;
        }
        let since_first = id.timestamp.wrapping_sub(self.first.timestamp);
        if since_first <= self.timestamp.wrapping_sub(self.first.timestamp) {
            return true;
        }
        // A newer timestamp: another press, the next segment of a long one, or a sender that moves
        // the timestamp. Two presses of a key are at least 30 ms apart, segments touch or overlap.
        let step = id.timestamp.wrapping_sub(self.timestamp);
        match self.end {
            _ if marker => false,
            End::Marked => step < u32::from(self.duration),
            End::Open | End::Silent => {
                step <= u32::from(self.duration) + slack || step == u32::from(u16::MAX)
            }
        }
    }

    /// Whether an unknown key is one that was overtaken by this one on the way.
    fn came_after(&self, id: Id, clock: NonZeroU32) -> bool {
        let behind = self.first.timestamp.wrapping_sub(id.timestamp);
        id.ssrc == self.first.ssrc && behind > 0 && behind <= clock.get()
    }

    fn update(&mut self, timestamp: u32, duration: u16, now: Duration) {
        self.heard = self.heard.max(now);
        if timestamp == self.timestamp {
            self.duration = self.duration.max(duration);
        } else if timestamp.wrapping_sub(self.first.timestamp)
            > self.timestamp.wrapping_sub(self.first.timestamp)
        {
            self.timestamp = timestamp;
            self.duration = duration;
        }
    }

    /// Ends the press; the change to report, if it was still open.
    fn close(&mut self, how: End, clock: NonZeroU32) -> Option<EventKey> {
        let was_open = self.end == End::Open;
        if was_open || how == End::Marked {
            self.end = how;
        }
        let units = u64::from(self.timestamp.wrapping_sub(self.first.timestamp)) + u64::from(self.duration);
        was_open.then(|| EventKey::End { key: self.first.key, duration: span(units, clock) })
    }
}

fn span(units: u64, clock: NonZeroU32) -> Duration {
    Duration::from_nanos(units * 1_000_000_000 / u64::from(clock.get()))
}

const CLOCK_8K: NonZeroU32 = NonZeroU32::new(8_000).expect("not zero");
/// No packet for this long ends a key: ten packet intervals, longer than the gaps seen in the field.
const SILENCE: Duration = Duration::from_millis(200);
/// Keys remembered, so that their late packets are not taken for new ones.
const SEEN: usize = 16;
/// Event blocks read from one packet.
const BLOCKS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const SSRC: u32 = 7;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(1_000_000 + n)
    }

    fn key_at(receiver: &mut EventReceiver, timestamp: u32, block: Payload, now: u64) -> EventKeys {
        receiver.handle(SSRC, timestamp, false, &block.write(), ms(now))
    }

    const fn part(event: u8, duration: u16) -> Payload {
        Payload::new(event, false, 10, duration)
    }

    const fn last(event: u8, duration: u16) -> Payload {
        Payload::new(event, true, 10, duration)
    }

    fn starts(packets: &[(u32, Payload, u64)]) -> usize {
        let mut receiver = EventReceiver::new();
        let mut count = 0;
        for &(timestamp, block, now) in packets {
            count += usize::from(receiver.handle_timeout(ms(now)).is_some_and(|k| k.phase() == Phase::Start));
            count +=
                key_at(&mut receiver, timestamp, block, now).filter(|k| k.phase() == Phase::Start).count();
        }
        count
    }

    #[test]
    fn only_the_end_packet_still_gives_one_key() {
        let mut receiver = EventReceiver::new();
        let keys: EventKeys = key_at(&mut receiver, 800, last(5, 400), 0);
        let phases: Vec<Phase> = keys.map(|k| k.phase()).collect();
        assert_eq!(phases, [Phase::Start, Phase::End]);
        assert_eq!(key_at(&mut receiver, 800, last(5, 400), 20).count(), 0);
        assert_eq!(key_at(&mut receiver, 800, part(5, 240), 30).count(), 0);
    }

    #[test]
    fn long_gap_in_the_updates_is_one_key() {
        assert_eq!(starts(&[(0, part(5, 160), 0), (0, part(5, 320), 20), (0, last(5, 1696), 212)]), 1);
        assert_eq!(starts(&[(0, part(5, 160), 0), (0, part(5, 320), 20), (0, last(5, 4000), 500)]), 1);
    }

    #[test]
    fn first_packet_of_duration_zero_is_the_same_key() {
        assert_eq!(starts(&[(0, part(5, 0), 0), (0, part(5, 160), 20), (0, last(5, 320), 40)]), 1);
    }

    #[test]
    fn same_key_with_a_new_timestamp_is_a_second_press() {
        assert_eq!(starts(&[(0, last(4, 400), 0), (400, last(4, 400), 50)]), 2);
        assert_eq!(starts(&[(0, part(4, 160), 0), (640, part(4, 160), 80)]), 2);
    }

    #[test]
    fn segments_of_a_long_key_are_one_press() {
        let mut receiver = EventReceiver::new();
        assert_eq!(key_at(&mut receiver, 100, part(5, 0xffff), 0).count(), 1);
        assert_eq!(key_at(&mut receiver, 100 + 0xffff, part(5, 160), 20).count(), 0);
        let end = key_at(&mut receiver, 100 + 0xffff, last(5, 465), 60).next();
        assert_eq!(end, Some(EventKey::End { key: Key::D5, duration: Duration::from_millis(8250) }));
    }

    #[test]
    fn a_moving_timestamp_is_one_press() {
        let moving = [
            (0, part(5, 160), 0),
            (160, part(5, 320), 20),
            (320, part(5, 480), 40),
            (480, last(5, 640), 60),
            (640, last(5, 640), 60),
            (800, last(5, 640), 60),
        ];
        assert_eq!(starts(&moving), 1);
    }

    #[test]
    fn a_new_key_ends_the_one_before() {
        let mut receiver = EventReceiver::new();
        assert_eq!(key_at(&mut receiver, 0, part(1, 320), 0).count(), 1);
        let keys: Vec<EventKey> = key_at(&mut receiver, 800, part(2, 160), 100).collect();
        let end = EventKey::End { key: Key::D1, duration: Duration::from_millis(40) };
        assert_eq!(keys, [end, EventKey::Start { key: Key::D2 }]);
    }

    #[test]
    fn silence_ends_a_key_once() {
        let mut receiver = EventReceiver::new();
        assert_eq!(receiver.poll_timeout(), None);
        assert_eq!(key_at(&mut receiver, 0, part(1, 320), 0).count(), 1);
        assert_eq!(receiver.poll_timeout(), Some(ms(200)));
        assert_eq!(receiver.handle_timeout(ms(199)), None);
        assert!(receiver.handle_timeout(ms(200)).is_some());
        assert_eq!(receiver.poll_timeout(), None);
        assert_eq!(receiver.handle_timeout(ms(900)), None);
        assert_eq!(key_at(&mut receiver, 0, last(1, 800), 950).count(), 0);
    }

    #[test]
    fn an_overtaken_key_is_reported_late_and_leaves_the_newer_one_alone() {
        let mut receiver = EventReceiver::new();
        assert_eq!(key_at(&mut receiver, 1600, part(2, 160), 0).count(), 1);
        assert_eq!(key_at(&mut receiver, 800, last(1, 400), 5).count(), 2);
        assert_eq!(key_at(&mut receiver, 800, last(1, 400), 6).count(), 0);
        let end = key_at(&mut receiver, 1600, last(2, 800), 60).next();
        assert_eq!(end, Some(EventKey::End { key: Key::D2, duration: Duration::from_millis(100) }));
    }

    #[test]
    fn several_blocks_in_a_packet_are_keys_in_a_row_and_padding_is_not() {
        let mut receiver = EventReceiver::new();
        let payload = [last(1, 400).write(), last(1, 400).write(), part(2, 160).write()].concat();
        let keys = receiver.handle(SSRC, 0, true, &payload, ms(0)).filter(|k| k.phase() == Phase::Start);
        assert_eq!(keys.map(|k| k.key()).collect::<Vec<_>>(), [Key::D1, Key::D1, Key::D2]);

        let padded = [&last(5, 400).write()[..], &[0; 8]].concat();
        assert_eq!(EventReceiver::new().handle(SSRC, 0, true, &padded, ms(0)).count(), 2);
    }

    #[test]
    fn the_clock_rate_only_changes_what_durations_mean() {
        let clock = NonZeroU32::new(48_000).expect("not zero");
        let mut receiver = EventReceiver::new().with_clock(clock);
        let end = key_at(&mut receiver, 0, last(3, 4800), 0).last();
        assert_eq!(end, Some(EventKey::End { key: Key::D3, duration: Duration::from_millis(100) }));
    }

    #[test]
    fn flash_and_short_payloads_are_nothing() {
        let mut receiver = EventReceiver::new();
        assert_eq!(key_at(&mut receiver, 0, part(16, 160), 0).count(), 0);
        assert_eq!(receiver.handle(SSRC, 0, true, &[5, 0, 0], ms(0)).count(), 0);
        assert_eq!(receiver.poll_timeout(), None);
    }
}
