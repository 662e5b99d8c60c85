//! Test signals: keys at known places, what a telephone line does to them, and voices.

#![allow(dead_code, reason = "every test file uses a part of it")]

pub(crate) mod accept;
pub(crate) mod line;
pub(crate) mod voice;

use paytone_dtmf::{Criteria, Detector, Generator, Key, SampleRate, ToneEvent};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// Audio at 8 kHz and the keys in it.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    pub(crate) audio: Vec<f32>,
    pub(crate) keys: Vec<Placed>,
}

/// A key and the samples it sounds in.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) key: Key,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// What was found of what was sent.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub(crate) struct Score {
    pub(crate) sent: usize,
    pub(crate) found: usize,
    /// Keys that were not sent, or found twice.
    pub(crate) extra: usize,
}

impl std::ops::AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.found += other.found;
        self.extra += other.extra;
    }
}

pub(crate) fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A time in milliseconds with a fraction.
pub(crate) fn frac_ms(n: f32) -> Duration {
    Duration::from_secs_f32(n / 1000.0)
}

pub(crate) fn generator() -> Generator {
    Generator::new(SampleRate::Hz8000)
        .with_level_dbm0(-10.0)
        .with_duration(ms(50))
        .with_pause(ms(50))
        .with_ramp(Duration::ZERO)
}

impl Sent {
    pub(crate) fn new() -> Self {
        let mut sent = Self::default();
        sent.silence(800);
        sent
    }

    pub(crate) fn silence(&mut self, samples: usize) {
        self.audio.extend(std::iter::repeat_n(0.0, samples));
    }

    /// Adds one key, shifted by part of a sample's phase because the silence before it varies.
    pub(crate) fn key(&mut self, generator: &Generator, key: Key, tone_samples: usize) {
        let from = self.audio.len();
        self.audio.extend(generator.key(key).map(f32::from));
        self.keys.push(Placed { key, from, to: from + tone_samples });
    }

    /// Every key `times` times in a shuffled order, each after 0 to 10 ms of extra silence.
    pub(crate) fn shuffled(generator: &Generator, tone_ms: u64, times: usize, seed: u64) -> Self {
        let mut rng = rng(seed);
        let mut sent = Self::new();
        for _ in 0..times {
            let mut keys = Key::ALL;
            for n in (1..keys.len()).rev() {
                keys.swap(n, rng.random_range(0..=n));
            }
            for key in keys {
                sent.silence(rng.random_range(0..80));
                sent.key(generator, key, tone_ms as usize * 8);
            }
        }
        sent.silence(1600);
        sent
    }

    pub(crate) fn samples(&self) -> Vec<i16> {
        self.audio.iter().map(|&s| s.round() as i16).collect()
    }

    /// What the detector makes of it, given in 20 ms frames.
    pub(crate) fn score(&self, criteria: Criteria) -> Score {
        self.score_of(&starts(&self.samples(), criteria))
    }

    pub(crate) fn score_of(&self, starts: &[(Key, u64)]) -> Score {
        let mut score = Score { sent: self.keys.len(), ..Score::default() };
        let mut taken = vec![false; starts.len()];
        for placed in &self.keys {
            let hit = starts.iter().enumerate().find(|&(n, &(key, at))| {
                let at = at as usize;
                !taken[n] && key == placed.key && at + 160 >= placed.from && at < placed.to
            });
            if let Some((n, _)) = hit {
                taken[n] = true;
                score.found += 1;
            }
        }
        score.extra = taken.iter().filter(|&&taken| !taken).count();
        score
    }
}

/// The keys a detector finds, with where they began.
pub(crate) fn starts(samples: &[i16], criteria: Criteria) -> Vec<(Key, u64)> {
    let mut detector = Detector::with_criteria(SampleRate::Hz8000, criteria);
    samples
        .chunks(160)
        .flat_map(|frame| detector.process(frame).collect::<Vec<_>>())
        .filter_map(start)
        .collect()
}

pub(crate) fn start(event: ToneEvent) -> Option<(Key, u64)> {
    match event {
        ToneEvent::Start { key, at_sample, .. } => Some((key, at_sample)),
        _ => None,
    }
}
