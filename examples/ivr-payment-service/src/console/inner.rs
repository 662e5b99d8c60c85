//! Asks the API in the operator's name: the same handlers, the same rules, the same audit as a merchant's own systems.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use rand::RngExt;
use serde_json::Value;
use tower::ServiceExt as _;

use super::Desk;
use super::refusal::Refusal;
use super::seat::Seat;

const LARGEST: usize = 4 * 1024 * 1024;

/// One request to the API. `once` is its Idempotency-Key.
pub(super) async fn ask(
    desk: &Desk,
    seat: &Seat,
    method: Method,
    path: &str,
    once: Option<&str>,
    body: Option<&Value>,
) -> Result<Value, Refusal> {
    let mut request = Request::builder().method(method).uri(path).extension(seat.principal());
    if let Some(peer) = seat.peer {
        request = request.extension(ConnectInfo(peer));
    }
    if let Some(once) = once {
        request = request.header("idempotency-key", once);
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = body.map_or_else(Body::empty, |json| Body::from(json.to_string()));
    let Ok(request) = request.body(body) else { return Err(Refusal::other(StatusCode::NOT_FOUND)) };
    let api: Router = desk.0.api.clone();
    let response = match api.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, LARGEST).await.unwrap_or_default();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if parts.status.is_success() { Ok(json) } else { Err(Refusal::new(parts.status, &json)) }
}

/// What makes a form that moves money be carried out once, however often it is sent.
pub(super) fn once() -> String {
    let mut rng = rand::rng();
    (0..32).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect()
}
