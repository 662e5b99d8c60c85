//! The environment cannot send a request elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;

use core::time::Duration;
use std::process::Command;
use std::sync::atomic::Ordering;

use paytone_psp::exchange::Transport;

use common::{Behaviour, Server, charge, http};

const TARGET: &str = "PAYTONE_TEST_TARGET";

/// Run by the test below, in a process of its own with a proxy in its environment.
#[tokio::test]
async fn sends_one_request_where_a_target_is_named() {
    let Some(target) = std::env::var(TARGET).ok() else { return };
    let endpoint = paytone_psp_http::Endpoint::parse(&target).unwrap();
    let http = paytone_psp_http::Http::new(endpoint, &paytone_psp_http::Trust::PublicAuthorities).unwrap();
    let answer = http.session(Duration::from_secs(20)).send(charge()).await;
    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_in_the_environment_is_ignored() {
    let server = Server::plain(Behaviour::Answers(200)).await;
    let proxy = Server::plain(Behaviour::Answers(500)).await;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "sends_one_request_where_a_target_is_named"]);
    command.env(TARGET, http(&server).endpoint().to_string());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, format!("http://{}", proxy.address));
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
    assert_eq!(proxy.connections.load(Ordering::SeqCst), 0);
}
