//! Answers that are not the object that was asked for, sorted by what they mean for the request.

use core::time::Duration;

use paytone_psp::exchange::{NoResponse, Response};
use paytone_psp::{Decline, DoubtCause, GatewayError, InDoubt, ProviderCode, Refusal, Retry};
use serde::Deserialize;

use crate::answer::{ErrorObject, read};
use crate::decline::decline;

/// What became of a request that was not answered with its object.
pub(crate) enum Failure {
    /// The card was declined.
    Declined(Decline),
    /// Stripe refused the request; it had no effect.
    Refused(Refusal, Option<ProviderCode>),
    /// It certainly had no effect.
    NoEffect(Retry),
    /// It may have had one.
    Unknown(DoubtCause),
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorObject,
}

impl Failure {
    /// Sorts an answer with a status other than 200.
    pub(crate) fn of(response: &Response, test: bool) -> Self {
        let error = read::<ErrorBody>(response).map(|body| body.error).unwrap_or_default();
        match response.status() {
            402 => Self::Declined(decline(&error, test)),
            429 if error.code.as_deref() == Some("lock_timeout") => Self::Unknown(DoubtCause::AlreadyRunning),
            // The rate limiter sits in front of everything else.
            429 => Self::NoEffect(retry(response)),
            409 => Self::Unknown(DoubtCause::AlreadyRunning),
            400..=499 => Self::Refused(refusal(response.status(), &error), provider_code(&error)),
            500..=599 => Self::Unknown(DoubtCause::ServerError),
            _ => Self::Unknown(DoubtCause::Unreadable),
        }
    }

    /// The object a request asked for, or what became of the request.
    pub(crate) fn object<T: for<'a> Deserialize<'a>>(
        answer: Result<Response, NoResponse>,
        test: bool,
    ) -> Result<T, Self> {
        match answer {
            Ok(response) if response.status() == 200 => {
                read(&response).ok_or(Self::Unknown(DoubtCause::Unreadable))
            }
            Ok(response) => Err(Self::of(&response, test)),
            Err(NoResponse::NotSent(why)) => Err(Self::NoEffect(why.retry())),
            Err(NoResponse::Unknown(cause)) => Err(Self::Unknown(cause)),
        }
    }

    /// The error of a request that moves no money, so that nothing has happened whatever became of it. It is
    /// made again under the same key; a server error would be answered again to the same key.
    pub(crate) fn before_money(self) -> GatewayError {
        match self {
            Self::Declined(decline) => {
                GatewayError::Refused { reason: Refusal::Parameters, code: decline.code }
            }
            Self::Refused(reason, code) => GatewayError::Refused { reason, code },
            Self::NoEffect(retry) => GatewayError::NotSent { retry },
            Self::Unknown(DoubtCause::ServerError | DoubtCause::Unreadable) => {
                GatewayError::NotSent { retry: Retry::Never }
            }
            Self::Unknown(_) => GatewayError::NotSent { retry: Retry::SameKey { after: SOON } },
        }
    }

    /// The error of a request that may move money or store something.
    pub(crate) fn in_doubt(self, doubt: impl FnOnce(DoubtCause) -> InDoubt) -> GatewayError {
        match self {
            Self::Unknown(cause) => GatewayError::InDoubt(doubt(cause)),
            certain => certain.before_money(),
        }
    }
}

fn refusal(status: u16, error: &ErrorObject) -> Refusal {
    match (status, error.kind.as_deref(), error.code.as_deref()) {
        (401, ..) => Refusal::Credentials,
        (403, ..) => Refusal::Contract,
        (_, Some("idempotency_error"), _) => Refusal::KeyReused,
        (404, ..) | (_, _, Some("resource_missing")) => Refusal::NotFound,
        (_, _, Some("amount_too_large" | "amount_too_small")) => Refusal::Amount,
        (
            _,
            _,
            Some(
                UNEXPECTED_STATE
                | "charge_already_captured"
                | "charge_already_refunded"
                | "charge_expired_for_capture",
            ),
        ) => Refusal::WrongState,
        _ => Refusal::Parameters,
    }
}

/// When a request that was turned away may come again: where Stripe says so, as it says.
fn retry(response: &Response) -> Retry {
    match response.header("stripe-should-retry") {
        Some("false") => Retry::Never,
        _ => Retry::SameKey { after: response.retry_after().unwrap_or(SOON) },
    }
}

fn provider_code(error: &ErrorObject) -> Option<ProviderCode> {
    ProviderCode::parse(error.code.as_deref().or(error.kind.as_deref())?).ok()
}

/// Stripe's code for a request that a payment's state does not allow.
pub(crate) const UNEXPECTED_STATE: &str = "payment_intent_unexpected_state";

const SOON: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use paytone_psp::DeclineReason;

    fn failure(status: u16, headers: &[(&str, &str)], body: &str) -> Failure {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Failure::of(&Response::new(status, headers, body.as_bytes().to_vec()), true)
    }

    #[test]
    fn only_what_the_limiter_turned_away_is_certain_to_have_had_no_effect() {
        let limited = failure(429, &[("retry-after", "3")], r#"{"error":{"code":"rate_limit"}}"#);
        let Failure::NoEffect(retry) = limited else { panic!("turned away") };
        assert_eq!(retry, Retry::SameKey { after: Duration::from_secs(3) });
        let forbidden = failure(429, &[("stripe-should-retry", "false")], "");
        assert!(matches!(forbidden, Failure::NoEffect(Retry::Never)));
        let locked = failure(429, &[], r#"{"error":{"code":"lock_timeout"}}"#);
        assert!(matches!(locked, Failure::Unknown(DoubtCause::AlreadyRunning)));
        assert!(matches!(failure(409, &[], "{}"), Failure::Unknown(DoubtCause::AlreadyRunning)));
        assert!(matches!(failure(500, &[], "{}"), Failure::Unknown(DoubtCause::ServerError)));
        assert!(matches!(failure(200, &[], "<html>"), Failure::Unknown(DoubtCause::Unreadable)));
    }

    #[test]
    fn refusals_have_reasons() {
        let reason = |status, body| match failure(status, &[], body) {
            Failure::Refused(reason, _) => reason,
            _ => panic!("a refusal"),
        };
        assert_eq!(reason(401, ""), Refusal::Credentials);
        assert_eq!(reason(403, ""), Refusal::Contract);
        assert_eq!(reason(404, ""), Refusal::NotFound);
        assert_eq!(reason(400, r#"{"error":{"code":"resource_missing"}}"#), Refusal::NotFound);
        assert_eq!(reason(400, r#"{"error":{"type":"idempotency_error"}}"#), Refusal::KeyReused);
        assert_eq!(reason(400, r#"{"error":{"code":"amount_too_large"}}"#), Refusal::Amount);
        let state = r#"{"error":{"code":"payment_intent_unexpected_state"}}"#;
        assert_eq!(reason(400, state), Refusal::WrongState);
        assert_eq!(reason(400, "not json"), Refusal::Parameters);
    }

    #[test]
    fn a_decline_is_read_even_without_a_body() {
        let Failure::Declined(decline) = failure(402, &[], "") else { panic!("a decline") };
        assert_eq!(decline.reason, DeclineReason::Unrecognised);
    }
}
