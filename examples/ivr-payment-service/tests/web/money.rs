//! Money by request: once for a key, never more than there is, by whoever may.

use axum::http::{Method, StatusCode};
use ivr_payment_service::api::RateLimit;
use ivr_payment_service::clock::Clock as _;
use ivr_payment_service::payments::Operate;
use ivr_payment_service::store::{OrderState, RequestKey, Seen, StoredCardUlid};
use paytone_card::test_numbers;
use paytone_dialog::Verdict;
use paytone_redact::SafeText;
use serde_json::{Value, json};

use super::{KEY, Shop};
use crate::fixtures::yen;

fn order(purpose: &str) -> Value {
    let amount = if matches!(purpose, "verify" | "register") { 0 } else { 1200 };
    json!({ "order_id": format!("O-{purpose}"), "amount": amount, "currency": "JPY", "purpose": purpose })
}

#[tokio::test]
async fn what_is_reserved_is_captured_in_part_and_what_is_captured_refunded_up_to_that() {
    let shop = Shop::new().await;
    let order = shop.order(order("authorize")).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let path = |what: &str| format!("/v1/orders/{}/{what}", order.id);

    let early = shop.pay(&path("refund"), "r0", json!({})).await;
    assert_eq!(early.json["type"], "urn:paytone:problem:not-possible", "nothing is captured yet");
    let more = shop.pay(&path("capture"), "c0", json!({ "amount": 1201 })).await;
    assert_eq!(more.status, StatusCode::CONFLICT, "{}", more.json);
    let captured = shop.pay(&path("capture"), "c1", json!({ "amount": 1000 })).await;
    assert_eq!((captured.status, &captured.json["attempts"][0]["captured"]), (StatusCode::OK, &json!(1000)));

    let part = shop.pay(&path("refund"), "r1", json!({ "amount": 400 })).await;
    assert_eq!((&part.json["state"], &part.json["attempts"][0]["refunded"]), (&json!("paid"), &json!(400)));
    let too_much = shop.pay(&path("refund"), "r2", json!({ "amount": 601 })).await;
    assert_eq!(too_much.json["type"], "urn:paytone:problem:not-possible");
    let rest = shop.pay(&path("refund"), "r3", json!({})).await;
    assert_eq!(
        (&rest.json["state"], &rest.json["attempts"][0]["refunded"]),
        (&json!("refunded"), &json!(1000))
    );
    let again = shop.pay(&path("refund"), "r4", json!({ "amount": 1 })).await;
    assert_eq!(again.json["type"], "urn:paytone:problem:no-payment");
}

#[tokio::test]
async fn refunds_at_the_same_time_give_back_no_more_than_was_taken() {
    let shop = Shop::new().await;
    let order = shop.order(order("capture")).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let path = format!("/v1/orders/{}/refund", order.id);
    let keys: Vec<_> = (0..8).map(|number| format!("at-once-{number}")).collect();
    let body = || json!({ "amount": 500 });
    let (a, b, c, d) = tokio::join!(
        shop.pay(&path, &keys[0], body()),
        shop.pay(&path, &keys[1], body()),
        shop.pay(&path, &keys[2], body()),
        shop.pay(&path, &keys[3], body()),
    );
    let done = [&a, &b, &c, &d].iter().filter(|answer| answer.status == StatusCode::OK).count();
    let attempts = shop.store.attempts_of(order.id).await.unwrap();
    let refunded = attempts[0].attempt.refunded().minor();
    assert_eq!(refunded, 500 * u64::try_from(done).unwrap());
    assert!((1..=2).contains(&done), "{done} refunds of 500 out of 1200");
}

#[tokio::test]
async fn what_is_reserved_is_let_go_of_and_its_code_is_spent() {
    let shop = Shop::new().await;
    let order = shop.order(order("authorize")).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let voided = shop.pay(&format!("/v1/orders/{}/void", order.id), "v1", json!({})).await;
    assert_eq!((voided.status, &voided.json["state"]), (StatusCode::OK, &json!("voided")));
    assert_eq!(
        shop.store.order(order.merchant, "O-authorize").await.unwrap().unwrap().state,
        OrderState::Voided
    );
}

