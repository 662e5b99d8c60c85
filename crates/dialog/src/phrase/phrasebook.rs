use alloc::string::String;
use alloc::vec::Vec;

use paytone_card::Brand;

use super::sentence::Sentence;
use super::{Clip, Language, Situation, Wording, catalog, samples, text_of};
use crate::{MerchantName, Prompt};

/// Which words are spoken for a prompt in which situation.
///
/// Every prompt has words of its own in every language. A [`Wording`] replaces them where it fits; of several that
/// fit, the most specific one is spoken:
///
/// 1. the one with more conditions;
/// 2. with as many, the one with a condition on the outcome; then on what was said before (the error); then on the
///    brand, the mode, the last attempt, a range of attempts, the language;
/// 3. with the same conditions, the one with fewer attempts in its range;
/// 4. then one's own before a built-in one.
#[derive(Clone, Debug, Default)]
pub struct Phrasebook {
    own: Vec<Wording>,
}

impl Phrasebook {
    /// The built-in words.
    #[must_use]
    pub const fn new() -> Self {
        Self { own: Vec::new() }
    }

    /// The built-in words with others beside them.
    ///
    /// # Errors
    /// [`InvalidWording`]: the first that could never be spoken, or that says two things at once.
    pub fn with(own: Vec<Wording>) -> Result<Self, InvalidWording> {
        for (place, wording) in own.iter().enumerate() {
            check(wording)?;
            if own[..place].iter().any(|other| other.rivals(wording)) {
                return Err(InvalidWording::Twice);
            }
        }
        Ok(Self { own })
    }

    /// The clips that speak these prompts, one after the other, in this situation.
    #[must_use]
    pub fn clips(&self, prompts: &[Prompt], situation: &Situation) -> Vec<Clip> {
        let mut clips = Vec::new();
        self.choose(prompts, situation, |prompt, wording| match wording {
            Some(wording) => clips.push(Clip::named(wording.clip())),
            None => clips.extend(Sentence::of(prompt, situation.language()).clips()),
        });
        clips
    }

    /// What these prompts say in this situation, one text for each. Own wordings have no text here: for them it is
    /// the prompt's.
    #[must_use]
    pub fn texts(&self, prompts: &[Prompt], situation: &Situation) -> Vec<String> {
        let mut texts = Vec::new();
        let language = situation.language();
        self.choose(prompts, situation, |prompt, wording| {
            let words = wording.and_then(|wording| super::find(wording.clip(), language));
            texts.push(match words {
                Some(recording) => text_of(&[recording.name()], language),
                None => Sentence::of(prompt, language).text(),
            });
        });
        texts
    }

    /// The name of every clip that may be spoken in a language, those of merchants aside.
    #[must_use]
    pub fn needs(&self, language: Language) -> Vec<&str> {
        let built_in = catalog(language).iter().map(|recording| -> &str { recording.name() });
        built_in.chain(self.own.iter().filter(|own| own.is_for(language)).map(Wording::clip)).collect()
    }

    /// Every wording there is, the built-in ones first.
    pub fn wordings(&self) -> impl Iterator<Item = &Wording> {
        BUILT_IN.iter().chain(&self.own)
    }

    fn choose<'a>(
        &'a self,
        prompts: &'a [Prompt],
        situation: &Situation,
        mut spoken: impl FnMut(&'a Prompt, Option<&'a Wording>),
    ) {
        let mut after = None;
        for prompt in prompts {
            spoken(prompt, self.wording(prompt.name(), after, situation));
            after = Some(prompt.name());
        }
    }

    fn wording(&self, prompt: &str, after: Option<&str>, situation: &Situation) -> Option<&Wording> {
        // `max_by_key` takes the last of equals: one's own.
        self.wordings()
            .filter(|wording| wording.fits(prompt, after, situation))
            .max_by_key(|wording| wording.specificity())
    }
}

