//! Calls over SIP that are paid through a provider's adapter, over HTTP, at a stand-in for the provider.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use common::{CODE, EXPIRY, Fixture, gmo};
use ivr_payment_service::config::Config;
use ivr_payment_service::gateway::{GatewaySetupError, Secrets, open};
use paytone_card::test_numbers;
use paytone_psp::{Currency, Money};
use paytone_psp_gmo::fake::{Fake, SHOP_PASSWORD, serve};
use phone::{Call, Keys, Options, Target};
use serde_json::Value;
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(60);

/// A call to an order's own URI that keys this card.
async fn paid_call(fixture: &Fixture, order: &Value, pan: &str) -> Value {
    let target: Target = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap())).parse().unwrap();
    let mut call = Call::dial(&target, &Options::new()).await.unwrap();
    let _ = call.press(&Keys::parse(&format!("{pan}#{EXPIRY}{CODE}")).unwrap()).await;
    let report = call.wait_for_hang_up(PATIENCE).await;
    fixture.ended_call(report.call_id()).await
}

/// A service that asks the stand-in for PG Multi-Payment Service.
async fn with_gmo() -> (Fixture, Fake, tempfile::TempDir) {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let (fake, secrets) = (Fake::new(now), tempfile::tempdir().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, fake.clone(), None));
    let password_file = secrets.path().join("password");
    std::fs::write(&password_file, format!("{SHOP_PASSWORD}\n")).unwrap();
    (Fixture::start_with(&gmo::settings(&url, &password_file)).await, fake, secrets)
}

