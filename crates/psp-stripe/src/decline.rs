//! Stripe's decline codes in our words.

use paytone_psp::{Advice, Decline, DeclineReason, ProviderCode};

use crate::answer::ErrorObject;

/// A decline as an error object states it. `decline_code` is the issuer's word, `code` Stripe's own.
pub(crate) fn decline(error: &ErrorObject, test: bool) -> Decline {
    let code = error.decline_code.as_deref().or(error.code.as_deref());
    let known = [error.decline_code.as_deref(), error.code.as_deref()];
    let reason = known.into_iter().flatten().find_map(reason).unwrap_or(DeclineReason::Unrecognised);
    let advice = error.advice_code.as_deref().map_or(Advice::Unspecified, advice);
    Decline {
        advice,
        code: code.and_then(|code| ProviderCode::parse(code).ok()),
        test,
        ..Decline::new(reason)
    }
}

fn reason(code: &str) -> Option<DeclineReason> {
    Some(match code {
        "incorrect_number" | "invalid_number" | "invalid_account" => DeclineReason::InvalidNumber,
        "invalid_expiry_month" | "invalid_expiry_year" => DeclineReason::InvalidExpiry,
        "expired_card" => DeclineReason::Expired,
        "incorrect_cvc" | "invalid_cvc" => DeclineReason::CodeMismatch,
        "insufficient_funds" => DeclineReason::InsufficientFunds,
        "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => DeclineReason::LimitExceeded,
        "call_issuer"
        | "no_action_taken"
        | "not_permitted"
        | "revocation_of_all_authorizations"
        | "revocation_of_authorization"
        | "stop_payment_order"
        | "duplicate_transaction"
        | "approve_with_id" => DeclineReason::IssuerRefused,
        "fraudulent" | "merchant_blacklist" | "security_violation" => DeclineReason::SuspectedFraud,
        "lost_card" | "stolen_card" | "pickup_card" => DeclineReason::LostOrStolen,
        "incorrect_zip" | "incorrect_address" => DeclineReason::PostcodeMismatch,
        "authentication_required"
        | "authentication_not_handled"
        | "payment_intent_authentication_failure" => DeclineReason::AuthenticationRequired,
        "issuer_not_available" | "processing_error" | "reenter_transaction" | "try_again_later" => {
            DeclineReason::IssuerUnavailable
        }
        "currency_not_supported" | "invalid_amount" => DeclineReason::Parameters,
        "do_not_honor"
        | "do_not_try_again"
        | "generic_decline"
        | "card_declined"
        | "card_not_supported"
        | "transaction_not_allowed"
        | "service_not_allowed"
        | "restricted_card"
        | "new_account_information_available"
        | "testmode_decline"
        | "live_mode_test_card" => DeclineReason::CardNotUsable,
        _ => return None,
    })
}

fn advice(code: &str) -> Advice {
    match code {
        "do_not_try_again" => Advice::DoNotRetry,
        "try_again_later" => Advice::TryLater,
        "confirm_card_data" => Advice::ConfirmData,
        _ => Advice::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: Option<&str>, decline_code: Option<&str>, advice_code: Option<&str>) -> Decline {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let error = ErrorObject {
            code: own(code),
            decline_code: own(decline_code),
            advice_code: own(advice_code),
            ..ErrorObject::default()
        };
        decline(&error, true)
    }

    #[test]
    fn the_issuers_word_goes_before_stripes() {
        let lost = read(Some("card_declined"), Some("lost_card"), Some("do_not_try_again"));
        assert_eq!((lost.reason, lost.advice), (DeclineReason::LostOrStolen, Advice::DoNotRetry));
        assert_eq!(lost.code.expect("a code").as_str(), "lost_card");
        let plain = read(Some("card_declined"), None, None);
        assert_eq!((plain.reason, plain.advice), (DeclineReason::CardNotUsable, Advice::Unspecified));
    }

    #[test]
    fn an_issuers_word_from_the_future_falls_back_to_stripes() {
        let new = read(Some("expired_card"), Some("something_new"), Some("something_else"));
        assert_eq!((new.reason, new.advice), (DeclineReason::Expired, Advice::Unspecified));
        assert_eq!(new.code.expect("a code").as_str(), "something_new");
        assert_eq!(read(None, Some("something_new"), None).reason, DeclineReason::Unrecognised);
    }
}
