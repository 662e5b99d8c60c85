//! Requests as they arrive; and the fake as a transport, without a socket.

use core::time::Duration;

use base64ct::{Base64, Encoding};
use paytone_psp::exchange::{Method, NoResponse, NotSent, Request, Response, Session, Transport};
use paytone_psp::{BoxFuture, DoubtCause, IdempotencyKey};

use super::reply::{Outcome, Reply};
use super::{Fake, SHOP_ID, SHOP_PASSWORD};

/// A request as it arrives.
#[derive(Debug, Clone, Copy, Default)]
pub struct WireRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The `Idempotency-Key` header.
    pub key: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

impl WireRequest<'_> {
    /// What the provider refuses before it looks at the body.
    pub(super) fn refusal(&self) -> Option<Reply> {
        let expected =
            format!("Basic {}", Base64::encode_string(format!("{SHOP_ID}:{SHOP_PASSWORD}").as_bytes()));
        let problem =
            |status, title| Some(Reply::problem(status, title, "The request is not accepted.", self.path));
        if self.method != "POST" {
            return problem(405, "method_not_allowed");
        }
        if self.content_type.is_none_or(|given| given.split(';').next() != Some("application/json")) {
            return problem(415, "unsupported_media_type");
        }
        if self.authorization != Some(expected.as_str()) {
            return problem(401, "unauthorized_request");
        }
        if self.key.is_some_and(|key| IdempotencyKey::parse(key).is_err()) {
            return Some(Reply::invalid("invalid_header", "Idempotency-Key", self.path));
        }
        None
    }
}

impl Transport for Fake {
    fn session(&self, time: Duration) -> Box<dyn Session + '_> {
        Box::new(InProcess { fake: self, time })
    }
}

struct InProcess<'a> {
    fake: &'a Fake,
    time: Duration,
}

impl Session for InProcess<'_> {
    fn send(&mut self, request: Request) -> BoxFuture<'_, Result<Response, NoResponse>> {
        Box::pin(core::future::ready(self.answer(&request)))
    }
}

impl InProcess<'_> {
    fn answer(&mut self, request: &Request) -> Result<Response, NoResponse> {
        if self.time.is_zero() {
            return Err(NoResponse::NotSent(NotSent::Deadline));
        }
        let outcome = self.fake.handle(&WireRequest {
            method: if request.method() == Method::Post { "POST" } else { "GET" },
            path: request.path(),
            authorization: request.header_value("authorization"),
            content_type: request.header_value("content-type"),
            key: request.header_value("idempotency-key"),
            body: request.body().map(AsRef::as_ref).unwrap_or_default(),
        });
        let patience = self.time.min(request.answer_within());
        match outcome {
            Outcome::Answer(after, _) if after >= patience => self.lost(patience),
            Outcome::Answer(_, reply) if reply.status / 100 == 3 => {
                Err(NoResponse::Unknown(DoubtCause::Unreadable))
            }
            Outcome::Huge(_) => Err(NoResponse::Unknown(DoubtCause::Unreadable)),
            Outcome::Answer(after, reply) => {
                self.time -= after;
                Ok(Response::new(reply.status, vec![], reply.body))
            }
            Outcome::Silence => self.lost(patience),
            Outcome::Truncated(..) | Outcome::Closed => self.lost(Duration::ZERO),
        }
    }

    fn lost(&mut self, after: Duration) -> Result<Response, NoResponse> {
        self.time -= after;
        Err(NoResponse::Unknown(DoubtCause::NoAnswer))
    }
}
