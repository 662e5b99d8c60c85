//! A 5 ms block as the decisions see it.

use super::kernel::{
    BLOCK, COLUMNS, Correlation, GAP_HZ, Kernel, TONE_HZ, TONES, UNIT, block_rotation, leakage,
};
use crate::Criteria;
use crate::Key;
use crate::generator::FULL_SCALE_0_DBM0;
use crate::math::db_to_power;

/// A 5 ms block and what is known of it.
///
/// The pointers of its spectrum begin it, and fill a line of a cache.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Block {
    pub(super) spectrum: Spectrum,
    pub(super) kind: Kind,
    /// Whether it may be a part of a key; nothing is decided on those that are not.
    pub(super) lively: bool,
    /// Energy at all frequencies, as the kernel counts it.
    pub(super) energy: i32,
    /// The strongest row and column over this and the two blocks before, added in phase: sharp enough
    /// (67 Hz) to tell neighbouring tones apart. Only known of lively blocks after a lively block.
    pub(super) pair: Pair,
    /// Power of that pair over the three blocks.
    pub(super) pair_power: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Too quiet to hold a key, or between two blocks that cannot be part of one; nothing was computed.
    Passed,
    Heard,
    /// The samples never arrived, so there may have been anything.
    Lost,
}

/// One block seen through the references. A tone of amplitude `a` on a reference has a magnitude of
/// `a` times [`UNIT`] there, and all powers are squares of such magnitudes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub(super) struct Spectrum {
    pub(super) re: [f32; TONES],
    pub(super) im: [f32; TONES],
    /// Power between 600 and 1700 Hz. DC, hum and dial tone are outside.
    pub(super) band: f32,
    /// Power at the strongest row and at the strongest column.
    pub(super) row: f32,
    pub(super) column: f32,
}

/// A row and a column, as tones of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) low: usize,
    pub(super) high: usize,
}

/// What a block must have to be lively.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    /// Energy below which nothing is computed, as the kernel counts it.
    pub(super) energy: i32,
    pub(super) power: f32,
    pub(super) row_over_column: f32,
    pub(super) column_over_row: f32,
}

impl Block {
    pub(super) const PASSED: Self = Self {
        kind: Kind::Passed,
        lively: false,
        spectrum: Spectrum::NOTHING,
        energy: 0,
        pair: Pair { low: 0, high: COLUMNS },
        pair_power: 0.0,
    };

    pub(super) const LOST: Self = Self { kind: Kind::Lost, ..Self::PASSED };

    /// Writes down of a block that was heard what its spectrum does not say.
    #[inline(always)]
    pub(super) fn hear(&mut self, energy: i32, lively: bool) {
        self.kind = Kind::Heard;
        self.lively = lively;
        self.energy = energy;
    }

    /// Power at all frequencies, that of one tone of the same energy.
    #[inline(always)]
    pub(super) const fn total(&self) -> f32 {
        self.energy as f32 * TOTAL_UNIT
    }

    /// Finds the pair over this block and the two before, the newer first; whether they add up in phase as those
    /// of a key do.
    #[inline(always)]
    pub(super) fn set_pair<K: Kernel>(&mut self, kernel: K, one: &Spectrum, two: &Spectrum) -> bool {
        (self.pair, self.pair_power) = kernel.strongest(&self.spectrum, one, two);
        let band = self.spectrum.band + one.band + two.band;
        self.pair_power * 3.0 >= band * LEAST_COHERENCE
    }
}

impl Spectrum {
    pub(super) const NOTHING: Self =
        Self { re: [0.0; TONES], im: [0.0; TONES], band: 0.0, row: 0.0, column: 0.0 };

    #[inline(always)]
    pub(super) fn of(found: &Correlation) -> Self {
        let re: [f32; TONES] = core::array::from_fn(|k| found.cos[k] as f32);
        let im: [f32; TONES] = core::array::from_fn(|k| -(found.sin[k] as f32));
        let power: [f32; TONES] = core::array::from_fn(|k| re[k] * re[k] + im[k] * im[k]);
        let weighted: [f32; TONES] = core::array::from_fn(|k| power[k] * BAND_WEIGHTS[k]);
        let four: [f32; 4] = core::array::from_fn(|k| weighted[k] + weighted[k + 4]);
        let (cos, sin) = (found.gap[0] as f32, found.gap[1] as f32);
        let gap = (cos * cos + sin * sin) * GAP_WEIGHT;
        Self {
            re,
            im,
            band: ((four[0] + four[2]) + (four[1] + four[3])) + gap,
            row: larger(larger(power[0], power[2]), larger(power[1], power[3])),
            column: larger(larger(power[4], power[6]), larger(power[5], power[7])),
        }
    }

