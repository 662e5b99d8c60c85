//! The last few blocks of a signal.

use super::block::{Block, Kind, Pair, Spectrum};
use super::kernel::{BLOCK, Kernel};

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

/// A block whose pointers are where [`History::upcoming`] said.
pub(super) struct Heard<'a> {
    pub(super) samples: &'a [i16; BLOCK],
    pub(super) band: f32,
    pub(super) row: f32,
    pub(super) column: f32,
    pub(super) energy: i32,
    pub(super) lively: bool,
    /// Whether the block before it is lively as well, so that the rest is known.
    pub(super) known: bool,
    /// Whether three blocks add up in phase.
    pub(super) coherent: bool,
    pub(super) pair: (Pair, f32),
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
            let spectra = [self.newest, one, two].map(|at| &self.blocks[at].spectrum);
            let (pair, power) = kernel.strongest(spectra[0], spectra[1], spectra[2]);
            let band = spectra[0].band + spectra[1].band + spectra[2].band;
            let block = &mut self.blocks[self.newest];
            (block.pair, block.pair_power) = (pair, power);
            // Three blocks of a key add up in phase; if these do not, at most the last two belong together.
            self.lively =
                if power * 3.0 < band * LEAST_COHERENCE { 2 } else { self.lively.saturating_add(1) };
        }
    }

    /// [`push_heard`](Self::push_heard) where the rest has been found already.
    #[inline(always)]
    pub(super) fn push_abreast(&mut self, heard: &Heard<'_>) {
        self.passed = 0;
        self.newest = (self.newest + 1) % LEN;
        let block = &mut self.blocks[self.newest];
        let spectrum = &mut block.spectrum;
        (spectrum.band, spectrum.row, spectrum.column) = (heard.band, heard.row, heard.column);
        block.hear(heard.energy, heard.lively);
        self.samples[self.newest] = *heard.samples;
        // Without branches: what a voice does next cannot be foreseen.
        let (pair, pair_power) = heard.pair;
        block.pair.low = if heard.known { pair.low } else { block.pair.low };
        block.pair.high = if heard.known { pair.high } else { block.pair.high };
        block.pair_power = if heard.known { pair_power } else { block.pair_power };
        let in_phase = if heard.coherent { self.lively.saturating_add(1) } else { 2 };
        let lively = if heard.known { in_phase } else { 1 };
        self.lively = if heard.lively { lively } else { 0 };
    }

    /// The newest block or one before; the one that was `left_out` counts, too.
    #[inline(always)]
    pub(super) fn before(&self, left_out: bool, ago: usize) -> &Block {
        &self.blocks[(self.newest + LEN + usize::from(left_out) - ago) % LEN]
    }

    /// Adds a block that was not heard.
    #[inline(always)]
    pub(super) fn push(&mut self, block: &Block) {
        self.passed = if block.kind == Kind::Passed { self.passed + 1 } else { 0 };
        self.lively = 0;
        self.newest = (self.newest + 1) % LEN;
        self.blocks[self.newest] = *block;
    }

    /// The block `ago` blocks before the newest, 0 to 7.
    #[inline(always)]
    pub(super) fn ago(&self, ago: usize) -> &Block {
        &self.blocks[(self.newest + LEN - ago) % LEN]
    }

    /// All blocks and which of them is the oldest; the others follow it, round the end.
    #[inline(always)]
    pub(super) const fn all(&self) -> (&[Block; LEN], usize) {
        (&self.blocks, (self.newest + 1) % LEN)
    }

    /// The samples of a lively block, `ago` blocks before the newest.
    pub(super) fn samples(&self, ago: usize) -> &[i16; BLOCK] {
        &self.samples[(self.newest + LEN - ago) % LEN]
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

pub(super) const LEN: usize = 8;
/// Part of the band's power that adds up in phase over three blocks. A tone at the edge of what is allowed in
/// frequency turns by 70 degrees a block and loses almost three quarters.
pub(super) const LEAST_COHERENCE: f32 = 0.15;

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
        (0..8).for_each(|_| history.push(&Block::PASSED));
        assert!(history.is_blank());
        history.push(&Block::LOST);
        assert_eq!((history.ago(0).kind, history.is_blank()), (Kind::Lost, false));
    }
}
