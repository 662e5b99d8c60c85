//! What must not be taken for a key.

use paytone_dtmf::Key;
use rand::{Rng, RngExt};

use crate::bench::{Bench, as_false, samples};
use crate::support::{Sent, generator, line, ms, rng};
use crate::table::{Cell, Group, Job};

const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

pub(crate) fn group() -> Group {
    let mut jobs: Vec<Job> = [3.5, 4.0, 5.0].map(off_frequency).into();
    jobs.extend([10, 15, 20, 23].map(burst));
    jobs.push(tones("single tones", |rng| {
        let all = [LOW, HIGH].concat();
        vec![all[rng.random_range(0..8)]]
    }));
    jobs.push(tones("two tones of one group", |rng| {
        let group = if rng.random_bool(0.5) { LOW } else { HIGH };
        let first = rng.random_range(0..4);
        vec![group[first], group[(first + rng.random_range(1..4)) % 4]]
    }));
    jobs.push(tones("three tones: two rows and a column", |rng| {
        let first = rng.random_range(0..4);
        vec![LOW[first], LOW[(first + rng.random_range(1..4)) % 4], HIGH[rng.random_range(0..4)]]
    }));
    jobs.push(Job::new("level -55 dBm0", |bench, seed| {
        as_false(bench.keys(generator().with_level_dbm0(-55.0), 50, 10, seed, |_, _| {}))
    }));
    jobs.push(Job::new("white noise, 120 s at -10 dBm0", |bench, seed| {
        let mut audio = vec![0.0; bench.count(120) * 8000];
        line::noise(&mut audio, -10.0, &mut rng(seed));
        counted(bench, &audio)
    }));
    jobs.push(Job::new("call progress and modem tones, 60 s", |bench, _| counted(bench, &call_progress())));
    jobs.push(Job::new("speech-like noise, 600 s", |bench, seed| {
        counted(bench, &speech_like_noise(bench.count(600), seed))
    }));
    let about = "How many keys were found where none is. 320 keys or bursts in each row unless said otherwise, of \
                 which each may be counted once or more.";
    Group { title: "Must reject", summed: true, about, jobs }
}

fn counted(bench: &Bench, audio: &[f32]) -> Vec<Cell> {
    let turn = |cell| if let Cell::False { count, .. } = cell { Cell::Count(count) } else { cell };
    bench.false_keys(&samples(audio)).into_iter().map(turn).collect()
}

/// Keys of 100 ms, one tone of which is that many percent off, sharp or flat.
fn off_frequency(percent: f32) -> Job {
    Job::new(format!("one tone {percent} % off"), move |bench, seed| {
        let mut sent = Sent::new();
        let mut rng = rng(seed);
        for _ in 0..bench.count(20) {
            for key in Key::ALL {
                let off = 1.0 + percent / 100.0 * if rng.random_bool(0.5) { 1.0 } else { -1.0 };
                let (low, high) = if rng.random_bool(0.5) { (off, 1.0) } else { (1.0, off) };
                sent.silence(rng.random_range(0..80));
                sent.key(&generator().with_duration(ms(100)).with_detune(low, high), key, 800);
            }
        }
        sent.silence(1600);
        as_false(bench.scores(&sent))
    })
}

fn burst(tone_ms: u64) -> Job {
    Job::new(format!("bursts of {tone_ms} ms"), move |bench, seed| {
        as_false(bench.keys(generator(), tone_ms, 20, seed, |_, _| {}))
    })
}

/// Bursts of 100 ms of some tones, each at -10 dBm0.
fn tones(name: &'static str, choose: impl Fn(&mut dyn Rng) -> Vec<f32> + Send + Sync + 'static) -> Job {
    Job::new(name, move |bench, seed| {
        let mut rng = rng(seed);
        let mut audio = Vec::new();
        for _ in 0..bench.count(320) {
            let mut piece = vec![0.0; 800];
            for hz in choose(&mut rng) {
                line::tone(&mut piece, hz, -10.0);
            }
            audio.extend(piece);
            audio.extend(std::iter::repeat_n(0.0, 400 + rng.random_range(0..80)));
        }
        counted(bench, &audio)
    })
}

/// Dial, busy, ringing and special information tones, fax and modem answers, and multi-frequency signalling.
fn call_progress() -> Vec<f32> {
    let sounds: [(&[f32], usize); 16] = [
        (&[350.0, 440.0], 2000),
        (&[425.0], 2000),
        (&[440.0, 480.0], 2000),
        (&[480.0, 620.0], 500),
        (&[400.0, 450.0], 1000),
        (&[950.0], 330),
        (&[1400.0], 330),
        (&[1800.0], 330),
        (&[1100.0], 3000),
        (&[2100.0], 3300),
        (&[2225.0], 2000),
        (&[1400.0, 2300.0], 100),
        (&[700.0, 900.0], 100),
        (&[700.0, 1100.0], 100),
        (&[1300.0, 1500.0], 100),
        (&[1100.0, 1700.0], 100),
    ];
    let mut audio = Vec::new();
    while audio.len() < 60 * 8000 {
        for (tones, length_ms) in sounds {
            let mut piece = vec![0.0; length_ms * 8];
            tones.iter().for_each(|&hz| line::tone(&mut piece, hz, -10.0));
            audio.extend(piece);
            audio.extend([0.0; 800]);
        }
    }
    audio
}

/// Noise through two resonances that move every 20 to 200 ms, in syllables.
fn speech_like_noise(seconds: usize, seed: u64) -> Vec<f32> {
    let mut rng = rng(seed);
    let mut audio = Vec::new();
    let mut states = [[0.0f32; 2]; 2];
    while audio.len() < seconds * 8000 {
        let length = rng.random_range(160..1600);
        let centres = [rng.random_range(300.0..1000.0f32), rng.random_range(1000.0..2200.0f32)];
        let loudness = rng.random_range(0.0..1.0f32).powi(2) * 2500.0;
        for _ in 0..length {
            let noise = line::gauss(&mut rng);
            let mut sum = 0.0;
            for (state, hz) in states.iter_mut().zip(centres) {
                let radius = 0.97f32;
                let turn = 2.0 * radius * (std::f32::consts::TAU * hz / 8000.0).cos();
                let out = noise + turn * state[0] - radius * radius * state[1];
                *state = [out, state[0]];
                sum += out;
            }
            audio.push(loudness / 10.0 * sum);
        }
    }
    line::clip(&mut audio);
    audio
}
