use core::time::Duration;

use crate::math::{db_to_amplitude, sin_turns};
use crate::{Key, SampleRate};

/// Makes the sound of keys.
///
/// The default is what a careful phone sends: both tones at -8 dBm0, 80 ms of tone, 80 ms of
/// pause, edges rounded over 1 ms.
///
/// ```
/// use paytone_dtmf::{Generator, Key, SampleRate};
///
/// let generator = Generator::new(SampleRate::Hz8000);
/// let samples: Vec<i16> = generator.key(Key::D5).collect();
/// assert_eq!(samples.len(), 1280);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generator {
    rate: SampleRate,
    level_dbm0: f32,
    low_over_high_db: f32,
    duration: Duration,
    pause: Duration,
    ramp: Duration,
    detune: (f32, f32),
}

impl Generator {
    /// A generator with the default sound.
    #[must_use]
    pub const fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            level_dbm0: -8.0,
            low_over_high_db: 0.0,
            duration: Duration::from_millis(80),
            pause: Duration::from_millis(80),
            ramp: Duration::from_millis(1),
            detune: (1.0, 1.0),
        }
    }

    /// Sets the sample rate: the same sound for another line.
    #[must_use]
    pub const fn with_rate(mut self, rate: SampleRate) -> Self {
        self.rate = rate;
        self
    }

    /// Sets the level of the stronger tone in dBm0. A full-scale sine is +3.14 dBm0; two tones above
    /// about -2.9 dBm0 each clip.
    #[must_use]
    pub const fn with_level_dbm0(mut self, level: f32) -> Self {
        self.level_dbm0 = level;
        self
    }

    /// Sets the twist: how many dB the low tone is above the high one; negative when it is below.
    #[must_use]
    pub const fn with_low_over_high_db(mut self, twist: f32) -> Self {
        self.low_over_high_db = twist;
        self
    }

    /// Sets how long a key sounds, ramps included.
    #[must_use]
    pub const fn with_duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Sets the silence after a key.
    #[must_use]
    pub const fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Sets how long the tone takes to rise and to fall; at most half its duration is used.
    #[must_use]
    pub const fn with_ramp(mut self, ramp: Duration) -> Self {
        self.ramp = ramp;
        self
    }

    /// Detunes the low and the high tone by a factor each: 1.015 is 1.5 % sharp. For tests of receivers.
    #[must_use]
    pub const fn with_detune(mut self, low: f32, high: f32) -> Self {
        self.detune = (low, high);
        self
    }

    /// The samples of one key and the pause after it.
    #[must_use]
    pub fn key(&self, key: Key) -> KeySound {
        let stronger = FULL_SCALE_0_DBM0 * db_to_amplitude(self.level_dbm0);
        let weaker = stronger * db_to_amplitude(-self.low_over_high_db.abs());
        let (low, high) = if self.low_over_high_db < 0.0 { (weaker, stronger) } else { (stronger, weaker) };
        let tone = self.samples(self.duration);
        KeySound {
            position: 0,
            tone,
            total: tone + self.samples(self.pause),
            ramp: self.samples(self.ramp).min(tone / 2),
            low: self.tone(key.low_hz(), self.detune.0, low),
            high: self.tone(key.high_hz(), self.detune.1, high),
        }
    }

    fn tone(&self, hz: u16, detune: f32, amplitude: f32) -> Tone {
        let step = f64::from(hz) * f64::from(detune) / f64::from(self.rate.hz());
        Tone { amplitude: f64::from(amplitude), step }
    }

    fn samples(&self, time: Duration) -> u64 {
        let samples = time.as_nanos() * u128::from(self.rate.hz()) / 1_000_000_000;
        u64::try_from(samples).unwrap_or(u64::MAX / 2)
    }
}

/// The samples of one key; see [`Generator::key`]. Prints nothing of the key.
#[derive(Clone)]
pub struct KeySound {
    position: u64,
    tone: u64,
    total: u64,
    ramp: u64,
    low: Tone,
    high: Tone,
}

impl core::fmt::Debug for KeySound {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("KeySound(..)")
    }
}

impl KeySound {
    /// Gain of the ramps at the current position, 0 to 1.
    fn gain(&self) -> f64 {
        let to_edge = self.position.min(self.tone - 1 - self.position);
        if to_edge >= self.ramp {
            return 1.0;
        }
        let turns = (to_edge as f64 + 0.5) / self.ramp as f64 / 4.0;
        let sine = sin_turns(turns);
        sine * sine
    }
}

impl Iterator for KeySound {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        if self.position >= self.total {
            return None;
        }
        let sample = if self.position < self.tone {
            let sum = self.low.at(self.position) + self.high.at(self.position);
            // Rounds to nearest; the cast saturates, which is how a codec clips.
            let scaled = sum * self.gain();
            (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i16
        } else {
            0
        };
        self.position += 1;
        Some(sample)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.total - self.position).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

#[derive(Clone, Copy)]
struct Tone {
    amplitude: f64,
    /// Turns a sample.
    step: f64,
}

impl Tone {
    fn at(&self, position: u64) -> f64 {
        self.amplitude * sin_turns(self.step * position as f64)
    }
}

/// Amplitude of a 0 dBm0 sine in 16-bit samples: full scale is +3.14 dBm0 (ITU-T G.711, A-law).
pub(crate) const FULL_SCALE_0_DBM0: f32 = 22_827.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn rms(samples: &[i16]) -> f64 {
        (samples.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
    }

    #[test]
    fn lengths_follow_the_rate() {
        for (rate, expected) in
            [(SampleRate::Hz8000, 800), (SampleRate::Hz16000, 1600), (SampleRate::Hz48000, 4800)]
        {
            let generator = Generator::new(rate)
                .with_duration(Duration::from_millis(60))
                .with_pause(Duration::from_millis(40));
            let samples: Vec<i16> = generator.key(Key::D9).collect();
            assert_eq!(samples.len(), expected);
            assert_eq!(generator.key(Key::D9).size_hint(), (expected, Some(expected)));
            assert!(samples[expected * 6 / 10..].iter().all(|&s| s == 0));
            assert!(samples[..expected * 6 / 10].iter().any(|&s| s != 0));
        }
    }

    #[test]
    fn level_and_twist_are_as_asked() {
        let generator = Generator::new(SampleRate::Hz8000)
            .with_duration(Duration::from_secs(1))
            .with_pause(Duration::ZERO)
            .with_level_dbm0(-10.0)
            .with_low_over_high_db(6.0);
        let samples: Vec<i16> = generator.key(Key::D1).collect();
        // -10 dBm0 and -16 dBm0 together.
        let expected = f64::from(FULL_SCALE_0_DBM0).powi(2) / 2.0 * (0.1 + 0.1 * 10f64.powf(-0.6));
        assert!((rms(&samples).powi(2) / expected - 1.0).abs() < 0.01);
    }

    #[test]
    fn ramps_start_from_nothing() {
        let generator = Generator::new(SampleRate::Hz8000).with_ramp(Duration::from_millis(8));
        let samples: Vec<i16> = generator.key(Key::D1).take(640).collect();
        let first = rms(&samples[..16]);
        let middle = rms(&samples[200..400]);
        assert!(first * 8.0 < middle);
        assert!(rms(&samples[624..]) * 8.0 < middle);
    }
}
