//! What needs a person: payments nobody knows the outcome of, reservations that lapse, webhooks nobody takes.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::field::{Fields, is_clean};
use super::order::{amount_of, text, time};
use super::page::{self, Page, csrf};
use super::seat::Seat;
use super::{Desk, format, inner};
use crate::operators::Permission;

pub(super) async fn list(State(desk): State<Desk>, Extension(seat): Extension<Seat>) -> Response {
    shown(&desk, &seat, StatusCode::OK, None).await
}

async fn shown(desk: &Desk, seat: &Seat, status: StatusCode, wrong: Option<&str>) -> Response {
    let words = seat.words();
    let Ok(all) = inner::ask(desk, seat, Method::GET, "/v1/needs-person", None, None).await else {
        return page::database_down(desk);
    };
    let list = |name: &str| all.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (payments, lapsing, webhooks) = (list("payments"), list("lapsing"), list("webhooks"));
    let cards = list("cards");
    let title = words.of("Needs a person", "要対応");
    let body = html! {
        h1 { (title) }
        @if let Some(wrong) = wrong { p.error role="alert" { (wrong) } }
        @if payments.is_empty() && lapsing.is_empty() && cards.is_empty() && webhooks.is_empty() {
            p.card { (words.of("Nothing. Everything has settled by itself.", "対応が必要なものはありません。")) }
        }
        @if !payments.is_empty() {
            h2 { (words.of("Payments nobody knows the outcome of", "結果が確定していない決済")) }
            p.hint { (words.of("Ask the provider again; if it stays open, look in the provider's own screen and settle it with what you saw there. The order cannot be paid again before.",
                "もう一度照会し、それでも確定しない場合は決済会社の管理画面で確認した内容で確定してください。それまで再決済はできません。")) }
            @for payment in &payments { (payment_card(desk, seat, payment)) }
        }
        @if !lapsing.is_empty() {
            h2 { (words.of("Reservations the issuer lets go of soon", "まもなく失効する与信")) }
            @for payment in &lapsing { div.card { (facts(desk, seat, payment)) p { a href={ "/console/calls/" (text(payment, "call")) } { (words.of("Take or let go of it", "売上または取消へ")) } } } }
        }
        @if !cards.is_empty() {
            h2 { (words.of("Cards the provider has something left of", "決済会社に残っているカード処理")) }
            p.hint { (words.of("The check or the storing of a card was not answered, and something of it is there. Let go of it in the provider's own screen.",
                "カードの確認または登録の応答がなく、処理が残っています。決済会社の管理画面で取り消してください。")) }
            @for card in &cards {
                dl.facts {
                    dt { (words.of("Reference", "参照番号")) } dd.break { code { (text(card, "reference")) } }
                    dt { (words.of("Card", "カード")) } dd { (text(card, "brand")) " ···· " (text(card, "last_four")) }
                    dt { (words.of("Call", "通話")) } dd { a href={ "/console/calls/" (text(card, "call")) } { (words.of("Show", "表示")) } }
                }
            }
        }
        @if !webhooks.is_empty() {
            h2 { (words.of("Messages your system did not take", "受信されなかった通知")) }
            p { (webhooks.len()) " " (words.of("given up; they are sent again on request through the API.", "件。APIから再送できます。")) }
        }
    };
    page::show_as(desk, seat, status, Page { title, menu: "person", live: String::new(), body }).await
}

fn facts(desk: &Desk, seat: &Seat, payment: &Value) -> Markup {
    let words = seat.words();
    html! {
        dl.facts {
            dt { (words.of("Reference", "参照番号")) } dd.break { code { (text(payment, "reference")) } }
            dt { (words.of("Amount", "金額")) } dd { (amount_of(words, payment, "amount")) }
            dt { (words.of("Card", "カード")) } dd { (format::brand(text(payment, "brand"))) " ···· " (text(payment, "last_four")) }
            dt { (words.of("Sent", "送信")) } dd { (time(desk, payment, "created_at")) }
        }
    }
}

fn payment_card(desk: &Desk, seat: &Seat, payment: &Value) -> Markup {
    let words = seat.words();
    let reference = text(payment, "reference");
    html! {
        div.card {
            (facts(desk, seat, payment))
            @if seat.may(Permission::TakeOrders) {
                form.inline method="post" action={ "/console/person/" (reference) "/lookup" } {
                    (csrf(seat)) button { (words.of("Ask the provider again", "もう一度照会")) } }
            }
            @if seat.may(Permission::Settle) {
                details { summary { (words.of("Settle it by hand", "手動で確定する")) }
                    form method="post" action={ "/console/person/" (reference) "/settle" } data-sure=(words.of("Settle it like this?", "この内容で確定しますか？")) {
                        (csrf(seat))
                        label { (words.of("The provider has", "決済会社の記録"))
                            select name="finding" {
                                option value="not_charged" { (words.of("no charge", "請求なし")) }
                                option value="authorised" { (words.of("a reservation", "与信のみ")) }
                                option value="captured" { (words.of("a charge", "売上あり")) }
                            } }
                        label { (words.of("Where you saw it", "確認した場所")) input name="evidence" required maxlength="200" autocomplete="off"; }
                        label { (words.of("Why you are sure", "判断の理由")) input name="reason" required maxlength="200" autocomplete="off"; }
                        button.danger { (words.of("Settle", "確定する")) }
                    } }
            }
        }
    }
}

pub(super) async fn look_up(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(reference): Path<String>,
) -> Response {
    ask(&desk, &seat, &reference, "lookup", &json!({})).await
}

pub(super) async fn settle(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(reference): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    if !is_clean(fields.text("evidence")) || !is_clean(fields.text("reason")) {
        let words = seat.words();
        let wrong = words.of(
            "This looks like card data and was not kept.",
            "カード情報と思われる内容が含まれるため保存しませんでした。",
        );
        return shown(&desk, &seat, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong)).await;
    }
    let body = json!({
        "finding": fields.text("finding"),
        "evidence": fields.text("evidence"),
        "reason": fields.text("reason"),
    });
    ask(&desk, &seat, &reference, "settle", &body).await
}

async fn ask(desk: &Desk, seat: &Seat, reference: &str, what: &str, body: &Value) -> Response {
    if !reference.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return page::not_found(desk, seat).await;
    }
    let path = format!("/v1/attempts/{reference}/{what}");
    match inner::ask(desk, seat, Method::POST, &path, None, Some(body)).await {
        Ok(_) => Redirect::to("/console/person").into_response(),
        Err(refusal) => shown(desk, seat, refusal.status, Some(refusal.words(seat.words()))).await,
    }
}
