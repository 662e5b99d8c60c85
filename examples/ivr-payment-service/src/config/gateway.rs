//! The payment provider: which one, and what it has to be told. No secret is a setting.

use core::time::Duration;
use std::path::PathBuf;

use serde::Deserialize;

use super::seconds;

/// The payment provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Who is asked.
    pub provider: Provider,
    /// How long one request may take before its outcome counts as unknown.
    #[serde(rename = "deadline_s", deserialize_with = "seconds")]
    pub deadline: Duration,
    /// PG Multi-Payment Service, where it is the provider.
    pub gmo: Option<GmoConfig>,
    /// Stripe, where it is the provider.
    #[serde(default)]
    pub stripe: StripeConfig,
}

impl GatewayConfig {
    /// Whether the settings alone say that no real card network is asked. Stripe's key says it too, and is no
    /// setting.
    #[must_use]
    pub fn is_test(&self) -> bool {
        match self.provider {
            Provider::Simulator => true,
            Provider::Gmo => self.gmo.as_ref().is_none_or(|gmo| gmo.environment == GmoEnvironment::Test),
            Provider::Stripe => self.stripe.url.is_some(),
        }
    }
}

/// Who is asked for money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Provider {
    /// The simulator: published test card numbers, no network.
    Simulator,
    /// PG Multi-Payment Service.
    Gmo,
    /// Stripe.
    Stripe,
}

/// PG Multi-Payment Service. The shop's password is in `PAYTONE_GMO_PASSWORD` or in a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GmoConfig {
    /// The provider's test system, or the real one.
    pub environment: GmoEnvironment,
    /// The shop's id.
    pub shop_id: String,
    /// The file that holds the shop's password and nothing else, where the environment does not have it.
    pub password_file: Option<PathBuf>,
    /// A stand-in for the provider's test system.
    pub url: Option<String>,
    /// PEM file of the only certificates to trust.
    pub certificates: Option<PathBuf>,
    /// What the provider wants to know about the merchant.
    pub merchant: GmoMerchant,
}

/// Which of the provider's systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GmoEnvironment {
    /// Published test card numbers only.
    Test,
    /// Real cards only.
    Live,
}

/// The merchant as the provider wants to be told with every charge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GmoMerchant {
    /// The name.
    pub name: String,
    /// The name in full-width katakana.
    pub name_kana: String,
    /// The name in ASCII.
    pub name_alphabet: String,
    /// A short name.
    pub name_short: String,
    /// Who answers questions.
    pub contact_name: String,
    /// Their mail address.
    pub contact_email: String,
    /// Their telephone number.
    pub contact_phone: String,
    /// When they answer, `HH:MM-HH:MM`.
    pub contact_opening_hours: String,
}

/// Stripe. The secret key is in `PAYTONE_STRIPE_KEY` or in a file; a key that begins with `sk_test_` is a test key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StripeConfig {
    /// The file that holds the secret key and nothing else, where the environment does not have it.
    pub key_file: Option<PathBuf>,
    /// A stand-in for Stripe. It gets test keys only.
    pub url: Option<String>,
    /// PEM file of the only certificates to trust.
    pub certificates: Option<PathBuf>,
}
