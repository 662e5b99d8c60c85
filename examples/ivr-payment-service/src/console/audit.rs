//! Who did what, as the chain has it.

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use maud::html;
use serde::Deserialize;

use super::page::{self, Page};
use super::seat::Seat;
use super::{Desk, format};

const PAGE: u32 = 100;

/// From where, and whether to go through the chain.
#[derive(Debug, Default, Deserialize)]
pub(super) struct From {
    before: Option<u64>,
    #[serde(default)]
    check: String,
}

/// The entries before a number, newest first; the newest of all without one.
pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Query(from): Query<From>,
) -> Response {
    let (words, store, merchant) = (seat.words(), &desk.backend.store, seat.merchant());
    let Ok(head) = store.audit_head(merchant).await else { return page::database_down(&desk) };
    let before = from.before.unwrap_or(u64::MAX).min(head.number.saturating_add(1));
    let after = before.saturating_sub(u64::from(PAGE) + 1);
    let Ok(mut entries) = store.audit_entries(merchant, after, PAGE).await else {
        return page::database_down(&desk);
    };
    entries.retain(|record| record.number < before);
    entries.reverse();
    let checked = match from.check.as_str() {
        "1" => store.verify_audit(merchant, None).await.ok(),
        _ => None,
    };
    let body = html! {
        h1 { (words.of("Audit", "監査記録")) }
        form method="get" { input type="hidden" name="check" value="1"; button { (words.of("Go through the whole chain", "記録の連鎖を検証")) } }
        @match checked {
            Some(Ok(head)) => p.notice.good { (head.number) " " (words.of("entries, every one as it was written.", "件すべて、記録時のままです。")) },
            Some(Err(broken)) => p.error role="alert" { (words.of("The chain is broken: ", "記録が改変されています: ")) (broken) },
            None => {}
        }
        table {
            thead { tr { th { "#" } th { (words.of("When", "日時")) } th { (words.of("Who", "誰が")) } th { (words.of("What", "何を")) } th { (words.of("Done", "結果")) } th { (words.of("From", "接続元")) } th { (words.of("To what", "対象")) } th { (words.of("More", "詳細")) } } }
            tbody { @for record in &entries {
                tr { td { (record.number) } td { (format::date_time(record.at, &desk.time_zone)) } td { (record.entry.actor) } td { (record.entry.action) }
                    td { @if record.entry.success { "✓" } @else { span.alarm { (words.of("refused", "拒否")) } } }
                    td { (record.entry.origin) } td.break { (record.entry.object) } td.break { (record.entry.detail) } }
            } }
        }
        @if after > 0 { p { a href={ "/console/audit?before=" (after + 1) } { (words.of("Older", "さらに前")) } } }
    };
    let title = words.of("Audit", "監査記録");
    page::show(&desk, &seat, Page { title, menu: "audit", live: String::new(), body }).await
}
