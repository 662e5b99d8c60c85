//! Which clips are in what a caller heard.

use ivr_payment_service::speech::Voice;
use paytone_call::Clips;
use paytone_dialog::Language;
use paytone_dialog::phrase::Phrasebook;

/// Recognises clips in audio, whatever G.711 has done to them.
pub(crate) struct Ear(Voice);

impl Ear {
    /// An ear that knows the built-in voices.
    pub(crate) fn new() -> Self {
        Self(Voice::load(None, Phrasebook::new()).unwrap())
    }

    /// Whether the loudest tenth of a second of the clip is somewhere in the audio.
    pub(crate) fn hears(&self, audio: &[i16], language: Language, name: &str) -> bool {
        self.finds(audio, language, name).is_some()
    }

    /// Where the first of these tenths of a second ends, in samples.
    pub(crate) fn finds(&self, audio: &[i16], language: Language, name: &str) -> Option<usize> {
        let clip = self.0.clip(language, name).unwrap();
        let energy = |samples: &[i16]| samples.iter().map(|sample| i64::from(*sample).pow(2)).sum::<i64>();
        let loudest = clip.chunks_exact(TENTH).max_by_key(|samples| energy(samples)).unwrap();
        let wanted = energy(loudest);
        let last = audio.len().saturating_sub(TENTH);
        // A first look at every other place, by every sixteenth sample: almost everything is told apart by that.
        let found = (1..last).step_by(2).find(|place| {
            let place = *place;
            4 * product(&audio[place..], loudest, 16) > wanted / 16
                && (place - 1..place + 1).any(|place| {
                    let heard = &audio[place..place + TENTH];
                    let alike = product(heard, loudest, 1) as f64;
                    alike > ALIKE * (energy(heard) as f64 * wanted as f64).sqrt()
                })
        });
        found.map(|place| place + TENTH)
    }
}

fn product(one: &[i16], other: &[i16], step: usize) -> i64 {
    let mut sum = 0;
    let mut place = 0;
    while place < TENTH {
        sum += i64::from(one[place]) * i64::from(other[place]);
        place += step;
    }
    sum
}

/// A tenth of a second, in samples.
const TENTH: usize = 800;
/// The least correlation, of 1, that is the same sound.
const ALIKE: f64 = 0.98;
