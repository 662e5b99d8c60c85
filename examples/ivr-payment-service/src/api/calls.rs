//! `GET /v1/calls/{id}`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use paytone_card::Brand;
use paytone_psp::OrderId;
use paytone_redact::SafeText;
use serde::Serialize;

use super::{Backend, Problem};
use crate::clock::rfc3339;
use crate::store::CallUlid;

pub(super) async fn show(
    State(backend): State<Backend>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<CallView>, Problem> {
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    let call = backend.store.call(&id).await?.ok_or(Problem::NOT_FOUND)?;
    let order = match call.order {
        Some(order) => backend.store.order(order.as_str()).await?,
        None => None,
    };
    let ended_at = call.ending.as_ref().map(|ending| rfc3339(ending.at));
    let (outcome, detail) = call.ending.map(|ending| (ending.outcome, ending.detail)).unzip();
    Ok(Json(CallView {
        id: call.id,
        sip_call_id: call.sip_call_id,
        line: call.line,
        caller: call.caller,
        order_id: order.map(|order| order.order_id),
        state: if outcome.is_some() { "ended" } else { "in_progress" },
        outcome,
        detail: detail.flatten(),
        last_four: call.last_four.map(|masked| masked.last_four().to_owned()),
        brand: call.brand,
        started_at: rfc3339(call.started_at),
        ended_at,
    }))
}

/// A call as JSON.
#[derive(Debug, Serialize)]
pub(super) struct CallView {
    id: CallUlid,
    sip_call_id: SafeText,
    line: String,
    caller: Option<SafeText>,
    order_id: Option<OrderId>,
    state: &'static str,
    outcome: Option<String>,
    detail: Option<String>,
    last_four: Option<String>,
    brand: Option<Brand>,
    started_at: String,
    ended_at: Option<String>,
}
