//! How calls went: outcomes, where callers gave up, how often a card was tried, how long it took.

use core::time::Duration;
use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use maud::{Markup, html};
use paytone_dialog::Field;
use serde::Deserialize;

use super::chart::{Bar, bars};
use super::outcome::told;
use super::page::{self, Page};
use super::progress::field_name;
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, closing, format};
use crate::store::{CallReport, PaymentReport};

/// Which days.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Days {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    /// Training payments, too.
    #[serde(default)]
    training: String,
}

/// Days in the merchant's time zone, as times since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Date,
    pub(super) to: Date,
    pub(super) begin: Duration,
    pub(super) end: Duration,
}

/// The days asked for; today where none is. At most a year.
pub(super) fn span(from: &str, to: &str, now: Duration, zone: &TimeZone) -> Span {
    let today = format::zoned(now, zone).date();
    let last: Date = to.parse().unwrap_or(today);
    let first: Date = from.parse::<Date>().unwrap_or(last).min(last);
    let year_before = last.checked_sub(jiff::Span::new().days(366)).unwrap_or(last);
    let first = first.max(year_before);
    let begin = beginning(first, zone);
    let end = beginning(last.tomorrow().unwrap_or(last), zone);
    Span { from: first, to: last, begin, end }
}

fn beginning(day: Date, zone: &TimeZone) -> Duration {
    time_at(day.at(0, 0, 0, 0), zone)
}

/// A time of a day there, since the Unix epoch.
pub(super) fn time_at(at: DateTime, zone: &TimeZone) -> Duration {
    let zoned = zone.to_ambiguous_zoned(at).compatible();
    let millis = zoned.map_or(0, |zoned| zoned.timestamp().as_millisecond());
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Query(days): Query<Days>,
) -> Response {
    let words = seat.words();
    let span = span(&days.from, &days.to, desk.backend.clock.now(), &desk.time_zone);
    let store = &desk.backend.store;
    let (Ok(mut calls), Ok(mut payments)) = (
        store.call_report(seat.merchant(), span.begin, span.end).await,
        store.payment_report(seat.merchant(), span.begin, span.end).await,
    ) else {
        return page::database_down(&desk);
    };
    let with_training = days.training == "1";
    // A call nothing was paid in is training where everything is.
    let all_training = desk.backend.payments.is_test(seat.merchant());
    calls.iter_mut().for_each(|call| call.test |= all_training && call.attempts == 0);
    let training_calls = calls.iter().filter(|call| call.test).count();
    if !with_training {
        calls.retain(|call| !call.test);
        payments.retain(|payment| !payment.test);
    }
    let title = words.of("Reports", "集計");
    let body = html! {
        h1 { (title) }
        (form(words, span, with_training))
        @if !with_training && training_calls > 0 { p.hint #left-out { (training_calls) (words.of(" training calls are left out. Tick “Include training” to see them.", "件の練習通話を除いています。表示するには「練習も含める」を選んでください。")) } }
        (figures(words, &calls, &payments))
        div.columns {
            @let none = words.of("Nothing on these days.", "この期間のデータはありません。");
            (bars(words.of("How calls ended", "通話の結果"), none, &outcomes(words, &calls)))
            (bars(words.of("Where callers gave up", "離脱した項目"), none, &drop_off(words, &calls)))
            (bars(words.of("Tries at the provider per call", "通話ごとの決済試行回数"), none, &tries(words, &calls)))
            (bars(words.of("How long paid calls took (minutes)", "支払い完了までの時間（分:秒）"), none, &durations(&calls)))
        }
        (closing::section(&desk, &seat, span, with_training, &payments).await)
    };
    page::show(&desk, &seat, Page { title, menu: "reports", live: String::new(), body }).await
}

fn form(words: Wording, span: Span, training: bool) -> Markup {
    let (from, to) = (span.from.to_string(), span.to.to_string());
    html! {
        form.row.search method="get" action="/console/reports" {
            label { (words.of("From", "開始日")) input type="date" name="from" value=(from); }
            label { (words.of("To", "終了日")) input type="date" name="to" value=(to); }
            label.check { input type="checkbox" name="training" value="1" checked[training]; (words.of("Include training", "練習も含める")) }
            button { (words.of("Show", "表示")) }
        }
    }
}

fn figures(words: Wording, calls: &[CallReport], payments: &[PaymentReport]) -> Markup {
    let paid = payments.iter().filter(|payment| payment.paid).count();
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for payment in payments.iter().filter(|payment| payment.paid) {
        let sum = sums.entry(payment.money.currency().code().to_owned()).or_default();
        *sum = sum.saturating_add(payment.money.minor().saturating_sub(payment.refunded));
    }
    html! {
        dl.figures {
            div { dt { (words.of("Calls", "通話")) } dd { (calls.len()) } }
            div { dt { (words.of("Payments", "決済")) } dd { (paid) } }
            @for (currency, minor) in sums {
                @if let Ok(currency) = paytone_psp::Currency::parse(&currency) {
                    div { dt { (words.of("Taken, refunds off", "売上（返金控除後）")) } dd { (format::money(words, paytone_psp::Money::new(minor, currency))) } }
                }
            }
        }
    }
}

fn outcomes(words: Wording, calls: &[CallReport]) -> Vec<Bar> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for call in calls {
        *counts.entry(&call.outcome).or_default() += 1;
    }
    let bar = |(outcome, count): (&str, u64)| {
        let told = told(words, outcome, None);
        Bar { label: told.what.trim_end_matches(['.', '。']).to_owned(), count, tone: told.tone }
    };
    let mut bars: Vec<_> = counts.into_iter().map(bar).collect();
    bars.sort_by_key(|bar| core::cmp::Reverse(bar.count));
    bars
}

