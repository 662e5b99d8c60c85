//! What moves money without a caller: captures, voids, refunds, charges of stored cards. Every request carries an
//! `Idempotency-Key`.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use paytone_psp::attempt::State as AttemptState;
use paytone_psp::{CustomerNumber, Money};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::Fields;
use super::layers::Keyed;
use super::orders::{Id, OrderAnswer, find, shown};
use super::problem::ProblemBody;
use super::{Backend, Problem, fields, may};
use crate::clock::rfc3339;
use crate::payments::{Operate, OperationError};
use crate::store::{
    AttemptRecord, Begun, Order, OrderState, Principal, RequestKey, Role, StoredCardRecord, StoredCardUlid,
};

type Answer = Result<(StatusCode, Json<OrderAnswer>), Problem>;

/// How much.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct AmountRequest {
    /// Minor units; everything that is left if left out.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    amount: Option<u64>,
}

/// Which card.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct ChargeRequest {
    /// The id of a stored card.
    stored_card: String,
}

/// Takes what an `authorize` order has reserved, all of it or part of it.
#[utoipa::path(post, path = "/v1/orders/{id}/capture", tag = "money",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body(content = Option<AmountRequest>),
    responses((status = 200, body = OrderAnswer),
              (status = 202, body = OrderAnswer, description = "the outcome is not known yet"),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn capture(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    Extension(keyed): Extension<Keyed>,
    id: Id,
    request: Request,
) -> Answer {
    let order = ordered(&backend, &principal, id).await?;
    if let Some(begun) = keyed.begun {
        return came_to(&backend, order, begun).await;
    }
    let payment = payment(&backend, &order).await?;
    let amount = requested(request, &order).await?;
    operate(&backend, order, &payment, Operate::Capture(amount), keyed).await
}

/// Lets go of what an `authorize` order has reserved.
#[utoipa::path(post, path = "/v1/orders/{id}/void", tag = "money",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = OrderAnswer),
              (status = 202, body = OrderAnswer, description = "the outcome is not known yet"),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn void(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    Extension(keyed): Extension<Keyed>,
    id: Id,
) -> Answer {
    let order = ordered(&backend, &principal, id).await?;
    if let Some(begun) = keyed.begun {
        return came_to(&backend, order, begun).await;
    }
    let payment = payment(&backend, &order).await?;
    operate(&backend, order, &payment, Operate::Void, keyed).await
}

/// Gives back what was taken, all of it or part of it, and never more.
#[utoipa::path(post, path = "/v1/orders/{id}/refund", tag = "money",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body(content = Option<AmountRequest>),
    responses((status = 200, body = OrderAnswer),
              (status = 202, body = OrderAnswer, description = "the outcome is not known yet"),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn refund(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    Extension(keyed): Extension<Keyed>,
    id: Id,
    request: Request,
) -> Answer {
    let order = ordered(&backend, &principal, id).await?;
    if let Some(begun) = keyed.begun {
        return came_to(&backend, order, begun).await;
    }
    let payment = payment(&backend, &order).await?;
    let amount = requested(request, &order).await?;
    let after = match amount {
        Some(amount) => payment.attempt.refunded().minor().saturating_add(amount.minor()),
        None => order.money.minor(),
    };
    if principal.refund_limit.is_some_and(|limit| after > limit) {
        return Err(Problem::REFUND_LIMIT);
    }
    operate(&backend, order, &payment, Operate::Refund(amount), keyed).await
}

/// Pays an open order with a card the provider has stored.
#[utoipa::path(post, path = "/v1/orders/{id}/charge", tag = "money",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = ChargeRequest,
    responses((status = 200, body = OrderAnswer, description = "asked; the last attempt says what came of it"),
              (status = 202, body = OrderAnswer, description = "the outcome is not known yet"),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn charge(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    Extension(keyed): Extension<Keyed>,
    id: Id,
    request: Request,
) -> Answer {
    may(&principal, Role::Supervisor)?;
    let order = find(&backend, &principal, id).await?;
    if let Some(begun) = keyed.begun {
        return came_to(&backend, order, begun).await;
    }
    let mut body = Fields::read(request).await?.only(&["stored_card"])?;
    let unknown = || Problem::field("stored_card", "there is no such stored card");
    let card = StoredCardUlid::parse(&body.text("stored_card")?).map_err(|_| unknown())?;
    if order.state_at(backend.clock.now()) != OrderState::Open || !order.terms.purpose.has_amount() {
        return Err(Problem::ORDER_OVER);
    }
    let card = backend.store.stored_card(principal.merchant, card).await?.ok_or_else(unknown)?;
    let request = RequestKey { merchant: order.merchant, key: keyed.key };
    let charged = backend.payments.charge_stored_for(Some(request), &order, &card).await?;
    answer(&backend, order, &charged).await
}

/// Which cards to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CardQuery {
    /// Only those of this customer.
    customer_number: Option<String>,
    /// At most so many: 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// Lists the cards the provider has stored for the merchant, newest first.
#[utoipa::path(get, path = "/v1/stored-cards", tag = "money", params(CardQuery),
    responses((status = 200, body = Vec<StoredCardView>),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn cards(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    query: Result<Query<CardQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<StoredCardView>>, Problem> {
    let Query(query) =
        query.map_err(|_| Problem::query("a filter is not known or has a value it cannot have"))?;
    let customer = query.customer_number.as_deref().map(CustomerNumber::parse);
    let customer = customer.transpose().map_err(|_| Problem::query("customer_number"))?;
    let limit = super::limit(query.limit)?;
    let cards = backend.store.stored_cards(principal.merchant, customer.as_ref(), limit).await?;
    Ok(Json(cards.iter().map(StoredCardView::from).collect()))
}

/// Has the provider forget a stored card.
#[utoipa::path(delete, path = "/v1/stored-cards/{id}", tag = "money", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn forget(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
) -> Result<StatusCode, Problem> {
    may(&principal, Role::Supervisor)?;
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    let id = StoredCardUlid::parse(&id).map_err(|_| Problem::NOT_FOUND)?;
    let card = backend.store.stored_card(principal.merchant, id).await?.ok_or(Problem::NOT_FOUND)?;
    backend.payments.forget(principal.merchant, &card).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The order whose money is to be moved.
async fn ordered(backend: &Backend, principal: &Principal, id: Id) -> Result<Order, Problem> {
    may(principal, Role::Supervisor)?;
    find(backend, principal, id).await
}

/// What became of what a request began before its process was killed.
async fn came_to(backend: &Backend, order: Order, begun: Begun) -> Answer {
    let record = backend.store.attempt(order.merchant, begun.attempt).await?.ok_or(Problem::NO_PAYMENT)?;
    if record.attempt.pending().is_none() && !begun.is_done(&record.attempt) {
        return Err(OperationError::NotDone.into());
    }
    answer(backend, order, &record).await
}

/// The payment of an order that money is held by.
async fn payment(backend: &Backend, order: &Order) -> Result<AttemptRecord, Problem> {
    let attempts = backend.store.attempts_of(order.id).await?;
    let held = |record: &AttemptRecord| {
        matches!(record.attempt.state(), AttemptState::Approved | AttemptState::Captured)
    };
    attempts.into_iter().rfind(held).ok_or(Problem::NO_PAYMENT)
}

async fn requested(request: Request, order: &Order) -> Result<Option<Money>, Problem> {
    let mut body = Fields::read_or_none(request).await?.only(&["amount"])?;
    let minor = body.optional_whole_number("amount")?.map(fields::amount).transpose()?;
    Ok(minor.map(|minor| Money::new(minor, order.money.currency())))
}

async fn operate(
    backend: &Backend,
    order: Order,
    payment: &AttemptRecord,
    what: Operate,
    keyed: Keyed,
) -> Answer {
    let request = RequestKey { merchant: order.merchant, key: keyed.key };
    let reference = *payment.attempt.reference();
    let done = backend.payments.operate_for(Some(request), order.merchant, reference, what).await?;
    answer(backend, order, &done).await
}

async fn answer(backend: &Backend, order: Order, record: &AttemptRecord) -> Answer {
    let status = match record.attempt.pending() {
        Some(_) => StatusCode::ACCEPTED,
        None => StatusCode::OK,
    };
    let order = backend.store.order(order.merchant, order.id.as_str()).await?.ok_or(Problem::NOT_FOUND)?;
    Ok((status, shown(backend, order).await?))
}

/// A stored card.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoredCardView {
    /// Our own id.
    id: String,
    /// Our id of the order it was stored with.
    order: String,
    /// The customer of that order.
    customer_number: Option<String>,
    /// The last four digits.
    last_four: String,
    /// Its brand.
    #[schema(value_type = String)]
    brand: &'static str,
    /// No real card.
    test: bool,
    /// RFC 3339.
    created_at: String,
}

impl From<&StoredCardRecord> for StoredCardView {
    fn from(card: &StoredCardRecord) -> Self {
        Self {
            id: card.id.to_string(),
            order: card.order.to_string(),
            customer_number: card.customer_number.as_ref().map(|number| number.as_str().to_owned()),
            last_four: card.last_four.last_four().to_owned(),
            brand: card.brand.name(),
            test: card.test,
            created_at: rfc3339(card.created_at),
        }
    }
}