    /// What three blocks, newest first, show together of a tone on its frequency, with the phase it has in the one
    /// in the middle.
    #[inline(always)]
    fn sum_in_phase([newest, one, two]: [&Self; 3], k: usize) -> (f32, f32) {
        // The newest is turned back as far as the oldest is turned on: what both have in common meets the cosine, what
        // they differ in the sine.
        let (cos, sin) = (TURN_COS[k], TURN_SIN[k]);
        let re = one.re[k] + ((newest.re[k] + two.re[k]) * cos + (two.im[k] - newest.im[k]) * sin);
        let im = one.im[k] + ((newest.im[k] + two.im[k]) * cos - (two.re[k] - newest.re[k]) * sin);
        (re, im)
    }

    /// Whether two tones could make up most of it, leaks and all.
    #[inline(always)]
    pub(super) fn may_be_suspect(&self) -> bool {
        self.row + self.column >= SUSPECT_PURITY * self.band
    }
}

impl Pair {
    pub(super) fn key(self) -> Option<Key> {
        Key::at(self.low, self.high - COLUMNS)
    }

    /// What three blocks, newest first, show together of both tones: real parts, imaginary parts.
    pub(super) fn sums(self, blocks: [&Spectrum; 3]) -> [f32; 4] {
        let (low, high) =
            (Spectrum::sum_in_phase(blocks, self.low), Spectrum::sum_in_phase(blocks, self.high));
        [low.0, low.1, high.0, high.1]
    }

    /// The strongest row and column over three blocks, newest first, and their power.
    #[inline(always)]
    pub(super) fn strongest(newest: &Spectrum, one: &Spectrum, two: &Spectrum) -> (Self, f32) {
        let powers = in_phase(newest, one, two);
        let pair = Self { low: strongest(&powers, 0), high: strongest(&powers, COLUMNS) };
        (pair, (powers[pair.low] + powers[pair.high]) * (1.0 / 9.0))
    }
}

impl Gate {
    pub(super) fn new(criteria: &Criteria) -> Self {
        let floor = floor(criteria);
        // Both tones 6 dB below the weakest that count.
        let energy = floor / (UNIT * UNIT) * (0.25 * 0.5 * BLOCK as f32 / ENERGY_UNIT);
        Self {
            energy: energy as i32,
            power: floor * DIP,
            row_over_column: db_to_power(criteria.max_low_over_high_db() + SLOP_DB),
            column_over_row: db_to_power(criteria.max_high_over_low_db() + SLOP_DB),
        }
    }

    /// Whether a block of this energy may be part of a key.
    #[inline(always)]
    pub(super) fn is_lively(&self, spectrum: &Spectrum, energy: i32) -> bool {
        let (row, column) = (spectrum.row, spectrum.column);
        (row >= self.power)
            & (column >= self.power)
            & (row <= column * self.row_over_column)
            & (column <= row * self.column_over_row)
            & (row + column >= spectrum.band * LEAST_PURITY)
            & (row + column >= energy as f32 * (TOTAL_UNIT * LEAST_CLARITY))
    }
}

/// The power of a tone at the least level that counts.
pub(super) fn floor(criteria: &Criteria) -> f32 {
    let amplitude = FULL_SCALE_0_DBM0 * UNIT;
    amplitude * amplitude * db_to_power(criteria.min_level_dbm0())
}

/// The larger one; a single instruction, since there is no NaN here.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn strongest(powers: &[f32; TONES], from: usize) -> usize {
    let pick = |a: usize, b: usize| if powers[b] > powers[a] { b } else { a };
    pick(pick(from, from + 1), pick(from + 2, from + 3))
}

/// Nine times the power at every tone over three blocks, newest first, added in phase.
#[inline(always)]
fn in_phase(newest: &Spectrum, one: &Spectrum, two: &Spectrum) -> [f32; TONES] {
    core::array::from_fn(|k| {
        let (re, im) = Spectrum::sum_in_phase([newest, one, two], k);
        re * re + im * im
    })
}

/// By how much every tone turns in a block.
pub(super) static TURN_COS: [f32; TONES] = turns().0;
pub(super) static TURN_SIN: [f32; TONES] = turns().1;

const fn turns() -> ([f32; TONES], [f32; TONES]) {
    let (mut cos, mut sin) = ([0.0; TONES], [0.0; TONES]);
    let mut k = 0;
    while k < TONES {
        (cos[k], sin[k]) = block_rotation(k, 1);
        k += 1;
    }
    (cos, sin)
}

