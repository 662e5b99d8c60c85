//! What the crate's text types share: shown as their text, and read back through their own `parse`.

/// `Display`, `Debug`, `FromStr` and (feature `serde`) a string form for a type with `as_str` and `parse`.
macro_rules! text_type {
    ($name:ident, $error:ty) => {
        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        impl core::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        crate::text::serde_as_text!($name);
    };
}

/// The string form alone, for a type with `as_str` and `parse`.
macro_rules! serde_as_text {
    ($name:ident) => {
        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <alloc::string::String as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

/// `as_str` and `parse` for a field-less enum, from one list of variant and text.
macro_rules! named_variants {
    ($name:ident, $($variant:ident => $text:literal),+ $(,)?) => {
        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name for storage and interfaces, `snake_case`; it never changes.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// Reads what [`as_str`](Self::as_str) wrote.
            ///
            /// # Errors
            ///
            /// The text is no such name.
            pub fn parse(text: &str) -> Result<Self, $crate::UnknownName> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownName),
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        crate::text::serde_as_text!($name);
    };
}

pub(crate) use {named_variants, serde_as_text, text_type};

/// A stored name that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name this version knows")]
pub struct UnknownName;
