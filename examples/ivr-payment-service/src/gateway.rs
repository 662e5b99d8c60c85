//! The payment provider the configuration names, ready to be asked.

use core::time::Duration;
use std::env;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use paytone_psp::exchange::{Adapter, Runner};
use paytone_psp::simulator::{Pause, Simulator};
use paytone_psp::{BoxFuture, Gateway};
use paytone_psp_gmo::{Environment, Gmo, InvalidAccount, Merchant, Shop};
use paytone_psp_http::{Endpoint, Http, InvalidEndpoint, InvalidTrust, Trust};
use paytone_psp_stripe::{Account, InvalidKey, Stripe};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::config::{GatewayConfig, GmoConfig, GmoEnvironment, GmoMerchant, Provider, StripeConfig};

/// Why the provider cannot be asked. Says which setting, never a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GatewaySetupError {
    /// The provider has settings of its own, and there are none.
    #[error("the provider needs the section [gateway.gmo]")]
    NoSettings,
    /// A secret is neither in the environment nor in a file.
    #[error("set {variable}, or {setting} to the file that holds it")]
    NoSecret {
        /// The environment variable.
        variable: &'static str,
        /// The setting.
        setting: &'static str,
    },
    /// A merchant's secret is in no file.
    #[error("set {0} of the merchant to the file that holds it")]
    NoSecretFile(&'static str),
    /// The file does not exist or cannot be read.
    #[error("the file {0} names cannot be read")]
    Unreadable(&'static str),
    /// Real cards would go to somebody who stands in for the provider.
    #[error("{0} is for a test account only")]
    StandIn(&'static str),
    /// Test cards would be taken beyond this machine, and nobody asked for that.
    #[error("a test account serves beyond this machine in test mode only")]
    BeyondThisMachine,
    /// The account is not one.
    #[error(transparent)]
    Gmo(#[from] InvalidAccount),
    /// The key is not one.
    #[error(transparent)]
    Stripe(#[from] InvalidKey),
    /// The address is not one.
    #[error("the provider's url: {0}")]
    Endpoint(#[from] InvalidEndpoint),
    /// The certificates are none.
    #[error("the provider's certificates: {0}")]
    Trust(#[from] InvalidTrust),
}

/// Where a secret may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// In the environment, or else in the file a setting names.
    EnvironmentOrFile,
    /// In that file alone: the environment's is another merchant's.
    File,
}

/// The configured provider.
///
/// # Errors
///
/// What keeps it from being asked.
pub fn open(config: &GatewayConfig, secrets: Secrets) -> Result<Arc<dyn Gateway>, GatewaySetupError> {
    match config.provider {
        Provider::Simulator => Ok(Arc::new(Simulator::with_pause(RealTime))),
        Provider::Gmo => gmo(config.gmo.as_ref().ok_or(GatewaySetupError::NoSettings)?, secrets),
        Provider::Stripe => stripe(&config.stripe, secrets),
    }
}

fn gmo(config: &GmoConfig, secrets: Secrets) -> Result<Arc<dyn Gateway>, GatewaySetupError> {
    let environment = match config.environment {
        GmoEnvironment::Test => Environment::Test,
        GmoEnvironment::Live => Environment::Live,
    };
    let file = config.password_file.as_deref();
    let password = secret(secrets, "PAYTONE_GMO_PASSWORD", "gateway.gmo.password_file", file)?;
    let adapter = Gmo::new(Shop::new(&config.shop_id, &password)?, merchant(&config.merchant), environment)?;
    let way = Way {
        url: config.url.as_deref(),
        url_setting: "gateway.gmo.url",
        usual_url: environment.url(),
        certificates: config.certificates.as_deref(),
        certificates_setting: "gateway.gmo.certificates",
    };
    way.to(adapter)
}

fn merchant(config: &GmoMerchant) -> Merchant {
    let config = config.clone();
    Merchant {
        name: config.name,
        name_kana: config.name_kana,
        name_alphabet: config.name_alphabet,
        name_short: config.name_short,
        contact_name: config.contact_name,
        contact_email: config.contact_email,
        contact_phone: config.contact_phone,
        contact_opening_hours: config.contact_opening_hours,
    }
}

fn stripe(config: &StripeConfig, secrets: Secrets) -> Result<Arc<dyn Gateway>, GatewaySetupError> {
    let file = config.key_file.as_deref();
    let key = secret(secrets, "PAYTONE_STRIPE_KEY", "gateway.stripe.key_file", file)?;
    let way = Way {
        url: config.url.as_deref(),
        url_setting: "gateway.stripe.url",
        usual_url: "https://api.stripe.com",
        certificates: config.certificates.as_deref(),
        certificates_setting: "gateway.stripe.certificates",
    };
    way.to(Stripe::new(Account::new(&key)?))
}

/// How a provider is reached.
struct Way<'a> {
    url: Option<&'a str>,
    url_setting: &'static str,
    usual_url: &'static str,
    certificates: Option<&'a Path>,
    certificates_setting: &'static str,
}

impl Way<'_> {
    fn to(self, adapter: impl Adapter + 'static) -> Result<Arc<dyn Gateway>, GatewaySetupError> {
        if self.url.is_some() && !adapter.info().test {
            return Err(GatewaySetupError::StandIn(self.url_setting));
        }
        let endpoint = Endpoint::parse(self.url.unwrap_or(self.usual_url))?;
        let trust = match self.certificates {
            Some(file) => Trust::Only {
                pem: fs::read(file).map_err(|_| GatewaySetupError::Unreadable(self.certificates_setting))?,
            },
            None => Trust::PublicAuthorities,
        };
        Ok(Arc::new(Runner::new(adapter, Http::new(endpoint, &trust)?)))
    }
}

/// A secret from the environment, or else from its file, without the line end an editor leaves there.
fn secret(
    secrets: Secrets,
    variable: &'static str,
    setting: &'static str,
    file: Option<&Path>,
) -> Result<SecretString, GatewaySetupError> {
    let value = env::var(variable).ok().filter(|value| !value.is_empty());
    if let Some(value) = value.filter(|_| secrets == Secrets::EnvironmentOrFile) {
        return Ok(SecretString::from(value));
    }
    let file = file.ok_or(match secrets {
        Secrets::EnvironmentOrFile => GatewaySetupError::NoSecret { variable, setting },
        Secrets::File => GatewaySetupError::NoSecretFile(setting),
    })?;
    let text = fs::read_to_string(file).map_err(|_| GatewaySetupError::Unreadable(setting))?;
    let text = SecretString::from(text);
    Ok(SecretString::from(text.expose_secret().trim_end_matches(['\r', '\n'])))
}

/// Lets the simulator's slow answers take their time.
struct RealTime;

impl Pause for RealTime {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
