//! Orders: made, read, listed, edited, cancelled.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use paytone_dialog::OrderCode;
use paytone_psp::CustomerNumber;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::Fields;
use super::fields::{self, EditRequest, OrderRequest};
use super::problem::ProblemBody;
use super::{Backend, Problem, may};
use crate::bus::CallCommand;
use crate::results::{AttemptView, OrderView};
use crate::store::{
    Changed, Created, Order, OrderFilter, OrderState, OrderUlid, Principal, Role, WhileSending,
};

pub(super) type Id = Result<Path<String>, PathRejection>;

/// Makes an order. The same order again is the same order; another one under its id is a conflict.
#[utoipa::path(post, path = "/v1/orders", tag = "orders", request_body = OrderRequest,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = OrderAnswer), (status = 200, body = OrderAnswer, description = "it was there already"),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    request: Request,
) -> Result<Response, Problem> {
    may(&principal, Role::Operator)?;
    let new = fields::new_order(Fields::read(request).await?, backend.ttl_of(principal.merchant))?;
    match backend.store.create_order(principal.merchant, &new, backend.clock.now()).await? {
        Created::New(order) => {
            let location = [(header::LOCATION, format!("/v1/orders/{}", order.id))];
            Ok((StatusCode::CREATED, location, shown(&backend, order).await?).into_response())
        }
        Created::Same(order) => Ok(shown(&backend, order).await?.into_response()),
        Created::Taken => Err(Problem::ORDER_ID_TAKEN.about("order_id")),
    }
}

/// Which orders to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// Only those in this state.
    state: Option<String>,
    /// Only those of this customer.
    customer_number: Option<String>,
    /// Only the one with this code: what a caller has as a receipt number.
    code: Option<String>,
    /// Only those made at this time (RFC 3339) or later.
    created_from: Option<String>,
    /// Only those made before this time (RFC 3339).
    created_before: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// At most so many: 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// Lists orders, newest first.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(OrderQuery),
    responses((status = 200, body = OrderPage),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    query: Result<Query<OrderQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<OrderPage>, Problem> {
    let Query(query) =
        query.map_err(|_| Problem::query("a filter is not known or has a value it cannot have"))?;
    let state =
        query.state.as_deref().map(|word| OrderState::parse(word).ok_or_else(|| Problem::query("state")));
    let customer = query.customer_number.as_deref().map(CustomerNumber::parse);
    let customer = customer.transpose().map_err(|_| Problem::query("customer_number"))?;
    let code = query.code.as_deref().map(OrderCode::parse);
    let code = code.transpose().map_err(|_| Problem::query("code"))?;
    let after =
        query.after.as_deref().map(OrderUlid::parse).transpose().map_err(|_| Problem::query("after"))?;
    let filter = OrderFilter {
        state: state.transpose()?,
        customer_number: customer.as_ref(),
        code: code.as_ref(),
        created_from: query.created_from.as_deref().map(super::time).transpose()?,
        created_before: query.created_before.as_deref().map(super::time).transpose()?,
        after,
    };
    let (now, limit) = (backend.clock.now(), super::limit(query.limit)?);
    let orders = backend.store.orders(principal.merchant, &filter, now, limit).await?;
    let full = orders.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = orders.last().filter(|_| full).map(|order| order.id.to_string());
    Ok(Json(OrderPage { items: orders.iter().map(|order| OrderView::new(order, now)).collect(), next }))
}

/// Reads an order by our id or the merchant's.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, body = OrderAnswer),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
) -> Result<Json<OrderAnswer>, Problem> {
    let order = find(&backend, &principal, id).await?;
    shown(&backend, order).await
}

/// Changes an order that is not paid. A call that has it is ended, and the order is open again.
#[utoipa::path(patch, path = "/v1/orders/{id}", tag = "orders", params(("id" = String, Path)),
    request_body = EditRequest,
    responses((status = 200, body = OrderAnswer),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
    request: Request,
) -> Result<Json<OrderAnswer>, Problem> {
    may(&principal, Role::Operator)?;
    let order = find(&backend, &principal, id).await?;
    let edit = fields::edit(Fields::read(request).await?, order.money, &order.terms)?;
    let changed = backend.store.edit_order(principal.merchant, order.id, &edit, backend.clock.now()).await?;
    tell_the_call(&backend, &changed, CallCommand::OrderChanged);
    shown(&backend, changed.order).await
}

/// What to do with a payment that is on its way.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct CancelRequest {
    /// `refuse` (if left out), or `void_on_approval`.
    while_sending: Option<String>,
}

/// Cancels an order that is not paid. A call that has it is ended.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "orders", params(("id" = String, Path)),
    request_body(content = Option<CancelRequest>),
    responses((status = 200, body = OrderAnswer),
              (status = 202, body = OrderAnswer, description = "it is cancelled once the payment's outcome is known"),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn cancel(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
    request: Request,
) -> Result<(StatusCode, Json<OrderAnswer>), Problem> {
    may(&principal, Role::Operator)?;
    let mut fields = Fields::read_or_none(request).await?.only(&["while_sending"])?;
    let policy = match fields.optional_text("while_sending")?.as_deref() {
        None | Some("refuse") => WhileSending::Refuse,
        Some("void_on_approval") => WhileSending::VoidOnApproval,
        Some(_) => return Err(Problem::field("while_sending", "must be refuse or void_on_approval")),
    };
    let order = find(&backend, &principal, id).await?;
    let changed =
        backend.store.cancel_order(principal.merchant, order.id, policy, backend.clock.now()).await?;
    tell_the_call(&backend, &changed, CallCommand::OrderCancelled);
    let status = match changed.order.state {
        OrderState::Cancelled => StatusCode::OK,
        _ => StatusCode::ACCEPTED,
    };
    Ok((status, shown(&backend, changed.order).await?))
}

fn tell_the_call(backend: &Backend, changed: &Changed, command: CallCommand) {
    // The call takes this whatever it is doing; what came of it shows in its outcome.
    if let Some(call) = changed.taken_from
        && backend.bus.command(call, command).is_err()
    {
        tracing::warn!(%call, "the call that lost its order could not be told");
    }
}

/// The order a path names.
pub(super) async fn find(backend: &Backend, principal: &Principal, id: Id) -> Result<Order, Problem> {
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    backend.store.order(principal.merchant, &id).await?.ok_or(Problem::NOT_FOUND)
}

pub(super) async fn shown(backend: &Backend, order: Order) -> Result<Json<OrderAnswer>, Problem> {
    let attempts = backend.store.attempts_of(order.id).await?;
    Ok(Json(OrderAnswer {
        order: OrderView::new(&order, backend.clock.now()),
        sip_uris: backend.dialling.uris(order.merchant, order.code.as_str()),
        code: order.code.as_str().to_owned(),
        attempts: attempts.iter().map(AttemptView::from).collect(),
    }))
}

/// An order with what the caller dials and what was tried.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderAnswer {
    #[serde(flatten)]
    order: OrderView,
    /// What the caller keys or dials, nine digits.
    code: String,
    /// What the caller can dial instead.
    sip_uris: Vec<String>,
    /// The attempts to pay it, oldest first.
    attempts: Vec<AttemptView>,
}

/// Some orders.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderPage {
    /// The orders.
    items: Vec<OrderView>,
    /// What to ask for as `after` for the next page; `null` on the last one.
    next: Option<String>,
}
