//! Whose money it is: the shop, its password, and what the provider wants to know about the merchant.

use core::fmt;

use base64ct::{Base64, Encoding};
use secrecy::{ExposeSecret, SecretString};

/// Which of the provider's systems is talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// The test system: published test card numbers only, no money moves.
    Test,
    /// The real one: no published test card number is sent there.
    Live,
}

impl Environment {
    /// Where it is.
    #[must_use]
    pub const fn url(self) -> &'static str {
        match self {
            Self::Test => "https://stg.openapi.mul-pay.jp",
            Self::Live => "https://openapi.mul-pay.jp",
        }
    }
}

/// A shop: its id and password as the management screen shows them. For telephone orders this is as a rule a
/// shop of its own, whose contract asks for no 3-D Secure.
#[derive(Clone)]
pub struct Shop {
    authorization: SecretString,
}

impl Shop {
    /// The shop `id` and its `password`, for HTTP's Basic scheme (RFC 7617).
    ///
    /// # Errors
    ///
    /// An id that is not 1 to 13 letters and digits.
    pub fn new(id: &str, password: &SecretString) -> Result<Self, InvalidAccount> {
        if !(1..=13).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidAccount::ShopId);
        }
        let pair = SecretString::from(format!("{id}:{}", password.expose_secret()));
        let encoded = SecretString::from(Base64::encode_string(pair.expose_secret().as_bytes()));
        Ok(Self { authorization: SecretString::from(format!("Basic {}", encoded.expose_secret())) })
    }

    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> SecretString {
        self.authorization.clone()
    }
}

impl fmt::Debug for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shop(..)")
    }
}

/// The merchant as the provider wants to be told with every charge. It shows it where a customer has a screen;
/// on a telephone order nobody sees it, and it must be there all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// The name: 1 to 30 characters, at most 45 bytes.
    pub name: String,
    /// The name in full-width katakana, at most 60 bytes.
    pub name_kana: String,
    /// The name in ASCII: 1 to 25 letters, digits, spaces, `,`, `-`, `.` and `/`.
    pub name_alphabet: String,
    /// A short name: 1 to 30 characters, at most 45 bytes.
    pub name_short: String,
    /// Who answers questions: 1 to 42 characters, at most 63 bytes.
    pub contact_name: String,
    /// Their mail address.
    pub contact_email: String,
    /// Their telephone number: 1 to 13 digits and hyphens.
    pub contact_phone: String,
    /// When they answer: `HH:MM-HH:MM`.
    pub contact_opening_hours: String,
}

impl Merchant {
    pub(crate) fn check(&self) -> Result<(), InvalidAccount> {
        let fits = |text: &str, characters: usize, bytes: usize| {
            (1..=characters).contains(&text.chars().count()) && text.len() <= bytes
        };
        let is_kana = |character: char| matches!(character, 'ァ'..='ヶ' | 'ー' | '\u{3000}');
        let is_latin =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b',' | b'-' | b'.' | b'/');
        let checks = [
            ("name", fits(&self.name, 30, 45)),
            ("name_kana", fits(&self.name_kana, 60, 60) && self.name_kana.chars().all(is_kana)),
            ("name_alphabet", fits(&self.name_alphabet, 25, 25) && self.name_alphabet.bytes().all(is_latin)),
            ("name_short", fits(&self.name_short, 30, 45)),
            ("contact_name", fits(&self.contact_name, 42, 63)),
            ("contact_email", fits(&self.contact_email, 254, 254) && is_mail_address(&self.contact_email)),
            ("contact_phone", fits(&self.contact_phone, 13, 13) && is_phone(&self.contact_phone)),
            ("contact_opening_hours", are_hours(&self.contact_opening_hours)),
        ];
        match checks.iter().find(|(_, holds)| !holds) {
            Some((field, _)) => Err(InvalidAccount::Merchant(field)),
            None => Ok(()),
        }
    }
}

fn is_mail_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) && text.is_ascii()
}

fn is_phone(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn are_hours(text: &str) -> bool {
    let is_time = |time: &str| {
        time.split_once(':').is_some_and(|(hours, minutes)| {
            let number = |text: &str| {
                text.parse::<u8>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
            };
            hours.len() <= 2
                && minutes.len() == 2
                && number(hours).is_some_and(|hours| hours < 24)
                && number(minutes).is_some_and(|minutes| minutes < 60)
        })
    };
    text.split_once('-').is_some_and(|(from, to)| is_time(from) && is_time(to))
}

/// Why an account cannot be used. The password is never part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAccount {
    /// Not 1 to 13 letters and digits.
    #[error("a shop id has 1 to 13 letters and digits")]
    ShopId,
    /// This field of the [`Merchant`] is not as the provider wants it.
    #[error("the merchant's {0} is not as the provider wants it")]
    Merchant(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_sent_and_never_printed() {
        let shop = Shop::new("tshop00000001", &SecretString::from("pass-word")).unwrap();
        assert_eq!(shop.authorization().expose_secret(), "Basic dHNob3AwMDAwMDAwMTpwYXNzLXdvcmQ=");
        assert_eq!(format!("{shop:?}"), "Shop(..)");
    }

    #[test]
    fn a_merchant_the_provider_would_refuse_is_refused_at_once() {
        let good = crate::tests::merchant();
        assert_eq!(good.check(), Ok(()));
        type Spoil = fn(&mut Merchant);
        let spoilt: [(&str, Spoil); 8] = [
            ("name", |merchant| merchant.name.clear()),
            ("name_kana", |merchant| merchant.name_kana = "Store".into()),
            ("name_alphabet", |merchant| merchant.name_alphabet = "見本".into()),
            ("name_short", |merchant| merchant.name_short = "x".repeat(31)),
            ("contact_name", |merchant| merchant.contact_name = "窓".repeat(22)),
            ("contact_email", |merchant| merchant.contact_email = "nobody".into()),
            ("contact_phone", |merchant| merchant.contact_phone = "+81 3".into()),
            ("contact_opening_hours", |merchant| merchant.contact_opening_hours = "24:00-09:00".into()),
        ];
        for (field, spoil) in spoilt {
            let mut merchant = good.clone();
            spoil(&mut merchant);
            assert_eq!(merchant.check(), Err(InvalidAccount::Merchant(field)));
        }
    }
}
