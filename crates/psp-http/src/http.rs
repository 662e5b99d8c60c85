//! The transport: sessions over connections of their own.

use core::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use paytone_psp::BoxFuture;
use paytone_psp::DoubtCause;
use paytone_psp::exchange::{NoResponse, NotSent, Request, Response, Session, Transport};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::connection::{Connection, Exchanged};
use crate::endpoint::Endpoint;
use crate::tls::{InvalidTrust, Trust, connector};

/// Carries requests to one provider.
pub struct Http {
    endpoint: Endpoint,
    tls: TlsConnector,
    limits: Limits,
}

/// How much is waited for and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a connection may take, name resolution and TLS included: 3 s unless set.
    pub connect: Duration,
    /// The longest answer, in bytes: 262,144 unless set. A longer one is not read and its outcome unknown.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), answer_bytes: 256 * 1024 }
    }
}

impl Http {
    /// Prepares the way to `endpoint`; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// The certificates to trust cannot be read.
    pub fn new(endpoint: Endpoint, trust: &Trust) -> Result<Self, InvalidTrust> {
        Ok(Self { endpoint, tls: connector(trust)?, limits: Limits::default() })
    }

    /// The same with other limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where the provider is.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn connect(&self, until: Instant) -> Result<Connection, NotSent> {
        check_time(until)?;
        let connected_by = (Instant::now() + self.limits.connect).min(until);
        match timeout_at(connected_by, Connection::open(&self.endpoint, &self.tls)).await {
            Ok(connected) => connected,
            Err(_) if connected_by == until => Err(NotSent::Deadline),
            Err(_) => Err(NotSent::Connect),
        }
    }
}

impl core::fmt::Debug for Http {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Http")
            .field("endpoint", &self.endpoint)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Transport for Http {
    fn session(&self, time: Duration) -> Box<dyn Session + '_> {
        let now = Instant::now();
        let ends = now.checked_add(time).unwrap_or_else(|| now + LONGEST_SESSION);
        Box::new(HttpSession { http: self, ends, connection: None })
    }
}

/// What a session lasts whose caller set no sensible end.
const LONGEST_SESSION: Duration = Duration::from_secs(24 * 60 * 60);

/// One operation's requests, on one connection where the provider keeps it open.
struct HttpSession<'a> {
    http: &'a Http,
    ends: Instant,
    connection: Option<Connection>,
}

impl Session for HttpSession<'_> {
    fn send(&mut self, request: Request) -> BoxFuture<'_, Result<Response, NoResponse>> {
        Box::pin(self.send_once(request))
    }
}

impl HttpSession<'_> {
    async fn send_once(&mut self, request: Request) -> Result<Response, NoResponse> {
        let until =
            Instant::now().checked_add(request.answer_within()).map_or(self.ends, |it| it.min(self.ends));
        let mut request = self.on_the_wire(request)?;
        if let Some(connection) = self.connection.take() {
            match self.exchange(connection, request, until).await? {
                Exchanged::Answered(response) => return Ok(response),
                // The provider closed it meanwhile, and the request came back whole.
                Exchanged::Unsent(unsent) => request = unsent,
            }
        }
        let connection = self.http.connect(until).await.map_err(NoResponse::NotSent)?;
        match self.exchange(connection, request, until).await? {
            Exchanged::Answered(response) => Ok(response),
            Exchanged::Unsent(_) => Err(NoResponse::NotSent(NotSent::Connect)),
        }
    }

    /// Puts the request on the connection. When the time runs out the connection is dropped, and with it
    /// whatever has not left.
    async fn exchange(
        &mut self,
        mut connection: Connection,
        request: hyper::Request<Full<Bytes>>,
        until: Instant,
    ) -> Result<Exchanged, NoResponse> {
        check_time(until).map_err(NoResponse::NotSent)?;
        let exchanged = connection.exchange(request, self.http.limits.answer_bytes);
        let exchanged = timeout_at(until, exchanged)
            .await
            .unwrap_or(Err(DoubtCause::NoAnswer))
            .map_err(NoResponse::Unknown)?;
        if matches!(exchanged, Exchanged::Answered(_)) {
            self.connection = Some(connection);
        }
        Ok(exchanged)
    }

    fn on_the_wire(&self, request: Request) -> Result<hyper::Request<Full<Bytes>>, NoResponse> {
        let impossible = NoResponse::NotSent(NotSent::Request);
        let mut builder = hyper::Request::builder()
            .method(request.method().as_str())
            .uri(request.path())
            .header(HOST, self.http.endpoint.authority())
            .header(USER_AGENT, concat!("paytone/", env!("CARGO_PKG_VERSION")));
        for header in request.headers() {
            let mut value = HeaderValue::from_str(header.value()).map_err(|_| impossible)?;
            value.set_sensitive(true);
            builder = builder.header(HeaderName::from_static(header.name()), value);
        }
        let body = request.into_body().map_or_else(Bytes::new, Bytes::from_owner);
        builder.body(Full::new(body)).map_err(|_| impossible)
    }
}

fn check_time(until: Instant) -> Result<(), NotSent> {
    if Instant::now() >= until { Err(NotSent::Deadline) } else { Ok(()) }
}
