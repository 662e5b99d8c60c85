//! What needs a person, and what a person can do about it.

use axum::extract::{Path, Request, State};
use axum::{Extension, Json};
use paytone_psp::Reference;
use paytone_psp::attempt::{PersonsFinding, State as AttemptState};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::orders::Id;
use super::problem::ProblemBody;
use super::webhooks::DeliveryView;
use super::{Backend, Problem, fields, layers, may};
use crate::results::AttemptView;
use crate::store::{AttemptRecord, CardRequest, DeliveryState, Principal, Role};
use crate::worker::LAPSING;

/// Lists what needs a person: payments in doubt for too long or of money that must not be held, reservations that lapse,
/// cards the provider has something left of, webhooks nobody takes.
#[utoipa::path(get, path = "/v1/needs-person", tag = "person",
    responses((status = 200, body = NeedsPerson),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<NeedsPerson>, Problem> {
    let lapsing = backend.clock.now().saturating_sub(LAPSING);
    let attempts = backend.store.attempts_for_a_person(principal.merchant, lapsing).await?;
    let cards = backend.store.cards_for_a_person(principal.merchant).await?;
    let dead = backend.store.deliveries(principal.merchant, Some(DeliveryState::Dead), MOST).await?;
    let lapses = |record: &&AttemptRecord| {
        record.attempt.state() == AttemptState::Approved && !record.attempt.needs_compensation()
    };
    Ok(Json(NeedsPerson {
        payments: attempts.iter().filter(|record| !lapses(record)).map(AttemptView::from).collect(),
        lapsing: attempts.iter().filter(lapses).map(AttemptView::from).collect(),
        cards: cards.iter().map(CardView::from).collect(),
        webhooks: dead.iter().map(DeliveryView::from).collect(),
    }))
}

/// Asks the provider now what it has of a payment.
#[utoipa::path(post, path = "/v1/attempts/{reference}/lookup", tag = "person", params(("reference" = String, Path)),
    responses((status = 200, body = AttemptView),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn look_up(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    reference: Id,
) -> Result<Json<AttemptView>, Problem> {
    may(&principal, Role::Operator)?;
    let record = find(&backend, &principal, reference).await?;
    Ok(Json(AttemptView::from(&backend.payments.look_up_now(&record).await?)))
}

/// What a person found out.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct SettleRequest {
    /// `not_charged`, `authorised` or `captured`: what the provider has.
    finding: String,
    /// Where that can be seen at the provider: one line of at most 200 characters.
    evidence: String,
    /// Why it is settled by hand: one line of at most 200 characters.
    reason: String,
}

/// Settles a payment that is in doubt for too long, on a supervisor's word. Not charged, its order is open again.
#[utoipa::path(post, path = "/v1/attempts/{reference}/settle", tag = "person", params(("reference" = String, Path)),
    request_body = SettleRequest,
    responses((status = 200, body = AttemptView),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn settle(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    reference: Id,
    request: Request,
) -> Result<Json<AttemptView>, Problem> {
    may(&principal, Role::Supervisor)?;
    let mut body = Fields::read(request).await?.only(&["finding", "evidence", "reason"])?;
    let finding = match body.text("finding")?.as_str() {
        "not_charged" => PersonsFinding::NothingHeld,
        "authorised" => PersonsFinding::Authorised,
        "captured" => PersonsFinding::Captured,
        _ => return Err(Problem::field("finding", "must be not_charged, authorised or captured")),
    };
    let evidence = written(&mut body, "evidence")?;
    let reason = written(&mut body, "reason")?;
    let record = find(&backend, &principal, reference).await?;
    let settled = backend.payments.settle(*record.attempt.reference(), finding).await;
    let detail = format!("finding {finding:?}; evidence: {evidence}; reason: {reason}");
    let object = record.attempt.reference().to_string();
    layers::note(&backend, &principal, "settle payment", &object, settled.is_ok(), &detail).await;
    Ok(Json(AttemptView::from(&settled?)))
}

fn written(body: &mut Fields, name: &'static str) -> Result<String, Problem> {
    let text = fields::line(body, name, 200)?.map(|text| text.to_string());
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| Problem::field(name, "is missing"))
}

async fn find(backend: &Backend, principal: &Principal, reference: Id) -> Result<AttemptRecord, Problem> {
    let Path(reference) = reference.map_err(|_| Problem::NOT_FOUND)?;
    let reference = Reference::parse(&reference).map_err(|_| Problem::NOT_FOUND)?;
    backend.store.attempt(principal.merchant, reference).await?.ok_or(Problem::NOT_FOUND)
}

const MOST: u32 = 200;

/// What needs a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NeedsPerson {
    /// Payments whose outcome nobody knows, and money that must not be held and could not be given back yet.
    payments: Vec<AttemptView>,
    /// Reservations the issuer will let go of soon.
    lapsing: Vec<AttemptView>,
    /// Cards that were to be verified or stored and were not answered, of which the provider has something: let go of it
    /// there.
    cards: Vec<CardView>,
    /// Deliveries that were given up.
    webhooks: Vec<DeliveryView>,
}

/// A card that was to be verified or stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CardView {
    /// Its name at the provider.
    reference: String,
    /// Our id of the order.
    order: String,
    /// Our id of the call.
    call: String,
    /// `verify` or `register`.
    #[schema(value_type = String)]
    operation: &'static str,
    /// The last four digits.
    last_four: String,
    /// Its brand.
    #[schema(value_type = String)]
    brand: &'static str,
}

impl From<&CardRequest> for CardView {
    fn from(request: &CardRequest) -> Self {
        Self {
            reference: request.reference.to_string(),
            order: request.order.to_string(),
            call: request.call.to_string(),
            operation: request.operation.as_str(),
            last_four: request.last_four.last_four().to_owned(),
            brand: request.brand.name(),
        }
    }
}
