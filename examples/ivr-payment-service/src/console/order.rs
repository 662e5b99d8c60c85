//! One order: made, handed over, watched, paid.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_psp::{Currency, Money};
use paytone_redact::SafeText;
use serde_json::{Map, Value, json};

use super::call::{self, Watched};
use super::field::{Fields, is_clean};
use super::hand_over::hand_over;
use super::page::{self, Page, csrf};
use super::refusal::Refusal;
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, format, inner, money};
use crate::operators::Permission;
use crate::store::{Note, OrderUlid};

const LONGEST_NOTE: usize = 500;
/// The currencies of the form, and what they are called in Japanese.
const CURRENCIES: [(&str, &str); 4] =
    [("JPY", "円"), ("USD", "米ドル"), ("EUR", "ユーロ"), ("GBP", "英ポンド")];

/// An empty form.
pub(super) async fn blank(State(desk): State<Desk>, Extension(seat): Extension<Seat>) -> Response {
    form(&desk, &seat, StatusCode::OK, None, None).await
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let made = inner::ask(&desk, &seat, Method::POST, "/v1/orders", None, Some(&order_of(&fields))).await;
    match made {
        Ok(order) => Redirect::to(&format!("/console/orders/{}", text(&order, "id"))).into_response(),
        Err(refusal) => form(&desk, &seat, refusal.status, Some(&fields), Some(&refusal)).await,
    }
}

fn order_of(fields: &Fields) -> Value {
    let mut order = Map::new();
    for name in ["order_id", "currency", "purpose", "customer_number", "description", "language"] {
        if let Some(text) = fields.filled(name) {
            order.insert(name.to_owned(), json!(text));
        }
    }
    let moves = !matches!(fields.text("purpose"), "verify" | "register");
    if moves {
        let amount = fields.text("currency").parse_minor(fields);
        order.insert("amount".to_owned(), amount.map_or(Value::Null, |minor| json!(minor)));
    }
    Value::Object(order)
}

/// Reads an amount as it is written in a currency: `12.50` in dollars, `12,500` in yen.
trait ParseMinor {
    fn parse_minor(self, fields: &Fields) -> Option<u64>;
}

impl ParseMinor for &str {
    fn parse_minor(self, fields: &Fields) -> Option<u64> {
        minor(fields.text("amount"), Currency::parse(self).ok()?)
    }
}

/// An amount in minor units, from what somebody wrote in major ones.
pub(super) fn minor(written: &str, currency: Currency) -> Option<u64> {
    let exponent = usize::from(currency.exponent());
    let written = written.replace('．', ".");
    let (whole, rest) = written.split_once('.').unwrap_or((&written, ""));
    if rest.chars().count() > exponent || (written.contains('.') && rest.is_empty()) {
        return None;
    }
    let whole = super::field::number(whole)?;
    let rest = if rest.is_empty() { 0 } else { super::field::number(&format!("{rest:0<exponent$}"))? };
    whole.checked_mul(currency.minor_per_major())?.checked_add(rest)
}

