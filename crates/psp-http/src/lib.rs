//! HTTP/1.1 over TLS for payment providers: one request, one answer, and certainty about what was sent.
//!
//! ```
//! use core::time::Duration;
//! use paytone_psp::exchange::{NoResponse, NotSent, Request, Session, Transport};
//! use paytone_psp_http::{Endpoint, Http, Trust};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::parse("http://127.0.0.1:1")?; // nobody listens there
//! let http = Http::new(endpoint, &Trust::PublicAuthorities)?;
//! let mut session = http.session(Duration::from_secs(5));
//! let answer = session.send(Request::get("/v1/ping")).await;
//! assert_eq!(answer.err(), Some(NoResponse::NotSent(NotSent::Connect)));
//! # Ok(())
//! # }
//! ```
//!
//! An adapter and [`Http`] together are a [`Gateway`](paytone_psp::Gateway): [`HttpGateway`].
//!
//! # What it does, and does not
//!
//! - TLS 1.2 and 1.3 by `rustls` with `ring`; the certificate is checked against the public authorities or against
//!   the ones given ([`Trust`]). Without TLS it talks to the machine it runs on alone.
//! - A request is sent once. No redirect is followed, no proxy is read from the environment, nothing is repeated.
//!   The connection serves the requests of one operation and is then closed, so none is ever sent on a connection
//!   that has been idle.
//! - [`NotSent`](paytone_psp::exchange::NotSent) is said only where no byte of the request can have left; from the
//!   moment the connection has taken the request, whatever goes wrong is
//!   [`Unknown`](paytone_psp::exchange::NoResponse::Unknown).
//! - Nothing is sent once the operation's time is up, and dropping the future closes the connection.
//! - The body goes out of the one buffer it was written into, which wipes itself. An answer is read up to
//!   [`Limits::answer_bytes`], into a buffer that wipes itself too.
//! - Nothing is logged.

#![forbid(unsafe_code)]

mod answer;
mod connection;
mod endpoint;
mod http;
mod tls;

use paytone_psp::exchange::Runner;

pub use crate::endpoint::{Endpoint, InvalidEndpoint};
pub use crate::http::{Http, Limits};
pub use crate::tls::{InvalidTrust, Trust};

/// The gateway of an adapter's provider.
pub type HttpGateway<A> = Runner<A, Http>;
