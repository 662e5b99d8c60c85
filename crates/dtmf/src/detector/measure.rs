//! One row tone and one column tone, taken apart and measured.
//!
//! Within 5 ms a tone leaks into the other's reference. The leak is known (both frequencies are),
//! so it is taken out by solving two equations a block; what is left are two clean rotating
//! pointers, whose speed is the frequency error and whose steadiness tells a key from a voice.

use super::block::{Block, Pair, band_response};
use super::company::Company;
use super::history::History;
use super::kernel::{COLUMNS, Kernel, TONE_HZ, TONES, WithKernel, block_rotation, leakage};
use crate::math::{angles_turns, power_to_db, unit};

/// Blocks a measurement looks at: 30 ms.
pub(super) const WINDOW: usize = 6;

/// [`Pair::measure`] with some kernel.
pub(super) struct Measure<'a> {
    pub(super) pair: Pair,
    pub(super) history: &'a History,
    pub(super) max_error: f32,
}

impl WithKernel for Measure<'_> {
    type Output = Option<Measurement>;

    #[inline(always)]
    fn run<K: Kernel>(self, _: K) -> Option<Measurement> {
        self.pair.measure(self.history, self.max_error)
    }
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
    /// Power, the square of a magnitude.
    pub(super) power: f32,
    /// Frequency error relative to the nominal frequency.
    pub(super) error: f32,
    /// Change of frequency from the first to the second half of the window, in Hz.
    pub(super) bend_hz: f32,
    /// Change of level from the first to the second half of the window, in dB.
    pub(super) slope_db: f32,
    /// Part of the power of the pointers that is not in the steady tone.
    pub(super) scatter: f32,
}

impl Pair {
    /// Powers of the two tones in one block.
    #[inline(always)]
    pub(super) fn powers(self, block: &Block) -> (f32, f32) {
        let [re, im] = &SEPARATIONS[self.low][self.high - COLUMNS];
        let (low_re, high_re) = re.apply(block.spectrum.re[self.low], block.spectrum.re[self.high]);
        let (low_im, high_im) = im.apply(block.spectrum.im[self.low], block.spectrum.im[self.high]);
        (low_re * low_re + low_im * low_im, high_re * high_re + high_im * high_im)
    }

    /// Measures the newest [`WINDOW`] blocks of `history`; `None` if a tone is further off its
    /// frequency than `max_error`.
    #[inline(always)]
    pub(super) fn measure(self, history: &History, max_error: f32) -> Option<Measurement> {
        let (low, high) = self.pointers(history);
        let drifts = drifts(&low, &high);
        let hz = [f32::from(TONE_HZ[self.low]), f32::from(TONE_HZ[self.high])];
        let error = [0, 1].map(|n| drifts.turns[n] * BLOCKS_A_SECOND / hz[n]);
        if error[0].abs() > max_error || error[1].abs() > max_error {
            return None;
        }
        let (low, high) = (low.turned_back(drifts.turns[0]), high.turned_back(drifts.turns[1]));
        let (low_fit, high_fit) = (low.fit(error[0], drifts.bends[0]), high.fit(error[1], drifts.bends[1]));
        let power = (low_fit.power + high_fit.power).max(f32::MIN_POSITIVE);
        // What the two tones alone would show as the power of the band.
        let in_band = low_fit.power * RESPONSES[self.low].at(error[0])
            + high_fit.power * RESPONSES[self.high].at(error[1]);
        let along = low.along(&high, 1.0 / power);
        let (mut band, mut total) = (0.0, 0.0);
        for ago in 0..WINDOW {
            band += history.ago(ago).spectrum.band;
            total += history.ago(ago).total;
        }
        let (two, one) = (along[0].clamp(0.0, 1.0), along[1].clamp(0.0, 1.0));
        Some(Measurement {
            low: low_fit,
            high: high_fit,
            purity: in_band * WINDOW as f32 / f32::max(band, f32::MIN_POSITIVE),
            clarity: power * WINDOW as f32 / f32::max(total, f32::MIN_POSITIVE),
            evenness: along[LEAD..].iter().copied().fold(f32::INFINITY, f32::min),
            before: two,
            lead: if one > 0.8 { one + two } else { one },
        })
    }

