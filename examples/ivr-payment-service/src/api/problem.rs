//! Errors as RFC 9457 writes them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;

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

    const INVALID_FIELD: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field", "a field cannot be used");

    const INTERNAL: Self =
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service failed; try again");

    const fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self { status, kind, title, detail: None, field: None }
    }

    /// A field with a value it cannot have, or one that is missing.
    pub(super) fn field(name: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some(name), detail: Some(detail.into()), ..Self::INVALID_FIELD }
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
        tracing::error!(%error, "a request failed");
        Self::INTERNAL
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            r#type: String,
            title: &'static str,
            status: u16,
            #[serde(skip_serializing_if = "Option::is_none")]
            detail: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            field: Option<&'static str>,
        }
        let body = Body {
            r#type: format!("urn:paytone:problem:{}", self.kind),
            title: self.title,
            status: self.status.as_u16(),
            detail: self.detail,
            field: self.field,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"paytone\""));
        }
        response
    }
}
