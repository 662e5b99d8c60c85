//! Who did what, as the chain has it.

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use maud::html;
use serde::Deserialize;

use super::page::{self, Page};
use super::seat::Seat;
use super::wording::Wording;
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
    // Entries that were kept long enough are gone: those after the cut are counted.
    let Ok(cut) = store.audit_cut(merchant).await else { return page::database_down(&desk) };
    let gone = cut.map_or(0, |cut| cut.number);
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
            Some(Ok(head)) => p.notice.good {
                (head.number.saturating_sub(gone)) (words.of(" entries, every one as it was written.", "件すべて、記録時のままです。"))
                @if gone > 0 { " " (words.of("Older ones were cut off after their time, up to number ", "保存期間を過ぎた記録は削除済みです。削除された最後の番号: ")) (gone) (words.of(".", "")) }
            },
            Some(Err(broken)) => p.error role="alert" { (words.of("The chain is broken: ", "記録が改変されています: ")) (broken) },
            None => {}
        }
        table {
            thead { tr { th { "#" } th { (words.of("When", "日時")) } th { (words.of("Who", "誰が")) } th { (words.of("What", "何を")) } th { (words.of("Done", "結果")) } th { (words.of("From", "接続元")) } th { (words.of("To what", "対象")) } th { (words.of("More", "詳細")) } } }
            tbody { @for record in &entries {
                tr { td { (record.number) } td { (format::date_time(record.at, &desk.time_zone)) } td { (record.entry.actor) } td { (action_words(words, record.entry.action.as_str())) }
                    td.tight { @if record.entry.success { "✓" } @else { span.alarm { (words.of("refused", "拒否")) } } }
                    td { (record.entry.origin) } td.break { (record.entry.object) } td.break { (record.entry.detail) } }
            } }
        }
        @if after > gone { p { a href={ "/console/audit?before=" (after + 1) } { (words.of("Older", "さらに前")) } } }
    };
    let title = words.of("Audit", "監査記録");
    page::show(&desk, &seat, Page { title, menu: "audit", live: String::new(), body }).await
}

/// What was done, in words; as it stands in the chain where there are none.
fn action_words(words: Wording, action: &str) -> &str {
    match action {
        "sign in" => words.of("sign in", "サインイン"),
        "sign out" => words.of("sign out", "サインアウト"),
        "lock out" => words.of("name locked", "ロック"),
        "change password" => words.of("change password", "パスワード変更"),
        "make operator" => words.of("make operator", "担当者の追加"),
        "give password" => words.of("give a new password", "パスワード再発行"),
        "close operator" => words.of("close operator", "担当者の停止"),
        "take authenticator off" => words.of("take authenticator off", "認証アプリの解除"),
        "cut audit" => words.of("cut the audit off", "監査記録の期限削除"),
        "POST /v1/orders" => words.of("make order", "受注の作成"),
        "PATCH /v1/orders/{id}" => words.of("change order", "受注の変更"),
        "POST /v1/orders/{id}/cancel" => words.of("cancel order", "受注の取消"),
        "POST /v1/orders/{id}/capture" => words.of("take the money", "売上の確定"),
        "POST /v1/orders/{id}/void" => words.of("let a reservation go", "与信の取消"),
        "POST /v1/orders/{id}/refund" => words.of("refund", "返金"),
        "POST /v1/orders/{id}/charge" => words.of("charge a stored card", "登録カードへの請求"),
        "POST /v1/calls/{id}/commands" => words.of("command a call", "通話の操作"),
        "POST /v1/attempts/{reference}/lookup" => words.of("ask the provider again", "決済の再照会"),
        "POST /v1/attempts/{reference}/settle" => words.of("settle by hand", "決済の手動確定"),
        matched if matched.starts_with("match order") => words.of("call finds its order", "通話と受注の照合"),
        other => other,
    }
}
