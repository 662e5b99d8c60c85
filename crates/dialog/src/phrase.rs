//! Prompts as something to hear or read: names of audio clips, or text.
//!
//! A clip is named, not loaded: whoever plays it finds the audio, so that a folder of recordings can replace
//! another. [`catalog`] lists every clip a language needs with the words in it.
//!
//! ```
//! use paytone_dialog::phrase::{self, Language};
//! use paytone_dialog::{MerchantName, OrderSummary, Prompt};
//! use paytone_psp::{Currency, Money};
//!
//! let order = OrderSummary::new(MerchantName::default(), Money::new(1234, Currency::USD));
//! let prompt = Prompt::OrderSummary(order);
//! assert_eq!(
//!     phrase::text(&prompt, Language::En),
//!     "Paytone Demo Shop. The amount to pay is twelve dollars and thirty four cents."
//! );
//! let clips = phrase::clips(&prompt, Language::Ja);
//! let names: Vec<_> = clips.iter().map(|clip| clip.name()).collect();
//! let amount = ["number-10", "number-2", "dollar", "number-30", "number-4", "cent"];
//! assert_eq!(names, [&["merchant", "the-amount-is"][..], &amount, &["the-amount-is-end"]].concat());
//! ```
//!
//! A [`Phrasebook`] chooses other words by [`Situation`]: the attempt, the error before it, the card's brand, the
//! language, the mode, the outcome.
//!
//! A new prompt needs: its variant and name in [`Prompt`], a place in [`samples`], and its words in the catalog of each
//! language. `PROMPTS.md` shows them all; the `catalog` example prints it.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::Prompt;

mod catalog;
mod english;
mod japanese;
mod language;
mod phrasebook;
mod samples;
mod sentence;
mod situation;
mod value;
mod wording;

use self::sentence::Sentence;

pub use self::language::{Language, UnknownLanguage};
pub use self::phrasebook::{InvalidWording, Phrasebook};
pub use self::samples::{outcomes, samples};
pub use self::situation::Situation;
pub use self::value::Value;
pub use self::wording::Wording;

/// The name of an audio clip, in kebab case: a file name without folder and ending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Clip(Cow<'static, str>);

impl Clip {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    const fn built_in(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    fn named(name: &str) -> Self {
        Self(Cow::Owned(name.to_owned()))
    }
}

impl fmt::Display for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The clips that speak a prompt in its usual words, one after the other; at least one.
#[must_use]
pub fn clips(prompt: &Prompt, language: Language) -> Vec<Clip> {
    Sentence::of(prompt, language).clips()
}

/// What a prompt says in its usual words, as one line of text.
#[must_use]
pub fn text(prompt: &Prompt, language: Language) -> String {
    Sentence::of(prompt, language).text()
}

/// How a prompt sounds in its usual words: in Japanese the katakana of its words, in English the words.
#[must_use]
pub fn reading(prompt: &Prompt, language: Language) -> String {
    Sentence::of(prompt, language).reading()
}

/// Every clip a language needs, with the words in it. The clip [`merchant`](crate::MerchantName) is in it;
/// clips that a merchant names for itself are not.
#[must_use]
pub const fn catalog(language: Language) -> &'static [Recording] {
    catalog::of(language)
}

/// A clip and its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    name: &'static str,
    text: &'static str,
    reading: &'static str,
}

impl Recording {
    /// The clip's name, in kebab case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The words in the clip.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// How the words sound: Japanese in katakana, with `ー` for long vowels; English as they are written.
    #[must_use]
    pub const fn reading(&self) -> &'static str {
        self.reading
    }
}

fn find(name: &str, language: Language) -> Option<&'static Recording> {
    catalog(language).iter().find(|clip| clip.name == name)
}

fn text_of(names: &[&str], language: Language) -> String {
    join(names, language, Recording::text)
}

fn reading_of(names: &[&str], language: Language) -> String {
    join(names, language, Recording::reading)
}

fn join(names: &[&str], language: Language, words: impl Fn(&Recording) -> &'static str) -> String {
    let words: Vec<_> = names.iter().filter_map(|name| find(name, language)).map(words).collect();
    words.join(match language {
        Language::En => " ",
        Language::Ja => "",
    })
}

#[cfg(test)]
mod tests;
