//! Calls by programs nobody here wrote: sipp and baresip pay through the service.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::baresip::Baresip;
use common::peers::{SippKeys, available, sipp_call};
use common::{CODE, EXPIRY, Fixture};
use paytone_card::test_numbers;

fn code(order: &serde_json::Value) -> &str {
    order["code"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sipp_pays_an_order_with_telephone_events_and_no_pauses() {
    if !available("sipp") {
        return;
    }
    let fixture = Fixture::start().await;
    let order = fixture.order("SIPP-EVENTS", 1200).await;
    let keys = format!("{}#{EXPIRY}{CODE}", test_numbers::VISA);
    let user = format!("pay-{}", code(&order));
    sipp_call(fixture.folder.path(), fixture.sip(), &user, SippKeys::Events(&keys), "u1").await;
    fixture.order_becomes("SIPP-EVENTS", "paid").await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sipp_needs_no_terminator_either() {
    if !available("sipp") {
        return;
    }
    let fixture = Fixture::start().await;
    let order = fixture.order("SIPP-RUN-ON", 1200).await;
    let keys = format!("{}#{}{EXPIRY}{CODE}", code(&order), test_numbers::VISA);
    sipp_call(fixture.folder.path(), fixture.sip(), "order", SippKeys::Events(&keys), "u1").await;
    fixture.order_becomes("SIPP-RUN-ON", "paid").await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sipp_pays_an_order_with_info_over_tcp() {
    if !available("sipp") {
        return;
    }
    let fixture = Fixture::start().await;
    let order = fixture.order("SIPP-INFO", 1200).await;
    let keys = format!("{}#{EXPIRY}{CODE}", test_numbers::MASTERCARD);
    let user = format!("pay-{}", code(&order));
    sipp_call(fixture.folder.path(), fixture.sip(), &user, SippKeys::Info(&keys), "t1").await;
    fixture.order_becomes("SIPP-INFO", "paid").await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_pays_an_order_with_its_keypad() {
    if !available("baresip") {
        return;
    }
    let fixture = Fixture::start().await;
    let order = fixture.order("BARESIP", 1200).await;
    let folder = tempfile::tempdir().unwrap();
    let mut phone = Baresip::start(folder.path()).await;
    phone.command(&format!("dial {}", fixture.uri(&format!("pay-{}", code(&order))))).await;
    phone.wait_for("CALL_ESTABLISHED", Duration::from_secs(10)).await;
    phone.press(&format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)).await;
    phone.wait_for("CALL_CLOSED", Duration::from_secs(30)).await;
    phone.stop().await;
    fixture.order_becomes("BARESIP", "paid").await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_holds_and_resumes_in_mid_entry() {
    if !available("baresip") {
        return;
    }
    let fixture = Fixture::start().await;
    let order = fixture.order("BARESIP-HOLD", 1200).await;
    let folder = tempfile::tempdir().unwrap();
    let mut phone = Baresip::start(folder.path()).await;
    phone.command(&format!("dial {};transport=tcp", fixture.uri(&format!("pay-{}", code(&order))))).await;
    phone.wait_for("CALL_ESTABLISHED", Duration::from_secs(10)).await;
    let (first, rest) = test_numbers::VISA.split_at(6);
    phone.press(first).await;
    phone.command("hold").await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    phone.command("resume").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    phone.press(&format!("{rest}#{EXPIRY}{CODE}")).await;
    phone.wait_for("CALL_CLOSED", Duration::from_secs(30)).await;
    phone.stop().await;
    fixture.order_becomes("BARESIP-HOLD", "paid").await;
    fixture.stop().await;
}