async fn form(
    desk: &Desk,
    seat: &Seat,
    status: StatusCode,
    fields: Option<&Fields>,
    refusal: Option<&Refusal>,
) -> Response {
    let words = seat.words();
    let again =
        |name: &str, else_: &str| fields.map_or_else(|| else_.to_owned(), |fields| fields.again(name));
    let wrong = |name: &str| refusal.is_some_and(|refusal| refusal.field() == Some(name)).then_some("true");
    let currency = again("currency", "JPY");
    let body = html! {
        h1 { (words.of("New order", "新規受注")) }
        p.lead { (words.of("Enter what is to be paid, then transfer the caller to the code you get. The card is keyed on the caller's phone.",
            "支払い内容を入力すると受付コードが発行されます。お客様の電話をそのコードへ転送してください。カード番号はお客様の電話で入力されます。")) }
        @if let Some(refusal) = refusal { p.error role="alert" { (refusal.words(words)) } }
        form.card method="post" action="/console/new" {
            (csrf(seat))
            div.row {
                label { (words.of("Order id", "注文番号")) " " small { (words.of("your own, such as A-1001", "貴社の番号（例: A-1001）")) }
                    input name="order_id" required maxlength="64" autocomplete="off" autofocus value=(again("order_id", "")) aria-invalid=[wrong("order_id")]; }
                label { (words.of("Customer number", "お客様番号")) " " small { (words.of("optional", "任意")) }
                    input name="customer_number" maxlength="64" autocomplete="off" value=(again("customer_number", "")) aria-invalid=[wrong("customer_number")]; }
            }
            div.row {
                label { (words.of("Amount", "金額")) " " small { (words.of("such as 12,000", "例: 12,000")) }
                    input.amount name="amount" inputmode="decimal" maxlength="16" autocomplete="off" value=(again("amount", "")) aria-invalid=[wrong("amount")]; }
                label { (words.of("Currency", "通貨"))
                    select name="currency" { @for (code, label) in CURRENCIES { option value=(code) selected[code == currency] { (words.of(code, label)) } } } }
                label { (words.of("What is done", "処理"))
                    (purposes(words, &again("purpose", "capture"))) }
            }
            div.row {
                label { (words.of("What it is for", "内容")) " " small { (words.of("optional", "任意")) }
                    input name="description" maxlength="200" autocomplete="off" value=(again("description", "")) aria-invalid=[wrong("description")]; }
                label { (words.of("The caller hears", "音声案内の言語"))
                    select name="language" {
                        option value="" { (words.of("the line's usual language", "回線の設定に従う")) }
                        option value="ja" selected[again("language", "") == "ja"] { "日本語" }
                        option value="en" selected[again("language", "") == "en"] { "English" }
                    } }
            }
            button.primary { (words.of("Get the code", "受付コードを発行")) }
        }
    };
    page::show_as(
        desk,
        seat,
        status,
        Page { title: words.of("New order", "新規受注"), menu: "new", live: String::new(), body },
    )
    .await
}

fn purposes(words: Wording, chosen: &str) -> Markup {
    let purposes = [
        ("capture", words.of("Take the payment", "売上（即時）")),
        ("authorize", words.of("Reserve, take later", "与信のみ（後で売上）")),
        ("charge_and_store", words.of("Take it and store the card", "売上とカード登録")),
        ("register", words.of("Store the card only", "カード登録のみ")),
        ("verify", words.of("Check the card only", "有効性確認のみ")),
    ];
    html! { select name="purpose" { @for (name, label) in purposes { option value=(name) selected[name == chosen] { (label) } } } }
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Response {
    shown(&desk, &seat, &id, StatusCode::OK, None).await
}

/// The page of an order, with what is to be said first.
pub(super) async fn shown(
    desk: &Desk,
    seat: &Seat,
    id: &str,
    status: StatusCode,
    wrong: Option<&str>,
) -> Response {
    let Some((ulid, order)) = find(desk, seat, id).await else { return page::not_found(desk, seat).await };
    let words = seat.words();
    if seat.may(Permission::TakeOrders) {
        // Where it cannot be kept the call comes back as a notice only.
        let kept = desk.backend.store.attend(seat.merchant(), ulid, &seat.operator.login).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "who looks at an order could not be kept");
        }
    }
    let watched = Watched::of_order(desk, seat, ulid).await;
    let notes = desk.backend.store.notes(ulid).await.unwrap_or_default();
    let title = format!("{} {}", words.of("Order", "受注"), text(&order, "order_id"));
    let body = html! {
        @if let Some(wrong) = wrong { p.error role="alert" { (wrong) } }
        div.order {
            div.first { (head(desk, seat, &order)) (hand_over(desk, seat, &order)) }
            div.live { @for (id, part) in call::parts(desk, seat, &order, &watched) { div id=(id) { (part) } } }
            div.last {
                section #money { (money::section(desk, seat, &order)) }
                (notes_section(desk, seat, &order, &notes))
                (cancel_form(seat, &order))
            }
        }
    };
    let live = format!("order={ulid}");
    page::show_as(desk, seat, status, Page { title: &title, menu: "orders", live, body }).await
}

