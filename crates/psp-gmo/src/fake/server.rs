//! The fake over HTTP, with or without TLS.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::reply::{Outcome, Reply};
use super::{Fake, WireRequest};

/// Serves `fake` to whoever connects, until it is dropped.
///
/// # Errors
///
/// The listener fails.
pub async fn serve(listener: TcpListener, fake: Fake, tls: Option<TlsAcceptor>) -> io::Result<Infallible> {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        while connections.try_join_next().is_some() {}
        let (fake, tls) = (fake.clone(), tls.clone());
        connections.spawn(async move {
            match tls {
                Some(tls) => {
                    // Whoever does not finish the handshake has only themselves to blame.
                    let Ok(stream) = tls.accept(stream).await else { return };
                    serve_one(stream, fake).await;
                }
                None => serve_one(stream, fake).await,
            }
        });
    }
}

async fn serve_one(stream: impl AsyncRead + AsyncWrite + Unpin, fake: Fake) {
    let service = service_fn(|request| answer(fake.clone(), request));
    // An error is a fault on demand, or a client that went away.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(fake: Fake, request: Request<Incoming>) -> Result<Response<Announced>, Closed> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let outcome = fake.handle(&WireRequest {
        method: head.method.as_str(),
        path: head.uri.path(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        key: header("idempotency-key"),
        body: &body,
    });
    match outcome {
        Outcome::Answer(after, reply) => {
            tokio::time::sleep(after).await;
            let length = reply.body.len();
            Ok(respond(reply, length))
        }
        Outcome::Truncated(reply, length) => Ok(respond(reply, length)),
        Outcome::Huge(reply) => Ok(respond(Reply { body: vec![b' '; HUGE], ..reply }, HUGE)),
        Outcome::Silence => core::future::pending().await,
        Outcome::Closed => Err(Closed),
    }
}

fn respond(reply: Reply, sends: usize) -> Response<Announced> {
    let announced = reply.body.len() as u64;
    let data = Bytes::from(reply.body);
    let is_whole = sends == data.len();
    let mut response = Response::new(Announced { data: Some(data.slice(..sends)), announced, is_whole });
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(reply.content_type));
    response
}

const HUGE: usize = 64 * 1024 * 1024;

/// The connection closes without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on demand")]
struct Closed;

/// A body that may end before the length it announced.
struct Announced {
    data: Option<Bytes>,
    announced: u64,
    is_whole: bool,
}

impl Body for Announced {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        Poll::Ready(match self.data.take() {
            Some(data) => Some(Ok(Frame::data(data))),
            None if self.is_whole => None,
            None => Some(Err(Closed)),
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
