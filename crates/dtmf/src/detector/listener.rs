//! Blocks of 8 kHz audio in, events out.

use super::block::{Block, Gate};
use super::event::{Queue, ToneEvent};
use super::history::History;
use super::kernel::{BLOCK, Kernel, Path, Portable, WithKernel};
use super::tracker::Tracker;
use crate::Criteria;

/// Looks only as closely as it must. Quiet blocks cost their energy; while nothing is going on, every
/// second block is left out until a lively one follows, since one lively block alone decides nothing.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    path: Path,
    gate: Gate,
    /// Samples up to the end of the newest block.
    position: u64,
    /// The block after the newest in the history, if it was left out.
    left_out: [i16; BLOCK],
    is_left_out: bool,
    history: History,
    tracker: Tracker,
    events: Queue,
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
        self.path.with(Hear { listener: self, samples })
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

    #[inline(always)]
    fn hear_block<K: Kernel>(&mut self, kernel: K, samples: &[i16; BLOCK]) {
        self.position += BLOCK as u64;
        let energy = kernel.energy(samples);
        if energy < self.gate.energy {
            self.leave_out();
            self.history.push(&Block::PASSED);
            self.tracker.handle_block(kernel, &self.history, self.position, &mut self.events);
        } else if self.may_leave_out() {
            self.left_out = *samples;
            self.is_left_out = true;
        } else {
            self.look(kernel, samples, energy);
        }
    }

    /// Every second block, unless it could decide something: a key takes more than two lively blocks, and a
    /// suspicion two that both look like a key.
    #[inline(always)]
    fn may_leave_out(&self) -> bool {
        self.position / BLOCK as u64 % 2 == 1
            && self.tracker.is_idle()
            && (self.history.lively() == 0
                || self.history.lively() == 1 && !self.history.ago(0).spectrum.may_be_suspect())
    }

    #[inline(always)]
    fn look<K: Kernel>(&mut self, kernel: K, samples: &[i16; BLOCK], energy: i32) {
        // Behind a block that was left out; the oldest blocks matter only when none was for long.
        let spectrum = self.history.upcoming(self.is_left_out.into());
        kernel.look(samples, spectrum);
        let lively = self.gate.is_lively(spectrum, energy);
        if self.is_left_out {
            if lively {
                self.look_back(kernel);
            } else {
                self.leave_out();
            }
        }
        self.history.push_heard(kernel, samples, energy, lively);
        self.tracker.handle_block(kernel, &self.history, self.position, &mut self.events);
    }

    /// Looks at the block that was left out after all.
    fn look_back<K: Kernel>(&mut self, kernel: K) {
        self.is_left_out = false;
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
        if listener.history.is_blank() && listener.tracker.is_idle() && !listener.is_left_out {
            // Nothing that quiet blocks could end.
            taken = kernel.quiet_blocks(samples, listener.gate.energy) * BLOCK;
            listener.position += taken as u64;
        }
        while let Some(block) = samples[taken..].first_chunk() {
            taken += BLOCK;
            listener.hear_block(kernel, block);
            if !listener.events.is_empty() {
                break;
            }
        }
        taken
    }
}

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
