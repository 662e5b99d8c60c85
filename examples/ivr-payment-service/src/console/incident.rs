//! What is wrong, in a person's words: shown on every page until it is over.

use core::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use paytone_redact::SafeText;

use super::field::{Fields, is_clean};
use super::page::{self, Page, csrf};
use super::seat::Seat;
use super::{Desk, format};
use crate::store::NewIncident;

/// Shown for at most a week.
const LONGEST: u64 = 7 * 24 * 60;

pub(super) async fn form(State(desk): State<Desk>, Extension(seat): Extension<Seat>) -> Response {
    shown(&desk, &seat, StatusCode::OK, None).await
}

async fn shown(desk: &Desk, seat: &Seat, status: StatusCode, wrong: Option<&str>) -> Response {
    let words = seat.words();
    let now = desk.backend.clock.now();
    let Ok(present) = desk.backend.store.incident(seat.merchant(), now).await else {
        return page::database_down(desk);
    };
    let title = words.of("Incident", "障害のお知らせ");
    let body = html! {
        h1 { (title) }
        p.lead { (words.of("What you write here stands on every page of every operator until its time is over.", "ここに書いた内容は、期限まで全担当者の全ページに表示されます。")) }
        @if let Some(wrong) = wrong { p.error role="alert" { (wrong) } }
        @if let Some(present) = present {
            section.card {
                h2 { (words.of("Shown now", "表示中")) }
                p { (present.text) }
                p.hint { (present.author) " · " (words.of("until", "期限")) " " (format::date_time(present.until, &desk.time_zone)) }
                form method="post" action="/console/incident/end" { (csrf(seat)) button { (words.of("It is over", "表示を終了")) } }
            }
        }
        form.card method="post" action="/console/incident" {
            (csrf(seat))
            label { (words.of("What is wrong, and what to do meanwhile", "状況と当面の対応"))
                textarea name="text" rows="3" maxlength="300" required {} }
            div.row {
                label { (words.of("Expected to be over in (minutes)", "復旧見込み（分後）")) " " small { (words.of("optional", "任意")) }
                    input name="recovery" inputmode="numeric" maxlength="5"; }
                label { (words.of("Show it for (minutes)", "表示する時間（分）"))
                    input name="minutes" inputmode="numeric" maxlength="5" value="60" required; }
            }
            button.primary { (words.of("Show it", "表示する")) }
        }
    };
    page::show_as(desk, seat, status, Page { title, menu: "incident", live: String::new(), body }).await
}

pub(super) async fn begin(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let words = seat.words();
    let (text, now) = (fields.text("text"), desk.backend.clock.now());
    let minutes = fields.number("minutes").filter(|minutes| (1..=LONGEST).contains(minutes));
    let Some(minutes) = minutes.filter(|_| !text.is_empty() && text.chars().count() <= 300 && is_clean(text))
    else {
        let wrong = words.of(
            "A text of at most 300 characters without card data, and a time of at most a week.",
            "300文字以内（カード情報を除く）と、1週間以内の時間を入力してください。",
        );
        return shown(&desk, &seat, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong)).await;
    };
    let after = |minutes: u64| now.saturating_add(Duration::from_secs(60 * minutes));
    let new = NewIncident {
        text: &SafeText::new(text),
        recovery_at: fields.number("recovery").filter(|minutes| *minutes <= LONGEST).map(after),
        until: after(minutes),
        author: &seat.operator.login,
    };
    match desk.backend.store.show_incident(seat.merchant(), new, now).await {
        Ok(()) => Redirect::to("/console/incident").into_response(),
        Err(_) => page::database_down(&desk),
    }
}

pub(super) async fn end(State(desk): State<Desk>, Extension(seat): Extension<Seat>) -> Response {
    match desk.backend.store.end_incident(seat.merchant(), desk.backend.clock.now()).await {
        Ok(()) => Redirect::to("/console/incident").into_response(),
        Err(_) => page::database_down(&desk),
    }
}
