//! Who did what: one entry for every request that can change something, and no way to change one unseen.

use axum::http::{Method, StatusCode};
use ivr_payment_service::audit::{self, AuditError};
use ivr_payment_service::store::{AuditEntry, BrokenChain, MerchantUlid, Store};
use serde_json::json;
use sqlx::Connection as _;

use super::{KEY, Shop};
use crate::fixtures::NOW;

#[tokio::test]
async fn every_request_that_can_change_something_leaves_one_entry_with_six_fields() {
    let shop = Shop::new().await;
    let order = shop.order(json!({ "order_id": "A-1", "amount": 1200, "currency": "JPY" })).await;
    shop.get("/v1/orders/A-1").await;
    shop.ask(KEY, &Method::POST, &format!("/v1/orders/{}/cancel", order.id), None, None).await;
    shop.ask(KEY, &Method::POST, &format!("/v1/orders/{}/cancel", order.id), None, None).await;
    let entries = shop.get("/v1/audit").await.json;
    let shown: Vec<_> =
        entries.as_array().unwrap().iter().map(|e| (e["action"].clone(), e["success"].clone())).collect();
    let cancel = json!("POST /v1/orders/{id}/cancel");
    assert_eq!(
        shown,
        [(json!("POST /v1/orders"), json!(true)), (cancel.clone(), json!(true)), (cancel, json!(false))]
    );
    for field in ["actor", "action", "at", "origin", "object"] {
        assert!(entries[1][field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    assert_eq!(entries[1]["object"], format!("/v1/orders/{}/cancel", order.id));
}

async fn chain(path: &std::path::Path, entries: u64) -> MerchantUlid {
    let store = Store::open(path).await.unwrap();
    let merchant = store.first_merchant().await.unwrap().id;
    for number in 0..entries {
        let entry = AuditEntry {
            actor: "somebody".into(),
            action: "something".into(),
            success: number % 2 == 0,
            origin: "test".into(),
            object: format!("object {number}").as_str().into(),
            detail: "".into(),
        };
        store.audit(merchant, &entry, NOW).await.unwrap();
    }
    store.close().await;
    merchant
}

async fn tamper(path: &std::path::Path, sql: &'static str) {
    let url = format!("sqlite://{}", path.display());
    let mut connection = sqlx::sqlite::SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn an_edit_a_deletion_a_swap_and_a_cut_are_found() {
    let swap = "UPDATE audit SET number = 100 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 4;
                UPDATE audit SET number = 4 WHERE number = 100;";
    let cases: [(&str, &str, Option<BrokenChain>); 5] = [
        ("nothing", "SELECT 1", None),
        ("edit", "UPDATE audit SET success = 0 WHERE number = 3", Some(BrokenChain::Entry(3))),
        ("delete", "DELETE FROM audit WHERE number = 3", Some(BrokenChain::Missing(3))),
        ("reorder", swap, Some(BrokenChain::Entry(3))),
        ("cut", "DELETE FROM audit WHERE number > 6", Some(BrokenChain::Head(8))),
    ];
    for (name, sql, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (path, heads) = (folder.path().join("paytone.sqlite"), folder.path().join("heads"));
        chain(&path, 8).await;
        let key = "a key that signs audit heads".into();
        let store = Store::open(&path).await.unwrap();
        assert_eq!(audit::export(&store, &key, &heads, NOW).await.unwrap(), 1);
        store.close().await;
        drop(store);
        tamper(&path, sql).await;
        let store = Store::open(&path).await.unwrap();
        let found = match audit::verify(&store, Some(&heads), Some(&key)).await {
            Ok(_) => None,
            Err(AuditError::Broken(broken)) => Some(broken),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, expected, "{name}");
        if name == "cut" {
            assert_eq!(audit::verify(&store, None, None).await.unwrap(), 6, "only the exported head knows");
            let other = "another key that signs heads".into();
            let forged = audit::verify(&store, Some(&heads), Some(&other)).await;
            assert!(matches!(forged, Err(AuditError::Forged(1))));
        }
    }
}

/// Who showed what, from where, to what: but not so often that the rest is lost among it.
#[tokio::test]
async fn failed_sign_ins_are_in_the_audit_and_cannot_flood_it() {
    let shop = Shop::new().await;
    let made = shop.post("/v1/keys", json!({ "name": "till", "role": "operator" })).await.json;
    let (id, secret) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    shop.ask(KEY, &Method::DELETE, &format!("/v1/keys/{id}"), None, None).await;
    let before = shop.get("/v1/audit").await.json.as_array().unwrap().len();
    for _ in 0..100 {
        let refused = shop.ask(secret, &Method::GET, "/v1/orders", None, None).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    shop.clock.advance(core::time::Duration::from_secs(60));
    shop.ask("no such key", &Method::POST, "/v1/orders", None, None).await;
    let entries = shop.get("/v1/audit").await.json;
    let entries = &entries.as_array().unwrap()[before..];
    let fields = |entry: &serde_json::Value| {
        ["actor", "action", "object", "detail"].map(|name| entry[name].as_str().unwrap().to_owned())
    };
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(fields(&entries[0]), ["till", "sign in", "GET /v1/orders", "a key that was taken back"]);
    let more = "an unknown key; 99 more since the last entry like this";
    assert_eq!(fields(&entries[1]), ["nobody we know", "sign in", "POST /v1/orders", more]);
    assert!(entries.iter().all(|entry| entry["success"] == false && !entry["origin"].is_null()));
    assert!(!entries.iter().any(|entry| entry.to_string().contains(secret)));
}