    /// What else is heard in the newest [`WINDOW`] blocks, in which the pair was measured.
    pub(super) fn company(self, measured: &Measurement, history: &History) -> Company {
        let hz = |tone: usize, error: f32| f32::from(TONE_HZ[tone]) * (1.0 + error);
        Company::of([hz(self.low, measured.low.error), hz(self.high, measured.high.error)], history)
    }

    /// Power of the strongest other row over that of this row or of the strongest other column over that of
    /// this column, whichever is more: third tones that last as long as the two.
    pub(super) fn rival(self, history: &History) -> f32 {
        let mut powers = [0.0; TONES];
        for (k, power) in powers.iter_mut().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for n in 0..WINDOW {
                let spectrum = &history.ago(WINDOW - 1 - n).spectrum;
                re += spectrum.re[k] * TURNS[k].re[n] - spectrum.im[k] * TURNS[k].im[n];
                im += spectrum.re[k] * TURNS[k].im[n] + spectrum.im[k] * TURNS[k].re[n];
            }
            *power = re * re + im * im;
        }
        let most = |tone: usize, group: core::ops::Range<usize>| {
            let others = group.filter(|&k| k != tone).fold(0.0, |most, k| powers[k].max(most));
            others / powers[tone].max(f32::MIN_POSITIVE)
        };
        most(self.low, 0..COLUMNS).max(most(self.high, COLUMNS..TONES))
    }

    /// The two tones block by block, each without the leak of the other, turned back to the nominal
    /// frequencies.
    #[inline(always)]
    fn pointers(self, history: &History) -> (Pointers, Pointers) {
        let (mut low, mut high) = (Pointers::ZERO, Pointers::ZERO);
        for n in 0..SPAN {
            let spectrum = &history.ago(SPAN - 1 - n).spectrum;
            (low.re[n], low.im[n]) = (spectrum.re[self.low], spectrum.im[self.low]);
            (high.re[n], high.im[n]) = (spectrum.re[self.high], spectrum.im[self.high]);
        }
        let [re, im] = &SEPARATIONS[self.low][self.high - COLUMNS];
        for n in 0..SPAN {
            (low.re[n], high.re[n]) = re.apply(low.re[n], high.re[n]);
            (low.im[n], high.im[n]) = im.apply(low.im[n], high.im[n]);
        }
        (low.rotated(&TURNS[self.low]), high.rotated(&TURNS[self.high]))
    }
}

/// How fast two tones turn.
struct Drifts {
    /// Turns from block to block.
    turns: [f32; 2],
    /// Change from the first to the second half of the window, in Hz.
    bends: [f32; 2],
}

#[inline(always)]
fn drifts(low: &Pointers, high: &Pointers) -> Drifts {
    // The turn from block to block fixes the frequency roughly, three blocks apart sharpen it.
    let (mut y, mut x) = ([0.0; 8], [0.0; 8]);
    for (n, tone) in [low, high].into_iter().enumerate() {
        let (one, three) = (tone.steps::<1>(), tone.steps::<3>());
        let first = (one.0[2] + one.0[3], one.1[2] + one.1[3]);
        let second = (one.0[5] + one.0[6], one.1[5] + one.1[6]);
        (x[n], y[n]) = (first.0 + one.0[4] + second.0, first.1 + one.1[4] + second.1);
        (x[n + 2], y[n + 2]) = (three.0[2] + three.0[3] + three.0[4], three.1[2] + three.1[3] + three.1[4]);
        (x[n + 4], y[n + 4]) =
            (first.0 * second.0 + first.1 * second.1, first.0 * second.1 - first.1 * second.0);
    }
    let angles = angles_turns(&y, &x);
    let turns = [0, 1].map(|n| {
        let rest = angles[n + 2] - 3.0 * angles[n];
        angles[n] + (rest - round(rest)) / 3.0
    });
    Drifts { turns, bends: [angles[4] * BLOCKS_A_SECOND, angles[5] * BLOCKS_A_SECOND] }
}

/// A complex amplitude for every block of the lead and the window, oldest first.
#[derive(Clone, Copy)]
struct Pointers {
    re: [f32; SPAN],
    im: [f32; SPAN],
}

impl Pointers {
    const ZERO: Self = Self { re: [0.0; SPAN], im: [0.0; SPAN] };

