//! Many channels side by side: each block of all of them goes through the arithmetic together, and what is known of
//! them is one bit a channel. Only where something may begin or is going on does a tracker decide.
//!
//! What is remembered of the last blocks lies side by side as well, from frame to frame, so that nothing is
//! carried to and fro while channels stay together. A channel's [`Listener`] knows nothing new until it leaves.

mod bits;
mod lane;
mod outlooks;
mod step;

use super::Detector;
use super::kernel::{BLOCK, Gates, Kernel, LANES, Lanes, Moment, Path, WithKernel, fetch};
use super::measure::WINDOW;
use bits::{bits, is_set, mask};
use outlooks::Outlooks;

/// Room for groups of up to [`LANES`] channels: eight seats each.
#[derive(Clone)]
pub(crate) struct Room<const CHANNELS: usize> {
    seats: [Seat; CHANNELS],
    /// Of each group one.
    heads: [Head; CHANNELS],
}

/// What is known of one block of all channels of a group.
#[derive(Clone)]
struct Seat {
    moment: Moment,
    samples: [[i16; BLOCK]; LANES],
    /// Who heard it, who found it lively.
    heard: u16,
    lively: u16,
}

/// What is known of a group now, a bit for each channel.
#[derive(Clone)]
struct Head {
    /// Those that are in it.
    joined: u16,
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
    /// Least power of each tone.
    floors: Lanes<f32>,
}

/// Channels that hear together.
pub(super) struct Group<'a> {
    seats: &'a mut [Seat; SEATS],
    head: &'a mut Head,
}

/// How far every channel has got.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Who has heard the whole frame.
    done: u16,
    /// Blocks that the others have heard.
    blocks: [usize; LANES],
    /// Who has found something.
    found: u16,
}

impl Progress {
    pub(super) const NONE: Self = Self { done: 0, blocks: [0; LANES], found: 0 };

    /// What is left of the frame of a channel, unless it has heard all and found nothing.
    #[inline(always)]
    pub(super) fn rest<'a>(&self, lane: usize, frame: &'a [i16]) -> Option<&'a [i16]> {
        if is_set(self.done, lane) {
            is_set(self.found, lane).then_some(&[])
        } else {
            Some(&frame[self.blocks[lane] * BLOCK..])
        }
    }
}

impl<const CHANNELS: usize> Room<CHANNELS> {
    pub(crate) const fn new() -> Self {
        Self { seats: [const { Seat::EMPTY }; CHANNELS], heads: [const { Head::NEW }; CHANNELS] }
    }

    /// Group `n`, if there is room for it.
    #[inline(always)]
    pub(super) fn group(&mut self, n: usize) -> Option<Group<'_>> {
        let seats = self.seats.as_chunks_mut().0.get_mut(n)?;
        Some(Group { seats, head: self.heads.get_mut(n)? })
    }

    /// Lets one channel know all that it has heard in a group, and be by itself.
    pub(crate) fn leave(&mut self, channel: usize, detector: &mut Detector) {
        if let Some(mut group) = self.group(channel / LANES) {
            group.leave(channel % LANES, &mut detector.listener);
        }
    }
}

/// Leaves out what is known of the audio: it may hold a key.
impl<const CHANNELS: usize> core::fmt::Debug for Room<CHANNELS> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Room").finish_non_exhaustive()
    }
}

impl Seat {
    const EMPTY: Self = Self { moment: Moment::NOTHING, samples: [SILENCE; LANES], heard: 0, lively: 0 };
}

impl Head {
    const NEW: Self = Self {
        joined: 0,
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
        floors: Lanes([0.0; LANES]),
    };

    /// Samples of a channel up to the end of the newest block.
    #[inline(always)]
    const fn position(&self, lane: usize) -> u64 {
        self.heard.wrapping_add(self.ahead[lane])
    }
}

