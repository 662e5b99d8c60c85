//! The commands a caller can always give, and the keys for them.

use paytone_dtmf::Key;

use crate::Prompt;

/// A command of the caller, from the menu that the clear key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallerCommand {
    Operator,
    Repeat,
    Language,
    Help,
    Cancel,
    /// Go back to the field, its entry cleared.
    Back,
}

/// One key, one meaning: what is heard as a command and spoken as help is this table.
pub(crate) const KEY_MAP: [(Key, CallerCommand, Prompt); 6] = [
    (Key::D0, CallerCommand::Operator, Prompt::HelpOperator),
    (Key::D1, CallerCommand::Repeat, Prompt::HelpRepeat),
    (Key::D2, CallerCommand::Language, Prompt::HelpLanguage),
    (Key::D3, CallerCommand::Help, Prompt::HelpHelp),
    (Key::D9, CallerCommand::Cancel, Prompt::HelpCancel),
    (Key::Star, CallerCommand::Back, Prompt::HelpBack),
];

/// The key that stands for the operator wherever digits are no data too: in questions, and alone where a card
/// number is asked for, since none begins with it.
pub(crate) const OPERATOR: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_meaning() {
        for (place, (key, command, help)) in KEY_MAP.iter().enumerate() {
            for (other, meaning, words) in &KEY_MAP[..place] {
                assert!(key != other && command != meaning && help != words, "{command:?}");
            }
        }
        assert_eq!(KEY_MAP[0].0.digit(), Some(OPERATOR));
    }
}
