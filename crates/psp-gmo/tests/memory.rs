//! Another process looks for the card in ours, before and after an authorisation over TLS.
//!
//! The process that pays is this test program once more. It is given the card key by key through a pipe, as a telephone
//! would, and says when to look. Memory that cannot be written to is left out: the list of published test numbers is
//! part of the program.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;

use core::time::Duration;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use paytone_card::{CardEntry, PanPolicy, test_numbers};
use paytone_psp::exchange::Runner;
use paytone_psp::{
    Authorization, Authorize, BoxFuture, CallContext, Capture, Checkpoint, CheckpointBlob, CheckpointFailed,
    Entry, Gateway, IdempotencyKey, OrderId, PaymentMethod, Reference,
};
use paytone_psp_gmo::fake::{Fake, serve};
use paytone_psp_http::{Endpoint, Http, Trust};
use rand::{SeedableRng, rngs::StdRng};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use common::{adapter, yen};

const PORT: &str = "PAYTONE_TEST_PROBE_PORT";
const CERTIFICATE: &str = "PAYTONE_TEST_PROBE_CERTIFICATE";
const LEAKS: &str = "PAYTONE_TEST_PROBE_LEAKS";
const CODE: &str = "739";

/// A number whose nine digits in a row are not found by chance.
const NUMBER: &str = test_numbers::DINERS_CLUB_16;

/// What another process found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Findings {
    /// Places where nine digits of the number stand in a row.
    windows: usize,
    /// Places where the security code stands behind its name.
    codes: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_authorisation_nothing_of_the_card_is_left() {
    let (before, after) = probe(false).await;
    assert!(before.windows >= 8, "while the card is held it can be found: {before:?}");
    assert_eq!(after, Findings::default());
}

/// The other control: one body written the usual way, and dropped.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_wiped_is_found() {
    let (_, after) = probe(true).await;
    assert!(after.windows >= 8 && after.codes >= 1, "{after:?}");
}

/// Has a process pay, and looks into it while it holds the card and after it has dropped it.
async fn probe(leaks: bool) -> (Findings, Findings) {
    let (port, certificate) = started().await;
    tokio::task::spawn_blocking(move || {
        let mut payer = Payer::start(port, &certificate, leaks);
        payer.key(&format!("{}{EXPIRY}{CODE}", NUMBER));
        payer.wait_for("holding");
        let before = payer.look();
        payer.key("!");
        payer.wait_for("dropped");
        let after = payer.look();
        payer.key("!");
        assert!(payer.child.wait().unwrap().success(), "the process that pays has paid");
        (before, after)
    })
    .await
    .unwrap()
}

/// The stand-in over TLS, in this process.
async fn started() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, Fake::new(now), Some(TlsAcceptor::from(Arc::new(config)))));
    (port, made.cert.pem())
}

/// The process that pays, seen from outside.
struct Payer {
    child: Child,
    keys: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Payer {
    fn start(port: u16, certificate: &str, leaks: bool) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "pays_when_it_is_told_to", "--nocapture"]);
        command.env(PORT, port.to_string()).env(CERTIFICATE, certificate);
        if leaks {
            command.env(LEAKS, "1");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keys, said) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, keys, said }
    }

    fn key(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while !line.trim_end().ends_with(word) {
            line.clear();
            assert_ne!(self.said.read_line(&mut line).unwrap(), 0, "the process that pays is gone");
        }
    }

    fn look(&self) -> Findings {
        let folder = format!("/proc/{}", self.child.id());
        let mut memory = File::open(format!("{folder}/mem")).unwrap();
        let mut findings = Findings::default();
        for line in std::fs::read_to_string(format!("{folder}/maps")).unwrap().lines() {
            let mut words = line.split(' ');
            let (range, rights) = (words.next().unwrap(), words.next().unwrap());
            if !rights.starts_with("rw") {
                continue;
            }
            let (start, end) = range.split_once('-').unwrap();
            let start = u64::from_str_radix(start, 16).unwrap();
            let size = u64::from_str_radix(end, 16).unwrap() - start;
            let mut bytes = vec![0; usize::try_from(size).unwrap()];
            memory.seek(SeekFrom::Start(start)).unwrap();
            if memory.read_exact(&mut bytes).is_ok() {
                findings.windows += windows(&bytes);
                findings.codes += codes(&bytes);
            }
        }
        findings
    }
}

