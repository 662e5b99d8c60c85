//! Kamailio in front of two nodes, with the configuration of `docs/switchboards.md`.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::peers::available;
use common::{CODE, EXPIRY, Fixture};
use paytone_card::test_numbers;
use phone::{Call, Keys, Options, PhoneError, Target};
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};

/// A running Kamailio.
struct Proxy {
    child: Child,
    address: SocketAddr,
}

impl Proxy {
    /// Starts it with the documented configuration, at a port of its own, and these nodes.
    async fn start(folder: &Path, nodes: &[SocketAddr]) -> Self {
        let address = free_address().await;
        let list = folder.join("dispatcher.list");
        let lines: String = nodes.iter().map(|node| format!("1 sip:{node}\n")).collect();
        std::fs::write(&list, lines).unwrap();
        let documented = documented().replace("/etc/kamailio/dispatcher.list", list.to_str().unwrap());
        let config = folder.join("kamailio.cfg");
        std::fs::write(&config, format!("listen=udp:{address}\nchildren=2\n{documented}")).unwrap();
        let child = Command::new("kamailio")
            .args(["-DD", "-E", "-Y"])
            .arg(folder)
            .arg("-P")
            .arg(folder.join("pid"))
            .arg("-f")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let proxy = Self { child, address };
        proxy.answers(&folder.join("log")).await;
        proxy
    }

    /// Waits until it answers: 483 to a request that may not go on.
    async fn answers(&self, log: &Path) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let own = socket.local_addr().unwrap();
        let options = format!(
            "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKready\r\nMax-Forwards: 0\r\n\
             From: <sip:t@{own}>;tag=t\r\nTo: <sip:{to}>\r\nCall-ID: ready\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n",
            to = self.address
        );
        let mut buffer = [0; 2048];
        for _ in 0..100 {
            socket.send_to(options.as_bytes(), self.address).await.unwrap();
            let answer = tokio::time::timeout(Duration::from_millis(100), socket.recv_from(&mut buffer));
            if let Ok(Ok((length, _))) = answer.await {
                return assert!(buffer[..length].starts_with(b"SIP/2.0 483"));
            }
        }
        panic!("kamailio does not start: {}", std::fs::read_to_string(log).unwrap_or_default());
    }

    fn target(&self, user: &str) -> Target {
        format!("sip:{user}@{}", self.address).parse().unwrap()
    }
}

impl Drop for Proxy {
    /// Asked to end, it ends its own processes; killed, it would leave them.
    fn drop(&mut self) {
        let id = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        if let Some(id) = id {
            // It may have ended already.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
    }
}

/// The configuration in the document, as it stands there.
fn documented() -> &'static str {
    let document = include_str!("../docs/switchboards.md");
    let from = document.find("loadmodule \"tm.so\"").unwrap();
    let text = &document[from..];
    &text[..text.find("```").unwrap()]
}

async fn free_address() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// A node that answers every INVITE with this status, and everything else with 200; its address, and how many INVITEs came.
async fn node_that_says(status: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (address, invites) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = invites.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let is_invite = request.starts_with("INVITE ");
            count.fetch_add(usize::from(is_invite), Ordering::Relaxed);
            if !request.starts_with("ACK ") {
                let answer = answer(&request, if is_invite { status } else { "200 OK" });
                socket.send_to(answer.as_bytes(), from).await.unwrap();
            }
        }
    });
    (address, invites)
}

fn answer(request: &str, status: &str) -> String {
    let echoed = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let is_echoed = |line: &&str| echoed.iter().any(|name| line.starts_with(name));
    let lines = request.lines().filter(is_echoed).map(|line| match line.starts_with("To:") {
        true => format!("{line};tag=node\r\n"),
        false => format!("{line}\r\n"),
    });
    format!("SIP/2.0 {status}\r\n{}Content-Length: 0\r\n\r\n", lines.collect::<String>())
}

/// Two calls, so that each of the two nodes is the first choice of one.
#[tokio::test(flavor = "multi_thread")]
async fn callers_pay_through_the_proxy_and_a_node_that_drains_is_passed_over() {
    if !available("kamailio") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start().await;
    let (draining, asked) = node_that_says("503 Service Unavailable").await;
    let proxy = Proxy::start(folder.path(), &[draining, fixture.sip()]).await;
    let mut calls = Vec::new();
    for name in ["PROXY-1", "PROXY-2"] {
        let order = fixture.order(name, 1200).await;
        let user = format!("pay-{}", order["code"].as_str().unwrap());
        calls.push((name, Call::dial(&proxy.target(&user), &Options::new()).await.unwrap()));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1, "in turn");
    for (name, mut call) in calls {
        let card = format!("~{}#{EXPIRY}{CODE}", test_numbers::VISA);
        call.press(&Keys::parse(&card).unwrap()).await.unwrap();
        fixture.order_becomes(name, "paid").await;
        call.wait_for_hang_up(Duration::from_secs(60)).await;
    }
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_busy_is_the_callers_business_and_no_other_node_is_asked() {
    if !available("kamailio") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (one, asked_one) = node_that_says("486 Busy Here").await;
    let (other, asked_other) = node_that_says("486 Busy Here").await;
    let proxy = Proxy::start(folder.path(), &[one, other]).await;
    let refused = Call::dial(&proxy.target("pay-123456784"), &Options::new()).await;
    assert!(matches!(refused, Err(PhoneError::Refused { status: 486 })), "{refused:?}");
    assert_eq!(asked_one.load(Ordering::Relaxed) + asked_other.load(Ordering::Relaxed), 1);
}
