//! Errors as the provider tells them (RFC 9457): what each means for the money.

use core::time::Duration;

use paytone_psp::exchange::Response;
use paytone_psp::{Advice, Decline, DeclineReason, DoubtCause, ProviderCode, Refusal, Retry};
use serde::Deserialize;

use crate::decline::{CardCode, code_in, in_brackets, meaning};

/// An error's text. `title` is the code, `detail` the words.
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) detail: String,
}

/// What an answer that is no success means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The card was refused; nothing was charged.
    Declined(DeclineReason, Option<ProviderCode>),
    /// The request was not accepted; it may be made again.
    NotAccepted(Retry),
    /// The request was refused and had no effect.
    Refused(Refusal, Option<ProviderCode>),
    /// It may have had its effect.
    InDoubt(DoubtCause),
}

impl Verdict {
    /// Judges a response whose status is no success.
    pub(crate) fn of(response: &Response) -> Self {
        let problem: Option<Problem> = serde_json::from_slice(response.body()).ok();
        match (response.status(), problem) {
            (401, _) => Self::Refused(Refusal::Credentials, None),
            (429, _) => Self::NotAccepted(busy(response)),
            (503, Some(problem)) if problem.title == "service_unavailable" => {
                Self::NotAccepted(busy(response))
            }
            (409, _) => Self::InDoubt(DoubtCause::AlreadyRunning),
            (500..=599, _) => Self::InDoubt(DoubtCause::ServerError),
            (400, Some(problem)) => problem.bad_request(),
            (402, Some(problem)) => problem.payment_refused(),
            (403, Some(problem)) => Self::Refused(Refusal::Contract, problem.code()),
            (404 | 405 | 415, Some(problem)) => Self::Refused(Refusal::Parameters, problem.code()),
            _ => Self::InDoubt(DoubtCause::Unreadable),
        }
    }
}

impl Problem {
    /// The card company was asked, or nearly.
    fn payment_refused(&self) -> Verdict {
        if let Some(code) = code_in(&self.detail) {
            return match meaning(code) {
                CardCode::Declined(reason) => Verdict::Declined(reason, ProviderCode::parse(code).ok()),
                CardCode::Unknown => Verdict::InDoubt(DoubtCause::ServerError),
            };
        }
        let reason = match self.title.as_str() {
            "card_declined" => DeclineReason::CardNotUsable,
            "insufficient_balance" => DeclineReason::InsufficientFunds,
            "amount_limit_exceeded" => DeclineReason::LimitExceeded,
            "operation_aborted_by_user" => DeclineReason::AuthenticationRequired,
            // Something went wrong outside, and nothing says how far it had come.
            "processing_failure" => return Verdict::InDoubt(DoubtCause::ServerError),
            _ => DeclineReason::Unrecognised,
        };
        Verdict::Declined(reason, self.code())
    }

    /// The provider would not begin. The parameter it complains about is in brackets.
    fn bad_request(&self) -> Verdict {
        let refusal = match self.title.as_str() {
            "invalid_contract" => Refusal::Contract,
            "invalid_status" | "transaction_expired" | "transaction_count_exceeded" => Refusal::WrongState,
            _ => return self.bad_parameter(),
        };
        Verdict::Refused(refusal, self.code())
    }

    fn bad_parameter(&self) -> Verdict {
        let refusal = match self.parameter().as_str() {
            // An order id we made cannot be wrong, so it is taken: an earlier request got through.
            "orderid" => return Verdict::InDoubt(DoubtCause::AlreadyRunning),
            "cardnumber" => return self.declined(DeclineReason::InvalidNumber),
            "expirymonth" | "expiryyear" => return self.declined(DeclineReason::InvalidExpiry),
            "securitycode" if self.title == "missing_parameter" => {
                return self.declined(DeclineReason::CodeMissing);
            }
            "securitycode" => return self.declined(DeclineReason::CodeMismatch),
            "paymentmethod" | "installments" | "itemcode" => return self.declined(DeclineReason::Parameters),
            "amount" => Refusal::Amount,
            "currency" => Refusal::Currency,
            "accessid" | "memberid" | "cardid" => Refusal::NotFound,
            "idempotency-key" => Refusal::KeyReused,
            _ => Refusal::Parameters,
        };
        Verdict::Refused(refusal, self.code())
    }

