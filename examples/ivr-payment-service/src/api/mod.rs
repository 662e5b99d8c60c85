//! The HTTP API the merchant's systems use: orders in, outcomes out. JSON both ways, errors as RFC 9457 problems.
//!
//! `GET /openapi.json` describes every request and answer; [`document`] is the same. `GET /healthz` says whether the
//! service works. Both need no key.
//!
//! Everything else needs `Authorization: Bearer <key>`. No answer repeats what was sent in a request that was refused.

#![allow(unused_qualifications, reason = "`utoipa::path` qualifies what it is given")]

mod admin;
mod body;
mod calls;
mod events;
mod fields;
mod key;
mod layers;
mod money;
mod openapi;
mod orders;
mod person;
mod problem;
mod webhooks;

use core::time::Duration;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::problem::Problem;
use crate::Services;
use crate::bus::Bus;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, LineConfig, LineKind, UserPattern};
use crate::payments::Payments;
use crate::store::{MerchantUlid, Principal, Role, Store};
use crate::waiting::WaitingRoom;

pub use self::key::{Refusals, key_from_environment, make_key};
pub use self::layers::RateLimit;
pub use self::openapi::document;

/// How long requests under way may take at shutdown.
const PATIENCE: Duration = Duration::from_secs(5);

/// The API while it is served.
#[derive(Debug)]
pub struct Api {
    address: SocketAddr,
    key: SecretString,
    handle: Handle<SocketAddr>,
    server: JoinHandle<()>,
}

/// What the API needs of the service.
#[derive(Debug, Clone)]
pub struct Backend {
    /// Orders and calls.
    pub store: Store,
    /// The only way to move money.
    pub payments: Payments,
    /// What is going on.
    pub bus: Bus,
    /// How often a merchant may ask.
    pub rate: RateLimit,
    /// Who showed no good key.
    pub refusals: Refusals,
    /// Operators who have called in and wait.
    pub waiting: WaitingRoom,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The key of the first merchant's administrator.
    pub key: SecretString,
    /// The first merchant.
    pub merchant: MerchantUlid,
    /// How long a new order can be paid.
    pub ttl: Duration,
    /// The same for merchants with a time of their own.
    pub own_ttl: HashMap<MerchantUlid, Duration>,
    /// How an order's code becomes SIP URIs.
    pub dialling: Dialling,
}

/// How an order's code becomes SIP URIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialling {
    users: Vec<(MerchantUlid, UserPattern)>,
    host: String,
}

