use crate::SampleRate;
use crate::generator::FULL_SCALE_0_DBM0;
use crate::math::{sin_turns, sqrt};

/// What is heard instead of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Nothing.
    Silence,
    /// A quiet tone of 400 Hz (-20 dBm0), the same for every key.
    FlatTone,
    /// Noise as loud as the line is when nobody speaks, -40 dBm0 at most: the line does not seem dead.
    ComfortNoise,
}

/// Makes the samples of a fill.
#[derive(Clone, Debug)]
pub(super) struct Filler {
    fill: Fill,
    /// Steps of the tone's table a sample.
    step: u64,
    /// State of a linear congruential generator.
    noise: u32,
    /// Mean square of the line at its quietest, of late.
    background: f32,
    /// Largest value of the noise.
    amplitude: i32,
}

impl Filler {
    pub(super) const fn new(fill: Fill, rate: SampleRate) -> Self {
        Self { fill, step: 48_000 / rate.hz() as u64, noise: 1, background: LOUDEST, amplitude: 0 }
    }

    /// The sample to be heard at a position.
    pub(super) fn at(&mut self, position: u64) -> i16 {
        match self.fill {
            Fill::Silence => 0,
            Fill::FlatTone => FLAT_TONE[(position * self.step % PERIOD as u64) as usize],
            Fill::ComfortNoise => {
                self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // The top bits of such a generator are the random ones.
                ((self.noise >> 16) as i32 % (2 * self.amplitude + 1) - self.amplitude) as i16
            }
        }
    }

    /// Learns the mean square of 5 ms that held no key: falls at once, rises by 17 dB a second.
    pub(super) fn learn(&mut self, mean_square: f32) {
        self.background = mean_square.min(self.background * 1.02 + 0.01).min(LOUDEST);
        // Evenly spread values have a third of the square of the largest as their mean square.
        self.amplitude = sqrt(3.0 * self.background) as i32;
    }
}

/// Mean square of -40 dBm0.
const LOUDEST: f32 = FULL_SCALE_0_DBM0 * FULL_SCALE_0_DBM0 / 2.0 * 1e-4;
/// Samples of a period of the flat tone at 48 kHz.
const PERIOD: usize = 120;

/// One period of 400 Hz at 48 kHz, -20 dBm0.
static FLAT_TONE: [i16; PERIOD] = {
    let mut period = [0; PERIOD];
    let mut n = 0;
    while n < PERIOD {
        period[n] = (2_283.0 * sin_turns(n as f64 / PERIOD as f64)) as i16;
        n += 1;
    }
    period
};

#[cfg(test)]
mod tests {
    use super::*;

    fn power(samples: &[i16]) -> f32 {
        samples.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn the_flat_tone_is_400_hz_at_every_rate() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
            let mut filler = Filler::new(Fill::FlatTone, rate);
            let tone: Vec<i16> = (0..u64::from(rate.hz()) / 10).map(|n| filler.at(n)).collect();
            let rises = tone.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
            assert!((39..=40).contains(&rises), "{rate:?}: {rises}");
        }
    }

    #[test]
    fn comfort_noise_is_as_loud_as_the_quiet_line() {
        let mut filler = Filler::new(Fill::ComfortNoise, SampleRate::Hz8000);
        // Before anything is known there is silence.
        assert_eq!(filler.at(0), 0);
        for n in 0..200 {
            filler.learn(if n % 10 < 7 { 1e6 } else { 400.0 });
        }
        let noise: Vec<i16> = (0..8000).map(|n| filler.at(n)).collect();
        let ratio = power(&noise) / 400.0;
        assert!((0.8..1.4).contains(&ratio), "{ratio}");
        // A loud line is not imitated.
        for _ in 0..2000 {
            filler.learn(1e8);
        }
        let noise: Vec<i16> = (0..8000).map(|n| filler.at(n)).collect();
        assert!(power(&noise) < 1.1 * LOUDEST);
    }
}
