//! The HTTP API the merchant's systems use: orders in, outcomes out. JSON both ways, errors as RFC 9457 problems.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/orders` | a new order with its code and SIP URIs |
//! | `GET /v1/orders/{id}` | an order by our id or the merchant's, with its payment attempts |
//! | `GET /v1/calls/{id}` | a call by our id or its SIP Call-ID |
//! | `GET /healthz` | whether the service works; needs no key |
//!
//! Everything else needs `Authorization: Bearer <key>`. No answer repeats what was sent in a request that was refused.

mod body;
mod calls;
mod key;
mod orders;
mod problem;

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};
use axum::{Json, Router};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::problem::Problem;
use crate::Services;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, LineKind, UserPattern};
use crate::store::Store;

pub use self::key::{key_from_environment, make_key};

/// How long requests under way may take at shutdown.
const PATIENCE: Duration = Duration::from_secs(5);

/// The API while it is served.
#[derive(Debug)]
pub struct Api {
    address: SocketAddr,
    key: SecretString,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

/// What the API needs of the service.
#[derive(Debug, Clone)]
pub struct Backend {
    /// Orders and calls.
    pub store: Store,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What a request has to show.
    pub key: SecretString,
    /// How long a new order can be paid.
    pub ttl: Duration,
    /// How an order's code becomes SIP URIs.
    pub dialling: Dialling,
}

/// How an order's code becomes SIP URIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialling {
    users: Vec<UserPattern>,
    host: String,
}

impl Api {
    /// Serves the API on this socket from now on. `sip` is where SIP listens.
    #[must_use]
    pub fn start(listener: TcpListener, services: Services, sip: SocketAddr, key: SecretString) -> Self {
        let backend = Backend {
            store: services.store.clone(),
            clock: Arc::new(SystemClock),
            key: key.clone(),
            ttl: services.config.order.ttl,
            dialling: Dialling::new(&services.config, sip),
        };
        let address = listener.local_addr().unwrap_or(services.config.http.address);
        let stop = CancellationToken::new();
        let until_stopped = stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            let served = axum::serve(listener, router(backend)).with_graceful_shutdown(until_stopped).await;
            if let Err(error) = served {
                tracing::error!(%error, "the api is no longer served");
            }
        });
        Self { address, key, stop, server }
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
        self.stop.cancel();
        if tokio::time::timeout(PATIENCE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

impl Dialling {
    /// The users of the configured lines that take a code, at the public address or else where SIP listens.
    #[must_use]
    pub fn new(config: &Config, sip: SocketAddr) -> Self {
        let lines = config.lines.iter().filter(|line| line.kind == LineKind::PayOrder);
        let users = lines.flat_map(|line| line.users.clone()).collect();
        Self { users, host: config.sip.public.clone().unwrap_or_else(|| sip.to_string()) }
    }

    fn uris(&self, code: &str) -> Vec<String> {
        let users = self.users.iter().filter_map(|user| user.with_code(code));
        users.map(|user| format!("sip:{user}@{}", self.host)).collect()
    }
}

/// The API as an axum router.
pub fn router(backend: Backend) -> Router {
    let guarded = Router::new()
        .route("/v1/orders", post(orders::create))
        .route("/v1/orders/{id}", get(orders::show))
        .route("/v1/calls/{id}", get(calls::show))
        .route_layer(middleware::from_fn_with_state(backend.clone(), key::require));
    Router::new()
        .route("/healthz", get(health))
        .merge(guarded)
        .fallback(async || Problem::NOT_FOUND)
        .method_not_allowed_fallback(async || Problem::METHOD_NOT_ALLOWED)
        .with_state(backend)
}

async fn health(State(backend): State<Backend>) -> (StatusCode, Json<serde_json::Value>) {
    match backend.store.check().await {
        Ok(()) => (StatusCode::OK, Json(serde_json::json!({ "status": "ok" }))),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::json!({ "status": "database" }))),
    }
}
