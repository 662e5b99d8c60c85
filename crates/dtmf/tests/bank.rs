//! A bank decides as its channels would alone; audio means the same in every encoding.

mod support;

use paytone_dtmf::{Criteria, Detector, DetectorBank, Generator, Key, SampleRate, ToneEvent};
use proptest::prelude::*;
use support::{Sent, generator, line, ms, rng, voice};

const CHANNELS: usize = 9;
const MANY: usize = 21;

fn any_key() -> impl Strategy<Value = Key> {
    (0..16u8).prop_map(|code| Key::from_event_code(code).expect("below 16"))
}

fn alone(samples: &[i16], criteria: Criteria) -> Vec<ToneEvent> {
    Detector::with_criteria(SampleRate::Hz8000, criteria).process(samples).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_bank_finds_what_single_detectors_find(
        keys in prop::collection::vec(any_key(), CHANNELS..4 * CHANNELS),
        cuts in prop::collection::vec(prop_oneof![0usize..700, (0usize..10).prop_map(|blocks| 40 * blocks)], 0..80),
        noise_dbm0 in -60.0f32..-10.0,
        seed in 0u64..1000,
    ) {
        let channels: [Vec<i16>; CHANNELS] = std::array::from_fn(|channel| {
            let mut sent = Sent::new();
            sent.silence(97 * channel);
            for &key in keys.iter().skip(channel).step_by(CHANNELS) {
                sent.key(&generator(), key, 400);
            }
            line::noise(&mut sent.audio, noise_dbm0, &mut rng(seed + channel as u64));
            sent.samples()
        });
        let mut bank = DetectorBank::<CHANNELS>::new(SampleRate::Hz8000);
        let mut found: [Vec<ToneEvent>; CHANNELS] = Default::default();
        let mut rest: [&[i16]; CHANNELS] = std::array::from_fn(|channel| &channels[channel][..]);
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let frames = rest.map(|samples| &samples[..cut.min(samples.len())]);
            bank.process(&frames, |channel, event| found[channel].push(event));
            rest = std::array::from_fn(|channel| &rest[channel][frames[channel].len()..]);
        }
        for (found, samples) in found.iter().zip(&channels) {
            prop_assert_eq!(found, &alone(samples, Criteria::default()));
        }
    }

    /// More channels than are heard at a time, each with criteria, losses and frames of its own.
    #[test]
    fn many_channels_do_not_mind_each_other(
        keys in prop::collection::vec(any_key(), MANY..3 * MANY),
        odd in prop::collection::vec((0..MANY, 0usize..500), 0..30),
        lost in prop::collection::vec((0..MANY, 1usize..700), 0..20),
        stricter in prop::collection::vec(0..MANY, 0..20),
        frame in prop::sample::select(vec![40usize, 80, 160, 160, 160, 200, 240]),
        noise_dbm0 in -60.0f32..-12.0,
        seed in 0u64..1000,
    ) {
        let channels: [Vec<i16>; MANY] = std::array::from_fn(|channel| {
            let mut sent = Sent::new();
            let mut rng = rng(seed + channel as u64);
            if channel % 3 == 0 {
                sent.audio.extend(voice::voice(voice::SPEAKING, 1, &mut rng).iter().map(|sample| 30_000.0 * sample));
            }
            sent.silence(97 * channel);
            for &key in keys.iter().skip(channel).step_by(MANY) {
                sent.key(&generator(), key, 400);
            }
            if channel % 4 != 3 {
                line::noise(&mut sent.audio, noise_dbm0, &mut rng);
            }
            sent.samples()
        });
        let mut bank = DetectorBank::<MANY>::new(SampleRate::Hz8000);
        let mut alone: [Detector; MANY] = std::array::from_fn(|_| Detector::new(SampleRate::Hz8000));
        let mut rest: [&[i16]; MANY] = std::array::from_fn(|channel| &channels[channel][..]);
        for round in 0.. {
            if let Some(&(channel, samples)) = lost.get(round) {
                bank.channel(channel).expect("of many").frame_lost(samples);
                alone[channel].frame_lost(samples);
            }
            if let Some(&channel) = stricter.get(round) {
                bank.channel(channel).expect("of many").set_criteria(Criteria::slow());
                alone[channel].set_criteria(Criteria::slow());
            }
            let mut lens = [frame; MANY];
            if let Some(&(channel, len)) = odd.get(round) {
                lens[channel] = len;
            }
            let frames: [&[i16]; MANY] =
                std::array::from_fn(|channel| &rest[channel][..lens[channel].min(rest[channel].len())]);
            let mut found = Vec::new();
            bank.process(&frames, |channel, event| found.push((channel, event)));
            let expected: Vec<_> = (0..MANY)
                .flat_map(|channel| alone[channel].process(frames[channel]).map(move |event| (channel, event)).collect::<Vec<_>>())
                .collect();
            prop_assert_eq!(found, expected);
            rest = std::array::from_fn(|channel| &rest[channel][frames[channel].len()..]);
            if rest.iter().all(|rest| rest.is_empty()) {
                break;
            }
        }
    }

    #[test]
    fn floats_and_g711_are_heard_as_the_linear_samples_they_stand_for(
        keys in prop::collection::vec(any_key(), 1..4),
        cut in 1usize..500,
        noise_dbm0 in -60.0f32..-15.0,
    ) {
        let mut sent = Sent::new();
        keys.iter().for_each(|&key| sent.key(&generator(), key, 400));
        line::noise(&mut sent.audio, noise_dbm0, &mut rng(6));
        let samples = sent.samples();
        let floats: Vec<f32> = samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
        let mut detector = Detector::new(SampleRate::Hz8000);
        let found: Vec<ToneEvent> =
            floats.chunks(cut).flat_map(|frame| detector.process_f32(frame).collect::<Vec<_>>()).collect();
        prop_assert_eq!(found, alone(&samples, Criteria::default()));

        // Any byte is audio: that of the top of each sample is as good as another.
        let bytes: Vec<u8> = samples.iter().map(|&sample| (sample >> 7) as u8).collect();
        let mut whole = Detector::new(SampleRate::Hz8000);
        let whole: Vec<ToneEvent> = whole.process_mu_law(&bytes).chain(whole_a_law(&bytes)).collect();
        let (mut mu_law, mut a_law) = (Detector::new(SampleRate::Hz8000), Detector::new(SampleRate::Hz8000));
        let mut pieces: Vec<ToneEvent> =
            bytes.chunks(cut).flat_map(|frame| mu_law.process_mu_law(frame).collect::<Vec<_>>()).collect();
        pieces.extend(bytes.chunks(cut).flat_map(|frame| a_law.process_a_law(frame).collect::<Vec<_>>()));
        prop_assert_eq!(pieces, whole);
    }
}

