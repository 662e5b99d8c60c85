//! Webhooks: signed, at least once, in order, and given up only after long.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::post;
use base64ct::{Base64, Encoding as _};
use ivr_payment_service::clock::Clock as _;
use ivr_payment_service::webhook::{Courier, DELAYS, Forged, Inbox, NotTaken, TOLERANCE, Turn, verify};
use paytone_card::test_numbers;
use paytone_psp::attempt::State as AttemptState;
use serde_json::{Value, json};

use super::{KEY, Shop, shops};
use crate::fixtures::NOW;

/// A merchant's own server: keeps what it is sent, and answers as it is told.
#[derive(Clone, Default)]
struct Receiver {
    messages: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    async fn start() -> (Self, String) {
        let this = Self::default();
        let router = Router::new().route("/hook", post(receive)).with_state(this.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (this, url)
    }

    fn answer(&self, with: &[u16]) {
        self.answers.lock().unwrap().extend(with.iter().rev());
    }

    fn types(&self) -> Vec<String> {
        let messages = self.messages.lock().unwrap();
        let parsed = messages.iter().map(|(_, body)| serde_json::from_str::<Value>(body).unwrap());
        parsed
            .map(|body| {
                format!(
                    "{} {}",
                    body["data"]["order"]["order_id"].as_str().unwrap(),
                    body["type"].as_str().unwrap()
                )
            })
            .collect()
    }
}

async fn receive(State(this): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let answer = this.answers.lock().unwrap().pop().unwrap_or(204);
    this.messages.lock().unwrap().push((headers, body));
    StatusCode::from_u16(answer).unwrap()
}

fn key_of(made: &Value) -> Vec<u8> {
    let shown = made["key"].as_str().unwrap().strip_prefix("whsec_").unwrap();
    Base64::decode_vec(shown).unwrap()
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers[name].to_str().unwrap().to_owned()
}

async fn pay(shop: &Shop, order_id: &str) {
    let order = shop
        .order(json!({ "order_id": order_id, "amount": 1200, "currency": "JPY", "field_1": "mine" }))
        .await;
    shop.caller_pays(&order, test_numbers::VISA).await;
}

#[tokio::test]
async fn a_message_is_signed_by_every_active_key_and_a_forged_or_old_one_is_found_out() {
    let shop = Shop::new().await;
    let (receiver, url) = Receiver::start().await;
    let made = shop.post("/v1/webhooks", json!({ "url": url })).await.json;
    let rotate = format!("/v1/webhooks/{}/rotate", made["id"].as_str().unwrap());
    let rotated = shop.ask(KEY, &Method::POST, &rotate, None, None).await.json;
    pay(&shop, "A-1").await;
    let courier = Courier::new(shop.store.clone(), shop.clock.clone());
    assert_eq!(courier.deliver_due().await.unwrap(), 1);

    let (headers, body) = receiver.messages.lock().unwrap()[0].clone();
    let (id, at, tags) = (
        header(&headers, "webhook-id"),
        header(&headers, "webhook-timestamp"),
        header(&headers, "webhook-signature"),
    );
    let (old, new) = (key_of(&made), key_of(&rotated));
    for key in [&old, &new] {
        assert_eq!(verify(&id, &at, &tags, &body, &[key], NOW), Ok(()));
    }
    let parsed: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&parsed["type"], &parsed["test"], &parsed["sequence"]),
        (&json!("payment.captured"), &json!(true), &json!(1))
    );
    assert_eq!(parsed["data"]["order"]["field_1"], "mine");
    assert_eq!(parsed["data"]["payment"]["last_four"], "1111");

    let forged = body.replace("1200", "1");
    assert_eq!(verify(&id, &at, &tags, &forged, &[&new], NOW), Err(Forged::Signature));
    assert_eq!(verify("another", &at, &tags, &body, &[&new], NOW), Err(Forged::Signature));
    assert_eq!(verify(&id, &at, &tags, &body, &[b"no key of ours"], NOW), Err(Forged::Signature));
    let late = NOW + TOLERANCE + Duration::from_secs(1);
    assert_eq!(verify(&id, &at, &tags, &body, &[&new], late), Err(Forged::Time), "replayed");
    let shifted = late.as_secs().to_string();
    assert_eq!(
        verify(&id, &shifted, &tags, &body, &[&new], late),
        Err(Forged::Signature),
        "the time is signed too"
    );

    let retire = format!("/v1/webhooks/{}/retire", made["id"].as_str().unwrap());
    shop.ask(KEY, &Method::POST, &retire, None, None).await;
    pay(&shop, "A-2").await;
    courier.deliver_due().await.unwrap();
    let (headers, body) = receiver.messages.lock().unwrap()[1].clone();
    let (id, at, tags) = (
        header(&headers, "webhook-id"),
        header(&headers, "webhook-timestamp"),
        header(&headers, "webhook-signature"),
    );
    assert_eq!(verify(&id, &at, &tags, &body, &[&old], NOW), Err(Forged::Signature), "retired");
    assert_eq!(verify(&id, &at, &tags, &body, &[&new], NOW), Ok(()));
}

