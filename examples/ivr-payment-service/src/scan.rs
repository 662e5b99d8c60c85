//! Whether a recording holds keys: the proof that masking worked, on the files themselves.

use core::time::Duration;
use std::path::Path;

use hound::{SampleFormat, WavReader};
use paytone_dtmf::{Criteria, Detector, Eavesdropper, SampleRate, ToneEvent};

/// What was found in a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings {
    /// Keys that a detector hears which takes 20 ms at -55 dBm0 for one.
    pub keys: usize,
    /// Remains of keys, too short for a detector, from which an eavesdropper could read which it was.
    pub remains: usize,
}

impl Findings {
    /// Whether nothing was found.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.keys == 0 && self.remains == 0
    }
}

/// Why a file could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// It does not exist, cannot be read, or is no WAV file.
    #[error("not a WAV file that can be read")]
    Unreadable,
    /// It is not 16-bit audio at 8, 16 or 48 kHz.
    #[error("not 16-bit audio at 8, 16 or 48 kHz")]
    Format,
}

/// Looks at every channel of a WAV file.
///
/// # Errors
/// [`ScanError`]: then nothing is known about it.
pub fn scan(file: &Path) -> Result<Findings, ScanError> {
    let mut wav = WavReader::open(file).map_err(|_| ScanError::Unreadable)?;
    let spec = wav.spec();
    let rate = match spec.sample_rate {
        8_000 => SampleRate::Hz8000,
        16_000 => SampleRate::Hz16000,
        48_000 => SampleRate::Hz48000,
        _ => return Err(ScanError::Format),
    };
    if spec.bits_per_sample != 16 || spec.sample_format != SampleFormat::Int {
        return Err(ScanError::Format);
    }
    let samples: Result<Vec<i16>, _> = wav.samples::<i16>().collect();
    let samples = samples.map_err(|_| ScanError::Unreadable)?;
    let channels = usize::from(spec.channels);
    let mut findings = Findings::default();
    for channel in 0..channels {
        let one: Vec<i16> = samples.iter().skip(channel).step_by(channels).copied().collect();
        let found = scan_audio(&one, rate);
        findings.keys += found.keys;
        findings.remains += found.remains;
    }
    Ok(findings)
}

/// Looks at one channel of audio.
#[must_use]
pub fn scan_audio(audio: &[i16], rate: SampleRate) -> Findings {
    Findings { keys: keys(audio, rate), remains: remains(audio, rate) }
}

fn keys(audio: &[i16], rate: SampleRate) -> usize {
    let keen = Criteria::new().with_min_level_dbm0(-55.0).with_min_duration(Duration::from_millis(20));
    let mut detector = Detector::with_criteria(rate, keen);
    detector.process(audio).filter(|event| matches!(event, ToneEvent::Start { .. })).count()
}

/// The eavesdropper at every place, as if a key had been pressed there: 20 ms at a time, and 10 ms for what is shorter.
fn remains(audio: &[i16], rate: SampleRate) -> usize {
    let eavesdropper = Eavesdropper::new(rate);
    let step = rate.hz() as usize / 200;
    let gives_away = |place: usize| {
        [(4 * step, TELLING), (2 * step, TELLING_OF_LESS)].into_iter().any(|(length, telling)| {
            let piece = &audio[place..audio.len().min(place + length)];
            piece.len() == length
                && eavesdropper.read(piece).is_some_and(|read| {
                    read.fit > telling && read.twist_db.abs() < MOST_TWIST_DB && read.level_dbm0 > AUDIBLE
                })
        })
    };
    let given_away: Vec<bool> = (0..audio.len()).step_by(step).map(gives_away).collect();
    // Places in a row are one.
    given_away.chunk_by(|one, next| one == next).filter(|run| run[0]).count()
}

/// The part of the power of 20 ms that the two tones of a key have to explain. In 25 minutes of recorded prompts, of seven
/// voices in three languages, no key explained more than 0.7 of any.
const TELLING: f32 = 0.85;
/// The same of 10 ms, of which no key explained more than 0.9.
const TELLING_OF_LESS: f32 = 0.95;
/// One tone alone is no key.
const MOST_TWIST_DB: f32 = 12.0;
/// Quieter than this the noise of G.711 itself is as loud.
const AUDIBLE: f32 = -50.0;

#[cfg(test)]
mod tests {
    use paytone_dtmf::{Generator, Key};

    use super::*;

    fn key(ms: usize, rate: SampleRate) -> Vec<i16> {
        let samples = ms * rate.hz() as usize / 1000;
        let pause = vec![0; rate.hz() as usize / 10];
        let tone = Generator::new(rate).key(Key::D5).take(samples);
        pause.iter().copied().chain(tone).chain(pause.iter().copied()).collect()
    }

    #[test]
    fn whole_keys_and_remains_of_keys_are_found_at_every_rate() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
            assert_eq!(scan_audio(&key(100, rate), rate).keys, 1, "{rate:?}");
            assert_eq!(scan_audio(&key(15, rate), rate), Findings { keys: 0, remains: 1 }, "{rate:?}");
            assert!(scan_audio(&key(0, rate), rate).is_clean());
        }
    }

    #[test]
    fn a_single_tone_is_no_key() {
        let tone = |hz: f64| {
            let sample = |at: u32| (f64::from(at) * hz / 8000.0 * core::f64::consts::TAU).sin() * 8000.0;
            (0..8000).map(|at| sample(at) as i16).collect::<Vec<_>>()
        };
        for hz in [310.0, 400.0, 470.0, 697.0, 1000.0, 1336.0] {
            assert!(scan_audio(&tone(hz), SampleRate::Hz8000).is_clean(), "{hz}");
        }
    }
}
