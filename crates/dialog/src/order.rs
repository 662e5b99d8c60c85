use alloc::sync::Arc;
use core::fmt;

use paytone_card::BrandSet;
use paytone_psp::Money;

use crate::{AfterCall, HangUpPolicy, Language, Methods};

/// What is about to be paid, as the caller hears it before being asked for a card. Nothing at all is a card that is
/// stored or checked. A copy is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSummary(Arc<Summary>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Summary {
    merchant: MerchantName,
    money: Money,
    language: Option<Language>,
    /// Most orders say nothing.
    terms: Option<Arc<OrderTerms>>,
}

impl OrderSummary {
    /// A payment of `money` to `merchant`.
    #[must_use]
    pub fn new(merchant: MerchantName, money: Money) -> Self {
        Self(Arc::new(Summary { merchant, money, language: None, terms: None }))
    }

    /// The same order for a customer who is spoken to in this language, where the script has it.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        let summary = Summary { language: Some(language), ..(*self.0).clone() };
        Self(Arc::new(summary))
    }

    /// The same order with what it says itself about how it is paid.
    #[must_use]
    pub fn with_terms(self, terms: OrderTerms) -> Self {
        let terms = (terms != NO_TERMS).then(|| Arc::new(terms));
        let summary = Summary { terms, ..(*self.0).clone() };
        Self(Arc::new(summary))
    }

    /// What it says itself about how it is paid.
    #[must_use]
    pub fn terms(&self) -> &OrderTerms {
        self.0.terms.as_deref().unwrap_or(&NO_TERMS)
    }

    /// The customer's language, if the order says.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.0.language
    }

    /// Who is paid.
    #[must_use]
    pub fn merchant(&self) -> &MerchantName {
        &self.0.merchant
    }

    /// How much is paid.
    #[must_use]
    pub fn money(&self) -> &Money {
        &self.0.money
    }

    /// The same order for another amount.
    #[must_use]
    pub fn with_money(&self, money: Money) -> Self {
        Self(Arc::new(Summary { money, ..(*self.0).clone() }))
    }
}

/// What an order says about how it is paid. It counts before what the script of its line says; the default says nothing.
///
/// ```
/// use paytone_card::{Brand, BrandSet};
/// use paytone_dialog::{AfterCall, Methods, OrderTerms};
///
/// let terms = OrderTerms {
///     brands: Some(BrandSet::of(&[Brand::Jcb, Brand::Visa])),
///     methods: Some(Methods { instalments: [3, 6].into(), ..Methods::default() }), // or in one sum: it is asked
///     after: Some(AfterCall::Operator),
///     ..OrderTerms::default()
/// };
/// assert!(terms.methods.is_some_and(|methods| methods.offer_a_choice()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderTerms {
    /// The brands that are taken, out of those that the script takes; `None` for all of them.
    pub brands: Option<BrandSet>,
    /// How it may be paid: the caller is asked where that is more than one way. `None` for the script's own ways.
    pub methods: Option<Methods>,
    /// Whether the card is stored.
    pub storing: Storing,
    /// Where the call goes afterwards; `None` for what the script says.
    pub after: Option<AfterCall>,
    /// What becomes of an approval that comes when the caller has hung up; `None` for what the script says.
    pub hang_up: Option<HangUpPolicy>,
}

static NO_TERMS: OrderTerms =
    OrderTerms { brands: None, methods: None, storing: Storing::No, after: None, hang_up: None };

/// Whether the provider is to store the card. It never does so unless the caller, who is asked, agrees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Storing {
    /// It is not, and nothing is asked.
    #[default]
    No,
    /// Beside a payment, which is made either way.
    IfAgreed,
    /// That is what the order is for: a caller who does not agree has cancelled it.
    Needed,
}

/// A merchant's name: the text a screen shows and the audio clip that speaks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantName {
    display: Arc<str>,
    /// `None` for the default one.
    clip: Option<Arc<str>>,
}

impl MerchantName {
    /// The clip that speaks a merchant whose own clip was not named.
    pub const DEFAULT_CLIP: &'static str = "merchant";