#[tokio::test]
async fn one_orders_events_stay_in_order_and_do_not_hold_up_anothers() {
    let shop = Shop::new().await;
    let (receiver, url) = Receiver::start().await;
    shop.post("/v1/webhooks", json!({ "url": url })).await;
    pay(&shop, "A-1").await;
    shop.pay("/v1/orders/A-1/refund", "r1", json!({})).await;
    let courier = Courier::new(shop.store.clone(), shop.clock.clone());
    receiver.answer(&[500]);
    assert_eq!(courier.deliver_due().await.unwrap(), 1, "the refund waits for the payment");
    pay(&shop, "A-2").await;
    assert_eq!(courier.deliver_due().await.unwrap(), 1, "another order does not");
    shop.clock.advance(DELAYS[0]);
    assert_eq!(courier.deliver_due().await.unwrap(), 2);
    assert_eq!(
        receiver.types(),
        ["A-1 payment.captured", "A-2 payment.captured", "A-1 payment.captured", "A-1 payment.refunded"]
    );
    let ids: Vec<_> =
        receiver.messages.lock().unwrap().iter().map(|(headers, _)| header(headers, "webhook-id")).collect();
    assert_eq!(ids[0], ids[2], "repeated under the same id");
}

#[tokio::test]
async fn after_the_last_try_a_delivery_is_dead_the_next_goes_out_and_it_can_be_asked_for_again() {
    let shop = Shop::new().await;
    let (receiver, url) = Receiver::start().await;
    shop.post("/v1/webhooks", json!({ "url": url })).await;
    pay(&shop, "A-1").await;
    shop.pay("/v1/orders/A-1/refund", "r1", json!({})).await;
    let courier = Courier::new(shop.store.clone(), shop.clock.clone());
    receiver.answer(&[503; DELAYS.len() + 1]);
    for delay in DELAYS {
        assert_eq!(courier.deliver_due().await.unwrap(), 1);
        assert_eq!(courier.deliver_due().await.unwrap(), 0, "not before {delay:?} have passed");
        shop.clock.advance(delay);
    }
    assert_eq!(courier.deliver_due().await.unwrap(), 2, "the last try, and then the refund");
    let dead = shop.get("/v1/needs-person").await.json["webhooks"][0].clone();
    assert_eq!((&dead["state"], &dead["last_status"]), (&json!("dead"), &json!(503)));
    let last: Value = serde_json::from_str(&receiver.messages.lock().unwrap().last().unwrap().1).unwrap();
    assert_eq!(
        (&last["type"], &last["sequence"]),
        (&json!("payment.refunded"), &json!(2)),
        "one was missed before it"
    );

    let path = format!("/v1/deliveries/{}/redeliver", dead["id"].as_str().unwrap());
    let asked = shop.ask(KEY, &Method::POST, &path, None, None).await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT);
    courier.deliver_due().await.unwrap();
    assert_eq!(receiver.types().last().unwrap(), "A-1 payment.captured");
    assert_eq!(shop.get("/v1/needs-person").await.json["webhooks"], json!([]));
}

/// A message as it came, and when it is looked at.
struct Came<'a>(&'a (HeaderMap, String), Duration);