/// As text, and as the digits' values.
fn windows(memory: &[u8]) -> usize {
    let text = NUMBER.as_bytes();
    let values: Vec<u8> = text.iter().map(|digit| digit - b'0').collect();
    let parts: Vec<&[u8]> = text.windows(9).chain(values.windows(9)).collect();
    let begin = |part: &[u8]| u64::from_le_bytes(*part.first_chunk().unwrap());
    let beginnings: Vec<u64> = parts.iter().map(|part| begin(part)).collect();
    let places = memory.windows(9).filter(|window| beginnings.contains(&begin(window)));
    places.filter(|window| parts.contains(window)).count()
}

fn codes(memory: &[u8]) -> usize {
    let label = b"securityCode";
    let is_near = |place: usize| {
        let behind = &memory[place + label.len()..memory.len().min(place + label.len() + 8)];
        behind.windows(CODE.len()).any(|window| window == CODE.as_bytes())
    };
    let places = memory.windows(label.len()).enumerate().filter(|(_, window)| *window == label);
    places.filter(|(place, _)| is_near(*place)).count()
}

/// Run by the tests above, in a process of its own.
#[tokio::test]
async fn pays_when_it_is_told_to() {
    let Ok(port) = std::env::var(PORT) else { return };
    // Opened anew, and read byte by byte: the standard library's own standard input keeps what it has read.
    let mut keys = File::open("/dev/stdin").unwrap();
    let card = keyed(&mut keys);
    say("holding");
    let _ = key(&mut keys);
    pay(&port, &card).await;
    if std::env::var_os(LEAKS).is_some() {
        leak(&card);
    }
    drop(card);
    say("dropped");
    let _ = key(&mut keys);
}

fn say(word: &str) {
    let mut output = std::io::stdout();
    writeln!(output, "\n{word}").unwrap();
    output.flush().unwrap();
}

fn key(keys: &mut File) -> u8 {
    let mut one = [0];
    keys.read_exact(&mut one).unwrap();
    one[0]
}

fn keyed(keys: &mut File) -> paytone_card::Card {
    let (policy, mut entry) = (PanPolicy::default(), CardEntry::new());
    for _ in 0..NUMBER.len() {
        entry.push_pan(key(keys) - b'0', &policy);
    }
    entry.accept_pan(&policy).unwrap();
    for _ in 0..EXPIRY.len() {
        entry.push_expiry(key(keys) - b'0');
    }
    entry.accept_expiry(now()).unwrap();
    for _ in 0..CODE.len() {
        entry.push_code(key(keys) - b'0');
    }
    entry.accept_code().unwrap();
    entry.finish().unwrap()
}

/// What an ordinary program would do.
fn leak(card: &paytone_card::Card) {
    let text = |digits: &[u8]| String::from_utf8(digits.to_vec()).unwrap();
    let (number, code) = (card.pan().expose(text), card.code().unwrap().expose(text));
    // The allocator writes over the first bytes of what is freed.
    let body =
        format!(r#"{{"merchant":"{}","cardNumber":"{number}","securityCode":"{code}"}}"#, "x".repeat(64));
    assert!(body.len() > 64);
}

async fn pay(port: &str, card: &paytone_card::Card) {
    let endpoint = Endpoint::parse(&format!("https://localhost:{port}")).unwrap();
    let pem = std::env::var(CERTIFICATE).unwrap().into_bytes();
    let gateway = Runner::new(adapter(), Http::new(endpoint, &Trust::Only { pem }).unwrap());
    let (mut rng, order) = (StdRng::seed_from_u64(1), OrderId::parse("2026-0001").unwrap());
    let request = Authorize {
        reference: Reference::generate(now(), &mut rng),
        key: IdempotencyKey::generate(&mut rng),
        order: &order,
        money: yen(1200),
        capture: Capture::Auto,
        method: PaymentMethod::LumpSum,
        entry: Entry::TelephoneOrder,
        card,
        postcode: None,
    };
    let context = CallContext { now: now(), deadline: now() + Duration::from_secs(60), checkpoint: &Happy };
    let answer = gateway.authorize(context, request).await;
    assert!(matches!(answer, Ok(Authorization::Approved(_))), "{answer:?}");
}

struct Happy;

impl Checkpoint for Happy {
    fn save<'a>(&'a self, _: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(async { Ok(()) })
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

const EXPIRY: &str = "1230";
