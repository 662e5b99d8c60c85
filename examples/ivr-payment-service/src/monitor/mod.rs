//! For whoever watches the machine: whether the service takes calls, and what it counts.

mod legs;
mod metrics;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::api::{self, Backend};
use crate::health::{Health, Trouble};
use crate::store::Principal;

pub use self::legs::Legs;
pub use self::metrics::{Metrics, Now};

/// As Prometheus asks for it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the answers are made of.
#[derive(Debug, Clone)]
pub struct Monitor {
    /// What the API is made of.
    pub backend: Backend,
    /// What works and what does not.
    pub health: Health,
    /// What is counted.
    pub metrics: Metrics,
}

/// `GET /readyz`: 200 and `ready`; 200 and `degraded` where calls are taken and cannot pay; 503 and `not_ready` where calls
/// are better sent elsewhere. With the reasons, as [`Trouble`] names them. `GET /metrics` for the first merchant's keys: the
/// counts are everybody's.
pub fn router(monitor: Monitor) -> Router {
    let counts = Router::new().route("/metrics", get(metrics));
    let keyed = api::with_key(&monitor.backend, counts);
    Router::new().route("/readyz", get(ready)).merge(keyed).with_state(monitor)
}

async fn ready(State(monitor): State<Monitor>) -> (StatusCode, Json<Value>) {
    let health = &monitor.health;
    let troubles = health.troubles();
    let (status, word) = match (troubles.is_empty(), health.turns_calls_away()) {
        (true, _) => (StatusCode::OK, "ready"),
        (false, false) => (StatusCode::OK, "degraded"),
        (false, true) => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    let reasons: Vec<_> = troubles.into_iter().map(Trouble::as_str).collect();
    (status, Json(json!({ "status": word, "reasons": reasons })))
}

async fn metrics(State(monitor): State<Monitor>, Extension(principal): Extension<Principal>) -> Response {
    let backend = &monitor.backend;
    if principal.merchant != backend.merchant {
        return StatusCode::FORBIDDEN.into_response();
    }
    let backlog = backend.store.backlog(backend.clock.now()).await;
    match backlog.ok().and_then(|backlog| monitor.metrics.text(&backlog).ok()) {
        Some(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
