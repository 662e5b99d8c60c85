//! The language of a page.

use paytone_dialog::Language;

/// Says each thing in one of two languages; both stand side by side where it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wording(pub(super) Language);

impl Wording {
    /// The words in the language of the page.
    pub(super) const fn of(self, english: &'static str, japanese: &'static str) -> &'static str {
        match self.0 {
            Language::Ja => japanese,
            _ => english,
        }
    }

    /// The language's tag.
    pub(super) const fn tag(self) -> &'static str {
        self.0.code()
    }

    pub(super) const fn is_japanese(self) -> bool {
        matches!(self.0, Language::Ja)
    }

    /// What a browser asks for first that we speak.
    pub(super) fn asked_for(header: Option<&str>) -> Self {
        let japanese = header.is_some_and(|tags| {
            tags.split(',').find_map(|tag| match tag.trim().get(..2) {
                Some("ja") => Some(true),
                Some("en") => Some(false),
                _ => None,
            }) == Some(true)
        });
        Self(if japanese { Language::Ja } else { Language::En })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_is_spoken_wins() {
        assert!(Wording::asked_for(Some("fr, ja-JP;q=0.9, en;q=0.8")).is_japanese());
        assert!(!Wording::asked_for(Some("en-GB,ja")).is_japanese());
        assert!(!Wording::asked_for(None).is_japanese());
    }
}