    /// The parameter complained about: the last part of its path, lower case; empty where none is named.
    pub(crate) fn parameter(&self) -> String {
        let path = in_brackets(&self.detail).unwrap_or_default();
        path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase()
    }

    fn declined(&self, reason: DeclineReason) -> Verdict {
        Verdict::Declined(reason, self.code())
    }

    pub(crate) fn code(&self) -> Option<ProviderCode> {
        ProviderCode::parse(&self.title).ok()
    }
}

pub(crate) fn decline(reason: DeclineReason, code: Option<ProviderCode>, test: bool) -> Decline {
    let advice = match reason {
        DeclineReason::IssuerUnavailable => Advice::TryLater,
        _ => Advice::Unspecified,
    };
    Decline { advice, code, test, ..Decline::new(reason) }
}

fn busy(response: &Response) -> Retry {
    Retry::SameKey { after: response.retry_after().unwrap_or(BUSY) }
}

const BUSY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, title: &str, detail: &str) -> Verdict {
        let body = serde_json::json!({"title": title, "detail": detail, "instance": "/credit/charge"});
        Verdict::of(&Response::new(status, vec![], body.to_string().into_bytes()))
    }

    fn code(text: &str) -> Option<ProviderCode> {
        Some(ProviderCode::parse(text).unwrap())
    }

    #[test]
    fn what_may_have_been_carried_out_is_in_doubt() {
        for (status, title, detail) in [
            (409, "conflict", "Duplicate request."),
            (500, "internal_server_error", "An unexpected error has occurred."),
            (502, "bad_gateway", "Payment Processing failed at the external payment center."),
            (502, "maintenance", ""),
            (503, "", "a proxy's words"),
            (402, "processing_failure", "Payment processing failed."),
            (402, "processing_failure", "Communication error.(42C010000)"),
            (402, "card_declined", "Communication error.(C01)"),
            (400, "invalid_request", "The order id is taken.(order.orderId)"),
            (418, "", ""),
        ] {
            assert!(
                matches!(verdict(status, title, detail), Verdict::InDoubt(_)),
                "{status} {title} {detail}"
            );
        }
        for status in [200, 302, 400, 402, 403, 404, 418, 500, 599] {
            let garbage = Response::new(status, vec![], b"<html>".to_vec());
            assert!(matches!(Verdict::of(&garbage), Verdict::InDoubt(_)), "{status}");
        }
    }

    #[test]
    fn what_certainly_had_no_effect_is_said_to_have_none() {
        let refused = |refusal, title: &str| Verdict::Refused(refusal, code(title));
        assert_eq!(verdict(400, "invalid_contract", ""), refused(Refusal::Contract, "invalid_contract"));
        assert_eq!(
            verdict(400, "invalid_parameter", "The parameter value is invalid.(order.amount)"),
            refused(Refusal::Amount, "invalid_parameter")
        );
        assert_eq!(verdict(401, "unauthorized_request", ""), Verdict::Refused(Refusal::Credentials, None));
        let later = Retry::SameKey { after: Duration::from_secs(5) };
        assert_eq!(verdict(429, "too_many_requests", ""), Verdict::NotAccepted(later));
        assert_eq!(verdict(503, "service_unavailable", ""), Verdict::NotAccepted(later));
    }

    #[test]
    fn the_card_is_told_from_the_request() {
        let declined = |reason, text: &str| Verdict::Declined(reason, code(text));
        assert_eq!(
            verdict(402, "card_declined", "This card cannot be used for transactions.(G12)"),
            declined(DeclineReason::CardNotUsable, "G12")
        );
        assert_eq!(
            verdict(402, "insufficient_balance", "The balance is short."),
            declined(DeclineReason::InsufficientFunds, "insufficient_balance")
        );
        assert_eq!(
            verdict(400, "invalid_parameter", "...(creditInformation.card.securityCode)"),
            declined(DeclineReason::CodeMismatch, "invalid_parameter")
        );
        assert_eq!(
            verdict(400, "missing_parameter", "...(securitycode)"),
            declined(DeclineReason::CodeMissing, "missing_parameter")
        );
    }
}
