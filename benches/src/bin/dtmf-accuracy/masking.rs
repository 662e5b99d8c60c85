//! What an eavesdropper who knows when keys were pressed reads out of masked audio.

use paytone_dtmf::{Detector, Eavesdropper, Fill, Masker, SampleRate, ToneEvent};
use rand::RngExt;

use crate::bench::{Bench, samples};
use crate::impaired::gain_to_keys;
use crate::support::{Placed, Sent, generator, line, ms, rng, voice};
use crate::table::{Cell, Group, Job};

/// The tones that are masked: their length, and what else is on the line.
#[derive(Clone, Copy)]
enum Line {
    Clean(u64),
    Noise,
    /// Somebody speaks between the keys, up to 30 ms before each and from 30 ms after it.
    Speech,
    /// Somebody speaks all the time, 14 dB below the keys.
    Over,
}

pub(crate) fn group() -> Group {
    let mut jobs = Vec::new();
    let masker = |fill| Masker::new(SampleRate::Hz8000, fill);
    let maskers: [(&str, Option<Masker>); 7] = [
        ("not masked", None),
        ("25 ms delay, silence", Some(masker(Fill::Silence).with_delay_ms(25))),
        ("25 ms delay, flat tone", Some(masker(Fill::FlatTone).with_delay_ms(25))),
        ("25 ms delay, comfort noise", Some(masker(Fill::ComfortNoise).with_delay_ms(25))),
        ("no delay, silence", Some(masker(Fill::Silence))),
        ("no delay, flat tone", Some(masker(Fill::FlatTone))),
        ("no delay, comfort noise", Some(masker(Fill::ComfortNoise))),
    ];
    for (name, masker) in maskers {
        for (on, line) in [
            ("50/50 ms", Line::Clean(50)),
            ("100/100 ms", Line::Clean(100)),
            ("100/100 ms in noise, SNR 20 dB", Line::Noise),
            ("100/100 ms between words", Line::Speech),
            ("100/100 ms over a voice, -14 dB", Line::Over),
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
    for (name, delay_ms) in [("speech kept, 25 ms delay", 25), ("speech kept, no delay", 0)] {
        jobs.push(Job::new(name, move |bench, seed| {
            let speech = samples(&voice::voice(voice::SPEAKING, bench.count(240), &mut rng(seed)));
            bench.each(|subject| (subject.name() == "paytone").then(|| Cell::Text(kept(&speech, delay_ms))))
        }));
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
            let mut speech = voice::voice(voice::SPEAKING, sent.audio.len() / 8000 + 1, &mut rng);
            for placed in &sent.keys {
                speech[placed.from.saturating_sub(240)..placed.to + 240].fill(0.0);
            }
            line::add(&mut sent.audio, &speech, 0.7);
        }
        Line::Over => {
            let speech = voice::voice(voice::SPEAKING, 60, &mut rng);
            // The keys are 2 dB louder than those of the other tables.
            line::add(&mut sent.audio, &speech, gain_to_keys(&speech) * 10f32.powf((2.0 - 14.0) / 20.0));
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

/// How much of speech gets through a masker.
fn kept(speech: &[i16], delay_ms: usize) -> String {
    let masker = Masker::new(SampleRate::Hz8000, Fill::Silence).with_delay_ms(delay_ms);
    let (heard, delay) = masked(speech, Some(&masker));
    let same = heard[delay..].iter().zip(speech).filter(|(after, before)| after == before).count();
    format!("{:.1} %", 100.0 * same as f64 / (speech.len() - delay) as f64)
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
