//! One row tone and one column tone, taken apart and measured.
//!
//! Within 5 ms a tone leaks into the other's reference. The leak is known (both frequencies are),
//! so it is taken out by solving two equations a block; what is left are two clean rotating
//! pointers, whose speed is the frequency error and whose steadiness tells a key from a voice.

use super::block::{Block, Pair, Spectrum, band_response};
use super::company::Company;
use super::history::History;
use super::kernel::{COLUMNS, Sixteen, TONE_HZ, TONES, block_rotation, leakage};
use crate::math::{powers_to_db, unit};

/// Blocks a measurement looks at: 30 ms.
pub(super) const WINDOW: usize = 6;

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
    /// Power of the low tone over that of the high one, in dB.
    pub(super) low_over_high_db: f32,
    /// Power of the high tone, in dB.
    pub(super) high_db: f32,
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
        self.powers_in(&block.spectrum)
    }

    #[inline(always)]
    pub(super) fn powers_in(self, spectrum: &Spectrum) -> (f32, f32) {
        let [re, im] = &SEPARATIONS[self.low][self.high - COLUMNS];
        let (low_re, high_re) = re.apply(spectrum.re[self.low], spectrum.re[self.high]);
        let (low_im, high_im) = im.apply(spectrum.im[self.low], spectrum.im[self.high]);
        (low_re * low_re + low_im * low_im, high_re * high_re + high_im * high_im)
    }

    /// Measures the newest [`WINDOW`] blocks of `history`; `None` if a tone is further off its
    /// frequency than `max_error`.
    #[inline(always)]
    pub(super) fn measure<V: Sixteen>(self, history: &History, max_error: f32) -> Option<Measurement> {
        let pointers = self.pointers::<V>(history);
        let drifts = pointers.drifts();
        let error = |turns: f32, tone: usize| turns * BLOCKS_A_SECOND / f32::from(TONE_HZ[tone]);
        let error = [error(drifts.turns[0], self.low), error(drifts.turns[1], self.high)];
        if error[0].abs() > max_error || error[1].abs() > max_error {
            return None;
        }
        let pointers = pointers.turned_back(drifts.turns);
        let steady = pointers.steady();
        let power = (steady[0].power + steady[1].power).max(f32::MIN_POSITIVE);
        // What the two tones alone would show as the power of the band.
        let in_band = steady[0].power * RESPONSES[self.low].at(error[0])
            + steady[1].power * RESPONSES[self.high].at(error[1]);
        let along = pointers.along(&steady, 1.0 / power);
        let [low_slope_db, high_slope_db, low_over_high_db, high_db] = powers_to_db([
            steady[0].swell,
            steady[1].swell,
            steady[0].power / steady[1].power,
            steady[1].power,
        ]);
        let (mut band, mut total) = (0.0, 0.0);
        for ago in 0..WINDOW {
            band += history.ago(ago).spectrum.band;
            total += history.ago(ago).total;
        }
        let (two, one) = (along[0].clamp(0.0, 1.0), along[1].clamp(0.0, 1.0));
        Some(Measurement {
            low: steady[0].fit(error[0], drifts.bends[0], low_slope_db),
            high: steady[1].fit(error[1], drifts.bends[1], high_slope_db),
            purity: in_band * WINDOW as f32 / f32::max(band, f32::MIN_POSITIVE),
            clarity: power * WINDOW as f32 / f32::max(total, f32::MIN_POSITIVE),
            evenness: along[LEAD..].iter().copied().fold(f32::INFINITY, f32::min),
            before: two,
            lead: if one > 0.8 { one + two } else { one },
            low_over_high_db,
            high_db,
        })
    }

    /// What else is heard in the newest [`WINDOW`] blocks, in which the pair was measured.
    #[inline(never)]
    pub(super) fn company(self, measured: &Measurement, history: &History) -> Company {
        let hz = |tone: usize, error: f32| f32::from(TONE_HZ[tone]) * (1.0 + error);
        Company::of([hz(self.low, measured.low.error), hz(self.high, measured.high.error)], history)
    }

    /// Power of the strongest other row over that of this row or of the strongest other column over that of
    /// this column, whichever is more: third tones that last as long as the two.
    #[inline(never)]
    pub(super) fn rival(self, history: &History) -> f32 {
        let mut powers = [0.0; TONES];
        for (k, power) in powers.iter_mut().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for n in 0..WINDOW {
                let spectrum = &history.ago(WINDOW - 1 - n).spectrum;
                re += spectrum.re[k] * TURNS[k].0[n] - spectrum.im[k] * TURNS[k].1[n];
                im += spectrum.re[k] * TURNS[k].1[n] + spectrum.im[k] * TURNS[k].0[n];
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
    fn pointers<V: Sixteen>(self, history: &History) -> Pointers<V> {
        let (blocks, oldest) = history.all();
        let (re, im) = V::pointers(blocks, oldest, self);
        let [of_re, of_im] = &SEPARATIONS[self.low][self.high - COLUMNS];
        let (low, high) = (&TURNS[self.low], &TURNS[self.high]);
        Pointers { re: of_re.apply_to_all(re), im: of_im.apply_to_all(im) }
            .rotated(Pointers { re: V::halves(&low.0, &high.0), im: V::halves(&low.1, &high.1) })
    }
}

/// How fast two tones turn.
struct Drifts {
    /// Turns from block to block.
    turns: [f32; 2],
    /// Change from the first to the second half of the window, in Hz.
    bends: [f32; 2],
}

/// A complex amplitude for every block of the lead and the window, oldest first, of a low and a high tone.
#[derive(Clone, Copy)]
struct Pointers<V> {
    re: V,
    im: V,
}

impl<V: Sixteen> Pointers<V> {
    #[inline(always)]
    fn rotated(self, by: Self) -> Self {
        Self {
            re: self.re.times(by.re).minus(self.im.times(by.im)),
            im: self.re.times(by.im).plus(self.im.times(by.re)),
        }
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self { re: self.re.plus(other.re), im: self.im.plus(other.im) }
    }

    #[inline(always)]
    fn after<const BY: usize>(self) -> Self {
        Self { re: self.re.after::<BY>(), im: self.im.after::<BY>() }
    }

    #[inline(always)]
    fn with_lanes<const LANES: i32>(self, other: Self) -> Self {
        Self { re: self.re.with_lanes::<LANES>(other.re), im: self.im.with_lanes::<LANES>(other.im) }
    }

    #[inline(always)]
    fn power(self) -> V {
        self.re.times(self.re).plus(self.im.times(self.im))
    }

    /// The other's pointers times the conjugates of these.
    #[inline(always)]
    fn step_to(self, other: Self) -> Self {
        Self {
            re: other.re.times(self.re).plus(other.im.times(self.im)),
            im: other.im.times(self.re).minus(other.re.times(self.im)),
        }
    }

    /// The sum of the pointers of three blocks.
    #[inline(always)]
    fn three(self) -> Self {
        self.plus(self.after::<1>()).plus(self.after::<2>())
    }

    #[inline(always)]
    fn drifts(self) -> Drifts {
        // The turn from block to block fixes the frequency roughly, three blocks apart sharpen it. What counts
        // is in lane 2, where the window begins: the steps within its first half and those within its second.
        const { assert!(LEAD == 2) };
        let (one, three) = (self.step_to(self.after::<1>()), self.step_to(self.after::<3>()));
        let first = one.plus(one.after::<1>());
        let second = first.after::<3>();
        let all = first.plus(one.after::<2>()).plus(second);
        let sharp = three.three();
        let bend = first.step_to(second);
        let (x, y) = (V::lane_2(all.re, sharp.re, bend.re), V::lane_2(all.im, sharp.im, bend.im));
        let angles = V::angles_turns(&y, &x);
        let turns = |rough: f32, sharp: f32| {
            let rest = sharp - 3.0 * rough;
            rough + (rest - round(rest)) / 3.0
        };
        Drifts {
            turns: [turns(angles[0], angles[2]), turns(angles[1], angles[3])],
            bends: [angles[4] * BLOCKS_A_SECOND, angles[5] * BLOCKS_A_SECOND],
        }
    }

    /// Pointer `n` of each tone turned back `n` times by its drift in turns.
    #[inline(always)]
    fn turned_back(self, drifts: [f32; 2]) -> Self {
        let (low, high) = (unit(-drifts[0]), unit(-drifts[1]));
        let one = Self { re: V::of(low.0, high.0), im: V::of(low.1, high.1) };
        let two = one.rotated(one);
        let (three, four) = (one.rotated(two), two.rotated(two));
        let none = Self { re: V::of(1.0, 1.0), im: V::of(0.0, 0.0) };
        let front = none.with_lanes::<0b0010_0010>(one).with_lanes::<0b0100_0100>(two);
        let front = front.with_lanes::<0b1000_1000>(three);
        self.rotated(front.with_lanes::<0b1111_0000>(front.rotated(four)))
    }

    /// The steady tones that pointers turned back to their own frequencies make.
    #[inline(always)]
    fn steady(self) -> [Steady; 2] {
        // What counts is in lane 2, as above.
        let first = self.three();
        let sum = first.plus(first.after::<3>());
        let (power, halves) = (self.power(), first.power());
        let energy = power.plus(power.after::<1>()).plus(power.after::<2>()).plus(power.after::<3>());
        let energy = energy.plus(power.after::<4>()).plus(power.after::<5>());
        let powers = V::lane_2(halves, halves.after::<3>(), energy);
        let sums = V::lane_2(sum.re, sum.im, sum.power());
        let steady = |n: usize| Steady {
            sum: (sums[n], sums[n + 2]),
            sum_power: sums[n + 4],
            power: sums[n + 4] / (WINDOW * WINDOW) as f32,
            energy: powers[n + 4],
            swell: powers[n + 2] / powers[n].max(f32::MIN_POSITIVE),
        };
        [steady(0), steady(1)]
    }

    /// How far the pointers of the two tones reach along the steady tones, block by block.
    #[inline(always)]
    fn along(self, [low, high]: &[Steady; 2], scale: f32) -> [f32; SPAN] {
        let scale = scale / WINDOW as f32;
        let re = self.re.times(V::of(low.sum.0 * scale, high.sum.0 * scale));
        let each = re.plus(self.im.times(V::of(low.sum.1 * scale, high.sum.1 * scale)));
        each.plus(each.swapped()).low_half()
    }
}

/// A steady tone in the window.
struct Steady {
    /// The sum of its pointers, and the power of that.
    sum: (f32, f32),
    sum_power: f32,
    power: f32,
    /// The sum of the powers of its pointers.
    energy: f32,
    /// Power of the second half over that of the first.
    swell: f32,
}

impl Steady {
    #[inline(always)]
    fn fit(&self, error: f32, bend_hz: f32, slope_db: f32) -> ToneFit {
        ToneFit {
            power: self.power,
            error,
            bend_hz,
            slope_db,
            scatter: 1.0 - self.sum_power / (self.energy * WINDOW as f32).max(f32::MIN_POSITIVE),
        }
    }
}

#[inline(always)]
fn round(x: f32) -> f32 {
    (x + if x < 0.0 { -0.5 } else { 0.5 }) as i32 as f32
}

/// A symmetric 2 x 2 matrix.
#[derive(Clone, Copy)]
pub(super) struct Matrix {
    pub(super) low: f32,
    pub(super) cross: f32,
    pub(super) high: f32,
}

impl Matrix {
    #[inline(always)]
    fn apply(&self, low: f32, high: f32) -> (f32, f32) {
        (self.low * low + self.cross * high, self.cross * low + self.high * high)
    }

    #[inline(always)]
    fn apply_to_all<V: Sixteen>(&self, tones: V) -> V {
        V::of(self.low, self.high).times(tones).plus(V::of(self.cross, self.cross).times(tones.swapped()))
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
pub(super) static SEPARATIONS: [[[Matrix; 2]; 4]; 4] = {
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
    #[inline(always)]
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

/// By tone: what turns the pointer of every block back to that of the first, real and imaginary parts.
static TURNS: [([f32; SPAN], [f32; SPAN]); TONES] = {
    let mut table = [([0.0; SPAN], [0.0; SPAN]); TONES];
    let mut k = 0;
    while k < TONES {
        let mut n = 0;
        while n < SPAN {
            (table[k].0[n], table[k].1[n]) = block_rotation(k, n);
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
    use super::super::kernel::{BLOCK, Kernel, Path, Plain, Portable, WithKernel};
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
            let m = pair.measure::<Plain>(&history, 0.025).expect("close to the nominal frequency");
            let amplitude = |fit: &ToneFit| fit.power.sqrt() / super::super::kernel::UNIT;
            assert!((m.low.error - 0.015).abs() < 0.003, "{m:?}");
            assert!((m.high.error + 0.015).abs() < 0.003, "{m:?}");
            assert!((amplitude(&m.low) / 2000.0 - 1.0).abs() < 0.12, "{m:?}");
            assert!((amplitude(&m.high) / 4000.0 - 1.0).abs() < 0.12, "{m:?}");
            assert!(m.low.slope_db.abs() < 1.0 && m.high.slope_db.abs() < 1.0, "{m:?}");
            assert!(m.purity > 0.8 && m.clarity > 0.9 && m.evenness > 0.85, "{m:?}");
            assert!(pair.measure::<Plain>(&history, 0.01).is_none());
        }
    }

    struct MeasureWith<'a>(Pair, &'a History);

    impl WithKernel for MeasureWith<'_> {
        type Output = Option<Measurement>;

        #[inline(always)]
        fn run<K: Kernel>(self, _: K) -> Self::Output {
            self.0.measure::<K::Sixteen>(self.1, 0.03)
        }
    }

    #[test]
    fn every_kernel_measures_the_same() {
        let mut measured = 0;
        for (low, high) in (0..COLUMNS).flat_map(|low| (COLUMNS..TONES).map(move |high| (low, high))) {
            for (n, off) in [0.97, 0.98, 0.99, 1.0, 1.011, 1.022, 1.033].into_iter().enumerate() {
                let hz = |tone: usize| f64::from(TONE_HZ[tone]);
                let history = history((hz(low) * off, 3000.0), (hz(high) * (2.0 - off), 900.0), 30 * n);
                let pair = Pair { low, high };
                let expected = Path::Portable.with(MeasureWith(pair, &history));
                measured += usize::from(expected.is_some());
                // What is written is all there is of a number.
                let expected = format!("{expected:?}");
                for path in Path::all() {
                    assert_eq!(format!("{:?}", path.with(MeasureWith(pair, &history))), expected, "{path:?}");
                }
            }
        }
        assert!(measured >= 16 * 3, "{measured}");
    }

    #[test]
    fn the_lead_tells_where_the_tones_began() {
        let pair = Pair { low: 1, high: 5 };
        for from in [0, 20, 40, 60, 80] {
            let history = history((770.0, 3000.0), (1336.0, 3000.0), from);
            let lead = pair.measure::<Plain>(&history, 0.025).expect("on its frequencies").lead;
            let expected = 2.0 - from as f32 / BLOCK as f32;
            assert!((lead - expected).abs() < 0.2, "{from}: {lead}");
        }
    }
}
