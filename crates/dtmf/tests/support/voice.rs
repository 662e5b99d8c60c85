//! Sounds that are not keys: voices, instruments and whistles, made up from numbers.

use rand::RngExt;
use rand::rngs::StdRng;
use std::f32::consts::TAU;

const RATE: f32 = 8000.0;

/// What a voice is like.
#[derive(Clone, Copy)]
pub(crate) struct Voice {
    /// Range of the pitch in Hz.
    pub(crate) pitch: (f32, f32),
    /// How far the pitch glides within a sound, relative.
    pub(crate) glide: f32,
    /// Length of a sound in seconds.
    pub(crate) length: (f32, f32),
    /// Part of the sounds that are noise.
    pub(crate) hiss: f32,
    /// How far the second formant may be above or below its usual strength, in dB.
    pub(crate) balance_db: f32,
    /// How much narrower than usual the formants may be: 0 not at all, 0.7 down to 30 %.
    pub(crate) narrow: f32,
}

impl Voice {
    /// The same voice where two harmonics stand out: the kind that is taken for a key.
    pub(crate) const fn thin(self) -> Self {
        Self { balance_db: 6.0, narrow: 0.8, ..self }
    }
}

/// Formants in their usual strength.
const PLAIN: Voice = Voice {
    pitch: (80.0, 260.0),
    glide: 0.3,
    length: (0.06, 0.25),
    hiss: 0.25,
    balance_db: 0.0,
    narrow: 0.0,
};

pub(crate) const SPEAKING: Voice = PLAIN;
pub(crate) const EVEN: Voice =
    Voice { pitch: (80.0, 300.0), glide: 0.0, length: (0.08, 0.3), hiss: 0.1, ..PLAIN };
pub(crate) const HIGH: Voice =
    Voice { pitch: (220.0, 500.0), glide: 0.15, length: (0.06, 0.3), hiss: 0.1, ..PLAIN };
pub(crate) const SINGING: Voice =
    Voice { pitch: (130.0, 700.0), glide: 0.01, length: (0.2, 0.8), hiss: 0.05, ..PLAIN };

/// Seconds of a voice, about 0.2 of full scale.
pub(crate) fn voice(voice: Voice, seconds: usize, rng: &mut StdRng) -> Vec<f32> {
    let mut audio = Vec::new();
    while audio.len() < seconds * RATE as usize {
        let length = (rng.random_range(voice.length.0..voice.length.1) * RATE) as usize;
        if rng.random_bool(f64::from(voice.hiss)) {
            hiss(&mut audio, length / 2, rng);
        } else {
            vowel(&mut audio, voice, length, rng);
        }
        if rng.random_bool(0.3) {
            audio.extend(std::iter::repeat_n(0.0, rng.random_range(80..1600)));
        }
    }
    audio.truncate(seconds * RATE as usize);
    audio
}

fn hiss(audio: &mut Vec<f32>, length: usize, rng: &mut StdRng) {
    let mut last = 0.0;
    for n in 0..length {
        let noise = super::line::gauss(rng) * 1500.0 * edge(n, length);
        audio.push(noise - last * 0.7);
        last = noise;
    }
}

/// A vowel by adding harmonics under gliding formants.
fn vowel(audio: &mut Vec<f32>, voice: Voice, length: usize, rng: &mut StdRng) {
    let pitch = rng.random_range(voice.pitch.0..voice.pitch.1);
    let glide = rng.random_range(-voice.glide..=voice.glide);
    let formants = |rng: &mut StdRng| {
        [rng.random_range(250.0..900.0), rng.random_range(800.0..2300.0), rng.random_range(2300.0..3000.0)]
    };
    let (from, to): ([f32; 3], [f32; 3]) = (formants(rng), formants(rng));
    let vibrato = rng.random_range(0.0..0.015);
    let (second, width) = if voice.narrow > 0.0 {
        let db = rng.random_range(-voice.balance_db..=voice.balance_db);
        (10f32.powf(db / 20.0), 1.0 - rng.random_range(0.0..voice.narrow))
    } else {
        (1.0, 1.0)
    };
    let count = (3600.0 / pitch) as usize;
    let mut phase: Vec<f32> = (0..=count).map(|_| rng.random_range(0.0..1.0)).collect();
    let mut gains = vec![0.0; count + 1];
    for n in 0..length {
        let part = n as f32 / length as f32;
        let wobble = vibrato * (TAU * 5.5 * n as f32 / RATE).sin();
        let now = pitch * (1.0 + glide * (part - 0.5) + wobble);
        if n % 40 == 0 {
            for (h, gain) in gains.iter_mut().enumerate().skip(1) {
                *gain = envelope(h as f32 * now, &from, &to, part, second, width) / (h as f32).sqrt();
            }
        }
        let mut sum = 0.0;
        for h in 1..=count {
            phase[h] = (phase[h] + h as f32 * now / RATE).fract();
            sum += gains[h] * (TAU * phase[h]).sin();
        }
        audio.push(sum * 4000.0 * edge(n, length));
    }
}

