//! Who asks: the session behind the cookie, what it allows, and whether a form is one of ours.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Form, FromRequest, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use paytone_redact::SafeText;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::field::Fields;
use super::wording::Wording;
use super::{Desk, page, routes};
use crate::health::Trouble;
use crate::operators::Permission;
use crate::store::{AuditEntry, MerchantUlid, Operator, Principal, Session};

/// Whoever sits in front of the page.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    /// Who.
    pub(super) operator: Operator,
    /// What a form carries to be one of ours.
    pub(super) csrf: String,
    /// The secret of the session.
    pub(super) secret: SecretString,
    /// The page that is asked for; the start page where something is changed.
    pub(super) at: String,
    /// Where the request came from.
    pub(super) peer: Option<SocketAddr>,
}

impl Seat {
    pub(super) const fn may(&self, permission: Permission) -> bool {
        self.operator.role.may(permission)
    }

    pub(super) const fn merchant(&self) -> MerchantUlid {
        self.operator.merchant
    }

    pub(super) const fn words(&self) -> Wording {
        Wording(self.operator.language)
    }

    /// As whom the API is asked.
    pub(super) fn principal(&self) -> Principal {
        Principal {
            merchant: self.operator.merchant,
            actor: self.operator.login.clone(),
            role: self.operator.role.in_the_api(),
            refund_limit: self.operator.refund_limit,
        }
    }

    pub(super) fn origin(&self) -> SafeText {
        origin(self.peer)
    }
}

pub(super) fn origin(peer: Option<SocketAddr>) -> SafeText {
    SafeText::new(&peer.map_or_else(|| "console".to_owned(), |peer| peer.ip().to_string()))
}

pub(super) fn peer_of(request: &Request) -> Option<SocketAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer)
}

/// Lets pass who is signed in, may do it, and sends a form of ours; its fields go to the handler.
pub(super) async fn require(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let Some(secret) = cookie(request.headers(), desk.secure) else { return sign_in_first(&request) };
    if desk.health.troubles().contains(&Trouble::Database) {
        return page::database_down(&desk);
    }
    let session = match desk.operators.session(&secret).await {
        Ok(Some(session)) => session,
        Ok(None) => return sign_in_first(&request),
        Err(_) => return page::database_down(&desk),
    };
    let seat = seat(session, secret, &request);
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let allowed = routes::permission(request.method(), &path).is_some_and(|needed| seat.may(needed));
    if !allowed {
        note(&desk, &seat, &format!("{} {path}", request.method()), &path, Some("not allowed")).await;
        return page::refused(&desk, &seat).await;
    }
    let own = path.starts_with("/console/profile") || path == "/console/sign-out";
    if seat.operator.password_is_given && !own {
        return Redirect::to("/console/profile").into_response();
    }
    // A page that listens is not somebody who works. Where nothing can be saved, pages still say so.
    if path != "/console/live" && desk.operators.touch(&seat.secret).await.is_err() {
        tracing::warn!("a session could not be prolonged");
    }
    if *request.method() == Method::POST {
        request = match posted(&desk, &seat, request).await {
            Ok(request) => request,
            Err(refused) => return refused,
        };
    }
    request.extensions_mut().insert(seat);
    next.run(request).await
}

/// Reads a form's fields, and refuses one that is not of this session's pages.
async fn posted(desk: &Desk, seat: &Seat, request: Request) -> Result<Request, Response> {
    if !same_site(request.headers()) {
        return Err(page::foreign_form(desk, seat).await);
    }
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
    let Ok(Form(pairs)) = form else { return Err(StatusCode::UNPROCESSABLE_ENTITY.into_response()) };
    let fields = Fields::new(pairs);
    if !bool::from(fields.text("csrf").as_bytes().ct_eq(seat.csrf.as_bytes())) {
        return Err(page::foreign_form(desk, seat).await);
    }
    let mut request = Request::from_parts(parts, axum::body::Body::empty());
    request.extensions_mut().insert(fields);
    Ok(request)
}

/// What browsers say about where a form was. One that says nothing is judged by the token alone.
pub(super) fn same_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, of)| of == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

fn seat(session: Session, secret: SecretString, request: &Request) -> Seat {
    let at = match (request.method(), request.uri().path_and_query()) {
        (&Method::GET, Some(path)) => path.as_str().to_owned(),
        _ => "/console".to_owned(),
    };
    let csrf = session.csrf.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // Letters only, so that nothing that looks for card numbers stumbles over one.
    let csrf =
        csrf.bytes().map(|byte| char::from(if byte.is_ascii_digit() { byte - b'0' + b'k' } else { byte }));
    Seat { operator: session.operator, csrf: csrf.collect(), secret, at, peer: peer_of(request) }
}

fn sign_in_first(request: &Request) -> Response {
    let reads = *request.method() == Method::GET;
    if !reads || request.uri().path() == "/console/live" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let next = request.uri().path_and_query().map_or("/console", |path| path.as_str());
    Redirect::to(&format!("/console/sign-in?next={}", super::format::escaped(next))).into_response()
}

/// Writes down what a request through the API would have written down by itself.
pub(super) async fn note(desk: &Desk, seat: &Seat, action: &str, object: &str, refused: Option<&str>) {
    let entry = AuditEntry {
        actor: seat.operator.login.clone(),
        action: SafeText::new(action),
        success: refused.is_none(),
        origin: seat.origin(),
        object: SafeText::new(object),
        detail: SafeText::new(refused.unwrap_or_default()),
    };
    if let Err(error) = desk.backend.store.audit(seat.merchant(), &entry, desk.backend.clock.now()).await {
        tracing::error!(%error, action, "could not be audited");
    }
}

/// The session's secret out of the cookie.
pub(super) fn cookie(headers: &HeaderMap, secure: bool) -> Option<SecretString> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.find(|(name, _)| *name == cookie_name(secure))?.1;
    let letters = (32..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_lowercase());
    letters.then(|| SecretString::from(value))
}

/// The cookie for this secret; without one, what makes a browser forget it.
pub(super) fn set_cookie(secret: Option<&SecretString>, secure: bool) -> String {
    let value = secret.map_or("", |secret| secret.expose_secret());
    let (name, only_tls) = (cookie_name(secure), if secure { "; Secure" } else { "" });
    let age = if secret.is_some() { "" } else { "; Max-Age=0" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{only_tls}{age}")
}

/// With the prefix a browser takes the cookie over TLS and for this host alone.
const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-paytone" } else { "paytone" }
}
