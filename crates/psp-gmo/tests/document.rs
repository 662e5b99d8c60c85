//! The provider's own OpenAPI document as the judge of every request, and of every answer of the stand-in.
//!
//! The document is not part of this repository. `PAYTONE_GMO_OPENAPI` names the file; without it there is no judge, and
//! the test says so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;

use std::collections::BTreeSet;
use std::io::Write as _;

use jsonschema::Validator;
use paytone_card::test_numbers;
use paytone_psp::conformance::run;
use paytone_psp::exchange::{Adapter, Step};
use paytone_psp::{
    Authorize, Capture, Entry, Gateway, IdempotencyKey, InstalmentCount, OrderId, PaymentMethod, Reference,
    Register, RegisterMode,
};
use paytone_psp_gmo::fake::Fake;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use common::{NOW, adapter, in_process, kit, payment, yen};

/// The document, with what keeps it from being a judge put right.
struct Document(Value);

impl Document {
    fn load() -> Option<Self> {
        let Some(path) = std::env::var_os("PAYTONE_GMO_OPENAPI") else {
            let reason = "SKIPPED: PAYTONE_GMO_OPENAPI does not name the provider's OpenAPI document";
            writeln!(std::io::stderr(), "{reason}").expect("standard error takes a line");
            return None;
        };
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let schemas = &mut document["components"]["schemas"];
        // A doubled backslash makes this one no regular expression at all.
        schemas["Payer"]["properties"]["nameAlphabet"].as_object_mut().unwrap().remove("pattern");
        // Cards, wallets and cash share names of states, so that exactly one of the three can never match.
        let status = schemas["Status"].as_object_mut().unwrap();
        let choices = status.remove("oneOf").unwrap();
        status.insert("anyOf".into(), choices);
        Some(Self(document))
    }

    /// A judge for one schema. A closed one finds names the document does not have.
    fn judge(&self, schema: &Value, is_closed: bool) -> Validator {
        let mut root = json!({"components": self.0["components"]});
        root["schema"] = schema.clone();
        if is_closed {
            close(&mut root);
        }
        root["$ref"] = "#/schema".into();
        jsonschema::options().should_validate_formats(true).build(&root).unwrap()
    }

