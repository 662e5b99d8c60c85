//! Where the caller of an order is transferred to.

use maud::{Markup, html};
use serde_json::Value;

use super::order::{is_open, text};
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, format};
use crate::config::{LineKind, UserPattern};

/// The code and where to transfer to, large, ready to copy.
pub(super) fn hand_over(desk: &Desk, seat: &Seat, order: &Value) -> Markup {
    let words = seat.words();
    let code = text(order, "code");
    let uris = order.get("sip_uris").and_then(Value::as_array).cloned().unwrap_or_default();
    let first = uris.first().and_then(Value::as_str).unwrap_or_default();
    let payment_lines =
        if seat.merchant() == desk.backend.merchant { keyed_on(desk, first) } else { Vec::new() };
    let bare = format!("sip:{code}@");
    let is_number = uris.iter().filter_map(Value::as_str).any(|uri| uri.starts_with(&bare));
    html! {
        section.card.handover #handover hidden[!is_open(order)] {
            h2 { (words.of("Transfer the caller to", "お客様の電話の転送先")) }
            @if !first.is_empty() {
                p.what { (words.of("This order's own address", "この受注専用のアドレス")) }
                p.uri { code { (first) } (copy(words, first)) }
            }
            @if is_number { p.what { (words.of("or, on a telephone, this number", "または電話機からこの番号（受付コード）")) } }
            @else { p.what { (words.of("Order code", "受付コード")) } }
            p.big { code #code { (format::code(code)) } (copy(words, code)) }
            @if !payment_lines.is_empty() {
                p.hint #payment-line { (words.of("Or transfer to the payment line and have the caller key this number there: ", "または決済回線へ転送し、この番号をお客様に入力していただきます: "))
                    @for (index, line) in payment_lines.iter().enumerate() { @if index > 0 { (words.of(" or ", "、")) } code { (line) } } }
            }
            p.hint { (words.of("After the transfer you may hang up, or wait. This page shows how it goes on.",
                "転送後は切ってもお待ちいただいても構いません。状況はこのページに表示されます。")) }
        }
    }
}

fn copy(words: Wording, what: &str) -> Markup {
    html! { button.copy type="button" data-copy=(what) { (words.of("Copy", "コピー")) } }
}

/// Where callers key a code themselves, on the host of the order's own address.
fn keyed_on(desk: &Desk, address: &str) -> Vec<String> {
    let Some((_, host)) = address.rsplit_once('@') else { return Vec::new() };
    let lines = desk.lines.iter().filter(|line| line.kind == LineKind::Order && line.merchant.is_none());
    let users = lines.filter_map(|line| {
        line.users.iter().find_map(|user| match user {
            UserPattern::Literal(user) => Some(user),
            UserPattern::Code { .. } => None,
        })
    });
    users.map(|user| format!("sip:{user}@{host}")).collect()
}
