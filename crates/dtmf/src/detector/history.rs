//! The last few blocks of a signal.

use super::kernel::{BLOCK, COLUMNS, Spectrum, block_rotation, energy};
use super::pair::Pair;

/// A 5 ms block and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) spectrum: Spectrum,
    /// Power at all frequencies, as the square of the amplitude of one tone of that power.
    pub(super) total: f32,
    /// Power at each row and column over this and the two blocks before, added in phase: sharp
    /// enough (67 Hz) to tell neighbouring tones apart.
    pub(super) coherent: [f32; 8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Too quiet to hold a key; nothing was computed.
    Quiet,
    Heard,
    /// The samples never arrived, so there may have been anything.
    Lost,
}

/// A ring of the newest blocks.
#[derive(Clone, Debug)]
pub(super) struct History {
    blocks: [Block; LEN],
    /// Index of the newest block.
    newest: usize,
    /// Energy below which a block is quiet.
    gate: i32,
}

impl History {
    /// `gate` is the power below which a block is not looked at, as the square of an amplitude.
    pub(super) const fn new(gate: f32) -> Self {
        Self { blocks: [QUIET; LEN], newest: 0, gate: gate_energy(gate) }
    }

    pub(super) const fn set_gate(&mut self, gate: f32) {
        self.gate = gate_energy(gate);
    }

    pub(super) fn push(&mut self, samples: &[i16; BLOCK], lost: bool) {
        self.newest = (self.newest + 1) % LEN;
        let energy = energy(samples);
        let kind = if lost {
            Kind::Lost
        } else if energy < self.gate {
            Kind::Quiet
        } else {
            Kind::Heard
        };
        if kind != Kind::Heard {
            self.blocks[self.newest] = Block { kind, ..QUIET };
            return;
        }
        let spectrum = Spectrum::of(samples);
        let (one, two) = (&self.ago(1).spectrum, &self.ago(2).spectrum);
        let coherent = core::array::from_fn(|k| in_phase(k, &spectrum, one, two));
        let total = energy as f32 * (2.0 * ENERGY_UNIT / BLOCK as f32);
        self.blocks[self.newest] = Block { kind, spectrum, total, coherent };
    }

    /// The block `ago` blocks before the newest, 0 to 7.
    pub(super) fn ago(&self, ago: usize) -> &Block {
        &self.blocks[(self.newest + LEN - ago) % LEN]
    }

    /// Whether the newest `count` blocks were all heard.
    pub(super) fn heard(&self, count: usize) -> bool {
        (0..count).all(|ago| self.ago(ago).kind == Kind::Heard)
    }
}

impl Block {
    /// The strongest row and the strongest column.
    pub(super) fn strongest(&self) -> Pair {
        Pair {
            low: strongest(&self.coherent[..COLUMNS]),
            high: COLUMNS + strongest(&self.coherent[COLUMNS..]),
        }
    }
}

/// Energy of a block of a tone of this power (the square of its amplitude).
const fn gate_energy(power: f32) -> i32 {
    (power * (0.5 * BLOCK as f32 / ENERGY_UNIT)) as i32
}

fn strongest(powers: &[f32]) -> usize {
    (1..powers.len()).fold(0, |best, k| if powers[k] > powers[best] { k } else { best })
}

/// Power at a reference over three blocks, newest first, added in phase.
fn in_phase(k: usize, newest: &Spectrum, one: &Spectrum, two: &Spectrum) -> f32 {
    let (c1, s1) = block_rotation(k, 1);
    let (c2, s2) = block_rotation(k, 2);
    // The phase gained since the older blocks is added to them: the rotation's conjugate.
    let re = newest.re[k] + (one.re[k] * c1 + one.im[k] * s1) + (two.re[k] * c2 + two.im[k] * s2);
    let im = newest.im[k] + (one.im[k] * c1 - one.re[k] * s1) + (two.im[k] * c2 - two.re[k] * s2);
    (re * re + im * im) / 9.0
}

const LEN: usize = 8;
/// What [`energy`] counts in.
const ENERGY_UNIT: f32 = 64.0;
const QUIET: Block = Block { kind: Kind::Quiet, spectrum: Spectrum::EMPTY, total: 0.0, coherent: [0.0; 8] };

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, from: usize) -> [i16; BLOCK] {
        core::array::from_fn(|n| {
            (8000.0 * (core::f64::consts::TAU * hz * (from + n) as f64 / 8000.0).cos()) as i16
        })
    }

    #[test]
    fn three_blocks_of_a_tone_add_up_in_phase() {
        let mut history = History::new(100.0);
        for n in 0..5 {
            history.push(&tone(770.0, n * BLOCK), false);
        }
        let coherent = &history.ago(0).coherent;
        assert!((coherent[1].sqrt() / 8000.0 - 1.0).abs() < 0.03);
        assert!(coherent[0] < coherent[1] / 10.0 && coherent[2] < coherent[1] / 10.0);
        assert_eq!(history.ago(0).strongest().low, 1);
        assert!(history.heard(5) && !history.heard(6));
    }

    #[test]
    fn quiet_and_lost_blocks_are_told_apart() {
        let mut history = History::new(100.0);
        history.push(&[1; BLOCK], false);
        assert_eq!(history.ago(0).kind, Kind::Quiet);
        history.push(&[0; BLOCK], true);
        assert_eq!(history.ago(0).kind, Kind::Lost);
        assert_eq!(history.ago(1).kind, Kind::Quiet);
    }
}