    #[inline(always)]
    fn rotated(&self, by: &Self) -> Self {
        Self {
            re: core::array::from_fn(|n| self.re[n] * by.re[n] - self.im[n] * by.im[n]),
            im: core::array::from_fn(|n| self.re[n] * by.im[n] + self.im[n] * by.re[n]),
        }
    }

    /// Every pointer times the conjugate of the one `LAG` blocks before it, at the place of the latter.
    #[inline(always)]
    fn steps<const LAG: usize>(&self) -> ([f32; SPAN], [f32; SPAN]) {
        let after = |n: usize| (n + LAG) % SPAN;
        (
            core::array::from_fn(|n| self.re[after(n)] * self.re[n] + self.im[after(n)] * self.im[n]),
            core::array::from_fn(|n| self.im[after(n)] * self.re[n] - self.re[after(n)] * self.im[n]),
        )
    }

    /// Pointer `n` turned back `n` times by `drift` turns.
    #[inline(always)]
    fn turned_back(&self, drift: f32) -> Self {
        let times = |a: (f32, f32), b: (f32, f32)| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
        let one = unit(-drift);
        let two = times(one, one);
        let four = times(two, two);
        let front = [(1.0, 0.0), one, two, times(one, two)];
        let back = front.map(|turn| times(turn, four));
        let turn = |n: usize| if n < 4 { front[n] } else { back[n - 4] };
        self.rotated(&Self {
            re: core::array::from_fn(|n| turn(n).0),
            im: core::array::from_fn(|n| turn(n).1),
        })
    }

    /// The steady tone that pointers turned back to their own frequency make.
    #[inline(always)]
    fn fit(&self, error: f32, bend_hz: f32) -> ToneFit {
        let (first, second) = (self.half(LEAD), self.half(LEAD + WINDOW / 2));
        let (re, im) = (first.0 + second.0, first.1 + second.1);
        let power = |(re, im): (f32, f32)| re * re + im * im;
        ToneFit {
            power: power((re, im)) / (WINDOW * WINDOW) as f32,
            error,
            bend_hz,
            slope_db: power_to_db(power(second) / power(first).max(f32::MIN_POSITIVE)),
            scatter: 1.0 - power((re, im)) / (self.energy() * WINDOW as f32).max(f32::MIN_POSITIVE),
        }
    }

    /// Sum of the powers of the window's pointers.
    #[inline(always)]
    fn energy(&self) -> f32 {
        let powers: [f32; SPAN] = core::array::from_fn(|n| self.re[n] * self.re[n] + self.im[n] * self.im[n]);
        powers[LEAD..].iter().sum()
    }

    /// Sum of the pointers of half a window.
    #[inline(always)]
    fn half(&self, from: usize) -> (f32, f32) {
        (
            self.re[from] + self.re[from + 1] + self.re[from + 2],
            self.im[from] + self.im[from + 1] + self.im[from + 2],
        )
    }

    /// How far the pointers of two tones reach along the steady tones, block by block.
    #[inline(always)]
    fn along(&self, other: &Self, scale: f32) -> [f32; SPAN] {
        let mean = |tone: &Self| {
            let (first, second) = (tone.half(LEAD), tone.half(LEAD + WINDOW / 2));
            ((first.0 + second.0) * (scale / WINDOW as f32), (first.1 + second.1) * (scale / WINDOW as f32))
        };
        let (low, high) = (mean(self), mean(other));
        core::array::from_fn(|n| {
            (self.re[n] * low.0 + self.im[n] * low.1) + (other.re[n] * high.0 + other.im[n] * high.1)
        })
    }
}

fn round(x: f32) -> f32 {
    (x + if x < 0.0 { -0.5 } else { 0.5 }) as i32 as f32
}

/// A symmetric 2 x 2 matrix.
#[derive(Clone, Copy)]
struct Matrix {
    low: f32,
    cross: f32,
    high: f32,
}

impl Matrix {
    #[inline(always)]
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
            let low = TONE_HZ[row] as f64;
            let high = TONE_HZ[COLUMNS + column] as f64;
            table[row][column] = [Matrix::undoing(low, high, 1.0), Matrix::undoing(low, high, -1.0)];
            column += 1;
        }
        row += 1;
    }
    table
};

