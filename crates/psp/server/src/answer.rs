//! What is answered.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use paytone_psp::{
    AskError, Authorization, Decline, Found, GatewayError, IdempotencyKey, ProviderState, Reference,
    Registration, Retry, Snapshot, Verification,
};
use serde_json::{Value, json};

/// An answer: its status, and its JSON.
pub(crate) struct Answer(u16, Value);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.1)).into_response()
    }
}

impl Answer {
    /// A field that is missing or cannot be read. What it held is not repeated.
    pub(crate) fn bad(field: &str) -> Self {
        Self(422, json!({"result": "refused", "reason": "field", "field": field}))
    }

    pub(crate) fn ok(value: Value) -> Self {
        Self(200, value)
    }

    /// Adds the names the request goes by.
    pub(crate) fn named(mut self, reference: &Reference, key: &IdempotencyKey) -> Self {
        self.1["reference"] = json!(reference);
        self.1["key"] = json!(key);
        self
    }

    pub(crate) fn charge(result: Result<Authorization, GatewayError>) -> Self {
        match result {
            Ok(Authorization::Approved(approval)) => {
                let mut value = snapshot(&approval.snapshot);
                value["result"] = json!("approved");
                value["approval_code"] = json!(approval.approval_code);
                Self(200, value)
            }
            Ok(Authorization::Declined(decline)) => declined(&decline),
            Err(error) => failed(&error),
        }
    }

    pub(crate) fn check(result: Result<Verification, GatewayError>) -> Self {
        match result {
            Ok(Verification::Valid { test, .. }) => Self(200, json!({"result": "valid", "test": test})),
            Ok(Verification::Declined(decline)) => declined(&decline),
            Err(error) => failed(&error),
        }
    }

    pub(crate) fn registration(result: Result<Registration, GatewayError>) -> Self {
        match result {
            Ok(Registration::Stored(card)) => {
                let last_four = card.masked.last_four();
                Self(
                    200,
                    json!({"result": "stored", "stored": card.id, "last_four": last_four, "test": card.test}),
                )
            }
            Ok(Registration::Declined(decline)) => declined(&decline),
            Err(error) => failed(&error),
        }
    }

    pub(crate) fn change(result: Result<Snapshot, GatewayError>) -> Self {
        match result {
            Ok(changed) => {
                let mut value = snapshot(&changed);
                value["result"] = json!("changed");
                Self(200, value)
            }
            Err(error) => failed(&error),
        }
    }

    pub(crate) fn found(result: Result<Found, AskError>) -> Self {
        match result {
            Ok(Found::Present(found)) => {
                let mut value = snapshot(&found);
                value["result"] = json!("found");
                Self(200, value)
            }
            Ok(Found::Absent) => Self(200, json!({"result": "absent"})),
            Err(error) => unanswered(&error),
        }
    }

    pub(crate) fn forgotten(result: Result<(), AskError>) -> Self {
        match result {
            Ok(()) => Self(200, json!({"result": "forgotten"})),
            Err(error) => unanswered(&error),
        }
    }
}

/// A transaction as the provider has it.
pub(crate) fn snapshot(snapshot: &Snapshot) -> Value {
    let (state, refunded) = match snapshot.state {
        ProviderState::Refunded { total } => ("refunded", total.minor()),
        ProviderState::Declined(_) => ("declined", 0),
        ProviderState::Authorised => ("authorised", 0),
        ProviderState::Captured => ("captured", 0),
        ProviderState::Voided => ("voided", 0),
        ProviderState::Pending => ("pending", 0),
        _ => ("not_charged", 0),
    };
    json!({
        "reference": snapshot.reference, "state": state, "refunded": refunded,
        "amount": snapshot.money.minor(), "currency": snapshot.money.currency(),
        "transaction": snapshot.transaction, "test": snapshot.test,
    })
}

fn declined(decline: &Decline) -> Answer {
    let value = json!({
        "result": "declined", "reason": decline.reason, "advice": decline.advice, "test": decline.test,
    });
    Answer(402, value)
}

fn failed(error: &GatewayError) -> Answer {
    match error {
        GatewayError::NotSent { retry } => {
            let retry_ms = match retry {
                Retry::SameKey { after } => u64::try_from(after.as_millis()).ok(),
                Retry::Never => None,
            };
            Answer(503, json!({"result": "not_sent", "retry_ms": retry_ms}))
        }
        GatewayError::Refused { reason, .. } => {
            Answer(422, json!({"result": "refused", "reason": reason.to_string()}))
        }
        GatewayError::InDoubt(doubt) => Answer(504, json!({"result": "in_doubt", "cause": doubt.cause()})),
    }
}

fn unanswered(error: &AskError) -> Answer {
    match error {
        AskError::Refused(reason) => Answer(422, json!({"result": "refused", "reason": reason.to_string()})),
        _ => Answer(504, json!({"result": "no_answer"})),
    }
}
