//! The switchboard's own recorder: how it is told to pause while a card is taken.

use core::time::Duration;

use serde::Deserialize;

/// How the recorder of a line is told to pause and to go on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RecorderTable")]
pub struct RecorderConfig {
    /// Who is told.
    pub hook: RecorderHook,
    /// How long it may take to answer.
    pub patience: Duration,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecorderHook {
    /// A program and its first arguments.
    Command(Vec<String>),
    /// An address: https, or http on this machine.
    Url(String),
}

/// As it is written in TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecorderTable {
    command: Option<Vec<String>>,
    url: Option<String>,
    #[serde(rename = "patience_s", default = "usual", deserialize_with = "super::seconds")]
    patience: Duration,
}

impl TryFrom<RecorderTable> for RecorderConfig {
    type Error = &'static str;

    fn try_from(table: RecorderTable) -> Result<Self, Self::Error> {
        if table.patience > LONGEST {
            return Err("a recorder's patience_s is at most 4");
        }
        let hook = match (table.command, table.url) {
            (Some(command), None) if command.first().is_some_and(|program| !program.is_empty()) => {
                RecorderHook::Command(command)
            }
            (None, Some(url)) if crate::webhook::check_address(&url).is_ok() => RecorderHook::Url(url),
            (None, Some(_)) => return Err("a recorder's url is https, or http on this machine"),
            _ => return Err("a recorder has a command with its arguments, or a url"),
        };
        Ok(Self { hook, patience: table.patience })
    }
}

const fn usual() -> Duration {
    Duration::from_secs(3)
}

/// The dialog waits five seconds for secure mode.
const LONGEST: Duration = Duration::from_secs(4);
