//! Requests and answers as the fake sees them.

use core::fmt;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::form::Fields;

/// One request. Its body may hold card digits: it is wiped, and not shown.
#[derive(Clone)]
pub struct Incoming {
    method: String,
    path: String,
    query: String,
    authorization: String,
    key: Option<String>,
    body: Zeroizing<Vec<u8>>,
}

impl Incoming {
    /// A request; `target` may have a query.
    #[must_use]
    pub fn new(method: &str, target: &str, body: &[u8]) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            authorization: String::new(),
            key: None,
            body: Zeroizing::new(body.to_vec()),
        }
    }

    /// Sets the `Authorization` header.
    #[must_use]
    pub fn with_authorization(mut self, value: &str) -> Self {
        value.clone_into(&mut self.authorization);
        self
    }

    /// Sets the `Idempotency-Key` header.
    #[must_use]
    pub fn with_key(mut self, key: Option<&str>) -> Self {
        self.key = key.map(str::to_owned);
        self
    }

    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The fields of the body or, where a request has none, of the query.
    pub(crate) fn fields(&self) -> Fields {
        if self.method == "POST" { Fields::parse(&self.body) } else { Fields::parse(self.query.as_bytes()) }
    }

    pub(crate) fn is_authorized(&self) -> bool {
        self.authorization.strip_prefix("Bearer ").is_some_and(|key| key.starts_with("sk_test_"))
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incoming({} {})", self.method, self.path)
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn ok(object: &Value) -> Self {
        Self::json(200, object)
    }

    pub(crate) fn json(status: u16, object: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: object.to_string().into_bytes() }
    }

    pub(crate) fn error(status: u16, kind: &str, code: &str) -> Self {
        let message = format!("fake: {code}");
        Self::json(status, &json!({"error": {"type": kind, "code": code, "message": message}}))
    }

    pub(crate) fn bad(code: &str) -> Self {
        Self::error(400, "invalid_request_error", code)
    }

    pub(crate) fn missing() -> Self {
        Self::error(404, "invalid_request_error", "resource_missing")
    }

    pub(crate) fn rate_limit() -> Self {
        let mut answer = Self::error(429, "invalid_request_error", "rate_limit");
        answer.headers.push(("retry-after", "1".to_owned()));
        answer
    }

    pub(crate) fn garbage() -> Self {
        let headers = vec![("content-type", "text/html".to_owned())];
        Self { status: 200, headers, body: b"<html><title>Welcome</title>".to_vec() }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}
