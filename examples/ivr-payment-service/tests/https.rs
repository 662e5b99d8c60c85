//! HTTP over TLS as clients meet it: the certificate, old versions, and no way around it.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::Fixture;
use common::peers::available;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A service that speaks TLS with a certificate of its own; the certificate's file.
async fn with_tls() -> (Fixture, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["pay.example.com".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(folder.path().join("certificate.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let settings = format!("[http]\ncertificate = '{}'\nkey = '{}'\n", at("certificate.pem"), at("key.pem"));
    (Fixture::start_with(&settings).await, folder)
}

/// OpenSSL's client, which nobody here wrote, connects like this and asks for a page.
fn openssl(address: SocketAddr, certificate: &Path, arguments: &[&str]) -> Output {
    let mut child = Command::new("openssl")
        .args(["s_client", "-connect", &address.to_string(), "-servername", "pay.example.com"])
        .args(["-verify_return_error", "-verify_hostname", "pay.example.com", "-ign_eof", "-CAfile"])
        .arg(certificate)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let request = "GET /console/sign-in HTTP/1.1\r\nHost: pay.example.com\r\nConnection: close\r\n\r\n";
    // A client whose handshake failed does not read.
    drop(child.stdin.take().unwrap().write_all(request.as_bytes()));
    child.wait_with_output().unwrap()
}

async fn asked(
    address: SocketAddr,
    certificate: &Path,
    arguments: &'static [&'static str],
) -> (bool, String) {
    let certificate = certificate.to_owned();
    let output =
        tokio::task::spawn_blocking(move || openssl(address, &certificate, arguments)).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_served_over_tls_1_2_and_1_3_and_nothing_older() {
    if !available("openssl") {
        return;
    }
    let (fixture, folder) = with_tls().await;
    let (address, certificate) = (fixture.service.http(), folder.path().join("certificate.pem"));
    for (version, name) in [(&["-tls1_2"], "TLSv1.2"), (&["-tls1_3"], "TLSv1.3")] {
        let (success, said) = asked(address, &certificate, version).await;
        assert!(success && said.contains("Verify return code: 0 (ok)") && said.contains(name), "{said}");
        assert!(said.contains("HTTP/1.1 200 OK"), "{said}");
        let headers = said.to_ascii_lowercase();
        assert!(headers.contains("strict-transport-security: max-age="), "browsers come back by TLS: {said}");
    }
    // Security level 0 lets this client offer what it would rather not.
    for old in [&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], &["-tls1", "-cipher", "ALL:@SECLEVEL=0"]] {
        let (success, said) = asked(address, &certificate, old).await;
        assert!(!success && !said.contains("HTTP/1.1"), "{said}");
        assert!(said.contains("SSL alert number"), "the server has refused it: {said}");
    }
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_gets_no_answer_where_there_is_a_certificate() {
    let (fixture, _folder) = with_tls().await;
    let mut plain = TcpStream::connect(fixture.service.http()).await.unwrap();
    plain.write_all(b"GET /console/sign-in HTTP/1.1\r\nHost: pay.example.com\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The server may also reset the connection.
    drop(plain.read_to_end(&mut answer).await);
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    fixture.stop().await;
}
