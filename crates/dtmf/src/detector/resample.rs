//! Down to 8 kHz.
//!
//! Only 600 to 1700 Hz matter, so the filter may be short: what it must keep out are frequencies
//! that fold onto that band, 6.3 kHz and up.

use crate::SampleRate;
use crate::math::{cos_turns, sin_turns};

/// Takes samples at some rate and gives samples at 8 kHz.
#[derive(Clone, Debug)]
pub(super) struct Resampler {
    rate: SampleRate,
    /// The newest samples, each kept twice so that they always lie in one piece.
    ring: [i16; 2 * TAPS],
    next: usize,
    /// Samples until the next one at 8 kHz.
    countdown: usize,
}

impl Resampler {
    pub(super) const fn new(rate: SampleRate) -> Self {
        Self { rate, ring: [0; 2 * TAPS], next: 0, countdown: rate.factor() }
    }

    /// How many samples at the input rate the output lags behind.
    pub(super) const fn delay(rate: SampleRate) -> u64 {
        match rate {
            SampleRate::Hz8000 => 0,
            _ => TAPS as u64 / 2,
        }
    }

    pub(super) fn push(&mut self, sample: i16) -> Option<i16> {
        let coefficients = match self.rate {
            SampleRate::Hz8000 => return Some(sample),
            SampleRate::Hz16000 => &HALF,
            SampleRate::Hz48000 => &SIXTH,
        };
        self.ring[self.next] = sample;
        self.ring[self.next + TAPS] = sample;
        self.next = (self.next + 1) % TAPS;
        self.countdown -= 1;
        if self.countdown > 0 {
            return None;
        }
        self.countdown = self.rate.factor();
        let samples = &self.ring[self.next..self.next + TAPS];
        let sum: i32 = samples.iter().zip(coefficients).map(|(&s, &c)| i32::from(s) * i32::from(c)).sum();
        Some((sum >> 14).clamp(i16::MIN.into(), i16::MAX.into()) as i16)
    }
}

const TAPS: usize = 36;

static HALF: [i16; TAPS] = low_pass(16_000.0);
static SIXTH: [i16; TAPS] = low_pass(48_000.0);

/// A Hann-windowed low pass at 4 kHz, sum 16384.
const fn low_pass(rate: f64) -> [i16; TAPS] {
    let mut shape = [0.0; TAPS];
    let mut sum = 0.0;
    let mut n = 0;
    while n < TAPS {
        let x = n as f64 - (TAPS - 1) as f64 / 2.0;
        let turns = CUTOFF * x / rate;
        let window = 0.5 + 0.5 * cos_turns(x / TAPS as f64);
        shape[n] = window * sin_turns(turns) / x;
        sum += shape[n];
        n += 1;
    }
    let mut taps = [0; TAPS];
    n = 0;
    while n < TAPS {
        let value = shape[n] / sum * 16_384.0;
        taps[n] = (value + if value < 0.0 { -0.5 } else { 0.5 }) as i16;
        n += 1;
    }
    taps
}

/// In Hz.
const CUTOFF: f64 = 3_600.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(rate: SampleRate, hz: f64) -> f64 {
        let mut resampler = Resampler::new(rate);
        let wave = |n: usize| {
            (16_000.0 * (core::f64::consts::TAU * hz * n as f64 / f64::from(rate.hz())).sin()) as i16
        };
        let out: Vec<i16> = (0..rate.hz() as usize / 4).filter_map(|n| resampler.push(wave(n))).collect();
        assert_eq!(out.len(), 2000);
        let power = out[100..].iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / (out.len() - 100) as f64;
        (2.0 * power).sqrt() / 16_000.0
    }

    #[test]
    fn the_band_passes_and_what_would_fold_onto_it_does_not() {
        for rate in [SampleRate::Hz16000, SampleRate::Hz48000] {
            for hz in [650.0, 1000.0, 1300.0, 1680.0] {
                assert!((gain(rate, hz) - 1.0).abs() < 0.1, "{rate:?} {hz} {}", gain(rate, hz));
            }
            for hz in [6_350.0, 7_000.0, 7_350.0] {
                assert!(gain(rate, hz) < 0.02, "{rate:?} {hz} {}", gain(rate, hz));
            }
        }
        assert!(gain(SampleRate::Hz48000, 9_000.0) < 0.02);
        assert!(gain(SampleRate::Hz48000, 15_000.0) < 0.02);
    }

    #[test]
    fn eight_kilohertz_passes_untouched() {
        let mut resampler = Resampler::new(SampleRate::Hz8000);
        assert_eq!(resampler.push(-7), Some(-7));
        assert_eq!(Resampler::delay(SampleRate::Hz8000), 0);
    }
}
