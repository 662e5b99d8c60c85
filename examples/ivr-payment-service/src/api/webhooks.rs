//! Where a merchant is told things, and how that goes.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use paytone_redact::SafeText;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::Fields;
use super::orders::Id;
use super::problem::ProblemBody;
use super::{Backend, Problem, may};
use crate::clock::rfc3339;
use crate::store::{Delivery, DeliveryState, DeliveryUlid, Endpoint, EndpointUlid, Principal, Role};
use crate::webhook::{check_address, make_key};

/// An address.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct EndpointRequest {
    /// `https://` anywhere, `http://` on this machine; at most 500 characters.
    #[schema(example = "https://shop.example/paytone")]
    url: String,
}

/// Makes an address. The answer has the key that signs, this once.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = EndpointRequest,
    responses((status = 201, body = EndpointView),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    request: Request,
) -> Result<(StatusCode, Json<EndpointView>), Problem> {
    may(&principal, Role::Admin)?;
    let url = Fields::read(request).await?.only(&["url"])?.text("url")?;
    let safe = SafeText::new(&url);
    if url.len() > 500 || url.chars().any(char::is_control) || safe.as_str() != url {
        return Err(Problem::field("url", "must be at most 500 characters and nothing like a card number"));
    }
    check_address(&url).map_err(|error| Problem::field("url", error.to_string()))?;
    let (key, shown) = make_key();
    let made = backend.store.create_endpoint(principal.merchant, &safe, &key, backend.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(EndpointView::new(&made, Some(shown.expose_secret())))))
}

/// Lists the addresses.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = Vec<EndpointView>),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<Vec<EndpointView>>, Problem> {
    let endpoints = backend.store.endpoints(principal.merchant).await?;
    Ok(Json(endpoints.iter().map(|endpoint| EndpointView::new(endpoint, None)).collect()))
}

/// Signs with a new key and the present one; the answer has the new one, this once.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = SigningKey),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn rotate(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
) -> Result<Json<SigningKey>, Problem> {
    may(&principal, Role::Admin)?;
    let (key, shown) = make_key();
    let found = backend.store.rotate_endpoint(principal.merchant, endpoint(id)?, Some(&key)).await?;
    match found {
        true => Ok(Json(SigningKey { key: shown.expose_secret().to_owned() })),
        false => Err(Problem::NOT_FOUND),
    }
}

/// Signs with the present key alone from now on.
#[utoipa::path(post, path = "/v1/webhooks/{id}/retire", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn retire(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
) -> Result<StatusCode, Problem> {
    may(&principal, Role::Admin)?;
    done(backend.store.rotate_endpoint(principal.merchant, endpoint(id)?, None).await?)
}

/// Takes an address away. What was still to be told there is dead.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
) -> Result<StatusCode, Problem> {
    may(&principal, Role::Admin)?;
    done(backend.store.remove_endpoint(principal.merchant, endpoint(id)?, backend.clock.now()).await?)
}

/// Which deliveries to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryQuery {
    /// `waiting`, `delivered` or `dead`.
    state: Option<String>,
    /// At most so many: 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// Lists deliveries, newest first.
#[utoipa::path(get, path = "/v1/deliveries", tag = "webhooks", params(DeliveryQuery),
    responses((status = 200, body = Vec<DeliveryView>),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn deliveries(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    query: Result<Query<DeliveryQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<DeliveryView>>, Problem> {
    let Query(query) =
        query.map_err(|_| Problem::query("a filter is not known or has a value it cannot have"))?;
    let state = query.state.as_deref().map(|word| DeliveryState::parse(word).ok_or(Problem::query("state")));
    let limit = super::limit(query.limit)?;
    let found = backend.store.deliveries(principal.merchant, state.transpose()?, limit).await?;
    Ok(Json(found.iter().map(DeliveryView::from).collect()))
}

/// Tries a delivery again, from the start.
#[utoipa::path(post, path = "/v1/deliveries/{id}/redeliver", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn redeliver(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
) -> Result<StatusCode, Problem> {
    may(&principal, Role::Operator)?;
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    let id = DeliveryUlid::parse(&id).map_err(|_| Problem::NOT_FOUND)?;
    done(backend.store.redeliver(principal.merchant, id, backend.clock.now()).await?)
}

fn endpoint(id: Id) -> Result<EndpointUlid, Problem> {
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    EndpointUlid::parse(&id).map_err(|_| Problem::NOT_FOUND)
}

fn done(found: bool) -> Result<StatusCode, Problem> {
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::NOT_FOUND) }
}

/// An address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndpointView {
    /// Our own id.
    id: String,
    /// Where it is.
    url: String,
    /// Two keys sign at present.
    rotating: bool,
    /// RFC 3339.
    created_at: String,
    /// The key that signs, `whsec_` and base64; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// A key that signs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SigningKey {
    /// `whsec_` and base64; shown once.
    key: String,
}

/// An event's way to an address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryView {
    /// Our own id.
    id: String,
    /// The `webhook-id`.
    event: String,
    /// The address.
    endpoint: String,
    /// `waiting`, `delivered` or `dead`.
    #[schema(value_type = String)]
    state: &'static str,
    /// How often it was tried.
    tries: u32,
    /// When it is tried next, RFC 3339.
    next_at: String,
    /// What the last try got: an HTTP status, or 0 for no answer.
    last_status: Option<u16>,
}

impl EndpointView {
    fn new(endpoint: &Endpoint, key: Option<&str>) -> Self {
        Self {
            id: endpoint.id.to_string(),
            url: endpoint.url.to_string(),
            rotating: endpoint.rotating,
            created_at: rfc3339(endpoint.created_at),
            key: key.map(str::to_owned),
        }
    }
}

impl From<&Delivery> for DeliveryView {
    fn from(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            event: delivery.event.to_string(),
            endpoint: delivery.endpoint.to_string(),
            state: delivery.state.as_str(),
            tries: delivery.tries,
            next_at: rfc3339(delivery.next_at),
            last_status: delivery.last_status,
        }
    }
}
