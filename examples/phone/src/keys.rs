//! What the caller presses, as a line of text.

use core::fmt;
use core::time::Duration;

use paytone_dtmf::Key;
use thiserror::Error;

/// Keys and pauses, read from text such as `4111111111111111#,1230#~123`.
///
/// | text | means |
/// |---|---|
/// | `0`-`9` `*` `#` `A`-`D` | press that key |
/// | `,` | pause 500 ms |
/// | `~` | listen: wait until the other side has spoken and fallen silent, 20 s at most |
/// | space | nothing |
///
/// `Debug` shows how many there are, not which.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    steps: Vec<KeyStep>,
}

/// One character of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyStep {
    Press(Key),
    Pause(Duration),
    Listen(Duration),
}

/// Why a text is not a list of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidKeys {
    /// One of its characters has no meaning.
    #[error("character {position} is not a key, a pause or a listen mark")]
    Character {
        /// Which one, counted from 1.
        position: usize,
    },
    /// There are more than 500.
    #[error("more than 500 keys")]
    TooMany,
}

impl Keys {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// [`InvalidKeys`] when a character has no meaning or there are more than 500 of them.
    pub fn parse(text: &str) -> Result<Self, InvalidKeys> {
        let mut steps = Vec::new();
        for (index, character) in text.chars().enumerate() {
            if index >= MAX_STEPS {
                return Err(InvalidKeys::TooMany);
            }
            match character {
                ' ' => {}
                ',' => steps.push(KeyStep::Pause(PAUSE)),
                '~' => steps.push(KeyStep::Listen(LISTEN_LIMIT)),
                other => {
                    let key = Key::from_char(other).ok_or(InvalidKeys::Character { position: index + 1 })?;
                    steps.push(KeyStep::Press(key));
                }
            }
        }
        Ok(Self { steps })
    }

    /// How many keys are pressed; pauses do not count.
    #[must_use]
    pub fn presses(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step, KeyStep::Press(_))).count()
    }

    pub(crate) fn steps(&self) -> &[KeyStep] {
        &self.steps
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("presses", &self.presses()).finish_non_exhaustive()
    }
}

const PAUSE: Duration = Duration::from_millis(500);
const LISTEN_LIMIT: Duration = Duration::from_secs(20);
const MAX_STEPS: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_has_its_meaning() {
        let keys = Keys::parse("1*# ,~d").unwrap();
        let expected = [
            KeyStep::Press(Key::D1),
            KeyStep::Press(Key::Star),
            KeyStep::Press(Key::Pound),
            KeyStep::Pause(PAUSE),
            KeyStep::Listen(LISTEN_LIMIT),
            KeyStep::Press(Key::D),
        ];
        assert!(keys.steps() == expected);
        assert_eq!(keys.presses(), 4);
    }

    #[test]
    fn what_has_no_meaning_is_named_by_its_place() {
        assert_eq!(Keys::parse("12x4"), Err(InvalidKeys::Character { position: 3 }));
        assert_eq!(Keys::parse(&"1".repeat(501)), Err(InvalidKeys::TooMany));
        assert_eq!(Keys::parse(&"1".repeat(500)).map(|keys| keys.presses()), Ok(500));
    }

    #[test]
    fn debug_shows_a_count_only() {
        let shown = format!("{:?}", Keys::parse("4111111111111111#").unwrap());
        assert_eq!(shown, "Keys { presses: 17, .. }");
    }
}
