//! How a call ended, in plain words, with what to say next.

use super::wording::Wording;

/// What an operator reads after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// `good`, `open` (it can be tried again) or `stop`.
    pub(super) tone: &'static str,
    /// What happened.
    pub(super) what: &'static str,
    /// What to say, or to do.
    pub(super) next: &'static str,
}

/// In words; every outcome has some.
pub(super) fn told(words: Wording, outcome: &str, detail: Option<&str>) -> Told {
    let say =
        |tone, (en, ja): (&'static str, &'static str), (next_en, next_ja): (&'static str, &'static str)| {
            Told { tone, what: words.of(en, ja), next: words.of(next_en, next_ja) }
        };
    match outcome {
        "approved" => say(
            "good",
            ("Paid.", "支払いが完了しました。"),
            (
                "“The payment went through, thank you.” Read out the last four digits if asked.",
                "「お支払いが完了しました。ありがとうございます。」必要ならカード番号の下4桁をお伝えください。",
            ),
        ),
        "registered" => say(
            "good",
            ("The card is stored; nothing was charged.", "カードを登録しました。請求はありません。"),
            ("“Your card is registered.”", "「カードの登録が完了しました。」"),
        ),
        "checked" => say(
            "good",
            ("The card is valid; nothing was charged.", "カードの有効性を確認しました。請求はありません。"),
            ("“Your card was checked.”", "「カードの確認が取れました。」"),
        ),
        "declined" => declined(words, detail.unwrap_or_default()),
        "unknown" => say(
            "stop",
            (
                "Sent, but no answer came. It is being looked up; this is not a decline.",
                "送信しましたが回答がありません。照会中です（否決ではありません）。",
            ),
            (
                "“We are checking whether it went through and will call you back.” Do not take the card again.",
                "「結果を確認のうえ、折り返しご連絡します。」再度の決済は行わないでください。",
            ),
        ),
        "approved_then_voided" => say(
            "open",
            (
                "Approved, then taken back since the caller had hung up.",
                "承認後、通話が切れたため取り消しました。",
            ),
            (
                "Call back: nothing was charged, it can be paid again.",
                "折り返し、請求がないことと再度お支払いいただけることをお伝えください。",
            ),
        ),
        "caller_hung_up" => say(
            "open",
            ("The caller hung up before paying.", "お支払い前に電話が切れました。"),
            ("Call back; the same code still works.", "折り返してください。同じ受付コードが使えます。"),
        ),
        "operator_requested" => say(
            "open",
            ("The caller asked for you.", "お客様がオペレーターを希望しました。"),
            (
                "Ask what is unclear, then transfer to the same code again.",
                "ご不明点を伺い、同じコードへもう一度転送してください。",
            ),
        ),
        "too_many_attempts" => say(
            "open",
            ("Keyed wrongly too often.", "入力誤りが上限に達しました。"),
            (
                "“Please have the card in front of you; we try it once more.” Slow keys can help.",
                "「カードをお手元にご用意のうえ、もう一度お試しください。」ゆっくり入力モードも使えます。",
            ),
        ),
        "no_input" => say(
            "open",
            ("Nothing was keyed.", "入力がありませんでした。"),
            (
                "Ask whether the phone's keypad is open and sends tones.",
                "電話のキーパッドが使える状態かお尋ねください。",
            ),
        ),
        "no_key_heard" => say(
            "open",
            ("No key was heard at all.", "プッシュ音が一度も届きませんでした。"),
            (
                "The phone may send no tones: ask for another phone, or offer another way to pay.",
                "トーンを送れない電話の可能性があります。別の電話か、ほかのお支払い方法をご案内ください。",
            ),
        ),
        "no_usable_card" => say(
            "open",
            ("The caller has no card that is taken here.", "利用できるカードがありません。"),
            ("Offer another way to pay.", "ほかのお支払い方法をご案内ください。"),
        ),
        "cancelled_by_caller" => say(
            "open",
            ("The caller cancelled.", "お客様が中止しました。"),
            (
                "Ask whether to try again; nothing was charged.",
                "再度お試しになるか伺ってください。請求はありません。",
            ),
        ),
        "cancelled_by_operator" => say(
            "open",
            ("You took it back.", "オペレーターが中止しました。"),
            ("Nothing was charged. The same code still works.", "請求はありません。同じコードが使えます。"),
        ),
        "order_withdrawn" => say(
            "open",
            ("The order was cancelled or changed meanwhile.", "受注が取消または変更されました。"),
            (
                "Nothing was charged. Look at the order before going on.",
                "請求はありません。受注内容を確認してください。",
            ),
        ),
        "order_refused" => order_refused(words, detail.unwrap_or_default()),
        "masking_unavailable" => say(
            "stop",
            (
                "The keys could not be hidden, so no card was asked for.",
                "入力音を保護できないため、カード入力を行いませんでした。",
            ),
            (
                "Call support. Do not take card data in any other way.",
                "サポートに連絡してください。ほかの方法でカード情報を聞かないでください。",
            ),
        ),
        "gateway_unavailable" => say(
            "open",
            (
                "The payment provider could not be reached; nothing was sent.",
                "決済会社に接続できませんでした。何も送信していません。",
            ),
            (
                "“Our payment line is down; we will call you back.” The order stays open.",
                "「ただいま決済がご利用いただけません。折り返しご連絡します。」受注は未払いのまま残ります。",
            ),
        ),
        "session_expired" => say(
            "open",
            ("It took too long.", "制限時間を超えました。"),
            ("Try again with the same code.", "同じコードでもう一度お試しください。"),
        ),
        "interrupted" => say(
            "open",
            ("The service was restarted during the call.", "通話中にサービスが再起動しました。"),
            (
                "Look at the order: if it is not paid, try again with the same code.",
                "受注を確認し、未払いなら同じコードで再度お試しください。",
            ),
        ),
        _ => say(
            "open",
            (
                "Something failed on our side; nothing was sent.",
                "システム側の問題で処理できませんでした。何も送信していません。",
            ),
            ("Try again with the same code.", "同じコードでもう一度お試しください。"),
        ),
    }
}

