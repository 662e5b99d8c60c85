//! The closing of a day or a shift: every payment by operator, as CSV that opens in a Japanese Excel.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::{self, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use paytone_psp::attempt::State;
use paytone_psp::{Currency, Money};
use serde::Deserialize;

use super::call::attempt_words;
use super::reports::{Span, span};
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, format, page};
use crate::store::PaymentReport;

/// Which days, and whose payments.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    /// From this time of the first day on, such as `09:00`.
    #[serde(default)]
    from_time: String,
    /// Until this time of the last day.
    #[serde(default)]
    to_time: String,
    /// One operator's alone.
    #[serde(default)]
    operator: String,
    #[serde(default)]
    training: String,
}

pub(super) async fn download(
    extract::State(desk): extract::State<Desk>,
    Extension(seat): Extension<Seat>,
    Query(which): Query<Which>,
) -> Response {
    let span = span(&which.from, &which.to, desk.backend.clock.now(), &desk.time_zone);
    let (begin, end) = shift(span, &which.from_time, &which.to_time, &desk.time_zone);
    let Ok(mut payments) = desk.backend.store.payment_report(seat.merchant(), begin, end).await else {
        return page::database_down(&desk);
    };
    payments.retain(|payment| which.training == "1" || !payment.test);
    if !which.operator.is_empty() {
        payments
            .retain(|payment| payment.operator.as_ref().is_some_and(|name| name.as_str() == which.operator));
    }
    let text = csv(seat.words(), &payments, &desk.time_zone);
    let name = format!("attachment; filename=\"closing-{}-{}.csv\"", span.from, span.to);
    (
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)],
        text,
    )
        .into_response()
}

/// A shift: the days from a time of the first until a time of the last, where those are times and in order.
fn shift(span: Span, from: &str, to: &str, zone: &TimeZone) -> (Duration, Duration) {
    let at = |day: Date, text: &str| Some(super::reports::time_at(day.to_datetime(text.parse().ok()?), zone));
    let begin = at(span.from, from).unwrap_or(span.begin);
    let end = at(span.to, to).unwrap_or(span.end);
    if begin < end { (begin, end) } else { (span.begin, span.end) }
}

/// What was taken by whom, and the form for the list of it.
pub(super) async fn section(
    desk: &Desk,
    seat: &Seat,
    span: Span,
    training: bool,
    payments: &[PaymentReport],
) -> Markup {
    let words = seat.words();
    let operators = desk.backend.store.operators(seat.merchant()).await.unwrap_or_default();
    let (from, to) = (span.from.to_string(), span.to.to_string());
    html! {
        section.card #closing {
            h2 { (words.of("Closing of a day or a shift", "日次・シフト締め")) }
            (by_operator(words, payments))
            form.row.search method="get" action="/console/closing.csv" {
                label { (words.of("From", "開始日")) input type="date" name="from" value=(from); }
                label { (words.of("at", "時刻")) input type="time" name="from_time"; }
                label { (words.of("To", "終了日")) input type="date" name="to" value=(to); }
                label { (words.of("until", "時刻")) input type="time" name="to_time"; }
                label { (words.of("Operator", "担当者")) select name="operator" {
                    option value="" { (words.of("everybody", "全員")) }
                    @for operator in &operators { option value=(operator.login) { (operator.name) } }
                } }
                @if training { input type="hidden" name="training" value="1"; }
                button { (words.of("Download as CSV", "CSVをダウンロード")) }
            }
            p.hint { (words.of("For a shift set the times, for whole days leave them empty; both in your time zone. The file opens in Excel.", "シフト単位の場合は時刻を指定してください。省略すると1日単位（貴社のタイムゾーン）です。ファイルはExcelで開けます。")) }
        }
    }
}

fn by_operator(words: Wording, payments: &[PaymentReport]) -> Markup {
    let mut sums: BTreeMap<(String, &str), (u64, u64, u64)> = BTreeMap::new();
    for payment in payments.iter().filter(|payment| payment.paid) {
        let operator = payment.operator.as_ref().map_or_else(String::new, ToString::to_string);
        let (count, taken, back) = sums.entry((operator, payment.money.currency().code())).or_default();
        *count += 1;
        *taken = taken.saturating_add(payment.money.minor());
        *back = back.saturating_add(payment.refunded);
    }
    let shown = |minor: u64, currency: &str| {
        Currency::parse(currency)
            .map_or_else(|_| String::new(), |currency| format::money(words, Money::new(minor, currency)))
    };
    html! {
        @if sums.is_empty() { p.hint { (words.of("Nothing was taken on these days.", "この期間の売上はありません。")) } }
        @else { table {
            thead { tr { th { (words.of("Operator", "担当者")) } th.number { (words.of("Payments", "決済")) } th.number { (words.of("Taken or reserved", "売上・与信")) } th.number { (words.of("Given back", "返金")) } th.number { (words.of("Left", "差引")) } } }
            tbody { @for ((operator, currency), (count, taken, back)) in &sums { tr {
                td { @if operator.is_empty() { (words.of("without an operator", "担当者なし")) } @else { (operator) } }
                td.number { (count) }
                td.number { (shown(*taken, currency)) }
                td.number { (shown(*back, currency)) }
                td.number { (shown(taken.saturating_sub(*back), currency)) }
            } } }
        } }
    }
}

