//! The last few blocks of a signal.

use super::block::{Block, Kind, Spectrum};

/// A ring of the newest blocks.
#[derive(Clone, Debug)]
pub(super) struct History {
    blocks: [Block; LEN],
    /// Index of the newest block.
    newest: usize,
    /// How many lively blocks in a row the newest ends.
    lively: u32,
    /// How many blocks in a row, the newest the last, were passed over.
    passed: usize,
}

impl History {
    pub(super) const fn new() -> Self {
        Self { blocks: [Block::PASSED; LEN], newest: 0, lively: 0, passed: LEN }
    }

    /// Adds a block that was heard.
    #[inline]
    pub(super) fn push_heard(&mut self, spectrum: Spectrum, energy: i32, lively: bool) {
        let block = Block::heard(spectrum, energy, lively, self.ago(0), self.ago(1));
        self.push(block);
    }

    #[inline]
    pub(super) fn push(&mut self, block: Block) {
        self.passed = if block.kind == Kind::Passed { self.passed + 1 } else { 0 };
        self.lively = if block.lively { self.lively.saturating_add(1) } else { 0 };
        self.newest = (self.newest + 1) % LEN;
        self.blocks[self.newest] = block;
    }

    /// The block `ago` blocks before the newest, 0 to 7.
    #[inline]
    pub(super) fn ago(&self, ago: usize) -> &Block {
        &self.blocks[(self.newest + LEN - ago) % LEN]
    }

    /// How many lively blocks in a row the newest ends.
    pub(super) const fn lively(&self) -> u32 {
        self.lively
    }

    /// Whether nothing is known of any block, so that another one of those changes nothing.
    pub(super) const fn is_blank(&self) -> bool {
        self.passed >= LEN
    }
}

const LEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::block::Gate;
    use super::super::kernel::{BLOCK, Kernel};
    use super::*;
    use crate::Criteria;

    fn push(history: &mut History, low_hz: f64, from: usize) {
        let samples = core::array::from_fn(|n| {
            let t = core::f64::consts::TAU * (from + n) as f64 / 8000.0;
            (8000.0 * (low_hz * t).cos() + 4000.0 * (1477.0 * t).sin()) as i16
        });
        let spectrum = Spectrum::of(Kernel::best(), &samples);
        let lively = Gate::new(&Criteria::default()).is_lively(&spectrum);
        history.push_heard(spectrum, Kernel::best().energy(&samples), lively);
    }

    #[test]
    fn three_blocks_of_two_tones_add_up_in_phase() {
        let mut history = History::new();
        for n in 0..5 {
            push(&mut history, 770.0, n * BLOCK);
        }
        let block = history.ago(0);
        assert_eq!((block.pair.low, block.pair.high), (1, 6));
        assert!((block.pair_power / block.total - 1.0).abs() < 0.1);
        assert_eq!(history.lively(), 5);
    }

    #[test]
    fn a_block_that_is_not_lively_starts_the_count_again() {
        let mut history = History::new();
        assert!(history.is_blank());
        push(&mut history, 770.0, 0);
        push(&mut history, 1477.0, 40);
        assert_eq!((history.lively(), history.ago(0).kind, history.is_blank()), (0, Kind::Heard, false));
        (0..8).for_each(|_| history.push(Block::PASSED));
        assert!(history.is_blank());
        history.push(Block::LOST);
        assert_eq!((history.ago(0).kind, history.is_blank()), (Kind::Lost, false));
    }
}
