//! Laws of the detector: how audio is cut, at which rate it comes, what is lost of it.

mod support;

use paytone_dtmf::{Criteria, Detector, Generator, Key, SampleRate, ToneEvent};
use proptest::prelude::*;
use rand::RngExt;
use support::{Sent, frac_ms, generator, line, ms, rng, start, starts};

fn any_key() -> impl Strategy<Value = Key> {
    (0..16u8).prop_map(|code| Key::from_event_code(code).expect("below 16"))
}

fn events(samples: &[i16], cuts: impl IntoIterator<Item = usize>) -> Vec<ToneEvent> {
    let mut detector = Detector::new(SampleRate::Hz8000);
    let mut rest = samples;
    let mut events = Vec::new();
    for cut in cuts {
        let (frame, after) = rest.split_at(cut.min(rest.len()));
        events.extend(detector.process(frame));
        rest = after;
    }
    events.extend(detector.process(rest));
    events
}

/// A key within what every administration accepts.
#[derive(Debug)]
struct Legal {
    key: Key,
    tone_ms: f32,
    offset: usize,
    level: f32,
    twist: f32,
    low: f32,
    high: f32,
}

impl Legal {
    /// How often it was found to begin and to end, in the right places.
    fn times_found(&self) -> (usize, usize) {
        let mut sent = Sent::new();
        sent.silence(self.offset);
        let generator = generator()
            .with_duration(frac_ms(self.tone_ms))
            .with_level_dbm0(self.level)
            .with_low_over_high_db(self.twist)
            .with_detune(self.low, self.high);
        sent.key(&generator, self.key, (self.tone_ms * 8.0) as usize);
        sent.silence(800);
        let placed = sent.keys[0];
        let near = |at: u64, expected: usize| at.abs_diff(expected as u64) <= 32;
        let (mut starts, mut ends) = (0, 0);
        for event in events(&sent.samples(), []) {
            match event {
                ToneEvent::Start { key, at_sample, .. } => {
                    starts += if key == self.key && near(at_sample, placed.from) { 1 } else { 100 };
                }
                ToneEvent::End { key, at_sample, .. } => {
                    ends += if key == self.key && near(at_sample, placed.to) { 1 } else { 100 };
                }
                _ => {}
            }
        }
        (starts, ends)
    }
}

