//! What happens to audio on its way.

use rand::RngExt;
use rand::rngs::StdRng;
use std::f32::consts::TAU;

/// Amplitude of a 0 dBm0 tone.
pub(crate) const ZERO_DBM0: f32 = 22_827.0;

pub(crate) fn amplitude(dbm0: f32) -> f32 {
    ZERO_DBM0 * 10f32.powf(dbm0 / 20.0)
}

/// White Gaussian noise of a level in dBm0 (that of a sine of the same power).
pub(crate) fn noise(audio: &mut [f32], dbm0: f32, rng: &mut StdRng) {
    let rms = amplitude(dbm0) / 2f32.sqrt();
    for sample in audio {
        *sample += rms * gauss(rng);
    }
}

pub(crate) fn gauss(rng: &mut StdRng) -> f32 {
    let (u, v): (f32, f32) = (rng.random_range(1e-7..1.0), rng.random_range(0.0..1.0));
    (-2.0 * u.ln()).sqrt() * (TAU * v).cos()
}

pub(crate) fn tone(audio: &mut [f32], hz: f32, dbm0: f32) {
    let amplitude = amplitude(dbm0);
    for (n, sample) in audio.iter_mut().enumerate() {
        *sample += amplitude * (std::f64::consts::TAU * f64::from(hz) * n as f64 / 8000.0).sin() as f32;
    }
}

pub(crate) fn add(audio: &mut [f32], other: &[f32], gain: f32) {
    for (n, sample) in audio.iter_mut().enumerate() {
        *sample += gain * other[n % other.len()];
    }
}

pub(crate) fn gain(audio: &mut [f32], db: f32) {
    for sample in audio {
        *sample *= 10f32.powf(db / 20.0);
    }
}

pub(crate) fn clip(audio: &mut [f32]) {
    for sample in audio {
        *sample = sample.clamp(-32768.0, 32767.0);
    }
}

pub(crate) fn echo(audio: &mut [f32], delay_ms: usize, db: f32) {
    let gain = 10f32.powf(db / 20.0);
    let dry = audio.to_vec();
    for (sample, reflected) in audio[delay_ms * 8..].iter_mut().zip(dry) {
        *sample += gain * reflected;
    }
}

/// Drops or doubles 1 ms every 300 ms.
pub(crate) fn slips(audio: &mut Vec<f32>) {
    let pieces: Vec<Vec<f32>> = audio.chunks(2400).map(<[f32]>::to_vec).collect();
    audio.clear();
    for (n, piece) in pieces.iter().enumerate() {
        audio.extend(if n % 2 == 0 { &piece[..piece.len().saturating_sub(8)] } else { &piece[..] });
        if n % 2 == 1 {
            audio.extend(&piece[piece.len().saturating_sub(8)..]);
        }
    }
}

/// Through G.711 u-law and back.
pub(crate) fn u_law(audio: &mut [f32]) {
    for sample in audio {
        let x = sample.clamp(-32_635.0, 32_635.0) as i32;
        let magnitude = x.abs() + 132;
        let exponent = 31 - magnitude.leading_zeros() as i32 - 7;
        let mantissa = (magnitude >> (exponent + 3)) & 15;
        let decoded = (((mantissa << 3) + 132) << exponent) - 132;
        *sample = (if x < 0 { -decoded } else { decoded }) as f32;
    }
}

/// Through G.711 A-law and back.
pub(crate) fn a_law(audio: &mut [f32]) {
    for sample in audio {
        let x = sample.clamp(-32_256.0, 32_256.0) as i32;
        let magnitude = x.abs() >> 4;
        let decoded = if magnitude < 32 {
            (magnitude & !1) * 16 + 16
        } else {
            let exponent = 31 - magnitude.leading_zeros() as i32 - 4;
            let step = 1 << exponent;
            (magnitude / step * step) * 16 + step * 8
        };
        *sample = (if x < 0 { -decoded } else { decoded }) as f32;
    }
}

/// A long subscriber line: `db` of loss at 1633 Hz over that at 697 Hz, by a one-pole low pass.
pub(crate) fn slope(audio: &mut [f32], db: f32) {
    // |H|^2 at w of y += a (x - y); the pole is searched, since the formula has no closed form here.
    let loss = |a: f32, hz: f32| {
        let b = 1.0 - a;
        10.0 * ((1.0 + b * b - 2.0 * b * (TAU * hz / 8000.0).cos()) / (a * a)).log10()
    };
    let pole = (1..1000).map(|n| n as f32 / 1000.0).find(|&a| loss(a, 1633.0) - loss(a, 697.0) <= db);
    let (a, mut y) = (pole.unwrap_or(1.0), 0.0);
    for sample in audio {
        y += a * (*sample - y);
        *sample = y;
    }
}
