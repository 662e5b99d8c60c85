use core::fmt;
use core::str::FromStr;

/// A language that prompts are spoken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// Every language.
    pub const ALL: &'static [Self] = &[Self::En, Self::Ja];

    /// The language tag (BCP 47): `en` or `ja`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

/// Writes the language tag.
impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Reads the language tag as [`Language::code`] writes it.
impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.iter().copied().find(|language| language.code() == tag).ok_or(UnknownLanguage)
    }
}

/// A language tag that no prompts are spoken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prompts are spoken in en and ja")]
pub struct UnknownLanguage;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_as_it_is_written() {
        for language in Language::ALL {
            assert_eq!(format!("{language}").parse(), Ok(*language));
        }
        assert_eq!("JA".parse::<Language>(), Err(UnknownLanguage));
        assert_eq!("de".parse::<Language>(), Err(UnknownLanguage));
    }
}
