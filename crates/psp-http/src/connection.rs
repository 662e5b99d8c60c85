//! One connection, driven by whoever waits for it and closed when dropped.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use paytone_psp::DoubtCause;
use paytone_psp::exchange::{NotSent, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::answer::{cause, read};
use crate::endpoint::Endpoint;

type OnTheWire = hyper::Request<Full<Bytes>>;

/// A connection that was opened. It has no task of its own: it moves only while a request is waited for, so nothing
/// can leave after the wait was given up.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
}

/// What came of a request on a connection.
pub(crate) enum Exchanged {
    /// A whole answer.
    Answered(Response),
    /// The connection was closed before it took the request; here it is again.
    Unsent(OnTheWire),
}

impl Connection {
    pub(crate) async fn open(endpoint: &Endpoint, tls: &TlsConnector) -> Result<Self, NotSent> {
        let tcp = tcp(endpoint).await?;
        match endpoint.server_name() {
            Some(name) => {
                let secured = tls.connect(name.clone(), tcp).await.map_err(|_| NotSent::Tls)?;
                Self::begin(secured).await
            }
            None => Self::begin(tcp).await,
        }
    }

    async fn begin<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S) -> Result<Self, NotSent> {
        let (sender, connection) = Builder::new()
            .max_headers(MOST_HEADERS)
            .max_buf_size(MOST_HEADER_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| NotSent::Connect)?;
        let ended = async {
            // How it ended is told to whoever waits for the answer.
            let _ = connection.await;
        };
        Ok(Self { sender, driver: Driver(Some(Box::pin(ended))) })
    }

    /// Sends `request` and reads the whole answer.
    pub(crate) async fn exchange(
        &mut self,
        request: OnTheWire,
        most_bytes: usize,
    ) -> Result<Exchanged, DoubtCause> {
        let Self { sender, driver } = self;
        driver
            .alongside(async {
                if sender.ready().await.is_err() {
                    return Ok(Exchanged::Unsent(request));
                }
                match sender.try_send_request(request).await {
                    Ok(response) => read(response, most_bytes).await.map(Exchanged::Answered),
                    Err(mut failed) => match failed.take_message() {
                        Some(unsent) => Ok(Exchanged::Unsent(unsent)),
                        None => Err(cause(failed.error())),
                    },
                }
            })
            .await
    }
}

/// Reading and writing, until the connection has ended.
struct Driver(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Driver {
    /// Drives the connection while `future` runs.
    async fn alongside<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            if let Some(connection) = &mut self.0
                && connection.as_mut().poll(context).is_ready()
            {
                self.0 = None;
            }
            future.as_mut().poll(context)
        })
        .await
    }
}

/// The first address that accepts, in the order the resolver gives them.
async fn tcp(endpoint: &Endpoint) -> Result<TcpStream, NotSent> {
    let addresses = lookup_host(endpoint.host_and_port()).await.map_err(|_| NotSent::Address)?;
    for address in addresses.filter(|address| endpoint.allows(*address)) {
        if let Ok(stream) = TcpStream::connect(address).await {
            // Without it a small request may wait for an acknowledgement; that it cannot be set harms nothing else.
            let _ = stream.set_nodelay(true);
            return Ok(stream);
        }
    }
    Err(NotSent::Connect)
}

const MOST_HEADERS: usize = 100;
const MOST_HEADER_BYTES: usize = 64 * 1024;
