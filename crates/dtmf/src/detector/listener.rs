//! Blocks of 8 kHz audio in, events out.

use super::block::{Block, Gate};
use super::event::{Queue, ToneEvent};
use super::history::History;
use super::kernel::{AHEAD, Ahead, BLOCK, Kernel, Path, Portable, WithKernel};
use super::tracker::Tracker;
use crate::Criteria;

/// Looks only as closely as it must. Quiet blocks cost their energy; while nothing is going on, every
/// second block is left out until a lively one follows, since one lively block alone decides nothing.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) path: Path,
    pub(super) gate: Gate,
    /// Samples up to the end of the newest block.
    pub(super) position: u64,
    /// The block after the newest in the history, if it was left out.
    pub(super) left_out: [i16; BLOCK],
    pub(super) is_left_out: bool,
    pub(super) history: History,
    pub(super) tracker: Tracker,
    pub(super) events: Queue,
}

impl Listener {
    pub(super) fn new(criteria: Criteria) -> Self {
        Self {
            path: Path::best(),
            gate: Gate::new(&criteria),
            position: 0,
            left_out: [0; BLOCK],
            is_left_out: false,
            history: History::new(),
            tracker: Tracker::new(criteria),
            events: Queue::default(),
        }
    }

    pub(super) fn set_criteria(&mut self, criteria: Criteria) {
        self.gate = Gate::new(&criteria);
        self.tracker.set_criteria(criteria);
    }

    /// Whether there is nothing to poll.
    #[inline(always)]
    pub(super) const fn is_quiet(&self) -> bool {
        self.events.is_empty()
    }

    #[inline]
    pub(super) fn poll(&mut self) -> Option<ToneEvent> {
        self.events.pop()
    }

    /// Hears as many whole blocks of `samples` as it takes to find something; how many samples that were.
    #[inline]
    pub(super) fn hear(&mut self, samples: &[i16]) -> usize {
        let mut quiet = 0;
        if self.may_skip() {
            quiet = self.quiet_blocks(samples) * BLOCK;
            self.position += quiet as u64;
        }
        let rest = &samples[quiet..];
        if rest.len() < BLOCK {
            quiet
        } else {
            quiet + self.path.with(Hear { listener: self, samples: rest })
        }
    }

    /// How many blocks are quiet before the first that is not.
    #[inline]
    fn quiet_blocks(&self, samples: &[i16]) -> usize {
        self.path.with(Quiet { samples, limit: self.gate.energy })
    }

    /// How many are heard at once, where that is faster than one after the other.
    pub(super) fn path_abreast(&self) -> Option<Path> {
        self.path.is_faster_abreast().then_some(self.path)
    }

    /// Hears whole blocks if that takes no time at all, since there is nothing in them and nothing before them.
    #[inline]
    pub(super) fn skip_silence(&mut self, samples: &[i16]) -> bool {
        let is_silence =
            self.may_skip() && self.quiet_blocks(samples) == samples.len() / BLOCK && self.is_quiet();
        if is_silence {
            self.position += samples.len() as u64;
        }
        is_silence
    }

    /// Whether there is nothing that quiet blocks could end.
    #[inline(always)]
    fn may_skip(&self) -> bool {
        self.history.is_blank() && self.tracker.is_idle() && !self.is_left_out
    }

    /// Moves on by so many lost blocks, after as many that there is nothing left to decide.
    pub(super) fn skip(&mut self, blocks: usize) {
        self.position += (blocks * BLOCK) as u64;
    }

    pub(super) fn lose(&mut self) {
        self.position += BLOCK as u64;
        self.leave_out();
        self.history.push(&Block::LOST);
        self.tracker.handle_block(Portable, &self.history, self.position, &mut self.events);
    }

