//! In and out.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::{ConnectInfo, Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_dialog::Language;
use secrecy::SecretString;
use serde::Deserialize;

use super::field::is_clean;
use super::seat::{Seat, cookie, origin, same_site, set_cookie};
use super::wording::Wording;
use super::{Desk, format, page};
use crate::operators::{Shown, SignInError};

/// Where to go afterwards, and what the page is to say.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
    /// The language somebody chose on the page.
    language: Option<String>,
    /// The password was changed a moment ago.
    changed: Option<String>,
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
    language: Option<String>,
}

/// What the form says beside its fields.
#[derive(Debug, Default)]
struct Said<'a> {
    next: Option<&'a str>,
    /// The name as it was typed, where it may be shown again.
    login: String,
    wrong: Option<&'a str>,
    good: Option<&'a str>,
}

pub(super) async fn root() -> Redirect {
    Redirect::to("/console")
}

pub(super) async fn form(State(desk): State<Desk>, Query(next): Query<Next>, headers: HeaderMap) -> Response {
    let words = words_of(&headers, next.language.as_deref());
    let good = next.changed.as_ref().map(|_| {
        words.of(
            "The password is changed. Sign in with the new one.",
            "パスワードを変更しました。新しいパスワードでサインインしてください。",
        )
    });
    let body = shown(&desk, words, &Said { next: next.next.as_deref(), good, ..Said::default() });
    page::bare(words, words.of("Sign in", "サインイン"), &desk, StatusCode::OK, &body)
}

pub(super) async fn sign_in(
    State(desk): State<Desk>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    let words = words_of(&headers, entered.language.as_deref());
    if !same_site(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let next = entered.next.clone();
    let login = if is_clean(&entered.login) { entered.login.clone() } else { String::new() };
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
            let said = Said { next: next.as_deref(), login, wrong: Some(wrong), good: None };
            let body = shown(&desk, words, &said);
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

fn shown(desk: &Desk, words: Wording, said: &Said<'_>) -> Markup {
    let other = if words.is_japanese() { ("en", "English") } else { ("ja", "日本語") };
    let there = said.next.map_or_else(String::new, |next| format!("&next={}", format::escaped(next)));
    html! {
        div.card.narrow {
            h1 { "Paytone" }
            p.lead { (words.of("Card payments over the phone", "電話でのカード決済")) }
            @if let Some(good) = said.good { p.notice.good role="status" { (good) } }
            @if let Some(wrong) = said.wrong { p.error role="alert" #wrong { (wrong) } }
            form method="post" action="/console/sign-in" {
                @if let Some(next) = said.next { input type="hidden" name="next" value=(next); }
                input type="hidden" name="language" value=(words.tag());
                label { (words.of("Sign-in name", "サインイン名"))
                    input name="login" autocomplete="username" required autofocus[said.login.is_empty()] maxlength="64" autocapitalize="none" spellcheck="false" value=(said.login); }
                label { (words.of("Password", "パスワード"))
                    input type="password" name="password" autocomplete="current-password" required autofocus[!said.login.is_empty()] maxlength="128"; }
                details {
                    summary { (words.of("I use an authenticator app", "認証アプリを使っている")) }
                    label { (words.of("Six-digit code", "6桁の確認コード"))
                        input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="7"; }
                }
                button.primary { (words.of("Sign in", "サインイン")) }
            }
            details.help {
                summary { (words.of("First time here, or password forgotten?", "初めての方・パスワードを忘れた方")) }
                p.hint { (words.of("An administrator gives you a name and a password to begin with, and a new one when you have forgotten yours. For the very first sign-in the name and the password are on the screen where the service was started.",
                    "サインイン名と初期パスワードは管理者が発行します。忘れた場合は管理者に再発行を依頼してください。最初の管理者の名前とパスワードは、サービスを起動した画面に一度だけ表示されます。")) }
            }
            @if desk.backend.payments.is_test(desk.backend.merchant) {
                p.hint { (words.of("Training: nothing here moves money.", "練習モード: 実際の請求は発生しません。")) }
            }
            p.hint { a href={ "/console/sign-in?language=" (other.0) (there) } lang=(other.0) { (other.1) } }
        }
    }
}

/// What was chosen on the page; else what the browser asks for.
fn words_of(headers: &HeaderMap, chosen: Option<&str>) -> Wording {
    if let Some(Ok(language)) = chosen.map(str::parse::<Language>) {
        return Wording(language);
    }
    Wording::asked_for(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

/// A page of ours, whatever was asked for: nobody is sent elsewhere after signing in.
pub(super) fn inside(next: Option<&str>) -> String {
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
