//! One call, as it happens: what the caller keys is counted, never shown.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_dialog::{Field, Mode, Phase, Progress};
use paytone_psp::attempt::State as AttemptState;
use serde_json::{Value, json};

use super::field::Fields;
use super::live::{CARD, FieldState, LiveCall};
use super::outcome::told;
use super::page::{self, Page, csrf};
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, format, inner, order};
use crate::operators::Permission;
use crate::store::{CallFilter, CallRecord, CallUlid, OrderUlid};

/// The call a page looks at, if there is one yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched {
    pub(super) call: Option<CallRecord>,
    pub(super) live: LiveCall,
}

impl Watched {
    /// The latest call for this order.
    pub(super) async fn of_order(desk: &Desk, seat: &Seat, order: OrderUlid) -> Self {
        let filter = CallFilter { order: Some(order), ..CallFilter::default() };
        let calls = desk.backend.store.calls(seat.merchant(), filter, 1).await.unwrap_or_default();
        Self::of(desk, calls.into_iter().next())
    }

    fn of(desk: &Desk, call: Option<CallRecord>) -> Self {
        let live = call.as_ref().map(|call| LiveCall::so_far(&desk.backend.bus, call.id)).unwrap_or_default();
        Self { call, live }
    }
}

/// A call: the page of its order, or a page of its own where it has none.
pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Path(id): Path<String>,
) -> Response {
    let Some(call) = find(&desk, &seat, &id).await else { return page::not_found(&desk, &seat).await };
    if let Some(order) = call.order {
        return Redirect::to(&format!("/console/orders/{order}")).into_response();
    }
    let words = seat.words();
    let live = format!("call={}", call.id);
    let watched = Watched::of(&desk, Some(call));
    let body = html! {
        h1 { (words.of("Call without an order yet", "受注が未確定の通話")) }
        p.lead { (words.of("The caller has not keyed a code. The order appears here as soon as there is one.", "お客様がまだコードを入力していません。入力されると受注が表示されます。")) }
        div.live { @for (id, part) in parts(&desk, &seat, &Value::Null, &watched) { div id=(id) { (part) } } }
    };
    page::show(&desk, &seat, Page { title: words.of("Call", "通話"), menu: "board", live, body }).await
}

pub(super) async fn watched_call(desk: &Desk, seat: &Seat, id: &str) -> Watched {
    Watched::of(desk, find(desk, seat, id).await)
}

async fn find(desk: &Desk, seat: &Seat, id: &str) -> Option<CallRecord> {
    CallUlid::parse(id).ok()?;
    desk.backend.store.call(seat.merchant(), id).await.ok().flatten()
}

/// The parts of the panel, each under its id; a part is sent again when it changes.
pub(super) fn parts(
    desk: &Desk,
    seat: &Seat,
    order: &Value,
    watched: &Watched,
) -> Vec<(&'static str, Markup)> {
    let words = seat.words();
    let Some(call) = &watched.call else {
        return vec![
            ("call-phase", waiting(words, order)),
            ("call-fields", html! {}),
            ("call-facts", html! {}),
            ("call-commands", html! {}),
        ];
    };
    let live = &watched.live;
    vec![
        ("call-phase", phase(words, order, call, live)),
        (
            "call-fields",
            if call.ending.is_none() {
                fields(words, live)
            } else {
                html! {}
            },
        ),
        ("call-facts", facts(desk, words, call, live)),
        ("call-commands", commands(desk, seat, call, live)),
    ]
}

fn waiting(words: Wording, order: &Value) -> Markup {
    let text = match order::text(order, "state") {
        "open" => words.of(
            "Waiting for the caller. This panel fills by itself once the call is transferred.",
            "お客様の転送を待っています。転送されるとここに状況が表示されます。",
        ),
        _ => words.of("No call has been made for this order.", "この受注の通話はありません。"),
    };
    html! { section.card.phase { h2 { (words.of("Call", "通話")) } p { (text) } } }
}

