//! Reading what is stored as text: serde's errors never repeat the text, it may be anything, a card number too.

use core::fmt;

use serde::de::{Deserializer, Error, Visitor};

/// Reads a string with `parse`; `what` names what is expected.
pub(crate) fn deserialize<'de, D, T, E>(
    deserializer: D,
    what: &'static str,
    parse: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: fmt::Display,
{
    deserializer.deserialize_str(NamedText { what, parse })
}

struct NamedText<T, E> {
    what: &'static str,
    parse: fn(&str) -> Result<T, E>,
}

impl<T, E: fmt::Display> Visitor<'_> for NamedText<T, E> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_str<D: Error>(self, text: &str) -> Result<T, D> {
        (self.parse)(text).map_err(D::custom)
    }
}
