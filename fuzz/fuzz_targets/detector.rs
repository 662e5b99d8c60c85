#![no_main]

use libfuzzer_sys::fuzz_target;
use paytone_dtmf::{Detector, DetectorBank, Fill, Masker, SampleRate, ToneEvent};

// Audio made of the input: the same events however it is cut and beside whatever else, and no panic with losses in it.
fuzz_target!(|data: &[u8]| {
    let Some((&[rate, cut, lost], audio)) = data.split_first_chunk::<3>() else { return };
    let rate = [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000][usize::from(rate) % 3];
    let samples: Vec<i16> =
        audio.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();

    let whole: Vec<ToneEvent> = Detector::new(rate).process(&samples).collect();
    let mut detector = Detector::new(rate);
    let mut cut_events = Vec::new();
    for frame in samples.chunks(usize::from(cut).max(1)) {
        cut_events.extend(detector.process(frame));
    }
    assert_eq!(whole, cut_events);

    let mut masker = Masker::new(rate, Fill::ComfortNoise).with_delay_ms(usize::from(cut));
    for frame in samples.chunks(160) {
        for event in detector.process(frame) {
            masker.handle(&event);
        }
        detector.frame_lost(usize::from(lost));
        masker.process(&mut frame.to_vec());
    }

    // Eight channels hear it together, each from somewhere else on.
    let channels: [&[i16]; 8] =
        std::array::from_fn(|channel| &samples[(channel * usize::from(lost)).min(samples.len())..]);
    let mut bank = DetectorBank::<8>::new(rate);
    let mut found: [Vec<ToneEvent>; 8] = Default::default();
    let len = 40 * (1 + usize::from(cut) % 5);
    for at in (0..samples.len()).step_by(len) {
        let frames = channels.map(|audio| &audio[at.min(audio.len())..(at + len).min(audio.len())]);
        bank.process(&frames, |channel, event| found[channel].push(event));
    }
    for (audio, found) in channels.iter().zip(&found) {
        assert_eq!(&Detector::new(rate).process(audio).collect::<Vec<_>>(), found);
    }
});