/// Gain at `hz`, `part` of the way from one set of formants to another; the second is `second` times as strong
/// as usual and all are `width` times as wide.
fn envelope(hz: f32, from: &[f32; 3], to: &[f32; 3], part: f32, second: f32, width: f32) -> f32 {
    (0..3)
        .map(|n| {
            let formant = from[n] + (to[n] - from[n]) * part;
            let off = (hz - formant) / (width * (60.0 + 0.06 * formant));
            let strength = if n == 1 { second } else { 1.0 };
            strength / (1.0 + off * off) / (1.0 + n as f32)
        })
        .sum()
}

fn edge(n: usize, length: usize) -> f32 {
    (n.min(length - 1 - n) as f32 / 80.0).min(1.0)
}

/// Two to four notes at a time with a few harmonics each; chords that hold a key are left out.
pub(crate) fn chords(seconds: usize, rng: &mut StdRng) -> Vec<f32> {
    let mut audio = Vec::new();
    while audio.len() < seconds * RATE as usize {
        let length = (rng.random_range(0.1..0.5) * RATE) as usize;
        let mut partials: Vec<(f32, f32)> = Vec::new();
        let falloff = rng.random_range(0.2..0.8f32);
        for _ in 0..rng.random_range(2..=4) {
            let note = 220.0 * 2f32.powf(rng.random_range(0..36) as f32 / 12.0);
            partials.extend((1..5).map(|h| (note * h as f32, falloff.powi(h - 1))));
        }
        if holds_a_key(&partials) {
            continue;
        }
        for n in 0..length {
            let sum: f32 =
                partials.iter().map(|(hz, a)| a * (TAU * (hz * n as f32 / RATE).fract()).sin()).sum();
            audio.push(sum * 2500.0 * edge(n, length));
        }
    }
    audio.truncate(seconds * RATE as usize);
    audio
}

pub(crate) fn holds_a_key(partials: &[(f32, f32)]) -> bool {
    let near = |tones: [f32; 4]| {
        partials.iter().any(|(hz, _)| tones.iter().any(|tone| (hz / tone - 1.0).abs() < 0.035))
    };
    near([697.0, 770.0, 852.0, 941.0]) && near([1209.0, 1336.0, 1477.0, 1633.0])
}

/// One steady whistle in one group and one that glides through the other, inside 3.5 % of a tone
/// for less than 23 ms.
pub(crate) fn whistles(seconds: usize, rng: &mut StdRng) -> Vec<f32> {
    let mut audio = Vec::new();
    while audio.len() < seconds * RATE as usize {
        let steady = [697.0, 770.0, 852.0, 941.0][rng.random_range(0..4)];
        // 7 % of 1209 Hz in less than 23 ms.
        let speed = rng.random_range(4000.0..8000.0f32) * if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        let start = if speed > 0.0 { 1100.0 } else { 1800.0 };
        let length = (700.0 / speed.abs() * RATE) as usize;
        let mut phase = 0.0f32;
        for n in 0..length {
            phase = (phase + (start + speed * n as f32 / RATE) / RATE).fract();
            audio.push(5000.0 * ((TAU * phase).sin() + (TAU * (steady * n as f32 / RATE).fract()).sin()));
        }
        audio.extend(std::iter::repeat_n(0.0, 2500));
    }
    audio.truncate(seconds * RATE as usize);
    audio
}
