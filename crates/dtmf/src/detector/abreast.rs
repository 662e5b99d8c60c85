//! Many channels side by side: each block of all of them goes through the arithmetic together, and what is known of
//! them is one bit a channel. Only where something may begin or is going on does a tracker decide.
//!
//! What is remembered of the last blocks lies side by side as well, from frame to frame, so that nothing is
//! carried to and fro while channels stay together. A channel's [`Listener`](super::listener::Listener) knows
//! nothing new until it leaves.

mod bits;
mod lane;
mod outlooks;
mod room;
mod step;

pub(crate) use room::Room;

use super::Detector;
use super::kernel::{BLOCK, Gates, Kernel, LANES, Lanes, Moment, WithKernel, fetch};
use super::measure::WINDOW;
use bits::{bits, is_set};
use outlooks::Outlooks;

/// What is known of one block of all channels of a group.
#[derive(Clone)]
struct Seat {
    moment: Moment,
    /// Who heard it, who found it lively.
    heard: u16,
    lively: u16,
}

/// What is known of a group now, a bit for each channel.
#[derive(Clone)]
struct Head {
    /// Those that are in it, and which channels they are.
    joined: u16,
    channels: [usize; LANES],
    /// The seat of the newest block.
    newest: usize,
    /// How many samples the group has heard, and by how many every channel is ahead of it.
    heard: u64,
    ahead: [u64; LANES],
    /// Whose next block is one of those that may be left out.
    odd: u16,
    /// Whose newest block was left out.
    left: u16,
    /// Whose newest block, whatever became of it, was lively, and was not in phase with those before.
    last_lively: u16,
    last_incoherent: u16,
    /// Whose newest block that was not left out may be suspect.
    suspect: u16,
    /// Who has heard so many lively blocks in a row that are in phase: one, two, up to a window.
    runs: [u16; WINDOW],
    outlooks: Outlooks,
    gates: Gates,
    /// Of whom the pace of a pair does not matter.
    wide: u16,
    /// Least power of each tone.
    floors: Lanes<f32>,
}

/// Channels that hear together.
struct Group<'a> {
    seats: &'a mut [Seat; SEATS],
    head: &'a mut Head,
}

/// How far a channel has got in its frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    samples: usize,
    /// Whether that is all of it, and nothing was found.
    is_over: bool,
}

impl Progress {
    pub(super) const NONE: Self = Self { samples: 0, is_over: false };

    /// What is left of the frame, unless there is nothing to find in it any more.
    #[inline(always)]
    pub(super) fn rest<'a>(&self, frame: &'a [i16]) -> Option<&'a [i16]> {
        (!self.is_over).then(|| &frame[self.samples..])
    }
}

impl Seat {
    const EMPTY: Self = Self { moment: Moment::NOTHING, heard: 0, lively: 0 };
}

impl Head {
    const NEW: Self = Self {
        joined: 0,
        channels: [0; LANES],
        newest: 0,
        heard: 0,
        ahead: [0; LANES],
        odd: 0,
        left: 0,
        last_lively: 0,
        last_incoherent: 0,
        suspect: 0,
        runs: [0; WINDOW],
        outlooks: Outlooks::NONE,
        gates: Gates::NONE,
        wide: 0,
        floors: Lanes([0.0; LANES]),
    };

    /// Samples of a channel up to the end of the newest block.
    #[inline(always)]
    const fn position(&self, lane: usize) -> u64 {
        self.heard.wrapping_add(self.ahead[lane])
    }
}

impl Group<'_> {
    /// Those of whom nothing is known that quiet blocks could end.
    #[inline(always)]
    fn blank(&self) -> u16 {
        let known = self.seats.iter().fold(self.head.left, |known, seat| known | seat.heard);
        self.head.outlooks.idle() & !known
    }
}

/// Lets a group hear the frames of its channels; who found too much and left, with the rest before them.
struct Hear<'a> {
    group: Group<'a>,
    detectors: &'a mut [Detector],
    frames: &'a [&'a [i16]],
    progress: &'a mut [Progress],
}

impl WithKernel for Hear<'_> {
    type Output = u16;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> u16 {
        let Self { mut group, detectors, frames, progress } = self;
        let channels = group.head.channels;
        let joined = group.head.joined;
        let own = channels.map(|channel| frames[channel].as_chunks().0);
        let len = bits(joined).next().map_or(0, |lane| own[lane].len());
        let mut events = 0;
        for n in 0..len {
            let mut blocks = [&SILENCE; LANES];
            for (block, frame) in blocks.iter_mut().zip(own) {
                *block = frame.get(n).unwrap_or(&SILENCE);
                // What is heard a frame later, where that lies right behind this one.
                fetch(block.as_ptr().wrapping_add(len * BLOCK));
            }
            let found = group.step(kernel, &blocks, detectors);
            events |= found.events;
            for lane in bits(found.full) {
                group.leave(lane, &mut detectors[channels[lane]].listener);
                progress[channels[lane]].samples = (n + 1) * BLOCK;
            }
        }
        for lane in bits(group.head.joined) {
            progress[channels[lane]] = Progress { samples: len * BLOCK, is_over: !is_set(events, lane) };
        }
        joined & !group.head.joined
    }
}

/// For lanes that have nothing to hear.
const SILENCE: [i16; BLOCK] = [0; BLOCK];
/// Seats of a group: a power of two that is more than a window.
const SEATS: usize = 8;
