use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use paytone_card::Brand;

use super::{Language, Situation, outcomes, samples};
use crate::{Mode, Outcome, Prompt};

/// Other words for a prompt, where a situation asks for them: a clip in place of the prompt's own.
///
/// ```
/// use paytone_dialog::phrase::{Language, Phrasebook, Situation, Wording};
/// use paytone_dialog::Prompt;
///
/// let gently = Wording::new("enter-pan", "enter-pan-gently").attempts(2, 9).language(Language::En);
/// let book = Phrasebook::with(vec![gently])?;
/// let second = Situation::new(Language::En).with_attempt(2, false);
/// assert_eq!(book.clips(&[Prompt::EnterPan], &second)[0].name(), "enter-pan-gently");
/// # Ok::<(), paytone_dialog::phrase::InvalidWording>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    prompt: Cow<'static, str>,
    clip: Cow<'static, str>,
    when: When,
}

/// The situations a wording is for; what is `None` does not matter. A name that nothing has is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct When {
    outcome: Option<&'static str>,
    after: Option<&'static str>,
    brand: Option<Brand>,
    mode: Option<Mode>,
    is_last_attempt: bool,
    attempts: Option<(u8, u8)>,
    language: Option<Language>,
}

/// How particular a wording is; of those that fit, the greatest is spoken.
///
/// More conditions win. With as many, the first that only one of them has decides, in this order: outcome, what was said
/// before, brand, mode, last attempt, attempts, language. With the same conditions, the narrower range of attempts
/// wins; then a wording of one's own over a built-in one.
pub(super) type Specificity = (u32, u8, u8);

impl Wording {
    /// The clip `clip` in place of the prompt of that name, in every situation.
    #[must_use]
    pub fn new(prompt: &str, clip: &str) -> Self {
        Self { prompt: prompt.to_owned().into(), clip: clip.to_owned().into(), when: When::ALWAYS }
    }

    /// Only in this language.
    #[must_use]
    pub const fn language(mut self, language: Language) -> Self {
        self.when.language = Some(language);
        self
    }

    /// Only at these tries at a field, counted from 1, both included.
    #[must_use]
    pub const fn attempts(mut self, first: u8, last: u8) -> Self {
        self.when.attempts = Some((first, last));
        self
    }

    /// Only at the try after which a silence or a mistake ends the dialog.
    #[must_use]
    pub const fn last_attempt(mut self) -> Self {
        self.when.is_last_attempt = true;
        self
    }

    /// Only right after the prompt of this name: after an error, that is the prompt which says what was wrong.
    #[must_use]
    pub fn after(mut self, prompt: &str) -> Self {
        let name = samples().iter().map(Prompt::name).find(|name| *name == prompt);
        self.when.after = Some(name.unwrap_or_default());
        self
    }

    /// Only with a card of this brand.
    #[must_use]
    pub const fn brand(mut self, brand: Brand) -> Self {
        self.when.brand = Some(brand);
        self
    }

    /// Only in this mode.
    #[must_use]
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.when.mode = Some(mode);
        self
    }

    /// Only once the outcome of this name is settled, see [`Outcome::as_str`](crate::Outcome::as_str).
    #[must_use]
    pub fn outcome(mut self, outcome: &str) -> Self {
        let name = outcomes().iter().map(Outcome::as_str).find(|name| *name == outcome);
        self.when.outcome = Some(name.unwrap_or_default());
        self
    }

    /// The name of the prompt that it is other words for.
    #[must_use]
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The name of the clip that speaks it.
    #[must_use]
    pub fn clip(&self) -> &str {
        &self.clip
    }

    /// Whether it can ever be spoken in a language.
    #[must_use]
    pub fn is_for(&self, language: Language) -> bool {
        self.when.language.is_none_or(|only| only == language)
    }

    /// When it is spoken, in English: `after brand-not-accepted, attempts from 2`.
    #[must_use]
    pub fn conditions(&self) -> String {
        let When { outcome, after, brand, mode, is_last_attempt, attempts, language } = &self.when;
        let attempts = attempts.map(|(first, last)| match last {
            u8::MAX => format!("attempts from {first}"),
            _ => format!("attempts {first} to {last}"),
        });
        let conditions = [
            outcome.map(|outcome| format!("outcome {outcome}")),
            after.map(|prompt| format!("after {prompt}")),
            brand.map(|brand| format!("brand {}", brand.label())),
            mode.map(|mode| format!("mode {mode:?}")),
            is_last_attempt.then(|| "last attempt".to_owned()),
            attempts,
            language.map(|language| format!("language {language}")),
        ];
        conditions.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// A wording of the crate's own.
    pub(super) const fn built_in(prompt: &'static str, clip: &'static str) -> Self {
        Self { prompt: Cow::Borrowed(prompt), clip: Cow::Borrowed(clip), when: When::ALWAYS }
    }

    pub(super) const fn after_built_in(mut self, prompt: &'static str) -> Self {
        self.when.after = Some(prompt);
        self
    }

    pub(super) const fn outcome_built_in(mut self, outcome: &'static str) -> Self {
        self.when.outcome = Some(outcome);
        self
    }

    pub(super) fn fits(&self, prompt: &str, after: Option<&str>, now: &Situation) -> bool {
        let When { outcome, after: said, brand, mode, is_last_attempt, attempts, language } = &self.when;
        self.prompt == prompt
            && outcome.is_none_or(|only| now.outcome.is_some_and(|outcome| outcome.as_str() == only))
            && said.is_none_or(|only| after == Some(only))
            && brand.is_none_or(|only| now.brand == Some(only))
            && mode.is_none_or(|only| now.mode == only)
            && (!is_last_attempt || now.is_last_attempt)
            && attempts.is_none_or(|(first, last)| (first..=last).contains(&now.attempt))
            && language.is_none_or(|only| now.language == only)
    }

    pub(super) fn specificity(&self) -> Specificity {
        let When { outcome, after, brand, mode, is_last_attempt, attempts, language } = &self.when;
        let conditions = [
            outcome.is_some(),
            after.is_some(),
            brand.is_some(),
            mode.is_some(),
            *is_last_attempt,
            attempts.is_some(),
            language.is_some(),
        ];
        let set = conditions.into_iter().fold(0, |set, is_there| set << 1 | u8::from(is_there));
        let width = attempts.map_or(0, |(first, last)| last.saturating_sub(first));
        (set.count_ones(), set, u8::MAX - width)
    }

    /// The same situations for the same prompt.
    pub(super) fn rivals(&self, other: &Self) -> bool {
        self.prompt == other.prompt && self.when == other.when
    }

    /// Whether the prompt or the outcome of a condition does not exist.
    pub(super) fn names_nothing(&self) -> bool {
        [self.when.outcome, self.when.after].contains(&Some(""))
    }

    pub(super) fn has_attempts(&self) -> bool {
        self.when.attempts.is_none_or(|(first, last)| (1..=last).contains(&first))
    }
}

impl When {
    const ALWAYS: Self = Self {
        outcome: None,
        after: None,
        brand: None,
        mode: None,
        is_last_attempt: false,
        attempts: None,
        language: None,
    };
}
