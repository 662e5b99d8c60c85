//! What the caller hears does not press keys, and does not drown the keys that the caller presses meanwhile.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use ivr_payment_service::speech::Voice;
use paytone_call::{Clip, Clips};
use paytone_dialog::Language;
use paytone_dialog::phrase::{self, Phrasebook};
use paytone_dtmf::{Detector, Generator, Key, SampleRate, ToneEvent};

/// Every clip of every language with its name.
fn clips() -> Vec<(String, Clip)> {
    let voice = Voice::load(None, Phrasebook::new()).unwrap();
    let named = |language: Language| {
        let voice = &voice;
        phrase::catalog(language).iter().map(move |recording| {
            let clip = voice.clip(language, recording.name()).unwrap();
            (format!("{language}/{}", recording.name()), clip)
        })
    };
    Language::ALL.iter().flat_map(|language| named(*language)).collect()
}

fn pressed(samples: &[i16]) -> Vec<Key> {
    let mut detector = Detector::new(SampleRate::Hz8000);
    let key = |event| match event {
        ToneEvent::Start { key, .. } => Some(key),
        _ => None,
    };
    detector.process(samples).filter_map(key).collect()
}

/// The clip as it comes back from the caller's end, `loss` dB quieter, and a key pressed `place` of the way through.
fn keyed_over(clip: &[i16], loss_db: f32, place: f32, key: Key) -> Vec<i16> {
    let gain = 10_f32.powf(-loss_db / 20.0);
    let margin = vec![0; MARGIN];
    let quiet = clip.iter().map(|sample| (f32::from(*sample) * gain) as i16);
    let mut line: Vec<i16> = margin.iter().copied().chain(quiet).chain(margin.iter().copied()).collect();
    let at = (line.len() as f32 * place) as usize;
    for (sample, tone) in line[at..].iter_mut().zip(Generator::new(SampleRate::Hz8000).key(key)) {
        *sample = sample.saturating_add(tone);
    }
    line
}

#[test]
fn no_clip_presses_a_key() {
    for (name, clip) in clips() {
        assert!(pressed(&clip).is_empty(), "{name}");
    }
}

/// At a hybrid that returns a quarter of the power (6 dB of echo loss), with the tones at the generator's -8 dBm0 for
/// 80 ms: every one of twelve keys over every clip, at three places of it.
#[test]
fn a_key_pressed_over_a_clip_is_found() {
    let keys: Vec<Key> = "0123456789*#".chars().filter_map(Key::from_char).collect();
    let mut lost = Vec::new();
    for (number, (name, clip)) in clips().into_iter().enumerate() {
        for (turn, place) in [0.3, 0.5, 0.6].into_iter().enumerate() {
            let key = keys[(number + turn * 5) % keys.len()];
            if pressed(&keyed_over(&clip, ECHO_LOSS_DB, place, key)) != [key] {
                lost.push((name.clone(), place));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:?}");
}

const ECHO_LOSS_DB: f32 = 6.0;
/// Silence before and after a clip, in samples: 0.2 s.
const MARGIN: usize = 1600;