fn phase(words: Wording, order: &Value, call: &CallRecord, live: &LiveCall) -> Markup {
    if let Some(ending) = &call.ending {
        let told = told(words, &ending.outcome, ending.detail.as_deref());
        return html! {
            section.card.phase.(told.tone) data-outcome=(ending.outcome) {
                h2 { (told.what) }
                p.say { (told.next) }
                @if order::text(order, "state") == "paid" { p.amount { (order::amount(order)) } }
            }
        };
    }
    if let Some((outcome, detail)) = live.settled {
        let told = told(words, outcome, detail);
        return html! {
            section.card.phase.(told.tone) data-outcome=(outcome) {
                h2 { (told.what) }
                p.say { (told.next) }
                p.hint { (words.of("You are talking with the caller.", "お客様と通話中です。")) }
            }
        };
    }
    let since = live.progress.as_ref().map(|progress| progress.phase_since().as_millis());
    html! {
        section.card.phase.busy data-phase=(live.phase().as_str()) {
            h2 { (phase_words(words, live)) }
            p {
                @if let Some(since) = since { (words.of("For", "経過")) " " time.timer data-since=(since) {} " · " }
                (words.of("on the line for", "通話")) " " time.timer data-since=(call.started_at.as_millis()) {}
            }
            @if live.progress.as_ref().is_some_and(Progress::no_key_heard) {
                p.notice { (words.of("No key has been heard yet: the phone may send no tones. Ask the caller to press one.", "プッシュ音が届いていません。トーンを送れない電話かもしれません。どれか一つ押していただいてください。")) }
            }
            @if live.progress.as_ref().is_some_and(Progress::is_held) { p.notice { (words.of("The caller is on hold.", "保留中です。")) } }
        }
    }
}

fn phase_words(words: Wording, live: &LiveCall) -> &'static str {
    match live.phase() {
        Phase::Ringing => words.of("The call has arrived", "着信しました"),
        Phase::Securing => words.of("Hiding the keys", "入力音を保護しています"),
        Phase::Waiting => words.of("Waiting for you", "操作を待っています"),
        Phase::Collecting => match live.progress.as_ref().and_then(Progress::field) {
            Some(field) => asks(words, field),
            None => words.of("The caller is being guided", "ご案内中です"),
        },
        Phase::LookingUp => words.of("Looking the order up", "受注を確認しています"),
        Phase::Authorizing => words.of(
            "Asking the payment provider. Do not end the call.",
            "決済会社に照会中です。通話を切らないでください。",
        ),
        Phase::Voiding => words.of("Taking the approval back", "承認を取り消しています"),
        Phase::Closing => words.of("Telling the caller how it went", "結果をご案内しています"),
        _ => words.of("Over", "終了しました"),
    }
}

fn asks(words: Wording, field: Field) -> &'static str {
    match field {
        Field::OrderCode => words.of("The caller keys the order code", "受付コードを入力中です"),
        Field::HandOver => words.of("The caller is asked to press 1", "「1」を押していただいています"),
        Field::ConfirmOrder | Field::ConfirmAmount | Field::Amount => {
            words.of("The caller confirms the order", "内容を確認中です")
        }
        Field::Pan => words.of("The caller keys the card number", "カード番号を入力中です"),
        Field::Expiry => words.of("The caller keys the expiry date", "有効期限を入力中です"),
        Field::SecurityCode => {
            words.of("The caller keys the security code", "セキュリティコードを入力中です")
        }
        Field::ConfirmCard => words.of("The caller confirms the card", "カードを確認中です"),
        _ => words.of("The caller answers a question", "質問に回答中です"),
    }
}

pub(super) fn field_name(words: Wording, field: Field) -> &'static str {
    match field {
        Field::Pan => words.of("Card number", "カード番号"),
        Field::Expiry => words.of("Expiry date", "有効期限"),
        Field::SecurityCode => words.of("Security code", "セキュリティコード"),
        Field::OrderCode => words.of("Order code", "受付コード"),
        Field::HandOver => words.of("Hand-over", "引き渡し"),
        Field::ConfirmOrder | Field::ConfirmAmount => words.of("Confirmation", "内容確認"),
        Field::Amount => words.of("Amount", "金額"),
        Field::Method | Field::Instalments => words.of("How to pay", "支払い方法"),
        Field::Postcode => words.of("Postcode", "郵便番号"),
        Field::Consent => words.of("Consent", "同意"),
        Field::ConfirmCard => words.of("Card confirmation", "カード確認"),
        _ => words.of("Question", "質問"),
    }
}