/// Why a [`Wording`] cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWording {
    /// It is for a prompt that does not exist.
    #[error("there is no prompt of that name")]
    NoSuchPrompt,
    /// It is for after a prompt, or for an outcome, that does not exist.
    #[error("there is no prompt, or no outcome, of the name in a condition")]
    NoSuchCondition,
    /// The prompt is put together from several clips.
    #[error("a prompt that is put together from several clips has no other wording")]
    Composed,
    /// A clip name that is not in kebab case.
    #[error("a clip name has 1 to 64 of a-z, 0-9 and single hyphens between them")]
    Clip,
    /// A range of attempts with nothing in it.
    #[error("attempts count from 1, the first before the last")]
    Attempts,
    /// Two wordings for the same prompt in the same situation.
    #[error("two wordings are for the same prompt in the same situation")]
    Twice,
}

fn check(wording: &Wording) -> Result<(), InvalidWording> {
    let prompts = samples();
    let prompt = prompts.iter().find(|prompt| prompt.name() == wording.prompt());
    let prompt = prompt.ok_or(InvalidWording::NoSuchPrompt)?;
    if wording.names_nothing() {
        return Err(InvalidWording::NoSuchCondition);
    }
    if !Language::ALL.iter().all(|language| Sentence::of(prompt, *language).is_one_clip()) {
        return Err(InvalidWording::Composed);
    }
    if !wording.has_attempts() {
        return Err(InvalidWording::Attempts);
    }
    MerchantName::default().with_clip(wording.clip()).map(drop).map_err(|_| InvalidWording::Clip)
}

