//! Puts received packets back into order.

use std::collections::VecDeque;

use core::time::Duration;

use super::frame::{Arrival, Dropped, EventPacket, Frame, Gap};
use super::{InvalidPacket, Packet, PayloadTypes};
use crate::g711::FRAME_SAMPLES;

/// How long audio behind a missing packet is kept back for it to arrive.
pub const REORDER_WINDOW: Duration = Duration::from_millis(60);

/// Orders one source's audio and hands its key presses on at once.
///
/// Packets in sequence are handed out without delay. When one is missing, those behind it wait until it
/// comes, but at most [`REORDER_WINDOW`] or until five wait; then the gap is reported as [`Frame::Lost`].
/// So a listener that plays audio calls [`Receiver::pop`] once every 20 ms and jitter fills the store; one that
/// only recognises keys calls it, at the same rate, until `None`, and never lags behind.
///
/// Telephone-events do not wait: [`Receiver::push`] returns each as it comes, repeats and late ones included.
/// They still take their place in the sequence, so that they are not mistaken for lost audio.
///
/// A new SSRC, or a sequence number far from the expected, is followed when two packets in a row agree on it
/// (RFC 3550, A.1), so one stray packet disturbs nothing.
pub struct Receiver {
    payload_types: PayloadTypes,
    stream: Option<Stream>,
    candidate: Option<(u32, Waiting)>,
    waiting: VecDeque<Waiting>,
    playing: Playing,
    gap: Gap,
}

struct Stream {
    ssrc: u32,
    next: u16,
    /// The timestamp after the last audio handed out.
    clock: Option<u32>,
}

/// A packet in the store; no audio for one that only takes its place in the sequence.
struct Waiting {
    sequence: u16,
    timestamp: u32,
    arrived: Duration,
    payload_type: u8,
    audio: Vec<u8>,
}

#[derive(Default)]
struct Playing {
    payload_type: u8,
    audio: Vec<u8>,
    at: usize,
}

impl Receiver {
    /// A receiver that has heard nothing yet.
    #[must_use]
    pub fn new(payload_types: PayloadTypes) -> Self {
        Self {
            payload_types,
            stream: None,
            candidate: None,
            waiting: VecDeque::with_capacity(CAPACITY),
            playing: Playing::default(),
            gap: Gap::default(),
        }
    }

    /// The peer described its stream anew; what waits already is still handed out.
    pub const fn renegotiate(&mut self, payload_types: PayloadTypes) {
        self.payload_types = payload_types;
    }

    /// Takes one datagram that arrived at `now`.
    ///
    /// # Errors
    ///
    /// [`InvalidPacket`] when it is not RTP; nothing changes then.
    pub fn push<'a>(&mut self, bytes: &'a [u8], now: Duration) -> Result<Arrival<'a>, InvalidPacket> {
        let packet = Packet::parse(bytes)?;
        let is_audio = packet.payload_type() == self.payload_types.audio();
        if is_audio && packet.payload().len() > MAX_AUDIO {
            return Ok(Arrival::Dropped(Dropped::Oversized));
        }
        let audio = if is_audio { packet.payload().to_vec() } else { Vec::new() };
        let kept = self.keep(
            packet.ssrc(),
            Waiting {
                sequence: packet.sequence_number(),
                timestamp: packet.timestamp(),
                arrived: now,
                payload_type: packet.payload_type(),
                audio,
            },
        );
        Ok(match kept {
            _ if Some(packet.payload_type()) == self.payload_types.event() => {
                Arrival::Event(EventPacket::of(&packet))
            }
            _ if !is_audio => Arrival::Dropped(Dropped::PayloadType),
            Ok(()) => Arrival::Audio,
            Err(dropped) => Arrival::Dropped(dropped),
        })
    }

    /// The next piece of the stream, if there is one at `now`.
    ///
    /// `None` means that nothing is known yet about the time that follows: late or paused. A detector should
    /// then not be fed at all, since a pause of the network is not a pause of the tone.
    pub fn pop(&mut self, now: Duration) -> Option<Frame<'_>> {
        while self.gap.is_empty() && self.playing.is_empty() {
            self.load(now)?;
        }
        if let Some(gap) = self.gap.take() {
            return Some(gap);
        }
        Some(self.playing.take())
    }

    fn keep(&mut self, ssrc: u32, packet: Waiting) -> Result<(), Dropped> {
        let stream = self.stream.get_or_insert(Stream { ssrc, next: packet.sequence, clock: None });
        let ahead = distance(stream.next, packet.sequence);
        if stream.ssrc != ssrc || !(-MAX_LATE..=MAX_AHEAD).contains(&ahead) {
            return self.consider(ssrc, packet);
        }
        self.candidate = None;
        if ahead < 0 {
            return Err(Dropped::Late);
        }
        self.insert(packet)
    }

    /// Sorts `packet` in; most of the time at the end.
    fn insert(&mut self, packet: Waiting) -> Result<(), Dropped> {
        let behind = |other: &Waiting| distance(packet.sequence, other.sequence);
        let place = self.waiting.iter().rposition(|other| behind(other) <= 0).map_or(0, |index| index + 1);
        if place > 0 && behind(&self.waiting[place - 1]) == 0 {
            return Err(Dropped::Duplicate);
        }
        self.waiting.insert(place, packet);
        if self.waiting.len() > CAPACITY {
            self.take_front();
        }
        Ok(())
    }

    /// A packet off the stream starts a new one only together with its successor.
    fn consider(&mut self, ssrc: u32, packet: Waiting) -> Result<(), Dropped> {
        let confirmed = self
            .candidate
            .take_if(|(other, first)| *other == ssrc && first.sequence.wrapping_add(1) == packet.sequence);
        let Some((_, first)) = confirmed else {
            self.candidate = Some((ssrc, packet));
            return Err(Dropped::Stray);
        };
        self.stream = Some(Stream { ssrc, next: first.sequence, clock: None });
        self.waiting.clear();
        self.waiting.extend([first, packet]);
        Ok(())
    }

    /// Moves the next packet, or the gap before it, to where `pop` takes from.
    fn load(&mut self, now: Duration) -> Option<()> {
        let front = self.waiting.front()?;
        let stream = self.stream.as_mut()?;
        let missing = distance(stream.next, front.sequence);
        if missing > 0 {
            let waited = now.saturating_sub(front.arrived) >= REORDER_WINDOW;
            if !waited && self.waiting.len() < MAX_WAITING {
                return None;
            }
            self.gap.lost = lost_samples(missing, stream.clock, front);
            stream.next = front.sequence;
            stream.clock = (!front.audio.is_empty()).then_some(front.timestamp).or(stream.clock);
            return Some(());
        }
        self.play();
        Some(())
    }

    fn play(&mut self) {
        let Some(packet) = self.take_front() else { return };
        let Some(stream) = self.stream.as_mut() else { return };
        if packet.audio.is_empty() {
            return;
        }
        self.gap.silent = silent_samples(stream.clock, packet.timestamp);
        stream.clock = Some(packet.timestamp.wrapping_add(packet.audio.len() as u32));
        self.playing = Playing { payload_type: packet.payload_type, audio: packet.audio, at: 0 };
    }

    fn take_front(&mut self) -> Option<Waiting> {
        let packet = self.waiting.pop_front()?;
        if let Some(stream) = self.stream.as_mut() {
            stream.next = packet.sequence.wrapping_add(1);
        }
        Some(packet)
    }
}