/// Count-only progress: how many keys, never which.
fn fields(words: Wording, live: &LiveCall) -> Markup {
    html! {
        section.card.fields aria-live="off" {
            @for field in CARD {
                @let keyed = live.field(field);
                @let state = match keyed.state { FieldState::Waiting => "waiting", FieldState::Open => "open", FieldState::Done => "done" };
                div.field.(state) data-field=(field.as_str()) data-state=(state) {
                    span.name { (field_name(words, field)) }
                    span.dots aria-hidden="true" { @for _ in 0..keyed.digits.min(19) { i {} } }
                    span.count {
                        @match keyed.state {
                            FieldState::Waiting => { (words.of("waiting", "待機中")) }
                            FieldState::Open if field == Field::SecurityCode => { (words.of("being keyed", "入力中")) }
                            FieldState::Open => { (keyed.digits) " " (words.of("keyed", "桁")) }
                            FieldState::Done => { "✓ " (words.of("there", "入力済み")) }
                        }
                        @if keyed.tries > 1 { " · " (words.of("try", "試行")) " " (keyed.tries) }
                    }
                }
            }
        }
    }
}

fn facts(desk: &Desk, words: Wording, call: &CallRecord, live: &LiveCall) -> Markup {
    let progress = live.progress.as_ref();
    let asked = progress.map_or(0, Progress::authorizations);
    html! {
        section.card.facts-card {
            dl.facts {
                @if let (Some(brand), Some(masked)) = (call.brand, &call.last_four) {
                    dt { (words.of("Card", "カード")) } dd #card { (brand.name()) " ···· " (masked.last_four()) }
                } @else if let Some(brand) = progress.and_then(Progress::brand) {
                    dt { (words.of("Card", "カード")) } dd { (brand.name()) }
                }
                @if asked > 0 { dt { (words.of("Provider asked", "決済会社への照会")) } dd { (asked) (words.of(" times", "回")) } }
                @if let Some(attempt) = live.attempt { dt { (words.of("Payment", "決済")) } dd { (attempt_words(words, attempt)) } }
                dt { (words.of("Keys", "入力音の保護")) } dd { (masking(words, call, live)) }
                dt { (words.of("Recorder", "録音")) } dd { (words.of("unverified: this line has no hook to a recorder of yours", "未確認（お客様側の録音装置との連携なし）")) }
                dt { (words.of("Set-up", "接続形態")) } dd { (topology(words, stays(desk, call))) }
                dt { (words.of("Line", "回線")) } dd { (call.line) }
                @if let Some(caller) = &call.caller { dt { (words.of("Caller", "発信者")) } dd.break { (caller) } }
                dt { (words.of("Began", "開始")) } dd { (format::clock_time(call.started_at, &desk.time_zone)) }
                @if let Some(ending) = &call.ending { dt { (words.of("Took", "時間")) } dd { (format::length(ending.at.saturating_sub(call.started_at))) } }
                @if let Some(operator) = &call.operator { dt { (words.of("Run by", "操作担当")) } dd { (operator) } }
                @for alarm in &live.alarms { dt { (words.of("Alarm", "警告")) } dd.alarm { (alarm) } }
            }
        }
    }
}

/// Whether the operator of the call's line stays on it.
fn stays(desk: &Desk, call: &CallRecord) -> bool {
    let line = desk.lines.iter().find(|line| line.name == call.line.as_str());
    line.and_then(|line| line.operator.as_ref()).is_some_and(|operator| operator.stays)
}

/// Who carries the tones, and what can be promised.
const fn topology(words: Wording, stays: bool) -> &'static str {
    match stays {
        true => words.of(
            "you stay on the line: the caller's keys are masked towards you and your recorder from answer to hang-up",
            "通話継続: 応答から終話まで、お客様のプッシュ音はオペレーターと録音に届きません",
        ),
        false => words.of(
            "transfer: you are out of the call, and card prompts come only here",
            "転送: オペレーターは通話から外れ、カード入力は決済回線だけで行われます",
        ),
    }
}