impl Group<'_> {
    /// Lets all channels hear a frame that can hear it together; `detectors` and `frames` are those of the
    /// group; which frames are `coming` after them.
    #[inline]
    pub(super) fn hear(
        &mut self,
        path: Path,
        detectors: &mut [Detector],
        frames: &[&[i16]],
        coming: &[&[i16]],
    ) -> Progress {
        path.with(Hear { group: self, detectors, frames, coming })
    }

    /// Takes in whoever has something to hear, unless they are too few. All leave whose frame has another length.
    #[inline(always)]
    fn gather(&mut self, detectors: &mut [Detector], frames: &[&[i16]], samples: usize) {
        let same = mask(|lane| samples > 0 && frames.get(lane).is_some_and(|frame| frame.len() == samples));
        let mut leaving = self.head.joined & !same;
        let mut joining = 0;
        for lane in bits(same & !self.head.joined) {
            let can = detectors.get(lane).is_some_and(|detector| detector.may_join(frames[lane]));
            joining |= u16::from(can) << lane;
        }
        let busy = self.head.joined & !leaving & !self.blank() | joining;
        if busy.count_ones() < WORTH_IT {
            (leaving, joining) = (self.head.joined, 0);
        }
        for lane in bits(leaving) {
            self.leave(lane, &mut detectors[lane].listener);
        }
        for lane in bits(joining) {
            self.join(lane, &detectors[lane].listener);
        }
    }

    /// Puts block `n` of all frames where it will be heard, and brings closer what will be wanted soon.
    #[inline(always)]
    fn bring(&mut self, frames: &[&[i16]], coming: &[&[i16]], n: usize) {
        let next = (self.head.newest + 1) % SEATS;
        for (frame, kept) in frames.iter().zip(&mut self.seats[next].samples) {
            if let Some(block) = frame.get(n * BLOCK..).and_then(|rest| rest.first_chunk()) {
                *kept = *block;
            }
        }
        for frame in coming.iter().skip(n * AT_ONCE).take(AT_ONCE) {
            fetch(frame);
        }
    }

    /// Those of whom nothing is known that quiet blocks could end.
    #[inline(always)]
    fn blank(&self) -> u16 {
        let known = self.seats.iter().fold(self.head.left, |known, seat| known | seat.heard);
        self.head.outlooks.idle() & !known
    }
}

/// [`Group::hear`] with some kernel.
struct Hear<'a, 'b> {
    group: &'a mut Group<'b>,
    detectors: &'a mut [Detector],
    frames: &'a [&'a [i16]],
    coming: &'a [&'a [i16]],
}

impl WithKernel for Hear<'_, '_> {
    type Output = Progress;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Progress {
        let Self { group, detectors, frames, coming } = self;
        let whole = |frame: &&&[i16]| !frame.is_empty() && frame.len().is_multiple_of(BLOCK);
        let samples = frames.iter().find(whole).map_or(0, |frame| frame.len());
        group.gather(detectors, frames, samples);
        let mut progress = Progress::NONE;
        for n in 0..samples / BLOCK {
            if group.head.joined == 0 {
                break;
            }
            group.bring(frames, coming, n);
            let found = group.step(kernel, detectors);
            progress.found |= found.events;
            for lane in bits(found.full) {
                group.leave(lane, &mut detectors[lane].listener);
                progress.blocks[lane] = n + 1;
            }
        }
        progress.done = group.head.joined;
        progress
    }
}

