//! The service as a whole: put together at start, taken apart at shutdown.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use paytone_call::Clips;
use paytone_dialog::{AfterCall, CustomField, Entry, Language, MerchantName};
use paytone_redact::SafeText;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::api::{Api, Backend};
use crate::bus::Bus;
use crate::clock::SystemClock;
use crate::config::{Config, GatewayConfig, GuardConfig, LineConfig, LineDialog, OrderConfig, PromptsConfig};
use crate::console;
use crate::desk;
use crate::failpoint;
use crate::gateway::{self, GatewaySetupError, Secrets};
use crate::guard::Guard;
use crate::health::{Health, Trouble};
use crate::operators::{FIRST_LOGIN, Operators, SignInRules};
use crate::payments::{Account, Accounts, Payments, Tools};
use crate::speech::{Voice, VoiceError};
use crate::store::{MerchantUlid, SessionLimits, Store, StoreError};
use crate::telephony::{self, Telephony};
use crate::tls::{self, TlsError};
use crate::worker::{HeadExport, Worker};

/// What every call is served with: what all merchants share, and what is one merchant's. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The configuration, checked.
    pub config: Arc<Config>,
    /// Orders, calls, attempts.
    pub store: Store,
    /// The only way to move money.
    pub payments: Payments,
    /// What is going on.
    pub bus: Bus,
    /// What works and what does not.
    pub health: Health,
    /// One merchant's: the first, or whose line it is ([`Services::of`]).
    pub shop: Arc<Shop>,
    others: Arc<HashMap<String, Arc<Shop>>>,
}

/// What one merchant's calls are served with.
pub struct Shop {
    /// Whose orders and calls these are.
    pub merchant_id: MerchantUlid,
    /// Who is paid, as callers hear it.
    pub merchant: MerchantName,
    /// How often a card may be tried.
    pub guard: Guard,
    /// The voice.
    pub clips: Arc<dyn Clips>,
    /// Limits of orders and their codes.
    pub order: OrderConfig,
    /// One permit for every call there may be.
    pub slots: Arc<Semaphore>,
}

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
        let pages = console::router(console_setup(&services, backend.clone(), operators, &stop)?);
        let api = Api::start(listener, backend, pages, tls).map_err(|_| StartError::Http(http))?;
        services.health.watch(services.store.clone(), &services.bus, services.shop.merchant_id, stop.clone());
        let (store, payments, bus) =
            (services.store.clone(), services.payments.clone(), services.bus.clone());
        let worker = Worker::start(store, payments, bus, head_export(&services.config));
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

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("config", &self.config).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shop").field("merchant_id", &self.merchant_id).finish_non_exhaustive()
    }
}

impl Services {
    async fn new(config: Config) -> Result<Self, StartError> {
        let (first, names) = rehearse(&config)?;
        let store = open_store(&config).await?;
        let bus = Bus::new();
        let account = account(&config, &config.gateway, Secrets::EnvironmentOrFile)?;
        let id = store.first_merchant().await?.id;
        let shop = Shop {
            merchant_id: id,
            guard: guard(&config.guard, &account, &store, id).await?,
            merchant: first.0,
            clips: Arc::new(first.1),
            order: config.order.clone(),
            slots: slots(config.call.max_calls),
        };
        let mut accounts = Accounts::default().with(id, account);
        let mut others = HashMap::new();
        for (other, (merchant, voice)) in config.merchants.iter().zip(names) {
            let account = self::account(&config, &other.gateway, Secrets::File)?;
            let name = SafeText::new(&other.id);
            let merchant_id = store.ensure_merchant(&name, crate::clock::now()).await?.id;
            let limits = other.guard.as_ref().unwrap_or(&config.guard);
            let shop = Shop {
                merchant_id,
                guard: guard(limits, &account, &store, merchant_id).await?,
                merchant,
                clips: Arc::new(voice),
                order: other.order.clone().unwrap_or_else(|| config.order.clone()),
                slots: slots(other.max_calls.unwrap_or(config.call.max_calls)),
            };
            accounts = accounts.with(merchant_id, account);
            others.insert(other.id.clone(), Arc::new(shop));
        }
        let clock = Arc::new(SystemClock);
        let payments = Payments::with(Tools { store: store.clone(), accounts, bus: bus.clone(), clock });
        let (config, shop, others) = (Arc::new(config), Arc::new(shop), Arc::new(others));
        Ok(Self { config, store, payments, bus, health: Health::new(), shop, others })
    }

    /// The same for the merchant whose line it is.
    #[must_use]
    pub fn of(&self, line: &LineConfig) -> Self {
        let own = line.merchant.as_ref().and_then(|id| self.others.get(id));
        Self { shop: own.unwrap_or(&self.shop).clone(), ..self.clone() }
    }