/// Least-squares weights that make the weighted sum of the references' powers flat (within 8 %)
/// from 650 to 1680 Hz and small (below 6 %) under 520 and over 1850 Hz.
pub(super) const BAND_WEIGHTS: [f32; TONES] = [0.70, 0.34, 0.40, 0.61, 0.65, 0.67, 0.75, 0.92];
pub(super) const GAP_WEIGHT: f32 = 0.69;

/// The power of the band that a tone of power 1 shows, on average over its phase.
pub(super) const fn band_response(hz: f64) -> f64 {
    let mut k = 0;
    let mut power = GAP_WEIGHT as f64 * seen_power(hz, GAP_HZ);
    while k < TONES {
        power += BAND_WEIGHTS[k] as f64 * seen_power(hz, TONE_HZ[k]);
        k += 1;
    }
    power
}

/// The part of a tone's power that is seen at a reference, its mirror image at negative frequencies included.
const fn seen_power(hz: f64, reference: u16) -> f64 {
    let (near, mirrored) = (leakage(hz - reference as f64), leakage(hz + reference as f64));
    near * near + mirrored * mirrored
}

/// Part of the band's power that adds up in phase over three blocks. A tone at the edge of what is allowed in
/// frequency turns by 70 degrees a block and loses almost three quarters.
pub(super) const LEAST_COHERENCE: f32 = 0.15;

/// What the kernel counts energy in.
const ENERGY_UNIT: f32 = 64.0;
/// From energy to the square of the magnitude of a tone.
pub(super) const TOTAL_UNIT: f32 = ENERGY_UNIT * 2.0 / BLOCK as f32 * UNIT * UNIT;
/// How far below the least level noise and leaks may press a tone in one block (10 dB).
const DIP: f32 = 0.1;
/// How far beyond the allowed twist noise and leaks may press the tones in one block.
const SLOP_DB: f32 = 8.0;
/// Part of the band's power that the strongest row and column have at least.
pub(super) const LEAST_PURITY: f32 = 0.3;
/// The same for a block that is suspected.
pub(super) const SUSPECT_PURITY: f32 = 0.7;
/// Part of all power that they have at least: a hum or a dial tone may be 11 dB louder than a key.
pub(super) const LEAST_CLARITY: f32 = 0.08;

#[cfg(test)]
pub(super) mod tests {
    use super::super::kernel::{Kernel, Path, WithKernel};
    use super::*;

    struct Look<'a>(&'a [i16; BLOCK]);

    impl WithKernel for Look<'_> {
        type Output = (Spectrum, i32);

        fn run<K: Kernel>(self, kernel: K) -> Self::Output {
            let mut spectrum = Spectrum::NOTHING;
            kernel.look(self.0, &mut spectrum);
            (spectrum, kernel.energy(self.0))
        }
    }

    pub(in super::super) fn look(samples: &[i16; BLOCK]) -> (Spectrum, i32) {
        Path::best().with(Look(samples))
    }

    #[test]
    fn the_band_is_flat_inside_and_deaf_outside() {
        let average = |hz: f64| {
            let shifted = |phase: usize| {
                let samples: Vec<i16> = (0..BLOCK + phase)
                    .map(|n| (8000.0 * (core::f64::consts::TAU * hz * n as f64 / 8000.0).cos()) as i16)
                    .collect();
                let block: [i16; BLOCK] = samples[phase..].try_into().expect("one block");
                look(&block).0.band
            };
            (0..80).map(shifted).sum::<f32>() / 80.0 / (8000.0 * UNIT).powi(2)
        };
        for hz in (680..=1640).step_by(20) {
            assert!((average(f64::from(hz)) - 1.0).abs() < 0.15, "{hz} Hz");
        }
        for hz in [50, 60, 180, 350, 425, 440, 2000, 2600, 3400] {
            assert!(average(f64::from(hz)) < 0.08, "{hz} Hz");
        }
    }

    #[test]
    fn a_key_is_lively_as_long_as_its_level_and_twist_are_legal() {
        let gate = Gate::new(&Criteria::default());
        let lively = |low: f32, high: f32| {
            let tone = |hz: f32, n: usize| (core::f32::consts::TAU * hz * n as f32 / 8000.0).sin();
            let samples = core::array::from_fn(|n| (low * tone(770.0, n) + high * tone(1336.0, n)) as i16);
            let (spectrum, energy) = look(&samples);
            gate.is_lively(&spectrum, energy)
        };
        assert!(lively(5000.0, 5000.0) && lively(5000.0, 1600.0) && lively(2200.0, 5000.0));
        assert!(!lively(9000.0, 300.0) && !lively(30.0, 30.0) && !lively(0.0, 8000.0));
    }
}
