//! Passwords, sessions, locks.

use core::time::Duration;

use axum::http::{Method, StatusCode};
use ivr_payment_service::operators::{FIRST_LOGIN, make_secret};
use ivr_payment_service::store::OperatorRole;
use secrecy::ExposeSecret;

use super::{PASSWORD, Screen};
use crate::fixtures::NOW;

#[tokio::test]
async fn the_first_administrator_is_made_once_and_has_to_choose_another_password() {
    let screen = Screen::new().await;
    let merchant = screen.first_merchant().await;
    let given = screen.operators.ensure_admin(merchant).await.unwrap().unwrap();
    assert!(screen.operators.ensure_admin(merchant).await.unwrap().is_none(), "shown once");
    let mut browser = screen.browser();
    assert_eq!(browser.sign_in(FIRST_LOGIN, "admin").await.status, StatusCode::UNAUTHORIZED);
    browser.sign_in(FIRST_LOGIN, given.expose_secret()).await;
    for path in ["/console", "/console/orders", "/console/operators"] {
        assert_eq!(browser.get(path).await.location(), "/console/profile", "{path}");
    }
    let change = |new: &'static str| {
        [("old", given.expose_secret()), ("new", new), ("again", new)].map(|(a, b)| (a, b.to_owned()))
    };
    for (new, status) in [("short", 422), ("aaaaaaaaaaaa", 422), ("a sentence of mine", 303)] {
        let fields = change(new);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(browser.post("/console/profile/password", &fields).await.status, status, "{new}");
    }
    assert_eq!(browser.get("/console/orders").await.location(), "/console/sign-in?next=/console/orders");
    browser.sign_in(FIRST_LOGIN, "a sentence of mine").await;
    assert_eq!(browser.get("/console/operators").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_way_in_is_explained_step_by_step() {
    let screen = Screen::new().await;
    let given = screen.operators.ensure_admin(screen.first_merchant().await).await.unwrap().unwrap();
    let mut browser = screen.browser();
    let first = browser.get("/console/sign-in").await.text;
    assert!(first.contains("First time here") && first.contains("日本語"), "{first}");
    assert!(
        browser.get("/console/sign-in?language=ja&next=/console/board").await.text.contains("パスワード")
    );
    let wrong = browser.sign_in(FIRST_LOGIN, "nothing of the kind").await.text;
    assert!(wrong.contains("is not right") && wrong.contains(r#"value="admin""#), "the name stays: {wrong}");
    browser.sign_in(FIRST_LOGIN, given.expose_secret()).await;
    let own = browser.get("/console/profile").await.text;
    assert!(
        own.contains("Choose one of your own") && !own.contains("/console/orders"),
        "one thing to do: {own}"
    );
    let change =
        [("old", given.expose_secret()), ("new", "three words of mine"), ("again", "three words of mine")];
    let changed = browser.post("/console/profile/password", &change).await;
    let told = browser.get(changed.location()).await.text;
    assert!(told.contains("Sign in with the new one"), "{told}");
    // The page a language is chosen on stays.
    browser.sign_in(FIRST_LOGIN, "three words of mine").await;
    let chosen = [("language", "ja"), ("back", "/console/reports?training=1")];
    let back = browser.post("/console/profile/language", &chosen).await;
    assert_eq!(back.location(), "/console/reports?training=1");
    let away = [("language", "en"), ("back", "//example.com")];
    assert_eq!(browser.post("/console/profile/language", &away).await.location(), "/console");
}

#[tokio::test]
async fn a_cookie_known_before_the_sign_in_is_worth_nothing_after_it() {
    let screen = Screen::new().await;
    screen.operator(screen.first_merchant().await, "hanako", OperatorRole::Operator).await;
    let planted = format!("paytone={}", "x".repeat(48));
    let mut browser = screen.browser();
    browser.cookie = Some(planted.clone());
    browser.sign_in("hanako", PASSWORD).await;
    let first = browser.cookie.clone().unwrap();
    assert_ne!(first, planted);
    // Signing in again, as after a session was handed on, ends the session before.
    browser.sign_in("hanako", PASSWORD).await;
    assert_ne!(browser.cookie.clone().unwrap(), first);
    for old in [planted, first] {
        let mut attacker = screen.browser();
        attacker.cookie = Some(old);
        assert_eq!(attacker.get("/console/board").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(browser.get("/console/board").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let screen = Screen::new().await;
    screen.operator(screen.first_merchant().await, "hanako", OperatorRole::Operator).await;
    let signed_in = screen.browser().sign_in("hanako", PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let policy = signed_in.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn a_name_is_locked_after_six_wrong_tries_for_half_an_hour_and_nobody_is_told_which_was_wrong() {
    let screen = Screen::new().await;
    screen.operator(screen.first_merchant().await, "hanako", OperatorRole::Operator).await;
    let mut browser = screen.browser();
    let mut said = Vec::new();
    for _ in 0..6 {
        let answer = browser.sign_in("hanako", "not the password").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        said.push(answer.text);
    }
    // The form keeps the name as it was typed.
    let nobody = browser.sign_in("nobody", PASSWORD).await.text;
    said.push(nobody.replace("value=\"nobody\"", "value=\"hanako\""));
    let locked = browser.sign_in("hanako", PASSWORD).await;
    assert_eq!(locked.status, StatusCode::UNAUTHORIZED, "locked");
    said.push(locked.text);
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "the same answer whatever was wrong");

    screen.clock.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(browser.sign_in("hanako", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    screen.clock.advance(Duration::from_secs(1));
    assert_eq!(browser.sign_in("hanako", PASSWORD).await.status, StatusCode::SEE_OTHER);

    let merchant = screen.first_merchant().await;
    let audit = screen.store.audit_entries(merchant, 0, 100).await.unwrap();
    let done: Vec<_> =
        audit.iter().map(|record| (record.entry.action.as_str(), record.entry.success)).collect();
    assert_eq!(done.iter().filter(|entry| **entry == ("sign in", false)).count(), 8);
    assert!(done.contains(&("lock out", true)) && done.contains(&("sign in", true)));
}

#[tokio::test]
async fn wrong_tries_count_in_a_row_only() {
    let screen = Screen::new().await;
    screen.operator(screen.first_merchant().await, "hanako", OperatorRole::Operator).await;
    let mut browser = screen.browser();
    for _ in 0..3 {
        for _ in 0..5 {
            browser.sign_in("hanako", "not the password").await;
        }
        assert_eq!(browser.sign_in("hanako", PASSWORD).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_session_nobody_uses_ends_after_a_quarter_of_an_hour() {
    let screen = Screen::new().await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    for _ in 0..3 {
        screen.clock.advance(Duration::from_secs(14 * 60));
        assert_eq!(browser.get("/console/board").await.status, StatusCode::OK, "used in time");
    }
    screen.clock.advance(Duration::from_secs(14 * 60));
    assert_eq!(browser.get("/console/live?board=1").await.status, StatusCode::OK, "the page listens");
    screen.clock.advance(Duration::from_secs(60));
    let late = browser.get("/console/board").await;
    assert_eq!(
        (late.status, late.location()),
        (StatusCode::SEE_OTHER, "/console/sign-in?next=/console/board")
    );
    assert_eq!(browser.get("/console/live?board=1").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_session_ends_after_half_a_day() {
    let screen = Screen::new().await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    for _ in 0..71 {
        screen.clock.advance(Duration::from_secs(600));
        assert_eq!(browser.get("/console/board").await.status, StatusCode::OK);
    }
    screen.clock.advance(Duration::from_secs(600));
    assert_eq!(browser.get("/console/board").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_not_only_the_cookie() {
    let screen = Screen::new().await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    let cookie = browser.cookie.clone();
    browser.post("/console/sign-out", &[]).await;
    assert_eq!(browser.cookie, None);
    browser.cookie = cookie;
    assert_eq!(browser.get("/console/board").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_closed_account_is_signed_out_at_once() {
    let screen = Screen::new().await;
    let merchant = screen.first_merchant().await;
    screen.operator(merchant, "boss", OperatorRole::Admin).await;
    let id = screen.operator(merchant, "hanako", OperatorRole::Operator).await;
    let mut browser = screen.browser();
    browser.sign_in("hanako", PASSWORD).await;
    screen.store.disable_operator(merchant, id, NOW).await.unwrap();
    assert_eq!(browser.get("/console/board").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.sign_in("hanako", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_code_of_an_authenticator_is_taken_once() {
    let screen = Screen::new().await;
    let merchant = screen.first_merchant().await;
    let id = screen.operator(merchant, "hanako", OperatorRole::Operator).await;
    let secret = make_secret();
    screen.store.set_totp(merchant, id, Some(&secret)).await.unwrap();
    let code = code_at(&secret, NOW);
    let mut browser = screen.browser();
    assert_eq!(browser.sign_in("hanako", PASSWORD).await.status, StatusCode::UNAUTHORIZED, "no code");
    let fields = [("login", "hanako"), ("password", PASSWORD), ("code", code.as_str())];
    let first = browser.send(Method::POST, "/console/sign-in", &fields, &[]).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let again = screen.browser().send(Method::POST, "/console/sign-in", &fields, &[]).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED, "overheard");
}

/// What an app shows.
fn code_at(secret: &[u8], now: Duration) -> String {
    let app = totp_rs::Builder::new().with_secret(secret.to_vec()).build_noncompliant();
    app.generate(now.as_secs()).to_string()
}
