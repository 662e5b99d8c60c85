//! Operators: made, given passwords, closed.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_dialog::Language;
use paytone_redact::SafeText;
use secrecy::{ExposeSecret, SecretString};

use super::field::{Fields, is_clean};
use super::page::{self, Page, csrf, role};
use super::seat::{Seat, note};
use super::{Desk, format};
use crate::store::{Operator, OperatorRole, OperatorUlid, StoreError};

pub(super) async fn list(State(desk): State<Desk>, Extension(seat): Extension<Seat>) -> Response {
    shown(&desk, &seat, StatusCode::OK, &html! {}).await
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let words = seat.words();
    let (login, name) = (fields.text("login").to_lowercase(), fields.text("name"));
    let usable = (1..=64).contains(&login.len())
        && login.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte))
        && (1..=64).contains(&name.chars().count())
        && is_clean(&login)
        && is_clean(name);
    let (role, language) =
        (OperatorRole::parse(fields.text("role")), fields.text("language").parse::<Language>());
    let (true, Some(role), Ok(language)) = (usable, role, language) else {
        let why = words.of(
            "A sign-in name takes letters, digits, “-”, “_”, “.” and “@”.",
            "サインイン名は英数字と「-」「_」「.」「@」です。",
        );
        return wrong(&desk, &seat, StatusCode::UNPROCESSABLE_ENTITY, why).await;
    };
    let (login, name) = (SafeText::new(&login), SafeText::new(name));
    match desk.operators.create(&seat.operator, &login, &name, role, language).await {
        Ok(given) => {
            note(&desk, &seat, "make operator", login.as_str(), None).await;
            shown(&desk, &seat, StatusCode::CREATED, &given_password(&seat, login.as_str(), &given)).await
        }
        Err(StoreError::Conflict) => {
            let why = words.of("This sign-in name is taken.", "このサインイン名は使われています。");
            wrong(&desk, &seat, StatusCode::CONFLICT, why).await
        }
        Err(_) => page::database_down(&desk),
    }
}

pub(super) async fn reset_password(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = OperatorUlid::parse(&id) else { return page::not_found(&desk, &seat).await };
    match desk.operators.reset_password(&seat.operator, id).await {
        Ok(given) => {
            note(&desk, &seat, "give password", id.as_str(), None).await;
            shown(&desk, &seat, StatusCode::OK, &given_password(&seat, "", &given)).await
        }
        Err(error) => failed(&desk, &seat, error).await,
    }
}

