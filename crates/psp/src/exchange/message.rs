//! HTTP messages as an adapter sees them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::Body;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Do.
    Post,
    /// Remove.
    Delete,
}

impl Method {
    /// The name in the request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// One request. The transport adds `Host` and `Content-Length`.
#[derive(Debug)]
pub struct Request {
    method: Method,
    url: String,
    headers: Vec<Header>,
    body: Body,
}

impl Request {
    /// A request without headers and body. `url` is absolute and holds no secret: it may be logged.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: Body::default() }
    }

    /// Adds a header that may be logged.
    #[must_use]
    pub fn with_header(self, name: &'static str, value: impl Into<String>) -> Self {
        self.with(Header { name, value: Zeroizing::new(value.into()), is_secret: false })
    }

    /// Adds a header that is never shown, such as `Authorization`.
    #[must_use]
    pub fn with_secret_header(self, name: &'static str, value: impl Into<String>) -> Self {
        self.with(Header { name, value: Zeroizing::new(value.into()), is_secret: true })
    }

    fn with(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// What it asks for.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Where it goes: an absolute URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The value of a header, the name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some(found.value())
    }

    /// Its body; empty where it has none.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// The headers and the body, for a transport that sends the body without copying it.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Header>, Body) {
        (self.headers, self.body)
    }
}

/// A header of a request. Wiped when it is dropped.
pub struct Header {
    name: &'static str,
    value: Zeroizing<String>,
    is_secret: bool,
}

impl Header {
    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The value; not to be shown where it [is secret](Self::is_secret).
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether the value must never be shown.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.is_secret
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, if self.is_secret { ".." } else { self.value() })
    }
}

/// A complete answer. A provider's answers hold masked card numbers at most; the body is wiped all the same,
/// and `Debug` shows its length alone.
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// An answer with this HTTP status and body.
    #[must_use]
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body: Zeroizing::new(body) }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The HTTP status, 100 to 599.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The value of a header, the name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(&found.1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let request = Request::new(Method::Post, "https://api.example/v1")
            .with_secret_header("Authorization", "Bearer hidden")
            .with_header("Accept", "application/json")
            .with_body(Body::write(|writer| writer.push(b"hidden")));
        let shown = format!("{request:?}");
        assert!(!shown.contains("hidden"), "{shown}");
        assert!(shown.contains("Accept: application/json"), "{shown}");
        assert_eq!(request.header("AUTHORIZATION"), Some("Bearer hidden"));
        let response = Response::new(200, b"hidden".to_vec()).with_header("Retry-After", "3");
        assert_eq!(format!("{response:?}"), "Response(200, 6 bytes)");
        assert_eq!(response.header("retry-after"), Some("3"));
    }
}
