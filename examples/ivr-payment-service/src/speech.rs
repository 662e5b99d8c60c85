//! The voices: built-in clips for each language, and a folder whose WAV files replace them one by one.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::Path;

use include_dir::{Dir, include_dir};
use paytone_call::{Clip, Clips};
use paytone_dialog::Language;
use paytone_dialog::phrase::Phrasebook;

/// The clips that come with the service, a folder for each language.
static EN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/clips/en");
static JA: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/clips/ja");

/// Every clip, decoded, by language and name, and which of them are spoken when.
#[derive(Debug)]
pub struct Voice {
    clips: HashMap<Language, HashMap<String, Clip>>,
    phrasebook: Phrasebook,
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
    #[error("prompt {name}: no such clip in {language}")]
    Missing {
        /// The clip's name.
        name: String,
        /// The language it is missing in.
        language: Language,
    },
}

impl Voice {
    /// The built-in voices, with the clips of `folder` in place of those of the same name: `folder/ja/yen.wav` in
    /// Japanese, `folder/yen.wav` in every language that has none of its own there.
    ///
    /// # Errors
    /// [`VoiceError`]: a clip that is unusable or missing is found here, not in a call.
    pub fn load(folder: Option<&Path>, phrasebook: Phrasebook) -> Result<Self, VoiceError> {
        let mut voice = Self { clips: HashMap::new(), phrasebook };
        for language in Language::ALL {
            let clips = voice.clips.entry(*language).or_default();
            for file in built_in(*language).into_iter().flat_map(Dir::files) {
                insert(clips, file.path(), Cursor::new(file.contents()))?;
            }
            if let Some(folder) = folder {
                replace(clips, folder)?;
                let own = folder.join(language.code());
                if own.is_dir() {
                    replace(clips, &own)?;
                }
            }
            voice.check(*language)?;
        }
        Ok(voice)
    }

    /// Checks that a clip of this name exists.
    ///
    /// # Errors
    /// [`VoiceError::Missing`] where it does not.
    pub fn require(&self, language: Language, name: &str) -> Result<(), VoiceError> {
        let is_there = self.clips.get(&language).is_some_and(|clips| clips.contains_key(name));
        is_there.then_some(()).ok_or_else(|| VoiceError::Missing { name: name.to_owned(), language })
    }

    fn check(&self, language: Language) -> Result<(), VoiceError> {
        self.phrasebook.needs(language).into_iter().try_for_each(|name| self.require(language, name))
    }
}

impl Clips for Voice {
    fn clip(&self, language: Language, name: &str) -> Option<Clip> {
        self.clips.get(&language)?.get(name).cloned()
    }

    fn phrasebook(&self) -> &Phrasebook {
        &self.phrasebook
    }
}

const fn built_in(language: Language) -> Option<&'static Dir<'static>> {
    match language {
        Language::En => Some(&EN),
        Language::Ja => Some(&JA),
        _ => None,
    }
}

fn replace(clips: &mut HashMap<String, Clip>, folder: &Path) -> Result<(), VoiceError> {
    for entry in std::fs::read_dir(folder).map_err(|_| VoiceError::Folder)? {
        let path = entry.map_err(|_| VoiceError::Folder)?.path();
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wav")) {
            insert(clips, &path, std::fs::File::open(&path).map_err(|_| VoiceError::Folder)?)?;
        }
    }
    Ok(())
}

fn insert(clips: &mut HashMap<String, Clip>, path: &Path, wav: impl Read) -> Result<(), VoiceError> {
    let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { return Ok(()) };
    let clip = read(wav).ok_or_else(|| VoiceError::NotAClip { name: name.to_owned() })?;
    clips.insert(name.to_owned(), clip);
    Ok(())
}

fn read(wav: impl Read) -> Option<Clip> {
    let reader = hound::WavReader::new(wav).ok()?;
    let spec = reader.spec();
    let telephone = spec.channels == 1
        && spec.bits_per_sample == 16
        && spec.sample_rate == 8000
        && spec.sample_format == hound::SampleFormat::Int;
    if !telephone || reader.len() == 0 {
        return None;
    }
    // The samples all at once: one by one takes seconds for a whole voice in a build for tests.
    let length = 2 * u64::from(reader.len());
    let mut bytes = Vec::new();
    reader.into_inner().take(length).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == length).then_some(())?;
    Some(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

#[cfg(test)]
mod tests {
    use paytone_dialog::phrase;

    use super::*;

    fn built_in_voice() -> Voice {
        Voice::load(None, Phrasebook::new()).unwrap()
    }

    #[test]
    fn the_built_in_voices_have_every_clip_and_no_other() {
        let voice = built_in_voice();
        for language in Language::ALL {
            let clips = &voice.clips[language];
            let named: Vec<_> = phrase::catalog(*language).iter().map(phrase::Recording::name).collect();
            let strangers: Vec<_> = clips.keys().filter(|name| !named.contains(&name.as_str())).collect();
            assert!(strangers.is_empty(), "{language} clips nothing speaks: {strangers:?}");
            let missing: Vec<_> = named.iter().filter(|name| !clips.contains_key(**name)).collect();
            assert!(missing.is_empty(), "{language} clips that are not there: {missing:?}");
            let lengths = clips.values().map(|clip| clip.len());
            assert!(lengths.min() >= Some(800), "0.1 s at least");
            assert!(clips.values().map(|clip| clip.len()).max() < Some(120_000), "15 s at most");
        }
    }

    #[test]
    fn a_folder_replaces_clips_one_by_one_and_is_checked_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, sample_rate: u32, value: i16| {
            let spec = hound::WavSpec {
                channels: 1,
                sample_rate,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let mut wav = hound::WavWriter::create(folder.path().join(name), spec).unwrap();
            (0..10).for_each(|_| wav.write_sample(value).unwrap());
            wav.finalize().unwrap();
        };
        let load = || Voice::load(Some(folder.path()), Phrasebook::new());
        std::fs::create_dir(folder.path().join("ja")).unwrap();
        write("yen.wav", 8000, 7);
        write("ja/yen.wav", 8000, 8);
        write("won.wav", 8000, 9);
        let voice = load().unwrap();
        let heard = |language, name: &str| voice.clip(language, name).unwrap().to_vec();
        assert_eq!(heard(Language::En, "yen"), [7; 10]);
        assert_eq!(heard(Language::Ja, "yen"), [8; 10], "a language's own folder counts more");
        assert_eq!(heard(Language::Ja, "won"), [9; 10]);
        assert!(heard(Language::Ja, "welcome").len() > 10, "the others stay");

        write("ja/dollar.wav", 16_000, 1);
        assert_eq!(load().unwrap_err(), VoiceError::NotAClip { name: "dollar".to_owned() });
        let nowhere = Voice::load(Some(Path::new("/nowhere")), Phrasebook::new());
        assert_eq!(nowhere.unwrap_err(), VoiceError::Folder);
    }

    #[test]
    fn words_of_ones_own_need_their_clip_in_their_languages() {
        let own = phrase::Wording::new("goodbye", "goodbye-own").language(Language::Ja);
        let missing = Voice::load(None, Phrasebook::with(vec![own]).unwrap()).unwrap_err();
        let name = "goodbye-own".to_owned();
        assert_eq!(missing, VoiceError::Missing { name, language: Language::Ja });
    }
}
