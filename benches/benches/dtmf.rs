//! The DTMF detector: nothing but keys, something like speech, comfort noise; on one channel and on many.
//!
//! `cargo bench -p benches --bench dtmf`, beside SpanDSP with `--features peers`. Throughput is in samples at
//! 8 kHz, over all channels: one channel is 8000 a second.

use std::hint::black_box;
use std::time::{Duration, Instant};

#[cfg(feature = "peers")]
use benches::spandsp::DtmfReceiver;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use paytone_dtmf::{Detector, DetectorBank, Generator, Key, SampleRate};

/// Samples of each input: ten seconds.
const SAMPLES: usize = 80_000;
/// Samples of a frame: 20 ms.
const FRAME: usize = 160;
/// Channels of the bank.
const CHANNELS: usize = 32;

fn one_channel(c: &mut Criterion) {
    for (name, audio) in
        [("dtmf_one_digits", digits()), ("dtmf_one_speech", speech(0)), ("dtmf_one_silence", silence())]
    {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(SAMPLES as u64));
        group.bench_with_input(BenchmarkId::from_parameter("paytone"), &audio, |b, audio| {
            let mut detector = Detector::new(SampleRate::Hz8000);
            b.iter(|| {
                for frame in audio.chunks_exact(FRAME) {
                    for event in detector.process(black_box(frame)) {
                        black_box(event);
                    }
                }
            });
        });
        #[cfg(feature = "peers")]
        group.bench_with_input(BenchmarkId::from_parameter("spandsp"), &audio, |b, audio| {
            let mut receiver = DtmfReceiver::new();
            b.iter(|| {
                for frame in audio.chunks_exact(FRAME) {
                    receiver.process(black_box(frame));
                    receiver.digits(|digit| {
                        black_box(digit);
                    });
                }
            });
        });
        group.finish();
    }
}

/// Frames of many channels in turn: all with speech, and only every other one.
fn banks(c: &mut Criterion) {
    let mut channels: Vec<Vec<i16>> = (0..CHANNELS).map(speech).collect();
    bank(c, "dtmf_bank_speech", &channels);
    channels.iter_mut().step_by(2).for_each(|channel| *channel = silence());
    bank(c, "dtmf_bank_half", &channels);
}

fn bank(c: &mut Criterion, name: &str, channels: &[Vec<i16>]) {
    let moments = moments(channels);
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements((CHANNELS * SAMPLES) as u64));
    group.bench_function("paytone", |b| {
        let mut bank = DetectorBank::<CHANNELS>::new(SampleRate::Hz8000);
        b.iter_custom(|times| {
            time_to_hear(&moments, times, |frames| {
                bank.process(frames, |channel, event| {
                    black_box((channel, event));
                });
            })
        });
    });
    // What the bank is worth: a detector for each.
    group.bench_function("single", |b| {
        let mut detectors: Vec<Detector> =
            channels.iter().map(|_| Detector::new(SampleRate::Hz8000)).collect();
        b.iter_custom(|times| {
            time_to_hear(&moments, times, |frames| {
                for (detector, frame) in detectors.iter_mut().zip(frames) {
                    for event in detector.process(frame) {
                        black_box(event);
                    }
                }
            })
        });
    });
    #[cfg(feature = "peers")]
    group.bench_function("spandsp", |b| {
        let mut receivers: Vec<DtmfReceiver> = channels.iter().map(|_| DtmfReceiver::new()).collect();
        b.iter_custom(|times| {
            time_to_hear(&moments, times, |frames| {
                for (receiver, frame) in receivers.iter_mut().zip(frames) {
                    receiver.process(frame);
                    receiver.digits(|digit| {
                        black_box(digit);
                    });
                }
            })
        });
    });
    group.finish();
}

/// The frames of all channels at one moment.
type Moment = [[i16; FRAME]; CHANNELS];

fn moments(channels: &[Vec<i16>]) -> Vec<Moment> {
    let frame = |channel: usize, n: usize| {
        *channels[channel][n * FRAME..].first_chunk().expect("as long as every other channel")
    };
    (0..SAMPLES / FRAME).map(|n| std::array::from_fn(|channel| frame(channel, n))).collect()
}

/// How long it takes to hear all moments so many `times`. A media server writes frames into its buffers when packets
/// arrive and hears them right after that; only the hearing counts.
fn time_to_hear(moments: &[Moment], times: u64, mut hear: impl FnMut(&[&[i16]; CHANNELS])) -> Duration {
    let mut buffers = [[0; FRAME]; CHANNELS];
    let mut time = Duration::ZERO;
    for _ in 0..times {
        for moment in moments {
            buffers.copy_from_slice(black_box(moment));
            let frames = buffers.each_ref().map(<[i16; FRAME]>::as_slice);
            let start = Instant::now();
            hear(black_box(&frames));
            time += start.elapsed();
        }
    }
    time
}

/// Keys of 50 ms with pauses of 50 ms, as fast as a line may bring them.
fn digits() -> Vec<i16> {
    let generator = Generator::new(SampleRate::Hz8000)
        .with_duration(Duration::from_millis(50))
        .with_pause(Duration::from_millis(50));
    Key::ALL.iter().cycle().flat_map(|&key| generator.key(key)).take(SAMPLES).collect()
}

/// Harmonics of a gliding pitch under two wandering formants; every speaker is somewhere else in it.
fn speech(speaker: usize) -> Vec<i16> {
    let mut phase = 0.0f64;
    let start = 1.7 * speaker as f64;
    (0..SAMPLES)
        .map(|n| {
            let t = start + n as f64 / 8000.0;
            let pitch = 140.0 + 40.0 * (5.1 * t).sin() + 15.0 * (17.3 * t).sin();
            phase += pitch / 8000.0;
            let formants = [500.0 + 250.0 * (9.7 * t).sin(), 1400.0 + 600.0 * (6.3 * t).cos()];
            let sum: f64 = (1..20).map(|h| harmonic(f64::from(h), pitch, phase, formants)).sum();
            let syllables = (0.5 + 0.5 * (25.0 * t).sin()).max(0.02);
            (4000.0 * syllables * sum) as i16
        })
        .collect()
}

fn harmonic(h: f64, pitch: f64, phase: f64, formants: [f64; 2]) -> f64 {
    let gain: f64 = formants.iter().map(|f| 1.0 / (1.0 + ((h * pitch - f) / 90.0).powi(2))).sum();
    gain * (std::f64::consts::TAU * h * phase).sin()
}

/// Comfort noise of about -65 dBm0, from a linear congruential generator.
fn silence() -> Vec<i16> {
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as i16 / 2048
    };
    (0..SAMPLES).map(|_| noise()).collect()
}

criterion_group!(benches, one_channel, banks);
criterion_main!(benches);