impl Came<'_> {
    fn taken_by(&self, inbox: &mut Inbox, key: &[u8]) -> Result<Turn, NotTaken> {
        let Self((headers, body), now) = self;
        let of = |name| header(headers, name);
        let (id, at, tags) = (of("webhook-id"), of("webhook-timestamp"), of("webhook-signature"));
        inbox.take(&id, &at, &tags, body, &[key], *now)
    }

    fn sequence(&self) -> u64 {
        serde_json::from_str::<Value>(&self.0.1).unwrap()["sequence"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_receiver_sees_one_orders_events_in_order_until_one_is_dead_and_then_on_with_a_gap() {
    let (shops, _server) = shops().await;
    for shop in shops {
        let (receiver, url) = Receiver::start().await;
        let made = shop.post("/v1/webhooks", json!({ "url": url })).await.json;
        pay(&shop, "A-1").await;
        shop.pay("/v1/orders/A-1/refund", "r1", json!({ "amount": 100 })).await;
        shop.pay("/v1/orders/A-1/refund", "r2", json!({ "amount": 200 })).await;
        let courier = Courier::new(shop.store.clone(), shop.clock.clone());
        receiver.answer(&[503; DELAYS.len() + 1]);
        for delay in DELAYS {
            courier.deliver_due().await.unwrap();
            shop.clock.advance(delay);
        }
        let before: Vec<_> =
            receiver.messages.lock().unwrap().iter().map(|one| Came(one, NOW).sequence()).collect();
        assert_eq!(before, [1; DELAYS.len()], "nothing overtakes what is still tried");

        courier.deliver_due().await.unwrap();
        let dead = shop.get("/v1/needs-person").await.json["webhooks"][0].clone();
        let again = format!("/v1/deliveries/{}/redeliver", dead["id"].as_str().unwrap());
        shop.ask(KEY, &Method::POST, &again, None, None).await;
        courier.deliver_due().await.unwrap();
        let messages = receiver.messages.lock().unwrap().clone();
        let (key, now) = (key_of(&made), shop.clock.now());
        // What was refused was not taken.
        let mut inbox = Inbox::default();
        let taken: Vec<_> = messages[DELAYS.len() + 1..]
            .iter()
            .map(|one| (Came(one, now).sequence(), Came(one, now).taken_by(&mut inbox, &key).unwrap()))
            .collect();
        let gap = || Turn::Early { missing: vec![1..=1] };
        assert_eq!(taken, [(2, gap()), (3, gap()), (1, Turn::Late)]);
        shop.store.close().await;
    }
}

#[tokio::test]
async fn a_receiver_takes_each_message_once_in_whatever_order_and_none_that_was_forged_or_replayed() {
    let shop = Shop::new().await;
    let (receiver, url) = Receiver::start().await;
    let key = key_of(&shop.post("/v1/webhooks", json!({ "url": url })).await.json);
    pay(&shop, "A-1").await;
    for (once, amount) in [("r1", 100), ("r2", 200)] {
        shop.pay("/v1/orders/A-1/refund", once, json!({ "amount": amount })).await;
    }
    Courier::new(shop.store.clone(), shop.clock.clone()).deliver_due().await.unwrap();
    let messages = receiver.messages.lock().unwrap().clone();
    assert_eq!(messages.len(), 3);
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (mut inbox, mut newest) = (Inbox::default(), 0);
        for place in order {
            let came = Came(&messages[place], NOW);
            let turn = came.taken_by(&mut inbox, &key).unwrap();
            let is_news = matches!(turn, Turn::Next | Turn::Early { .. });
            assert_eq!(is_news, came.sequence() > newest, "{order:?} {place}");
            newest = newest.max(came.sequence());
            assert_eq!(came.taken_by(&mut inbox, &key), Ok(Turn::Again), "replayed at once");
            let late = Came(&messages[place], NOW + TOLERANCE + Duration::from_secs(1));
            assert_eq!(late.taken_by(&mut inbox, &key), Err(Forged::Time.into()), "replayed later");
        }
    }

    let mut inbox = Inbox::default();
    let (headers, body) = &messages[0];
    let forged = (headers.clone(), body.replace("\"sequence\":1", "\"sequence\":3"));
    assert_ne!(forged.1, *body);
    assert_eq!(Came(&forged, NOW).taken_by(&mut inbox, &key), Err(Forged::Signature.into()));
    let swapped = (headers.clone(), messages[2].1.clone());
    assert_eq!(Came(&swapped, NOW).taken_by(&mut inbox, &key), Err(Forged::Signature.into()));
    assert_eq!(Came(&messages[0], NOW).taken_by(&mut inbox, &key), Ok(Turn::Next), "forgeries leave nothing");
}

#[tokio::test]
async fn an_address_is_https_or_on_this_machine() {
    let shop = Shop::new().await;
    for url in ["http://shop.example/x", "ftp://127.0.0.1/", "https://user@shop.example/", "x", ""] {
        let made = shop.post("/v1/webhooks", json!({ "url": url })).await;
        assert_eq!(made.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
    }
    let made = shop.post("/v1/webhooks", json!({ "url": "https://shop.example/paytone?x=1" })).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let listed = shop.get("/v1/webhooks").await.json;
    assert!(listed[0]["key"].is_null(), "shown once only");
}

#[tokio::test]
async fn every_settled_outcome_is_in_the_outbox_with_its_change() {
    let shop = Shop::new().await;
    pay(&shop, "A-1").await;
    let order = shop.order(json!({ "order_id": "A-2", "amount": 1251, "currency": "JPY" })).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let told: Vec<_> = shop.store.reports().await.unwrap().iter().map(|report| report.state).collect();
    assert_eq!(told, [AttemptState::Captured, AttemptState::InDoubt]);
    let events = shop.get("/v1/events").await.json;
    let kinds: Vec<_> =
        events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["payment.captured", "payment.in_doubt"]);
    assert_eq!(events[1]["body"]["data"]["payment"]["money_moved"], "maybe");
}
