//! The last few blocks of a signal.

use super::block::{Block, Kind, Pair, Spectrum};
use super::kernel::{BLOCK, Kernel, Sixteen};
use super::recall::Recall;

/// A ring of the newest blocks.
#[derive(Clone, Debug)]
pub(super) struct History {
    blocks: [Block; LEN],
    /// What was heard in the lively ones.
    samples: [[i16; BLOCK]; LEN],
    /// Index of the newest block.
    newest: usize,
    /// How many blocks in a row, the newest the last, are lively and in phase.
    lively: u32,
    /// How many blocks in a row, the newest the last, were passed over.
    passed: usize,
}

impl History {
    pub(super) const fn new() -> Self {
        Self { blocks: [Block::PASSED; LEN], samples: [[0; BLOCK]; LEN], newest: 0, lively: 0, passed: LEN }
    }

    /// Where the spectrum goes of the block that will be added next, or of the one after so many others. What
    /// was there is lost: the oldest blocks.
    #[inline(always)]
    pub(super) fn upcoming(&mut self, others: usize) -> &mut Spectrum {
        &mut self.blocks[(self.newest + 1 + others) % LEN].spectrum
    }

    /// Adds a block that was heard, whose spectrum is where [`upcoming`](Self::upcoming) said.
    #[inline(always)]
    pub(super) fn push_heard<K: Kernel>(
        &mut self,
        kernel: K,
        samples: &[i16; BLOCK],
        energy: i32,
        lively: bool,
    ) {
        let (one, two) = (self.newest, (self.newest + LEN - 1) % LEN);
        self.passed = 0;
        self.newest = (self.newest + 1) % LEN;
        self.blocks[self.newest].hear(energy, lively);
        if !lively {
            self.lively = 0;
            return;
        }
        self.samples[self.newest] = *samples;
        if self.lively == 0 {
            self.lively = 1;
        } else {
            let [one, two] = [one, two].map(|at| self.blocks[at].spectrum);
            let is_in_phase = self.blocks[self.newest].set_pair(kernel, &one, &two);
            // Three blocks of a key add up in phase; if these do not, at most the last two belong together.
            self.lively = if is_in_phase { self.lively.saturating_add(1) } else { 2 };
        }
    }

    /// Adds a block that was not heard.
    #[inline(always)]
    pub(super) fn push(&mut self, block: &Block) {
        self.passed = if block.kind == Kind::Passed { self.passed + 1 } else { 0 };
        self.lively = 0;
        self.newest = (self.newest + 1) % LEN;
        self.blocks[self.newest] = *block;
    }

    /// Whether audio is missing in any block.
    pub(super) fn has_lost(&self) -> bool {
        self.blocks.iter().any(|block| block.kind == Kind::Lost)
    }

    /// Takes back all blocks, by how long ago they were, that were kept elsewhere; how many in a row, the newest
    /// the last, are lively and in phase.
    pub(super) fn restore(&mut self, lively: u32, block: impl Fn(usize) -> (Block, [i16; BLOCK])) {
        self.newest = LEN - 1;
        for ago in 0..LEN {
            (self.blocks[self.newest - ago], self.samples[self.newest - ago]) = block(ago);
        }
        self.lively = lively;
        self.passed = self.blocks.iter().rev().take_while(|block| block.kind == Kind::Passed).count();
    }

    /// The block `ago` blocks before the newest, 0 to 7.
    #[inline(always)]
    pub(super) fn ago(&self, ago: usize) -> &Block {
        &self.blocks[(self.newest + LEN - ago) % LEN]
    }

    /// How many blocks in a row, the newest the last, are lively and in phase.
    #[inline(always)]
    pub(super) const fn lively(&self) -> u32 {
        self.lively
    }

    /// Whether nothing is known of any block, so that another one of those changes nothing.
    pub(super) const fn is_blank(&self) -> bool {
        self.passed >= LEN
    }
}

impl Recall for History {
    #[inline(always)]
    fn is_heard(&self, ago: usize) -> bool {
        self.ago(ago).kind == Kind::Heard
    }

    #[inline(always)]
    fn is_lost(&self, ago: usize) -> bool {
        self.ago(ago).kind == Kind::Lost
    }

    #[inline(always)]
    fn is_lively(&self, ago: usize) -> bool {
        self.ago(ago).lively
    }

    #[inline(always)]
    fn tone(&self, ago: usize, tone: usize) -> (f32, f32) {
        let spectrum = &self.ago(ago).spectrum;
        (spectrum.re[tone], spectrum.im[tone])
    }

    #[inline(always)]
    fn band(&self, ago: usize) -> f32 {
        self.ago(ago).spectrum.band
    }

    #[inline(always)]
    fn total(&self, ago: usize) -> f32 {
        self.ago(ago).total()
    }

    #[inline(always)]
    fn may_be_suspect(&self) -> bool {
        self.ago(0).spectrum.may_be_suspect()
    }

    #[inline(always)]
    fn pair(&self, ago: usize) -> Pair {
        self.ago(ago).pair
    }

    #[inline(always)]
    fn pair_power(&self, ago: usize) -> f32 {
        self.ago(ago).pair_power
    }

    #[inline(always)]
    fn samples(&self, ago: usize) -> [i16; BLOCK] {
        self.samples[(self.newest + LEN - ago) % LEN]
    }

    #[inline(always)]
    fn lively(&self) -> u32 {
        self.lively
    }

    #[inline(always)]
    fn pointers<V: Sixteen>(&self, pair: Pair) -> (V, V) {
        V::pointers(&self.blocks, (self.newest + 1) % LEN, pair)
    }
}

pub(super) const LEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::block::Gate;
    use super::super::block::tests::look;
    use super::super::kernel::{BLOCK, Portable};
    use super::*;
    use crate::Criteria;

    fn push(history: &mut History, low_hz: f64, from: usize) {
        let samples = core::array::from_fn(|n| {
            let t = core::f64::consts::TAU * (from + n) as f64 / 8000.0;
            (8000.0 * (low_hz * t).cos() + 4000.0 * (1477.0 * t).sin()) as i16
        });
        let (spectrum, energy) = look(&samples);
        let lively = Gate::new(&Criteria::default()).is_lively(&spectrum, energy);
        *history.upcoming(0) = spectrum;
        history.push_heard(Portable, &samples, energy, lively);
    }

    #[test]
    fn three_blocks_of_two_tones_add_up_in_phase() {
        let mut history = History::new();
        for n in 0..5 {
            push(&mut history, 770.0, n * BLOCK);
        }
        let block = history.ago(0);
        assert_eq!((block.pair.low, block.pair.high), (1, 6));
        assert!((block.pair_power / block.total() - 1.0).abs() < 0.1);
        assert_eq!(history.lively(), 5);
    }

    #[test]
    fn a_block_that_is_not_lively_starts_the_count_again() {
        let mut history = History::new();
        assert!(history.is_blank());
        push(&mut history, 770.0, 0);
        push(&mut history, 1477.0, 40);
        assert_eq!((history.lively(), history.ago(0).kind, history.is_blank()), (0, Kind::Heard, false));
        (0..8).for_each(|_| history.push(&Block::PASSED));
        assert!(history.is_blank());
        history.push(&Block::LOST);
        assert_eq!((history.ago(0).kind, history.is_blank()), (Kind::Lost, false));
    }
}
