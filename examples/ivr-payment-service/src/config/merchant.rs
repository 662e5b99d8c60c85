//! Merchants beside the first, and the limits that every merchant has its own of.

use core::time::Duration;
use std::path::PathBuf;

use paytone_card::FingerprintKey;
use paytone_dialog::{InvalidMerchantName, MerchantName};
use secrecy::{ExposeSecret, SecretSlice};
use serde::Deserialize;

use super::{ConfigError, GatewayConfig, OrderConfig, PromptsConfig, optional_seconds, seconds, setting};
use crate::guard::{Limits, SamePayment};

/// Who is paid; together they make a [`MerchantName`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantConfig {
    /// The name in words.
    pub name: String,
    /// The audio clip that speaks the name.
    pub clip: String,
}

/// A merchant beside the first. Its lines name it; it is charged through its own account and counts against its own limits.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherMerchantConfig {
    /// What lines and the store call it; it is made at start where there is none of that name.
    pub id: String,
    /// The name in words.
    pub name: String,
    /// The audio clip that speaks the name.
    #[serde(default = "usual_clip")]
    pub clip: String,
    /// Its payment provider. There is no default: nobody's money goes to another merchant's account by omission. Its
    /// secrets are in files of its own, never in the environment, which is the first merchant's.
    pub gateway: GatewayConfig,
    /// Its calls at the same time, of those that `call.max_calls` allows altogether.
    pub max_calls: Option<usize>,
    /// Its limits of orders and their codes, where they are not as for the first.
    pub order: Option<OrderConfig>,
    /// Its limits on tries, where they are not as for the first.
    pub guard: Option<GuardConfig>,
    /// Its voice, where it is not as for the first.
    pub prompts: Option<PromptsConfig>,
}

/// How often cards may be tried.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardConfig {
    /// Cards one caller may try within the window.
    pub per_caller: usize,
    /// Cards one operator's calls may try within the window.
    pub per_operator: usize,
    /// Cards that may be tried for one order within the window.
    pub per_order: usize,
    /// Tries of one card within the window.
    pub per_card: usize,
    /// The window those are counted in.
    #[serde(rename = "window_s", deserialize_with = "seconds")]
    pub window: Duration,
    /// Declines on one line within a tenth of the window that close it, where they are nine tenths of its tries.
    pub declines_per_line: usize,
    /// For how long the line is then closed.
    #[serde(rename = "closed_for_s", deserialize_with = "seconds")]
    pub closed_for: Duration,
    /// For how long the same card for the same amount, in another order, is taken for a mistake.
    #[serde(rename = "same_payment_s", default, deserialize_with = "optional_seconds")]
    pub same_payment: Option<Duration>,
    /// What becomes of that; refused with a live account and announced with a test account where nothing is said.
    pub on_same_payment: Option<SamePayment>,
    /// The file with the key of card fingerprints, 32 bytes at least. With it tries of one card are counted over a restart,
    /// which means that fingerprints are stored; without it they are not, and a restart forgets them.
    pub fingerprint_key_file: Option<PathBuf>,
}

impl OtherMerchantConfig {
    pub(super) fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !(1..=32).contains(&self.id.len()) || !self.id.chars().all(fits) {
            problems.push(setting("merchants.id", "must be 1 to 32 letters, digits and . - _"));
        }
        if let Err(error) = self.spoken_name() {
            problems.push(setting("merchants.name", error.to_string()));
        }
        if self.max_calls == Some(0) {
            problems.push(setting("merchants.max_calls", "must be at least 1"));
        }
        if let Some(order) = &self.order {
            problems.extend(order.problems());
        }
        if let Some(prompts) = &self.prompts {
            problems.extend(prompts.phrasebook().err());
        }
        problems
    }

    /// How callers hear its name.
    ///
    /// # Errors
    ///
    /// [`InvalidMerchantName`].
    pub fn spoken_name(&self) -> Result<MerchantName, InvalidMerchantName> {
        MerchantName::new(&self.name)?.with_clip(&self.clip)
    }
}

impl GuardConfig {
    /// The limits for a merchant with a test account, or a live one.
    #[must_use]
    pub fn limits(&self, is_test: bool) -> Limits {
        let usual = if is_test { SamePayment::Alarm } else { SamePayment::Refuse };
        Limits {
            per_caller: self.per_caller,
            per_operator: self.per_operator,
            per_order: self.per_order,
            per_card: self.per_card,
            window: self.window,
            declines_per_line: self.declines_per_line,
            closed_for: self.closed_for,
            same_payment: self.same_payment.unwrap_or_default(),
            on_same_payment: self.on_same_payment.unwrap_or(usual),
        }
    }
}

impl GuardConfig {
    /// The key of card fingerprints, where there is one.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or holds no key of 32 bytes.
    pub fn fingerprint_key(&self) -> Result<Option<FingerprintKey>, ConfigError> {
        let Some(file) = &self.fingerprint_key_file else { return Ok(None) };
        let wrong = || setting("guard.fingerprint_key_file", "cannot be read, or holds fewer than 32 bytes");
        let bytes = SecretSlice::from(std::fs::read(file).map_err(|_| wrong())?);
        let key = bytes.expose_secret();
        let key = FingerprintKey::new(if key.len() < SHORTEST_KEY { &[] } else { key });
        key.map(Some).map_err(|_| wrong())
    }
}

fn usual_clip() -> String {
    MerchantName::DEFAULT_CLIP.to_owned()
}

const SHORTEST_KEY: usize = 32;
