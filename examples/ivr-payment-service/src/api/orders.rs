//! `POST /v1/orders` and `GET /v1/orders/{id}`.

use core::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use paytone_card::Brand;
use paytone_psp::attempt::State as AttemptState;
use paytone_psp::{
    ApprovalCode, Currency, CustomerNumber, DeclineReason, Money, OrderId, Reference, TransactionId,
};
use paytone_redact::SafeText;
use serde::Serialize;

use super::body::Fields;
use super::{Backend, Problem};
use crate::clock::serialize_time;
use crate::store::{AttemptRecord, CallUlid, Created, MAX_AMOUNT, NewOrder, Order, OrderUlid};

const FIELDS: [&str; 5] = ["order_id", "amount", "currency", "customer_number", "description"];
const LONGEST_DESCRIPTION: usize = 200;

pub(super) async fn create(State(backend): State<Backend>, request: Request) -> Result<Response, Problem> {
    let new = new_order(Fields::read(request).await?.only(&FIELDS)?, backend.ttl)?;
    match backend.store.create_order(&new, backend.clock.now()).await? {
        Created::New(order) => {
            let location = [(header::LOCATION, format!("/v1/orders/{}", order.id))];
            Ok((StatusCode::CREATED, location, shown(&backend, order).await?).into_response())
        }
        Created::Same(order) => Ok(shown(&backend, order).await?.into_response()),
        Created::Taken => Err(Problem::ORDER_ID_TAKEN.about("order_id")),
    }
}

pub(super) async fn show(
    State(backend): State<Backend>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<OrderView>, Problem> {
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    let order = backend.store.order(&id).await?.ok_or(Problem::NOT_FOUND)?;
    shown(&backend, order).await
}

fn new_order(mut fields: Fields, ttl: Duration) -> Result<NewOrder, Problem> {
    let order_id = OrderId::parse(&fields.text("order_id")?)
        .map_err(|error| Problem::field("order_id", error.to_string()))?;
    let minor = fields.whole_number("amount")?;
    if !(1..MAX_AMOUNT).contains(&minor) {
        return Err(Problem::field("amount", "must be from 1 to 9999999999 minor units"));
    }
    let currency = Currency::parse(&fields.text("currency")?)
        .map_err(|error| Problem::field("currency", error.to_string()))?;
    let customer_number = fields
        .optional_text("customer_number")?
        .map(|text| CustomerNumber::parse(&text))
        .transpose()
        .map_err(|error| Problem::field("customer_number", error.to_string()))?;
    let description = fields.optional_text("description")?.map(|text| description(&text)).transpose()?;
    Ok(NewOrder { order_id, money: Money::new(minor, currency), customer_number, description, ttl })
}

fn description(text: &str) -> Result<SafeText, Problem> {
    match text.chars().count() <= LONGEST_DESCRIPTION && !text.chars().any(char::is_control) {
        true => Ok(SafeText::new(text)),
        false => Err(Problem::field("description", "must be one line of at most 200 characters")),
    }
}

async fn shown(backend: &Backend, order: Order) -> Result<Json<OrderView>, Problem> {
    let attempts = backend.store.attempts_of(order.id).await?;
    Ok(Json(OrderView {
        id: order.id,
        state: order.state_at(backend.clock.now()).as_str(),
        order_id: order.order_id,
        amount: order.money.minor(),
        currency: order.money.currency(),
        customer_number: order.customer_number,
        description: order.description,
        sip_uris: backend.dialling.uris(order.code.as_str()),
        code: order.code.as_str().to_owned(),
        created_at: order.created_at,
        expires_at: order.expires_at,
        updated_at: order.updated_at,
        attempts: attempts.into_iter().map(AttemptView::from).collect(),
    }))
}

/// An order as JSON.
#[derive(Debug, Serialize)]
pub(super) struct OrderView {
    id: OrderUlid,
    order_id: OrderId,
    amount: u64,
    currency: Currency,
    customer_number: Option<CustomerNumber>,
    description: Option<SafeText>,
    state: &'static str,
    code: String,
    sip_uris: Vec<String>,
    #[serde(serialize_with = "serialize_time")]
    created_at: Duration,
    #[serde(serialize_with = "serialize_time")]
    expires_at: Duration,
    #[serde(serialize_with = "serialize_time")]
    updated_at: Duration,
    attempts: Vec<AttemptView>,
}

/// An attempt as JSON.
#[derive(Debug, Serialize)]
struct AttemptView {
    reference: Reference,
    call: CallUlid,
    state: AttemptState,
    version: u32,
    last_four: String,
    brand: Brand,
    transaction_id: Option<TransactionId>,
    approval_code: Option<ApprovalCode>,
    decline_reason: Option<DeclineReason>,
    test: bool,
    #[serde(serialize_with = "serialize_time")]
    created_at: Duration,
    #[serde(serialize_with = "serialize_time")]
    updated_at: Duration,
}

impl From<AttemptRecord> for AttemptView {
    fn from(record: AttemptRecord) -> Self {
        let attempt = &record.attempt;
        Self {
            reference: *attempt.reference(),
            call: record.call,
            state: attempt.state(),
            version: attempt.version(),
            last_four: record.last_four.last_four().to_owned(),
            brand: record.brand,
            transaction_id: attempt.transaction().cloned(),
            approval_code: attempt.approval_code().cloned(),
            decline_reason: attempt.decline(),
            test: attempt.is_test(),
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}