impl Api {
    /// Serves the API on this socket from now on, and `pages` beside it; over TLS where there is a certificate.
    ///
    /// # Errors
    ///
    /// The socket cannot be used.
    pub fn start(
        listener: TcpListener,
        backend: Backend,
        pages: Router,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> std::io::Result<Self> {
        let (address, key) = (listener.local_addr()?, backend.key.clone());
        let handle = Handle::new();
        let service = router(backend).merge(pages).into_make_service_with_connect_info::<SocketAddr>();
        let plain = axum_server::from_tcp(listener.into_std()?)?.handle(handle.clone());
        let serving = match tls {
            None => tokio::spawn(plain.serve(service)),
            Some(config) => {
                let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(config));
                tokio::spawn(plain.acceptor(acceptor).serve(service))
            }
        };
        let server = tokio::spawn(async move {
            if let Ok(Err(error)) = serving.await {
                tracing::error!(%error, "the api is no longer served");
            }
        });
        Ok(Self { address, key, handle, server })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a request has to show.
    #[must_use]
    pub const fn key(&self) -> &SecretString {
        &self.key
    }

    /// Takes no more requests, and lets those under way finish.
    pub async fn shut_down(mut self) {
        self.handle.graceful_shutdown(Some(PATIENCE));
        if tokio::time::timeout(2 * PATIENCE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

impl Backend {
    /// What a service has, with the machine's clock. `sip` is where SIP listens.
    #[must_use]
    pub fn new(services: &Services, sip: SocketAddr, key: SecretString) -> Self {
        Self {
            store: services.store.clone(),
            payments: services.payments.clone(),
            bus: services.bus.clone(),
            rate: RateLimit::new(REQUESTS_PER_SECOND, REQUESTS_AT_ONCE),
            refusals: Refusals::default(),
            waiting: services.waiting.clone(),
            clock: Arc::new(SystemClock),
            key,
            merchant: services.shop.merchant_id,
            ttl: services.config.order.ttl,
            own_ttl: services.others().map(|shop| (shop.merchant_id, shop.order.ttl)).collect(),
            dialling: Dialling::new(&services.config, sip, |line| services.of(line).shop.merchant_id),
        }
    }
}

impl Dialling {
    /// The users of the configured lines that take a code, at the public address or else where SIP listens; `whose` says
    /// which merchant's line it is.
    #[must_use]
    pub fn new(config: &Config, sip: SocketAddr, whose: impl Fn(&LineConfig) -> MerchantUlid) -> Self {
        let lines = config.lines.iter().filter(|line| line.kind == LineKind::PayOrder);
        let users =
            lines.flat_map(|line| line.users.iter().map(|user| (whose(line), user.clone()))).collect();
        Self { users, host: config.sip.public.clone().unwrap_or_else(|| sip.to_string()) }
    }

    fn uris(&self, merchant: MerchantUlid, code: &str) -> Vec<String> {
        let users = self.users.iter().filter(|(whose, _)| *whose == merchant);
        let users = users.filter_map(|(_, user)| user.with_code(code));
        users.map(|user| format!("sip:{user}@{}", self.host)).collect()
    }
}

impl Backend {
    fn ttl_of(&self, merchant: MerchantUlid) -> Duration {
        self.own_ttl.get(&merchant).copied().unwrap_or(self.ttl)
    }
}

/// The API as an axum router.
pub fn router(backend: Backend) -> Router {
    let keyed = guarded(&backend).route_layer(middleware::from_fn_with_state(backend.clone(), key::require));
    Router::new()
        .route("/healthz", get(health))
        .route("/openapi.json", get(openapi::show))
        .merge(keyed)
        .fallback(async || Problem::NOT_FOUND)
        .method_not_allowed_fallback(async || Problem::METHOD_NOT_ALLOWED)
        .with_state(backend)
}

/// These routes, for whoever shows a key.
pub(crate) fn with_key<S: Clone + Send + Sync + 'static>(backend: &Backend, routes: Router<S>) -> Router<S> {
    routes.route_layer(middleware::from_fn_with_state(backend.clone(), key::require))
}

/// The same requests for whoever has been let in by other means: a request has to carry its [`Principal`] already.
pub(crate) fn for_principals(backend: Backend) -> Router {
    guarded(&backend).fallback(async || Problem::NOT_FOUND).with_state(backend)
}

/// Everything that needs to be known who asks.
fn guarded(state: &Backend) -> Router<Backend> {
    let once = Router::new()
        .route("/v1/orders", post(orders::create))
        .route("/v1/orders/{id}/capture", post(money::capture))
        .route("/v1/orders/{id}/void", post(money::void))
        .route("/v1/orders/{id}/refund", post(money::refund))
        .route("/v1/orders/{id}/charge", post(money::charge))
        .route_layer(middleware::from_fn_with_state(state.clone(), layers::once));
    Router::new()
        .route("/v1/orders", get(orders::list))
        .route("/v1/orders/{id}", get(orders::show).patch(orders::edit))
        .route("/v1/orders/{id}/cancel", post(orders::cancel))
        .route("/v1/stored-cards", get(money::cards))
        .route("/v1/stored-cards/{id}", delete(money::forget))
        .route("/v1/calls", get(calls::list))
        .route("/v1/calls/{id}", get(calls::show))
        .route("/v1/calls/{id}/commands", post(calls::command))
        .route("/v1/waiting-operators", get(calls::waiting))
        .route("/v1/events", get(events::list))
        .route("/v1/events/stream", get(events::stream))
        .route("/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v1/webhooks/{id}", delete(webhooks::remove))
        .route("/v1/webhooks/{id}/rotate", post(webhooks::rotate))
        .route("/v1/webhooks/{id}/retire", post(webhooks::retire))
        .route("/v1/deliveries", get(webhooks::deliveries))
        .route("/v1/deliveries/{id}/redeliver", post(webhooks::redeliver))
        .route("/v1/needs-person", get(person::list))
        .route("/v1/attempts/{reference}/lookup", post(person::look_up))
        .route("/v1/attempts/{reference}/settle", post(person::settle))
        .route("/v1/keys", get(admin::keys).post(admin::create_key))
        .route("/v1/keys/{id}", delete(admin::revoke_key))
        .route("/v1/merchants", get(admin::merchants).post(admin::create_merchant))
        .route("/v1/merchants/{id}/keys", post(admin::create_key_of))
        .route("/v1/audit", get(admin::audit))
        .merge(once)
        .route_layer(middleware::from_fn_with_state(state.clone(), layers::audit))
        .route_layer(middleware::from_fn_with_state(state.clone(), layers::limit_rate))
}

/// Whether whoever shows a key may do what needs this role.
fn may(principal: &Principal, role: Role) -> Result<(), Problem> {
    if principal.role >= role { Ok(()) } else { Err(Problem::FORBIDDEN) }
}

/// How many a list may hold.
fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(Problem::query("limit must be from 1 to 200")),
    }
}

/// An RFC 3339 time since the Unix epoch.
fn time(text: &str) -> Result<Duration, Problem> {
    let time: jiff::Timestamp =
        text.parse().map_err(|_| Problem::query("a time must be as RFC 3339 has it"))?;
    Ok(Duration::from_millis(u64::try_from(time.as_millisecond()).unwrap_or_default()))
}

const REQUESTS_PER_SECOND: u32 = 50;
const REQUESTS_AT_ONCE: u32 = 200;

async fn health(State(backend): State<Backend>) -> (StatusCode, Json<serde_json::Value>) {
    match backend.store.check().await {
        Ok(()) => (StatusCode::OK, Json(serde_json::json!({ "status": "ok" }))),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::json!({ "status": "database" }))),
    }
}
