//! What needs a person, what a person does about it, and what goes on without one.

use core::time::Duration;

use axum::http::{Method, StatusCode};
use ivr_payment_service::bus::EventKind;
use ivr_payment_service::clock::Clock as _;
use ivr_payment_service::store::{CardOperation, CardRequest, CardRequestState, WhileSending};
use ivr_payment_service::worker;
use paytone_card::test_numbers;
use paytone_psp::Reference;
use paytone_psp::attempt::{Event, PERSON_AFTER, State};
use serde_json::json;

use super::{KEY, Shop};
use crate::fixtures::NOW;

#[tokio::test]
async fn a_doubt_too_old_is_listed_settled_with_evidence_audited_and_frees_the_order() {
    let shop = Shop::new().await;
    let order = shop.order(json!({ "order_id": "A-1", "amount": 1251, "currency": "JPY" })).await;
    let (caller, _) = shop.caller_pays(&order, test_numbers::VISA).await;
    shop.store.call_ended(caller, &paytone_dialog::Outcome::Unknown, NOW).await.unwrap();
    let reference = *shop.store.attempts_of(order.id).await.unwrap()[0].attempt.reference();
    let path = format!("/v1/attempts/{reference}/settle");
    let finding =
        json!({ "finding": "not_charged", "evidence": "provider screen 17", "reason": "asked by telephone" });
    let early = shop.post(&path, finding.clone()).await;
    assert_eq!(early.json["type"], "urn:paytone:problem:not-possible", "it is still being looked up");

    let late = NOW + PERSON_AFTER;
    let aged = shop.store.change_attempt(reference, late, |attempt| Ok(attempt.handle_timeout(late))).await;
    assert_eq!(aged.unwrap().0.attempt.state(), State::NeedsPerson);
    let listed = shop.get("/v1/needs-person").await.json;
    assert_eq!(listed["payments"][0]["reference"], reference.to_string());

    let without = shop.post(&path, json!({ "finding": "captured", "evidence": " ", "reason": "x" })).await;
    assert_eq!(without.json["field"], "evidence");
    let operator = shop.post("/v1/keys", json!({ "name": "o", "role": "operator" })).await.json;
    let by = operator["key"].as_str().unwrap();
    let refused = shop.ask(by, &Method::POST, &path, None, Some(finding.clone())).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let settled = shop.post(&path, finding).await;
    assert_eq!((settled.status, &settled.json["state"]), (StatusCode::OK, &json!("not_charged")));
    assert_eq!(shop.state(&order).await, "open");
    let entries = shop.get("/v1/audit").await.json;
    let entry = entries
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["action"] == "settle payment" && entry["success"] == true);
    let detail = entry.unwrap()["detail"].as_str().unwrap();
    assert!(detail.contains("provider screen 17") && detail.contains("asked by telephone"), "{detail}");
}

#[tokio::test]
async fn look_up_now_finds_what_the_provider_has() {
    let shop = Shop::new().await;
    let order = shop.order(json!({ "order_id": "A-1", "amount": 1251, "currency": "JPY" })).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let reference = *shop.store.attempts_of(order.id).await.unwrap()[0].attempt.reference();
    let path = format!("/v1/attempts/{reference}/lookup");
    let found = shop.ask(KEY, &Method::POST, &path, None, None).await;
    assert_eq!((found.status, &found.json["state"]), (StatusCode::OK, &json!("captured")), "{}", found.json);
    assert_eq!(shop.state(&order).await, "paid");
}

#[tokio::test]
async fn an_order_cancelled_while_its_payment_was_in_doubt_is_given_back_once_it_is_approved() {
    let shop = Shop::new().await;
    let order = shop.order(json!({ "order_id": "A-1", "amount": 1251, "currency": "JPY" })).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let refused = shop.ask(KEY, &Method::POST, "/v1/orders/A-1/cancel", None, None).await;
    assert_eq!(refused.json["type"], "urn:paytone:problem:payment-under-way");
    let accepted = shop.post("/v1/orders/A-1/cancel", json!({ "while_sending": "void_on_approval" })).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.json);

    let record = shop.store.attempts_of(order.id).await.unwrap().remove(0);
    shop.payments.look_up_now(&record).await.unwrap();
    assert_eq!(shop.payments.compensate().await.unwrap(), 1);
    assert_eq!(shop.state(&order).await, "refunded");
    assert_eq!(shop.payments.compensate().await.unwrap(), 0);
}

