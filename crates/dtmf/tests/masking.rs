//! What others hear of masked keys.

mod support;

use paytone_dtmf::{Criteria, Detector, Fill, Masker, SampleRate, ToneEvent};
use support::{Sent, generator, line, ms, rng, starts, voice};

/// The audio as others hear it.
fn masked(samples: &[i16], mut masker: Masker) -> Vec<i16> {
    let mut detector = Detector::new(SampleRate::Hz8000);
    let mut out = samples.to_vec();
    for frame in out.chunks_mut(160) {
        let events: Vec<ToneEvent> = detector.process(frame).collect();
        events.iter().for_each(|event| masker.handle(event));
        masker.process(frame);
    }
    out
}

#[test]
fn with_a_delay_nothing_of_a_key_gets_through() {
    for level in [-3.0, -10.0, -25.0] {
        let sent = Sent::shuffled(&generator().with_level_dbm0(level), 50, 10, 12);
        let out = masked(&sent.samples(), Masker::with_delay_ms(25, Fill::Silence));
        assert!(out.iter().all(|&sample| sample == 0), "{level} dBm0");
    }
}

#[test]
fn without_a_delay_at_most_the_first_20_ms_get_through() {
    let sent = Sent::shuffled(&generator(), 50, 10, 13);
    let out = masked(&sent.samples(), Masker::new(Fill::Silence));
    for placed in &sent.keys {
        // Frames of 20 ms: a tone that begins late in one is suspected in the next.
        assert!(out[placed.from + 160..placed.to].iter().all(|&sample| sample == 0));
    }
    assert_eq!(starts(&out, Criteria::default()), []);
}

#[test]
fn noise_under_the_keys_is_masked_with_them_and_voices_pass() {
    let mut sent = Sent::shuffled(&generator().with_duration(ms(100)).with_pause(ms(100)), 100, 4, 14);
    line::noise(&mut sent.audio, -35.0, &mut rng(15));
    let out = masked(&sent.samples(), Masker::with_delay_ms(25, Fill::FlatTone));
    assert_eq!(starts(&out, Criteria::default().with_max_doubt(2.0)), []);

    let speech: Vec<i16> =
        voice::voice(voice::SPEAKING, 60, &mut rng(16)).iter().map(|&sample| sample as i16).collect();
    let out = masked(&speech, Masker::with_delay_ms(25, Fill::Silence));
    let kept = out[200..].iter().zip(&speech).filter(|(after, before)| after == before).count();
    assert!(kept * 10 > speech.len() * 7, "{kept} of {}", speech.len());
}
