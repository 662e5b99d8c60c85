//! Keys a receiver has to find, and some it may treat either way.

use paytone_dtmf::Key;
use rand::RngExt;

use crate::bench::Bench;
use crate::support::accept::{self, Accept};
use crate::support::{Sent, generator, line, ms, rng};
use crate::table::{Cell, Group, Job};

pub(crate) fn must() -> Group {
    let mut jobs: Vec<Job> = [
        ("AT&T box (Q.24, TIA-464)", accept::ATT),
        ("NTT box (Q.24)", accept::NTT),
        ("ETSI box (ES 201 235-3)", accept::ETSI),
        ("all boxes at once, 4 Hz more", accept::ALL),
    ]
    .into_iter()
    .map(|(name, accept)| boxed(name, accept))
    .collect();
    jobs.push(Job::new("AT&T corner: 40..42 ms, 1.5 %, full twist", corner));
    jobs.push(Job::new("fast dialling 45/48 ms", |bench, seed| {
        bench.keys(generator().with_pause(ms(48)), 45, 20, seed, |_, _| {})
    }));
    jobs.extend([5, 10].map(interrupted));
    jobs.extend([30, 40, 50].map(repeated));
    jobs.push(Job::new("long keys, 4 s each", |bench, seed| {
        bench.keys(generator(), 4000, 2, seed, |_, _| {})
    }));
    jobs.push(Job::new("ramps of 8 ms, 60 ms", |bench, seed| {
        bench.keys(generator().with_ramp(ms(8)), 60, 20, seed, |_, _| {})
    }));
    let about = "2000 random keys from each administration's box (frequency error, twist, level, tone and pause from \
                 the shortest to 30 ms more).";
    Group { title: "Must accept", summed: true, about, jobs }
}

pub(crate) fn either_way() -> Group {
    let mut jobs: Vec<Job> = [15, 20].map(interrupted).into();
    jobs.push(Job::new("no pause between different keys", |bench, seed| {
        bench.keys(generator().with_pause(ms(0)), 50, 20, seed, |_, _| {})
    }));
    Group { title: "Either way", summed: false, about: "The standards allow one key or two.", jobs }
}

fn boxed(name: &str, accept: Accept) -> Job {
    Job::new(name, move |bench, seed| bench.scores(&accept.keys(bench.count(2000), seed)))
}

/// The shortest keys at the limits of frequency and twist.
fn corner(bench: &Bench, seed: u64) -> Vec<Cell> {
    let mut rng = rng(seed);
    let mut sent = Sent::new();
    for _ in 0..bench.count(1000) {
        let key = Key::ALL[rng.random_range(0..16)];
        let mut off = || if rng.random_bool(0.5) { 1.015 } else { 0.985 };
        let (low, high) = (off(), off());
        let tone = rng.random_range(320..336);
        let generator = generator()
            .with_duration(std::time::Duration::from_micros(tone * 125))
            .with_pause(ms(rng.random_range(40..60)))
            .with_low_over_high_db(if rng.random_bool(0.5) { 8.0 } else { -4.0 })
            .with_detune(low, high);
        sent.key(&generator, key, tone as usize);
    }
    sent.silence(800);
    line::noise(&mut sent.audio, -65.0, &mut rng);
    bench.scores(&sent)
}

fn interrupted(gap_ms: usize) -> Job {
    Job::new(format!("interrupted for {gap_ms} ms, 120 ms keys"), move |bench, seed| {
        let mut sent = Sent::shuffled(&generator().with_duration(ms(120)), 120, bench.count(10), seed);
        let mut rng = rng(seed ^ 1);
        for placed in &sent.keys {
            let at = placed.from + rng.random_range(0..960 - gap_ms * 8);
            sent.audio[at..at + gap_ms * 8].fill(0.0);
        }
        bench.scores(&sent)
    })
}

fn repeated(pause_ms: u64) -> Job {
    Job::new(format!("same key again after {pause_ms} ms"), move |bench, _| {
        let mut sent = Sent::new();
        for key in Key::ALL {
            (0..bench.count(16)).for_each(|_| sent.key(&generator().with_pause(ms(pause_ms)), key, 400));
            sent.silence(37);
        }
        sent.silence(800);
        bench.scores(&sent)
    })
}