/// Later tries are asked for in other words, the last one slowly; a card that cannot be taken is not asked for
/// again, another one is.
pub(super) const BUILT_IN: &[Wording] = &[
    Wording::built_in("enter-order-code", "enter-order-code-again").attempts(2, u8::MAX),
    Wording::built_in("enter-pan", "enter-pan-again").attempts(2, u8::MAX),
    Wording::built_in("enter-pan", "enter-pan-slowly").last_attempt().attempts(2, u8::MAX),
    Wording::built_in("enter-pan", "enter-pan-other")
        .after_built_in("brand-not-accepted")
        .attempts(1, u8::MAX),
    Wording::built_in("enter-pan", "enter-pan-other").after_built_in("brands-accepted").attempts(1, u8::MAX),
    Wording::built_in("enter-pan", "enter-pan-other").after_built_in("declined-card"),
    Wording::built_in("enter-expiry", "enter-expiry-again").attempts(2, u8::MAX),
    Wording::built_in("security-code-wrong", "security-code-wrong-front").brand(Brand::AmericanExpress),
    Wording::built_in("goodbye", "goodbye-call-again").outcome_built_in("too_many_attempts"),
    Wording::built_in("goodbye", "goodbye-call-again").outcome_built_in("no_input"),
];

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::{Mode, Outcome};

    const PROMPTS: [Prompt; 2] = [Prompt::NoInput, Prompt::EnterPan];

    fn chosen(book: &Phrasebook, situation: &Situation) -> String {
        book.clips(&PROMPTS, situation)[1].name().into()
    }

    /// From the vaguest to the most specific: each is spoken instead of all before it, in whatever order they are given.
    #[test]
    fn the_most_specific_wording_wins() {
        let thanks = |clip| Wording::new("approved", clip);
        let order = [
            thanks("always"),
            thanks("language").language(Language::Ja),
            thanks("attempts-many").attempts(2, 9),
            thanks("attempts-few").attempts(3, 4),
            thanks("last").last_attempt(),
            thanks("mode").mode(Mode::Directed),
            thanks("brand").brand(Brand::Jcb),
            thanks("error").after("no-input"),
            thanks("outcome").outcome("approved"),
            thanks("language-attempts").language(Language::Ja).attempts(1, 9),
            thanks("attempts-last").attempts(3, 3).last_attempt(),
            thanks("language-brand").brand(Brand::Jcb).language(Language::Ja),
            thanks("language-error").after("no-input").language(Language::Ja),
            thanks("three").attempts(3, 3).last_attempt().language(Language::Ja),
            thanks("four").attempts(3, 3).last_attempt().language(Language::Ja).brand(Brand::Jcb),
        ];
        let situation = Situation::new(Language::Ja)
            .with_attempt(3, true)
            .with_brand(Some(Brand::Jcb))
            .with_mode(Mode::Directed)
            .with_outcome(&Outcome::Approved);
        for given in 1..=order.len() {
            for backwards in [false, true] {
                let mut own = order[..given].to_vec();
                if backwards {
                    own.reverse();
                }
                let book = Phrasebook::with(own).unwrap();
                let clips = book.clips(&[Prompt::NoInput, Prompt::Approved], &situation);
                assert_eq!(clips[1].name(), order[given - 1].clip());
            }
        }
    }

    #[test]
    fn a_wording_is_spoken_only_where_it_fits() {
        let book = Phrasebook::with(vec![Wording::new("enter-pan", "own").brand(Brand::Visa)]).unwrap();
        let first = Situation::new(Language::En).with_attempt(1, false);
        assert_eq!(chosen(&book, &first), "enter-pan");
        assert_eq!(chosen(&book, &first.with_brand(Some(Brand::Visa))), "own");
        assert_eq!(chosen(&book, &first.with_brand(Some(Brand::Jcb))), "enter-pan");
        assert_eq!(chosen(&Phrasebook::new(), &first.with_attempt(2, false)), "enter-pan-again");
        assert_eq!(chosen(&Phrasebook::new(), &first.with_attempt(3, true)), "enter-pan-slowly");
        let other = [Prompt::BrandNotAccepted, Prompt::EnterPan];
        let clips = Phrasebook::new().clips(&other, &first.with_attempt(2, false));
        assert_eq!(clips[1].name(), "enter-pan-other");
    }

    #[test]
    fn ones_own_words_replace_the_built_in_ones_of_the_same_situation() {
        let own = Wording::new("enter-pan", "own").attempts(2, u8::MAX);
        let book = Phrasebook::with(vec![own]).unwrap();
        assert_eq!(chosen(&book, &Situation::new(Language::En).with_attempt(2, false)), "own");
        assert!(book.needs(Language::Ja).contains(&"own"));
        let english = Wording::new("welcome", "hello").language(Language::En);
        assert!(!Phrasebook::with(vec![english]).unwrap().needs(Language::Ja).contains(&"hello"));
    }

    #[test]
    fn a_wording_that_could_never_be_spoken_is_refused() {
        let refused = |wording| Phrasebook::with(vec![wording]).unwrap_err();
        assert_eq!(refused(Wording::new("enter-pin", "own")), InvalidWording::NoSuchPrompt);
        assert_eq!(refused(Wording::new("enter-pan", "own").after("x")), InvalidWording::NoSuchCondition);
        assert_eq!(refused(Wording::new("goodbye", "own").outcome("x")), InvalidWording::NoSuchCondition);
        assert_eq!(refused(Wording::new("order-summary", "own")), InvalidWording::Composed);
        assert_eq!(refused(Wording::new("enter-pan", "../own")), InvalidWording::Clip);
        assert_eq!(refused(Wording::new("enter-pan", "own").attempts(0, 2)), InvalidWording::Attempts);
        assert_eq!(refused(Wording::new("enter-pan", "own").attempts(3, 2)), InvalidWording::Attempts);
        let twice = [Wording::new("enter-pan", "a"), Wording::new("enter-pan", "b")];
        assert_eq!(Phrasebook::with(twice.into()).unwrap_err(), InvalidWording::Twice);
    }

    #[test]
    fn the_built_in_wordings_are_fit_to_be_used() {
        for wording in BUILT_IN {
            assert_eq!(check(wording), Ok(()), "{}", wording.clip());
        }
    }

    #[test]
    fn texts_are_in_the_same_words_as_the_clips() {
        let second = Situation::new(Language::En).with_attempt(2, false);
        let texts = Phrasebook::new().texts(&PROMPTS, &second);
        assert_eq!(texts[1], "Please enter your card number again, then press the pound key.");
    }
}
