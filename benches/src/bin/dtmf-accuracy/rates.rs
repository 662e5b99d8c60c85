//! Keys at 16 and 48 kHz.

use paytone_dtmf::{Generator, Key, SampleRate};
use rand::RngExt;

use crate::bench::Bench;
use crate::support::accept::{ATT, Accept, ETSI, NTT};
use crate::support::{Placed, Sent, generator, line, ms, rng};
use crate::table::{Cell, Group, Job};

pub(crate) fn group() -> Group {
    let mut jobs = Vec::new();
    for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
        let khz = rate.hz() / 1000;
        for (name, snr) in [("", None), (", SNR 15 dB", Some(15.0)), (", SNR 8 dB", Some(8.0))] {
            jobs.push(Job::new(format!("decode 50/50 ms at {khz} kHz{name}"), move |bench, seed| {
                decode(bench, rate, snr, seed)
            }));
        }
        for (name, accept) in [("AT&T", ATT), ("NTT", NTT), ("ETSI", ETSI)] {
            jobs.push(Job::new(format!("{name} box at {khz} kHz"), move |bench, _| {
                // The same keys at every rate.
                boxed(bench, rate, &accept, bench.seed_of(name))
            }));
        }
    }
    let about = "The same keys at each rate, generated at that rate. Noise is measured over 4 kHz and is as dense above.";
    Group { title: "Sample rates", summed: true, about, jobs }
}

fn decode(bench: &Bench, rate: SampleRate, snr: Option<f32>, seed: u64) -> Vec<Cell> {
    let mut rng = rng(seed);
    let mut signal = Signal::new(rate);
    for _ in 0..bench.count(20) {
        for key in Key::ALL {
            signal.silence(rng.random_range(0..80));
            signal.key(generator().with_duration(ms(50)), key, 50.0);
        }
    }
    signal.silence(1600);
    if let Some(snr) = snr {
        // Of the same density over a wider band.
        let wider_db = 10.0 * (f32::from(signal.factor as u8)).log10();
        line::noise(&mut signal.audio, -7.0 - snr + wider_db, &mut rng);
    }
    signal.scores(bench)
}

fn boxed(bench: &Bench, rate: SampleRate, accept: &Accept, seed: u64) -> Vec<Cell> {
    let mut rng = rng(seed);
    let mut signal = Signal::new(rate);
    for _ in 0..bench.count(1000) {
        let key = Key::ALL[rng.random_range(0..16)];
        let (generator, tone_ms) = accept.sound(key, &mut rng);
        signal.key(generator, key, tone_ms);
    }
    signal.silence(800);
    signal.scores(bench)
}

/// Keys at a rate, and where they would be at 8 kHz.
struct Signal {
    rate: SampleRate,
    factor: usize,
    audio: Vec<f32>,
    keys: Vec<Placed>,
}

impl Signal {
    fn new(rate: SampleRate) -> Self {
        let mut signal =
            Self { rate, factor: rate.hz() as usize / 8000, audio: Vec::new(), keys: Vec::new() };
        signal.silence(800);
        signal
    }

    /// So many samples at 8 kHz.
    fn silence(&mut self, samples: usize) {
        self.audio.extend(std::iter::repeat_n(0.0, samples * self.factor));
    }

    fn key(&mut self, generator: Generator, key: Key, tone_ms: f32) {
        let from = self.audio.len() / self.factor;
        let generator = generator.with_rate(self.rate);
        self.audio.extend(generator.key(key).map(f32::from));
        self.keys.push(Placed { key, from, to: from + (tone_ms * 8.0) as usize });
    }

    fn scores(mut self, bench: &Bench) -> Vec<Cell> {
        line::clip(&mut self.audio);
        let sent = Sent { audio: self.audio, keys: self.keys };
        let samples = sent.samples();
        bench.each(|subject| {
            let hits = subject.listen(&samples, self.rate)?;
            let at_8_khz: Vec<_> = hits.iter().map(|hit| (hit.key, hit.at / self.factor as u64)).collect();
            Some(Cell::Found(sent.score_of(&at_8_khz)))
        })
    }
}
