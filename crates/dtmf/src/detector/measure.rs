//! One row tone and one column tone, taken apart and measured.
//!
//! Within 5 ms a tone leaks into the other's reference. The leak is known (both frequencies are),
//! so it is taken out by solving two equations a block; what is left are two clean rotating
//! pointers, whose speed is the frequency error and whose steadiness tells a key from a voice.

mod pace;
mod pointers;
mod separation;

pub(super) use pace::{MOST_ERROR, PACES, tone_keeps_pace};
pub(super) use pointers::LEAD;
pub(super) use separation::SEPARATIONS;

use super::block::{Pair, band_response};
use super::company::Company;
use super::kernel::{COLUMNS, Sixteen, TONE_HZ, TONES};
use super::recall::Recall;
use crate::math::powers_to_db;
use pointers::{BLOCKS_A_SECOND, TURNS};

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
    pub(super) fn powers(self, history: &impl Recall, ago: usize) -> (f32, f32) {
        self.powers_of(history.tone(ago, self.low), history.tone(ago, self.high))
    }

    /// Powers of the two tones, by what each shows: real part, imaginary part.
    #[inline(always)]
    pub(super) fn powers_of(self, low: (f32, f32), high: (f32, f32)) -> (f32, f32) {
        let [re, im] = &SEPARATIONS[self.low][self.high - COLUMNS];
        let (low_re, high_re) = re.apply(low.0, high.0);
        let (low_im, high_im) = im.apply(low.1, high.1);
        (low_re * low_re + low_im * low_im, high_re * high_re + high_im * high_im)
    }

    /// Measures the newest [`WINDOW`] blocks of `history`, of which `pointers` tell the two tones; `None` if one is
    /// further off its frequency than `max_error`.
    #[inline(always)]
    pub(super) fn measure<V: Sixteen>(
        self,
        pointers: (V, V),
        history: &impl Recall,
        max_error: f32,
    ) -> Option<Measurement> {
        let pointers = self.pointers(pointers);
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
            band += history.band(ago);
            total += history.total(ago);
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
    pub(super) fn company(self, measured: &Measurement, history: &impl Recall) -> Company {
        let hz = |tone: usize, error: f32| f32::from(TONE_HZ[tone]) * (1.0 + error);
        Company::of([hz(self.low, measured.low.error), hz(self.high, measured.high.error)], history)
    }

    /// Power of the strongest other row over that of this row or of the strongest other column over that of
    /// this column, whichever is more: third tones that last as long as the two.
    #[inline(never)]
    pub(super) fn rival(self, history: &impl Recall) -> f32 {
        let mut powers = [0.0; TONES];
        for (k, power) in powers.iter_mut().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for n in 0..WINDOW {
                let tone = history.tone(WINDOW - 1 - n, k);
                re += tone.0 * TURNS[k].0[n] - tone.1 * TURNS[k].1[n];
                im += tone.0 * TURNS[k].1[n] + tone.1 * TURNS[k].0[n];
            }
            *power = re * re + im * im;
        }
        let most = |tone: usize, group: core::ops::Range<usize>| {
            let others = group.filter(|&k| k != tone).fold(0.0, |most, k| powers[k].max(most));
            others / powers[tone].max(f32::MIN_POSITIVE)
        };
        most(self.low, 0..COLUMNS).max(most(self.high, COLUMNS..TONES))
    }
}

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

#[cfg(test)]
mod tests {
    use super::super::block::tests::look;
    use super::super::history::History;
    use super::super::kernel::{BLOCK, Kernel, Path, Plain, Portable, WithKernel};
    use super::*;
    use crate::Key;

