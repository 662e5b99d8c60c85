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
//! let clips = phrase::clips(&prompt, Language::En);
//! let names: Vec<_> = clips.iter().map(|clip| clip.name()).collect();
//! let amount = ["number-12", "dollars", "and", "number-30", "number-4", "cents"];
//! assert_eq!(names, [&["merchant", "the-amount-is"][..], &amount[..]].concat());
//! ```

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::{OrderSummary, Prompt};

mod catalog;
mod english;

/// A language that prompts are spoken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    En,
}

impl Language {
    /// The language tag (BCP 47): `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
        }
    }
}

/// The name of an audio clip, in kebab case: a file name without folder and ending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Clip(Cow<'static, str>);

impl Clip {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The clips that speak a prompt, one after the other; at least one.
#[must_use]
pub fn clips(prompt: &Prompt, language: Language) -> Vec<Clip> {
    match prompt {
        Prompt::OrderSummary(order) => {
            let merchant = Clip(Cow::Owned(order.merchant().clip().to_owned()));
            [merchant].into_iter().chain(named(amount(order, language))).collect()
        }
        Prompt::PanLength { received } => named(pan_length(*received, language)).collect(),
        fixed => named(vec![fixed.name()]).collect(),
    }
}

/// What a prompt says, as one line of text.
#[must_use]
pub fn text(prompt: &Prompt, language: Language) -> String {
    match prompt {
        Prompt::OrderSummary(order) => {
            format!("{}. {}.", order.merchant().display(), spoken(&amount(order, language), language))
        }
        Prompt::PanLength { received } => spoken(&pan_length(*received, language), language),
        fixed => spoken(&[fixed.name()], language),
    }
}

/// Every clip a language needs, with the words in it. The clip [`merchant`](crate::MerchantName) is in it;
/// clips that a merchant names for itself are not.
#[must_use]
pub const fn catalog(language: Language) -> &'static [Recording] {
    match language {
        Language::En => catalog::ENGLISH,
    }
}

/// A clip and its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    name: &'static str,
    text: &'static str,
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
}

fn amount(order: &OrderSummary, language: Language) -> Vec<&'static str> {
    let mut names = vec!["the-amount-is"];
    match language {
        Language::En => english::money(*order.money(), &mut names),
    }
    names
}

fn pan_length(received: u8, language: Language) -> Vec<&'static str> {
    let mut names = vec!["pan-length-received"];
    match language {
        Language::En => english::number(u64::from(received), &mut names),
    }
    names.push(if received == 1 { "pan-length-digit" } else { "pan-length-digits" });
    names
}

fn named(names: Vec<&'static str>) -> impl Iterator<Item = Clip> {
    names.into_iter().map(|name| Clip(Cow::Borrowed(name)))
}

fn spoken(names: &[&'static str], language: Language) -> String {
    let words = |name: &&'static str| catalog(language).iter().find(|clip| clip.name == *name);
    let words: Vec<_> = names.iter().filter_map(words).map(Recording::text).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use paytone_psp::{Currency, Money};

    use super::*;
    use crate::{MerchantName, OrderRefusal};

    #[test]
    fn every_fixed_prompt_has_words() {
        for prompt in fixed_prompts() {
            let words = text(&prompt, Language::En);
            assert!(words.ends_with('.'), "{}: {words:?}", prompt.name());
            assert_eq!(clips(&prompt, Language::En)[0].name(), prompt.name());
        }
    }

    #[test]
    fn catalog_names_are_unique_and_fit_for_files() {
        let names: Vec<_> = catalog(Language::En).iter().map(Recording::name).collect();
        for (place, name) in names.iter().enumerate() {
            assert!(MerchantName::default().with_clip(name).is_ok(), "{name}");
            assert!(!names[..place].contains(name), "{name} is there twice");
        }
    }

    #[test]
    fn a_catalog_has_what_every_amount_needs_and_nothing_unused() {
        let mut used: Vec<_> =
            fixed_prompts().iter().flat_map(|prompt| clips(prompt, Language::En)).collect();
        for received in 0..=255 {
            used.extend(clips(&Prompt::PanLength { received }, Language::En));
        }
        for code in ["USD", "EUR", "GBP", "JPY", "KRW", "KWD"].into_iter().chain(ALPHABET) {
            let Ok(currency) = Currency::parse(code) else { continue };
            for minor in (0..200).chain([1_000, 1_234_567_899]) {
                let order = OrderSummary::new(MerchantName::default(), Money::new(minor, currency));
                used.extend(clips(&Prompt::OrderSummary(order), Language::En));
            }
        }
        let catalog: Vec<_> = catalog(Language::En).iter().map(Recording::name).collect();
        assert!(used.iter().all(|clip| catalog.contains(&clip.name())));
        let unused: Vec<_> =
            catalog.iter().filter(|name| !used.iter().any(|clip| clip.name() == **name)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn a_merchants_own_clip_is_played_and_its_own_name_shown() {
        let merchant = MerchantName::new("Flower Shop").unwrap().with_clip("flower-shop").unwrap();
        let prompt = Prompt::OrderSummary(OrderSummary::new(merchant, Money::new(500, Currency::JPY)));
        assert_eq!(clips(&prompt, Language::En)[0].name(), "flower-shop");
        assert_eq!(text(&prompt, Language::En), "Flower Shop. The amount to pay is five hundred yen.");
    }

    #[test]
    fn counts_the_digits_it_received() {
        let said = |received| text(&Prompt::PanLength { received }, Language::En);
        assert_eq!(said(1), "I received one digit. A card number has more.");
        assert_eq!(said(15), "I received fifteen digits. That is not the length of a card number.");
    }

    /// Codes that among them use every letter.
    const ALPHABET: [&str; 15] = [
        "CHF", "BWP", "ZMW", "QAR", "DKK", "XAF", "ILS", "NOK", "VUV", "TJS", "GEL", "BYN", "MXN", "TRY",
        "IQD",
    ];

    fn fixed_prompts() -> Vec<Prompt> {
        let refusals = [
            OrderRefusal::Unknown,
            OrderRefusal::Expired,
            OrderRefusal::AlreadyPaid,
            OrderRefusal::Busy,
            OrderRefusal::TooManyGuesses,
        ];
        let mut prompts: Vec<_> = refusals.into_iter().map(Prompt::OrderRefused).collect();
        prompts.extend([
            Prompt::Welcome,
            Prompt::EnterOrderCode,
            Prompt::OrderCodeWrong,
            Prompt::EnterPan,
            Prompt::EnterExpiry,
            Prompt::EnterFrontCode,
            Prompt::EnterBackCode,
            Prompt::EnterCodeIfAny,
            Prompt::NoInput,
            Prompt::PanWrong,
            Prompt::BrandNotAccepted,
            Prompt::NotATestCard,
            Prompt::ExpiryWrong,
            Prompt::CardExpired,
            Prompt::SecurityCodeWrong,
            Prompt::ContinueEntry,
            Prompt::StartAgain,
            Prompt::OneMoment,
            Prompt::StillWorking,
            Prompt::Approved,
            Prompt::DeclinedNumber,
            Prompt::DeclinedExpiry,
            Prompt::DeclinedSecurityCode,
            Prompt::DeclinedCard,
            Prompt::DeclinedForNow,
            Prompt::Declined,
            Prompt::PaymentUnknown,
            Prompt::ServiceUnavailable,
            Prompt::MaskingUnavailable,
            Prompt::TooManyAttempts,
            Prompt::TooLongSilence,
            Prompt::SessionExpired,
            Prompt::Goodbye,
        ]);
        prompts
    }
}