    /// The text that the built-in `merchant` clip speaks.
    pub const BUILT_IN: &'static str = "Paytone Demo Shop";

    /// A name of 1 to 64 characters without control characters, spoken by the clip `merchant`.
    ///
    /// # Errors
    /// [`InvalidMerchantName::Length`] or [`InvalidMerchantName::ControlCharacter`].
    pub fn new(display: &str) -> Result<Self, InvalidMerchantName> {
        if !(1..=64).contains(&display.chars().count()) {
            return Err(InvalidMerchantName::Length);
        }
        if display.chars().any(char::is_control) {
            return Err(InvalidMerchantName::ControlCharacter);
        }
        Ok(Self { display: display.into(), clip: None })
    }

    /// The same name spoken by another clip: 1 to 64 of `a-z`, `0-9` and single hyphens between them.
    ///
    /// # Errors
    /// [`InvalidMerchantName::Clip`], so that a name from outside can never become a path.
    pub fn with_clip(self, clip: &str) -> Result<Self, InvalidMerchantName> {
        if !is_kebab_case(clip) {
            return Err(InvalidMerchantName::Clip);
        }
        Ok(Self { clip: (clip != Self::DEFAULT_CLIP).then(|| clip.into()), ..self })
    }

    /// The text to show.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The name of the audio clip, without a folder or file ending.
    #[must_use]
    pub fn clip(&self) -> &str {
        self.clip.as_deref().unwrap_or(Self::DEFAULT_CLIP)
    }
}

/// "Paytone Demo Shop".
impl Default for MerchantName {
    fn default() -> Self {
        Self { display: Self::BUILT_IN.into(), clip: None }
    }
}

/// Why a text cannot be a [`MerchantName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMerchantName {
    /// Empty, or more than 64 characters.
    #[error("a merchant name has 1 to 64 characters")]
    Length,
    /// A control character, such as a line break.
    #[error("a merchant name has no control characters")]
    ControlCharacter,
    /// A clip name that is not in kebab case.
    #[error("a clip name has 1 to 64 of a-z, 0-9 and single hyphens between them")]
    Clip,
}

/// Why an order is not paid in this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OrderRefusal {
    /// There is no such order.
    Unknown,
    /// Its time to live is over.
    Expired,
    /// It has been paid.
    AlreadyPaid,
    /// Another call is paying it, or an earlier payment of it is not settled.
    Busy,
    /// Too many order codes were guessed from where this call comes from.
    TooManyGuesses,
}

impl OrderRefusal {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::Unknown, Self::Expired, Self::AlreadyPaid, Self::Busy, Self::TooManyGuesses];

    /// The name used in reports and logs, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::AlreadyPaid => "already_paid",
            Self::Busy => "busy",
            Self::TooManyGuesses => "too_many_guesses",
        }
    }
}

impl fmt::Display for OrderRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What happened to an order while its card was being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OrderChange {
    /// It is no longer to be paid.
    Cancelled,
    /// It is another one now: what the caller heard is not what would be paid.
    Changed,
}

impl OrderChange {
    /// Every change.
    pub const ALL: [Self; 2] = [Self::Cancelled, Self::Changed];

    /// The name used in reports and logs, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Changed => "changed",
        }
    }
}

fn is_kebab_case(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 64 && text.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_name_cannot_leave_its_folder() {
        for clip in ["", "-", "a--b", "../a", "a/b", "A", "a.wav", "a b", "a-"] {
            let named = MerchantName::default().with_clip(clip);
            assert_eq!(named, Err(InvalidMerchantName::Clip), "{clip:?}");
        }
        let named = MerchantName::default().with_clip("flower-shop-2").unwrap();
        assert_eq!(named.clip(), "flower-shop-2");
    }

    #[test]
    fn a_name_is_short_printable_text() {
        assert_eq!(MerchantName::new(""), Err(InvalidMerchantName::Length));
        assert_eq!(MerchantName::new(&"x".repeat(65)), Err(InvalidMerchantName::Length));
        assert_eq!(MerchantName::new("a\nb"), Err(InvalidMerchantName::ControlCharacter));
        assert_eq!(MerchantName::new("花屋").unwrap().clip(), "merchant");
    }
}
