//! One row tone and one column tone, taken apart and measured.
//!
//! Within 5 ms a tone leaks into the other's reference. The leak is known (both frequencies are),
//! so it is taken out by solving two equations a block; what is left are two clean rotating
//! pointers, whose speed is the frequency error and whose steadiness tells a key from a voice.

use super::history::{Block, History};
use super::kernel::{COLUMNS, REFERENCE_HZ, block_rotation, leakage};
use crate::Key;
use crate::math::{angle_turns, cos_turns, power_to_db, sin_turns};

/// Blocks a measurement looks at: 30 ms.
pub(super) const WINDOW: usize = 6;

/// A row and a column, as references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) low: usize,
    pub(super) high: usize,
}

/// What two tones look like over the newest [`WINDOW`] blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measurement {
    pub(super) low: ToneFit,
    pub(super) high: ToneFit,
    /// Power of the two tones over the power between 600 and 1700 Hz.
    pub(super) purity: f32,
    /// Power of the two tones over all power.
    pub(super) clarity: f32,
    /// The smallest amplitude of the pair in any block, relative to the whole window.
    pub(super) evenness: f32,
    /// Amplitude of the pair two blocks before the window, relative to the window.
    pub(super) before: f32,
    /// How much of the two blocks before the window the pair fills already, in blocks.
    pub(super) lead: f32,
}

/// A steady tone laid through the blocks of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToneFit {
    /// Square of the amplitude.
    pub(super) power: f32,
    /// Frequency error relative to the nominal frequency.
    pub(super) error: f32,
    /// Change of frequency from the first to the second half of the window, in Hz.
    pub(super) bend_hz: f32,
    /// Change of level from the first to the second half of the window, in dB.
    pub(super) slope_db: f32,
    /// The steady tone.
    mean: Pointer,
    /// The pointers of the lead and the window, turned back to the tone's own frequency.
    aligned: [Pointer; WINDOW + LEAD],
}

impl Pair {
    pub(super) fn key(self) -> Option<Key> {
        Key::at(self.low, self.high - COLUMNS)
    }

    /// Power of the two tones over a block and the two before it.
    pub(super) fn coherent(self, block: &Block) -> f32 {
        block.coherent[self.low] + block.coherent[self.high]
    }

    /// Squares of the amplitudes of the two tones in one block.
    pub(super) fn powers(self, block: &Block) -> (f32, f32) {
        let (low, high) = self.separate(block);
        (low.power(), high.power())
    }

    /// The two tones of one block, each without the leak of the other.
    fn separate(self, block: &Block) -> (Pointer, Pointer) {
        let [re, im] = &SEPARATIONS[self.low][self.high - COLUMNS];
        let (low_re, high_re) = re.apply(block.spectrum.re[self.low], block.spectrum.re[self.high]);
        let (low_im, high_im) = im.apply(block.spectrum.im[self.low], block.spectrum.im[self.high]);
        (Pointer { re: low_re, im: low_im }, Pointer { re: high_re, im: high_im })
    }

    /// Measures the newest [`WINDOW`] blocks of `history`, all of which must have been heard.
    pub(super) fn measure(self, history: &History) -> Measurement {
        let mut low = [Pointer::ZERO; WINDOW + LEAD];
        let mut high = [Pointer::ZERO; WINDOW + LEAD];
        let (mut band, mut total) = (0.0, 0.0);
        for n in 0..WINDOW + LEAD {
            let block = history.ago(WINDOW + LEAD - 1 - n);
            let (l, h) = self.separate(block);
            low[n] = l.rotated(block_rotation(self.low, n));
            high[n] = h.rotated(block_rotation(self.high, n));
            if n >= LEAD {
                band += block.spectrum.band / WINDOW as f32;
                total += block.total / WINDOW as f32;
            }
        }
        let low = ToneFit::of(&low, REFERENCE_HZ[self.low]);
        let high = ToneFit::of(&high, REFERENCE_HZ[self.high]);
        let power = (low.power + high.power).max(f32::MIN_POSITIVE);
        let amplitude = |n: usize| (low.along(n) + high.along(n)) / power;
        let evenness = (LEAD..LEAD + WINDOW).map(amplitude).fold(f32::INFINITY, f32::min);
        let (two, one) = (amplitude(0).clamp(0.0, 1.0), amplitude(1).clamp(0.0, 1.0));
        Measurement {
            low,
            high,
            purity: power / band.max(f32::MIN_POSITIVE),
            clarity: power / f32::max(total, f32::MIN_POSITIVE),
            evenness,
            before: two,
            lead: if one > 0.8 { one + two } else { one },
        }
    }
}