#[tokio::test]
async fn an_approval_against_all_reports_is_given_back() {
    let shop = Shop::new().await;
    let order = shop.order(json!({ "order_id": "A-1", "amount": 1251, "currency": "JPY" })).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    let reference = *shop.store.attempts_of(order.id).await.unwrap()[0].attempt.reference();
    let late = NOW + PERSON_AFTER;
    for event in [None, Some(Event::SettledByPerson(paytone_psp::attempt::PersonsFinding::NothingHeld))] {
        let changed = shop.store.change_attempt(reference, late, |attempt| match event {
            Some(event) => attempt.apply(event, late),
            None => Ok(attempt.handle_timeout(late)),
        });
        assert!(changed.await.is_ok());
    }
    // The person was wrong: the provider holds the money.
    let record = shop.store.attempts_of(order.id).await.unwrap().remove(0);
    let found = shop.payments.look_up_now(&record).await.unwrap();
    assert!(found.attempt.needs_compensation());
    assert_eq!(shop.payments.compensate().await.unwrap(), 1);
    let after = shop.store.attempts_of(order.id).await.unwrap().remove(0);
    assert_eq!((after.attempt.state(), after.attempt.needs_compensation()), (State::Refunded, false));
}

#[tokio::test]
async fn settled_payments_are_compared_with_the_provider_once_a_day_and_old_reservations_announced() {
    let shop = Shop::new().await;
    let body = json!({ "order_id": "A-1", "amount": 1200, "currency": "JPY", "purpose": "authorize" });
    let order = shop.order(body).await;
    shop.caller_pays(&order, test_numbers::VISA).await;
    assert_eq!(shop.payments.check_settled(NOW).await.unwrap(), 0, "just seen");
    let day = Duration::from_secs(24 * 3600);
    shop.clock.advance(day * 2);
    assert_eq!(shop.payments.check_settled(NOW + day).await.unwrap(), 1);
    assert_eq!(shop.payments.check_settled(NOW + day).await.unwrap(), 0);
    assert_eq!(shop.get("/v1/needs-person").await.json["lapsing"], json!([]));
    let mut watch = shop.bus.watch();
    let alarms =
        async |now| worker::announce_lapsing(&shop.store, &shop.bus, order.merchant, now).await.unwrap();
    alarms(shop.clock.now()).await;
    assert!(watch.try_recv().is_err(), "not yet");
    shop.clock.advance(day * 4);
    assert_eq!(shop.get("/v1/needs-person").await.json["lapsing"].as_array().unwrap().len(), 1);
    alarms(shop.clock.now()).await;
    let alarm = watch.try_recv().unwrap();
    assert!(matches!(alarm.kind, EventKind::Alarm { alarm: "authorization_lapsing" }), "{alarm:?}");
    assert_eq!(alarm.merchant, order.merchant);

    let captured = shop.pay(&format!("/v1/orders/{}/capture", order.id), "c1", json!({})).await;
    assert_eq!(captured.status, StatusCode::OK);
    assert_eq!(shop.get("/v1/needs-person").await.json["lapsing"], json!([]));
}

#[tokio::test]
async fn a_card_the_provider_has_something_left_of_is_listed() {
    let shop = Shop::new().await;
    let body = json!({ "order_id": "R-1", "amount": 0, "currency": "JPY", "purpose": "register" });
    let order = shop.order(body).await;
    let caller = crate::fixtures::call(&shop.store).await;
    let held = crate::fixtures::claim(&shop.store, &order, caller).await;
    let card = crate::fixtures::card(test_numbers::VISA);
    let request = CardRequest {
        reference: Reference::generate(NOW, &mut rand::rng()),
        merchant: held.merchant,
        order: held.id,
        call: caller,
        operation: CardOperation::Register,
        last_four: card.masked(),
        brand: card.brand(),
        deadline: NOW,
    };
    shop.store.begin_card_request(&request, NOW).await.unwrap();
    assert_eq!(shop.get("/v1/needs-person").await.json["cards"], json!([]));
    shop.store.card_request_became(&request, CardRequestState::LeftOver, None, NOW).await.unwrap();
    let listed = shop.get("/v1/needs-person").await.json["cards"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed[0]["reference"], &listed[0]["operation"], &listed[0]["last_four"]),
        (&json!(request.reference.to_string()), &json!("register"), &json!("1111"))
    );
}

#[tokio::test]
async fn a_call_that_loses_its_order_may_not_begin_a_payment() {
    let shop = Shop::new().await;
    let order = shop.order(json!({ "order_id": "A-1", "amount": 1200, "currency": "JPY" })).await;
    let caller = crate::fixtures::call(&shop.store).await;
    let held = crate::fixtures::claim(&shop.store, &order, caller).await;
    let changed = shop.store.cancel_order(order.merchant, order.id, WhileSending::Refuse, NOW).await.unwrap();
    assert_eq!(changed.taken_from, Some(caller));
    let verdict = shop.payments.authorize(caller, &held, crate::fixtures::card(test_numbers::VISA)).await;
    assert!(matches!(verdict, paytone_dialog::Verdict::Unavailable));
    assert_eq!(shop.store.attempts_of(order.id).await.unwrap(), []);
}
