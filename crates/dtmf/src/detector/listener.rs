//! Blocks of 8 kHz audio in, events out.

use super::block::{Block, Gate, Spectrum};
use super::event::{Queue, ToneEvent};
use super::history::History;
use super::kernel::{BLOCK, Kernel};
use super::tracker::Tracker;
use crate::Criteria;

/// Looks only as closely as it must. Quiet blocks cost their energy; while nothing is going on, every
/// second block is left out until a lively one follows, since one lively block alone decides nothing.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    kernel: Kernel,
    gate: Gate,
    /// Samples up to the end of the newest block.
    position: u64,
    /// The block before the newest, if it was left out.
    left_out: Option<[i16; BLOCK]>,
    history: History,
    tracker: Tracker,
    events: Queue,
}

impl Listener {
    pub(super) fn new(criteria: Criteria) -> Self {
        Self {
            kernel: Kernel::best(),
            gate: Gate::new(&criteria),
            position: 0,
            left_out: None,
            history: History::new(),
            tracker: Tracker::new(criteria),
            events: Queue::default(),
        }
    }

    pub(super) fn set_criteria(&mut self, criteria: Criteria) {
        self.gate = Gate::new(&criteria);
        self.tracker.set_criteria(criteria);
    }

    #[inline]
    pub(super) fn poll(&mut self) -> Option<ToneEvent> {
        self.events.pop()
    }

    /// Takes the quiet blocks that `samples` begin with, as long as there is nothing that they could end;
    /// how many samples that were.
    #[inline]
    pub(super) fn skip_quiet(&mut self, samples: &[i16]) -> usize {
        if !self.history.is_blank() || !self.tracker.is_idle() {
            return 0;
        }
        let samples = self.kernel.quiet_blocks(samples, self.gate.energy) * BLOCK;
        self.position += samples as u64;
        samples
    }

    /// Moves on by so many lost blocks, after as many that there is nothing left to decide.
    pub(super) fn skip(&mut self, blocks: usize) {
        self.position += (blocks * BLOCK) as u64;
    }

    pub(super) fn lose(&mut self) {
        self.position += BLOCK as u64;
        self.leave_out();
        self.history.push(Block::LOST);
        self.tracker.handle_block(&self.history, self.position, &mut self.events);
    }

    pub(super) fn hear(&mut self, samples: &[i16; BLOCK]) {
        self.position += BLOCK as u64;
        let energy = self.kernel.energy(samples);
        if energy < self.gate.energy {
            self.leave_out();
            self.history.push(Block::PASSED);
            self.tracker.handle_block(&self.history, self.position, &mut self.events);
        } else if self.may_leave_out() {
            self.left_out = Some(*samples);
        } else {
            self.look(samples, energy);
        }
    }

    fn may_leave_out(&self) -> bool {
        self.position / BLOCK as u64 % 2 == 1 && !self.history.ago(0).lively && self.tracker.is_idle()
    }

    fn look(&mut self, samples: &[i16; BLOCK], energy: i32) {
        let spectrum = Spectrum::of(self.kernel, samples);
        let lively = self.gate.is_lively(&spectrum);
        if !lively {
            self.leave_out();
        } else if let Some(earlier) = self.left_out.take() {
            let spectrum = Spectrum::of(self.kernel, &earlier);
            let lively = self.gate.is_lively(&spectrum);
            self.push(spectrum, self.kernel.energy(&earlier), lively, self.position - BLOCK as u64);
        }
        self.push(spectrum, energy, lively, self.position);
    }

    fn push(&mut self, spectrum: Spectrum, energy: i32, lively: bool, position: u64) {
        self.history.push_heard(spectrum, energy, lively);
        self.tracker.handle_block(&self.history, position, &mut self.events);
    }

    /// Gives up on the block before, which turned out not to matter.
    fn leave_out(&mut self) {
        if self.left_out.take().is_some() {
            self.history.push(Block::PASSED);
        }
    }
}