impl ToneFit {
    /// Fits to pointers turned back to the nominal frequency `hz`; those before `LEAD` are not used.
    fn of(pointers: &[Pointer; WINDOW + LEAD], hz: u16) -> Self {
        let window = &pointers[LEAD..];
        // The turn from block to block fixes the frequency roughly, three blocks apart sharpen it.
        let one = lagged(window, 1).angle();
        let three = lagged(window, 3).angle() - 3.0 * one;
        let drift = one + (three - round(three)) / 3.0;
        let aligned = aligned(pointers, unit(-drift));
        let half = |from: usize| aligned[from..from + WINDOW / 2].iter().fold(Pointer::ZERO, Pointer::plus);
        let (first, second) = (half(LEAD), half(LEAD + WINDOW / 2));
        let sum = first.plus(&second);
        let mean = Pointer { re: sum.re / WINDOW as f32, im: sum.im / WINDOW as f32 };
        let turn = lagged(&window[WINDOW / 2..], 1).angle() - lagged(&window[..WINDOW / 2], 1).angle();
        Self {
            power: mean.power(),
            error: drift * BLOCKS_A_SECOND / f32::from(hz),
            bend_hz: (turn - round(turn)) * BLOCKS_A_SECOND,
            slope_db: power_to_db(second.power() / first.power().max(f32::MIN_POSITIVE)),
            mean,
            aligned,
        }
    }

    /// How far the pointer of block `n` reaches along the steady tone, times its amplitude.
    fn along(&self, n: usize) -> f32 {
        self.aligned[n].re * self.mean.re + self.aligned[n].im * self.mean.im
    }
}

/// Pointer `n` turned `n` times by `step`.
fn aligned(pointers: &[Pointer; WINDOW + LEAD], step: (f32, f32)) -> [Pointer; WINDOW + LEAD] {
    let mut turn = Pointer { re: 1.0, im: 0.0 };
    pointers.map(|pointer| {
        let aligned = pointer.rotated((turn.re, turn.im));
        turn = turn.rotated(step);
        aligned
    })
}

/// Sum of every pointer times the conjugate of the one `lag` blocks before it.
fn lagged(window: &[Pointer], lag: usize) -> Pointer {
    window
        .iter()
        .zip(&window[lag..])
        .fold(Pointer::ZERO, |sum, (before, after)| sum.plus(&after.rotated((before.re, -before.im))))
}

/// A point on the unit circle, `turns` from (1, 0).
fn unit(turns: f32) -> (f32, f32) {
    let turns = f64::from(turns);
    (cos_turns(turns) as f32, sin_turns(turns) as f32)
}

fn round(x: f32) -> f32 {
    (x + if x < 0.0 { -0.5 } else { 0.5 }) as i32 as f32
}

/// A complex amplitude.
#[derive(Clone, Copy, Debug)]
struct Pointer {
    re: f32,
    im: f32,
}

impl Pointer {
    const ZERO: Self = Self { re: 0.0, im: 0.0 };

    fn plus(self, other: &Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    /// Times the complex number (re, im).
    fn rotated(self, (re, im): (f32, f32)) -> Self {
        Self { re: self.re * re - self.im * im, im: self.re * im + self.im * re }
    }

    fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    fn angle(self) -> f32 {
        angle_turns(self.im, self.re)
    }
}

/// A symmetric 2 x 2 matrix.
#[derive(Clone, Copy)]
struct Matrix {
    low: f32,
    cross: f32,
    high: f32,
}

impl Matrix {
    fn apply(&self, low: f32, high: f32) -> (f32, f32) {
        (self.low * low + self.cross * high, self.cross * low + self.high * high)
    }

