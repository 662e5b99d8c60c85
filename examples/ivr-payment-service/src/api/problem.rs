//! Errors as RFC 9457 writes them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use paytone_dialog::CommandRefused;
use serde::Serialize;
use utoipa::ToSchema;

use crate::payments::OperationError;
use crate::store::{ChangeError, StoreError};

/// What is wrong with a request. All its words are ours: nothing that was sent comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: Option<String>,
    field: Option<&'static str>,
}

impl Problem {
    pub(super) const NOT_FOUND: Self =
        Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such thing");

    pub(super) const METHOD_NOT_ALLOWED: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this cannot be done to it");

    pub(super) const UNAUTHORIZED: Self = Self::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "the request needs a valid key in `Authorization: Bearer`",
    );

    pub(super) const UNSUPPORTED_MEDIA_TYPE: Self = Self::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "the body must be `application/json`",
    );

    pub(super) const TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the body is longer than 64 KiB");

    pub(super) const TOO_SLOW: Self =
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "the body did not arrive in time");

    pub(super) const UNREADABLE: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "unreadable",
        "the body is not one JSON object with distinct names",
    );

    pub(super) const ORDER_ID_TAKEN: Self =
        Self::new(StatusCode::CONFLICT, "order-id-taken", "there is another order with this id");

    pub(super) const NAME_TAKEN: Self =
        Self::new(StatusCode::CONFLICT, "name-taken", "there is another merchant with this name");

    pub(super) const FORBIDDEN: Self =
        Self::new(StatusCode::FORBIDDEN, "forbidden", "the key may not do this");

    pub(super) const REFUND_LIMIT: Self =
        Self::new(StatusCode::FORBIDDEN, "refund-limit", "the key may not give back that much");

    pub(super) const TOO_MANY: Self = Self::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "more requests than are taken in a second",
    );

    pub(super) const KEY_MISSING: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "idempotency-key-missing",
        "the request moves money and needs an `Idempotency-Key` of 1 to 64 letters, digits, `-` and `_`",
    );

    pub(super) const KEY_REUSED: Self = Self::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "the `Idempotency-Key` came with another request before",
    );

    pub(super) const KEY_IN_USE: Self = Self::new(
        StatusCode::CONFLICT,
        "idempotency-key-in-use",
        "the request is being carried out, or was when the service stopped: look at the order",
    );

    pub(super) const PAYMENT_UNDER_WAY: Self = Self::new(
        StatusCode::CONFLICT,
        "payment-under-way",
        "a payment of the order is on its way or in doubt",
    );

    pub(super) const ORDER_OVER: Self =
        Self::new(StatusCode::CONFLICT, "order-over", "the order is paid, cancelled or otherwise over");

    pub(super) const NO_PAYMENT: Self =
        Self::new(StatusCode::CONFLICT, "no-payment", "the order has no payment this can be done to");

    pub(super) const NOT_POSSIBLE: Self =
        Self::new(StatusCode::CONFLICT, "not-possible", "the payment does not allow this, or not this much");

    pub(super) const NOT_DONE: Self = Self::new(
        StatusCode::BAD_GATEWAY,
        "provider-did-not",
        "the payment provider did not do it or was not reached; nothing has changed",
    );

    pub(super) const CALL_VERSION: Self =
        Self::new(StatusCode::CONFLICT, "call-version", "the call has moved on: read it again");

    pub(super) const CALL_NOT_YOURS: Self = Self::new(
        StatusCode::CONFLICT,
        "call-not-controlled",
        "the call is over, or another operator controls it and `take_over` was not asked for",
    );

    /// What a call did not do for an operator, and why.
    pub(super) fn command_refused(why: CommandRefused) -> Self {
        let kind = match why {
            CommandRefused::Authorizing => "command-refused-authorizing",
            CommandRefused::Over => "command-refused-over",
            CommandRefused::NotAField => "command-refused-not-a-field",
            CommandRefused::NotOptional => "command-refused-not-optional",
            CommandRefused::TooEarly => "command-refused-too-early",
            CommandRefused::Incomplete => "command-refused-incomplete",
            CommandRefused::NothingOpen => "command-refused-nothing-open",
            _ => "command-refused-not-ready",
        };
        let title = "the call does not do this now; nothing has changed but its version";
        Self { detail: Some(why.to_string()), ..Self::new(StatusCode::CONFLICT, kind, title) }
    }

    const INVALID_FIELD: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field", "a field cannot be used");

    const INVALID_QUERY: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-parameter", "a parameter cannot be used");

    const INTERNAL: Self =
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service failed; try again");

    const fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self { status, kind, title, detail: None, field: None }
    }

    /// A field with a value it cannot have, or one that is missing.
    pub(super) fn field(name: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some(name), detail: Some(detail.into()), ..Self::INVALID_FIELD }
    }

    /// A parameter with a value it cannot have.
    pub(super) fn query(detail: &'static str) -> Self {
        Self { detail: Some(detail.to_owned()), ..Self::INVALID_QUERY }
    }

    /// A field nobody knows. Its name is the sender's, so it is not repeated.
    pub(super) fn unknown_field(known: &[&'static str]) -> Self {
        let detail = format!("a field is none of: {}", known.join(", "));
        Self { detail: Some(detail), ..Self::INVALID_FIELD }
    }

    pub(super) fn about(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => return Self::NOT_FOUND,
            StoreError::LiveAttempt => return Self::PAYMENT_UNDER_WAY,
            StoreError::NotHeld => return Self::ORDER_OVER,
            _ => {}
        }
        tracing::error!(%error, "a request failed");
        Self::INTERNAL
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Change(ChangeError::Event(_)) => Self::NOT_POSSIBLE,
            OperationError::Change(ChangeError::Store(error)) => error.into(),
            OperationError::NotDone => Self::NOT_DONE,
            OperationError::Interrupted => Self::INTERNAL,
        }
    }
}

/// An error as JSON (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemBody {
    /// `urn:paytone:problem:` and what it is.
    r#type: String,
    /// The same in words.
    #[schema(value_type = String)]
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    field: Option<&'static str>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: format!("urn:paytone:problem:{}", self.kind),
            title: self.title,
            status: self.status.as_u16(),
            detail: self.detail,
            field: self.field,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"paytone\""));
        }
        response
    }
}