/// For lanes that have nothing to hear.
const SILENCE: [i16; BLOCK] = [0; BLOCK];
/// Of how many channels the whole frames are brought closer while one block is heard.
const AT_ONCE: usize = LANES / 4;
/// Seats of a group: a power of two that is more than a window.
const SEATS: usize = 8;
/// Fewer channels are left to be heard one after the other: the sums are made for all in any case.
const WORTH_IT: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Criteria, Generator, Key, SampleRate, ToneEvent};

    /// Keys, vowels that glide, noise and silence in turn, another order on every channel.
    fn audio(channel: usize) -> Vec<i16> {
        let mut state = 7 * channel as u32 + 1;
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        let mut audio = Vec::new();
        while audio.len() < 80_000 {
            let len = 400 + random() as usize % 4_000;
            match random() % 4 {
                0 => audio.extend(Generator::new(SampleRate::Hz8000).key(Key::ALL[random() as usize % 16])),
                1 => audio.extend((0..len).map(|_| 0)),
                2 => audio.extend((0..len).map(|_| (random() as i16) >> (channel % 8))),
                _ => {
                    let pitch = 90.0 + f64::from(random() % 160);
                    audio.extend((0..len).map(|n| {
                        let t = n as f64 / 8_000.0;
                        let sine =
                            |h: u32| (core::f64::consts::TAU * f64::from(h) * (pitch + 9.0 * t) * t).sin();
                        (1_500.0 * (4..14).map(sine).sum::<f64>()) as i16
                    }));
                }
            }
        }
        audio
    }

    fn detector(path: Path, channel: usize) -> Detector {
        let criteria = if channel % 3 == 2 { Criteria::slow() } else { Criteria::default() };
        let mut detector = Detector::with_criteria(SampleRate::Hz8000, criteria);
        detector.listener.path = path;
        detector
    }

    #[test]
    fn many_channels_decide_as_each_alone_on_every_path() {
        let audio: [Vec<i16>; LANES] = core::array::from_fn(audio);
        for path in Path::all() {
            let alone: [Vec<ToneEvent>; LANES] =
                core::array::from_fn(|lane| detector(path, lane).process(&audio[lane]).collect());
            for frame in [1, 3, 4, 40] {
                let mut detectors: [Detector; LANES] = core::array::from_fn(|lane| detector(path, lane));
                let mut room = Room::<LANES>::new();
                let mut events: [Vec<ToneEvent>; LANES] = Default::default();
                let mut heard = [0; LANES];
                let (mut rounds, mut together) = (0, 0);
                // One lane is empty now and then, and not every frame is of the same length.
                while heard.iter().zip(&audio).any(|(&heard, audio)| heard < audio.len()) {
                    rounds += 1;
                    let frames: [&[i16]; LANES] = core::array::from_fn(|lane| {
                        let len = BLOCK * (frame + usize::from((lane + rounds) % 11 == 0));
                        let len = if lane == 15 && rounds % 5 == 0 { 0 } else { len };
                        let rest = &audio[lane][heard[lane]..];
                        &rest[..len.min(rest.len())]
                    });
                    let mut group = room.group(0).expect("room for sixteen");
                    let progress = group.hear(path, &mut detectors, &frames, &[]);
                    together += progress.done.count_ones();
                    for (lane, frame) in frames.into_iter().enumerate() {
                        heard[lane] += frame.len();
                        if let Some(rest) = progress.rest(lane, frame) {
                            events[lane].extend(detectors[lane].process(rest));
                        }
                    }
                }
                for (lane, events) in events.iter().enumerate() {
                    assert_eq!(events, &alone[lane], "{path:?} {frame} {lane}");
                    assert!(events.len() > 8);
                }
                assert!(together as usize > 4 * rounds, "{together} in {rounds}");
            }
        }
    }

    #[test]
    fn silent_channels_are_by_themselves() {
        let path = Path::best();
        let mut detectors: [Detector; LANES] = core::array::from_fn(|lane| detector(path, lane));
        let mut room = Room::<LANES>::new();
        let (loud, silence) = (audio(1), [0; 160]);
        let mut joined =
            |loud_lanes: usize, from: usize| {
                let frames: [&[i16]; LANES] = core::array::from_fn(|lane| {
                    if lane < loud_lanes { &loud[from..from + 160] } else { &silence[..] }
                });
                let mut group = room.group(0).expect("room for sixteen");
                group.hear(path, &mut detectors, &frames, &[]).done
            };
        let from = loud.chunks(160).position(|frame| frame[0].unsigned_abs() > 1_000).expect("sound") * 160;
        assert_eq!(joined(6, from), 0b11_1111);
        assert_eq!(joined(8, from), 0b1111_1111);
        // Until nothing of it is known any more.
        assert_eq!([joined(0, 0), joined(0, 0), joined(0, 0)], [0b1111_1111, 0b1111_1111, 0]);
        assert_eq!(joined(3, from), 0);
    }
}
