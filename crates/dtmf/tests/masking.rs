//! What others hear of masked keys.

mod support;

use paytone_dtmf::telephone_event::{EventReceiver, EventSender};
use paytone_dtmf::{Criteria, Detector, Eavesdropper, Fill, Generator, Key, Masker, SampleRate, ToneEvent};
use proptest::prelude::*;
use std::num::NonZeroU32;
use std::time::Duration;
use support::{Sent, generator, line, ms, rng, starts, voice};

const FILLS: [Fill; 3] = [Fill::Silence, Fill::FlatTone, Fill::ComfortNoise];

/// The audio as others hear it.
fn masked(samples: &[i16], rate: SampleRate, mut masker: Masker) -> Vec<i16> {
    let mut detector = Detector::new(rate);
    let mut out = samples.to_vec();
    for frame in out.chunks_mut(rate.hz() as usize / 50) {
        let events: Vec<ToneEvent> = detector.process(frame).collect();
        events.iter().for_each(|event| masker.handle(event));
        masker.process(frame);
    }
    out
}

fn masker(fill: Fill) -> Masker {
    Masker::new(SampleRate::Hz8000, fill)
}

#[test]
fn with_a_delay_nothing_of_a_key_gets_through() {
    for level in [-3.0, -10.0, -25.0] {
        let sent = Sent::shuffled(&generator().with_level_dbm0(level), 50, 10, 12);
        let out = masked(&sent.samples(), SampleRate::Hz8000, masker(Fill::Silence).with_delay_ms(25));
        assert!(out.iter().all(|&sample| sample == 0), "{level} dBm0");
    }
}

#[test]
fn with_a_delay_nothing_gets_through_at_other_rates() {
    for rate in [SampleRate::Hz16000, SampleRate::Hz48000] {
        let generator = Generator::new(rate).with_duration(ms(50)).with_pause(ms(53));
        let audio: Vec<i16> = Key::ALL.iter().flat_map(|&key| generator.key(key)).collect();
        let out = masked(&audio, rate, Masker::new(rate, Fill::Silence).with_delay_ms(25));
        assert!(out.iter().all(|&sample| sample == 0), "{rate:?}");
    }
}

#[test]
fn without_a_delay_at_most_a_millisecond_gets_through() {
    for snr_noise in [None, Some(-30.0)] {
        let mut sent = Sent::shuffled(&generator(), 50, 10, 13);
        if let Some(dbm0) = snr_noise {
            line::noise(&mut sent.audio, dbm0, &mut rng(3));
        }
        let samples = sent.samples();
        let out = masked(&samples, SampleRate::Hz8000, masker(Fill::Silence));
        for placed in &sent.keys {
            assert!(out[placed.from + 8..placed.to].iter().all(|&sample| sample == 0));
        }
        assert_eq!(starts(&out, Criteria::default()), []);
    }
}

/// The part of the keys that somebody who knows when they were pressed reads out of what is left.
fn read(sent: &Sent, masker: Masker) -> f64 {
    let delay = masker.delay();
    let out = masked(&sent.samples(), SampleRate::Hz8000, masker);
    let eavesdropper = Eavesdropper::new(SampleRate::Hz8000);
    let right = sent.keys.iter().filter(|placed| {
        let window = &out[placed.from + delay - 40..out.len().min(placed.to + delay + 40)];
        // Nothing at all is not read; the limits below leave room for the luck of a guess.
        eavesdropper.read(window).is_some_and(|reading| reading.key == placed.key)
    });
    right.count() as f64 / sent.keys.len() as f64
}

#[test]
fn an_eavesdropper_who_knows_the_times_learns_next_to_nothing() {
    let mut sent = Sent::shuffled(&generator().with_duration(ms(100)).with_pause(ms(100)), 100, 30, 17);
    line::noise(&mut sent.audio, -40.0, &mut rng(18));
    for fill in FILLS {
        let late = read(&sent, masker(fill).with_delay_ms(25));
        assert!(late <= 0.12, "{fill:?} with 25 ms: {late}");
        let at_once = read(&sent, masker(fill));
        assert!(at_once <= 0.25, "{fill:?} without delay: {at_once}");
    }
}

