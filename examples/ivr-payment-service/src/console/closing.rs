//! The closing of a day or a shift: every payment by operator, as CSV that opens in a Japanese Excel.

use core::fmt::Write as _;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use paytone_psp::Money;
use serde::Deserialize;

use super::reports::span;
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
    /// One operator's alone.
    #[serde(default)]
    operator: String,
    #[serde(default)]
    training: String,
}

pub(super) async fn download(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Query(which): Query<Which>,
) -> Response {
    let span = span(&which.from, &which.to, desk.backend.clock.now(), &desk.time_zone);
    let Ok(mut payments) = desk.backend.store.payment_report(seat.merchant(), span.begin, span.end).await
    else {
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

/// With a byte order mark, without which Excel takes UTF-8 for something else; lines end as RFC 4180 has them.
fn csv(words: Wording, payments: &[PaymentReport], zone: &jiff::tz::TimeZone) -> String {
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
        line(&mut text, cells(payment, zone));
    }
    text
}

fn cells(payment: &PaymentReport, zone: &jiff::tz::TimeZone) -> impl Iterator<Item = String> {
    let plain =
        |money: Money| money.to_string().split_once(' ').map_or_else(String::new, |(_, n)| n.to_owned());
    let refunded = Money::new(payment.refunded, payment.money.currency());
    [
        payment.operator.as_ref().map_or_else(String::new, ToString::to_string),
        format::day(payment.at, zone),
        format::clock_time(payment.at, zone),
        payment.order_id.clone(),
        payment.customer_number.clone().unwrap_or_default(),
        payment.state.clone(),
        payment.money.currency().code().to_owned(),
        plain(payment.money),
        plain(refunded),
        payment.brand.clone(),
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
    fn a_spreadsheet_opens_it_as_text() {
        let text = csv(Wording(Language::Ja), &[], &jiff::tz::TimeZone::UTC);
        assert!(text.as_bytes().starts_with(b"\xef\xbb\xbf"), "a byte order mark");
        assert!(text.starts_with("\u{feff}\"担当者\",\"日付\"") && text.ends_with("\r\n"));
        let mut odd = String::new();
        line(&mut odd, ["=1+1".to_owned(), "a \"b\", c".to_owned(), "@x".to_owned()].into_iter());
        assert_eq!(odd, "\"'=1+1\",\"a \"\"b\"\", c\",\"'@x\"\r\n");
    }
}