/// The shortest keys, as far off in frequency and level as is legal, wherever they begin in a block and its
/// neighbour.
#[test]
fn every_corner_of_the_legal_box_is_found_once() {
    const EDGES: [f32; 2] = [0.985, 1.015];
    for key in Key::ALL {
        for (low, high) in EDGES.into_iter().flat_map(|low| EDGES.map(|high| (low, high))) {
            for (level, twist) in [(-3.0, -4.0), (-3.0, 8.0), (-30.0, -4.0), (-30.0, 8.0)] {
                for offset in 0..80 {
                    let legal = Legal { key, tone_ms: 40.0, offset, level, twist, low, high };
                    assert_eq!(legal.times_found(), (1, 1), "{legal:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cut_gives_the_same_events(
        keys in prop::collection::vec(any_key(), 1..6),
        cuts in prop::collection::vec(0usize..700, 0..40),
        noise_dbm0 in -60.0f32..-15.0,
        seed in 0u64..1000,
    ) {
        let mut sent = Sent::new();
        for key in keys {
            sent.key(&generator(), key, 400);
        }
        line::noise(&mut sent.audio, noise_dbm0, &mut rng(seed));
        let samples = sent.samples();
        prop_assert_eq!(events(&samples, cuts), events(&samples, []));
    }

    #[test]
    fn any_cut_of_patchwork_gives_the_same_events(
        patches in prop::collection::vec((0..3u8, any_key(), 1usize..140, -50.0f32..0.0), 1..30),
        cuts in prop::collection::vec(1usize..60, 0..60),
        seed in 0u64..1000,
    ) {
        let mut samples = Vec::new();
        for (kind, key, len, level) in patches {
            let mut patch = vec![0.0; len];
            match kind {
                0 => {}
                1 => line::noise(&mut patch, level, &mut rng(seed)),
                _ => {
                    let tone = generator().with_level_dbm0(level).with_duration(ms(20)).key(key);
                    patch = tone.into_iter().take(len).map(f32::from).collect();
                }
            }
            samples.extend(patch.into_iter().map(|sample| sample as i16));
        }
        prop_assert_eq!(events(&samples, cuts), events(&samples, []));
    }

    #[test]
    fn every_legal_key_is_found_once(
        key in any_key(),
        tone_ms in 40.0f32..400.0,
        offset in 0usize..200,
        level in -30.0f32..-3.0,
        twist in -4.0f32..8.0,
        low in 0.985f32..1.015,
        high in 0.985f32..1.015,
    ) {
        let legal = Legal { key, tone_ms, offset, level, twist, low, high };
        prop_assert_eq!(legal.times_found(), (1, 1), "{:?}", legal);
    }

    #[test]
    fn noise_and_garbage_never_panic(samples in prop::collection::vec(any::<i16>(), 0..4000), lost in 0usize..5000) {
        let mut detector = Detector::new(SampleRate::Hz16000);
        let _ = detector.process(&samples).count();
        detector.frame_lost(lost);
        let _ = detector.process(&samples).count();
    }
}

#[test]
fn a_detector_prints_the_same_whatever_key_is_down() {
    let printed = |key: Key| {
        let mut detector = Detector::new(SampleRate::Hz8000);
        let audio: Vec<i16> = generator().with_pause(ms(0)).key(key).collect();
        let events = format!("{:?}", detector.process(&audio));
        (events, format!("{detector:?}"))
    };
    let expected = printed(Key::D0);
    assert!(expected.1.contains("Hz8000"));
    for key in Key::ALL {
        assert_eq!(printed(key), expected);
    }
}

#[test]
fn an_iterator_dropped_early_still_takes_all_samples() {
    let samples = Sent::shuffled(&generator(), 50, 1, 1).samples();
    let (head, tail) = samples.split_at(samples.len() / 2);
    let mut whole = Detector::new(SampleRate::Hz8000);
    let _ = whole.process(head).count();
    let mut dropped = Detector::new(SampleRate::Hz8000);
    drop(dropped.process(head));
    assert_eq!(whole.process(tail).collect::<Vec<_>>(), dropped.process(tail).collect::<Vec<_>>());
}

#[test]
fn every_rate_finds_the_same_keys_at_the_same_times() {
    for (rate, factor) in [(SampleRate::Hz8000, 1), (SampleRate::Hz16000, 2), (SampleRate::Hz48000, 6)] {
        let generator = Generator::new(rate).with_duration(ms(50)).with_pause(ms(50)).with_level_dbm0(-20.0);
        let audio: Vec<i16> = Key::ALL.iter().flat_map(|&key| generator.key(key)).collect();
        let mut detector = Detector::new(rate);
        let found: Vec<(Key, u64)> = audio
            .chunks(333)
            .flat_map(|frame| detector.process(frame).collect::<Vec<_>>())
            .filter_map(start)
            .collect();
        assert_eq!(found.iter().map(|&(key, _)| key).collect::<Vec<_>>(), Key::ALL, "{rate:?}");
        for (n, &(_, at)) in found.iter().enumerate() {
            assert!(at.abs_diff(n as u64 * 800 * factor) <= 16 * factor, "{rate:?} {n} {at}");
        }
    }
}

#[test]
fn lost_frames_are_unknown_and_positions_go_on() {
    let generator = generator().with_duration(ms(200)).with_pause(ms(100));
    let audio: Vec<i16> = [Key::D7, Key::D7].iter().flat_map(|&key| generator.key(key)).collect();
    let mut detector = Detector::new(SampleRate::Hz8000);
    let mut found = Vec::new();
    for (n, frame) in audio.chunks(160).enumerate() {
        // Two frames in a row are lost in the middle of the first key.
        if n == 4 || n == 5 {
            detector.frame_lost(frame.len());
        } else {
            found.extend(detector.process(frame).filter_map(start));
        }
    }
    assert_eq!(found.len(), 2);
    assert!(found[1].1.abs_diff(2400) <= 16);
}

#[test]
fn a_very_long_loss_ends_the_key_and_costs_no_time() {
    let mut detector = Detector::new(SampleRate::Hz48000);
    let generator = Generator::new(SampleRate::Hz48000).with_pause(ms(0));
    let audio: Vec<i16> = generator.key(Key::D1).collect();
    assert_eq!(detector.process(&audio).filter_map(start).count(), 1);
    detector.frame_lost(1 << 40);
    let ended = detector.process(&[]).filter(|event| matches!(event, ToneEvent::End { .. })).count();
    assert_eq!(ended, 1);
    let next = detector.process(&audio).filter_map(start).next().expect("the next key");
    assert!(next.1.abs_diff(audio.len() as u64 + (1 << 40)) < 400);
}

#[test]
fn the_slow_profile_needs_longer_keys_and_can_be_chosen_in_mid_call() {
    let sent = Sent::shuffled(&generator(), 50, 1, 3);
    assert_eq!(starts(&sent.samples(), Criteria::slow()), []);
    let long = Sent::shuffled(&generator().with_duration(ms(100)).with_pause(ms(100)), 100, 1, 3);
    assert_eq!(long.score(Criteria::slow()).found, 16);

    let mut detector = Detector::new(SampleRate::Hz8000);
    let samples = long.samples();
    let (head, tail) = samples.split_at(samples.len() / 2);
    let mut found = detector.process(head).filter_map(start).count();
    detector.set_criteria(Criteria::slow());
    found += detector.process(tail).filter_map(start).count();
    assert_eq!(found, 16);
}

#[test]
fn suspects_come_early_and_are_settled() {
    let mut sent = Sent::shuffled(&generator(), 50, 4, 9);
    line::noise(&mut sent.audio, -45.0, &mut rng(4));
    let voice = support::voice::voice(support::voice::SPEAKING, 20, &mut rng(5));
    sent.audio.extend(voice);
    let mut open = None;
    let mut delays = Vec::new();
    for event in events(&sent.samples(), []) {
        match event {
            ToneEvent::Suspect { at_sample } => {
                assert_eq!(open.replace(at_sample), None, "a second suspect before the first is settled");
            }
            ToneEvent::Cleared { .. } => assert!(open.take().is_some(), "nothing to clear"),
            ToneEvent::Start { at_sample, .. } => {
                let suspected = open.take().expect("a suspect before every key");
                delays.push(suspected as i64 - at_sample as i64);
            }
            _ => {}
        }
    }
    assert!(delays.iter().all(|&delay| delay <= 0), "suspected from after the key began: {delays:?}");
}

#[test]
fn levels_and_twist_are_reported() {
    let mut r = rng(8);
    for key in Key::ALL {
        let (level, twist) = (r.random_range(-30.0..-5.0f32), r.random_range(-6.0..9.0f32));
        let generator = generator().with_level_dbm0(level).with_low_over_high_db(twist);
        let audio: Vec<i16> = generator.key(key).collect();
        let found = events(&audio, []);
        let Some((seen_level, seen_twist)) = found.iter().find_map(|event| match *event {
            ToneEvent::Start { level_dbm0, low_over_high_db, .. } => Some((level_dbm0, low_over_high_db)),
            _ => None,
        }) else {
            panic!("not found");
        };
        assert!((seen_level - level).abs() < 1.0, "{seen_level} for {level}");
        assert!((seen_twist - twist).abs() < 1.0, "{seen_twist} for {twist}");
    }
}
