use alloc::vec;
use alloc::vec::Vec;

use paytone_card::PanPolicy;
use paytone_dtmf::Key;

use crate::{Language, OrderRefusal, OrderSummary, Timeouts};

/// What a dialog does: where it starts, which cards it takes, how patient it is.
///
/// ```
/// use paytone_dialog::{Entry, Script};
///
/// let script = Script::builder(Entry::AskOrderCode).no_match(2).build()?;
/// assert_eq!(script.no_match(), 2);
/// # Ok::<(), paytone_dialog::InvalidScript>(())
/// ```
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) entry: Entry,
    /// The first is spoken unless an order or the caller says otherwise.
    pub(crate) languages: Vec<Language>,
    pub(crate) pan_policy: PanPolicy,
    pub(crate) no_input: u8,
    pub(crate) no_match: u8,
    pub(crate) authorizations: u8,
    pub(crate) timeouts: Timeouts,
    pub(crate) terminator: Key,
    pub(crate) clear: Key,
}

/// How a dialog begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// The caller keys an order code.
    AskOrderCode,
    /// The order is known from the number dialled or the line.
    Order(OrderSummary),
    /// The number dialled names an order that cannot be paid.
    Refused(OrderRefusal),
}

impl Script {
    /// A script with the usual settings: three tries each for silence and for mistakes, three
    /// authorisations in a call, `#` to end an entry, `*` to clear it.
    pub fn builder(entry: Entry) -> ScriptBuilder {
        ScriptBuilder(Self {
            entry,
            languages: vec![Language::default()],
            pan_policy: PanPolicy::default(),
            no_input: 3,
            no_match: 3,
            authorizations: 3,
            timeouts: Timeouts::default(),
            terminator: Key::Pound,
            clear: Key::Star,
        })
    }

    /// The languages that can be spoken, at least one, the first one first.
    #[must_use]
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// The language of the order that is known from the start, where it can be spoken; else the first.
    pub(crate) fn first_language(&self) -> Language {
        let order = match &self.entry {
            Entry::Order(order) => order.language(),
            _ => None,
        };
        let spoken = |language: &Language| self.languages.contains(language);
        order.filter(spoken).or(self.languages.first().copied()).unwrap_or_default()
    }

    /// How many silences at one field end the dialog.
    #[must_use]
    pub const fn no_input(&self) -> u8 {
        self.no_input
    }

    /// How many wrong entries in one field end the dialog.
    #[must_use]
    pub const fn no_match(&self) -> u8 {
        self.no_match
    }

    /// How many times the provider is asked at most.
    #[must_use]
    pub const fn authorizations(&self) -> u8 {
        self.authorizations
    }

    /// The waits.
    #[must_use]
    pub const fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }
}

/// Sets up a [`Script`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ScriptBuilder(Script);

impl ScriptBuilder {
    /// The languages that can be spoken. The dialog begins in the first one, or in the order's own; the caller can
    /// change to any of them. English alone by default.
    pub fn languages(mut self, languages: &[Language]) -> Self {
        self.0.languages = languages.to_vec();
        self
    }

    /// Which card numbers are taken; by default all payable brands, with Luhn's check.
    pub fn pan_policy(mut self, policy: PanPolicy) -> Self {
        self.0.pan_policy = policy;
        self
    }

    /// Silences at one field that end the dialog, counted as total tries: 1 to 10.
    pub const fn no_input(mut self, tries: u8) -> Self {
        self.0.no_input = tries;
        self
    }

    /// Wrong entries in one field that end the dialog, counted as total tries: 1 to 10.
    pub const fn no_match(mut self, tries: u8) -> Self {
        self.0.no_match = tries;
        self
    }

    /// Times the provider is asked at most: 1 to 10.
    pub const fn authorizations(mut self, times: u8) -> Self {
        self.0.authorizations = times;
        self
    }

    /// The waits.
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.0.timeouts = timeouts;
        self
    }

    /// The key that ends an entry, not a digit.
    pub const fn terminator(mut self, key: Key) -> Self {
        self.0.terminator = key;
        self
    }

    /// The key that clears an entry, not a digit.
    pub const fn clear(mut self, key: Key) -> Self {
        self.0.clear = key;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`InvalidScript`] names the setting that is out of range.
    pub fn build(self) -> Result<Script, InvalidScript> {
        let script = self.0;
        let tries = [script.no_input, script.no_match, script.authorizations];
        if !tries.iter().all(|tries| (1..=10).contains(tries)) {
            return Err(InvalidScript::Tries);
        }
        if !are_different(&script.languages) {
            return Err(InvalidScript::Languages);
        }
        if !script.timeouts.are_sane() {
            return Err(InvalidScript::Timeout);
        }
        let is_digit = |key: Key| key.digit().is_some();
        if script.terminator == script.clear || is_digit(script.terminator) || is_digit(script.clear) {
            return Err(InvalidScript::Keys);
        }
        Ok(script)
    }
}

fn are_different(languages: &[Language]) -> bool {
    let is_new = |(place, language)| !languages[..place].contains(language);
    !languages.is_empty() && languages.iter().enumerate().all(is_new)
}

/// Why settings are not a [`Script`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScript {
    /// A number of tries out of range.
    #[error("tries and authorisations are 1 to 10")]
    Tries,
    /// No language, or the same one twice.
    #[error("a script has at least one language, and none of them twice")]
    Languages,
    /// A wait out of range.
    #[error("waits are a millisecond to a day")]
    Timeout,
    /// The command keys are the same, or are digits.
    #[error("the terminator and the clear key are two different keys that are not digits")]
    Keys,
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn builder() -> ScriptBuilder {
        Script::builder(Entry::AskOrderCode)
    }

    #[test]
    fn refuses_what_would_never_end_or_never_begin() {
        assert_eq!(builder().no_input(0).build().unwrap_err(), InvalidScript::Tries);
        assert_eq!(builder().authorizations(11).build().unwrap_err(), InvalidScript::Tries);
        let waits = Timeouts { still_working: Duration::ZERO, ..Timeouts::default() };
        assert_eq!(builder().timeouts(waits).build().unwrap_err(), InvalidScript::Timeout);
        assert_eq!(builder().clear(Key::Pound).build().unwrap_err(), InvalidScript::Keys);
        assert_eq!(builder().languages(&[]).build().unwrap_err(), InvalidScript::Languages);
        let twice = [Language::Ja, Language::En, Language::Ja];
        assert_eq!(builder().languages(&twice).build().unwrap_err(), InvalidScript::Languages);
        assert_eq!(builder().clear(Key::D0).build().unwrap_err(), InvalidScript::Keys);
    }

    #[test]
    fn takes_the_usual_settings() {
        assert!(builder().build().is_ok());
    }
}
