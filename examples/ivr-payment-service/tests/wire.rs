//! What a call's packets look like from outside: how they are marked, and that a tap hears what is not encrypted.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::wire::{Datagram, Wire, some_ports};
use common::{CODE, EXPIRY, Fixture};
use paytone_card::test_numbers;
use phone::{Call, Keys, Options, Target};

/// A paid call, and what the service has sent in it.
async fn paid_call(settings: &str) -> Option<Vec<Datagram>> {
    let folder = tempfile::tempdir().unwrap();
    let ports = some_ports();
    let wire = Wire::tap(folder.path(), &ports).await?;
    let settings = format!("[sip]\nrtp_ports = [{}, {}]\n{settings}", ports.start(), ports.end());
    let fixture = Fixture::start_with(&settings).await;
    let order = fixture.order("WIRE", 1200).await;
    let target: Target = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap())).parse().unwrap();
    let mut call = Call::dial(&target, &Options::new()).await.unwrap();
    let card = format!("~{}#{EXPIRY}{CODE}", test_numbers::VISA);
    call.press(&Keys::parse(&card).unwrap()).await.unwrap();
    call.wait_for_hang_up(Duration::from_secs(60)).await;
    fixture.order_becomes("WIRE", "paid").await;
    fixture.stop().await;
    let datagrams = wire.datagrams().await;
    let sent: Vec<_> = datagrams.into_iter().filter(|datagram| ports.contains(&datagram.from)).collect();
    assert!(sent.len() > 50, "a call of seconds has many packets: {}", sent.len());
    Some(sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_are_marked_as_configured() {
    for (settings, traffic_class) in [("", 46 << 2), ("rtp_dscp = 34\n", 34 << 2), ("rtp_dscp = 0\n", 0)] {
        let Some(sent) = paid_call(settings).await else { return };
        let marked = sent.iter().filter(|datagram| datagram.traffic_class == traffic_class).count();
        assert_eq!(marked, sent.len(), "{settings}");
    }
}

/// What `encryption.rs` finds no packet of: so that its search is known to find something.
#[tokio::test(flavor = "multi_thread")]
async fn a_tap_hears_a_call_that_is_not_encrypted() {
    let Some(sent) = paid_call("").await else { return };
    let plain = sent.iter().filter(|datagram| datagram.is_plain_rtp()).count();
    assert_eq!(plain, sent.len());
    assert!(sent.iter().any(Datagram::is_silence), "between the prompts there is silence");
}