/// How much of a tone's power the band shows, by the tone's frequency error: a parabola.
#[derive(Clone, Copy)]
struct Response([f32; 3]);

impl Response {
    fn at(self, error: f32) -> f32 {
        self.0[0] + error * (self.0[1] + error * self.0[2])
    }
}

static RESPONSES: [Response; TONES] = {
    const STEP: f64 = 0.018;
    let mut table = [Response([0.0; 3]); TONES];
    let mut k = 0;
    while k < TONES {
        let hz = TONE_HZ[k] as f64;
        let (below, here, above) =
            (band_response(hz * (1.0 - STEP)), band_response(hz), band_response(hz * (1.0 + STEP)));
        table[k] = Response([
            here as f32,
            ((above - below) / (2.0 * STEP)) as f32,
            ((above + below - 2.0 * here) / (2.0 * STEP * STEP)) as f32,
        ]);
        k += 1;
    }
    table
};

/// By tone: what turns the pointer of every block back to that of the first.
static TURNS: [Pointers; TONES] = {
    let mut table = [Pointers::ZERO; TONES];
    let mut k = 0;
    while k < TONES {
        let mut n = 0;
        while n < SPAN {
            (table[k].re[n], table[k].im[n]) = block_rotation(k, n);
            n += 1;
        }
        k += 1;
    }
    table
};

const BLOCKS_A_SECOND: f32 = 200.0;
/// Blocks before the window that are looked at to find where the tones began.
const LEAD: usize = 2;
const SPAN: usize = WINDOW + LEAD;

#[cfg(test)]
mod tests {
    use super::super::block::tests::look;
    use super::super::kernel::{BLOCK, Portable};
    use super::*;
    use crate::Key;

    fn history(low: (f64, f64), high: (f64, f64), from: usize) -> History {
        let tau = core::f64::consts::TAU;
        let mut history = History::new();
        for block in 0..8 {
            let samples: [i16; BLOCK] = core::array::from_fn(|n| {
                let t = (block * BLOCK + n) as f64 / 8000.0;
                let on = f64::from(block * BLOCK + n >= from);
                let sum = low.1 * (tau * low.0 * t + 1.0).cos() + high.1 * (tau * high.0 * t).cos();
                (sum * on).round() as i16
            });
            let (spectrum, energy) = look(&samples);
            *history.upcoming(0) = spectrum;
            history.push_heard(Portable, &samples, energy, true);
        }
        history
    }

    #[test]
    fn amplitudes_and_frequencies_come_out_of_every_pair() {
        for key in Key::ALL {
            let pair = Pair { low: key.row(), high: COLUMNS + key.column() };
            let (low_hz, high_hz) = (f64::from(key.low_hz()), f64::from(key.high_hz()));
            let history = history((low_hz * 1.015, 2000.0), (high_hz * 0.985, 4000.0), 0);
            let m = pair.measure(&history, 0.025).expect("close to the nominal frequency");
            let amplitude = |fit: &ToneFit| fit.power.sqrt() / super::super::kernel::UNIT;
            assert!((m.low.error - 0.015).abs() < 0.003, "{m:?}");
            assert!((m.high.error + 0.015).abs() < 0.003, "{m:?}");
            assert!((amplitude(&m.low) / 2000.0 - 1.0).abs() < 0.12, "{m:?}");
            assert!((amplitude(&m.high) / 4000.0 - 1.0).abs() < 0.12, "{m:?}");
            assert!(m.low.slope_db.abs() < 1.0 && m.high.slope_db.abs() < 1.0, "{m:?}");
            assert!(m.purity > 0.8 && m.clarity > 0.9 && m.evenness > 0.85, "{m:?}");
            assert!(pair.measure(&history, 0.01).is_none());
        }
    }

    #[test]
    fn the_lead_tells_where_the_tones_began() {
        let pair = Pair { low: 1, high: 5 };
        for from in [0, 20, 40, 60, 80] {
            let history = history((770.0, 3000.0), (1336.0, 3000.0), from);
            let lead = pair.measure(&history, 0.025).expect("on its frequencies").lead;
            let expected = 2.0 - from as f32 / BLOCK as f32;
            assert!((lead - expected).abs() < 0.2, "{from}: {lead}");
        }
    }
}
