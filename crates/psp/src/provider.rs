//! Names a provider gives: transaction ids, approval codes, its own answer codes, ids of stored cards.

use alloc::string::String;

use crate::text::text_type;

/// Declares one text type of a provider: printable ASCII without spaces, up to a length.
macro_rules! provider_text {
    ($(#[$docs:meta])* $name:ident, $longest:literal) => {
        $(#[$docs])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The longest text, in characters.
            pub const LONGEST: usize = $longest;

            /// Takes the provider's text as it is.
            ///
            /// # Errors
            ///
            /// The text is empty, too long, or not printable ASCII without spaces.
            pub fn parse(text: &str) -> Result<Self, InvalidProviderText> {
                checked(text, Self::LONGEST).map(Self)
            }

            /// The provider's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        text_type!($name, InvalidProviderText);
    };
}

provider_text! {
    /// The provider's id of a transaction. It is unknown after a lost answer; lookups go by our own
    /// [`Reference`](crate::Reference).
    TransactionId, 255
}

provider_text! {
    /// The issuer's approval code, which appears on the cardholder's statement; six characters as a rule.
    ApprovalCode, 16
}

provider_text! {
    /// The provider's own code of an answer, such as a decline code, for support and mapping.
    ProviderCode, 64
}

provider_text! {
    /// The provider's id of a stored card. Whoever holds it and the merchant's credentials can charge the
    /// card.
    StoredCardId, 255
}

/// Why a provider's text was refused. The text itself is never part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProviderText {
    /// Empty, or longer than the type allows.
    #[error("empty or too long")]
    Length,
    /// A space, a control character, or not ASCII.
    #[error("not printable ascii without spaces")]
    Character,
}

fn checked(text: &str, longest: usize) -> Result<String, InvalidProviderText> {
    if !(1..=longest).contains(&text.len()) {
        return Err(InvalidProviderText::Length);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidProviderText::Character);
    }
    Ok(String::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_refused() {
        assert_eq!(TransactionId::parse(""), Err(InvalidProviderText::Length));
        assert_eq!(ApprovalCode::parse("12345678901234567"), Err(InvalidProviderText::Length));
        for text in ["a b", "a\r\nb", "\u{7f}", "承認"] {
            assert_eq!(ProviderCode::parse(text), Err(InvalidProviderText::Character), "{text:?}");
        }
        assert_eq!(ProviderCode::parse("42G120000").unwrap().as_str(), "42G120000");
    }
}
