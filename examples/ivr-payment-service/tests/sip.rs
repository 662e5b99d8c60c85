//! SIP as it comes off the wire: what is refused, with what, and what a broken sender can do (nothing).
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{CODE, EXPIRY, Fixture};
use paytone_card::test_numbers;
use phone::{Call, Keys, Options, Target};
use tokio::net::UdpSocket;

/// A SIP sender with no manners.
struct Wire {
    socket: UdpSocket,
    service: SocketAddr,
    sent: u32,
}

impl Wire {
    async fn to(service: SocketAddr) -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(), service, sent: 0 }
    }

    /// A request with everything a request needs, plus `headers`, and `body` as SDP.
    fn request(&mut self, method: &str, user: &str, headers: &str, body: &str) -> String {
        self.sent += 1;
        let (here, there, number) = (self.socket.local_addr().unwrap(), self.service, self.sent);
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} sip:{user}@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKwire{number};rport\r\n\
             From: <sip:wire@{here}>;tag=w{number}\r\nTo: <sip:{user}@{there}>\r\nCall-ID: wire{number}@{here}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:wire@{here}>\r\nMax-Forwards: 70\r\n{headers}{kind}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    async fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.service).await.unwrap();
    }

    /// The final answer to what was sent last.
    async fn answer(&self) -> String {
        let mut buffer = [0; 8192];
        loop {
            let received = tokio::time::timeout(Duration::from_secs(5), self.socket.recv_from(&mut buffer));
            let (length, _) = received.await.expect("an answer in time").unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.starts_with("SIP/2.0 ") && !text.starts_with("SIP/2.0 1") {
                return text;
            }
        }
    }

    async fn ask(&mut self, method: &str, user: &str, headers: &str, body: &str) -> String {
        let request = self.request(method, user, headers, body);
        self.send(request.as_bytes()).await;
        self.answer().await
    }
}

fn sdp(media: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{media}")
}

fn good_sdp() -> String {
    sdp("m=audio 40000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\n")
}