    fn request(&self, path: &str) -> Validator {
        let schema = &self.0["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let schema = schema.pointer("/oneOf/0").unwrap_or(schema);
        self.judge(schema, true)
    }

    fn answer(&self, path: &str, status: u16) -> Validator {
        let response = &self.0["paths"][path]["post"]["responses"][status.to_string()];
        let response = match response["$ref"].as_str() {
            Some(place) => self.0.pointer(&place[1..]).unwrap(),
            None => response,
        };
        let media = response["content"].as_object().unwrap().values().next().unwrap();
        let schema = &media["schema"];
        let schema = match schema["$ref"].as_str() {
            Some(place) if place.ends_with("/OrderInquiryResponse") => self.0.pointer(&place[1..]).unwrap(),
            _ => schema,
        };
        // The card's answer comes first; all fields of all of them are optional, so that any would match.
        let schema = schema.pointer("/oneOf/0").unwrap_or(schema);
        self.judge(schema, true)
    }
}

/// Allows no property that is not named, but where a map of anything is meant.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(Value::is_object)
                && !fields.contains_key("additionalProperties")
            {
                fields.insert("additionalProperties".into(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn check(judge: &Validator, value: &Value, what: &str) {
    let complaints: Vec<_> = judge.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(complaints.is_empty(), "{what}: {complaints:#?}\n{value:#}");
}

#[tokio::test]
async fn the_document_takes_every_request_and_every_answer() {
    let Some(document) = Document::load() else { return };
    let fake = Fake::new(|| NOW);
    fake.record();
    let gateway = in_process(&fake);
    let report = run(&kit(&gateway)).await;
    assert!(report.has_passed(), "{report}");
    every_way_to_pay(&gateway).await;
    let mut seen = BTreeSet::new();
    for exchange in fake.recorded() {
        let (path, status) = (exchange.path.as_str(), exchange.status);
        check(&document.request(path), &exchange.request, path);
        check(&document.answer(path, status), &exchange.answer, &format!("{path} {status}"));
        seen.insert(format!("{path} {status}"));
    }
    let expected = [
        "/credit/charge 201",
        "/credit/charge 202",
        "/credit/charge 400",
        "/credit/charge 402",
        "/credit/on-file/charge 201",
        "/credit/on-file/charge 400",
        "/credit/storeCard 201",
        "/credit/verifyCard 201",
        "/credit/verifyCard 402",
        "/member/delete 202",
        "/member/delete 400",
        "/member/deleteItem 201",
        "/member/deleteItem 400",
        "/order/cancel 201",
        "/order/cancel 400",
        "/order/capture 201",
        "/order/capture 400",
        "/order/inquiry 200",
        "/order/inquiry 400",
        "/order/update 201",
    ];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// The payment methods, a card that wants a page, and a card stored unseen.
async fn every_way_to_pay(gateway: &dyn Gateway) {
    let (order, mut rng) = (OrderId::parse("2026-0001").unwrap(), StdRng::seed_from_u64(1));
    let three = PaymentMethod::Instalments { count: InstalmentCount::new(3).unwrap() };
    let ways = [
        (three, test_numbers::VISA),
        (PaymentMethod::Bonus, test_numbers::JCB),
        (PaymentMethod::Revolving, test_numbers::MASTERCARD),
        (PaymentMethod::LumpSum, test_numbers::AMERICAN_EXPRESS),
        (PaymentMethod::LumpSum, test_numbers::VISA_AUTHENTICATION),
    ];
    let store = Happy;
    let context = paytone_psp::CallContext {
        now: NOW,
        deadline: NOW + core::time::Duration::from_secs(30),
        checkpoint: &store,
    };
    for (method, pan) in ways {
        let code = if pan == test_numbers::AMERICAN_EXPRESS { "1234" } else { "123" };
        let card = paytone_psp::conformance::Payment { code, ..payment(pan, 1200) }.card(NOW).unwrap();
        let request = Authorize {
            reference: Reference::generate(NOW, &mut rng),
            key: IdempotencyKey::generate(&mut rng),
            order: &order,
            money: yen(1200),
            capture: Capture::Manual,
            method,
            entry: Entry::TelephoneOrder,
            card: &card,
            postcode: None,
        };
        let answer = gateway.authorize(context, request).await;
        assert!(answer.is_ok(), "{method:?}: {answer:?}");
    }
    let card = payment(test_numbers::VISA, 1).card(NOW).unwrap();
    let request = Register {
        reference: Reference::generate(NOW, &mut rng),
        key: IdempotencyKey::generate(&mut rng),
        mode: RegisterMode::StoreOnly,
        entry: Entry::TelephoneOrder,
        card: &card,
    };
    assert!(gateway.register(context, request).await.is_ok());
}

struct Happy;

impl paytone_psp::Checkpoint for Happy {
    fn save<'a>(
        &'a self,
        _: &'a paytone_psp::CheckpointBlob,
    ) -> paytone_psp::BoxFuture<'a, Result<(), paytone_psp::CheckpointFailed>> {
        Box::pin(async { Ok(()) })
    }
}

/// A judge that finds nothing is no judge.
#[test]
fn the_document_finds_what_is_wrong() {
    let Some(document) = Document::load() else { return };
    let judge = document.request("/credit/charge");
    let card = payment(test_numbers::VISA, 1200).card(NOW).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let order = OrderId::parse("2026-0001").unwrap();
    let gmo = adapter();
    let Step::Save { then, .. } = gmo.authorize(Authorize {
        reference: Reference::generate(NOW, &mut rng),
        key: IdempotencyKey::generate(&mut rng),
        order: &order,
        money: yen(1200),
        capture: Capture::Auto,
        method: PaymentMethod::LumpSum,
        entry: Entry::TelephoneOrder,
        card: &card,
        postcode: None,
    }) else {
        panic!("a checkpoint comes first")
    };
    let Step::Send { request, .. } = then(Ok(())) else { panic!("then the charge") };
    let good: Value = serde_json::from_slice(request.body().unwrap().as_ref()).unwrap();
    check(&judge, &good, "a good request");
    for (place, wrong) in [
        ("/order/amount", json!(1200)),
        ("/order/orderId", json!("x".repeat(28))),
        ("/creditInformation/card/cardNumber", json!("411")),
        ("/creditInformation/creditChargeOptions/authorizationMode", json!("SALES")),
        ("/merchant/nameKana", json!("kana")),
    ] {
        let mut spoilt = good.clone();
        *spoilt.pointer_mut(place).unwrap() = wrong;
        assert!(!judge.is_valid(&spoilt), "{place}");
    }
    let mut misspelt = good;
    misspelt["creditInformation"]["creditChargeOptions"]["useTds"] = json!(false);
    assert!(!judge.is_valid(&misspelt), "a name the document does not have");
}
