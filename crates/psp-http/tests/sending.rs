//! What was certainly not sent, told from what may have been.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;

use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::sync::atomic::Ordering;

use paytone_psp::DoubtCause;
use paytone_psp::exchange::{NoResponse, NotSent, Transport};
use paytone_psp_http::{Endpoint, Http, Limits, Trust};

use common::{Behaviour, Server, charge, http, https, unused_port};

const PATIENCE: Duration = Duration::from_secs(20);

/// The answer to one charge at a server that behaves so, and how many requests arrived there.
async fn outcome(behaviour: Behaviour) -> (Result<u16, NoResponse>, usize) {
    let server = Server::plain(behaviour).await;
    let transport = http(&server);
    let answer = transport.session(Duration::from_millis(400)).send(charge()).await;
    (answer.map(|response| response.status()), server.requests.load(Ordering::SeqCst))
}

#[tokio::test]
async fn what_never_left_was_not_sent() {
    let refused = Http::new(
        Endpoint::parse(&format!("http://127.0.0.1:{}", unused_port())).unwrap(),
        &Trust::PublicAuthorities,
    );
    let answer = refused.unwrap().session(PATIENCE).send(charge()).await;
    assert_eq!(answer.unwrap_err(), NoResponse::NotSent(NotSent::Connect));

    let nowhere = Http::new(Endpoint::parse("https://nobody.invalid").unwrap(), &Trust::PublicAuthorities);
    let answer = nowhere.unwrap().session(PATIENCE).send(charge()).await;
    let expected = [NotSent::Address, NotSent::Connect].map(NoResponse::NotSent);
    assert!(expected.contains(&answer.unwrap_err()), "a name that exists nowhere");
}