fn status(answer: &str) -> &str {
    answer.split_whitespace().nth(1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_refused_with_the_right_status() {
    let fixture = Fixture::start().await;
    let mut wire = Wire::to(fixture.sip()).await;

    let options = wire.ask("OPTIONS", "pay", "", "").await;
    assert_eq!(status(&options), "200");
    assert!(options.contains("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO"), "{options}");
    assert!(options.contains("application/sdp"), "{options}");

    let required = wire.ask("INVITE", "pay", "Require: 100rel\r\n", &good_sdp()).await;
    assert_eq!(status(&required), "420");
    assert!(required.contains("Unsupported: 100rel"), "{required}");

    let savp = sdp("m=audio 40000 RTP/SAVP 0\r\n");
    let opus = sdp("m=audio 40000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n");
    for (user, body, expected) in [
        ("nobody", good_sdp(), "404"),
        ("pay", String::new(), "488"),
        ("pay", savp, "488"),
        ("pay", opus, "488"),
        ("pay", "this is no session description".to_owned(), "400"),
    ] {
        assert_eq!(status(&wire.ask("INVITE", user, "", &body).await), expected, "{user} {body}");
    }
    assert_eq!(status(&wire.ask("SUBSCRIBE", "pay", "", "").await), "405");
    let request = wire.request("BYE", "pay", "", "");
    wire.send(request.replacen("To: <sip:pay@", "To: <sip:pay@gone>;tag=x\r\nX: <", 1).as_bytes()).await;
    assert_eq!(status(&wire.answer().await), "481");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_takes_up_the_offered_payload_type_and_family() {
    let fixture = Fixture::start().await;
    let mut wire = Wire::to(fixture.sip()).await;
    let answer = wire.ask("INVITE", "pay", "", &good_sdp()).await;
    assert_eq!(status(&answer), "200");
    assert!(answer.contains("a=rtpmap:97 telephone-event/8000"), "{answer}");
    assert!(answer.contains("RTP/AVP 0 97"), "{answer}");
    let a_law = sdp("m=audio 40000 RTP/AVP 8 0 110\r\na=rtpmap:110 telephone-event/8000\r\n");
    let answer = wire.ask("INVITE", "pay", "", &a_law).await;
    assert!(answer.contains("RTP/AVP 8 110"), "{answer}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_timer_is_agreed_on() {
    let fixture = Fixture::start().await;
    let mut wire = Wire::to(fixture.sip()).await;
    let headers = "Supported: timer\r\nSession-Expires: 60\r\n";
    let short = wire.ask("INVITE", "pay", headers, &good_sdp()).await;
    assert_eq!(status(&short), "422");
    assert!(short.contains("Min-SE: 90"), "{short}");
    let headers = "Supported: timer\r\nSession-Expires: 1800\r\nRequire: timer\r\n";
    let answer = wire.ask("INVITE", "pay", headers, &good_sdp()).await;
    assert_eq!(status(&answer), "200");
    assert!(answer.contains("Session-Expires: 1800;refresher=uac"), "{answer}");
    assert!(answer.contains("Require: timer"), "{answer}");
    let plain = wire.ask("INVITE", "pay", "", &good_sdp()).await;
    assert!(!plain.contains("Session-Expires"), "{plain}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_messages_and_audio_change_nothing() {
    // All of this comes from one source.
    let fixture = Fixture::start_with("sip.calls_per_second = 10000\n").await;
    let mut wire = Wire::to(fixture.sip()).await;
    let good = wire.request("INVITE", "pay", "", &good_sdp());
    for round in 0..600_usize {
        let mut bytes = good.replace("wire1", &format!("mutant{round}")).into_bytes();
        mutate(&mut bytes, round);
        wire.send(&bytes).await;
    }
    for junk in [&b""[..], b"\r\n\r\n", b"\0\0\0\0", &[0xff; 1400], b"INVITE", b"SIP/2.0 200 OK\r\n\r\n"] {
        wire.send(junk).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;

    // RTP and its port get their share.
    let answer = Wire::to(fixture.sip()).await.ask("INVITE", "pay", "", &good_sdp()).await;
    let port: u16 = answer.split("m=audio ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let rtp = SocketAddr::from(([127, 0, 0, 1], port));
    for round in 0..600_usize {
        let mut packet = vec![0x80, 0, 0, round as u8, 0, 0, 0, 0, 0, 0, 0, 1, 5, 0x8a, 3, 0x20];
        mutate(&mut packet, round);
        wire.socket.send_to(&packet, rtp).await.unwrap();
    }

    let paid = paid_call(&fixture, &Options::new(), &fixture.uri("pay")).await;
    assert_eq!(paid, "approved", "the service goes on");
    fixture.stop().await;
}

/// Breaks a message in one of several ways, the same way every time.
fn mutate(bytes: &mut Vec<u8>, round: usize) {
    let at = round.wrapping_mul(2_654_435_761) % bytes.len();
    match round % 5 {
        0 => bytes[at] ^= 0xff,
        1 => bytes.truncate(at),
        2 => bytes.insert(at, b'\n'),
        3 => drop(bytes.drain(at..(at + 7).min(bytes.len()))),
        _ => bytes[at] = b'9',
    }
}

async fn paid_call(fixture: &Fixture, options: &Options, uri: &str) -> String {
    let target: Target = uri.parse().unwrap();
    let mut call = Call::dial(&target, options).await.unwrap();
    let keys = format!("{}#{EXPIRY}{CODE}", test_numbers::VISA);
    call.press(&Keys::parse(&keys).unwrap()).await.unwrap();
    let report = call.wait_for_hang_up(Duration::from_secs(60)).await;
    fixture.ended_call(report.call_id()).await["outcome"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ipv6_is_served_like_ipv4() {
    let fixture = Fixture::start_with("sip.udp = '[::1]:0'\nsip.tcp = '[::1]:0'\n").await;
    assert!(fixture.sip().is_ipv6());
    let options = Options::new().bind("::1".parse().unwrap());
    assert_eq!(paid_call(&fixture, &options, &fixture.uri("pay")).await, "approved");
    fixture.stop().await;
}
