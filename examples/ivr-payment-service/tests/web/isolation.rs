//! Nothing of one merchant is visible to another.

use axum::http::{Method, StatusCode};
use paytone_card::test_numbers;
use serde_json::{Value, json};

use super::{KEY, Shop};

/// Every path that names something, with what it names and a body that would be taken.
fn paths() -> Vec<(Method, &'static str, Option<Value>)> {
    let finding = json!({ "finding": "not_charged", "evidence": "x", "reason": "y" });
    vec![
        (Method::GET, "/v1/orders/{order}", None),
        (Method::GET, "/v1/orders/A-1", None),
        (Method::PATCH, "/v1/orders/{order}", Some(json!({ "description": "changed" }))),
        (Method::POST, "/v1/orders/{order}/cancel", None),
        (Method::POST, "/v1/orders/{order}/capture", None),
        (Method::POST, "/v1/orders/{order}/void", None),
        (Method::POST, "/v1/orders/{order}/refund", None),
        (Method::POST, "/v1/orders/{order}/charge", Some(json!({ "stored_card": "{card}" }))),
        (Method::DELETE, "/v1/stored-cards/{card}", None),
        (Method::GET, "/v1/calls/{call}", None),
        (Method::GET, "/v1/calls/a84b4c76e66710", None),
        (Method::POST, "/v1/calls/{call}/commands", Some(json!({ "command": "cancel", "version": 1 }))),
        (Method::POST, "/v1/webhooks/{endpoint}/rotate", None),
        (Method::POST, "/v1/webhooks/{endpoint}/retire", None),
        (Method::DELETE, "/v1/webhooks/{endpoint}", None),
        (Method::POST, "/v1/deliveries/{delivery}/redeliver", None),
        (Method::POST, "/v1/attempts/{attempt}/lookup", None),
        (Method::POST, "/v1/attempts/{attempt}/settle", Some(finding)),
        (Method::DELETE, "/v1/keys/{key}", None),
    ]
}

const LISTS: [&str; 9] = [
    "/v1/orders",
    "/v1/calls",
    "/v1/stored-cards",
    "/v1/events",
    "/v1/webhooks",
    "/v1/deliveries",
    "/v1/needs-person",
    "/v1/waiting-operators",
    "/v1/audit?after=1",
];

#[tokio::test]
async fn another_merchant_finds_nothing_and_changes_nothing() {
    let shop = Shop::new().await;
    let ids = everything(&shop).await;
    let other = shop.post("/v1/merchants", json!({ "name": "another" })).await.json;
    let theirs = other["key"]["key"].as_str().unwrap();
    let before = all(&shop).await;

    for (index, (method, path, body)) in paths().into_iter().enumerate() {
        let fill = |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
        let body = body.map(|body| serde_json::from_str(&fill(&body.to_string())).unwrap());
        let once = format!("another-{index}");
        let answer = shop.ask(theirs, &method, &fill(path), Some(&once), body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {}", answer.json);
    }
    for path in LISTS {
        let listed = shop.ask(theirs, &Method::GET, path, None, None).await;
        assert_eq!(listed.status, StatusCode::OK, "{path}");
        let text = listed.json.to_string();
        let own_requests = path.starts_with("/v1/audit");
        for (name, id) in ids.iter().filter(|_| !own_requests) {
            assert!(!text.contains(id.as_str()), "{path} shows {name}");
        }
    }
    assert_eq!(all(&shop).await, before, "another merchant changed something");
    let keys = shop.ask(theirs, &Method::GET, "/v1/keys", None, None).await.json;
    assert_eq!(keys.as_array().unwrap().len(), 1, "its own administrator's");
    let first = shop.store.first_merchant().await.unwrap().id;
    let key = json!({ "name": "x", "role": "admin" });
    for (method, path, body) in [
        (Method::POST, "/v1/merchants".to_owned(), Some(json!({ "name": "x" }))),
        (Method::GET, "/v1/merchants".to_owned(), None),
        (Method::POST, format!("/v1/merchants/{first}/keys"), Some(key)),
    ] {
        let refused = shop.ask(theirs, &method, &path, None, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    let taken = shop.post("/v1/merchants", json!({ "name": "another" })).await;
    assert_eq!(taken.json["type"], "urn:paytone:problem:name-taken");
}

/// A call of one merchant's line is not given the order of another, whatever the caller keys.
#[tokio::test]
async fn a_code_opens_orders_of_the_lines_own_merchant_only() {
    use crate::fixtures::{LIMITS, NOW, claimant};
    use ivr_payment_service::store::{Claim, NewCall};
    use paytone_dialog::OrderRefusal;
    use paytone_redact::SafeText;

    let shop = Shop::new().await;
    let order = shop.order(json!({ "order_id": "A-1", "amount": 1200, "currency": "JPY" })).await;
    let merchant = shop.store.create_merchant(&SafeText::new("another"), NOW).await.unwrap().unwrap().id;
    let new = NewCall { merchant, sip_call_id: "c".into(), line: "order".into(), caller: None };
    let caller = shop.store.call_started(&new, NOW).await.unwrap();
    let claim = shop.store.claim_order(order.code.as_str(), &claimant(caller, "a"), &LIMITS, NOW).await;
    assert_eq!(claim.unwrap(), Claim::Refused(OrderRefusal::Unknown));
}

/// One of everything, by the name it has in the paths.
async fn everything(shop: &Shop) -> Vec<(&'static str, String)> {
    let endpoint = shop.post("/v1/webhooks", json!({ "url": "http://127.0.0.1:1/x" })).await.json;
    let key = shop.post("/v1/keys", json!({ "name": "till", "role": "operator" })).await.json;
    let stored = json!({ "order_id": "R-1", "currency": "JPY", "purpose": "register" });
    shop.caller_pays(&shop.order(stored).await, test_numbers::VISA).await;
    let order = shop.order(json!({ "order_id": "A-1", "amount": 1200, "currency": "JPY" })).await;
    let (call, _) = shop.caller_pays(&order, test_numbers::VISA).await;
    let shown = shop.get(&format!("/v1/orders/{}", order.id)).await.json;
    let cards = shop.get("/v1/stored-cards").await.json;
    let deliveries = shop.get("/v1/deliveries").await.json;
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    vec![
        ("{order}", order.id.to_string()),
        ("{call}", call.to_string()),
        ("{card}", id(&cards[0]["id"])),
        ("{endpoint}", id(&endpoint["id"])),
        ("{delivery}", id(&deliveries[0]["id"])),
        ("{attempt}", id(&shown["attempts"][0]["reference"])),
        ("{key}", id(&key["id"])),
    ]
}

async fn all(shop: &Shop) -> Vec<Value> {
    let mut lists = Vec::new();
    for path in LISTS.iter().filter(|path| !path.starts_with("/v1/audit")).chain(["/v1/keys"].iter()) {
        lists.push(shop.ask(KEY, &Method::GET, path, None, None).await.json);
    }
    lists
}
