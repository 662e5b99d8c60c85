//! The service as a whole: put together at start, taken apart at shutdown.

mod services;

use core::time::Duration;
use std::net::SocketAddr;

use paytone_card::test_numbers;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

pub use self::services::{Services, Shop, account, open_store, rehearse};

use crate::alert::Alert;
use crate::api::{Api, Backend};
use crate::config::Config;
use crate::console;
use crate::failpoint;
use crate::gateway::GatewaySetupError;
use crate::health::Trouble;
use crate::monitor::{self, Monitor};
use crate::operators::{FIRST_LOGIN, Operators, SignInRules};
use crate::retention::Keeping;
use crate::speech::VoiceError;
use crate::store::{SessionLimits, StoreError};
use crate::telephony::{self, Telephony};
use crate::tls::{self, TlsError};
use crate::worker::{HeadExport, Worker};

/// A running service.
#[derive(Debug)]
pub struct Service {
    services: Services,
    telephony: Telephony,
    api: Api,
    worker: Worker,
    /// What watches and what streams ends with it.
    stop: CancellationToken,
    first_password: Option<SecretString>,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting that only the whole can judge.
    #[error("configuration setting `{0}` is out of range")]
    Setting(&'static str),
    /// The prompts cannot be used.
    #[error(transparent)]
    Voice(#[from] VoiceError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The payment provider cannot be asked.
    #[error(transparent)]
    Gateway(#[from] GatewaySetupError),
    /// A release build that can be made to kill itself, and nobody asked for that.
    #[error("built with fail points: set PAYTONE_ALLOW_FAILPOINTS=1 if that is meant")]
    FailPoints,
    /// SIP cannot be served.
    #[error(transparent)]
    Telephony(#[from] telephony::StartError),
    /// HTTP cannot be served.
    #[error("cannot listen on {0} for http")]
    Http(SocketAddr),
    /// HTTP cannot be served over TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Service {
    /// Starts everything: the store is recovered before the first call is taken. `api_key` is what API requests have to
    /// show.
    ///
    /// # Errors
    /// [`StartError`] with the first thing that does not work.
    pub async fn start(config: Config, api_key: SecretString) -> Result<Self, StartError> {
        let services = Services::new(config).await?;
        if !failpoint::may_start() {
            return Err(StartError::FailPoints);
        }
        services.payments.recover().await?;
        let http = services.config.http.address;
        let tls = match (&services.config.http.certificate, &services.config.http.key) {
            (Some(certificate), Some(key)) => Some(tls::server_config(certificate, key)?),
            _ => None,
        };
        let listener = tokio::net::TcpListener::bind(http).await.map_err(|_| StartError::Http(http))?;
        let telephony = Telephony::start(services.clone()).await?;
        let stop = CancellationToken::new();
        let backend = Backend::new(&services, telephony.udp(), api_key);
        let operators = operators(&services, &backend);
        let first_password = operators.ensure_admin(services.shop.merchant_id).await?;
        let pages = console::router(console_setup(&services, backend.clone(), operators, &stop)?)
            .merge(monitor::router(monitored(&services, &backend)));
        let api = Api::start(listener, backend, pages, tls).map_err(|_| StartError::Http(http))?;
        services.gate.clone().watch(stop.clone());
        let config = &services.config;
        Alert::new(config.alert.clone(), &config.database.node).watch(&services.bus, stop.clone());
        services.metrics.watch(&services.bus, stop.clone());
        let (store, payments, bus) =
            (services.store.clone(), services.payments.clone(), services.bus.clone());
        let worker =
            Worker::start(store, payments, bus, head_export(&services.config), keeping(&services.config));
        Ok(Self { services, telephony, api, worker, stop, first_password })
    }

    /// Where SIP over UDP listens.
    #[must_use]
    pub const fn sip_udp(&self) -> SocketAddr {
        self.telephony.udp()
    }

    /// Where SIP over TCP listens.
    #[must_use]
    pub const fn sip_tcp(&self) -> SocketAddr {
        self.telephony.tcp()
    }

    /// Where SIP over TLS listens, if it is spoken.
    #[must_use]
    pub const fn sip_tls(&self) -> Option<SocketAddr> {
        self.telephony.tls()
    }

    /// How many legs of calls are up, callers' and operators'.
    #[must_use]
    pub fn legs_up(&self) -> usize {
        self.telephony.legs_up()
    }

    /// Where HTTP listens.
    #[must_use]
    pub const fn http(&self) -> SocketAddr {
        self.api.address()
    }

    /// The key of the API.
    #[must_use]
    pub const fn api_key(&self) -> &SecretString {
        self.api.key()
    }

    /// The first administrator's password, where this start has made one. It is in no log and shown once.
    #[must_use]
    pub const fn first_password(&self) -> Option<&SecretString> {
        self.first_password.as_ref()
    }

    /// What the service is made of.
    #[must_use]
    pub const fn services(&self) -> &Services {
        &self.services
    }

    /// Takes no more calls, and waits at most `patience` for those that are up.
    pub async fn drain(&self, patience: Duration) {
        self.services.health.note(Trouble::Stopping, true);
        let empty = async {
            while self.legs_up() > 0 {
                tokio::time::sleep(DRAINING).await;
            }
        };
        if tokio::time::timeout(patience, empty).await.is_err() {
            tracing::warn!(legs = self.legs_up(), "calls are ended by the shutdown");
        }
    }

    /// Ends every call, lets payments in flight finish, and closes the store.
    pub async fn shut_down(self) {
        self.services.health.note(Trouble::Stopping, true);
        self.stop.cancel();
        self.telephony.shut_down(PATIENCE).await;
        self.api.shut_down().await;
        self.services.payments.shut_down(PATIENCE).await;
        self.worker.shut_down(PATIENCE).await;
        self.services.store.close().await;
    }
}

fn monitored(services: &Services, backend: &Backend) -> Monitor {
    let (health, metrics) = (services.health.clone(), services.metrics.clone());
    Monitor { backend: backend.clone(), health, metrics }
}

/// The people who sign in, as strictly as the settings say.
fn operators(services: &Services, backend: &Backend) -> Operators {
    let console = &services.config.console;
    let rules = SignInRules {
        session: SessionLimits { idle: console.idle, whole: console.session },
        most_failures: console.most_failures,
        locked_for: console.locked,
    };
    Operators::new(services.store.clone(), backend.clock.clone(), rules)
}

fn console_setup(
    services: &Services,
    backend: Backend,
    operators: Operators,
    stop: &CancellationToken,
) -> Result<console::Setup, StartError> {
    let config = &services.config;
    Ok(console::Setup {
        backend,
        operators,
        health: services.health.clone(),
        time_zone: config.console.zone().map_err(|_| StartError::Setting("console.time_zone"))?,
        support: config.support.clone(),
        secure: config.http.certificate.is_some() || config.http.behind_tls,
        lines: config.lines.clone(),
        most_calls: config.call.max_calls,
        stop: stop.clone(),
    })
}

/// Where audit heads go, if there is a key to sign them.
fn head_export(config: &Config) -> Option<HeadExport> {
    let key = config.audit.signing_key()?;
    let beside = || config.database.path.with_extension("audit-heads");
    Some(HeadExport { file: config.audit.heads.clone().unwrap_or_else(beside), key })
}

/// What is kept how long.
fn keeping(config: &Config) -> Keeping {
    let recordings = config.recording.directory.clone();
    Keeping { days: config.retention, heads: head_export(config), recordings }
}

/// Waits for whoever runs the service to end it: Ctrl-C, or a `SIGTERM`.
///
/// # Errors
/// The operating system does not let the process listen to its signals.
pub async fn until_stopped() -> std::io::Result<()> {
    #[cfg(unix)]
    let asked = async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        terminate.recv().await;
        Ok(())
    };
    #[cfg(not(unix))]
    let asked = core::future::pending();
    tokio::select! {
        asked = asked => asked,
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

/// What to do next, for somebody at a terminal.
#[must_use]
pub fn welcome(service: &Service, show_key: bool) -> String {
    let (sip, http) = (service.sip_udp(), service.http());
    let key = if show_key { service.api_key().expose_secret() } else { "$PAYTONE_API_KEY" };
    let scheme = if service.services().config.http.certificate.is_some() { "https" } else { "http" };
    let first = service.first_password().map_or_else(String::new, |password| {
        format!(
            "\nthe console's first administrator, shown this once: name {FIRST_LOGIN}, password {}\n",
            password.expose_secret()
        )
    });
    let services = service.services();
    let is_test = services.payments.is_test(services.shop.merchant_id);
    let only = if is_test { "; test cards only" } else { "" };
    let try_it = if is_test {
        format!("a card to try it with, keyed on the phone: {} # 1230 123\n\n", test_numbers::VISA)
    } else {
        String::new()
    };
    format!(
        "sip on {sip} (udp) and {} (tcp), http on {http}{only}\n\n\
         call with any softphone on this machine, no account needed:\n\
         \x20 sip:pay@{sip}      a payment at a fixed price\n\
         \x20 sip:order@{sip}    asks for an order code\n\n\
         make an order (the answer has its code and SIP URIs):\n\
         \x20 curl -s {scheme}://{http}/v1/orders -H 'Authorization: Bearer {key}' \\\n\
         \x20   -H 'Content-Type: application/json' \\\n\
         \x20   -d '{{\"order_id\":\"A-1001\",\"amount\":1200,\"currency\":\"JPY\"}}'\n\n\
         {try_it}the operators' console:\n\
         \x20 {scheme}://{http}/console\n{first}",
        service.sip_tcp()
    )
}

/// How often it is looked whether calls are up still.
const DRAINING: Duration = Duration::from_millis(100);
/// How long shutdown waits for calls, and then for payments.
const PATIENCE: Duration = Duration::from_secs(10);