    /// Hears block `n` of those that were looked at ahead.
    #[inline(always)]
    fn hear_block<K: Kernel>(&mut self, kernel: K, blocks: &[[i16; BLOCK]], ahead: &Ahead, n: usize) {
        self.position += BLOCK as u64;
        if self.is_left_out {
            self.is_left_out = false;
            if ahead.is_lively(n) {
                kernel.with(LookBack(self));
            } else {
                self.history.push(&Block::PASSED);
            }
        }
        let may_leave_out = ahead.is_loud(n) && self.may_leave_out();
        if may_leave_out && n + 1 == blocks.len().min(AHEAD) {
            // What comes next is not known yet.
            self.left_out = blocks[n];
            self.is_left_out = true;
            return;
        }
        if !ahead.is_loud(n) || may_leave_out && !ahead.is_lively(n + 1) {
            self.history.push(&Block::PASSED);
        } else {
            *self.history.upcoming(0) = *ahead.spectrum(n);
            self.history.push_heard(kernel, &blocks[n], ahead.energy(n), ahead.is_lively(n));
        }
        self.tracker.handle_block(kernel, &self.history, self.position, &mut self.events);
    }

    /// Every second block, unless it could decide something: a key takes more than two lively blocks, and a
    /// suspicion two that both look like a key.
    #[inline(always)]
    fn may_leave_out(&self) -> bool {
        self.position & ODD != 0
            && self.tracker.is_idle()
            && (self.history.lively() == 0
                || self.history.lively() == 1 && !self.history.ago(0).spectrum.may_be_suspect())
    }

    /// Looks at the last block of the frame before, which was left out, after all.
    fn look_back<K: Kernel>(&mut self, kernel: K) {
        let spectrum = self.history.upcoming(0);
        kernel.look(&self.left_out, spectrum);
        let energy = kernel.energy(&self.left_out);
        let lively = self.gate.is_lively(spectrum, energy);
        self.history.push_heard(kernel, &self.left_out, energy, lively);
        self.tracker.handle_block(kernel, &self.history, self.position - BLOCK as u64, &mut self.events);
    }

    /// Gives up on the block before, which turned out not to matter.
    #[inline(always)]
    fn leave_out(&mut self) {
        if self.is_left_out {
            self.is_left_out = false;
            self.history.push(&Block::PASSED);
        }
    }
}

/// [`Listener::look_back`] with some kernel.
struct LookBack<'a>(&'a mut Listener);

impl WithKernel for LookBack<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        self.0.look_back(kernel);
    }
}

/// How many blocks are below a limit of energy before the first that is not.
struct Quiet<'a> {
    samples: &'a [i16],
    limit: i32,
}

impl WithKernel for Quiet<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> usize {
        kernel.quiet_blocks(self.samples, self.limit)
    }
}

/// [`Listener::hear`] with some kernel.
struct Hear<'a> {
    listener: &'a mut Listener,
    samples: &'a [i16],
}

impl WithKernel for Hear<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> usize {
        let Self { listener, samples } = self;
        let mut taken = 0;
        let mut rest = samples.as_chunks().0;
        while !rest.is_empty() && listener.events.is_empty() {
            let ahead = kernel.look_ahead(rest, &listener.gate);
            let len = rest.len().min(AHEAD);
            let heard = (0..len).position(|n| {
                listener.hear_block(kernel, rest, &ahead, n);
                !listener.events.has_room()
            });
            let heard = heard.map_or(len, |last| last + 1);
            taken += heard * BLOCK;
            rest = &rest[heard..];
        }
        taken
    }
}

/// The bit of a position, which is a whole number of blocks, that is set after every second block.
const ODD: u64 = 1 << BLOCK.trailing_zeros();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Generator, Key, SampleRate};

    #[test]
    fn every_kernel_makes_the_same_decisions() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i16 / 16
        };
        let keys = Key::ALL.iter().flat_map(|&key| Generator::new(SampleRate::Hz8000).key(key));
        let audio: Vec<i16> = keys.map(|sample| sample.saturating_add(noise())).collect();
        let events = |path: Path| {
            let mut listener = Listener { path, ..Listener::new(Criteria::default()) };
            let (mut rest, mut events) = (&audio[..], Vec::new());
            while rest.len() >= BLOCK {
                rest = &rest[listener.hear(rest)..];
                events.extend(core::iter::from_fn(|| listener.poll()));
            }
            events
        };
        let expected = events(Path::Portable);
        assert!(expected.len() >= 32);
        for path in Path::all() {
            assert_eq!(events(path), expected, "{path:?}");
        }
    }
}
