//! In and out.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::{ConnectInfo, Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use secrecy::SecretString;
use serde::Deserialize;

use super::seat::{Seat, cookie, origin, same_site, set_cookie};
use super::wording::Wording;
use super::{Desk, page};
use crate::operators::{Shown, SignInError};

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// What is sent to sign in.
#[derive(Deserialize)]
pub(super) struct Entered {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    next: Option<String>,
}

pub(super) async fn root() -> Redirect {
    Redirect::to("/console")
}

pub(super) async fn form(State(desk): State<Desk>, Query(next): Query<Next>, headers: HeaderMap) -> Response {
    let words = words_of(&headers);
    let body = shown(&desk, words, next.next.as_deref(), None);
    page::bare(words, words.of("Sign in", "サインイン"), &desk, StatusCode::OK, &body)
}

pub(super) async fn sign_in(
    State(desk): State<Desk>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    let words = words_of(&headers);
    if !same_site(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let next = entered.next.clone();
    let shown_by = Shown {
        login: entered.login,
        password: SecretString::from(entered.password),
        code: entered.code,
        before: cookie(&headers, desk.secure),
        origin: origin(peer.map(|Extension(ConnectInfo(peer))| peer)),
    };
    match desk.operators.sign_in(shown_by).await {
        Ok(signed_in) => {
            let cookie = set_cookie(Some(&signed_in.secret), desk.secure);
            ([(header::SET_COOKIE, cookie)], Redirect::to(&inside(next.as_deref()))).into_response()
        }
        Err(SignInError::Store(_)) => page::database_down(&desk),
        Err(_) => {
            let wrong = words.of(
                "The name, the password or the code is not right. After several wrong tries in a row a name is locked for half an hour; an administrator can unlock it.",
                "サインイン名・パスワード・確認コードのいずれかが正しくありません。続けて間違えると30分間ロックされます。ロックの解除は管理者に依頼してください。",
            );
            let body = shown(&desk, words, next.as_deref(), Some(wrong));
            page::bare(words, words.of("Sign in", "サインイン"), &desk, StatusCode::UNAUTHORIZED, &body)
        }
    }
}

pub(super) async fn sign_out(State(desk): State<Desk>, Extension(seat): Extension<Seat>) -> Response {
    if desk.operators.sign_out(&seat.operator, &seat.secret, &seat.origin()).await.is_err() {
        return page::database_down(&desk);
    }
    ([(header::SET_COOKIE, set_cookie(None, desk.secure))], Redirect::to("/console/sign-in")).into_response()
}

fn shown(desk: &Desk, words: Wording, next: Option<&str>, wrong: Option<&str>) -> Markup {
    html! {
        div.card.narrow {
            h1 { "Paytone" }
            p.lead { (words.of("Card payments over the phone", "電話でのカード決済")) }
            @if let Some(wrong) = wrong { p.error role="alert" #wrong { (wrong) } }
            form method="post" action="/console/sign-in" {
                @if let Some(next) = next { input type="hidden" name="next" value=(next); }
                label { (words.of("Sign-in name", "サインイン名"))
                    input name="login" autocomplete="username" required autofocus maxlength="64"; }
                label { (words.of("Password", "パスワード"))
                    input type="password" name="password" autocomplete="current-password" required maxlength="128"; }
                details {
                    summary { (words.of("I use an authenticator app", "認証アプリを使っている")) }
                    label { (words.of("Six-digit code", "6桁の確認コード"))
                        input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="7"; }
                }
                button.primary { (words.of("Sign in", "サインイン")) }
            }
            @if desk.backend.payments.is_test(desk.backend.merchant) {
                p.hint { (words.of("Training: nothing here moves money.", "練習モード: 実際の請求は発生しません。")) }
            }
        }
    }
}

fn words_of(headers: &HeaderMap) -> Wording {
    Wording::asked_for(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

/// A page of ours, whatever was asked for: nobody is sent elsewhere after signing in.
fn inside(next: Option<&str>) -> String {
    let ours = |path: &&str| {
        path.starts_with("/console")
            && !path.contains("//")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    next.filter(ours).unwrap_or("/console").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(inside(Some("/console/orders?state=open")), "/console/orders?state=open");
        for elsewhere in [
            "//example.com",
            "https://example.com",
            "/console//example.com",
            "/console\r\nx: y",
            "/v1",
            "/console\\x",
        ] {
            assert_eq!(inside(Some(elsewhere)), "/console", "{elsewhere}");
        }
    }
}