/// The one charge among what was asked.
fn charge(fake: &Fake) -> Value {
    let recorded = fake.recorded();
    let [charge] = recorded.iter().filter(|asked| asked.path == "/credit/charge").collect::<Vec<_>>()[..]
    else {
        panic!("one charge: {recorded:?}");
    };
    charge.request.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_chooses_instalments_pays_in_instalments_at_gmo() {
    let (fixture, fake, _secrets) = with_gmo().await;
    fake.record();
    let body = serde_json::json!({ "order_id": "G-3", "amount": 12_000, "currency": "JPY",
                                   "payment_methods": ["lump_sum", "instalments_3", "instalments_10"] });
    let (status, order) = fixture.request(hyper::Method::POST, "/v1/orders", Some(&body)).await;
    assert_eq!(status, 201, "{order}");
    let call = paid_call(&fixture, &order, &format!("210~{}", test_numbers::VISA)).await;
    assert_eq!(call["outcome"], "approved", "{call}");
    let request = charge(&fake).to_string();
    assert!(request.contains(r#""paymentMethod":"INSTALLMENT""#), "{request}");
    assert!(request.contains(r#""installments":"10""#), "{request}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_pays_at_gmo() {
    let (fixture, fake, _secrets) = with_gmo().await;
    fake.record();
    let order = fixture.order("G-1", 1200).await;
    let call = paid_call(&fixture, &order, test_numbers::VISA).await;
    assert_eq!((call["outcome"].as_str(), call["last_four"].as_str()), (Some("approved"), Some("1111")));
    assert_eq!(fixture.get("/v1/orders/G-1").await["state"], "paid");
    let held = fake.held();
    assert_eq!(held.iter().map(|held| held.money).collect::<Vec<_>>(), [Money::new(1200, Currency::JPY)]);
    let charge = charge(&fake);
    assert_eq!(charge["order"]["clientFields"]["clientField1"], "G-1", "the merchant's own order id");
    assert_eq!(charge["order"]["orderId"], held[0].order_id.as_str());
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_gmo_declines_pays_nothing() {
    let (fixture, fake, _secrets) = with_gmo().await;
    let order = fixture.order("G-2", 1200).await;
    let call = paid_call(&fixture, &order, test_numbers::VISA_LOST).await;
    assert_eq!(call["outcome"], "declined");
    assert_eq!(fake.held(), []);
    fixture.stop().await;
}

/// The answer is lost after the charge: the caller is not told that they were declined, and a lookup finds the money.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_gmo_lost_is_looked_up() {
    let (fixture, fake, _secrets) = with_gmo().await;
    let order = fixture.order("G-3", 1251).await;
    let call = paid_call(&fixture, &order, test_numbers::VISA).await;
    assert_ne!(call["outcome"], "declined");
    fixture.order_becomes("G-3", "paid").await;
    assert_eq!(fake.held().len(), 1, "charged once");
    fixture.stop().await;
}

/// A service that asks our stand-in for Stripe.
async fn with_stripe() -> (Fixture, Arc<Mutex<stripe_fake::Fake>>, tempfile::TempDir) {
    let (fake, secrets) = (Arc::new(Mutex::new(stripe_fake::Fake::new())), tempfile::tempdir().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(stripe_fake::serve(listener, fake.clone()));
    let key_file = secrets.path().join("key");
    std::fs::write(&key_file, "sk_test_0123456789").unwrap();
    let settings =
        format!("[gateway]\nprovider = 'stripe'\n[gateway.stripe]\nkey_file = {key_file:?}\nurl = '{url}'\n");
    (Fixture::start_with(&settings).await, fake, secrets)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_pays_at_stripe() {
    let (fixture, fake, _secrets) = with_stripe().await;
    let order = fixture.order("S-1", 1200).await;
    let call = paid_call(&fixture, &order, test_numbers::VISA_42).await;
    assert_eq!((call["outcome"].as_str(), call["last_four"].as_str()), (Some("approved"), Some("4242")));
    assert_eq!(fixture.get("/v1/orders/S-1").await["state"], "paid");
    let payments = fake.lock().unwrap().payments();
    let [paid] = payments.as_slice() else { panic!("one payment: {payments:?}") };
    assert_eq!((paid.held, paid.order.as_str(), paid.by_telephone), (1200, "S-1", true));
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_stripe_declines_pays_nothing() {
    let (fixture, fake, _secrets) = with_stripe().await;
    let order = fixture.order("S-2", 1200).await;
    let call = paid_call(&fixture, &order, test_numbers::VISA_LOST).await;
    assert_eq!(call["outcome"], "declined");
    assert!(fake.lock().unwrap().payments().iter().all(|payment| payment.held == 0));
    fixture.stop().await;
}

/// The confirmation is answered with a 500 after the charge: the caller is not told that they were declined, and a
/// lookup finds the money.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_stripe_lost_is_looked_up() {
    let (fixture, fake, _secrets) = with_stripe().await;
    fake.lock().unwrap().script("/confirm", stripe_fake::Fault::ServerErrorAfter, 1);
    let order = fixture.order("S-3", 1200).await;
    let call = paid_call(&fixture, &order, test_numbers::VISA_42).await;
    assert_ne!(call["outcome"], "declined");
    fixture.order_becomes("S-3", "paid").await;
    let held: Vec<_> = fake.lock().unwrap().payments().into_iter().map(|payment| payment.held).collect();
    assert_eq!(held, [1200], "charged once");
    fixture.stop().await;
}

fn setup_error(settings: &str) -> GatewaySetupError {
    let config = Config::from_toml(settings).unwrap();
    open(&config.gateway, Secrets::EnvironmentOrFile).map(|gateway| gateway.info().clone()).unwrap_err()
}

#[test]
fn what_keeps_a_provider_from_being_asked_is_said_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "pass-word").unwrap();
    assert_eq!(setup_error("gateway.provider = 'gmo'"), GatewaySetupError::NoSettings);
    let missing = setup_error("gateway.provider = 'stripe'");
    assert_eq!(
        missing.to_string(),
        "set PAYTONE_STRIPE_KEY, or gateway.stripe.key_file to the file that holds it"
    );
    let stripe = Config::from_toml("gateway.provider = 'stripe'").unwrap();
    let anothers = open(&stripe.gateway, Secrets::File).map(drop).unwrap_err();
    assert_eq!(anothers, GatewaySetupError::NoSecretFile("gateway.stripe.key_file"));
    let good = gmo::settings("http://127.0.0.1:1", &password);
    let unreadable = good.replace("password\"", "nowhere\"");
    assert_eq!(setup_error(&unreadable), GatewaySetupError::Unreadable("gateway.gmo.password_file"));
    let live = good.replace("\"test\"", "\"live\"");
    assert_eq!(setup_error(&live), GatewaySetupError::StandIn("gateway.gmo.url"));
    let far = good.replace("http://127.0.0.1:1", "http://example.com");
    assert!(matches!(setup_error(&far), GatewaySetupError::Endpoint(_)));
    let config = Config::from_toml(&good).unwrap();
    assert!(!format!("{config:?}").contains("pass-word"), "the configuration holds no secret");
    assert!(open(&config.gateway, Secrets::EnvironmentOrFile).unwrap().info().test);
}

/// Real cards at a live account may come from anywhere; a test account needs to be asked for.
#[test]
fn a_live_account_serves_beyond_this_machine_and_a_test_account_does_not() {
    let good = gmo::settings("http://127.0.0.1:1", Path::new("password"));
    let far = format!("sip.udp = '192.0.2.1:5060'\n{good}");
    assert!(Config::from_toml(&far).is_err());
    assert!(Config::from_toml(&format!("test_mode = true\n{far}")).is_ok());
    assert!(Config::from_toml(&far.replace("\"test\"", "\"live\"")).is_ok());
}