fn whole_a_law(bytes: &[u8]) -> Vec<ToneEvent> {
    Detector::new(SampleRate::Hz8000).process_a_law(bytes).collect()
}

/// G.711 by the definition of its segments: the code of the nearest value.
fn encode(sample: i16, decode: impl Fn(u8) -> i32) -> u8 {
    (0..=255).min_by_key(|&code| (decode(code) - i32::from(sample)).abs()).expect("256 codes")
}

fn mu_law(code: u8) -> i32 {
    let code = !code;
    let magnitude = ((i32::from(code & 15) * 2 + 33) << (code >> 4 & 7)) - 33;
    4 * if code & 0x80 == 0 { magnitude } else { -magnitude }
}

fn a_law(code: u8) -> i32 {
    let code = code ^ 0x55;
    let steps = i32::from(code & 15) * 2 + 1;
    let magnitude = match code >> 4 & 7 {
        0 => steps,
        segment => (steps + 32) << (segment - 1),
    };
    8 * if code & 0x80 == 0 { -magnitude } else { magnitude }
}

#[test]
fn every_key_is_found_in_g711_bytes() {
    let generator = Generator::new(SampleRate::Hz8000).with_duration(ms(50)).with_pause(ms(50));
    let samples: Vec<i16> = Key::ALL.iter().flat_map(|&key| generator.key(key)).collect();
    let keys = |events: Vec<ToneEvent>| -> Vec<Key> {
        events.into_iter().filter_map(support::start).map(|(key, _)| key).collect()
    };
    let bytes: Vec<u8> = samples.iter().map(|&sample| encode(sample, mu_law)).collect();
    assert_eq!(keys(Detector::new(SampleRate::Hz8000).process_mu_law(&bytes).collect()), Key::ALL);
    let bytes: Vec<u8> = samples.iter().map(|&sample| encode(sample, a_law)).collect();
    assert_eq!(keys(Detector::new(SampleRate::Hz8000).process_a_law(&bytes).collect()), Key::ALL);
}

#[test]
fn every_channel_has_criteria_and_losses_of_its_own() {
    let audio: Vec<i16> = generator().key(Key::D7).collect();
    let mut bank = DetectorBank::<3>::new(SampleRate::Hz8000);
    bank.channel(1).expect("of three").set_criteria(Criteria::slow());
    bank.channel(2).expect("of three").frame_lost(400);
    let mut starts = Vec::new();
    bank.process(&[&audio; 3], |channel, event| {
        if let ToneEvent::Start { at_sample, .. } = event {
            starts.push((channel, at_sample));
        }
    });
    assert!(
        matches!(starts[..], [(0, early), (2, late)] if early < 16 && late.abs_diff(400) < 16),
        "{starts:?}"
    );
    assert!(bank.channel(3).is_none());
}
