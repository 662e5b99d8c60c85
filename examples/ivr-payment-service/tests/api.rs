//! What the API promises the merchant's systems.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixtures;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use core::time::Duration;
use fixtures::{NOW, TTL, TestClock, call, card, claim};
use std::collections::HashMap;
use std::sync::Arc;

use ivr_payment_service::api::{Backend, Dialling, RateLimit, Refusals, router};
use ivr_payment_service::bus::Bus;
use ivr_payment_service::config::Config;
use ivr_payment_service::payments::{Accounts, Payments, Tools};
use ivr_payment_service::store::Store;
use ivr_payment_service::waiting::WaitingRoom;
use paytone_card::test_numbers;
use paytone_dialog::Outcome;
use paytone_psp::simulator::Simulator;
use serde_json::{Value, json};
use tower::ServiceExt;

const KEY: &str = "a-key-for-tests";
const ORDER: &str = r#"{"order_id":"2026-0001","amount":1200,"currency":"JPY","customer_number":"C-77"}"#;

struct Api {
    router: Router,
    store: Store,
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

impl Api {
    async fn new() -> Self {
        let store = Store::in_memory().await.unwrap();
        let merchant = store.first_merchant().await.unwrap().id;
        let (clock, bus) = (TestClock::new(), Bus::new());
        let tools = Tools {
            store: store.clone(),
            accounts: Accounts::shared(Arc::new(Simulator::new()), Duration::from_secs(60)),
            bus: bus.clone(),
            clock: clock.clone(),
        };
        let payments = Payments::with(tools);
        let backend = Backend {
            store: store.clone(),
            payments,
            bus,
            rate: RateLimit::new(1000, 1000),
            refusals: Refusals::default(),
            waiting: WaitingRoom::default(),
            clock,
            key: KEY.into(),
            merchant,
            ttl: TTL,
            own_ttl: HashMap::new(),
            dialling: Dialling::new(&Config::default(), "127.0.0.1:5060".parse().unwrap(), |_| merchant),
        };
        Self { router: router(backend), store }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, body: impl Into<Body>) -> Answer {
        let request = request(Method::POST, "/v1/orders").header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(body.into()).unwrap()).await
    }
}

fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {KEY}"))
}

#[tokio::test]
async fn an_order_is_made_and_read_by_either_id() {
    let api = Api::new().await;
    let made = api.post(ORDER).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let order = made.json();
    let code = order["code"].as_str().unwrap();
    assert_eq!(
        order["sip_uris"],
        json!([format!("sip:pay-{code}@127.0.0.1:5060"), format!("sip:{code}@127.0.0.1:5060")])
    );
    assert_eq!(made.header(header::LOCATION), format!("/v1/orders/{}", order["id"].as_str().unwrap()));
    let expected = json!({
        "order_id": "2026-0001", "amount": 1200, "currency": "JPY", "customer_number": "C-77", "description": null,
        "state": "open", "created_at": "2027-01-15T08:00:00Z", "expires_at": "2027-01-16T08:00:00Z", "attempts": [],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&order[name], value, "{name}");
    }
    for id in [order["id"].as_str().unwrap(), "2026-0001"] {
        let read = api.get(&format!("/v1/orders/{id}")).await;
        assert_eq!((read.status, read.json()), (StatusCode::OK, order.clone()));
    }
}

#[tokio::test]
async fn a_repeated_request_gives_the_same_order_and_another_body_a_conflict() {
    let api = Api::new().await;
    let made = api.post(ORDER).await;
    let again = api.post(ORDER).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, made.json()));

    let other = api.post(r#"{"order_id":"2026-0001","amount":1,"currency":"JPY"}"#).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(other.json()["type"], "urn:paytone:problem:order-id-taken");
    assert_eq!(other.json()["field"], "order_id");
}

