//! Where a provider is.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use hyper::Uri;
use rustls::pki_types::ServerName;

/// A provider's address: `https://host`, with a port where it is not 443. `http://` serves stand-ins on this
/// machine alone.
///
/// ```
/// use paytone_psp_http::{Endpoint, InvalidEndpoint};
///
/// assert_eq!(Endpoint::parse("https://api.example.com")?.to_string(), "https://api.example.com");
/// assert_eq!(Endpoint::parse("http://api.example.com"), Err(InvalidEndpoint::NotSecure));
/// # Ok::<(), InvalidEndpoint>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    authority: String,
    host: String,
    port: u16,
    server_name: Option<ServerName<'static>>,
}

impl Endpoint {
    /// Reads `https://host[:port]`, or `http://` for `localhost` and loopback addresses.
    ///
    /// # Errors
    ///
    /// Another scheme, a path, a query, a user name, no host, or no TLS to another machine.
    pub fn parse(url: &str) -> Result<Self, InvalidEndpoint> {
        let uri: Uri = url.parse().map_err(|_| InvalidEndpoint::Form)?;
        let authority = uri.authority().ok_or(InvalidEndpoint::Form)?;
        if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(InvalidEndpoint::Form);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let (server_name, usual_port) = match uri.scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.clone()).map_err(|_| InvalidEndpoint::Form)?;
                (Some(name), 443)
            }
            Some("http") if is_this_machine(&host) => (None, 80),
            Some("http") => return Err(InvalidEndpoint::NotSecure),
            _ => return Err(InvalidEndpoint::Form),
        };
        let port = authority.port_u16().unwrap_or(usual_port);
        Ok(Self { authority: authority.as_str().to_owned(), host, port, server_name })
    }

    /// The value of the `Host` header.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn host_and_port(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The name the certificate must have; `None` without TLS.
    pub(crate) const fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref()
    }

    /// Whether a connection to `address` may be made: without TLS it stays on this machine.
    pub(crate) fn allows(&self, address: SocketAddr) -> bool {
        self.server_name.is_some() || address.ip().is_loopback()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.server_name.is_some() { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Why a text is not an [`Endpoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// Not `https://host[:port]`.
    #[error("not of the form https://host or https://host:port")]
    Form,
    /// `http://` to another machine.
    #[error("without tls only this machine can be reached")]
    NotSecure,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_names_are_read() {
        let parse = |text: &str| Endpoint::parse(text).unwrap();
        assert_eq!(parse("https://a.example").host_and_port(), ("a.example", 443));
        assert_eq!(parse("https://a.example:8443/").host_and_port(), ("a.example", 8443));
        assert_eq!(parse("http://[::1]:99").host_and_port(), ("::1", 99));
        assert!(parse("https://127.0.0.1").server_name().is_some());
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "a.example",
            "ftp://a.example",
            "https://a.example/v1",
            "https://a.example?x=1",
            "https://user:word@a.example",
            "https://",
            "https://a_b.example\n",
        ] {
            assert_eq!(Endpoint::parse(text), Err(InvalidEndpoint::Form), "{text:?}");
        }
        for text in ["http://a.example", "http://10.0.0.1", "http://localhost.example"] {
            assert_eq!(Endpoint::parse(text), Err(InvalidEndpoint::NotSecure), "{text}");
        }
    }

    #[test]
    fn localhost_that_resolves_elsewhere_is_not_connected_to() {
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], 80));
        assert!(!Endpoint::parse("http://localhost").unwrap().allows(elsewhere));
        assert!(Endpoint::parse("https://a.example").unwrap().allows(elsewhere));
    }
}
