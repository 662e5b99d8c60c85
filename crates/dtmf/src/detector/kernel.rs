//! The arithmetic on samples: correlation of one 5 ms block with the tones, in integers.
//!
//! Nothing here decides anything. References are centred on the block and restart with it, so a
//! block's result does not depend on where it lies in the signal.

use crate::key::{HIGH_HZ, LOW_HZ};
use crate::math::{cos_turns, sin_turns};

/// Samples of a block: 5 ms at 8 kHz.
pub(super) const BLOCK: usize = 40;
/// Rows, columns, and one reference in the gap between the groups.
pub(super) const REFERENCES: usize = 9;
/// Index of the first column among the references.
pub(super) const COLUMNS: usize = 4;

/// Reference frequencies in Hz: rows, columns, gap.
pub(super) const REFERENCE_HZ: [u16; REFERENCES] =
    [LOW_HZ[0], LOW_HZ[1], LOW_HZ[2], LOW_HZ[3], HIGH_HZ[0], HIGH_HZ[1], HIGH_HZ[2], HIGH_HZ[3], 1075];

/// One block seen through the references, in units of sample amplitude: a tone of amplitude `a` on
/// a reference has a magnitude of `a` there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spectrum {
    pub(super) re: [f32; REFERENCES],
    pub(super) im: [f32; REFERENCES],
    /// Power between 600 and 1700 Hz, as the square of the amplitude of one tone of that power. DC,
    /// hum and dial tone are outside.
    pub(super) band: f32,
}

impl Spectrum {
    pub(super) const EMPTY: Self = Self { re: [0.0; REFERENCES], im: [0.0; REFERENCES], band: 0.0 };

    pub(super) fn of(block: &[i16; BLOCK]) -> Self {
        let mut spectrum = Self::EMPTY;
        for k in 0..REFERENCES {
            spectrum.re[k] = dot(block, &COSINES[k]) as f32 * SCALE;
            spectrum.im[k] = dot(block, &SINES[k]) as f32 * -SCALE;
            spectrum.band += BAND_WEIGHTS[k] * spectrum.power(k);
        }
        spectrum
    }

    /// Power at one reference: the square of the amplitude.
    pub(super) fn power(&self, reference: usize) -> f32 {
        self.re[reference] * self.re[reference] + self.im[reference] * self.im[reference]
    }
}

/// Energy of a block: the sum of its squared samples, in units of 64 so that it fits.
pub(super) fn energy(block: &[i16; BLOCK]) -> i32 {
    block.iter().map(|&sample| (i32::from(sample) * i32::from(sample)) >> 6).sum()
}

/// No overflow: 40 x 32768 x 1024 is below 2^31.
fn dot(block: &[i16; BLOCK], reference: &[i16; BLOCK]) -> i32 {
    block
        .iter()
        .zip(reference)
        .map(|(&sample, &coefficient)| i32::from(sample) * i32::from(coefficient))
        .sum()
}

/// How much of a tone `offset_hz` away from a reference is seen there, -1 to 1 (real, because the
/// references are centred).
pub(super) const fn leakage(offset_hz: f64) -> f64 {
    let turns = offset_hz / 8_000.0;
    if turns < 1e-9 && turns > -1e-9 {
        return 1.0;
    }
    sin_turns(turns * BLOCK as f64 / 2.0) / sin_turns(turns / 2.0) / BLOCK as f64
}

const AMPLITUDE: f64 = 1024.0;
const SCALE: f32 = (2.0 / (AMPLITUDE * BLOCK as f64)) as f32;

static COSINES: [[i16; BLOCK]; REFERENCES] = references(0.25);
static SINES: [[i16; BLOCK]; REFERENCES] = references(0.0);

/// Least-squares weights that make the weighted sum of the references' powers flat (within 8 %)
/// from 650 to 1680 Hz and small (below 6 %) under 520 and over 1850 Hz.
const BAND_WEIGHTS: [f32; REFERENCES] = [0.70, 0.34, 0.40, 0.61, 0.65, 0.67, 0.75, 0.92, 0.69];

