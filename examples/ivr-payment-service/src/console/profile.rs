//! One's own password, authenticator and language.

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_dialog::Language;
use secrecy::SecretString;

use super::Desk;
use super::field::Fields;
use super::page::{self, Page, csrf};
use super::seat::{Seat, set_cookie};
use super::sign_in::inside;
use crate::operators::{InvalidPassword, SignInError, make_secret, step_of, written};

pub(super) async fn show(State(desk): State<Desk>, Extension(seat): Extension<Seat>) -> Response {
    shown(&desk, &seat, StatusCode::OK, None).await
}

pub(super) async fn change_password(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let words = seat.words();
    let (old, new, origin) = (fields.text("old"), fields.text("new"), seat.origin());
    let wrong = if new == fields.text("again") {
        let changed = desk.operators.change_password(
            &seat.operator,
            SecretString::from(old),
            SecretString::from(new),
            &origin,
        );
        match changed.await {
            Ok(()) => return signed_out(&desk),
            Err(SignInError::Store(_)) => return page::database_down(&desk),
            Err(SignInError::Refused) => words.of(
                "The present password is not right, or the new one is the same.",
                "現在のパスワードが正しくないか、新しいパスワードが同じです。",
            ),
            Err(SignInError::Password(InvalidPassword::TooSimple)) => {
                words.of(
                    "The new password is too simple: it is your name, or a few characters over and over. Three words that do not belong together are a good one.",
                    "新しいパスワードが単純すぎます（サインイン名と同じ、または同じ文字の繰り返し）。関係のない単語を3つほど並べるのがおすすめです。",
                )
            }
            Err(SignInError::Password(_)) => words.of(
                "The new password has 12 to 128 characters.",
                "新しいパスワードは12〜128文字にしてください。",
            ),
        }
    } else {
        words.of("The new password was typed in two ways.", "新しいパスワードが一致しません。")
    };
    shown(&desk, &seat, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong)).await
}

/// Every session ends with the password; the new one opens the next.
fn signed_out(desk: &Desk) -> Response {
    ([(header::SET_COOKIE, set_cookie(None, desk.secure))], Redirect::to("/console/sign-in?changed=1"))
        .into_response()
}

/// The first time: shows a secret to put into an app. With a code that fits: from now on it is asked for.
pub(super) async fn authenticator(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let words = seat.words();
    let secret = secret_of(fields.text("secret")).unwrap_or_else(make_secret);
    let now = desk.backend.clock.now();
    let proven = fields.filled("code").map(|code| step_of(&secret, code, now).is_some());
    if proven == Some(true) {
        let kept = desk.backend.store.set_totp(seat.merchant(), seat.operator.id, Some(&secret)).await;
        return if kept.is_ok() {
            Redirect::to("/console/profile").into_response()
        } else {
            page::database_down(&desk)
        };
    }
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let body = html! {
        h1 { (words.of("Authenticator app", "認証アプリ")) }
        ol.steps {
            li { (words.of("Add an account in the app by typing this key (time based):", "アプリで「セットアップキーを入力」を選び、次のキーを登録します（時間ベース）。"))
                p.big { code { (written(&secret)) } } }
            li { (words.of("Type the six digits it shows:", "アプリに表示された6桁を入力します。"))
                @if proven == Some(false) { p.error role="alert" { (words.of("That was not the code.", "コードが一致しません。")) } }
                form method="post" action="/console/profile/authenticator" {
                    (csrf(&seat))
                    input type="hidden" name="secret" value=(hex);
                    label { (words.of("Code", "確認コード"))
                        input name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="7"; }
                    button.primary { (words.of("Use it from now on", "登録する")) }
                }
            }
        }
    };
    let title = words.of("Authenticator app", "認証アプリ");
    page::show(&desk, &seat, Page { title, menu: "profile", live: String::new(), body }).await
}

fn secret_of(hex: &str) -> Option<Vec<u8>> {
    let bytes =
        hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<u8>>>().filter(|secret| secret.len() == 20)
}

pub(super) async fn language(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let back = inside(fields.filled("back"));
    if let Ok(language) = fields.text("language").parse::<Language>()
        && desk.backend.store.set_operator_language(seat.operator.id, language).await.is_err()
    {
        return page::database_down(&desk);
    }
    Redirect::to(&back).into_response()
}

/// Somebody types or moves the pointer: the session is not idle.
pub(super) async fn alive() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn shown(desk: &Desk, seat: &Seat, status: StatusCode, wrong: Option<&str>) -> Response {
    let words = seat.words();
    let title = words.of("Your account", "アカウント");
    let body = html! {
        h1 { (title) }
        @if seat.operator.password_is_given {
            p.notice { (words.of("You signed in with a password to begin with. Choose one of your own: then you can start.", "初期パスワードでサインインしています。自分のパスワードに変更すると使い始められます。")) }
        }
        div.columns { (password_form(seat, wrong)) @if !seat.operator.password_is_given { (authenticator_form(seat)) } }
    };
    page::show_as(desk, seat, status, Page { title, menu: "profile", live: String::new(), body }).await
}

fn password_form(seat: &Seat, wrong: Option<&str>) -> Markup {
    let words = seat.words();
    html! {
        section.card {
            h2 { (words.of("Password", "パスワード")) }
            @if let Some(wrong) = wrong { p.error role="alert" { (wrong) } }
            form method="post" action="/console/profile/password" {
                (csrf(seat))
                input type="text" name="login" autocomplete="username" value=(seat.operator.login) hidden;
                label { (words.of("Present password", "現在のパスワード"))
                    input type="password" name="old" autocomplete="current-password" required autofocus[seat.operator.password_is_given]; }
                label { (words.of("New password (12 characters or more)", "新しいパスワード（12文字以上）"))
                    input type="password" name="new" autocomplete="new-password" required minlength="12" maxlength="128"; }
                label { (words.of("The new one again", "新しいパスワード（確認）"))
                    input type="password" name="again" autocomplete="new-password" required; }
                button.primary { (words.of("Change it and sign in again", "変更してサインインし直す")) }
            }
        }
    }
}

fn authenticator_form(seat: &Seat) -> Markup {
    let words = seat.words();
    html! {
        section.card {
            h2 { (words.of("Authenticator app", "認証アプリ")) }
            @if seat.operator.has_totp {
                p { (words.of("A code is asked for when you sign in. An administrator can take it off.", "サインイン時に確認コードを求めます。解除は管理者に依頼してください。")) }
            } @else {
                p { (words.of("A code from an app on your phone, besides the password.", "パスワードに加えて、スマートフォンのアプリの確認コードを使えます。")) }
                form method="post" action="/console/profile/authenticator" {
                    (csrf(seat))
                    button { (words.of("Set it up", "設定する")) }
                }
            }
        }
    }
}