    /// Two tones, each by frequency and amplitude, the low one so far ahead, from a sample on.
    fn history(low: (f64, f64), high: (f64, f64), turns: f64, from: usize) -> History {
        let tau = core::f64::consts::TAU;
        let mut history = History::new();
        for block in 0..8 {
            let samples: [i16; BLOCK] = core::array::from_fn(|n| {
                let t = (block * BLOCK + n) as f64 / 8000.0;
                let on = f64::from(block * BLOCK + n >= from);
                let sum = low.1 * (tau * (low.0 * t + turns)).cos() + high.1 * (tau * high.0 * t).cos();
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
            let history = history((low_hz * 1.015, 2000.0), (high_hz * 0.985, 4000.0), 0.16, 0);
            let m = pair
                .measure::<Plain>(history.pointers(pair), &history, 0.025)
                .expect("close to the nominal frequency");
            let amplitude = |fit: &ToneFit| fit.power.sqrt() / super::super::kernel::UNIT;
            assert!((m.low.error - 0.015).abs() < 0.003, "{m:?}");
            assert!((m.high.error + 0.015).abs() < 0.003, "{m:?}");
            assert!((amplitude(&m.low) / 2000.0 - 1.0).abs() < 0.12, "{m:?}");
            assert!((amplitude(&m.high) / 4000.0 - 1.0).abs() < 0.12, "{m:?}");
            assert!(m.low.slope_db.abs() < 1.0 && m.high.slope_db.abs() < 1.0, "{m:?}");
            assert!(m.purity > 0.8 && m.clarity > 0.9 && m.evenness > 0.85, "{m:?}");
            assert!(pair.measure::<Plain>(history.pointers(pair), &history, 0.01).is_none());
        }
    }

    /// Frequency errors and, in dB, how far the low tone is above the high one, of AT&T, NTT and ETSI.
    const CORNERS: [(f64, [f64; 2]); 3] = [(0.015, [-4.0, 8.0]), (0.018, [-5.0, 5.0]), (0.0175, [-6.0, 6.0])];

    #[test]
    fn tones_keep_pace_in_all_corners_of_the_standards() {
        for key in Key::ALL {
            let pair = Pair { low: key.row(), high: COLUMNS + key.column() };
            let (low_hz, high_hz) = (f64::from(key.low_hz()), f64::from(key.high_hz()));
            let keeps_pace = |low: f64, high: f64, twist_db: f64, turns: f64| {
                let amplitude = 6000.0 * 10f64.powf(-twist_db / 20.0);
                let history = history((low_hz * low, 6000.0), (high_hz * high, amplitude), turns, 0);
                pair.keeps_pace::<Plain>(history.pointers(pair))
            };
            for turns in (0..16).map(|n| f64::from(n) / 16.0) {
                for (error, twists) in CORNERS {
                    for twist in twists {
                        for low in [1.0 - error, 1.0, 1.0 + error] {
                            assert!(keeps_pace(low, 1.0 - error, twist, turns), "{pair:?} {low} {twist}");
                            assert!(keeps_pace(low, 1.0 + error, twist, turns), "{pair:?} {low} {twist}");
                        }
                    }
                }
                for off in [0.965, 1.035] {
                    assert!(
                        !keeps_pace(off, 1.0, 0.0, turns) && !keeps_pace(1.0, off, 0.0, turns),
                        "{pair:?}"
                    );
                }
            }
        }
    }

    struct MeasureWith<'a>(Pair, &'a History);

    impl WithKernel for MeasureWith<'_> {
        type Output = Option<Measurement>;

        #[inline(always)]
        fn run<K: Kernel>(self, _: K) -> Self::Output {
            self.0.measure::<K::Sixteen>(self.1.pointers(self.0), self.1, 0.03)
        }
    }

    #[test]
    fn every_kernel_measures_the_same() {
        let mut measured = 0;
        for (low, high) in (0..COLUMNS).flat_map(|low| (COLUMNS..TONES).map(move |high| (low, high))) {
            for (n, off) in [0.97, 0.98, 0.99, 1.0, 1.011, 1.022, 1.033].into_iter().enumerate() {
                let hz = |tone: usize| f64::from(TONE_HZ[tone]);
                let history = history((hz(low) * off, 3000.0), (hz(high) * (2.0 - off), 900.0), 0.16, 30 * n);
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
            let history = history((770.0, 3000.0), (1336.0, 3000.0), 0.16, from);
            let lead = pair
                .measure::<Plain>(history.pointers(pair), &history, 0.025)
                .expect("on its frequencies")
                .lead;
            let expected = 2.0 - from as f32 / BLOCK as f32;
            assert!((lead - expected).abs() < 0.2, "{from}: {lead}");
        }
    }
}
