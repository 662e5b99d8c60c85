//! The next few blocks of a signal at once, before anything is decided about them: their sums do not wait for
//! each other, nor for a decision that could not be foreseen.

use super::super::block::{Gate, Spectrum};
use super::{BLOCK, Kernel};

/// Blocks that are looked at ahead: a frame of 20 ms.
pub(in super::super) const AHEAD: usize = 4;

/// What the next blocks look like.
#[derive(Debug, PartialEq)]
#[repr(C, align(64))]
pub(in super::super) struct Ahead {
    pub(super) views: [View; AHEAD],
    pub(super) energies: [i32; AHEAD],
    /// A bit for each that has the energy to be looked at, for each that is lively.
    pub(super) loud: u8,
    pub(super) lively: u8,
}

/// A spectrum in a place of its own, as wide as two lines of a cache.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(super) struct View(pub(super) Spectrum);

impl Ahead {
    pub(in super::super) const NOTHING: Self =
        Self { views: [View(Spectrum::NOTHING); AHEAD], energies: [0; AHEAD], loud: 0, lively: 0 };

    /// Of a loud block.
    #[inline(always)]
    pub(in super::super) const fn spectrum(&self, block: usize) -> &Spectrum {
        &self.views[block].0
    }

    #[inline(always)]
    pub(in super::super) const fn energy(&self, block: usize) -> i32 {
        self.energies[block]
    }

    #[inline(always)]
    pub(in super::super) const fn is_loud(&self, block: usize) -> bool {
        self.loud >> block & 1 == 1
    }

    #[inline(always)]
    pub(in super::super) const fn is_lively(&self, block: usize) -> bool {
        self.lively >> block & 1 == 1
    }
}

/// [`Kernel::look_ahead`] block by block.
#[inline(always)]
pub(super) fn look_ahead<K: Kernel>(kernel: K, blocks: &[[i16; BLOCK]], gate: &Gate) -> Ahead {
    let mut ahead = Ahead::NOTHING;
    for (n, block) in blocks.iter().enumerate().take(AHEAD) {
        let energy = kernel.energy(block);
        ahead.energies[n] = energy;
        if energy >= gate.energy {
            let spectrum = &mut ahead.views[n].0;
            kernel.look(block, spectrum);
            ahead.loud |= 1 << n;
            ahead.lively |= u8::from(gate.is_lively(spectrum, energy)) << n;
        }
    }
    ahead
}
