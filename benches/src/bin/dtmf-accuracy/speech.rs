//! Speech from Debian packages: recorded prompts, and licence texts read aloud. Made when asked for, never kept.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::codecs::{read_wav, run};

/// Where speech comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Corpus {
    /// Prompts of Asterisk, in a folder of this name.
    Prompts(&'static str),
    /// A text read by a voice of flite.
    Flite(&'static str),
    /// A text read by a voice of espeak-ng.
    Espeak(&'static str),
}

/// What there is of a corpus.
pub(crate) struct Recording {
    pub(crate) samples: Vec<i16>,
}

pub(crate) const CORPORA: [Corpus; 19] = [
    Corpus::Prompts("en_US_f_Allison"),
    Corpus::Prompts("es_MX_f_Allison"),
    Corpus::Prompts("fr_CA_f_June"),
    Corpus::Prompts("it_IT_m_Carlo"),
    Corpus::Prompts("ru_RU_f_IvrvoiceRU"),
    Corpus::Flite("kal"),
    Corpus::Flite("awb"),
    Corpus::Flite("rms"),
    Corpus::Flite("slt"),
    Corpus::Espeak("en-us"),
    Corpus::Espeak("en-gb"),
    Corpus::Espeak("de"),
    Corpus::Espeak("fr"),
    Corpus::Espeak("es"),
    Corpus::Espeak("it"),
    Corpus::Espeak("pl"),
    Corpus::Espeak("sv"),
    Corpus::Espeak("ru"),
    Corpus::Espeak("ja"),
];

const PROMPTS: &str = "/usr/share/asterisk/sounds";
/// On every Debian machine, and long.
const TEXT: &str = "/usr/share/common-licenses/GPL-3";
/// Characters that are read in a quick run: about two minutes.
const QUICK_TEXT: usize = 1800;
/// And by flite, which takes its time: about a quarter of an hour.
const FLITE_TEXT: usize = 14_000;

impl Corpus {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Prompts(folder) => format!("recorded prompts, {folder}"),
            Self::Flite(voice) => format!("flite, {voice}"),
            Self::Espeak(voice) => format!("espeak-ng, {voice}"),
        }
    }

    /// Loads or makes it; `None` when what it needs is not installed.
    pub(crate) fn recording(self, quick: bool) -> Option<Recording> {
        let samples = match self {
            Self::Prompts(folder) => prompts(&Path::new(PROMPTS).join(folder), quick)?,
            Self::Flite(voice) => {
                read_aloud(quick, FLITE_TEXT, &["flite", "-voice", voice, "-f", "text", "-o", "aloud.wav"])?
            }
            Self::Espeak(voice) => {
                read_aloud(quick, usize::MAX, &["espeak-ng", "-v", voice, "-f", "text", "-w", "aloud.wav"])?
            }
        };
        Some(Recording { samples: levelled(&samples) })
    }
}

/// The prompts of a speaker, one after the other; every tenth in a quick run.
fn prompts(folder: &Path, quick: bool) -> Option<Vec<i16>> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let samples: Vec<i16> = files
        .iter()
        .step_by(if quick { 10 } else { 1 })
        .filter_map(|file| read_wav(file))
        .flatten()
        .collect();
    (!samples.is_empty()).then_some(samples)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // Sounds of the apparatus hold real keys.
        if path.is_dir() && path.file_name() != Some(OsStr::new("ha")) {
            collect(&path, files);
        } else if path.extension() == Some(OsStr::new("wav")) {
            files.push(path);
        }
    }
}

fn read_aloud(quick: bool, most: usize, command: &[&str]) -> Option<Vec<i16>> {
    let text = fs::read_to_string(TEXT).ok()?;
    let text = text.get(..if quick { QUICK_TEXT } else { most }).unwrap_or(&text);
    let folder = tempfile::tempdir().ok()?;
    fs::write(folder.path().join("text"), text).ok()?;
    run(folder.path(), command)?;
    let to_8_khz = ["sox", "aloud.wav", "-r", "8000", "-c", "1", "-b", "16", "out.wav", "gain", "-h", "-3"];
    run(folder.path(), &to_8_khz)?;
    read_wav(&folder.path().join("out.wav"))
}

/// Speech at an active level of -22 dBov: silences do not count.
fn levelled(samples: &[i16]) -> Vec<i16> {
    let power = |frame: &[i16]| frame.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / frame.len() as f64;
    let active: Vec<f64> = samples.chunks(160).map(power).filter(|&power| power > 10_000.0).collect();
    let rms = (active.iter().sum::<f64>() / active.len().max(1) as f64).sqrt().max(1.0);
    let gain = 32_768.0 * 10f64.powf(-22.0 / 20.0) / rms;
    samples.iter().map(|&sample| (f64::from(sample) * gain) as i16).collect()
}
