//! The stand-in for PG Multi-Payment Service as a program: `gmo_fake 127.0.0.1:18430`, and with the name of a file as a
//! second argument over TLS, writing the certificate to trust into it.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use paytone_psp_gmo::fake::{Fake, SHOP_ID, SHOP_PASSWORD, serve};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| String::from("127.0.0.1:18430"));
    let tls = arguments.next().map(|file| acceptor(&file)).transpose()?;
    let listener = TcpListener::bind(address).await?;
    if !listener.local_addr()?.ip().is_loopback() {
        return Err("the stand-in serves the loopback address only".into());
    }
    let mut output = std::io::stdout();
    writeln!(output, "listening on {}, shop {SHOP_ID}, password {SHOP_PASSWORD}", listener.local_addr()?)?;
    output.flush()?;
    let fake = Fake::new(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    serve(listener, fake, tls).await?;
    Ok(())
}

/// A certificate for `localhost`, new every time.
fn acceptor(file: &str) -> Result<TlsAcceptor, Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed([String::from("localhost")])?;
    std::fs::write(file, made.cert.pem())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
