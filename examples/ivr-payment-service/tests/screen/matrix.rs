//! Role by request by merchant.

use axum::http::{Method, StatusCode};
use ivr_payment_service::console::{ROUTES, Route};
use ivr_payment_service::operators::Permission;
use ivr_payment_service::store::OperatorRole;

use super::{PASSWORD, Screen};
use crate::fixtures::{call, order};

/// The table as a person would write it down; the program's own is compared with it.
fn expected(role: OperatorRole, permission: Permission) -> bool {
    use OperatorRole as R;
    use Permission as P;
    matches!(
        (permission, role),
        (P::Look, _)
            | (_, R::Admin)
            | (P::TakeOrders | P::RunCalls, R::Operator | R::Supervisor)
            | (P::MoveMoney | P::Settle, R::Supervisor)
            | (P::ReadAudit | P::ReadReports, R::Supervisor | R::Auditor)
    )
}

#[tokio::test]
async fn every_request_is_allowed_or_refused_by_role() {
    let screen = Screen::new().await;
    let (order, call) = (order(&screen.store, "A-1", 1200).await, call(&screen.store).await);
    for role in OperatorRole::ALL {
        let browser = screen.signed_in(*role).await;
        for route in routes() {
            let mut browser = browser.clone();
            let path = filled(&route, order.id.as_str(), call.as_str());
            let answer = match route.method {
                Method::GET => browser.get(&path).await,
                _ => browser.post(&path, &[]).await,
            };
            let allowed = expected(*role, route.permission);
            let refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(!refused, allowed, "{role:?} {} {path}: {}", route.method, answer.status);
        }
    }
}

#[tokio::test]
async fn nothing_is_open_to_who_is_not_signed_in() {
    let screen = Screen::new().await;
    for route in ROUTES {
        let path = filled(route, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAV");
        let answer = screen.browser().send(route.method.clone(), &path, &[], &[]).await;
        let turned_away = matches!(answer.status, StatusCode::SEE_OTHER | StatusCode::UNAUTHORIZED);
        assert!(turned_away, "{} {path}: {}", route.method, answer.status);
        assert!(!answer.text.contains("data-csrf"), "{path}");
    }
}

#[tokio::test]
async fn another_merchants_orders_calls_and_people_are_not_there() {
    let screen = Screen::new().await;
    let name = paytone_redact::SafeText::new("Other shop");
    let other = screen.store.create_merchant(&name, crate::fixtures::NOW).await.unwrap().unwrap().id;
    let theirs = screen.paid_order("SECRET-1", 1200).await;
    let attempt = *screen.store.attempts_of(theirs.id).await.unwrap()[0].attempt.reference();
    let call = call(&screen.store).await;
    let person = screen.operator(screen.first_merchant().await, "taro", OperatorRole::Operator).await;
    for role in OperatorRole::ALL {
        let login = format!("other-{role}");
        screen.operator(other, &login, *role).await;
        let mut signed_in = screen.browser();
        signed_in.sign_in(&login, PASSWORD).await;
        for route in routes().filter(|route| expected(*role, route.permission)) {
            let mut browser = signed_in.clone();
            let id = match route.path {
                path if path.contains("operators") => person.as_str(),
                path if path.contains("person") => attempt.as_str(),
                _ => theirs.id.as_str(),
            };
            let path = filled(&route, id, call.as_str());
            let answer = match route.method {
                Method::GET => browser.get(&path).await,
                _ => {
                    browser
                        .post(
                            &path,
                            &[
                                ("note", "x"),
                                ("finding", "captured"),
                                ("evidence", "x"),
                                ("reason", "x"),
                                ("once", "aaaa"),
                                ("do", "repeat:"),
                                ("version", "1"),
                            ],
                        )
                        .await
                }
            };
            if route.path.contains("{id}") {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role:?} {} {path}", route.method);
            }
            assert!(!answer.text.contains("SECRET-1"), "{role:?} {} {path}", route.method);
        }
    }
    let still = screen.store.order(theirs.merchant, "SECRET-1").await.unwrap().unwrap();
    assert_eq!(still.state, ivr_payment_service::store::OrderState::Paid);
}

/// Without what ends the session that the rest is asked with.
fn routes() -> impl Iterator<Item = Route> {
    ROUTES.iter().filter(|route| route.path != "/console/sign-out").cloned()
}

fn filled(route: &Route, order: &str, call: &str) -> String {
    let id = if route.path.contains("/calls/") { call } else { order };
    route.path.replace("{id}", id)
}
