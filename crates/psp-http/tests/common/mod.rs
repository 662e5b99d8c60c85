//! Servers that behave as they are told, byte by byte.

#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use paytone_psp::exchange::{Body, Request};
use paytone_psp_http::{Endpoint, Http, Trust};
use rustls::SupportedProtocolVersion;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub(crate) const BODY: &str = r#"{"amount":"1200"}"#;

pub(crate) fn charge() -> Request {
    Request::post("/v1/charge?x=1", "application/json", Body::write(|sink| sink.push(BODY.as_bytes())))
}

pub(crate) fn http(server: &Server) -> Http {
    let endpoint = Endpoint::parse(&format!("http://{}", server.address)).unwrap();
    Http::new(endpoint, &Trust::PublicAuthorities).unwrap()
}

pub(crate) fn https(server: &Server, trust: &Trust) -> Http {
    let endpoint = Endpoint::parse(&format!("https://localhost:{}", server.address.port())).unwrap();
    Http::new(endpoint, trust).unwrap()
}

/// A port nobody listens on: one that was free a moment ago.
pub(crate) fn unused_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What a server does with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    Answers(u16),
    AnswersAndCloses(u16),
    ClosesAfterRequest,
    Silent,
    HalfAnAnswer,
    ResetsMidway,
    Garbage,
    TooLong,
    TooLongInChunks,
    Redirects,
    RedirectsTo(SocketAddr),
    NeverReads,
    GreetsFirst,
}

impl Behaviour {
    pub(crate) const BODY: &str = r#"{"ok":true}"#;

    /// The bytes of the answer; `None` where there is none.
    fn answer(self) -> Option<Vec<u8>> {
        let length = Self::BODY.len();
        Some(match self {
            Self::Answers(status) | Self::AnswersAndCloses(status) => {
                format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{}", Self::BODY).into_bytes()
            }
            Self::HalfAnAnswer => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"ok\"".to_vec(),
            Self::ResetsMidway => b"HTTP/1.1 20".to_vec(),
            Self::Garbage => b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(),
            Self::TooLong => b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_vec(),
            Self::TooLongInChunks => {
                let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
                format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(5))
                    .into_bytes()
            }
            Self::Redirects => {
                b"HTTP/1.1 307 X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_vec()
            }
            Self::RedirectsTo(other) => {
                format!("HTTP/1.1 308 X\r\nlocation: http://{other}/\r\ncontent-length: 0\r\n\r\n")
                    .into_bytes()
            }
            Self::ClosesAfterRequest | Self::Silent | Self::NeverReads | Self::GreetsFirst => return None,
        })
    }

    const fn keeps_open(self) -> bool {
        matches!(self, Self::Answers(_) | Self::Silent | Self::NeverReads)
    }
}

/// A server and what it has seen.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Arc<AtomicUsize>,
    pub(crate) connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    pub(crate) async fn plain(behaviour: Behaviour) -> Self {
        Self::start(behaviour, None).await
    }

    /// With a certificate for `name`, which is returned.
    pub(crate) async fn tls(
        behaviour: Behaviour,
        version: &'static SupportedProtocolVersion,
        name: &str,
    ) -> (Self, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
                .unwrap();
        let server = Self::start(behaviour, Some(TlsAcceptor::from(Arc::new(config)))).await;
        (server, made.cert.pem().into_bytes())
    }

    async fn start(behaviour: Behaviour, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            connections: Arc::default(),
            seen: Arc::default(),
        };
        let (requests, connections, seen) =
            (server.requests.clone(), server.connections.clone(), server.seen.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                let (requests, seen, tls) = (requests.clone(), seen.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, behaviour, &requests, &seen).await;
                            }
                        }
                        None => serve(stream, behaviour, &requests, &seen).await,
                    }
                });
            }
        });
        server
    }

    pub(crate) fn last_request(&self) -> String {
        String::from_utf8(self.seen.lock().unwrap().clone()).unwrap()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    behaviour: Behaviour,
    requests: &AtomicUsize,
    seen: &Mutex<Vec<u8>>,
) {
    if matches!(behaviour, Behaviour::NeverReads) {
        core::future::pending::<()>().await;
    }
    if matches!(behaviour, Behaviour::GreetsFirst) {
        let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n").await;
    }
    while let Some(request) = read_request(&mut stream).await {
        *seen.lock().unwrap() = request;
        requests.fetch_add(1, Ordering::SeqCst);
        if let Some(answer) = behaviour.answer() {
            // A client that has seen enough does not read the rest.
            let _ = stream.write_all(&answer).await;
            let _ = stream.flush().await;
        }
        if !behaviour.keeps_open() {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// Reads up to the end of the body that was announced; `None` at the end of the connection, or where it is no HTTP.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        request.push(stream.read_u8().await.ok()?);
        if request.len() > 10_000 {
            return None;
        }
        if request.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8(request.clone()).ok()?.to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    request.extend(body);
    Some(request)
}
