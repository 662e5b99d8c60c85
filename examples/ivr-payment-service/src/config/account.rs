//! Names and passwords: a partner's, and ours with others.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::state::Secret;

/// A name and a password. The password is not printed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "LoginTable")]
pub struct Login {
    /// The name.
    pub user: String,
    password: Secret,
}

impl Login {
    /// The password.
    #[must_use]
    pub const fn password(&self) -> &SecretString {
        self.password.secret()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginTable {
    user: String,
    password: Option<Secret>,
    password_file: Option<PathBuf>,
}

impl TryFrom<LoginTable> for Login {
    type Error = &'static str;

    fn try_from(table: LoginTable) -> Result<Self, Self::Error> {
        let password = match (table.password, table.password_file) {
            (Some(password), None) => password,
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).map_err(|_| "the password's file cannot be read")?;
                Secret::from(SecretString::from(text.trim()))
            }
            _ => return Err("a login has a password, or a password_file"),
        };
        match table.user.is_empty() || table.user.contains(['"', '\\']) {
            true => Err("a login's user is some text without quotes"),
            false => Ok(Self { user: table.user, password }),
        }
    }
}

/// Who we are with another SIP server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// Its SIP URI, without a user.
    #[serde(deserialize_with = "super::operator::sip_uri")]
    pub peer: String,
    /// What it is shown when it asks.
    pub login: Login,
    /// The service registers there, so that it can be called.
    #[serde(default)]
    pub register: bool,
    /// How long a registration is asked for, in seconds.
    #[serde(rename = "expires_s", default = "usual", deserialize_with = "expires")]
    pub expires: u32,
}

fn expires<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let seconds = u32::deserialize(deserializer)?;
    let fits = (60..=86_400).contains(&seconds);
    if fits { Ok(seconds) } else { Err(serde::de::Error::custom("60 to 86400")) }
}

const fn usual() -> u32 {
    300
}
