//! One call, as it happens: what the caller keys is counted, never shown.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use paytone_dialog::{Field, HandOver, Phase, Progress};
use paytone_psp::attempt::State as AttemptState;
use serde_json::Value;

use super::live::{CARD, FieldState, LiveCall};
use super::outcome::told;
use super::page::{self, Page};
use super::progress::{alarm_words, field_name, phase_words};
use super::seat::Seat;
use super::wording::Wording;
use super::{Desk, command, format, order};
use crate::config::LineConfig;
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

pub(super) async fn find(desk: &Desk, seat: &Seat, id: &str) -> Option<CallRecord> {
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
            ("call-commands", html! {}),
            ("call-facts", html! {}),
        ];
    };
    let live = &watched.live;
    vec![
        ("call-phase", phase(desk, words, order, call, live)),
        (
            "call-fields",
            if call.ending.is_none() {
                fields(words, live)
            } else {
                html! {}
            },
        ),
        ("call-commands", command::commands(desk, seat, call, live)),
        ("call-facts", facts(desk, words, call, live)),
    ]
}

fn waiting(words: Wording, order: &Value) -> Markup {
    if order::text(order, "state") != "open" {
        let text = words.of("No call has been made for this order.", "この受注の通話はありません。");
        return html! { section.card.phase { h2 { (words.of("Call", "通話")) } p { (text) } } };
    }
    html! {
        section.card.phase.wait {
            h2 { (words.of("Waiting for the caller", "お客様の転送を待っています")) }
            ol.guide {
                li { (words.of("Say: “You will now hear a voice. Key in your card number, expiry date and security code; I cannot see or hear them. Then you come back to me.”",
                    "「これから音声が流れます。カード番号、有効期限、セキュリティコードをボタンで入力してください。私には見えず、聞こえません。終わりましたらまた私につながります。」とお伝えください。")) }
                li { (words.of("Transfer the call to the address or the code on this page.", "このページの転送先（アドレスまたはコード）へ通話を転送します。")) }
                li { (words.of("Watch here: this panel fills by itself and says what to tell the caller at the end.", "このパネルに状況が自動的に表示され、最後にお客様へのご案内文が出ます。")) }
            }
        }
    }
}

