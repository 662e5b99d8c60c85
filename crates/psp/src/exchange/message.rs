//! One HTTP request and what came back.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Body;
use crate::{AskError, DoubtCause, GatewayError, InDoubt, Retry};

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// It changes nothing.
    Get,
    /// It can change something.
    Post,
    /// It removes something.
    Delete,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request to the provider. Card data is in its body alone; `Debug` shows neither the body nor a header's
/// value.
pub struct Request {
    method: Method,
    path: String,
    headers: Vec<Header>,
    body: Option<Body>,
    patience: Duration,
}

impl Request {
    /// How long an answer is waited for unless [`patience`](Self::patience) says otherwise: 30 s.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// A request without a body. `path` begins with `/` and may have a query; it never holds card data.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new(Method::Get, path, None)
    }

    /// A request that removes something.
    #[must_use]
    pub fn delete(path: &str) -> Self {
        Self::new(Method::Delete, path, None)
    }

    /// A request with a body of `content_type`.
    #[must_use]
    pub fn post(path: &str, content_type: &str, body: Body) -> Self {
        Self::new(Method::Post, path, Some(body)).header("content-type", content_type)
    }

    fn new(method: Method, path: &str, body: Option<Body>) -> Self {
        Self { method, path: path.to_owned(), headers: Vec::new(), body, patience: Self::PATIENCE }
    }

    /// Adds a header. `name` is lower case.
    #[must_use]
    pub fn header(self, name: &'static str, value: &str) -> Self {
        self.secret_header(name, SecretString::from(value))
    }

    /// Adds a header that holds a credential.
    #[must_use]
    pub fn secret_header(mut self, name: &'static str, value: SecretString) -> Self {
        self.headers.push(Header { name, value });
        self
    }

    /// How long an answer is waited for, connecting included. The deadline of the call still holds.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How it is made.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The path and query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The headers, without those the transport adds.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// A header's value.
    #[must_use]
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(Header::value)
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> Option<&Body> {
        self.body.as_ref()
    }

    /// How long an answer is waited for.
    #[must_use]
    pub const fn answer_within(&self) -> Duration {
        self.patience
    }

    /// The body, to be owned by whoever sends it.
    #[must_use]
    pub fn into_body(self) -> Option<Body> {
        self.body
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {}, {:?})", self.method.as_str(), self.path, self.body)
    }
}

/// A header of a request. Any of them may hold a credential, so none is printed.
pub struct Header {
    name: &'static str,
    value: SecretString,
}

impl Header {
    /// The name, lower case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &str {
        self.value.expose_secret()
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({})", self.name)
    }
}

/// What the provider sent back, whole. The body is wiped when dropped.
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// A response. Header names are lower case.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body: Zeroizing::new(body) }
    }

    /// The status code, 100 to 999. A transport hands on no redirect (3xx).
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// A header's value, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `Retry-After` in its form of whole seconds (RFC 9110, section 10.2.3).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why there is no response, split by the one question that matters: can the provider have seen the request?
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoResponse {
    /// It certainly has not: no byte of it left.
    #[error("not sent: {0}")]
    NotSent(NotSent),
    /// It may have.
    #[error("sent, and no usable answer")]
    Unknown(DoubtCause),
}

/// Why a request was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSent {
    /// The deadline had passed.
    #[error("too late")]
    Deadline,
    /// The provider's name could not be resolved.
    #[error("the provider's address is not known")]
    Address,
    /// No connection to the provider within the time for it.
    #[error("no connection")]
    Connect,
    /// The provider could not prove who it is, or no TLS version or cipher suite is shared.
    #[error("no secure connection")]
    Tls,
    /// The request cannot be put on the wire, such as a header value with a line break.
    #[error("not a possible request")]
    Request,
}

impl NotSent {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::Address | Self::Connect => Retry::SameKey { after: RETRY_AFTER },
            Self::Deadline | Self::Tls | Self::Request => Retry::Never,
        }
    }
}

const RETRY_AFTER: Duration = Duration::from_secs(1);

impl NoResponse {
    /// The error for the only request of an operation, or for one before which nothing had an effect.
    pub fn into_error(self, doubt: impl FnOnce(DoubtCause) -> InDoubt) -> GatewayError {
        match self {
            Self::NotSent(why) => GatewayError::NotSent { retry: why.retry() },
            Self::Unknown(cause) => GatewayError::InDoubt(doubt(cause)),
        }
    }
}

/// A question that is not answered may be asked again.
impl From<NoResponse> for AskError {
    fn from(_: NoResponse) -> Self {
        Self::NoAnswer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_printed() {
        let request = Request::post("/charge", "application/json", Body::write(|sink| sink.push(b"secret")))
            .header("authorization", "secret");
        assert_eq!(format!("{request:?}"), "Request(POST /charge, Some(Body(6 bytes)))");
        assert!(!format!("{:?}", request.headers()).contains("secret"));
        assert_eq!(request.header_value("authorization"), Some("secret"));
        let response = Response::new(200, vec![], b"secret".to_vec());
        assert_eq!(format!("{response:?}"), "Response(200, 6 bytes)");
    }

    #[test]
    fn retry_after_is_read_in_seconds_alone() {
        let with =
            |value: &str| Response::new(429, vec![("retry-after".to_owned(), value.to_owned())], vec![]);
        assert_eq!(with("7").retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(with("Wed, 21 Oct 2026 07:28:00 GMT").retry_after(), None);
        assert_eq!(with("-1").retry_after(), None);
    }
}