impl core::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Receiver").field("payload_types", &self.payload_types).finish_non_exhaustive()
    }
}

impl Playing {
    fn is_empty(&self) -> bool {
        self.at >= self.audio.len()
    }

    fn take(&mut self) -> Frame<'_> {
        let from = self.at;
        self.at = self.audio.len().min(from + FRAME_SAMPLES);
        Frame::Audio { payload: &self.audio[from..self.at], payload_type: self.payload_type }
    }
}

/// How far `b` is ahead of `a` in the shorter way round.
const fn distance(a: u16, b: u16) -> i16 {
    b.wrapping_sub(a) as i16
}

/// What `missing` packets before `front` carried: told by the media clock where it makes sense, otherwise
/// 20 ms each.
fn lost_samples(missing: i16, clock: Option<u32>, front: &Waiting) -> usize {
    let missing = usize::from(missing.unsigned_abs());
    let by_clock = clock.filter(|_| !front.audio.is_empty()).map(|clock| front.timestamp.wrapping_sub(clock));
    match by_clock.map(|samples| samples as usize) {
        Some(samples) if samples <= missing * MAX_PACKET_SAMPLES => samples.min(MAX_LOST),
        _ => (missing * FRAME_SAMPLES).min(MAX_LOST),
    }
}

/// What the sender left out before a packet that follows in sequence; a leap of the clock is no pause.
fn silent_samples(clock: Option<u32>, timestamp: u32) -> usize {
    let left_out = clock.map_or(0, |clock| timestamp.wrapping_sub(clock));
    if left_out < MAX_PAUSE { MAX_SILENCE.min(left_out as usize) } else { 0 }
}

/// Packets behind a gap that end the wait for it.
const MAX_WAITING: usize = 5;
/// Packets kept for a listener that does not pop: one second.
const CAPACITY: usize = 50;
/// Farther than this the sequence has jumped: three seconds ahead, two behind (RFC 3550, A.1, at 50 packets/s).
const MAX_AHEAD: i16 = 150;
const MAX_LATE: i16 = 100;
/// Samples of one packet: 200 ms is the longest a telephone sends (RFC 3551, 4.2).
const MAX_AUDIO: usize = 1_600;
/// The longest packet assumed when a clock difference is read as loss: 60 ms.
const MAX_PACKET_SAMPLES: usize = 480;
/// The longest loss that is told: one second.
const MAX_LOST: usize = 8_000;
/// The longest piece of a pause that is told: 60 ms.
const MAX_SILENCE: usize = 480;
/// A clock difference of ten minutes or more is a new clock.
const MAX_PAUSE: u32 = 600 * 8_000;