fn phase(desk: &Desk, words: Wording, order: &Value, call: &CallRecord, live: &LiveCall) -> Markup {
    if let Some(given_back) = given_back(words, order).filter(|_| call.ending.is_some()) {
        return given_back;
    }
    if let Some(ending) = &call.ending {
        let told = told(words, &ending.outcome, ending.detail.as_deref());
        return html! {
            section.card.phase.(told.tone) data-outcome=(ending.outcome) {
                h2 { (told.what) }
                p.say { (told.next) }
                @if order::text(order, "state") == "paid" { p.amount { (order::amount(words, order)) } }
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
    if talks(desk, call, live) {
        return html! {
            section.card.phase.busy data-phase="talk" {
                h2 { (words.of("You are talking with the caller", "お客様と通話中です")) }
                p { (words.of("Call", "通話")) " " time.timer data-since=(call.started_at.as_millis()) {} }
                p.hint { (words.of("Press “Take the payment” once the caller has the card ready. Keys never reach you.", "お客様のカードの準備ができたら「決済を始める」を押してください。プッシュ音はオペレーターには聞こえません。")) }
            }
        };
    }
    let since = live.progress.as_ref().map(|progress| progress.phase_since().as_millis());
    html! {
        section.card.phase.busy data-phase=(live.phase().as_str()) {
            h2 { (phase_words(words, live)) }
            p {
                @if let Some(since) = since { (words.of("This step", "この段階")) " " time.timer data-since=(since) {} " · " }
                (words.of("call", "通話")) " " time.timer data-since=(call.started_at.as_millis()) {}
            }
            @if live.progress.as_ref().is_some_and(Progress::no_key_heard) {
                p.notice { (words.of("No key has been heard yet: the phone may send no tones. Ask the caller to press one.", "プッシュ音が届いていません。トーンを送れない電話かもしれません。どれか一つ押していただいてください。")) }
            }
            @if live.progress.as_ref().is_some_and(Progress::is_held) { p.notice { (words.of("The caller is on hold.", "保留中です。")) } }
        }
    }
}

/// What was paid and is no longer: nobody is to be told that it went through.
fn given_back(words: Wording, order: &Value) -> Option<Markup> {
    let what = match order::text(order, "state") {
        "refunded" => words.of("Paid, and given back since.", "支払い後、返金済みです。"),
        "voided" => words.of("Reserved, and let go of since.", "与信後、取り消し済みです。"),
        _ => return None,
    };
    let next = words.of(
        "To take the payment after all, make a new order.",
        "改めてお支払いいただく場合は、新しい受注を作成してください。",
    );
    Some(html! {
        section.card.phase data-outcome="given_back" { h2 { (what) } p.say { (next) } p.amount { (order::amount(words, order)) } }
    })
}

/// Count-only progress: how many keys, never which.
fn fields(words: Wording, live: &LiveCall) -> Markup {
    let last_four = live.progress.as_ref().and_then(Progress::last_four);
    html! {
        section.card.fields aria-live="off" {
            @for field in CARD {
                @let keyed = live.field(field);
                @let state = match keyed.state { FieldState::Waiting => "waiting", FieldState::Open => "open", FieldState::Done => "done" };
                div.field.(state) data-field=(field.as_str()) data-state=(state) {
                    span.name { (field_name(words, field)) }
                    @match (keyed.state, last_four) {
                        (FieldState::Done, Some(masked)) if field == Field::Pan => { span.dots.masked { "···· " (masked.last_four()) } }
                        (FieldState::Open, _) => { span.dots aria-hidden="true" { @for _ in 0..keyed.digits.min(19) { i {} } } }
                        _ => { span.dots {} }
                    }
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
    let missing = progress.map_or_else(String::new, |progress| missing(words, progress));
    html! {
        section.card.facts-card {
            dl.facts {
                @if let (Some(brand), Some(masked)) = (call.brand, &call.last_four) {
                    dt { (words.of("Card", "カード")) } dd #card { (brand.label()) " ···· " (masked.last_four()) }
                } @else if let Some(brand) = progress.and_then(Progress::brand) {
                    dt { (words.of("Card", "カード")) } dd { (brand.label()) }
                }
                @if asked > 0 { dt { (words.of("Provider asked", "決済会社への照会")) } dd { @if asked == 1 { (words.of("once", "1回")) } @else { (asked) (words.of(" times", "回")) } } }
                @if let Some(attempt) = live.attempt { dt { (words.of("Payment", "決済")) } dd { (attempt_words(words, attempt)) } }
                @if call.ending.is_none() && !missing.is_empty() { dt { (words.of("Still missing", "未入力")) } dd #missing { (missing) } }
                dt { (words.of("Key tones", "入力音の保護")) } dd #masking { (masking(words, call, live, stays(desk, call))) }
                dt { (words.of("Recorder", "録音")) } dd #recorder { (recorder(words, line(desk, call), live)) }
                dt { (words.of("Set-up", "接続形態")) } dd { (topology(words, line(desk, call))) }
                dt { (words.of("Line", "回線")) } dd { (call.line) }
                @if let Some(caller) = &call.caller { dt { (words.of("Caller", "発信者")) } dd.break { (caller) } }
                dt { (words.of("Began", "開始")) } dd { (format::clock_time(call.started_at, &desk.time_zone)) }
                @if let Some(ending) = &call.ending { dt { (words.of("Took", "時間")) } dd { (format::length(ending.at.saturating_sub(call.started_at))) } }
                @if let Some(operator) = &call.operator { dt { (words.of("Run by", "操作担当")) } dd { (operator) } }
                @for alarm in &live.alarms { dt { (words.of("Alarm", "警告")) } dd.alarm { (alarm_words(words, alarm)) } }
            }
        }
    }
}

/// What the payment waits for, by name.
fn missing(words: Wording, progress: &Progress) -> String {
    let names: Vec<_> = progress.missing().iter().map(|field| field_name(words, field)).collect();
    names.join(words.of(", ", "、"))
}

/// The call's line, where it is still configured.
pub(super) fn line<'a>(desk: &'a Desk, call: &CallRecord) -> Option<&'a LineConfig> {
    desk.lines.iter().find(|line| line.name == call.line.as_str())
}

/// Whether the operator of the call's line stays on it.
pub(super) fn stays(desk: &Desk, call: &CallRecord) -> bool {
    let operator = line(desk, call).and_then(|line| line.operator.as_ref());
    operator.is_some_and(|operator| operator.stays)
}

/// Whether operator and caller talk, with no payment under way.
pub(super) fn talks(desk: &Desk, call: &CallRecord, live: &LiveCall) -> bool {
    stays(desk, call) && matches!(live.phase(), Phase::Ringing | Phase::Finished)
}

/// What is known of the merchant's own recorder.
fn recorder(words: Wording, line: Option<&LineConfig>, live: &LiveCall) -> &'static str {
    match (live.recorder, line.is_some_and(|line| line.recorder.is_some())) {
        (Some("paused"), _) => words.of("paused: it has said so itself", "停止中（録音装置からの応答あり）"),
        (Some("recording"), _) => {
            words.of("recording: it goes on by itself before and after", "録音中（入力中は自動で停止します）")
        }
        (Some("unanswered"), _) => words.of(
            "did not answer: no card is asked for while that lasts",
            "応答がありません。応答するまでカード入力は行いません",
        ),
        (_, true) => words.of("is paused before a card is asked for", "カード入力の前に自動で停止します"),
        (_, false) => words.of(
            "unverified: this line has no hook to a recorder of yours",
            "未確認（お客様側の録音装置との連携なし）",
        ),
    }
}

/// Who carries the tones, and what can be promised.
fn topology(words: Wording, line: Option<&LineConfig>) -> &'static str {
    let stays = line.and_then(|line| line.operator.as_ref()).is_some_and(|operator| operator.stays);
    let conference = line.is_some_and(|line| line.dialog.hand_over == HandOver::CallerAndOperator);
    match (stays, conference) {
        (true, _) => words.of(
            "you stay on the line: the caller's keys are masked towards you and your recorder from answer to hang-up",
            "通話継続: 応答から終話まで、お客様のプッシュ音はオペレーターと録音に届きません",
        ),
        (false, true) => words.of(
            "three-way call: your telephone system carries the tones, so no card is asked for before you have left",
            "三者通話: 音声は貴社の電話設備を通るため、オペレーターが抜けるまでカード入力は始まりません",
        ),
        (false, false) => words.of(
            "transfer: you are out of the call, and card prompts come only here",
            "転送: オペレーターは通話から外れ、カード入力は決済回線だけで行われます",
        ),
    }
}

fn masking(words: Wording, call: &CallRecord, live: &LiveCall, stays: bool) -> &'static str {
    if call.ending.is_some() {
        return words.of("the call is over", "通話終了");
    }
    match (live.is_secured(), stays) {
        (true, _) => words.of("hidden: they reach nobody but the payment", "保護中: 決済以外には届きません"),
        (false, true) => {
            words.of("masked towards you at all times", "常時マスク: オペレーターには聞こえません")
        }
        (false, false) => words.of("not needed yet", "まだ必要ありません"),
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
