//! What an eavesdropper who knows when keys were pressed reads out of masked audio.

use paytone_dtmf::{Detector, Eavesdropper, Fill, Masker, SampleRate, ToneEvent};
use rand::RngExt;

use crate::bench::Bench;
use crate::support::{Placed, Sent, generator, line, ms, rng, voice};
use crate::table::{Cell, Group, Job};

/// The tones that are masked: their length, and what else is on the line.
#[derive(Clone, Copy)]
enum Line {
    Clean(u64),
    Noise,
    Speech,
}

pub(crate) fn group() -> Group {
    let mut jobs = Vec::new();
    let maskers: [(&str, Option<Masker>); 5] = [
        ("not masked", None),
        ("25 ms delay, silence", Some(Masker::with_delay_ms(25, Fill::Silence))),
        ("25 ms delay, flat tone", Some(Masker::with_delay_ms(25, Fill::FlatTone))),
        ("no delay, silence", Some(Masker::new(Fill::Silence))),
        ("no delay, flat tone", Some(Masker::new(Fill::FlatTone))),
    ];
    for (name, masker) in maskers {
        for (on, line) in [
            ("50/50 ms", Line::Clean(50)),
            ("100/100 ms", Line::Clean(100)),
            ("100/100 ms in noise, SNR 20 dB", Line::Noise),
            ("100/100 ms in speech", Line::Speech),
        ] {
            let masker = masker.clone();
            jobs.push(Job::new(format!("{name}: {on}"), move |bench, _| {
                // The same keys for every masker.
                let sent = keys(bench, line, bench.seed_of(on));
                bench.each(|subject| {
                    (subject.name() == "paytone").then(|| Cell::Recovered(recovered(&sent, masker.as_ref())))
                })
            }));
        }
    }
    let about = "The part of 640 keys at -8 dBm0 that a least-squares fit of all sixteen keys to the loudest 20 ms \
                 left of each gets right; where nothing is left it guesses. 6.3 % are right by chance.";
    Group { title: "Masking", summed: false, about, jobs }
}

fn keys(bench: &Bench, line: Line, seed: u64) -> Sent {
    let tone_ms = if let Line::Clean(tone_ms) = line { tone_ms } else { 100 };
    let generator = generator().with_level_dbm0(-8.0).with_duration(ms(tone_ms)).with_pause(ms(tone_ms));
    let mut sent = Sent::shuffled(&generator, tone_ms, bench.count(40), seed);
    let mut rng = rng(seed ^ 1);
    match line {
        Line::Clean(_) => {}
        Line::Noise => line::noise(&mut sent.audio, -25.0, &mut rng),
        Line::Speech => {
            // Somebody speaks between the keys, up to 30 ms before each and from 30 ms after it.
            let mut speech = voice::voice(voice::SPEAKING, sent.audio.len() / 8000 + 1, &mut rng);
            for placed in &sent.keys {
                speech[placed.from.saturating_sub(240)..placed.to + 240].fill(0.0);
            }
            line::add(&mut sent.audio, &speech, 0.7);
        }
    }
    line::clip(&mut sent.audio);
    sent
}

fn recovered(sent: &Sent, masker: Option<&Masker>) -> f64 {
    let (heard, delay) = masked(&sent.samples(), masker);
    let mut rng = rng(5);
    let eavesdropper = Eavesdropper::new(SampleRate::Hz8000);
    let right = sent.keys.iter().filter(|&&Placed { key, from, to }| {
        // The attacker knows the delay too, and listens from 5 ms before to 5 ms after.
        let window = &heard[from + delay - 40..heard.len().min(to + delay + 40)];
        match eavesdropper.read(window) {
            Some(reading) => reading.key == key,
            None => rng.random_range(0..16) == 0,
        }
    });
    right.count() as f64 / sent.keys.len() as f64
}

/// The audio as others hear it, and how late.
fn masked(samples: &[i16], masker: Option<&Masker>) -> (Vec<i16>, usize) {
    let mut out = samples.to_vec();
    let Some(mut masker) = masker.cloned() else { return (out, 0) };
    let mut detector = Detector::new(SampleRate::Hz8000);
    for frame in out.chunks_mut(160) {
        let events: Vec<ToneEvent> = detector.process(frame).collect();
        events.iter().for_each(|event| masker.handle(event));
        masker.process(frame);
    }
    (out, masker.delay())
}