/// With a byte order mark, without which Excel takes UTF-8 for something else; lines end as RFC 4180 has them.
fn csv(words: Wording, payments: &[PaymentReport], zone: &TimeZone) -> String {
    let mut text = String::from("\u{feff}");
    let heads = [
        words.of("Operator", "担当者"),
        words.of("Day", "日付"),
        words.of("Time", "時刻"),
        words.of("Order id", "注文番号"),
        words.of("Customer number", "お客様番号"),
        words.of("State", "状態"),
        words.of("Currency", "通貨"),
        words.of("Amount", "金額"),
        words.of("Given back", "返金額"),
        words.of("Brand", "ブランド"),
        words.of("Last four", "下4桁"),
        words.of("Transaction", "取引番号"),
        words.of("Approval", "承認番号"),
        words.of("Training", "練習"),
    ];
    line(&mut text, heads.iter().map(|head| (*head).to_owned()));
    for payment in payments {
        line(&mut text, cells(words, payment, zone));
    }
    text
}

fn cells(words: Wording, payment: &PaymentReport, zone: &TimeZone) -> impl Iterator<Item = String> {
    let plain =
        |money: Money| money.to_string().split_once(' ').map_or_else(String::new, |(_, n)| n.to_owned());
    let refunded = Money::new(payment.refunded, payment.money.currency());
    [
        payment.operator.as_ref().map_or_else(String::new, ToString::to_string),
        format::day(payment.at, zone),
        format::clock_time(payment.at, zone),
        payment.order_id.clone(),
        payment.customer_number.clone().unwrap_or_default(),
        State::parse(&payment.state)
            .map_or_else(|_| payment.state.clone(), |state| attempt_words(words, state).to_owned()),
        payment.money.currency().code().to_owned(),
        plain(payment.money),
        plain(refunded),
        format::brand(&payment.brand).to_owned(),
        // Four dots keep a spreadsheet from reading 0005 as 5.
        format!("····{}", payment.last_four),
        payment.transaction.clone().unwrap_or_default(),
        payment.approval_code.clone().unwrap_or_default(),
        if payment.test { "1".to_owned() } else { String::new() },
    ]
    .into_iter()
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        let comma = if index > 0 { "," } else { "" };
        // What begins like a formula is text here, and text in the spreadsheet.
        let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        let _ = write!(text, "{comma}\"{guard}{}\"", cell.replace('"', "\"\""));
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use paytone_dialog::Language;

    #[test]
    fn a_shift_is_a_part_of_its_days() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let days = span("2026-11-22", "2026-11-23", Duration::ZERO, &tokyo);
        let hour = Duration::from_secs(3600);
        let night = shift(days, "22:00", "06:30", &tokyo);
        assert_eq!(night, (days.begin + 22 * hour, days.begin + 30 * hour + hour / 2));
        assert_eq!(shift(days, "", "", &tokyo), (days.begin, days.end));
        assert_eq!(shift(days, "25:00", "noon", &tokyo), (days.begin, days.end));
        let one = span("2026-11-22", "2026-11-22", Duration::ZERO, &tokyo);
        assert_eq!(shift(one, "18:00", "09:00", &tokyo), (one.begin, one.end), "not in order");
    }

    #[test]
    fn a_spreadsheet_opens_it_as_text() {
        let text = csv(Wording(Language::Ja), &[], &TimeZone::UTC);
        assert!(text.as_bytes().starts_with(b"\xef\xbb\xbf"), "a byte order mark");
        assert!(text.starts_with("\u{feff}\"担当者\",\"日付\"") && text.ends_with("\r\n"));
        let mut odd = String::new();
        line(&mut odd, ["=1+1".to_owned(), "a \"b\", c".to_owned(), "@x".to_owned()].into_iter());
        assert_eq!(odd, "\"'=1+1\",\"a \"\"b\"\", c\",\"'@x\"\r\n");
    }
}
