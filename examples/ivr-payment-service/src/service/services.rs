//! What calls are served with, and how it is made from the configuration.

use core::fmt;
use std::collections::HashMap;
use std::sync::Arc;

use paytone_call::Clips;
use paytone_dialog::{AfterCall, CustomField, Entry, Language, MerchantName};
use paytone_redact::SafeText;
use tokio::sync::Semaphore;

use super::StartError;
use crate::bus::Bus;
use crate::clock::SystemClock;
use crate::config::{Config, GatewayConfig, GuardConfig, LineConfig, LineDialog, OrderConfig, PromptsConfig};
use crate::desk;
use crate::gate::Gate;
use crate::gateway::{self, GatewaySetupError, Secrets};
use crate::guard::Guard;
use crate::health::Health;
use crate::monitor::{self, Legs, Metrics};
use crate::payments::{Account, Accounts, Payments, Tools};
use crate::speech::Voice;
use crate::store::{MerchantUlid, Store, StoreError};
use crate::waiting::WaitingRoom;

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
    /// Whether a card may be asked for.
    pub gate: Gate,
    /// What is counted.
    pub metrics: Metrics,
    /// How many legs are up.
    pub legs: Legs,
    /// Operators who have called in and wait.
    pub waiting: WaitingRoom,
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

impl Services {
    pub(super) async fn new(config: Config) -> Result<Self, StartError> {
        let (first, names) = rehearse(&config)?;
        let store = open_store(&config).await?;
        let bus = Bus::new();
        let account = account(&config, &config.gateway, Secrets::EnvironmentOrFile)?;
        let id = store.first_merchant().await?.id;
        let shop = Shop {
            merchant_id: id,
            guard: guard(&config.guard, &account, &store, id)?,
            merchant: first.0,
            clips: Arc::new(first.1),
            order: config.order.clone(),
            slots: slots(config.call.max_calls),
        };
        let mut accounts = Accounts::default().with(id, account);
        let mut others = HashMap::new();
        let mut lines = vec![(shop.slots.clone(), config.call.max_calls)];
        for (other, (merchant, voice)) in config.merchants.iter().zip(names) {
            let account = self::account(&config, &other.gateway, Secrets::File)?;
            let name = SafeText::new(&other.id);
            let merchant_id = store.ensure_merchant(&name, crate::clock::now()).await?.id;
            let limits = other.guard.as_ref().unwrap_or(&config.guard);
            let shop = Shop {
                merchant_id,
                guard: guard(limits, &account, &store, merchant_id)?,
                merchant,
                clips: Arc::new(voice),
                order: other.order.clone().unwrap_or_else(|| config.order.clone()),
                slots: slots(other.max_calls.unwrap_or(config.call.max_calls)),
            };
            lines.push((shop.slots.clone(), other.max_calls.unwrap_or(config.call.max_calls)));
            accounts = accounts.with(merchant_id, account);
            others.insert(other.id.clone(), Arc::new(shop));
        }
        let clock = Arc::new(SystemClock);
        let payments = Payments::with(Tools { store: store.clone(), accounts, bus: bus.clone(), clock });
        let (config, shop, others) = (Arc::new(config), Arc::new(shop), Arc::new(others));
        let health = Health::new();
        let gate = Gate::new(health.clone(), store.clone(), payments.clone(), bus.clone(), id);
        let legs = Legs::default();
        let metrics = Metrics::new(monitor::Now { lines, health: health.clone(), legs: legs.clone() });
        let waiting = WaitingRoom::default();
        Ok(Self { config, store, payments, bus, health, gate, metrics, legs, waiting, shop, others })
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

/// What callers hear of a merchant: its name, and the voice.
type Heard = (MerchantName, Voice);

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
///
/// # Errors
/// What keeps the provider from being asked.
pub fn account(
    config: &Config,
    gateway: &GatewayConfig,
    secrets: Secrets,
) -> Result<Account, GatewaySetupError> {
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

fn guard(
    config: &GuardConfig,
    account: &Account,
    store: &Store,
    merchant: MerchantUlid,
) -> Result<Guard, StartError> {
    let key = config.fingerprint_key().map_err(|_| StartError::Setting("guard.fingerprint_key_file"))?;
    let limits = config.limits(account.gateway.info().test);
    Ok(Guard::counting_in(store.clone(), merchant, limits, key))
}

fn slots(calls: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(calls.min(Semaphore::MAX_PERMITS)))
}
