//! What every page has: the frame, the banner, the headers that keep foreign scripts out.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use paytone_dialog::Language;

use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, format};
use crate::health::Trouble;
use crate::operators::Permission;
use crate::store::{Incident, OperatorRole};

/// Nothing but what comes from here: no script or style within a page, no frame, no form to elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page for somebody who is signed in.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// The entry of the menu it belongs to.
    pub(super) menu: &'static str,
    /// What the page is told of as it happens, as the query of `/console/live`.
    pub(super) live: String,
    pub(super) body: Markup,
}

/// The page as an answer.
pub(super) async fn show(desk: &Desk, seat: &Seat, page: Page<'_>) -> Response {
    show_as(desk, seat, StatusCode::OK, page).await
}

pub(super) async fn show_as(desk: &Desk, seat: &Seat, status: StatusCode, page: Page<'_>) -> Response {
    let banner = banner(desk, seat).await;
    let words = seat.words();
    // Whoever has to choose a password first is told of nothing yet.
    let live = (!seat.operator.password_is_given).then(|| format!("/console/live?{}", page.live));
    let markup = html! {
        (DOCTYPE)
        html lang=(words.tag()) {
            (head(page.title))
            body data-live=[live] data-csrf=(seat.csrf) data-idle=(desk.operators.rules().session.idle.as_secs())
                data-copied=(words.of("Copied", "コピーしました")) {
                a.skip href="#main" { (words.of("Skip to the content", "本文へ")) }
                (navigation(seat, page.menu, &seat.at))
                div #banner { (banner) }
                div #toasts role="status" aria-live="polite" {}
                main #main tabindex="-1" { (page.body) }
                (footer(desk, words))
            }
        }
    };
    (status, markup).into_response()
}

/// A page for somebody who is not signed in.
pub(super) fn bare(words: Wording, title: &str, desk: &Desk, status: StatusCode, body: &Markup) -> Response {
    let markup = html! {
        (DOCTYPE)
        html lang=(words.tag()) {
            (head(title))
            body.bare {
                main #main { (body) }
                (footer(desk, words))
            }
        }
    };
    (status, markup).into_response()
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) " · Paytone" }
            link rel="icon" href="/console/icon.svg";
            link rel="stylesheet" href="/console/console.css";
            script src="/console/console.js" defer {}
        }
    }
}

fn navigation(seat: &Seat, here: &str, back: &str) -> Markup {
    let words = seat.words();
    let entries: [(&str, &str, &str, Permission); 8] = [
        ("new", "/console/new", words.of("New order", "新規受注"), Permission::TakeOrders),
        ("board", "/console/board", words.of("Calls", "通話"), Permission::Look),
        ("orders", "/console/orders", words.of("Orders", "受注一覧"), Permission::Look),
        ("person", "/console/person", words.of("Needs a person", "要対応"), Permission::Look),
        ("reports", "/console/reports", words.of("Reports", "集計"), Permission::ReadReports),
        ("audit", "/console/audit", words.of("Audit", "監査記録"), Permission::ReadAudit),
        ("operators", "/console/operators", words.of("Operators", "担当者"), Permission::Administer),
        ("incident", "/console/incident", words.of("Incident", "障害のお知らせ"), Permission::Administer),
    ];
    let other = if words.is_japanese() { ("en", "English") } else { ("ja", "日本語") };
    html! {
        header.top {
            a.brand href="/console" { "Paytone" }
            nav aria-label=(words.of("Pages", "ページ")) {
                @for (name, path, label, permission) in entries {
                    // Before there is a password of one's own, every page leads to it.
                    @if seat.may(permission) && !seat.operator.password_is_given {
                        a href=(path) aria-current=[(name == here).then_some("page")] { (label) }
                    }
                }
            }
            div.who {
                a href="/console/profile" aria-current=[(here == "profile").then_some("page")] {
                    (seat.operator.name)
                    @if seat.operator.name.as_str() != role(words, seat.operator.role) { " · " (role(words, seat.operator.role)) }
                }
                form method="post" action="/console/profile/language" {
                    (csrf(seat))
                    input type="hidden" name="language" value=(other.0);
                    input type="hidden" name="back" value=(back);
                    button.plain lang=(other.0) { (other.1) }
                }
                form method="post" action="/console/sign-out" {
                    (csrf(seat))
                    button.plain { (words.of("Sign out", "サインアウト")) }
                }
            }
        }
    }
}

/// What each role is called.
pub(super) const fn role(words: Wording, role: OperatorRole) -> &'static str {
    match role {
        OperatorRole::Operator => words.of("Operator", "オペレーター"),
        OperatorRole::Supervisor => words.of("Supervisor", "スーパーバイザー"),
        OperatorRole::Auditor => words.of("Auditor", "監査担当"),
        OperatorRole::Admin => words.of("Administrator", "管理者"),
    }
}

/// The field that shows a form to be one of ours.
pub(super) fn csrf(seat: &Seat) -> Markup {
    html! { input type="hidden" name="csrf" value=(seat.csrf); }
}

fn footer(desk: &Desk, words: Wording) -> Markup {
    let support = &desk.support;
    html! {
        footer {
            @if !support.contact.is_empty() {
                span { (words.of("Support", "サポート")) ": " strong { (support.contact) } " " (support.hours) }
            }
            span { (words.of("Card numbers are keyed on the customer's phone. Never ask for one, never write one down.",
                "カード番号はお客様の電話で入力します。口頭で聞いたり書き留めたりしないでください。")) }
        }
    }
}