const fn references(lead_turns: f64) -> [[i16; BLOCK]; REFERENCES] {
    let mut table = [[0; BLOCK]; REFERENCES];
    let mut k = 0;
    while k < REFERENCES {
        let mut n = 0;
        while n < BLOCK {
            let position = n as f64 - (BLOCK - 1) as f64 / 2.0;
            let turns = REFERENCE_HZ[k] as f64 * position / 8_000.0;
            let value = AMPLITUDE * sin_turns(turns + lead_turns);
            table[k][n] = (value + if value < 0.0 { -0.5 } else { 0.5 }) as i16;
            n += 1;
        }
        k += 1;
    }
    table
}

/// `e^(-2 pi j n / 200)`: every reference is a whole number of Hz, so the phase it gains over a
/// block of 1/200 s repeats after 200 blocks.
pub(super) fn block_rotation(reference: usize, blocks: usize) -> (f32, f32) {
    let turns = usize::from(REFERENCE_HZ[reference]) * blocks % 200;
    ROTATIONS[turns]
}

static ROTATIONS: [(f32, f32); 200] = {
    let mut table = [(0.0, 0.0); 200];
    let mut n = 0;
    while n < 200 {
        let turns = n as f64 / 200.0;
        table[n] = (cos_turns(turns) as f32, -sin_turns(turns) as f32);
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, amplitude: f64) -> [i16; BLOCK] {
        core::array::from_fn(|n| {
            (amplitude * (core::f64::consts::TAU * hz * n as f64 / 8000.0 + 0.3).cos()).round() as i16
        })
    }

    #[test]
    fn a_tone_is_seen_with_its_amplitude() {
        for (k, &hz) in REFERENCE_HZ.iter().enumerate() {
            let spectrum = Spectrum::of(&tone(f64::from(hz), 10_000.0));
            // The mirror image at -hz adds or takes up to 5 % of amplitude.
            assert!((spectrum.power(k).sqrt() / 10_000.0 - 1.0).abs() < 0.06);
        }
    }

    #[test]
    fn the_band_is_flat_inside_and_deaf_outside() {
        let average = |hz: f64| {
            let shifted = |phase: usize| {
                let samples: Vec<i16> = (0..BLOCK + phase)
                    .map(|n| (8000.0 * (core::f64::consts::TAU * hz * n as f64 / 8000.0).cos()) as i16)
                    .collect();
                let block: [i16; BLOCK] = samples[phase..].try_into().expect("one block");
                Spectrum::of(&block).band
            };
            (0..80).map(shifted).sum::<f32>() / 80.0 / 8000f32.powi(2)
        };
        for hz in (680..=1640).step_by(20) {
            assert!((average(f64::from(hz)) - 1.0).abs() < 0.15, "{hz} Hz");
        }
        for hz in [50, 60, 180, 350, 425, 440, 2000, 2600, 3400] {
            assert!(average(f64::from(hz)) < 0.08, "{hz} Hz");
        }
    }

    #[test]
    fn the_loudest_samples_do_not_overflow() {
        for reference in COSINES.iter().chain(&SINES) {
            let worst = reference.map(|coefficient| if coefficient < 0 { i16::MIN } else { i16::MAX });
            assert!(dot(&worst, reference) > 0);
        }
        assert_eq!(energy(&[i16::MIN; BLOCK]), 40 << 24);
    }

    #[test]
    fn leakage_is_what_the_kernel_sees() {
        let off_by = Spectrum::of(&tone(1209.0, 10_000.0)).power(5).sqrt() / 10_000.0;
        assert!((f64::from(off_by) - leakage(127.0).abs()).abs() < 0.05);
        assert_eq!(leakage(0.0), 1.0);
    }
}
