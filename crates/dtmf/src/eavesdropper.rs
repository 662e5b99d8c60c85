use crate::generator::FULL_SCALE_0_DBM0;
use crate::key::{HIGH_HZ, LOW_HZ};
use crate::math::{cos_turns, power_to_db, sin_turns};
use crate::{Key, SampleRate};

/// Reads keys out of what is left of them: the test of a [`Masker`](crate::Masker) or of a recording.
///
/// A detector that finds nothing any more proves little: it asks for 40 ms of a clean key, and a few
/// milliseconds give a key away. This listener knows when keys were pressed. It fits the two tones of
/// all sixteen keys by least squares to the loudest 20 ms and takes the key that fits best. From
/// audio that holds nothing of a key it is right one time in sixteen.
///
/// ```
/// use paytone_dtmf::{Eavesdropper, Generator, Key, SampleRate};
///
/// let mut audio: Vec<i16> = Generator::new(SampleRate::Hz8000).key(Key::D5).collect();
/// // No detector finds 8 ms of a key.
/// audio[64..].fill(0);
/// let reading = Eavesdropper::new(SampleRate::Hz8000).read(&audio).expect("something is left");
/// assert_eq!(reading.key, Key::D5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Eavesdropper {
    rate: SampleRate,
}

/// What an [`Eavesdropper`] makes of a piece of audio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The key that fits best.
    pub key: Key,
    /// The part of the power that its two tones explain, 0 to 1. Close to 1 for a key, below about
    /// 0.5 for a guess.
    pub fit: f32,
    /// Level of its low tone over its high one, in dB, as far as each is measured alone. Beyond 12 dB either way it is no key
    /// but a single tone.
    pub twist_db: f32,
    /// Where the 20 ms begin, in samples.
    pub at_sample: usize,
    /// Level of those 20 ms, in dBm0.
    pub level_dbm0: f32,
}

impl Eavesdropper {
    /// An eavesdropper on audio of this rate.
    #[must_use]
    pub const fn new(rate: SampleRate) -> Self {
        Self { rate }
    }

    /// The key it takes `samples` to hold: the time of one key press, as a log would tell.
    ///
    /// `None` when there is no sound at all, or less than 2.5 ms of audio.
    #[must_use]
    pub fn read(&self, samples: &[i16]) -> Option<Reading> {
        let (at_sample, energy) = self.loudest(samples)?;
        let window = &samples[at_sample..samples.len().min(at_sample + self.window())];
        let tones = self.tones(window);
        let (key, explained) = Key::ALL
            .into_iter()
            .map(|key| {
                let (low, high) = (tones[key.row()], tones[4 + key.column()]);
                (key, explained(low, high, window.len() as f64))
            })
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        let power = |tone: Tone| (tone.even * tone.even + tone.odd * tone.odd).max(1.0) as f32;
        let twist_db = power_to_db(power(tones[key.row()])) - power_to_db(power(tones[4 + key.column()]));
        Some(Reading {
            key,
            twist_db,
            fit: (explained / energy as f64).clamp(0.0, 1.0) as f32,
            at_sample,
            level_dbm0: power_to_db(2.0 * energy as f32 / window.len() as f32)
                - power_to_db(FULL_SCALE_POWER),
        })
    }

    /// Samples of 20 ms.
    const fn window(&self) -> usize {
        self.rate.hz() as usize / 50
    }

    /// Where the loudest 20 ms begin, and the sum of their squares.
    fn loudest(&self, samples: &[i16]) -> Option<(usize, u64)> {
        let window = self.window().min(samples.len());
        if window < self.window() / 8 {
            return None;
        }
        let mut sum: u64 = samples[..window].iter().copied().map(square).sum();
        let mut best = (0, sum);
        for (n, (&out, &new)) in samples.iter().zip(&samples[window..]).enumerate() {
            sum = sum + square(new) - square(out);
            if sum > best.1 {
                best = (n + 1, sum);
            }
        }
        (best.1 > 0).then_some(best)
    }

    /// How the window correlates with each of the eight tones, time counted from its middle.
    fn tones(&self, window: &[i16]) -> [Tone; 8] {
        let middle = (window.len() - 1) as f64 / 2.0;
        core::array::from_fn(|k| {
            let hz = if k < 4 { LOW_HZ[k] } else { HIGH_HZ[k - 4] };
            let turns = f64::from(hz) / f64::from(self.rate.hz());
            let (mut even, mut odd) = (0.0, 0.0);
            for (n, &sample) in window.iter().enumerate() {
                let angle = turns * (n as f64 - middle);
                even += f64::from(sample) * cos_turns(angle);
                odd += f64::from(sample) * sin_turns(angle);
            }
            Tone { turns, even, odd }
        })
    }
}

