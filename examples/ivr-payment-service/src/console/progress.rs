//! How far a call is, in words.

use paytone_dialog::{Field, Phase, Progress};

use super::live::LiveCall;
use super::wording::Wording;

/// What an alarm of a call means.
pub(super) fn alarm_words(words: Wording, alarm: &str) -> &'static str {
    match alarm {
        "same_payment" => words.of(
            "The same card paid the same amount for another order a moment ago: ask whether that is meant.",
            "同じカードで同額の決済が直前にありました。二重でないかお客様に確認してください。",
        ),
        "operator_unreachable" => words.of(
            "Your phone could not be reached and the caller is off the line: call them back.",
            "オペレーターの電話に接続できず、通話は終了しました。お客様に折り返してください。",
        ),
        "recording_failed" => {
            words.of("This call could not be recorded to its end.", "通話を最後まで録音できませんでした。")
        }
        "recorder_paused" => words.of(
            "The recorder did not go on: tell whoever looks after it.",
            "録音装置が再開していません。設備の担当者に連絡してください。",
        ),
        "decline_rate" => words.of(
            "The line was closed: nearly every card on it is declined.",
            "否決が続いたため、この回線を一時停止しました。",
        ),
        "card_left_over" => words.of(
            "A stored card could not be taken back: see “Needs a person”.",
            "登録カードを取り消せませんでした。「要対応」を確認してください。",
        ),
        "gateway_unreachable" => {
            words.of("The payment provider could not be reached.", "決済会社に接続できませんでした。")
        }
        _ => words.of(
            "Tell a supervisor to look at this call.",
            "スーパーバイザーにこの通話の確認を依頼してください。",
        ),
    }
}

/// Where the call is.
pub(super) fn phase_words(words: Wording, live: &LiveCall) -> &'static str {
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

/// What a field is called.
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
