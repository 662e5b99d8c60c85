//! What an operator can have a call do: what makes sense now, the next step first.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_dialog::{Field, HandOver, Mode, Progress, SecureState};
use serde_json::json;

use super::call::{find, line, stays, talks};
use super::field::Fields;
use super::live::{CARD, LiveCall};
use super::page::{self, csrf};
use super::progress::field_name;
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, inner, order};
use crate::operators::Permission;
use crate::store::CallRecord;

/// The buttons under a call.
pub(super) fn commands(desk: &Desk, seat: &Seat, call: &CallRecord, live: &LiveCall) -> Markup {
    let words = seat.words();
    let paid =
        live.settled.is_some_and(|(outcome, _)| matches!(outcome, "approved" | "registered" | "checked"));
    if call.ending.is_some() || paid || !seat.may(Permission::RunCalls) {
        return html! {};
    }
    let others = call.operator.as_ref().filter(|operator| **operator != seat.operator.login);
    html! {
        section.card.commands {
            h2 { (words.of("What you can do", "操作")) }
            form method="post" action={ "/console/calls/" (call.id) "/command" } data-quiet="1" {
                (csrf(seat))
                input type="hidden" name="version" value=(call.version);
                @if let Some(operator) = others {
                    p.notice { (words.of("Run by ", "操作担当: ")) strong { (operator) } }
                    label.check { input type="checkbox" name="take_over" value="1"; (words.of("Take the call over", "この通話を引き継ぐ")) }
                }
                @if live.refused { p.notice { (words.of("The call could not do that now.", "いまはその操作を行えません。")) } }
                @if talks(desk, call, live) { (to_begin(words)) }
                @else { (under_way(desk, words, call, live)) }
                p.answer role="status" aria-live="polite" {}
            }
        }
    }
}

fn one(command: &'static str, class: &'static str, label: &'static str) -> Markup {
    html! { button.(class) name="do" value=(command) id={ "do-" (command) } { (label) } }
}

fn of_field(command: &'static str, class: &'static str, field: Field, label: &str) -> Markup {
    html! { button.(class) name="do" value={ (command) ":" (field) } id={ "do-" (command) "-" (field) } { (label) } }
}

/// They talk: a payment can begin.
fn to_begin(words: Wording) -> Markup {
    html! { div.buttons { (one("take_payment", "primary", words.of("Take the payment", "決済を始める"))) } }
}

fn under_way(desk: &Desk, words: Wording, call: &CallRecord, live: &LiveCall) -> Markup {
    let progress = live.progress.as_ref();
    let directed = progress.is_some_and(|progress| progress.mode() == Mode::Directed);
    let slow = progress.is_some_and(Progress::is_slow);
    let asks = progress.and_then(Progress::field);
    let both = line(desk, call).is_some_and(|line| line.dialog.hand_over == HandOver::CallerAndOperator);
    html! {
        @if both && asks == Some(Field::HandOver) {
            p { (words.of("No card is asked for while you could hear the keys. Leave the three-way call, then confirm; the caller presses 1.", "オペレーターに入力音が聞こえる間はカード入力を行いません。三者通話から抜けてから確認ボタンを押してください。お客様には「1」を押していただきます。")) }
            div.buttons { (one("hand_over", "primary", words.of("I have left the conference", "三者通話から抜けました"))) }
        }
        @if directed { @if let Some(progress) = progress { (step_by_step(desk, words, call, progress)) } }
        div.buttons.more {
            @if asks.is_some() {
                (one("repeat", "", words.of("Say it again", "もう一度案内")))
                @if slow { (one("usual_mode", "", words.of("Usual keys", "通常の入力"))) }
                @else { (one("slow_mode", "", words.of("Slow keys", "ゆっくり入力"))) }
            }
            @if directed { (one("automatic", "", words.of("Let it run by itself", "自動案内に戻す"))) }
            @else { (one("directed", "", words.of("I lead, field by field", "項目ごとに操作する"))) }
            (one("take_back", "", words.of("Back to me", "オペレーターに戻す")))
            (one("cancel", "danger", words.of("End the payment", "決済を中止する")))
        }
        details.help #what-buttons-do {
            summary { (words.of("What the buttons do", "ボタンの説明")) }
            dl.facts {
                dt { (words.of("Say it again", "もう一度案内")) } dd { (words.of("The caller hears the last question again.", "直前の案内をお客様にもう一度流します。")) }
                dt { (words.of("Slow keys", "ゆっくり入力")) } dd { (words.of("More time for every key, and shorter questions.", "1桁ごとの待ち時間を長くします。")) }
                dt { (words.of("I lead", "項目ごとに操作")) } dd { (words.of("You say which field comes next, and when to pay.", "どの項目を入力していただくか、いつ決済するかをあなたが決めます。")) }
                dt { (words.of("Back to me", "戻す")) } dd { (words.of("Stops, and the caller comes back to you. The order stays open.", "入力をやめ、お客様の電話があなたに戻ります。受注は未払いのままです。")) }
                dt { (words.of("End", "中止")) } dd { (words.of("Ends the payment. Nothing is charged; the same code works again.", "決済を中止します。請求はされず、同じコードが使えます。")) }
            }
        }
    }
}

