//! What every request goes through: the rate limit, the audit, and, where money moves, the `Idempotency-Key`.

use core::time::Duration;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use paytone_redact::SafeText;

use super::body::receive;
use super::{Backend, Problem};
use crate::failpoint;
use crate::store::{AuditEntry, Begun, MerchantUlid, Principal, Seen};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_KEY: usize = 64;
const LONGEST_ANSWER: usize = 1024 * 1024;

/// How many requests a merchant may make: so many a second, and so many at once after a rest.
#[derive(Debug, Clone)]
pub struct RateLimit {
    per_second: f64,
    burst: f64,
    buckets: Arc<Mutex<HashMap<MerchantUlid, (f64, Duration)>>>,
}

impl RateLimit {
    /// So many requests a second, and so many at once.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second: f64::from(per_second), burst: f64::from(burst), buckets: Arc::default() }
    }

    fn take(&self, merchant: MerchantUlid, now: Duration) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, at) = buckets.entry(merchant).or_insert((self.burst, now));
        let filled = *tokens + now.saturating_sub(*at).as_secs_f64() * self.per_second;
        *at = now;
        *tokens = filled.min(self.burst);
        let free = *tokens >= 1.0;
        if free {
            *tokens -= 1.0;
        }
        free
    }
}

/// Lets no merchant ask more often than is good for the others.
pub(super) async fn limit_rate(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    match backend.rate.take(principal.merchant, backend.clock.now()) {
        true => Ok(next.run(request).await),
        false => Err(Problem::TOO_MANY),
    }
}

/// Writes down every request that can change something.
pub(super) async fn audit(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    request: Request,
    next: Next,
) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let action = format!("{} {path}", request.method());
    let object = request.uri().path().to_owned();
    let origin = origin(&request);
    let response = next.run(request).await;
    let entry = AuditEntry {
        actor: principal.actor.clone(),
        action: SafeText::new(&action),
        success: response.status().is_success(),
        origin: SafeText::new(&origin),
        object: SafeText::new(&object),
        detail: SafeText::new(response.status().as_str()),
    };
    if let Err(error) = backend.store.audit(principal.merchant, &entry, backend.clock.now()).await {
        tracing::error!(%error, "a request could not be audited");
    }
    response
}

/// The address a request comes from.
pub(super) fn origin(request: &Request) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    peer.map_or_else(|| "api".to_owned(), |peer| peer.to_string())
}

/// Writes down what a request alone does not say.
pub(super) async fn note(
    backend: &Backend,
    principal: &Principal,
    action: &'static str,
    object: &str,
    success: bool,
    detail: &str,
) {
    let entry = AuditEntry {
        actor: principal.actor.clone(),
        action: SafeText::new(action),
        success,
        origin: SafeText::new("api"),
        object: SafeText::new(object),
        detail: SafeText::new(detail),
    };
    if let Err(error) = backend.store.audit(principal.merchant, &entry, backend.clock.now()).await {
        tracing::error!(%error, "an action could not be audited");
    }
}

/// Carries a request with an `Idempotency-Key` out once, and repeats the answer for every repetition.
pub(super) async fn once(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = key(request.headers())?;
    let Some(key) = key else {
        let creates = *request.method() == Method::POST && request.uri().path() == "/v1/orders";
        return if creates { Ok(next.run(request).await) } else { Err(Problem::KEY_MISSING) };
    };
    let (mut parts, body) = request.into_parts();
    let body = receive(body).await?;
    let whole = [parts.method.as_str().as_bytes(), b" ", parts.uri.path().as_bytes(), b"\n", &body].concat();
    match backend.store.begin_request(principal.merchant, &key, &whole, backend.clock.now()).await? {
        Seen::New => parts.extensions.insert(Keyed { key: key.clone(), begun: None }),
        Seen::Answered { status, answer } => return Ok(repeated(status, answer)),
        // What it came to, if anything, is in the journal: it cannot be done twice.
        Seen::Resumed { begun } => parts.extensions.insert(Keyed { key: key.clone(), begun }),
        Seen::InUse => return Err(Problem::KEY_IN_USE),
        Seen::Other => return Err(Problem::KEY_REUSED),
    };
    failpoint::hit("request-taken");
    // Whoever asked may go away meanwhile; the answer is kept all the same.
    let request = Request::from_parts(parts, Body::from(body));
    let merchant = principal.merchant;
    let answered = tokio::spawn(async move {
        let (parts, body) = next.run(request).await.into_parts();
        let body = axum::body::to_bytes(body, LONGEST_ANSWER).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        failpoint::hit("request-answered");
        let kept = backend.store.finish_request(merchant, &key, parts.status.as_u16(), &text).await;
        if let Err(error) = kept {
            tracing::error!(%error, "an answer could not be kept");
        }
        Response::from_parts(parts, Body::from(body))
    });
    answered.await.map_err(|_| Problem::KEY_IN_USE)
}

/// What is known of a request with a key.
#[derive(Debug, Clone)]
pub(super) struct Keyed {
    pub(super) key: SafeText,
    /// What an earlier try with the key began to do with a payment.
    pub(super) begun: Option<Begun>,
}

fn key(headers: &HeaderMap) -> Result<Option<SafeText>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return if headers.contains_key(IDEMPOTENCY_KEY) { Err(Problem::KEY_MISSING) } else { Ok(None) };
    };
    let text = value.to_str().map_err(|_| Problem::KEY_MISSING)?;
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let safe = SafeText::new(text);
    // A key that is redacted could be taken for another.
    let fits = (1..=LONGEST_KEY).contains(&text.len()) && letters && safe.as_str() == text;
    if fits { Ok(Some(safe)) } else { Err(Problem::KEY_MISSING) }
}

fn repeated(status: u16, answer: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true")),
    ];
    (status, headers, Body::from(Bytes::from(answer))).into_response()
}
