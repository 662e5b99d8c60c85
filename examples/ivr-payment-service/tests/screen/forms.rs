//! Forms of ours and forms of others; what may not be written down.

use axum::http::{Method, StatusCode};
use ivr_payment_service::store::{OperatorRole, OrderState};
use paytone_card::test_numbers;

use super::Screen;
use crate::fixtures::{order, state};

#[tokio::test]
async fn a_form_without_the_sessions_own_token_does_nothing() {
    let screen = Screen::new().await;
    let made = order(&screen.store, "A-1", 1200).await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    let mut other = screen.signed_in(OperatorRole::Supervisor).await;
    other.get("/console/board").await;
    let path = format!("/console/orders/{}/cancel", made.id);
    for csrf in ["", "nonsense", &other.csrf.clone()] {
        let answer = browser.send(Method::POST, &path, &[("csrf", csrf)], &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{csrf}");
    }
    let own = browser.csrf.clone();
    for headers in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.test"),
        ("origin", "null"),
    ] {
        let answer = browser.send(Method::POST, &path, &[("csrf", &own)], &[headers]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(state(&screen.store, &made).await, OrderState::Open);
    let answer =
        browser.send(Method::POST, &path, &[("csrf", &own)], &[("origin", "http://console.test")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&screen.store, &made).await, OrderState::Cancelled);
}

#[tokio::test]
async fn nobody_is_signed_in_by_another_sites_form() {
    let screen = Screen::new().await;
    screen.operator(screen.first_merchant().await, "hanako", OperatorRole::Operator).await;
    let fields = [("login", "hanako"), ("password", super::PASSWORD)];
    let headers = [("sec-fetch-site", "cross-site")];
    let answer = screen.browser().send(Method::POST, "/console/sign-in", &fields, &headers).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn what_looks_like_a_card_is_neither_kept_nor_shown_again() {
    let screen = Screen::new().await;
    let made = order(&screen.store, "A-1", 1200).await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    let spaced: Vec<_> = test_numbers::VISA.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    for note in
        [test_numbers::VISA.to_owned(), format!("his card {}", spaced.join(" ")), "cvc 123".to_owned()]
    {
        let answer = browser.post(&format!("/console/orders/{}/notes", made.id), &[("note", &note)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{note}");
        assert!(!answer.text.contains(&note));
    }
    assert_eq!(screen.store.notes(made.id).await.unwrap(), []);
    let kept =
        browser.post(&format!("/console/orders/{}/notes", made.id), &[("note", "calls back at 3")]).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    assert_eq!(screen.store.notes(made.id).await.unwrap()[0].text.as_str(), "calls back at 3");

    let fields = [
        ("order_id", test_numbers::VISA),
        ("amount", "1200"),
        ("currency", "JPY"),
        ("customer_number", test_numbers::VISA),
    ];
    let refused = browser.post("/console/new", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.text.contains(test_numbers::VISA));
    assert!(refused.text.contains(r#"value="1200""#), "the rest is still there");
}

#[tokio::test]
async fn no_page_has_a_field_for_card_data() {
    let screen = Screen::new().await;
    let paid = screen.paid_order("A-1", 1200).await;
    let mut browser = screen.signed_in(OperatorRole::Admin).await;
    for path in [
        "/console/new",
        "/console/orders",
        "/console/board",
        "/console/person",
        "/console/operators",
        "/console/incident",
        &format!("/console/orders/{}", paid.id),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for name in
            ["cc-number", "cc-csc", "cc-exp", "name=\"card", "name=\"pan", "name=\"cvc", "name=\"expiry"]
        {
            assert!(!page.text.contains(name), "{path}: {name}");
        }
        assert!(
            !page.text.contains("<script>")
                && !page.text.contains("style=")
                && !page.text.contains("onclick"),
            "{path}"
        );
    }
}
