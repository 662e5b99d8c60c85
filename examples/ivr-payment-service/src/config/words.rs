//! Other words for prompts, as they are written in TOML.

use paytone_card::Brand;
use paytone_dialog::phrase::Wording;
use paytone_dialog::{Language, Mode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Reads `[[prompts.wordings]]`.
pub(super) fn wordings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Wording>, D::Error> {
    let tables = Vec::<WordingTable>::deserialize(deserializer)?;
    tables.into_iter().map(|table| table.wording().map_err(D::Error::custom)).collect()
}

/// A clip in place of a prompt's own, and when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordingTable {
    prompt: String,
    clip: String,
    language: Option<String>,
    attempts: Option<(u8, u8)>,
    #[serde(default)]
    last_attempt: bool,
    after: Option<String>,
    brand: Option<String>,
    mode: Option<ModeName>,
    outcome: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModeName {
    Automatic,
    Directed,
}

impl WordingTable {
    fn wording(&self) -> Result<Wording, &'static str> {
        let mut wording = Wording::new(&self.prompt, &self.clip);
        if let Some(tag) = &self.language {
            wording = wording.language(tag.parse::<Language>().map_err(|_| "a language is en or ja")?);
        }
        if let Some((first, last)) = self.attempts {
            wording = wording.attempts(first, last);
        }
        if self.last_attempt {
            wording = wording.last_attempt();
        }
        if let Some(prompt) = &self.after {
            wording = wording.after(prompt);
        }
        if let Some(name) = &self.brand {
            wording = wording.brand(Brand::from_name(name).ok_or("there is no such brand")?);
        }
        if let Some(mode) = &self.mode {
            wording = wording.mode(match mode {
                ModeName::Automatic => Mode::Automatic,
                ModeName::Directed => Mode::Directed,
            });
        }
        if let Some(outcome) = &self.outcome {
            wording = wording.outcome(outcome);
        }
        Ok(wording)
    }
}