    /// What is one merchant's, for every merchant beside the first.
    pub fn others(&self) -> impl Iterator<Item = &Arc<Shop>> {
        self.others.values()
    }
}

async fn guard(
    config: &GuardConfig,
    account: &Account,
    store: &Store,
    merchant: MerchantUlid,
) -> Result<Guard, StartError> {
    let key = config.fingerprint_key().map_err(|_| StartError::Setting("guard.fingerprint_key_file"))?;
    let limits = config.limits(account.gateway.info().test);
    Ok(Guard::remembering(limits, key, store.clone(), merchant).await?)
}

fn slots(calls: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(calls.min(Semaphore::MAX_PERMITS)))
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

/// What callers hear of a merchant: its name, and the voice.
pub type Heard = (MerchantName, Voice);

/// Prepares what needs neither a socket nor the database: the merchants' names and the voices, the first merchant's and
/// those of the others in their order.
///
/// # Errors
/// [`StartError`] with the first thing that does not work.
pub fn rehearse(config: &Config) -> Result<(Heard, Vec<Heard>), StartError> {
    let rehearsed = |languages: &[Language], line: &LineDialog| {
        desk::build_script(&config.dialog, languages, line, Entry::AskOrderCode, AfterCall::HangUp)
    };
    rehearsed(&[Language::default()], &LineDialog::default()).map_err(|_| StartError::Setting("dialog"))?;
    for line in &config.lines {
        rehearsed(&line.languages, &line.dialog).map_err(|_| StartError::Setting("lines.dialog"))?;
    }
    let merchant = MerchantName::new(&config.merchant.name)
        .and_then(|name| name.with_clip(&config.merchant.clip))
        .map_err(|_| StartError::Setting("merchant"))?;
    let first = heard(config, merchant, &config.prompts, None)?;
    let others = config.merchants.iter().map(|other| {
        let name = other.spoken_name().map_err(|_| StartError::Setting("merchants.name"))?;
        heard(config, name, other.prompts.as_ref().unwrap_or(&config.prompts), Some(&other.id))
    });
    Ok((first, others.collect::<Result<_, _>>()?))
}

/// A merchant's voice, with everything its lines need.
fn heard(
    config: &Config,
    merchant: MerchantName,
    prompts: &PromptsConfig,
    id: Option<&String>,
) -> Result<Heard, StartError> {
    let phrasebook = prompts.phrasebook().map_err(|_| StartError::Setting("prompts.wordings"))?;
    let voice = Voice::load(prompts.directory.as_deref(), phrasebook)?;
    let lines = config.lines.iter().filter(|line| line.merchant.as_ref() == id);
    for line in lines {
        let own = line.dialog.numbers.iter().map(CustomField::clip);
        for name in core::iter::once(merchant.clip()).chain(own) {
            line.languages.iter().try_for_each(|language| voice.require(*language, name))?;
        }
    }
    Ok((merchant, voice))
}

/// An account with the configured provider.
fn account(config: &Config, gateway: &GatewayConfig, secrets: Secrets) -> Result<Account, GatewaySetupError> {
    let deadline = gateway.deadline;
    let gateway = gateway::open(gateway, secrets)?;
    if gateway.info().test && !config.test_mode && !config.stays_on_this_machine() {
        return Err(GatewaySetupError::BeyondThisMachine);
    }
    Ok(Account { gateway, deadline })
}

/// The configured PostgreSQL database under the configured node name, or else the SQLite file.
///
/// # Errors
/// The database cannot be used.
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    let database = &config.database;
    match &database.url {
        Some(url) => Store::postgres(url.secret(), &database.node).await,
        None => Store::open(&database.path).await,
    }
}

/// Where audit heads go, if there is a key to sign them.
fn head_export(config: &Config) -> Option<HeadExport> {
    let key = config.audit.signing_key()?;
    let beside = || config.database.path.with_extension("audit-heads");
    Some(HeadExport { file: config.audit.heads.clone().unwrap_or_else(beside), key })
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
    format!(
        "sip on {sip} (udp) and {} (tcp), http on {http}; test cards only\n\n\
         call with any softphone on this machine, no account needed:\n\
         \x20 sip:pay@{sip}      a payment at a fixed price\n\
         \x20 sip:order@{sip}    asks for an order code\n\n\
         make an order (the answer has its code and SIP URIs):\n\
         \x20 curl -s {scheme}://{http}/v1/orders -H 'Authorization: Bearer {key}' \\\n\
         \x20   -H 'Content-Type: application/json' \\\n\
         \x20   -d '{{\"order_id\":\"A-1001\",\"amount\":1200,\"currency\":\"JPY\"}}'\n\n\
         the operators' console:\n\
         \x20 {scheme}://{http}/console\n{first}",
        service.sip_tcp()
    )
}

/// How long shutdown waits for calls, and then for payments.
const PATIENCE: Duration = Duration::from_secs(10);
