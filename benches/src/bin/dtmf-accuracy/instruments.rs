//! Bells, strings and brass, made up from numbers.

use rand::RngExt;
use rand::rngs::StdRng;
use std::f32::consts::TAU;

use crate::support::voice::holds_a_key;

const RATE: f32 = 8000.0;

/// One partial of a note.
struct Partial {
    hz: f32,
    gain: f32,
    /// Seconds until it has fallen to 1/e.
    decay: f32,
}

/// Struck bars and bells: inharmonic partials that die away, one after the other and over each other.
pub(crate) fn bells(seconds: usize, rng: &mut StdRng) -> Vec<f32> {
    const BAR: [f32; 4] = [1.0, 2.756, 5.404, 8.933];
    const BELL: [f32; 6] = [0.5, 1.0, 1.2, 1.5, 2.0, 2.67];
    let mut audio = vec![0.0; seconds * RATE as usize];
    let mut at = 0;
    while at < audio.len() {
        let ratios: &[f32] = if rng.random_bool(0.5) { &BAR } else { &BELL };
        let note = 220.0 * 2f32.powf(rng.random_range(0..30) as f32 / 12.0);
        let partials: Vec<Partial> = ratios
            .iter()
            .map(|ratio| Partial {
                hz: note * ratio,
                gain: rng.random_range(0.2..1.0),
                decay: rng.random_range(0.05..0.8) / ratio,
            })
            .collect();
        if sounds_like_a_key(&partials) {
            continue;
        }
        strike(&mut audio[at..], &partials);
        // Seldom enough that two notes do not make a key that was really played.
        at += (rng.random_range(0.4..1.0) * RATE) as usize;
    }
    audio
}

fn strike(audio: &mut [f32], partials: &[Partial]) {
    // Stopped before the next note, so that it does not sound under it.
    for (n, sample) in audio.iter_mut().take((0.4 * RATE) as usize).enumerate() {
        let t = n as f32 / RATE;
        let damped = ((0.4 - t) / 0.02).min(1.0);
        let sum: f32 = partials
            .iter()
            .filter(|partial| partial.hz < 3800.0)
            .map(|p| p.gain * (-t / p.decay).exp() * (TAU * (p.hz * t).fract()).sin())
            .sum();
        *sample += 5000.0 * damped * sum;
    }
}

/// Bowed and blown chords: many harmonics, slow attacks, vibrato and a slow swell.
pub(crate) fn strings(seconds: usize, rng: &mut StdRng) -> Vec<f32> {
    let mut audio = Vec::new();
    while audio.len() < seconds * RATE as usize {
        let tilt = rng.random_range(0.5..0.95f32);
        let mut partials = Vec::new();
        for _ in 0..rng.random_range(1..=3) {
            let note = 110.0 * 2f32.powf(rng.random_range(0..36) as f32 / 12.0);
            let harmonics = 1 + (3600.0 / note) as i32;
            partials.extend((1..harmonics).map(|h| Partial {
                hz: note * h as f32,
                gain: tilt.powi(h),
                decay: f32::INFINITY,
            }));
        }
        if !sounds_like_a_key(&partials) {
            bow(&mut audio, &partials, rng);
        }
    }
    audio.truncate(seconds * RATE as usize);
    audio
}

fn bow(audio: &mut Vec<f32>, partials: &[Partial], rng: &mut StdRng) {
    let length = (rng.random_range(0.15..0.8) * RATE) as usize;
    let (vibrato, speed) = (rng.random_range(0.0..0.004f32), rng.random_range(4.0..7.0f32));
    let attack = rng.random_range(0.01..0.08) * RATE;
    let mut time = 0.0;
    for n in 0..length {
        time += (1.0 + vibrato * (TAU * speed * n as f32 / RATE).sin()) / RATE;
        let edge = (n.min(length - 1 - n) as f32 / attack).min(1.0);
        let sum: f32 = partials.iter().map(|p| p.gain * (TAU * (p.hz * time).fract()).sin()).sum();
        audio.push(2000.0 * edge * sum);
    }
}

/// Whether the louder partials hold a row tone and a column tone: such a chord is a key.
fn sounds_like_a_key(partials: &[Partial]) -> bool {
    let tones: Vec<(f32, f32)> = partials.iter().map(|p| (p.hz, p.gain)).collect();
    holds_a_key(&tones)
}
