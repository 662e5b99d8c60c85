//! Recordings of calls: where they are kept, and what is in them.

use std::path::PathBuf;

use paytone_call::{Recording, SecureSpeech};
use paytone_dtmf::Fill;
use serde::Deserialize;

/// Recordings of calls. Without a folder there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordingConfig {
    /// Where they are kept, a file for each call.
    pub directory: Option<PathBuf>,
    /// What is recorded in place of a key, and of the caller while the card is taken.
    pub fill: RecordedInstead,
    /// The caller's voice is recorded while the card is taken.
    pub caller_speech: bool,
}

/// What is recorded in place of what must not be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedInstead {
    /// Nothing.
    #[default]
    Silence,
    /// A quiet tone, the same for every key.
    FlatTone,
}

impl RecordingConfig {
    /// How a call is recorded, if it is.
    #[must_use]
    pub fn of_a_call(&self) -> Option<Recording> {
        self.directory.as_ref().map(|_| Recording {
            fill: match self.fill {
                RecordedInstead::Silence => Fill::Silence,
                RecordedInstead::FlatTone => Fill::FlatTone,
            },
            speech: if self.caller_speech { SecureSpeech::Heard } else { SecureSpeech::Cut },
        })
    }
}
