//! The list of orders, and the search.

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_dialog::OrderCode;
use serde::Deserialize;
use serde_json::Value;

use super::order::{amount, state_tag, state_words, text, time};
use super::page::{self, Page};
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, format, inner};

/// Which orders to list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    /// An order id, or a code.
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    customer: String,
    #[serde(default)]
    after: String,
}

const STATES: [&str; 9] =
    ["open", "collecting", "in_doubt", "paid", "completed", "voided", "refunded", "cancelled", "expired"];

pub(super) async fn list(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Query(search): Query<Search>,
) -> Response {
    let words = seat.words();
    let wanted = search.q.trim();
    if !wanted.is_empty()
        && let Some(found) = find(&desk, &seat, wanted).await
    {
        return Redirect::to(&format!("/console/orders/{}", text(&found, "id"))).into_response();
    }
    let mut path = "/v1/orders?limit=50".to_owned();
    for (name, value) in
        [("state", &search.state), ("customer_number", &search.customer), ("after", &search.after)]
    {
        if !value.trim().is_empty() {
            path.push_str(&format!("&{name}={}", format::escaped(value.trim())));
        }
    }
    let (page, wrong) = match inner::ask(&desk, &seat, Method::GET, &path, None, None).await {
        Ok(page) => (
            page,
            (!wanted.is_empty()).then_some(words.of(
                "There is no order with this id or code.",
                "この注文番号・受付コードの受注はありません。",
            )),
        ),
        Err(_) => (
            Value::Null,
            Some(words.of("Nothing can be searched like this.", "この条件では検索できません。")),
        ),
    };
    let body = html! {
        h1 { (words.of("Orders", "受注一覧")) }
        (form(words, &search))
        @if let Some(wrong) = wrong { p.error role="alert" { (wrong) } }
        (table(&desk, words, &page))
        @if !text(&page, "next").is_empty() {
            p { a href={ "/console/orders?state=" (search.state) "&customer=" (format::escaped(&search.customer)) "&after=" (text(&page, "next")) } { (words.of("Older", "さらに前")) } }
        }
    };
    page::show(
        &desk,
        &seat,
        Page { title: words.of("Orders", "受注一覧"), menu: "orders", live: String::new(), body },
    )
    .await
}

/// The order of this id, or else of this code, however its digits were grouped.
async fn find(desk: &Desk, seat: &Seat, wanted: &str) -> Option<Value> {
    if let Ok(found) = super::order::read(desk, seat, wanted).await {
        return Some(found);
    }
    let code: String = wanted.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let path = format!("/v1/orders?code={}", OrderCode::parse(&code).ok()?.as_str());
    let page = inner::ask(desk, seat, Method::GET, &path, None, None).await.ok()?;
    page["items"].get(0).cloned()
}

fn form(words: Wording, search: &Search) -> Markup {
    html! {
        form.row.search method="get" action="/console/orders" role="search" {
            label { (words.of("Order id or code", "注文番号・受付コード")) input name="q" maxlength="64" autocomplete="off"; }
            label { (words.of("Customer number", "お客様番号")) input name="customer" maxlength="64" autocomplete="off" value=[super::field::is_clean(&search.customer).then_some(&search.customer)]; }
            label { (words.of("State", "状態"))
                select name="state" {
                    option value="" { (words.of("all", "すべて")) }
                    @for state in STATES { option value=(state) selected[state == search.state] { (state_words(words, state).1) } }
                } }
            button { (words.of("Search", "検索")) }
        }
    }
}

fn table(desk: &Desk, words: Wording, page: &Value) -> Markup {
    let orders = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    if orders.is_empty() {
        return html! { p.hint { (words.of("No orders.", "該当する受注はありません。")) } };
    }
    html! {
        table {
            thead { tr { th { (words.of("Order", "注文番号")) } th { (words.of("Customer", "お客様番号")) } th.number { (words.of("Amount", "金額")) } th { (words.of("State", "状態")) } th { (words.of("Taken", "受付")) } } }
            tbody { @for order in &orders {
                tr {
                    td { a href={ "/console/orders/" (text(order, "id")) } { (text(order, "order_id")) } }
                    td { (text(order, "customer_number")) }
                    td.number { (amount(words, order)) }
                    td { (state_tag(words, text(order, "state"))) }
                    td { (time(desk, order, "created_at")) }
                }
            } }
        }
    }
}
