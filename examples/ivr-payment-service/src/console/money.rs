//! Capture, void, refund: what an order's payments have come to, and what a supervisor can do about them.

use axum::Extension;
use axum::extract::{MatchedPath, Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_psp::Currency;
use serde_json::{Value, json};

use super::field::Fields;
use super::order::{self, amount_of, minor, read, text, time};
use super::page::{self, csrf};
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, format, inner};
use crate::operators::Permission;

/// The payments of an order, and what can be done about the last.
pub(super) fn section(desk: &Desk, seat: &Seat, order: &Value) -> Markup {
    let words = seat.words();
    let attempts = order.get("attempts").and_then(Value::as_array).cloned().unwrap_or_default();
    if attempts.is_empty() {
        return html! {};
    }
    html! {
        div.card {
            h2 { (words.of("Payments", "決済")) }
            @for attempt in &attempts { (shown(desk, words, attempt)) }
            @if seat.may(Permission::MoveMoney) && let Some(last) = attempts.last() { (actions(seat, order, last)) }
        }
    }
}

fn shown(desk: &Desk, words: Wording, attempt: &Value) -> Markup {
    let refunded = attempt.get("refunded").and_then(Value::as_u64).unwrap_or_default();
    let test = attempt.get("test").and_then(Value::as_bool) == Some(true);
    html! {
        dl.facts.attempt data-state=(text(attempt, "state")) {
            dt { (time(desk, attempt, "created_at")) }
            dd { span.tag.(tone(attempt)) { (state(words, text(attempt, "state"))) } @if test { " " span.tag.training { (words.of("training", "練習")) } } }
            dt { (words.of("Card", "カード")) } dd { (format::brand(text(attempt, "brand"))) " ···· " (text(attempt, "last_four")) }
            dt { (words.of("Amount", "金額")) } dd { (amount_of(words, attempt, "amount")) }
            @if refunded > 0 { dt { (words.of("Given back", "返金")) } dd { (amount_of(words, attempt, "refunded")) } }
            @if !text(attempt, "transaction_id").is_empty() { dt { (words.of("Transaction", "取引番号")) } dd.break { (text(attempt, "transaction_id")) } }
            @if !text(attempt, "decline_reason").is_empty() { dt { (words.of("Reason", "理由")) } dd { (super::outcome::told(words, "declined", Some(text(attempt, "decline_reason"))).what) } }
            @if text(attempt, "money_moved") == "maybe" { dt { (words.of("Money", "請求")) } dd.alarm { (words.of("Nobody knows yet: do not take the card again.", "未確定です。再度の決済は行わないでください。")) } }
        }
    }
}

fn tone(attempt: &Value) -> &'static str {
    match text(attempt, "money_moved") {
        "yes" => "good",
        "maybe" => "stop",
        _ => "off",
    }
}

fn state(words: Wording, state: &str) -> &'static str {
    match state {
        "approved" => words.of("Reserved", "与信済み"),
        "captured" => words.of("Taken", "売上済み"),
        "declined" => words.of("Declined", "否決"),
        "in_doubt" => words.of("No answer yet", "回答待ち"),
        "needs_person" => words.of("Needs a person", "要確認"),
        "voided" => words.of("Let go of", "取消済み"),
        "refunded" => words.of("Given back", "返金済み"),
        "not_charged" | "abandoned" => words.of("Not charged", "請求なし"),
        _ => words.of("Under way", "処理中"),
    }
}

fn actions(seat: &Seat, order: &Value, last: &Value) -> Markup {
    let words = seat.words();
    let id = text(order, "id");
    match text(last, "state") {
        "approved" => html! {
            div.actions {
                (form(seat, id, "capture", Some(words.of("Amount to take", "売上金額")), words.of("Take the money", "売上を確定"), words.of("Take this amount from the card?", "この金額で売上を確定しますか？")))
                (form(seat, id, "void", None, words.of("Let the reservation go", "与信を取り消す"), words.of("Let the reservation go? The card is not charged.", "与信を取り消しますか？請求は行われません。")))
            }
        },
        "captured" => html! {
            div.actions {
                (form(seat, id, "refund", Some(words.of("Amount to give back", "返金額")), words.of("Refund", "返金する"), words.of("Give this amount back to the card?", "この金額を返金しますか？")))
            }
        },
        _ => html! {},
    }
}

fn form(
    seat: &Seat,
    id: &str,
    action: &'static str,
    amount: Option<&'static str>,
    label: &'static str,
    sure: &'static str,
) -> Markup {
    let words = seat.words();
    html! {
        form.inline method="post" action={ "/console/orders/" (id) "/" (action) } data-sure=(sure) {
            (csrf(seat))
            input type="hidden" name="once" value=(inner::once());
            @if let Some(amount) = amount {
                label { (amount) " " small { (words.of("empty: all that is left", "空欄: 残額すべて")) }
                    input.amount name="amount" inputmode="decimal" maxlength="16" autocomplete="off"; }
            }
            button id=(action) { (label) }
        }
    }
}

/// Capture, void or refund: the last part of the path says which.
pub(super) async fn act(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
    path: MatchedPath,
    Extension(fields): Extension<Fields>,
) -> Response {
    let action = path.as_str().rsplit('/').next().unwrap_or_default();
    operate(&desk, &seat, &id, action, &fields).await
}

async fn operate(desk: &Desk, seat: &Seat, id: &str, action: &str, fields: &Fields) -> Response {
    let words = seat.words();
    let Ok(order) = read(desk, seat, id).await else { return page::not_found(desk, seat).await };
    let mut body = json!({});
    if let Some(written) = fields.filled("amount") {
        let minor =
            Currency::parse(text(&order, "currency")).ok().and_then(|currency| minor(written, currency));
        let Some(minor) = minor else {
            let wrong =
                words.of("This is no amount in the order's currency.", "金額の書き方が正しくありません。");
            return order::shown(desk, seat, id, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong)).await;
        };
        body["amount"] = json!(minor);
    }
    let path = format!("/v1/orders/{}/{action}", text(&order, "id"));
    match inner::ask(desk, seat, Method::POST, &path, Some(fields.text("once")), Some(&body)).await {
        Ok(_) => Redirect::to(&format!("/console/orders/{}", text(&order, "id"))).into_response(),
        Err(refusal) => order::shown(desk, seat, id, refusal.status, Some(refusal.words(words))).await,
    }
}
