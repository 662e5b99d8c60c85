//! What is counted: read by whoever has the first merchant's key, without a word that comes from outside.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{CODE, EXPIRY, Fixture};
use hyper::Method;
use paytone_card::test_numbers;
use phone::{Call, Keying, Keys, Options, Target};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(60);
const CALLER: &str = "0312345678";

async fn pay(fixture: &Fixture, order_id: &str, keying: Keying, pan: &str) {
    let order = fixture.order(order_id, 1200).await;
    let target: Target = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap())).parse().unwrap();
    let options = Options::new().keying(keying).caller(CALLER);
    let mut call = Call::dial(&target, &options).await.unwrap();
    // A caller who is declined and hung up on keys no further.
    let _ = call.press(&Keys::parse(&format!("{pan}#~{EXPIRY}~{CODE}")).unwrap()).await;
    let report = call.wait_for_hang_up(PATIENCE).await;
    fixture.ended_call(report.call_id()).await;
}

async fn metrics(fixture: &Fixture) -> String {
    let (status, _) = fixture.request(Method::GET, "/metrics", None).await;
    assert_eq!(status, 200);
    fixture.bodies().pop().unwrap()
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is missing in\n{text}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_keys_outcomes_and_times_are_counted() {
    let fixture = Fixture::start().await;
    pay(&fixture, "SECRET-ORDER-1", Keying::Event { payload_type: 101 }, test_numbers::VISA).await;
    pay(&fixture, "SECRET-ORDER-2", Keying::Tone, test_numbers::MASTERCARD).await;
    pay(&fixture, "SECRET-ORDER-3", Keying::Info, test_numbers::VISA_LOST).await;
    // Counting goes on beside the calls.
    let mut text = String::new();
    for _ in 0..200 {
        text = metrics(&fixture).await;
        let ended: f64 = text
            .lines()
            .filter(|line| line.starts_with("paytone_calls_ended_total"))
            .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
            .sum();
        if ended == 3.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let of = |series: &str| value(&text, series);
    assert_eq!(of("paytone_calls_total{line=\"pay-order\"}"), 3.0);
    assert_eq!(of("paytone_calls_ended_total{outcome=\"approved\"}"), 2.0);
    assert_eq!(of("paytone_calls_ended_total{outcome=\"declined\"}"), 1.0);
    assert_eq!(of("paytone_gateway_seconds_count{answer=\"approved\"}"), 2.0);
    assert_eq!(of("paytone_gateway_seconds_count{answer=\"declined\"}"), 1.0);
    assert_eq!(of("paytone_attempts_total{state=\"captured\"}"), 2.0);
    let one = f64::from(u32::try_from(test_numbers::VISA.len() + 1 + EXPIRY.len() + CODE.len()).unwrap());
    for source in ["event", "tone", "info"] {
        assert_eq!(of(&format!("paytone_keys_total{{source=\"{source}\"}}")), one, "{source}");
    }
    assert_eq!((of("paytone_lines"), of("paytone_lines_used")), (100.0, 0.0));
    assert_eq!((of("paytone_webhooks_waiting"), of("paytone_events_missed_total")), (0.0, 0.0));
    assert_eq!(of("paytone_trouble{trouble=\"gateway\"}"), 0.0);
    assert!(text.ends_with("# EOF\n"), "the text is whole");
    holds_nothing_from_outside(&text, &fixture);
    fixture.stop().await;
}

/// Nothing a caller, an order or a request can make up becomes a series.
fn holds_nothing_from_outside(text: &str, fixture: &Fixture) {
    for word in ["SECRET", CALLER, "127.0.0.1", "sip:", &fixture.sip().port().to_string()] {
        assert!(!text.contains(word), "{word} in\n{text}");
    }
    for pan in [test_numbers::VISA, test_numbers::MASTERCARD, test_numbers::VISA_LOST] {
        assert!(!text.contains(&pan[..6]) && !text.contains(&pan[pan.len() - 4..]), "card digits");
    }
    let labels = text.lines().filter_map(|line| line.split_once('{')?.1.split_once('}'));
    let names: BTreeSet<&str> = labels
        .flat_map(|(labels, _)| labels.split(','))
        .filter_map(|label| Some(label.split_once('=')?.0))
        .collect();
    let known = ["alarm", "answer", "by", "le", "line", "outcome", "result", "source", "state", "trouble"];
    assert!(names.is_subset(&known.into()), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counts_are_the_first_merchants_keys_alone() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.request_as("no key", Method::GET, "/metrics", None).await.0, 401);
    let viewer = json!({ "name": "prometheus", "role": "viewer" });
    let (status, key) = fixture.request(Method::POST, "/v1/keys", Some(&viewer)).await;
    assert_eq!(status, 201, "{key}");
    assert_eq!(fixture.request_as(key["key"].as_str().unwrap(), Method::GET, "/metrics", None).await.0, 200);
    let (_, other) = fixture.request(Method::POST, "/v1/merchants", Some(&json!({ "name": "bakery" }))).await;
    let path = format!("/v1/merchants/{}/keys", other["id"].as_str().unwrap());
    let (status, key) =
        fixture.request(Method::POST, &path, Some(&json!({ "name": "k", "role": "admin" }))).await;
    assert_eq!(status, 201, "{key}");
    assert_eq!(fixture.request_as(key["key"].as_str().unwrap(), Method::GET, "/metrics", None).await.0, 403);
    assert_eq!(fixture.request_as("none", Method::GET, "/readyz", None).await.0, 200, "needs no key");
    fixture.stop().await;
}
