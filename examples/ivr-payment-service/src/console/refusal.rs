//! What the API refuses, in an operator's words.

use axum::http::StatusCode;
use serde_json::Value;

use super::wording::Wording;

/// Why the API did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    kind: String,
    field: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, problem: &Value) -> Self {
        let text = |name: &str| problem.get(name).and_then(Value::as_str);
        let kind = text("type").and_then(|kind| kind.rsplit(':').next()).unwrap_or_default().to_owned();
        Self { status, kind, field: text("field").map(str::to_owned) }
    }

    pub(super) const fn other(status: StatusCode) -> Self {
        Self { status, kind: String::new(), field: None }
    }

    /// The field it is about.
    pub(super) fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    pub(super) fn words(&self, words: Wording) -> &'static str {
        match (self.kind.as_str(), self.field()) {
            ("invalid-field", Some(field)) => about_field(words, field),
            (kind, _) => about(words, kind),
        }
    }
}

fn about_field(words: Wording, field: &str) -> &'static str {
    match field {
        "order_id" => words.of(
            "The order id takes 1 to 64 letters, digits, “-”, “_” and “.”, and nothing that could be a card number.",
            "注文番号は英数字と「-」「_」「.」で1〜64文字です。カード番号のような並びは使えません。",
        ),
        "amount" => words.of("Write the amount in digits, more than 0: 12,000 in yen, 12.50 in dollars.", "金額は1円以上の数字で入力してください（例: 12,000）。"),
        "currency" => words.of("This currency is not known.", "この通貨は使えません。"),
        "customer_number" => words.of(
            "The customer number takes letters, digits, “-”, “_” and “.”, and nothing that could be a card number.",
            "お客様番号は英数字と「-」「_」「.」です。カード番号のような並びは使えません。",
        ),
        "description" => words.of("The description is one line of at most 200 characters.", "内容は200文字以内の1行で入力してください。"),
        "evidence" | "reason" => words.of("Say where it can be seen, and why you are sure.", "確認した場所と判断の理由を入力してください。"),
        _ => words.of("A field cannot be used as it is.", "入力内容に誤りがあります。"),
    }
}

fn about(words: Wording, kind: &str) -> &'static str {
    match kind {
        "order-id-taken" => {
            words.of("There is another order with this id.", "この注文番号は既に使われています。")
        }
        "forbidden" => words.of("Your role does not include this.", "この操作の権限がありません。"),
        "refund-limit" => words.of(
            "That is more than you may give back. Ask a supervisor.",
            "返金できる上限を超えています。スーパーバイザーに依頼してください。",
        ),
        "too-many-requests" => words.of(
            "Too much at once. Try again in a second.",
            "操作が集中しています。少し待ってからもう一度お試しください。",
        ),
        "idempotency-key-in-use" => words.of(
            "It is being done already. Look at the order before you try again.",
            "処理中です。もう一度行う前に受注の状態を確認してください。",
        ),
        "idempotency-key-reused" => words.of(
            "This form was used already. Open the page again.",
            "この画面は既に送信済みです。ページを開き直してください。",
        ),
        "payment-under-way" => words.of(
            "A payment is on its way, or its outcome is not known yet. Wait for it.",
            "決済の途中か、結果が未確定です。確定するまでお待ちください。",
        ),
        "order-over" => words
            .of("The order is paid, cancelled or otherwise over.", "この受注は支払い済みか取消済みです。"),
        "no-payment" => {
            words.of("The order has no payment this can be done to.", "対象となる支払いがありません。")
        }
        "not-possible" => words.of(
            "The payment does not allow this, or not this much.",
            "この支払いでは行えないか、金額が大きすぎます。",
        ),
        "provider-did-not" => words.of(
            "The payment provider did not do it or was not reached. Nothing has changed.",
            "決済会社が処理しなかったか、接続できませんでした。何も変わっていません。",
        ),
        "call-version" => words.of(
            "The call has moved on meanwhile. Look again, and press again if it is still needed.",
            "その間に通話が進みました。画面を確認して、必要ならもう一度押してください。",
        ),
        "call-not-controlled" => words.of(
            "The call is over, or a colleague has it. Tick “take over” to take it.",
            "通話が終了しているか、ほかの担当者が操作中です。引き継ぐ場合は「引き継ぐ」を選んでください。",
        ),
        "command-refused-authorizing" => words.of(
            "The payment provider has the card already. Wait for its answer.",
            "すでに決済会社へ送信しています。結果をお待ちください。",
        ),
        "command-refused-over" => words.of("The payment is over.", "この決済は終了しています。"),
        "command-refused-too-early" => words.of(
            "Something has to come before it: the order, the hand-over, or the card number.",
            "先に必要な項目（受注、引き渡し、カード番号）があります。",
        ),
        "command-refused-incomplete" => {
            words.of("Something is missing still.", "まだ入力されていない項目があります。")
        }
        "command-refused-nothing-open" => {
            words.of("Nothing is being asked for now.", "いま入力中の項目はありません。")
        }
        "command-refused-not-optional" | "command-refused-not-a-field" => words.of(
            "This call does not do without it, or does not ask for it.",
            "この通話では行えない項目です。",
        ),
        "command-refused-not-ready" => words.of(
            "Not now: the other side has to be on the line first, and nobody on hold.",
            "いまは行えません。双方が通話中で、保留になっていないことを確認してください。",
        ),
        "not-found" => words.of("There is no such thing.", "見つかりません。"),
        _ => words.of(
            "It did not work. Nothing was done; try again.",
            "処理できませんでした。何も行われていません。もう一度お試しください。",
        ),
    }
}
