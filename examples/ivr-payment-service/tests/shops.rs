//! Two merchants on one service: each call belongs to its line's merchant, is charged through that merchant's account and
//! counts against that merchant's limits.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{CODE, EXPIRY, Fixture};
use hyper::Method;
use paytone_card::test_numbers;
use phone::{Call, Keys, Options, Target};
use serde_json::{Value, json};
use stripe_fake::Fake;
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(60);
const SECRET: &str = "sk_test_0123456789";

struct Shops {
    fixture: Fixture,
    /// The bakery's provider. The first merchant's is the simulator.
    stripe: Arc<Mutex<Fake>>,
    bakery: String,
    _secrets: tempfile::TempDir,
}

impl Shops {
    async fn open() -> Self {
        let (stripe, secrets) = (Arc::new(Mutex::new(Fake::new())), tempfile::tempdir().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(stripe_fake::serve(listener, stripe.clone()));
        let key_file = secrets.path().join("key");
        std::fs::write(&key_file, SECRET).unwrap();
        let settings = format!(
            r#"
            lines = [
                {{ name = "codes", kind = "pay_order", users = ["pay-{{code}}"] }},
                {{ name = "fixed", kind = "pay_fixed", users = ["pay"], amount = 1000, currency = "JPY" }},
                {{ name = "bakes", kind = "pay_order", users = ["bake-{{code}}"], merchant = "bakery" }},
                {{ name = "cake", kind = "pay_fixed", users = ["cake"], amount = 500, currency = "JPY", merchant = "bakery" }},
            ]
            [[merchants]]
            id = "bakery"
            name = "Corner Bakery"
            max_calls = 1
            order = {{ ttl_s = 600, max_guesses_per_call = 3, max_guesses_per_caller = 1, guess_window_s = 3600 }}
            [merchants.gateway]
            provider = "stripe"
            deadline_s = 60
            stripe = {{ key_file = {key_file:?}, url = "{url}" }}
            "#
        );
        let fixture = Fixture::start_with(&settings).await;
        let merchants = fixture.get("/v1/merchants").await;
        let bakery = merchants.as_array().unwrap().iter().find(|merchant| merchant["name"] == "bakery");
        let path = format!("/v1/merchants/{}/keys", bakery.unwrap()["id"].as_str().unwrap());
        let new = json!({ "name": "till", "role": "admin" });
        let (status, key) = fixture.request(Method::POST, &path, Some(&new)).await;
        assert_eq!(status, 201, "{key}");
        Self { fixture, stripe, bakery: key["key"].as_str().unwrap().to_owned(), _secrets: secrets }
    }

    async fn as_bakery(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let (status, json) = self.fixture.request_as(&self.bakery, method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {json}");
        json
    }

    /// Calls `user` and pays; the outcome as the merchant with this key has it.
    async fn pays(&self, user: &str, key: &str) -> Value {
        let target: Target = self.fixture.uri(user).parse().unwrap();
        let mut call = Call::dial(&target, &Options::new()).await.unwrap();
        let _ = call.press(&Keys::parse(&format!("{}#{EXPIRY}{CODE}", test_numbers::VISA_42)).unwrap()).await;
        let report = call.wait_for_hang_up(PATIENCE).await;
        self.ended(report.call_id(), key).await
    }

    async fn ended(&self, call: &str, key: &str) -> Value {
        for _ in 0..200 {
            let path = format!("/v1/calls/{call}");
            let (status, call) = self.fixture.request_as(key, Method::GET, &path, None).await;
            assert_eq!(status, 200, "the call is another merchant's");
            if !call["outcome"].is_null() {
                return call;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the call has no outcome");
    }

    fn taken_at_stripe(&self) -> Vec<u64> {
        self.stripe.lock().unwrap().payments().iter().map(|payment| payment.held).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_its_lines_merchants_and_charged_through_that_merchants_account() {
    let shops = Shops::open().await;
    let body = json!({ "order_id": "A-1", "amount": 1200, "currency": "JPY" });
    let ours = shops.fixture.order("A-1", 1200).await;
    let theirs = shops.as_bakery(Method::POST, "/v1/orders", Some(&body)).await;
    let uris = |order: &Value| order["sip_uris"].as_array().unwrap().len();
    assert_eq!((uris(&ours), uris(&theirs)), (1, 1), "of its own lines");
    assert!(theirs["sip_uris"][0].as_str().unwrap().starts_with("sip:bake-"), "{theirs}");

    let code = |order: &Value| order["code"].as_str().unwrap().to_owned();
    let paid = shops.pays(&format!("bake-{}", code(&theirs)), &shops.bakery).await;
    assert_eq!(
        (paid["outcome"].as_str(), paid["order_id"].as_str()),
        (Some("approved"), Some("A-1")),
        "{paid}"
    );
    assert_eq!(shops.taken_at_stripe(), [1200]);
    assert_eq!(shops.fixture.get("/v1/orders/A-1").await["state"], "open", "ours of the same name");
    let paid = shops.pays(&format!("pay-{}", code(&ours)), common::KEY).await;
    assert_eq!(paid["outcome"], "approved");
    let paid = shops.pays("cake", &shops.bakery).await;
    assert_eq!(paid["outcome"], "approved");
    assert_eq!(shops.taken_at_stripe(), [1200, 500], "the first merchant's went to the simulator");

    let calls = shops.fixture.get("/v1/calls").await;
    assert_eq!(calls["items"].as_array().unwrap().len(), 1, "the bakery's calls are not ours");
    let calls = shops.as_bakery(Method::GET, "/v1/calls", None).await;
    assert_eq!(calls["items"].as_array().unwrap().len(), 2);
    let shown = format!("{:?}", shops.fixture.service.services());
    assert!(shown.contains("bakery") && !shown.contains(SECRET));
    shops.fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_merchants_codes_and_guesses_are_not_anothers() {
    let shops = Shops::open().await;
    let ours = shops.fixture.order("A-1", 1200).await;
    let user = format!("bake-{}", ours["code"].as_str().unwrap());
    let refused = shops.pays(&user, &shops.bakery).await;
    assert_eq!(
        (refused["outcome"].as_str(), refused["detail"].as_str()),
        (Some("order_refused"), Some("unknown"))
    );
    let body = json!({ "order_id": "B-1", "amount": 1200, "currency": "JPY" });
    let theirs = shops.as_bakery(Method::POST, "/v1/orders", Some(&body)).await;
    let user = format!("bake-{}", theirs["code"].as_str().unwrap());
    let refused = shops.pays(&user, &shops.bakery).await;
    assert_eq!(refused["detail"], "too_many_guesses", "the bakery allows one: {refused}");
    let paid = shops.pays(&format!("pay-{}", ours["code"].as_str().unwrap()), common::KEY).await;
    assert_eq!(paid["outcome"], "approved", "guesses at the bakery are none here");
    let created =
        |order: &Value, name: &str| order[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let lives = created(&theirs, "expires_at").duration_since(created(&theirs, "created_at"));
    assert_eq!(lives.as_secs(), 600);
    shops.fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_merchants_calls_do_not_take_anothers_lines() {
    let shops = Shops::open().await;
    let cake: Target = shops.fixture.uri("cake").parse().unwrap();
    let first = Call::dial(&cake, &Options::new()).await.unwrap();
    let refused = Call::dial(&cake, &Options::new()).await.err();
    assert!(format!("{refused:?}").contains("503"), "{refused:?}");
    let paid = shops.pays("pay", common::KEY).await;
    assert_eq!(paid["outcome"], "approved");
    let report = first.hang_up().await;
    shops.ended(report.call_id(), &shops.bakery).await;
    let paid = shops.pays("cake", &shops.bakery).await;
    assert_eq!(paid["outcome"], "approved", "the call that is over has left");
    shops.fixture.stop().await;
}
