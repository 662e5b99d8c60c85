//! Whole calls in both languages, by what the caller hears.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::ear::Ear;
use common::{CODE, EXPIRY, Fixture};
use hyper::Method;
use ivr_payment_service::bus::EventKind;
use paytone_card::test_numbers;
use paytone_dialog::Language;
use phone::{Call, Keys, Options};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// One call as it went: its row in the API, what was said in which language, and the sound.
struct Told {
    call: Value,
    languages: Vec<Language>,
    prompts: Vec<String>,
    audio: Vec<i16>,
}

/// Calls, keys, listens to the end.
async fn call(fixture: &Fixture, user: &str, keys: &str) -> Told {
    let mut events = fixture.service.services().bus.watch();
    let mut call = Call::dial(&fixture.uri(user).parse().unwrap(), &Options::new()).await.unwrap();
    call.press(&Keys::parse(keys).unwrap()).await.unwrap();
    let report = call.wait_for_hang_up(PATIENCE).await;
    let mut told = Told {
        call: fixture.ended_call(report.call_id()).await,
        languages: Vec::new(),
        prompts: Vec::new(),
        audio: report.heard().samples().to_vec(),
    };
    while let Ok(event) = events.try_recv() {
        match event.kind {
            EventKind::Language(language) => told.languages.push(language),
            EventKind::Prompt(names) => told.prompts.extend(names),
            _ => {}
        }
    }
    told
}

/// Whose clips are heard: of each name, in this language and in no other.
fn is_spoken(told: &Told, language: Language, names: &[&str]) {
    let ear = Ear::new();
    for name in names {
        for spoken in Language::ALL {
            let expected = *spoken == language;
            assert_eq!(ear.hears(&told.audio, *spoken, name), expected, "{name} in {spoken}");
        }
    }
}

/// Listens to the welcome, then keys everything in one go.
fn keys(pan: &str) -> String {
    format!("~{pan}#{EXPIRY}{CODE}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_japanese_line_speaks_japanese_from_the_welcome_to_goodbye() {
    let line = "[[lines]]\nname = \"japan\"\nkind = \"pay_fixed\"\namount = 3980\ncurrency = \"JPY\"\n\
                users = [\"pay\"]\nlanguages = [\"ja\"]\n";
    let fixture = Fixture::start_with_own_voice_and(line).await;
    let told = call(&fixture, "pay", &keys(test_numbers::JCB)).await;
    assert_eq!(told.call["outcome"], "approved");
    assert_eq!(told.languages, [Language::Ja]);
    // The keys come faster than the questions, which are cut short.
    let before = ["welcome", "order-summary", "enter-pan", "enter-expiry", "enter-back-code"];
    assert_eq!(told.prompts, [&before[..], &["one-moment", "approved", "goodbye"]].concat());
    let whole = ["welcome", "merchant", "the-amount-is", "enter-pan", "approved", "goodbye"];
    is_spoken(&told, Language::Ja, &whole);
    // 三千九百八十円 as its own clips: サンゼン, キューヒャク, ハチジュー.
    let ear = Ear::new();
    for part in ["number-3000", "number-900", "number-80", "the-amount-is-end"] {
        assert!(ear.hears(&told.audio, Language::Ja, part), "{part}");
    }
    assert!(!ear.hears(&told.audio, Language::Ja, "number-8000"), "an amount that was not asked for");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_english_line_speaks_english() {
    let fixture = Fixture::start_with_own_voice().await;
    let told = call(&fixture, "pay", &keys(test_numbers::VISA)).await;
    assert_eq!(told.call["outcome"], "approved");
    assert_eq!(told.languages, [Language::En]);
    let whole = ["welcome", "merchant", "the-amount-is", "enter-pan", "approved", "goodbye"];
    is_spoken(&told, Language::En, &whole);
    fixture.stop().await;
}

/// Star twice opens the menu, two changes the language; the card keyed right after it counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_changes_the_language_with_a_key() {
    let fixture = Fixture::start_with_own_voice().await;
    let told = call(&fixture, "pay", &format!("**2~{}#{EXPIRY}{CODE}", test_numbers::MASTERCARD)).await;
    assert_eq!(told.call["outcome"], "approved", "{}", told.call);
    assert_eq!(told.languages, [Language::En, Language::Ja]);
    is_spoken(&told, Language::Ja, &["approved", "goodbye"]);
    fixture.stop().await;
}

/// Dialled or keyed, an order speaks its own language; the line's first one is spoken until the order is known.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_speaks_the_language_it_was_made_with() {
    let fixture = Fixture::start().await;
    let order = async |order_id: &str| {
        let body = json!({ "order_id": order_id, "amount": 900, "currency": "JPY", "language": "ja" });
        let (status, order) = fixture.request(Method::POST, "/v1/orders", Some(&body)).await;
        assert_eq!(status, 201, "{order}");
        order["code"].as_str().unwrap().to_owned()
    };
    // Who keys before the first word hears none.
    let pay = format!("~{}#{EXPIRY}{CODE}", test_numbers::VISA);
    let dialled = call(&fixture, &format!("pay-{}", order("D-1").await), &pay).await;
    assert_eq!((&dialled.call["outcome"], &dialled.languages[..]), (&json!("approved"), &[Language::Ja][..]));
    let keyed = call(&fixture, "order", &format!("~{}#{pay}", order("K-1").await)).await;
    assert_eq!(keyed.call["outcome"], "approved", "{}", keyed.call);
    assert_eq!(keyed.languages, [Language::En, Language::Ja]);
    fixture.stop().await;
}
