//! The voice: built-in clips, and a folder whose WAV files replace them one by one.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use paytone_call::{Clip, Clips};
use paytone_dialog::{Language, phrase};

/// The English clips that come with the service.
static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/clips/en");

/// Every clip, decoded, by name.
#[derive(Debug)]
pub struct Voice {
    clips: HashMap<String, Clip>,
}

/// Why a voice cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceError {
    /// The folder cannot be read.
    #[error("the prompts folder cannot be read")]
    Folder,
    /// A file is not what a clip has to be.
    #[error("prompt {name}: not a WAV file with one channel, 16 bits and 8000 samples a second")]
    NotAClip {
        /// The file's name without `.wav`.
        name: String,
    },
    /// The phrases need a clip that is nowhere.
    #[error("prompt {name}: no such clip")]
    Missing {
        /// The clip's name.
        name: String,
    },
}

impl Voice {
    /// The built-in voice, with the clips of `folder` in place of those of the same name.
    ///
    /// # Errors
    /// [`VoiceError`]: a clip that is unusable or missing is found here, not in a call.
    pub fn load(folder: Option<&Path>) -> Result<Self, VoiceError> {
        let mut clips = HashMap::new();
        for file in BUILT_IN.files() {
            insert(&mut clips, file.path(), Cursor::new(file.contents()))?;
        }
        if let Some(folder) = folder {
            for entry in std::fs::read_dir(folder).map_err(|_| VoiceError::Folder)? {
                let path = entry.map_err(|_| VoiceError::Folder)?.path();
                if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wav")) {
                    insert(&mut clips, &path, std::fs::File::open(&path).map_err(|_| VoiceError::Folder)?)?;
                }
            }
        }
        let voice = Self { clips };
        voice.check()?;
        Ok(voice)
    }

    /// Whether a clip of this name exists.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.clips.contains_key(name)
    }

    fn check(&self) -> Result<(), VoiceError> {
        let missing = phrase::catalog(Language::En).iter().find(|recording| !self.has(recording.name()));
        missing.map_or(Ok(()), |recording| Err(VoiceError::Missing { name: recording.name().to_owned() }))
    }
}

impl Clips for Voice {
    fn clip(&self, name: &str) -> Option<Clip> {
        self.clips.get(name).cloned()
    }
}

fn insert(clips: &mut HashMap<String, Clip>, path: &Path, wav: impl Read) -> Result<(), VoiceError> {
    let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { return Ok(()) };
    if path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("wav")) {
        return Ok(());
    }
    let clip = read(wav).ok_or_else(|| VoiceError::NotAClip { name: name.to_owned() })?;
    clips.insert(name.to_owned(), clip);
    Ok(())
}

fn read(wav: impl Read) -> Option<Clip> {
    let mut reader = hound::WavReader::new(wav).ok()?;
    let spec = reader.spec();
    let telephone = spec.channels == 1
        && spec.bits_per_sample == 16
        && spec.sample_rate == 8000
        && spec.sample_format == hound::SampleFormat::Int;
    let samples = telephone.then(|| reader.samples::<i16>().collect::<Result<Vec<_>, _>>())?.ok()?;
    (!samples.is_empty()).then(|| Arc::from(samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_voice_has_every_clip_and_no_other() {
        let voice = Voice::load(None).unwrap();
        let named: Vec<_> = phrase::catalog(Language::En).iter().map(phrase::Recording::name).collect();
        let strangers: Vec<_> = voice.clips.keys().filter(|name| !named.contains(&name.as_str())).collect();
        assert!(strangers.is_empty(), "clips nothing speaks: {strangers:?}");
        assert!(voice.clips.values().all(|clip| (800..80_000).contains(&clip.len())), "0.1 to 10 s each");
    }

    #[test]
    fn a_folder_replaces_clips_one_by_one_and_is_checked_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, sample_rate: u32| {
            let spec = hound::WavSpec {
                channels: 1,
                sample_rate,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let mut wav = hound::WavWriter::create(folder.path().join(name), spec).unwrap();
            (0..10).for_each(|_| wav.write_sample(7_i16).unwrap());
            wav.finalize().unwrap();
        };
        write("yen.wav", 8000);
        let voice = Voice::load(Some(folder.path())).unwrap();
        assert_eq!(voice.clip("yen").unwrap().as_ref(), [7; 10]);
        assert!(voice.clip("welcome").unwrap().len() > 10, "the others stay");

        write("won.wav", 16_000);
        let refused = Voice::load(Some(folder.path())).unwrap_err();
        assert_eq!(refused, VoiceError::NotAClip { name: "won".to_owned() });
        assert_eq!(Voice::load(Some(Path::new("/nowhere"))).unwrap_err(), VoiceError::Folder);
    }

    /// What the caller hears must never be taken for keys.
    #[test]
    fn no_clip_presses_a_key() {
        use paytone_dtmf::{Detector, SampleRate, ToneEvent};
        for (name, clip) in Voice::load(None).unwrap().clips {
            let mut detector = Detector::new(SampleRate::Hz8000);
            let pressed = detector.process(&clip).any(|event| matches!(event, ToneEvent::Start { .. }));
            assert!(!pressed, "{name}");
        }
    }
}