fn masking(words: Wording, call: &CallRecord, live: &LiveCall) -> &'static str {
    if call.ending.is_some() {
        return words.of("the call is over", "通話終了");
    }
    match live.is_secured() {
        true => words.of("hidden: they reach nobody but the payment", "保護中: 決済以外には届きません"),
        false => words.of("not needed yet", "まだ必要ありません"),
    }
}

pub(super) fn attempt_words(words: Wording, state: AttemptState) -> &'static str {
    match state {
        AttemptState::Intent | AttemptState::Sending => words.of("being sent", "送信中"),
        AttemptState::Approved => words.of("approved, reserved", "承認（与信）"),
        AttemptState::Captured => words.of("approved, taken", "承認（売上）"),
        AttemptState::Declined => words.of("declined", "否決"),
        AttemptState::InDoubt => words.of("no answer: being looked up", "回答なし（照会中）"),
        AttemptState::NeedsPerson => words.of("needs a person", "要確認"),
        AttemptState::Capturing => words.of("being taken", "売上処理中"),
        AttemptState::Voiding => words.of("being let go of", "取消処理中"),
        AttemptState::Voided => words.of("let go of", "取消済み"),
        AttemptState::Refunding => words.of("being given back", "返金処理中"),
        AttemptState::Refunded => words.of("given back", "返金済み"),
        AttemptState::NotCharged | AttemptState::Abandoned => words.of("not charged", "請求なし"),
        _ => words.of("under way", "処理中"),
    }
}

fn commands(desk: &Desk, seat: &Seat, call: &CallRecord, live: &LiveCall) -> Markup {
    let words = seat.words();
    if call.ending.is_some() || !seat.may(Permission::RunCalls) {
        return html! {};
    }
    let directed = live.progress.as_ref().is_some_and(|progress| progress.mode() == Mode::Directed);
    let slow = live.progress.as_ref().is_some_and(Progress::is_slow);
    let others = call.operator.as_ref().is_some_and(|operator| *operator != seat.operator.login);
    let one = |command: &'static str, field: &'static str, label: &'static str| {
        html! { button name="do" value={ (command) ":" (field) } id={ "do-" (command) (field) } { (label) } }
    };
    html! {
        section.card.commands {
            h2 { (words.of("What you can do", "操作")) }
            form method="post" action={ "/console/calls/" (call.id) "/command" } data-quiet="1" {
                (csrf(seat))
                input type="hidden" name="version" value=(call.version);
                @if others { label.check { input type="checkbox" name="take_over" value="1"; (words.of("Take over from ", "引き継ぐ: ")) @if let Some(operator) = &call.operator { (operator) } } }
                @if live.refused { p.notice { (words.of("The call could not do that now.", "いまはその操作を行えません。")) } }
                div.buttons {
                    @if stays(desk, call) { (one("take_payment", "", words.of("Take the payment", "決済を始める"))) }
                    (one("repeat", "", words.of("Say it again", "もう一度案内")))
                    @if slow { (one("usual_mode", "", words.of("Usual keys", "通常の入力"))) }
                    @else { (one("slow_mode", "", words.of("Slow keys", "ゆっくり入力"))) }
                    (one("hand_over", "", words.of("I have left the conference", "会議通話から抜けました")))
                    @if directed {
                        (one("capture", "pan", words.of("Ask for the number", "カード番号を聞く")))
                        (one("capture", "expiry", words.of("Ask for the expiry date", "有効期限を聞く")))
                        (one("capture", "security_code", words.of("Ask for the code", "セキュリティコードを聞く")))
                        (one("submit", "", words.of("Pay now", "決済する")))
                        (one("automatic", "", words.of("Let it run by itself", "自動案内に戻す")))
                    } @else {
                        (one("directed", "", words.of("I lead, field by field", "項目ごとに操作する")))
                    }
                    (one("take_back", "", words.of("Back to me", "オペレーターに戻す")))
                    (one("cancel", "", words.of("End it", "中止する")))
                }
                p.answer role="status" aria-live="polite" {}
            }
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