#[tokio::test]
async fn after_the_time_is_up_nothing_is_sent() {
    let server = Server::plain(Behaviour::Answers(201)).await;
    let transport = http(&server);
    let answer = transport.session(Duration::ZERO).send(charge()).await;
    assert_eq!(answer.unwrap_err(), NoResponse::NotSent(NotSent::Deadline));
    let mut session = transport.session(PATIENCE);
    let answer = session.send(charge().patience(Duration::ZERO)).await;
    assert_eq!(answer.unwrap_err(), NoResponse::NotSent(NotSent::Deadline));
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_of_any_status_is_an_answer() {
    for status in [200, 201, 202, 400, 401, 402, 409, 429, 500, 502, 503] {
        assert_eq!(outcome(Behaviour::Answers(status)).await, (Ok(status), 1));
    }
}

#[tokio::test]
async fn what_was_taken_and_not_answered_is_unknown() {
    let no_answer = Err(NoResponse::Unknown(DoubtCause::NoAnswer));
    for behaviour in
        [Behaviour::ClosesAfterRequest, Behaviour::Silent, Behaviour::HalfAnAnswer, Behaviour::ResetsMidway]
    {
        assert_eq!(outcome(behaviour).await.0, no_answer, "{behaviour:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown() {
    let unreadable = Err(NoResponse::Unknown(DoubtCause::Unreadable));
    for behaviour in
        [Behaviour::Garbage, Behaviour::TooLong, Behaviour::TooLongInChunks, Behaviour::Redirects]
    {
        assert_eq!(outcome(behaviour).await, (unreadable, 1), "{behaviour:?}");
    }
}

#[tokio::test]
async fn an_answer_as_long_as_allowed_is_read() {
    let server = Server::plain(Behaviour::Answers(200)).await;
    for (answer_bytes, is_read) in [(Behaviour::BODY.len(), true), (Behaviour::BODY.len() - 1, false)] {
        let transport = http(&server).with_limits(Limits { answer_bytes, ..Limits::default() });
        let answer = transport.session(PATIENCE).send(charge()).await;
        assert_eq!(answer.is_ok(), is_read, "{answer_bytes}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::plain(Behaviour::Answers(200)).await;
    let server = Server::plain(Behaviour::RedirectsTo(elsewhere.address)).await;
    let answer = http(&server).session(PATIENCE).send(charge()).await;
    assert_eq!(answer.unwrap_err(), NoResponse::Unknown(DoubtCause::Unreadable));
    assert_eq!(elsewhere.requests.load(Ordering::SeqCst), 0);
}

/// The second request of an operation finds the connection closed: it goes out once, on a new one.
#[tokio::test]
async fn a_closed_connection_is_opened_anew_and_nothing_is_sent_twice() {
    let server = Server::plain(Behaviour::AnswersAndCloses(200)).await;
    let transport = http(&server);
    let mut session = transport.session(PATIENCE);
    for number in 1..=3 {
        assert_eq!(session.send(charge()).await.unwrap().status(), 200);
        assert_eq!(server.requests.load(Ordering::SeqCst), number);
        assert_eq!(server.connections.load(Ordering::SeqCst), number);
    }
}

#[tokio::test]
async fn one_connection_serves_an_operation() {
    let server = Server::plain(Behaviour::Answers(200)).await;
    let transport = http(&server);
    let mut session = transport.session(PATIENCE);
    for _ in 0..3 {
        assert_eq!(session.send(charge()).await.unwrap().status(), 200);
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    drop(session);
    assert_eq!(transport.session(PATIENCE).send(charge()).await.unwrap().status(), 200);
    assert_eq!(server.connections.load(Ordering::SeqCst), 2);
}

/// A request whose future is dropped before the connection stands is never sent.
#[tokio::test]
async fn a_dropped_wait_sends_nothing_later() {
    let server = Server::plain(Behaviour::Answers(200)).await;
    let transport = http(&server);
    let mut session = transport.session(PATIENCE);
    let mut wait = session.send(charge());
    let is_answered = poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_ready())).await;
    assert!(!is_answered, "a connection takes a moment");
    drop(wait);
    assert_eq!(session.send(charge()).await.unwrap().status(), 200);
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_right_certificate_is_accepted_by_both_versions() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (server, pem) = Server::tls(Behaviour::Answers(200), version, "localhost").await;
        let answer = https(&server, &Trust::Only { pem }).session(PATIENCE).send(charge()).await;
        assert_eq!(answer.unwrap().status(), 200, "{version:?}");
    }
}

#[tokio::test]
async fn a_wrong_certificate_gets_no_request() {
    let (server, pem) = Server::tls(Behaviour::Answers(200), &rustls::version::TLS13, "localhost").await;
    let (_, another) = Server::tls(Behaviour::Answers(200), &rustls::version::TLS13, "localhost").await;
    let (misnamed, its_own) =
        Server::tls(Behaviour::Answers(200), &rustls::version::TLS13, "example.com").await;
    for (at, trust) in [
        (&server, Trust::PublicAuthorities),
        (&server, Trust::Only { pem: another }),
        (&misnamed, Trust::Only { pem: its_own }),
    ] {
        let answer = https(at, &trust).session(PATIENCE).send(charge()).await;
        assert_eq!(answer.unwrap_err(), NoResponse::NotSent(NotSent::Tls), "{trust:?}");
        assert_eq!(at.requests.load(Ordering::SeqCst), 0);
    }
    assert_eq!(
        https(&server, &Trust::Only { pem }).session(PATIENCE).send(charge()).await.unwrap().status(),
        200
    );
}

/// A server that speaks no TLS gets nothing but the greeting.
#[tokio::test]
async fn without_tls_on_the_other_side_nothing_is_sent() {
    let server = Server::plain(Behaviour::GreetsFirst).await;
    let answer = https(&server, &Trust::PublicAuthorities).session(PATIENCE).send(charge()).await;
    assert_eq!(answer.unwrap_err(), NoResponse::NotSent(NotSent::Tls));
}

/// A handshake that never ends is given up after the time for connecting.
#[tokio::test]
async fn a_connection_that_never_stands_was_not_used() {
    let server = Server::plain(Behaviour::NeverReads).await;
    let limits = Limits { connect: Duration::from_millis(100), ..Limits::default() };
    let transport = https(&server, &Trust::PublicAuthorities).with_limits(limits);
    let answer = transport.session(PATIENCE).send(charge()).await;
    assert_eq!(answer.unwrap_err(), NoResponse::NotSent(NotSent::Connect));
    let answer = transport.session(Duration::from_millis(50)).send(charge()).await;
    assert_eq!(answer.unwrap_err(), NoResponse::NotSent(NotSent::Deadline));
}

#[tokio::test]
async fn a_header_that_cannot_be_is_not_sent() {
    let server = Server::plain(Behaviour::Answers(200)).await;
    let request = charge().header("x-note", "two\r\nlines");
    let answer = http(&server).session(PATIENCE).send(request).await;
    assert_eq!(answer.unwrap_err(), NoResponse::NotSent(NotSent::Request));
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_request_arrives_as_it_was_written() {
    let server = Server::plain(Behaviour::Answers(200)).await;
    let request = charge().header("idempotency-key", "k-1");
    http(&server).session(PATIENCE).send(request).await.unwrap();
    let seen = server.last_request();
    assert!(seen.starts_with("POST /v1/charge?x=1 HTTP/1.1\r\n"), "{seen}");
    for line in [
        format!("\r\nhost: {}\r\n", server.address),
        "\r\nidempotency-key: k-1\r\n".into(),
        "\r\ncontent-type: application/json\r\n".into(),
        format!("\r\ncontent-length: {}\r\n", common::BODY.len()),
    ] {
        assert!(seen.contains(&line), "{line:?} in {seen}");
    }
    assert!(seen.ends_with(common::BODY), "{seen}");
    assert!(!seen.to_ascii_lowercase().contains("accept-encoding"), "no compression is offered");
}