/// An order of the merchant's, and its own id.
async fn find(desk: &Desk, seat: &Seat, id: &str) -> Option<(OrderUlid, Value)> {
    let order = read(desk, seat, id).await.ok()?;
    Some((OrderUlid::parse(text(&order, "id")).ok()?, order))
}

/// The order as the API shows it.
pub(super) async fn read(desk: &Desk, seat: &Seat, id: &str) -> Result<Value, Refusal> {
    let known =
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !known {
        return Err(Refusal::other(StatusCode::NOT_FOUND));
    }
    inner::ask(desk, seat, Method::GET, &format!("/v1/orders/{id}"), None, None).await
}

fn head(desk: &Desk, seat: &Seat, order: &Value) -> Markup {
    let words = seat.words();
    html! {
        h1 { (words.of("Order", "受注")) " " (text(order, "order_id")) " " span #order-state { (state_tag(words, text(order, "state"))) } }
        dl.facts {
            dt { (words.of("Amount", "金額")) } dd.amount { (amount(words, order)) }
            @if !text(order, "customer_number").is_empty() { dt { (words.of("Customer", "お客様番号")) } dd { (text(order, "customer_number")) } }
            @if !text(order, "description").is_empty() { dt { (words.of("For", "内容")) } dd { (text(order, "description")) } }
            dt { (words.of("Taken", "受付")) } dd { (time(desk, order, "created_at")) }
            @if is_open(order) { dt.until { (words.of("Code works until", "コードの期限")) } dd.until { (time(desk, order, "expires_at")) } }
        }
    }
}

pub(super) fn state_tag(words: Wording, state: &str) -> Markup {
    let (tone, label) = state_words(words, state);
    html! { span.tag.(tone) data-state=(state) { (label) } }
}

/// How good it is, and what it is called.
pub(super) fn state_words(words: Wording, state: &str) -> (&'static str, &'static str) {
    match state {
        "open" => ("wait", words.of("Open", "未払い")),
        "collecting" => ("busy", words.of("On the phone", "入力中")),
        "in_doubt" => ("stop", words.of("Outcome not known", "結果確認中")),
        "paid" => ("good", words.of("Paid", "支払い済み")),
        "completed" => ("good", words.of("Done", "完了")),
        "voided" => ("off", words.of("Let go of", "与信取消")),
        "refunded" => ("off", words.of("Refunded", "返金済み")),
        "cancelled" => ("off", words.of("Cancelled", "取消")),
        "expired" => ("off", words.of("Expired", "期限切れ")),
        _ => ("off", words.of("Unknown", "不明")),
    }
}

pub(super) async fn cancel(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Response {
    let Ok(order) = read(&desk, &seat, &id).await else { return page::not_found(&desk, &seat).await };
    let path = format!("/v1/orders/{}/cancel", text(&order, "id"));
    match inner::ask(&desk, &seat, Method::POST, &path, None, Some(&json!({}))).await {
        Ok(_) => Redirect::to(&format!("/console/orders/{id}")).into_response(),
        Err(refusal) => shown(&desk, &seat, &id, refusal.status, Some(refusal.words(seat.words()))).await,
    }
}

pub(super) async fn note(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let words = seat.words();
    let written = fields.text("note");
    let Some((ulid, _)) = find(&desk, &seat, &id).await else { return page::not_found(&desk, &seat).await };
    let wrong = if written.is_empty() || written.chars().count() > LONGEST_NOTE {
        Some(words.of("A note has 1 to 500 characters.", "メモは1〜500文字で入力してください。"))
    } else if !is_clean(written) {
        Some(words.of(
            "This looks like card data and was not kept. Never write card data down.",
            "カード情報と思われる内容が含まれるため保存しませんでした。カード情報は書き留めないでください。",
        ))
    } else {
        None
    };
    if let Some(wrong) = wrong {
        return shown(&desk, &seat, &id, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong)).await;
    }
    let (note, now) = (SafeText::new(written), desk.backend.clock.now());
    match desk.backend.store.add_note(seat.merchant(), ulid, &seat.operator.login, &note, now).await {
        Ok(()) => Redirect::to(&format!("/console/orders/{id}")).into_response(),
        Err(_) => page::database_down(&desk),
    }
}

fn notes_section(desk: &Desk, seat: &Seat, order: &Value, notes: &[Note]) -> Markup {
    let words = seat.words();
    let id = text(order, "id");
    html! {
        section.card #notes {
            h2 { (words.of("Notes", "メモ")) }
            @if notes.is_empty() { p.hint { (words.of("None yet.", "まだありません。")) } }
            ul.notes { @for note in notes { li { (note.text) small { (note.author) " · " (format::date_time(note.at, &desk.time_zone)) } } } }
            @if seat.may(Permission::TakeOrders) {
                form method="post" action={ "/console/orders/" (id) "/notes" } {
                    (csrf(seat))
                    label { (words.of("New note, without card data", "新しいメモ（カード情報は書かないでください）"))
                        textarea name="note" rows="2" maxlength="500" required {} }
                    button { (words.of("Keep it", "保存")) }
                }
            }
        }
    }
}

