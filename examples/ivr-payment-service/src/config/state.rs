//! Where state is kept, and where the audit's heads go. Secrets are settings here, and are never printed.

use core::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;

use super::{ConfigError, setting};

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// The SQLite file; made when missing. Not used where there is a `url`.
    pub path: PathBuf,
    /// A PostgreSQL database instead: `postgres://`, with the password in it.
    pub url: Option<Secret>,
    /// What this process is called among those that share the database.
    #[serde(deserialize_with = "text")]
    pub node: String,
}

/// Signed heads of the audit chain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// The file heads are added to; beside the SQLite file, or `paytone.audit-heads`, where there is none.
    pub heads: Option<PathBuf>,
    /// What signs them, 16 characters at least. Without it there are none.
    pub key: Option<Secret>,
    /// The file that holds the key and nothing else, where it is not a setting.
    pub key_file: Option<PathBuf>,
}

/// A secret setting: not printed, and compared in constant time.
#[derive(Clone)]
pub struct Secret(SecretString);

impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl DatabaseConfig {
    pub(super) fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !(1..=64).contains(&self.node.len()) || !self.node.chars().all(fits) {
            problems.push(setting("database.node", "must be 1 to 64 letters, digits and . - _"));
        }
        let postgres = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
        if self.url.as_ref().is_some_and(|url| !postgres(url.secret().expose_secret())) {
            problems.push(setting("database.url", "must begin with postgres://"));
        }
        problems
    }
}

impl AuditConfig {
    pub(super) fn problems(&self) -> Vec<ConfigError> {
        let short = |key: &Secret| key.secret().expose_secret().len() < SHORTEST_KEY;
        match (&self.key, &self.key_file) {
            (Some(key), _) if short(key) => vec![setting("audit.key", "must have 16 characters at least")],
            (None, Some(_)) if self.signing_key().is_none() => {
                vec![setting("audit.key_file", "cannot be read, or holds fewer than 16 characters")]
            }
            _ => Vec::new(),
        }
    }

    /// What signs heads, from the setting or else its file.
    #[must_use]
    pub fn signing_key(&self) -> Option<SecretString> {
        let own = self.key.as_ref().map(|key| key.secret().clone());
        let key = own.or_else(|| {
            let text = SecretString::from(std::fs::read_to_string(self.key_file.as_deref()?).ok()?);
            Some(SecretString::from(text.expose_secret().trim_end_matches(['\r', '\n'])))
        });
        key.filter(|key| key.expose_secret().len() >= SHORTEST_KEY)
    }
}

impl Secret {
    /// The secret.
    #[must_use]
    pub const fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret().as_bytes().ct_eq(other.0.expose_secret().as_bytes()).into()
    }
}

impl Eq for Secret {}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(|text| Self(SecretString::from(text)))
    }
}

/// A text, which the environment may take for a number.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Number(u64),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Number(number) => number.to_string(),
    })
}

const SHORTEST_KEY: usize = 16;
