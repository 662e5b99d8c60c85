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
                step <= u32::from(self.duration) + slack || step.is_multiple_of(u32::from(u16::MAX))
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
mod tests;
