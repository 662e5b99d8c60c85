//! The suite every gateway has to pass: without a socket, and over HTTP and TLS.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;

use paytone_psp::conformance::{Report, Verdict, run};
use paytone_psp::exchange::Runner;
use paytone_psp_gmo::fake::{Fake, serve};
use paytone_psp_http::{Endpoint, Http, Trust};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use common::{NOW, adapter, in_process, kit};

fn judge(report: &Report) {
    assert!(report.has_passed(), "{report}");
    assert_eq!(report.skipped().collect::<Vec<_>>(), ["what is not offered is refused"]);
    assert_eq!(report.results().iter().filter(|(_, verdict)| *verdict == Verdict::Passed).count(), 15);
}

#[tokio::test]
async fn every_promise_is_kept() {
    let fake = Fake::new(|| NOW);
    judge(&run(&kit(&in_process(&fake))).await);
}

#[tokio::test]
async fn every_promise_is_kept_over_http() {
    let address = started(Fake::new(|| NOW), None).await;
    let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
    let http = Http::new(endpoint, &Trust::PublicAuthorities).unwrap();
    judge(&run(&kit(&Runner::new(adapter(), http))).await);
}

#[tokio::test]
async fn every_promise_is_kept_over_tls() {
    let made = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
    let address = started(Fake::new(|| NOW), Some(TlsAcceptor::from(Arc::new(config)))).await;
    let endpoint = Endpoint::parse(&format!("https://localhost:{}", address.port())).unwrap();
    let http = Http::new(endpoint, &Trust::Only { pem: made.cert.pem().into_bytes() }).unwrap();
    judge(&run(&kit(&Runner::new(adapter(), http))).await);
}

async fn started(fake: Fake, tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, fake, tls));
    address
}