fn cancel_form(seat: &Seat, order: &Value) -> Markup {
    let words = seat.words();
    let can_be = matches!(text(order, "state"), "open" | "collecting" | "expired");
    html! {
        @if can_be && seat.may(Permission::TakeOrders) {
            form.danger #cancel-order method="post" action={ "/console/orders/" (text(order, "id")) "/cancel" } data-sure=(words.of("Cancel this order? Its code will not work any more.", "この受注を取り消しますか？受付コードは使えなくなります。")) {
                (csrf(seat))
                button { (words.of("Cancel the order", "受注を取り消す")) }
            }
        }
    }
}

/// Whether its code is of use: nobody pays it, or has paid it.
pub(super) fn is_open(order: &Value) -> bool {
    text(order, "state") == "open"
}

/// A text out of an answer; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The amount with its currency.
pub(super) fn amount(words: Wording, value: &Value) -> String {
    amount_of(words, value, "amount")
}

pub(super) fn amount_of(words: Wording, value: &Value, name: &str) -> String {
    let minor = value.get(name).and_then(Value::as_u64).unwrap_or_default();
    match Currency::parse(text(value, "currency")) {
        Ok(currency) => format::money(words, Money::new(minor, currency)),
        Err(_) => String::new(),
    }
}

pub(super) fn time(desk: &Desk, value: &Value, name: &str) -> String {
    let stamp = text(value, name).parse::<jiff::Timestamp>().ok();
    let time = stamp.and_then(|stamp| u64::try_from(stamp.as_millisecond()).ok());
    time.map_or_else(String::new, |millis| {
        format::date_time(core::time::Duration::from_millis(millis), &desk.time_zone)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_the_currency_they_are_written_in() {
        let (yen, dollars) = (Currency::parse("JPY").unwrap(), Currency::parse("USD").unwrap());
        assert_eq!(minor("12,500", yen), Some(12_500));
        assert_eq!(minor("１２５００", yen), Some(12_500));
        assert_eq!(minor("￥12,500", yen), Some(12_500));
        assert_eq!(minor("12,500円", yen), Some(12_500));
        assert_eq!(minor("１２．５０", dollars), Some(1250));
        assert_eq!(minor("12.50", yen), None);
        assert_eq!(minor("12.5", dollars), Some(1250));
        assert_eq!(minor("12.05", dollars), Some(1205));
        assert_eq!(minor("12", dollars), Some(1200));
        assert_eq!(minor("12.505", dollars), None);
        assert_eq!(minor("12.", dollars), None);
        assert_eq!(minor("", yen), None);
    }
}