/// What is wrong, and what is only practice; the same again while the page is open.
pub(super) async fn banner(desk: &Desk, seat: &Seat) -> Markup {
    let words = seat.words();
    let now = desk.backend.clock.now();
    let incident = desk.backend.store.incident(seat.merchant(), now).await.ok().flatten();
    let troubles = desk.health.troubles_of(seat.merchant());
    html! {
        @if desk.backend.payments.is_test(seat.merchant()) {
            p.banner.training {
                strong { (words.of("Training", "練習モード")) } " "
                (words.of("Nothing here moves money; only published test card numbers work (the guide for administrators lists some).",
                    "実際の請求は発生しません。使えるのは公開テストカード番号だけです（管理者向けガイドに例があります）。"))
            }
        }
        @if let Some(incident) = incident { (shown_incident(desk, words, &incident)) }
        @for trouble in troubles { (shown_trouble(desk, words, trouble)) }
    }
}

fn shown_incident(desk: &Desk, words: Wording, incident: &Incident) -> Markup {
    html! {
        p.banner.incident role="alert" {
            strong { (words.of("Incident", "障害")) } " " (incident.text)
            @if let Some(at) = incident.recovery_at {
                " " (words.of("Expected to be over at", "復旧見込み")) " " (format::date_time(at, &desk.time_zone))
            }
            (support(desk, words))
        }
    }
}

fn shown_trouble(desk: &Desk, words: Wording, trouble: Trouble) -> Markup {
    let text = match trouble {
        Trouble::Gateway => words.of(
            "The payment provider cannot be reached. No card is asked for: calls come back to you, and their orders stay open. Tell the caller it can be tried again later.",
            "決済会社に接続できません。カード入力は行われず、通話はオペレーターに戻り、受注は未払いのまま残ります。後ほど再度お試しいただくようご案内ください。",
        ),
        Trouble::Database | Trouble::DatabaseWrites => words.of(
            "Nothing can be saved. No card is asked for; calls come back to you. Take new orders on paper, without card data.",
            "保存ができない状態です。カード入力は行われず、通話はオペレーターに戻ります。新しい受注はカード情報を除いて紙に控えてください。",
        ),
        _ => words.of(
            "The service is being stopped: calls that are up are finished, no new one is taken.",
            "サービスを停止しています。進行中の通話は最後まで続きますが、新しい通話は受け付けません。",
        ),
    };
    html! { p.banner.incident role="alert" { strong { (words.of("Trouble", "障害")) } " " (text) (support(desk, words)) } }
}

fn support(desk: &Desk, words: Wording) -> Markup {
    html! {
        @if !desk.support.contact.is_empty() {
            " " (words.of("Support", "サポート")) ": " (desk.support.contact) " " (desk.support.hours)
        }
    }
}

/// Where the database does not answer there is no session, and no language but both.
pub(super) fn database_down(desk: &Desk) -> Response {
    let words = Wording(Language::En);
    let body = html! {
        h1 { "The database cannot be reached" }
        p { "No card is asked for, and calls come back to the operator. Orders that were taken are safe. Try again in a minute." }
        p lang="ja" { "データベースに接続できません。カード入力は行われず、通話はオペレーターに戻ります。受付済みの受注は失われません。1分ほど後にもう一度お試しください。" }
        p { a href="/console" { "Try again / もう一度" } }
    };
    bare(words, "Not available", desk, StatusCode::SERVICE_UNAVAILABLE, &body)
}

/// A page that says why it is none.
pub(super) async fn message(
    desk: &Desk,
    seat: &Seat,
    status: StatusCode,
    title: &str,
    text: &str,
) -> Response {
    let words = seat.words();
    let body = html! {
        h1 { (title) }
        p { (text) }
        p { a href="/console" { (words.of("To the start page", "最初のページへ")) } }
    };
    show_as(desk, seat, status, Page { title, menu: "", live: String::new(), body }).await
}

pub(super) async fn refused(desk: &Desk, seat: &Seat) -> Response {
    let words = seat.words();
    let title = words.of("Not allowed", "権限がありません");
    let text = words.of(
        "Your role does not include this. Ask a supervisor or an administrator.",
        "この操作の権限がありません。スーパーバイザーまたは管理者に依頼してください。",
    );
    message(desk, seat, StatusCode::FORBIDDEN, title, text).await
}

pub(super) async fn foreign_form(desk: &Desk, seat: &Seat) -> Response {
    let words = seat.words();
    let title = words.of("Nothing was done", "処理は行われませんでした");
    let text = words.of(
        "The form was not from a page of this session. Open the page again and send it from there.",
        "このセッションのページから送信されたものではありません。ページを開き直してから送信してください。",
    );
    message(desk, seat, StatusCode::FORBIDDEN, title, text).await
}

pub(super) async fn not_found(desk: &Desk, seat: &Seat) -> Response {
    let words = seat.words();
    let title = words.of("There is no such thing", "見つかりません");
    let text = words
        .of("It may belong to somebody else, or never have been.", "存在しないか、ほかの加盟店のものです。");
    message(desk, seat, StatusCode::NOT_FOUND, title, text).await
}

/// The headers of every answer.
pub(super) async fn headers(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if desk.secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}