    /// What undoes the leak between two tones and their mirror images at negative frequencies, for
    /// the real part (`mirror` 1) or the imaginary part (-1).
    const fn undoing(low_hz: f64, high_hz: f64, mirror: f64) -> Self {
        let low = 1.0 + mirror * leakage(2.0 * low_hz);
        let high = 1.0 + mirror * leakage(2.0 * high_hz);
        let cross = leakage(high_hz - low_hz) + mirror * leakage(high_hz + low_hz);
        let determinant = low * high - cross * cross;
        Self {
            low: (high / determinant) as f32,
            cross: (-cross / determinant) as f32,
            high: (low / determinant) as f32,
        }
    }
}

/// By row and column: real part, imaginary part.
static SEPARATIONS: [[[Matrix; 2]; 4]; 4] = {
    let zero = Matrix { low: 0.0, cross: 0.0, high: 0.0 };
    let mut table = [[[zero; 2]; 4]; 4];
    let mut row = 0;
    while row < 4 {
        let mut column = 0;
        while column < 4 {
            let low = REFERENCE_HZ[row] as f64;
            let high = REFERENCE_HZ[COLUMNS + column] as f64;
            table[row][column] = [Matrix::undoing(low, high, 1.0), Matrix::undoing(low, high, -1.0)];
            column += 1;
        }
        row += 1;
    }
    table
};

const BLOCKS_A_SECOND: f32 = 200.0;
/// Blocks before the window that are looked at to find where the tones began.
const LEAD: usize = 2;

#[cfg(test)]
mod tests {
    use super::super::kernel::BLOCK;
    use super::*;

    fn history(low: (f64, f64), high: (f64, f64), from: usize) -> History {
        let tau = core::f64::consts::TAU;
        let mut history = History::new(100.0);
        for block in 0..8 {
            let samples: [i16; BLOCK] = core::array::from_fn(|n| {
                let t = (block * BLOCK + n) as f64 / 8000.0;
                let on = f64::from(block * BLOCK + n >= from);
                let sum = low.1 * (tau * low.0 * t + 1.0).cos() + high.1 * (tau * high.0 * t).cos();
                (sum * on).round() as i16
            });
            history.push(&samples, false);
        }
        history
    }

    #[test]
    fn amplitudes_and_frequencies_come_out_of_every_pair() {
        for key in Key::ALL {
            let pair = Pair { low: key.row(), high: COLUMNS + key.column() };
            let (low_hz, high_hz) = (f64::from(key.low_hz()), f64::from(key.high_hz()));
            let m = pair.measure(&history((low_hz * 1.015, 2000.0), (high_hz * 0.985, 4000.0), 0));
            assert!((m.low.error - 0.015).abs() < 0.003, "{m:?}");
            assert!((m.high.error + 0.015).abs() < 0.003, "{m:?}");
            assert!((m.low.power.sqrt() / 2000.0 - 1.0).abs() < 0.12, "{m:?}");
            assert!((m.high.power.sqrt() / 4000.0 - 1.0).abs() < 0.12, "{m:?}");
            assert!(m.low.slope_db.abs() < 1.0 && m.high.slope_db.abs() < 1.0, "{m:?}");
            assert!(m.purity > 0.8 && m.clarity > 0.9 && m.evenness > 0.85, "{m:?}");
        }
    }

    #[test]
    fn the_lead_tells_where_the_tones_began() {
        let pair = Pair { low: 1, high: 5 };
        for from in [0, 20, 40, 60, 80] {
            let lead = pair.measure(&history((770.0, 3000.0), (1336.0, 3000.0), from)).lead;
            let expected = 2.0 - from as f32 / BLOCK as f32;
            assert!((lead - expected).abs() < 0.2, "{from}: {lead}");
        }
    }
}