pub(super) async fn disable(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Response {
    let words = seat.words();
    let Ok(id) = OperatorUlid::parse(&id) else { return page::not_found(&desk, &seat).await };
    match desk.backend.store.disable_operator(seat.merchant(), id, desk.backend.clock.now()).await {
        Ok(()) => done(&desk, &seat, "close operator", id).await,
        Err(StoreError::Conflict) => {
            let why = words.of("The last administrator stays.", "最後の管理者は停止できません。");
            wrong(&desk, &seat, StatusCode::CONFLICT, why).await
        }
        Err(error) => failed(&desk, &seat, error).await,
    }
}

pub(super) async fn drop_authenticator(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = OperatorUlid::parse(&id) else { return page::not_found(&desk, &seat).await };
    match desk.backend.store.set_totp(seat.merchant(), id, None).await {
        Ok(()) => done(&desk, &seat, "take authenticator off", id).await,
        Err(error) => failed(&desk, &seat, error).await,
    }
}

/// The list again, with why nothing was done.
async fn wrong(desk: &Desk, seat: &Seat, status: StatusCode, why: &str) -> Response {
    shown(desk, seat, status, &html! { p.error role="alert" { (why) } }).await
}

async fn failed(desk: &Desk, seat: &Seat, error: StoreError) -> Response {
    match error {
        StoreError::NotFound => page::not_found(desk, seat).await,
        _ => page::database_down(desk),
    }
}

async fn done(desk: &Desk, seat: &Seat, action: &'static str, id: OperatorUlid) -> Response {
    note(desk, seat, action, id.as_str(), None).await;
    Redirect::to("/console/operators").into_response()
}

fn given_password(seat: &Seat, login: &str, given: &SecretString) -> Markup {
    let words = seat.words();
    html! {
        section.card.handover {
            h2 { (words.of("The password to begin with", "初期パスワード")) @if !login.is_empty() { ": " (login) } }
            p.big { code #given { (given.expose_secret()) } }
            p.hint { (words.of("It is shown this once. Hand it over in person; at the first sign-in another one has to be chosen.",
                "表示はこの一度だけです。本人に直接伝えてください。初回サインイン時に変更が必要です。")) }
        }
    }
}

async fn shown(desk: &Desk, seat: &Seat, status: StatusCode, first: &Markup) -> Response {
    let words = seat.words();
    let Ok(operators) = desk.backend.store.operators(seat.merchant()).await else {
        return page::database_down(desk);
    };
    let title = words.of("Operators", "担当者");
    let body = html! {
        h1 { (title) }
        (first)
        table {
            thead { tr { th { (words.of("Sign-in name", "サインイン名")) } th { (words.of("Name", "氏名")) } th { (words.of("Role", "役割")) } th { (words.of("Last signed in", "最終サインイン")) } th { (words.of("State", "状態")) } th {} } }
            tbody { @for operator in &operators { (row(desk, seat, operator)) } }
        }
        form.card method="post" action="/console/operators" {
            h2 { (words.of("New operator", "担当者を追加")) }
            (csrf(seat))
            div.row {
                label { (words.of("Sign-in name", "サインイン名")) input name="login" required maxlength="64" autocomplete="off"; }
                label { (words.of("Name", "氏名")) input name="name" required maxlength="64" autocomplete="off"; }
                label { (words.of("Role", "役割")) select name="role" { @for of in OperatorRole::ALL { option value=(of.as_str()) { (role(words, *of)) } } } }
                label { (words.of("Language", "言語")) select name="language" { option value="en" { "English" } option value="ja" selected[words.is_japanese()] { "日本語" } } }
            }
            p.hint { (words.of("Operators take orders and run calls. Supervisors also move money and read the reports. Auditors read everything and change nothing. Administrators do all of it. One login for each person; the password is shown once.",
                "オペレーターは受注と通話操作、スーパーバイザーは加えて売上・返金と集計、監査担当は閲覧のみ、管理者はすべて行えます。アカウントは1人に1つです。パスワードは一度だけ表示されます。")) }
            button.primary { (words.of("Add", "追加する")) }
        }
    };
    page::show_as(desk, seat, status, Page { title, menu: "operators", live: String::new(), body }).await
}

fn row(desk: &Desk, seat: &Seat, operator: &Operator) -> Markup {
    let words = seat.words();
    let locked = operator.locked_until > desk.backend.clock.now();
    html! {
        tr {
            td { (operator.login) } td { (operator.name) } td { (role(words, operator.role)) }
            td { @if let Some(at) = operator.signed_in_at { (format::date_time(at, &desk.time_zone)) } @else { "–" } }
            td {
                @if operator.disabled_at.is_some() { span.tag.off { (words.of("closed", "停止")) } }
                @else if locked { span.tag.stop { (words.of("locked", "ロック中")) } }
                @else { span.tag.good { (words.of("active", "有効")) } }
                @if operator.has_totp { " " span.tag.wait { (words.of("authenticator", "認証アプリ")) } }
            }
            td { @if operator.disabled_at.is_none() { (buttons(seat, operator)) } }
        }
    }
}

fn buttons(seat: &Seat, operator: &Operator) -> Markup {
    let words = seat.words();
    let one = |what: &str, label: &str, sure: &str| {
        html! { form.inline method="post" action={ "/console/operators/" (operator.id) "/" (what) } data-sure=(sure) { (csrf(seat)) button.small { (label) } } }
    };
    html! {
        (one("password", words.of("New password", "パスワード再発行"), words.of("Give this operator a new password?", "新しい初期パスワードを発行しますか？")))
        @if operator.has_totp { (one("authenticator", words.of("Take authenticator off", "認証アプリ解除"), words.of("Take the authenticator off?", "認証アプリを解除しますか？"))) }
        (one("disable", words.of("Close", "停止"), words.of("Close this account?", "このアカウントを停止しますか？")))
    }
}
