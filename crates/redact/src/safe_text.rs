use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use zeroize::Zeroize;

use crate::redact_str;

/// A text that has been redacted: the only text a store column or a message to the outside should take.
///
/// There is no way to make one without redacting, and none to change one; what is deserialized is redacted too.
/// Redacting twice changes nothing, so a text that was stored comes back as it was.
///
/// ```
/// use paytone_redact::SafeText;
///
/// let note = SafeText::new("caller read out 4111 1111 1111 1111");
/// assert_eq!(note.as_str(), "caller read out [card:****1111]");
///
/// let column: String = note.into_string();
/// assert_eq!(SafeText::from(column), "caller read out [card:****1111]");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SafeText(String);

impl SafeText {
    /// Redacts `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(redact_str(text).into_owned())
    }

    /// The redacted text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The redacted text, to be changed at will: it is no safe text any more.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Redacts a text that is given away: it is kept as it is when nothing is found in it, and wiped otherwise.
impl From<String> for SafeText {
    fn from(mut text: String) -> Self {
        let redacted = match redact_str(&text) {
            Cow::Borrowed(_) => return Self(text),
            Cow::Owned(redacted) => redacted,
        };
        text.zeroize();
        Self(redacted)
    }
}

impl From<SafeText> for String {
    fn from(text: SafeText) -> Self {
        text.into_string()
    }
}

impl PartialEq<str> for SafeText {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for SafeText {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl AsRef<str> for SafeText {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for SafeText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Redacts what comes in.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for SafeText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