fn declined(words: Wording, reason: &str) -> Told {
    let (what, next) = match reason {
        "invalid_number" => (
            ("Declined: the issuer does not know this number.", "否決: カード番号が確認できません。"),
            (
                "“Please check the number, or use another card.”",
                "「カード番号をお確かめいただくか、別のカードをお使いください。」",
            ),
        ),
        "invalid_expiry" | "expired" => (
            ("Declined: the expiry date does not fit.", "否決: 有効期限が合いません。"),
            (
                "“Please check the expiry date, or use another card.”",
                "「有効期限をお確かめいただくか、別のカードをお使いください。」",
            ),
        ),
        "code_mismatch" | "code_missing" => (
            ("Declined: the security code does not fit.", "否決: セキュリティコードが合いません。"),
            (
                "“Please check the code on the card and try again.” Never ask for the code itself.",
                "「カードのセキュリティコードをお確かめのうえ、もう一度お試しください。」コードを口頭で聞かないでください。",
            ),
        ),
        "insufficient_funds" | "limit_exceeded" => (
            ("Declined: the card does not cover it.", "否決: 限度額または残高が足りません。"),
            (
                "“This card could not be used; would you like to use another one?”",
                "「こちらのカードはご利用いただけませんでした。別のカードをお使いになりますか。」",
            ),
        ),
        "issuer_unavailable" => (
            ("Declined: the issuer could not be reached.", "否決: カード会社に接続できません。"),
            ("“Please try again in a few minutes.”", "「数分後にもう一度お試しください。」"),
        ),
        "authentication_required" => (
            (
                "Declined: the issuer wants a check that needs a screen.",
                "否決: カード会社が画面での本人認証を求めています。",
            ),
            ("“Please use another card.”", "「別のカードをお使いください。」"),
        ),
        "parameters" => (
            ("Declined: the payment's own data was refused.", "否決: 支払い条件が受け付けられません。"),
            (
                "Check the order; tell your supervisor.",
                "受注内容を確認し、スーパーバイザーに伝えてください。",
            ),
        ),
        // What may be fraud is told to nobody: these words fit everything else, too.
        _ => (
            ("Declined by the issuer.", "カード会社により否決されました。"),
            (
                "“This card could not be used; please use another one or ask your card company.”",
                "「こちらのカードはご利用いただけませんでした。別のカードをお使いいただくか、カード会社へお問い合わせください。」",
            ),
        ),
    };
    Told { tone: "open", what: words.of(what.0, what.1), next: words.of(next.0, next.1) }
}

fn order_refused(words: Wording, reason: &str) -> Told {
    let (what, next) = match reason {
        "already_paid" => (
            ("The order is paid already.", "この受注は支払い済みです。"),
            ("Nothing more is to be done.", "追加の手続きは不要です。"),
        ),
        "expired" => (
            ("The order's time is over.", "受付コードの有効期限が切れています。"),
            ("Make a new order.", "新しい受注を作成してください。"),
        ),
        "busy" => (
            (
                "Another call is paying it, or an earlier payment is not settled.",
                "ほかの通話で処理中か、前回の結果が未確定です。",
            ),
            ("Wait, then look at the order.", "少し待ってから受注を確認してください。"),
        ),
        "too_many_guesses" => (
            ("Too many wrong codes were tried.", "誤ったコードの入力が続きました。"),
            (
                "Read the code out again, slowly; try later.",
                "コードをゆっくりお伝えし、時間をおいてお試しください。",
            ),
        ),
        _ => (
            ("There is no such order.", "該当する受注がありません。"),
            ("Check the code and transfer again.", "コードを確認してもう一度転送してください。"),
        ),
    };
    Told { tone: "open", what: words.of(what.0, what.1), next: words.of(next.0, next.1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paytone_dialog::Language;
    use paytone_psp::DeclineReason;

    #[test]
    fn a_suspected_thief_hears_what_everybody_hears() {
        for language in Language::ALL {
            let of = |reason: DeclineReason| told(Wording(*language), "declined", Some(reason.as_str()));
            assert_eq!(of(DeclineReason::SuspectedFraud), of(DeclineReason::IssuerRefused));
            assert_eq!(of(DeclineReason::LostOrStolen), of(DeclineReason::IssuerRefused));
            assert_ne!(of(DeclineReason::CodeMismatch), of(DeclineReason::IssuerRefused));
        }
    }

    #[test]
    fn no_answer_is_no_decline() {
        let told = told(Wording(Language::En), "unknown", None);
        assert_eq!(told.tone, "stop");
        assert!(told.next.contains("Do not take the card again"));
    }
}