/// The operator leads: the next field stands out, those that are there can be asked for again, and in between they talk.
fn step_by_step(desk: &Desk, words: Wording, call: &CallRecord, progress: &Progress) -> Markup {
    let missing = progress.missing();
    let others = missing.iter().filter(|field| !field.is_question() && !CARD.contains(field));
    let fields: Vec<Field> = others.chain(CARD).collect();
    let next = fields.iter().copied().find(|field| missing.contains(*field));
    let secured = progress.secure() == SecureState::Secured;
    html! {
        div.one-by-one {
            @for field in fields {
                div.step {
                    span.name { (field_name(words, field)) }
                    @if progress.field() == Some(field) {
                        (of_field("capture", "small", field, words.of("Start it again", "最初から")))
                        (of_field("clear", "small", field, words.of("Stop asking", "入力を止める")))
                    } @else if missing.contains(field) {
                        (of_field("capture", if next == Some(field) { "primary small" } else { "small" }, field, words.of("Ask for it", "入力を案内")))
                    } @else {
                        (of_field("capture", "small", field, words.of("Ask again", "入力し直し")))
                    }
                }
            }
        }
        div.buttons {
            @let complete = missing.is_empty();
            button.(if complete { "primary" } else { "" }) name="do" value="submit" id="do-submit" disabled[!complete] { (words.of("Pay now", "決済する")) }
            @if stays(desk, call) {
                button name="do" value="talk" id="do-talk" disabled[!secured] { (words.of("Talk with the caller", "お客様と話す")) }
            }
        }
        @if stays(desk, call) && secured {
            p.hint { (words.of("While keys are hidden the caller does not hear you. “Talk” lets you speak; the next field hides the keys again.", "入力音の保護中は会話ができません。「お客様と話す」で会話に戻り、次の項目で再び保護されます。")) }
        }
    }
}

/// A command of an operator's. Sent by the script the answer is a line of words; otherwise the page again.
pub(super) async fn command(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let words = seat.words();
    let Some(call) = find(&desk, &seat, &id).await else { return page::not_found(&desk, &seat).await };
    let (command, field) = fields.text("do").split_once(':').unwrap_or((fields.text("do"), ""));
    let mut body = json!({
        "command": command,
        "version": fields.number("version").unwrap_or_default(),
        "take_over": fields.text("take_over") == "1",
    });
    if !field.is_empty() {
        body["field"] = json!(field);
    }
    let path = format!("/v1/calls/{}/commands", call.id);
    let done = inner::ask(&desk, &seat, Method::POST, &path, None, Some(&body)).await;
    let (status, said) = match &done {
        Ok(_) => (StatusCode::OK, words.of("Done.", "実行しました。")),
        Err(refusal) => (refusal.status, refusal.words(words)),
    };
    if fields.text("quiet") == "1" {
        return (status, said).into_response();
    }
    match call.order {
        Some(order) if done.is_ok() => Redirect::to(&format!("/console/orders/{order}")).into_response(),
        Some(order) => order::shown(&desk, &seat, order.as_str(), status, Some(said)).await,
        None => Redirect::to(&format!("/console/calls/{}", call.id)).into_response(),
    }
}