/// A tone and what the window holds of its cosine and its sine.
#[derive(Clone, Copy)]
struct Tone {
    /// Turns a sample.
    turns: f64,
    even: f64,
    odd: f64,
}

/// The energy that the best mixture of two tones explains.
///
/// Seen from the middle of the window a cosine and a sine have nothing in common, so that the four
/// equations of the fit fall apart into two pairs.
fn explained(low: Tone, high: Tone, len: f64) -> f64 {
    let difference = overlap(high.turns - low.turns, len);
    let sum = overlap(high.turns + low.turns, len);
    let pair = |sign: f64, low_part: f64, high_part: f64| {
        let low_low = (len + sign * overlap(2.0 * low.turns, len)) / 2.0;
        let high_high = (len + sign * overlap(2.0 * high.turns, len)) / 2.0;
        let cross = (difference + sign * sum) / 2.0;
        let determinant = low_low * high_high - cross * cross;
        (high_high * low_part * low_part - 2.0 * cross * low_part * high_part
            + low_low * high_part * high_part)
            / determinant
    };
    pair(1.0, low.even, high.even) + pair(-1.0, low.odd, high.odd)
}

/// Sum of a cosine over a window, counted from its middle.
fn overlap(turns: f64, len: f64) -> f64 {
    sin_turns(turns * len / 2.0) / sin_turns(turns / 2.0)
}

fn square(sample: i16) -> u64 {
    i64::from(sample).pow(2) as u64
}

const FULL_SCALE_POWER: f32 = FULL_SCALE_0_DBM0 * FULL_SCALE_0_DBM0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;

    #[test]
    fn a_whole_key_is_read_and_explained_at_every_rate() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
            for key in Key::ALL {
                let audio: Vec<i16> = Generator::new(rate).key(key).collect();
                let reading = Eavesdropper::new(rate).read(&audio).expect("a key");
                assert_eq!(reading.key, key);
                assert!(reading.fit > 0.999 && reading.twist_db.abs() < 3.0, "{reading:?}");
                // Two tones of -8 dBm0; the loudest 20 ms hold a little more than the mean.
                assert!((reading.level_dbm0 + 5.0).abs() < 0.5, "{reading:?}");
            }
        }
    }

    #[test]
    fn a_few_milliseconds_in_noise_give_a_key_away() {
        let mut found = 0;
        for key in Key::ALL {
            let mut audio: Vec<i16> = Generator::new(SampleRate::Hz8000).key(key).collect();
            audio[80..].fill(0);
            audio.iter_mut().enumerate().for_each(|(n, s)| *s += (n * 7919 % 61) as i16 - 30);
            found +=
                usize::from(Eavesdropper::new(SampleRate::Hz8000).read(&audio).map(|r| r.key) == Some(key));
        }
        assert!(found >= 14, "{found} of 16");
    }

    #[test]
    fn silence_and_scraps_say_nothing_and_noise_explains_little() {
        let eavesdropper = Eavesdropper::new(SampleRate::Hz8000);
        assert_eq!(eavesdropper.read(&[]), None);
        assert_eq!(eavesdropper.read(&[100; 19]), None);
        assert_eq!(eavesdropper.read(&[0; 400]), None);
        let mut state = 1u32;
        let noise: Vec<i16> = (0..400)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as i16
            })
            .collect();
        assert!(eavesdropper.read(&noise).expect("a guess").fit < 0.5);
    }

    #[test]
    fn a_whistle_is_explained_too_but_by_one_tone() {
        let whistle: Vec<i16> =
            (0..160).map(|n| (8000.0 * sin_turns(770.0 / 8000.0 * f64::from(n))) as i16).collect();
        let reading = Eavesdropper::new(SampleRate::Hz8000).read(&whistle).expect("a tone");
        assert!(reading.fit > 0.99 && reading.twist_db > 12.0, "{reading:?}");
    }

    #[test]
    fn the_loudest_part_counts() {
        let mut audio = vec![0; 400];
        let tone = Generator::new(SampleRate::Hz8000).with_level_dbm0(-20.0).key(Key::D7);
        audio.extend(tone.take(200));
        let reading = Eavesdropper::new(SampleRate::Hz8000).read(&audio).expect("a key");
        assert!((400..=440).contains(&reading.at_sample));
        assert_eq!(reading.key, Key::D7);
    }
}
