//! The board: every call that is up, and the last that ended.

use core::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_dialog::{Phase, Progress};

use super::live::LiveCall;
use super::outcome::told;
use super::page::{self, Page};
use super::progress::field_name;
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, format};
use crate::operators::Permission;
use crate::store::{CallFilter, CallRecord, Order};
use crate::waiting::WaitingOperator;

const ENDED: u32 = 12;
const UP: u32 = 200;
/// How long a phone may ring until the caller is back.
const MOMENT: Duration = Duration::from_secs(60);

/// Where one begins: with a new order, or with the calls.
pub(super) async fn start(Extension(seat): Extension<Seat>) -> Response {
    let first = if seat.may(Permission::TakeOrders) { "/console/new" } else { "/console/board" };
    Redirect::to(first).into_response()
}

pub(super) async fn show(State(desk): State<Desk>, Extension(seat): Extension<Seat>) -> Response {
    let words = seat.words();
    let body = html! {
        h1 { (words.of("Calls", "通話")) }
        div #board { (board(&desk, &seat).await) }
    };
    page::show(
        &desk,
        &seat,
        Page { title: words.of("Calls", "通話"), menu: "board", live: "board=1".to_owned(), body },
    )
    .await
}

/// What changes on the board.
pub(super) async fn board(desk: &Desk, seat: &Seat) -> Markup {
    let (words, store) = (seat.words(), &desk.backend.store);
    let of = |running| CallFilter { running: Some(running), ..CallFilter::default() };
    let up = store.calls(seat.merchant(), of(true), UP).await.unwrap_or_default();
    let over = store.calls(seat.merchant(), of(false), ENDED).await.unwrap_or_default();
    html! {
        p.lines { strong { (up.len()) } " / " (desk.most_calls) " " (words.of("lines used", "回線使用中")) }
        @for operator in &desk.backend.waiting.of(seat.merchant()) { (waiting(words, operator)) }
        @if up.is_empty() { p.hint { (words.of("No call is up. A call appears here as soon as it is transferred.", "現在の通話はありません。転送されるとここに表示されます。")) } }
        div.calls { @for call in &up { (up_card(desk, words, call).await) } }
        h2 { (words.of("Just ended", "終了した通話")) }
        @if over.is_empty() { p.hint { (words.of("None yet.", "まだありません。")) } }
        @else { (ended(desk, words, &over).await) }
    }
}

/// An operator who has called in.
fn waiting(words: Wording, operator: &WaitingOperator) -> Markup {
    html! {
        p.waiting {
            (operator.operator) " " (words.of("waits for a caller", "お客様を待っています"))
            @if let Some(code) = &operator.code { " · " (words.of("code", "受付コード")) " " (code) }
            " · " span.hint { (operator.line) " · " time.timer data-since=(operator.since.as_millis()) {} }
        }
    }
}

async fn up_card(desk: &Desk, words: Wording, call: &CallRecord) -> Markup {
    let live = LiveCall::so_far(&desk.backend.bus, call.id);
    let order = order_of(desk, call).await;
    let progress = live.progress.as_ref();
    html! {
        a.card.call href={ "/console/calls/" (call.id) } data-call=(call.id) {
            strong { @if let Some(order) = &order { (order.order_id.as_str()) " · " (format::money(words, order.money)) } @else { (words.of("no order yet", "受注未確定")) } }
            span { (phase_name(words, live.phase()))
                @if let Some(field) = progress.and_then(Progress::field) { ": " (field_name(words, field)) } }
            span.hint { (call.line) " · " time.timer data-since=(call.started_at.as_millis()) {}
                @if let Some(operator) = &call.operator { " · " (operator) } }
        }
    }
}

async fn order_of(desk: &Desk, call: &CallRecord) -> Option<Order> {
    desk.backend.store.order(call.merchant, call.order.as_ref()?.as_str()).await.ok().flatten()
}

async fn ended(desk: &Desk, words: Wording, calls: &[CallRecord]) -> Markup {
    let mut orders = Vec::with_capacity(calls.len());
    for call in calls {
        orders.push(order_of(desk, call).await);
    }
    html! {
        table {
            thead { tr { th { (words.of("Ended", "終了")) } th { (words.of("Order", "受注")) } th { (words.of("How", "結果")) } th { (words.of("Card", "カード")) } th { (words.of("Took", "時間")) } th { (words.of("Run by", "担当")) } } }
            tbody { @for (call, order) in calls.iter().zip(&orders) {
                @if let Some(ending) = &call.ending {
                    @let told = told(words, &ending.outcome, ending.detail.as_deref());
                    tr {
                        td { (format::clock_time(ending.at, &desk.time_zone)) }
                        td { a href={ "/console/calls/" (call.id) } {
                            @if let Some(order) = order { (order.order_id.as_str()) " · " (format::money(words, order.money)) }
                            @else { (words.of("no order", "受注なし")) }
                        } }
                        td {
                            span.tag.(told.tone) { (told.what) }
                            @if comes_back(desk, call, ending.at) { " " span.tag.busy { (words.of("Caller is coming back", "お客様が戻ります")) } }
                        }
                        td { @if let (Some(brand), Some(masked)) = (call.brand, &call.last_four) { (brand.label()) " ···· " (masked.last_four()) } }
                        td { (format::length(ending.at.saturating_sub(call.started_at))) }
                        td { @if let Some(operator) = &call.operator { (operator) } }
                    }
                }
            } }
        }
    }
}

/// Whether the caller was sent back to the operator a moment ago.
fn comes_back(desk: &Desk, call: &CallRecord, ended: Duration) -> bool {
    let is_new = desk.backend.clock.now().saturating_sub(ended) < MOMENT;
    is_new && LiveCall::so_far(&desk.backend.bus, call.id).returning
}

fn phase_name(words: Wording, phase: Phase) -> &'static str {
    match phase {
        Phase::Ringing => words.of("arriving", "着信"),
        Phase::Securing => words.of("being secured", "保護準備中"),
        Phase::Waiting => words.of("waiting for the operator", "操作待ち"),
        Phase::Collecting => words.of("keying", "入力中"),
        Phase::LookingUp => words.of("looking up", "確認中"),
        Phase::Authorizing => words.of("being paid", "決済中"),
        Phase::Voiding => words.of("being taken back", "取消中"),
        Phase::Closing => words.of("being told", "結果案内中"),
        _ => words.of("over", "終了"),
    }
}