#[tokio::test]
async fn every_bad_body_is_a_problem_that_names_the_field_and_repeats_nothing() {
    let api = Api::new().await;
    let long = "x".repeat(201);
    let bodies: [(&str, u16, Value); 27] = [
        ("", 400, Value::Null),
        ("{", 400, Value::Null),
        ("[]", 400, Value::Null),
        ("\"4111111111111111\"", 400, Value::Null),
        (r#"{"order_id":"a","order_id":"b","amount":1,"currency":"JPY"}"#, 400, Value::Null),
        (r#"{"order_id":"a","amount":1,"currency":"JPY"} trailing"#, 400, Value::Null),
        (r#"{"4111111111111111":1,"order_id":"a","amount":1,"currency":"JPY"}"#, 422, Value::Null),
        (r#"{"amount":1,"currency":"JPY"}"#, 422, json!("order_id")),
        (r#"{"order_id":null,"amount":1,"currency":"JPY"}"#, 422, json!("order_id")),
        (r#"{"order_id":"","amount":1,"currency":"JPY"}"#, 422, json!("order_id")),
        (r#"{"order_id":"a b","amount":1,"currency":"JPY"}"#, 422, json!("order_id")),
        (r#"{"order_id":4111111111111111,"amount":1,"currency":"JPY"}"#, 422, json!("order_id")),
        (r#"{"order_id":"4111111111111111","amount":1,"currency":"JPY"}"#, 422, json!("order_id")),
        (r#"{"order_id":"4111-1111-1111-1111","amount":1,"currency":"JPY"}"#, 422, json!("order_id")),
        (r#"{"order_id":"a","currency":"JPY"}"#, 422, json!("amount")),
        (r#"{"order_id":"a","amount":"1200","currency":"JPY"}"#, 422, json!("amount")),
        (r#"{"order_id":"a","amount":12.5,"currency":"JPY"}"#, 422, json!("amount")),
        (r#"{"order_id":"a","amount":-1,"currency":"JPY"}"#, 422, json!("amount")),
        (r#"{"order_id":"a","amount":0,"currency":"JPY"}"#, 422, json!("amount")),
        (r#"{"order_id":"a","amount":4111111111111111,"currency":"JPY"}"#, 422, json!("amount")),
        (r#"{"order_id":"a","amount":1}"#, 422, json!("currency")),
        (r#"{"order_id":"a","amount":1,"currency":"jpy"}"#, 422, json!("currency")),
        (r#"{"order_id":"a","amount":1,"currency":"XXX"}"#, 422, json!("currency")),
        (
            r#"{"order_id":"a","amount":1,"currency":"JPY","customer_number":"4111111111111111"}"#,
            422,
            json!("customer_number"),
        ),
        (
            r#"{"order_id":"a","amount":1,"currency":"JPY","customer_number":7}"#,
            422,
            json!("customer_number"),
        ),
        (r#"{"order_id":"a","amount":1,"currency":"JPY","description":"a\nb"}"#, 422, json!("description")),
        (r#"{"order_id":"a","amount":1,"currency":"JPY","description":"LONG"}"#, 422, json!("description")),
    ];
    for (body, status, field) in bodies {
        let answer = api.post(body.replace("LONG", &long)).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json", "{body}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{body}");
        assert_eq!(problem.get("field").unwrap_or(&Value::Null), &field, "{body}");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:paytone:problem:"), "{body}");
        assert!(!answer.text.contains("4111") && !answer.text.contains("a b"), "{body}: {}", answer.text);
    }
    assert_eq!(api.get("/v1/orders/a").await.status, StatusCode::NOT_FOUND, "nothing was made");
}

#[tokio::test]
async fn bodies_of_another_kind_or_size_are_refused() {
    let api = Api::new().await;
    for kind in ["text/plain", "application/json5", "application/x-www-form-urlencoded", ""] {
        let request = request(Method::POST, "/v1/orders").header(header::CONTENT_TYPE, kind);
        let answer = api.ask(request.body(ORDER.into()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let request =
        request(Method::POST, "/v1/orders").header(header::CONTENT_TYPE, "Application/JSON; charset=utf-8");
    assert_eq!(api.ask(request.body(ORDER.into()).unwrap()).await.status, StatusCode::CREATED);

    let fits = format!("{}{ORDER}", " ".repeat(64 * 1024 - ORDER.len()));
    assert_eq!(api.post(fits.clone()).await.status, StatusCode::OK);
    let answer = api.post(format!(" {fits}")).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
}

#[tokio::test]
async fn a_card_number_in_free_text_is_masked_before_it_is_stored() {
    let api = Api::new().await;
    let body = r#"{"order_id":"a","amount":1,"currency":"JPY","description":"card 4111 1111 1111 1111"}"#;
    let made = api.post(body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["description"], "card [card:****1111]");
    assert_eq!(api.post(body).await.status, StatusCode::OK, "masked, it is still the same request");
}

#[tokio::test]
async fn everything_but_health_needs_the_key() {
    let api = Api::new().await;
    let wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer a-key-for-test",
        "Bearer a-key-for-testsx",
        "Basic a-key-for-tests",
    ];
    for (method, path) in
        [(Method::POST, "/v1/orders"), (Method::GET, "/v1/orders/a"), (Method::GET, "/v1/calls/a")]
    {
        for shown in wrong {
            let request = Request::builder().method(method.clone()).uri(path);
            let request =
                if shown.is_empty() { request } else { request.header(header::AUTHORIZATION, shown) };
            let answer = api.ask(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {shown}");
            assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"), "{path} {shown}");
            assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
        }
    }
    let both = request(Method::GET, "/v1/orders/a").header(header::AUTHORIZATION, "Bearer other");
    assert_eq!(api.ask(both.body(Body::empty()).unwrap()).await.status, StatusCode::UNAUTHORIZED);
    let lower = Request::builder().uri("/v1/orders/a").header(header::AUTHORIZATION, format!("bearer {KEY}"));
    assert_eq!(api.ask(lower.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_FOUND);

    let health = Request::builder().uri("/healthz").body(Body::empty()).unwrap();
    let health = api.ask(health).await;
    assert_eq!((health.status, health.json()), (StatusCode::OK, json!({ "status": "ok" })));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let api = Api::new().await;
    let lost = [
        (Method::GET, "/", StatusCode::NOT_FOUND),
        (Method::GET, "/v1/orders/4111111111111111", StatusCode::NOT_FOUND),
        (Method::GET, "/v1/orders/%ff", StatusCode::NOT_FOUND),
        (Method::GET, "/v1/calls/nobody", StatusCode::NOT_FOUND),
        (Method::PUT, "/v1/merchants", StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, "/v1/orders/a", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/healthz", StatusCode::METHOD_NOT_ALLOWED),
    ];
    for (method, path, status) in lost {
        let answer = api.ask(request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json", "{path}");
        assert_eq!(answer.json()["status"], status.as_u16(), "{path}");
        assert!(!answer.text.contains("4111"), "{path}");
    }
}

#[tokio::test]
async fn a_call_is_read_by_our_id_and_by_its_sip_call_id() {
    let api = Api::new().await;
    let order = fixtures::order(&api.store, "2026-0001", 1200).await;
    let caller = call(&api.store).await;
    claim(&api.store, &order, caller).await;
    let running = api.get(&format!("/v1/calls/{caller}")).await.json();
    assert_eq!((&running["state"], &running["order_id"]), (&json!("in_progress"), &json!("2026-0001")));
    assert_eq!((&running["outcome"], &running["ended_at"]), (&Value::Null, &Value::Null));

    let card = card(test_numbers::VISA);
    api.store.call_card(caller, card.masked(), card.brand()).await.unwrap();
    api.store.call_ended(caller, &Outcome::Approved, NOW + TTL).await.unwrap();
    let expected = json!({
        "id": caller, "sip_call_id": "a84b4c76e66710", "line": "order", "operator": null, "version": 1, "order": order.id.to_string(), "caller": null, "order_id": "2026-0001",
        "state": "ended", "outcome": "approved", "detail": null, "last_four": "1111", "brand": "visa",
        "started_at": "2027-01-15T08:00:00Z", "ended_at": "2027-01-16T08:00:00Z",
    });
    for id in [caller.as_str(), "a84b4c76e66710"] {
        assert_eq!(api.get(&format!("/v1/calls/{id}")).await.json(), expected);
    }
}

#[tokio::test]
async fn a_sip_call_id_may_hold_any_character_a_phone_sends() {
    let api = Api::new().await;
    let new = ivr_payment_service::store::NewCall {
        merchant: api.store.first_merchant().await.unwrap().id,
        sip_call_id: paytone_redact::SafeText::new("f81d/4fae?x=1@[2001:db8::1]"),
        line: paytone_redact::SafeText::new("order"),
        caller: None,
    };
    let caller = api.store.call_started(&new, NOW).await.unwrap();
    let found = api.get("/v1/calls/f81d%2F4fae%3Fx=1@%5B2001:db8::1%5D").await;
    assert_eq!(found.json()["id"], json!(caller), "{}", found.text);
}
