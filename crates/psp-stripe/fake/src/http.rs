//! The fake over HTTP/1.1, for clients in other languages.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming as HttpBody;
use hyper::header::HeaderMap;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::form::Fields;
use crate::{Answer, Fake, Fault, Incoming, Outcome};

/// Serves `fake` on `listener` until the future is dropped. Beside Stripe's paths it has its own:
///
/// - `POST /_fake/script` with the form fields `path`, `fault`, `times` (1 unless given) and `slow_ms`: what goes wrong
///   next;
/// - `POST /_fake/deliver`: delayed requests arrive now;
/// - `GET /_fake/payments`: every payment and what of it is held.
///
/// # Errors
///
/// The listener fails.
pub async fn serve(listener: TcpListener, fake: Arc<Mutex<Fake>>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(connection(stream, Arc::clone(&fake)));
    }
}

async fn connection(stream: TcpStream, fake: Arc<Mutex<Fake>>) {
    let service = service_fn(move |request| answer(Arc::clone(&fake), request));
    // A client that goes away, or a fault that closes the connection, ends it; both are meant.
    let _ = Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
struct Close;

impl core::fmt::Display for Close {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl core::error::Error for Close {}

async fn answer(fake: Arc<Mutex<Fake>>, request: Request<HttpBody>) -> Result<Response<Full<Bytes>>, Close> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Close)?.to_bytes();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let incoming = Incoming::new(head.method.as_str(), target, &body)
        .with_authorization(header(&head.headers, "authorization").unwrap_or_default())
        .with_key(header(&head.headers, "idempotency-key"));
    if let Some(answer) = own(&mut locked(&fake), &incoming) {
        return Ok(sent(answer));
    }
    let outcome = locked(&fake).handle(&incoming, now());
    match outcome {
        Outcome::Answered(answer) => Ok(sent(answer)),
        Outcome::AnsweredLate(answer, time) => {
            tokio::time::sleep(time).await;
            Ok(sent(answer))
        }
        Outcome::Silent => core::future::pending().await,
        Outcome::Closed | Outcome::NotConnected => Err(Close),
    }
}

/// The fake's own paths.
fn own(fake: &mut Fake, request: &Incoming) -> Option<Answer> {
    match (request.method(), request.path()) {
        ("POST", "/_fake/script") => Some(script(fake, &request.fields())),
        ("POST", "/_fake/deliver") => {
            fake.deliver_delayed(now());
            Some(Answer::ok(&json!({})))
        }
        ("GET", "/_fake/payments") => {
            let payments = fake.payments().into_iter().map(|held| {
                json!({"id": held.id, "reference": held.reference, "order": held.order,
                       "status": held.status, "held": held.held, "charged": held.charged,
                       "by_telephone": held.by_telephone})
            });
            Some(Answer::ok(&payments.collect()))
        }
        _ => None,
    }
}

fn script(fake: &mut Fake, fields: &Fields) -> Answer {
    let slow_ms = fields.number("slow_ms").unwrap_or(0);
    let fault = fields.text("fault").and_then(|name| Fault::named(name, slow_ms));
    let (Some(path), Some(fault)) = (fields.text("path"), fault) else {
        return Answer::bad("parameter_missing");
    };
    let times = fields.number("times").and_then(|times| u32::try_from(times).ok()).unwrap_or(1);
    fake.script(path, fault, times);
    Answer::ok(&json!({}))
}

fn sent(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn locked(fake: &Mutex<Fake>) -> MutexGuard<'_, Fake> {
    fake.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