#[test]
fn noise_under_the_keys_is_masked_with_them_and_voices_pass() {
    let mut sent = Sent::shuffled(&generator().with_duration(ms(100)).with_pause(ms(100)), 100, 4, 14);
    line::noise(&mut sent.audio, -35.0, &mut rng(15));
    let out = masked(&sent.samples(), SampleRate::Hz8000, masker(Fill::FlatTone).with_delay_ms(25));
    assert_eq!(starts(&out, Criteria::default().with_max_doubt(2.0)), []);

    let speech: Vec<i16> =
        voice::voice(voice::SPEAKING, 60, &mut rng(16)).iter().map(|&sample| sample as i16).collect();
    for (delay_ms, percent) in [(25, 80), (0, 70)] {
        let masker = masker(Fill::Silence).with_delay_ms(delay_ms);
        let late = masker.delay();
        let out = masked(&speech, SampleRate::Hz8000, masker);
        let kept = out[late..].iter().zip(&speech).filter(|(after, before)| after == before).count();
        assert!(kept * 100 > speech.len() * percent, "{delay_ms} ms: {kept} of {}", speech.len());
    }
}

/// A gateway sends a key as events and cuts its tone late: nothing of the tone is heard.
#[test]
fn what_leaks_beside_telephone_events_is_masked() {
    let clock = NonZeroU32::new(8000).expect("not zero");
    let mut receiver = EventReceiver::new();
    let mut masker = masker(Fill::Silence).with_delay_ms(25);
    let mut packets =
        EventSender::new(Key::D9, 1600, Duration::from_millis(120)).with_clock(clock).peekable();
    // The tone begins with the event, is cut after 20 ms and comes back for 40 ms when the event is over.
    let tone: Vec<i16> = Generator::new(SampleRate::Hz8000).with_duration(ms(60)).key(Key::D9).collect();
    let mut audio = vec![0i16; 8000];
    audio[1600..1760].copy_from_slice(&tone[..160]);
    audio[2560..2880].copy_from_slice(&tone[160..480]);
    let start = Duration::from_secs(1_700_000_000);
    for (n, frame) in audio.chunks_mut(160).enumerate() {
        let now = Duration::from_millis(20 * n as u64);
        while let Some(packet) = packets.next_if(|packet| ms(200) + packet.offset <= now) {
            let block = packet.payload.write();
            for key in receiver.handle(1, packet.timestamp, packet.marker, &block, start + now) {
                masker.handle_event(&key);
            }
        }
        masker.process(frame);
    }
    assert!(audio.iter().all(|&sample| sample == 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However the audio is cut, a delay of 25 ms lets nothing of a key through.
    #[test]
    fn no_cut_lets_a_key_through(
        code in 0..16u8,
        offset in 0usize..400,
        level in -30.0f32..-3.0,
        twist in -4.0f32..8.0,
        cuts in prop::collection::vec(1usize..400, 30),
    ) {
        let mut sent = Sent::new();
        sent.silence(offset);
        let generator = generator().with_level_dbm0(level).with_low_over_high_db(twist);
        sent.key(&generator, Key::from_event_code(code).expect("below 16"), 400);
        sent.silence(800);
        let samples = sent.samples();
        let (mut detector, mut masker) =
            (Detector::new(SampleRate::Hz8000), masker(Fill::Silence).with_delay_ms(25));
        let mut rest = &samples[..];
        for cut in cuts.into_iter().cycle() {
            let (frame, after) = rest.split_at(cut.min(rest.len()));
            detector.process(frame).for_each(|event| masker.handle(&event));
            let mut out = frame.to_vec();
            masker.process(&mut out);
            prop_assert!(out.iter().all(|&sample| sample == 0));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
}