#[tokio::test]
async fn a_key_moves_money_once_and_only_for_the_request_it_came_with() {
    let shop = Shop::new().await;
    let order = shop.order(order("capture")).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let path = format!("/v1/orders/{}/refund", order.id);

    let without = shop.post(&path, json!({ "amount": 100 })).await;
    assert_eq!(without.json["type"], "urn:paytone:problem:idempotency-key-missing");
    let first = shop.pay(&path, "once", json!({ "amount": 100 })).await;
    let second = shop.pay(&path, "once", json!({ "amount": 100 })).await;
    assert_eq!((second.status, &second.json), (first.status, &first.json));
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(second.json["attempts"][0]["refunded"], 100, "given back once");
    let other = shop.pay(&path, "once", json!({ "amount": 101 })).await;
    assert_eq!(other.json["type"], "urn:paytone:problem:idempotency-key-reused");
    let refused = shop.pay(&path, test_numbers::VISA, json!({})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "a key that could be a card number");
}

#[tokio::test]
async fn a_verified_card_completes_its_order_and_a_stored_one_pays_another() {
    let shop = Shop::new().await;
    let verify = shop.order(order("verify")).await;
    let (_, verdict) = shop.caller_pays(&verify, test_numbers::VISA).await;
    assert!(matches!(verdict, Verdict::Checked));
    assert_eq!(shop.state(&verify).await, "completed");

    let register = shop.order(order("register")).await;
    shop.caller_pays(&register, test_numbers::VISA).await;
    let both = shop.order(order("charge_and_store")).await;
    shop.caller_pays(&both, test_numbers::MASTERCARD).await;
    assert_eq!((shop.state(&register).await, shop.state(&both).await), ("completed".into(), "paid".into()));
    let cards = shop.get("/v1/stored-cards").await.json;
    let shown: Vec<_> =
        cards.as_array().unwrap().iter().map(|card| card["brand"].as_str().unwrap()).collect();
    assert_eq!(shown, ["mastercard", "visa"]);

    let next = shop.order(json!({ "order_id": "N-1", "amount": 500, "currency": "JPY" })).await;
    let path = format!("/v1/orders/{}/charge", next.id);
    let charged = shop.pay(&path, "n1", json!({ "stored_card": cards[1]["id"] })).await;
    assert_eq!(
        (charged.status, &charged.json["state"]),
        (StatusCode::OK, &json!("paid")),
        "{}",
        charged.json
    );
    assert_eq!(charged.json["attempts"][0]["stored_card"], cards[1]["id"]);
    assert_eq!(charged.json["attempts"][0]["test"], true);
    let forgotten = format!("/v1/stored-cards/{}", cards[1]["id"].as_str().unwrap());
    let gone = shop.ask(KEY, &Method::DELETE, &forgotten, None, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(shop.get("/v1/stored-cards").await.json.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn roles_and_their_limits_hold() {
    let shop = Shop::new().await;
    let order = shop.order(order("capture")).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let path = format!("/v1/orders/{}/refund", order.id);
    let mut keys = Vec::new();
    for (role, limit) in [("viewer", Value::Null), ("operator", Value::Null), ("supervisor", json!(300))] {
        let made = shop.post("/v1/keys", json!({ "name": role, "role": role, "refund_limit": limit })).await;
        keys.push(made.json["key"].as_str().unwrap().to_owned());
    }
    let refund = async |key: &str, once: &str, amount: u64| {
        let body = Some(json!({ "amount": amount }));
        shop.ask(key, &Method::POST, &path, Some(once), body).await
    };
    assert_eq!(refund(&keys[0], "a", 1).await.status, StatusCode::FORBIDDEN);
    assert_eq!(refund(&keys[1], "b", 1).await.status, StatusCode::FORBIDDEN);
    assert_eq!(refund(&keys[2], "c", 301).await.json["type"], "urn:paytone:problem:refund-limit");
    assert_eq!(refund(&keys[2], "d", 200).await.status, StatusCode::OK);
    assert_eq!(refund(&keys[2], "e", 101).await.status, StatusCode::FORBIDDEN, "in parts it is as much");
    let body = Some(json!({ "order_id": "X", "amount": 1, "currency": "JPY" }));
    let made = shop.ask(&keys[0], &Method::POST, "/v1/orders", None, body).await;
    assert_eq!(made.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_an_order_says_is_echoed_and_lists_are_filtered_and_paged() {
    let shop = Shop::new().await;
    for number in 0..5 {
        let body = json!({
            "order_id": format!("L-{number}"), "amount": 100 + number, "currency": "JPY",
            "customer_number": if number % 2 == 0 { "even" } else { "odd" },
            "field_1": "one", "field_2": "card 4111 1111 1111 1111", "metadata": { "a": "b" }, "language": "ja",
            "allowed_brands": ["jcb", "visa"], "payment_methods": ["instalments_3", "lump_sum"],
            "after_payment": "return_to_operator", "after_hang_up": "void_if_approved", "ttl_s": 60,
        });
        shop.order(body).await;
    }
    let shown = shop.get("/v1/orders/L-0").await.json;
    assert_eq!(shown["field_1"], "one");
    assert!(!shown.to_string().contains("4111"), "{shown}");
    assert_eq!((&shown["metadata"]["a"], &shown["language"]), (&json!("b"), &json!("ja")));
    assert_eq!(shown["payment_methods"], json!(["instalments_3", "lump_sum"]));
    assert_eq!(shown["after_payment"], "return_to_operator");
    assert_eq!(shown["after_hang_up"], "void_if_approved");
    let wrong =
        shop.ask(KEY, &Method::PATCH, "/v1/orders/L-0", None, Some(json!({ "after_hang_up": "x" }))).await;
    assert_eq!(wrong.json["field"], "after_hang_up");

    let first = shop.get("/v1/orders?customer_number=even&limit=2").await.json;
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|order| order["order_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&first), ["L-4", "L-2"]);
    let next = first["next"].as_str().unwrap();
    let second = shop.get(&format!("/v1/orders?customer_number=even&limit=2&after={next}")).await.json;
    assert_eq!((ids(&second), &second["next"]), (vec!["L-0".to_owned()], &Value::Null));
    assert_eq!(ids(&shop.get("/v1/orders?state=paid").await.json), Vec::<String>::new());
    assert_eq!(shop.get("/v1/orders?limit=0").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shop.get("/v1/orders?nonsense=1").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn too_many_requests_are_turned_away_and_time_lets_more_in() {
    let shop = Shop::with_rate(RateLimit::new(1, 2)).await;
    assert_eq!(shop.get("/v1/orders").await.status, StatusCode::OK);
    assert_eq!(shop.get("/v1/orders").await.status, StatusCode::OK);
    let turned_away = shop.get("/v1/orders").await;
    assert_eq!(
        (turned_away.status, &turned_away.headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"1".parse().unwrap())
    );
    shop.clock.advance(core::time::Duration::from_secs(1));
    assert_eq!(shop.get("/v1/orders").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_document_describes_every_path_that_is_served() {
    let shop = Shop::new().await;
    let document = shop.get("/openapi.json").await.json;
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 29, "{:?}", paths.keys().collect::<Vec<_>>());
    for (path, operations) in paths {
        let path = path.replace("{id}", "01MCC5RM00AK2B72X4J8V2FCFD").replace("{reference}", "x");
        for method in operations.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = shop.ask("no key", &method, &path, None, None).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    }
}

/// The service stopped before it could answer: the same request again gets what the first came to, and charges once.
#[tokio::test]
async fn a_charge_that_was_not_answered_is_found_again_by_its_key() {
    let shop = Shop::new().await;
    shop.caller_pays(&shop.order(order("register")).await, test_numbers::VISA).await;
    let card = shop.get("/v1/stored-cards").await.json[0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "stored_card": card });
    for (name, sent) in [("N-1", true), ("N-2", false)] {
        let order = shop.order(json!({ "order_id": name, "amount": 500, "currency": "JPY" })).await;
        let path = format!("/v1/orders/{}/charge", order.id);
        let key = SafeText::new(name);
        let whole = format!("POST {path}\n{body}");
        let now = shop.clock.now();
        assert_eq!(
            shop.store.begin_request(order.merchant, &key, whole.as_bytes(), now).await,
            Ok(Seen::New)
        );
        if sent {
            let id = StoredCardUlid::parse(&card).unwrap();
            let stored = shop.store.stored_card(order.merchant, id).await.unwrap().unwrap();
            let request = Some(RequestKey { merchant: order.merchant, key: key.clone() });
            shop.payments.charge_stored_for(request, &order, &stored).await.unwrap();
        }
        let early = shop.pay(&path, name, body.clone()).await;
        assert_eq!(early.json["type"], "urn:paytone:problem:idempotency-key-in-use", "it may be under way");
        shop.clock.advance(core::time::Duration::from_secs(10 * 60));
        let again = shop.pay(&path, name, body.clone()).await;
        assert_eq!((again.status, &again.json["state"]), (StatusCode::OK, &json!("paid")), "{}", again.json);
        assert_eq!(again.json["attempts"].as_array().unwrap().len(), 1, "charged once");
        let third = shop.pay(&path, name, body.clone()).await;
        assert_eq!(
            (third.json, &third.headers["idempotency-replayed"]),
            (again.json, &"true".parse().unwrap())
        );
    }
}

/// The process was killed while it took, let go of or gave back money: the same request again, once nobody carries the first
/// out any more, gets what the journal says became of it, and moves no money twice.
#[tokio::test]
async fn an_operation_that_was_not_answered_is_found_again_by_its_key() {
    let cases = [
        ("capture", "authorize", json!({}), Operate::Capture(None), "paid"),
        ("void", "authorize", json!({}), Operate::Void, "voided"),
        ("refund", "capture", json!({ "amount": 500 }), Operate::Refund(Some(yen(500))), "paid"),
    ];
    for (what, purpose, body, operate, expected) in cases {
        for begun in [true, false] {
            let shop = Shop::new().await;
            let order = shop.order(order(purpose)).await;
            shop.caller_pays(&order, test_numbers::VISA).await;
            let path = format!("/v1/orders/{}/{what}", order.id);
            let key = SafeText::new("k1");
            let whole = format!("POST {path}\n{body}");
            let taken =
                shop.store.begin_request(order.merchant, &key, whole.as_bytes(), shop.clock.now()).await;
            assert_eq!(taken, Ok(Seen::New));
            if begun {
                let request = Some(RequestKey { merchant: order.merchant, key: key.clone() });
                let reference = *shop.store.attempts_of(order.id).await.unwrap()[0].attempt.reference();
                let done = shop.payments.operate_for(request, order.merchant, reference, operate).await;
                assert!(done.is_ok(), "{what}");
            }
            let early = shop.pay(&path, "k1", body.clone()).await;
            assert_eq!(early.json["type"], "urn:paytone:problem:idempotency-key-in-use", "{what}");
            shop.clock.advance(core::time::Duration::from_secs(10 * 60));
            let again = shop.pay(&path, "k1", body.clone()).await;
            assert_eq!(
                (again.status, &again.json["state"]),
                (StatusCode::OK, &json!(expected)),
                "{what} {begun}: {}",
                again.json
            );
            if what == "refund" {
                assert_eq!(again.json["attempts"][0]["refunded"], 500, "given back once");
            }
            let third = shop.pay(&path, "k1", body.clone()).await;
            assert_eq!(third.headers["idempotency-replayed"], "true");
        }
    }
}

/// Nothing came of it: that is said, not that it was done.
#[tokio::test]
async fn an_operation_that_came_to_nothing_is_not_answered_as_done() {
    let shop = Shop::new().await;
    // The first operation on this amount is lost on its way.
    let body = json!({ "order_id": "O-1", "amount": 1262, "currency": "JPY", "purpose": "capture" });
    let order = shop.order(body).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let path = format!("/v1/orders/{}/refund", order.id);
    let key = SafeText::new("k1");
    let whole = format!("POST {path}\n{{}}");
    let taken = shop.store.begin_request(order.merchant, &key, whole.as_bytes(), shop.clock.now()).await;
    assert_eq!(taken, Ok(Seen::New));
    let request = Some(RequestKey { merchant: order.merchant, key });
    let reference = *shop.store.attempts_of(order.id).await.unwrap()[0].attempt.reference();
    let open =
        shop.payments.operate_for(request, order.merchant, reference, Operate::Refund(None)).await.unwrap();
    assert!(open.attempt.pending().is_some(), "no answer came");
    shop.clock.advance(core::time::Duration::from_secs(10 * 60));
    let record = shop.store.attempts_of(order.id).await.unwrap().remove(0);
    if record.attempt.pending().is_some() {
        shop.payments.look_up_now(&record).await.unwrap();
    }
    let again = shop.pay(&path, "k1", json!({})).await;
    assert_eq!(again.json["type"], "urn:paytone:problem:provider-did-not", "{}", again.json);
    assert_eq!(shop.pay(&path, "k2", json!({})).await.status, StatusCode::OK, "it can be asked for again");
}