/// The outcomes of calls whose caller could have paid and did not.
const GAVE_UP: [&str; 7] = [
    "caller_hung_up",
    "too_many_attempts",
    "no_input",
    "no_key_heard",
    "operator_requested",
    "cancelled_by_caller",
    "session_expired",
];

/// By the field the caller was asked for last; by the phase of the call where there was none.
fn drop_off(words: Wording, calls: &[CallReport]) -> Vec<Bar> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for call in calls {
        if GAVE_UP.contains(&call.outcome.as_str()) {
            let place = call.left_at.as_deref().or(call.detail.as_deref()).unwrap_or("unknown");
            *counts.entry(place_name(words, place).to_owned()).or_default() += 1;
        }
    }
    let mut bars: Vec<_> =
        counts.into_iter().map(|(label, count)| Bar { label, count, tone: "open" }).collect();
    bars.sort_by_key(|bar| core::cmp::Reverse(bar.count));
    bars
}

fn place_name(words: Wording, place: &str) -> &'static str {
    match place {
        "ringing" | "securing" => words.of("Before the first prompt", "案内前"),
        "collecting" => words.of("While keying", "入力中"),
        "authorizing" | "voiding" | "closing" => words.of("While paying", "決済中"),
        field => match Field::named(field) {
            Some(field) => field_name(words, field),
            None => words.of("Elsewhere", "その他"),
        },
    }
}

fn tries(words: Wording, calls: &[CallReport]) -> Vec<Bar> {
    let mut counts = BTreeMap::new();
    for call in calls.iter().filter(|call| call.attempts > 0) {
        *counts.entry(call.attempts).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(tries, count)| Bar {
            label: format!(
                "{tries}{}",
                if tries == 1 { words.of(" try", "回") } else { words.of(" tries", "回") }
            ),
            count,
            tone: "good",
        })
        .collect()
}

fn durations(calls: &[CallReport]) -> Vec<Bar> {
    let limits = [
        (30, "0:00 – 0:29"),
        (60, "0:30 – 0:59"),
        (90, "1:00 – 1:29"),
        (120, "1:30 – 1:59"),
        (180, "2:00 – 2:59"),
        (u64::MAX, "3:00 –"),
    ];
    let mut counts = [0; 6];
    for call in calls.iter().filter(|call| call.outcome == "approved") {
        let place =
            limits.iter().position(|(limit, _)| call.length.as_secs() < *limit).unwrap_or(limits.len() - 1);
        counts[place] += 1;
    }
    let bar =
        |((_, label), count): (&(u64, &str), u64)| Bar { label: (*label).to_owned(), count, tone: "good" };
    limits.iter().zip(counts).map(bar).filter(|bar| bar.count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_ends_where_the_merchant_is() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let now = Duration::from_secs(1_795_359_600);
        let today = span("", "", now, &tokyo);
        assert_eq!(today.from.to_string(), "2026-11-23");
        assert_eq!((today.begin, today.end), (now, now + Duration::from_secs(86_400)));
        let turned = span("2026-12-01", "2026-11-20", now, &tokyo);
        assert_eq!(turned.from, turned.to);
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let short = span("2026-03-29", "2026-03-29", now, &berlin);
        assert_eq!(short.end - short.begin, Duration::from_secs(23 * 3600));
    }
}
