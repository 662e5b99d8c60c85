//! Calls: read, listed, commanded.

use core::time::Duration;

use axum::extract::{Path, Query, Request, State};
use axum::{Extension, Json};
use paytone_dialog::{CommandRefused, Field};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::Fields;
use super::orders::Id;
use super::problem::ProblemBody;
use super::{Backend, Problem, may};
use crate::bus::{CallCommand, EventKind};
use crate::clock::rfc3339;
use crate::results::CallView;
use crate::store::{CallFilter, CallRecord, CallUlid, Command, Principal, Role, StoreError};

/// Which calls to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CallQuery {
    /// `in_progress` or `ended`.
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// At most so many: 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// Lists calls, newest first.
#[utoipa::path(get, path = "/v1/calls", tag = "calls", params(CallQuery),
    responses((status = 200, body = CallPage),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    query: Result<Query<CallQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<CallPage>, Problem> {
    let Query(query) =
        query.map_err(|_| Problem::query("a filter is not known or has a value it cannot have"))?;
    let running = match query.state.as_deref() {
        None => None,
        Some("in_progress") => Some(true),
        Some("ended") => Some(false),
        Some(_) => return Err(Problem::query("state")),
    };
    let after =
        query.after.as_deref().map(CallUlid::parse).transpose().map_err(|_| Problem::query("after"))?;
    let limit = super::limit(query.limit)?;
    let filter = CallFilter { running, order: None, after };
    let calls = backend.store.calls(principal.merchant, filter, limit).await?;
    let full = calls.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = calls.last().filter(|_| full).map(|call| call.id.to_string());
    let mut items = Vec::with_capacity(calls.len());
    for call in calls {
        items.push(view(&backend, call).await?);
    }
    Ok(Json(CallPage { items, next }))
}

/// Reads a call by our id or its SIP Call-ID.
#[utoipa::path(get, path = "/v1/calls/{id}", tag = "calls", params(("id" = String, Path)),
    responses((status = 200, body = CallView),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
) -> Result<Json<CallView>, Problem> {
    Ok(Json(view(&backend, find(&backend, &principal, id).await?).await?))
}

/// A command.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct CommandRequest {
    /// `directed`, `automatic`, `capture`, `clear`, `skip` (these three with `field`), `repeat`, `slow_mode`,
    /// `usual_mode`, `submit`, `talk`, `hand_over`, `cancel`, `take_back`, `send_to_operator`, or `take_payment` on a call the operator
    /// is on (with `order_id`, or of the order the call has).
    command: String,
    /// `pan`, `expiry` or `security_code`, or another field of the call's script, as its progress names it.
    field: Option<String>,
    /// The order to be paid, ours or the merchant's id.
    order_id: Option<String>,
    /// The call's version, as it was read last.
    version: u32,
    /// Take the call over from another operator.
    take_over: Option<bool>,
}

/// Commands a call. One operator controls a call: the first to command it, until another takes it over.
#[utoipa::path(post, path = "/v1/calls/{id}/commands", tag = "calls", params(("id" = String, Path)),
    request_body = CommandRequest,
    responses((status = 200, body = CallView),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn command(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
    request: Request,
) -> Result<Json<CallView>, Problem> {
    may(&principal, Role::Operator)?;
    let mut body =
        Fields::read(request).await?.only(&["command", "field", "order_id", "version", "take_over"])?;
    let command = named(&mut body, &backend, &principal).await?;
    let seen = u32::try_from(body.whole_number("version")?).map_err(|_| Problem::CALL_VERSION)?;
    let take_over = body.flag("take_over")?;
    let call = find(&backend, &principal, id).await?;
    let counted = Command { operator: &principal.actor, seen, take_over };
    let counted = backend.store.command_call(principal.merchant, call.id, &counted).await;
    let (version, taken_from) = counted.map_err(|error| match error {
        StoreError::NotHeld => Problem::CALL_NOT_YOURS,
        StoreError::Conflict => Problem::CALL_VERSION,
        error => error.into(),
    })?;
    if let Some(before) = taken_from {
        let object = call.id.to_string();
        super::layers::note(&backend, &principal, "take over call", &object, true, before.as_str()).await;
    }
    let refused = obeyed(&backend, call.id, command).await?.err();
    let kind = match refused {
        None => EventKind::Command { command, version },
        Some(why) => EventKind::CommandRefused { command, reason: why.as_str(), version: Some(version) },
    };
    backend.bus.publish(principal.merchant, Some(call.id), backend.clock.now(), kind);
    if let Some(why) = refused {
        return Err(Problem::command_refused(why));
    }
    let call = backend.store.call(principal.merchant, call.id.as_str()).await?.ok_or(Problem::NOT_FOUND)?;
    Ok(Json(view(&backend, call).await?))
}

/// Hands a command to the call and waits for what comes of it.
async fn obeyed(
    backend: &Backend,
    call: CallUlid,
    command: CallCommand,
) -> Result<Result<(), CommandRefused>, Problem> {
    let answer = backend.bus.command(call, command).map_err(|_| Problem::CALL_NOT_YOURS)?;
    // A call that ends first does not answer any more.
    let answered = tokio::time::timeout(PATIENCE, answer).await;
    answered.map_err(|_| Problem::CALL_NOT_YOURS)?.map_err(|_| Problem::CALL_NOT_YOURS)
}

async fn named(body: &mut Fields, backend: &Backend, principal: &Principal) -> Result<CallCommand, Problem> {
    let (name, field) = (body.text("command")?, body.optional_text("field")?);
    let order = match body.optional_text("order_id")? {
        Some(_) if name != "take_payment" => {
            return Err(Problem::field("order_id", "goes with take_payment only"));
        }
        Some(id) => Some(backend.store.order(principal.merchant, &id).await?.ok_or(Problem::NOT_FOUND)?.id),
        None => None,
    };
    let field = match field {
        Some(name) => {
            let known = Field::named(&name);
            Some(known.ok_or_else(|| Problem::field("field", "is none of the fields a call can ask for"))?)
        }
        None => None,
    };
    let command = match (name.as_str(), field) {
        ("capture", Some(field)) => CallCommand::Capture(field),
        ("clear", Some(field)) => CallCommand::Clear(field),
        ("skip", Some(field)) => CallCommand::Skip(field),
        ("capture" | "clear" | "skip", None) => return Err(Problem::field("field", "is missing")),
        (_, Some(_)) => return Err(Problem::field("field", "goes with capture, clear and skip only")),
        ("directed", None) => CallCommand::Directed(true),
        ("automatic", None) => CallCommand::Directed(false),
        ("repeat", None) => CallCommand::Repeat,
        ("slow_mode", None) => CallCommand::SlowMode(true),
        ("usual_mode", None) => CallCommand::SlowMode(false),
        ("submit", None) => CallCommand::Submit,
        ("talk", None) => CallCommand::Talk,
        ("hand_over", None) => CallCommand::HandOver,
        ("cancel", None) => CallCommand::Cancel,
        ("take_back" | "send_to_operator", None) => CallCommand::TakeBack,
        ("take_payment", None) => CallCommand::TakePayment(order),
        _ => return Err(Problem::field("command", "is none of the commands a call takes")),
    };
    Ok(command)
}

/// Lists the operators who have called in and wait for a caller, the longest first.
#[utoipa::path(get, path = "/v1/waiting-operators", tag = "calls",
    responses((status = 200, body = WaitingOperators),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn waiting(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
) -> Json<WaitingOperators> {
    let items = backend.waiting.of(principal.merchant).into_iter().map(|operator| WaitingView {
        line: operator.line,
        operator: operator.operator,
        code: operator.code,
        since: rfc3339(operator.since),
    });
    Json(WaitingOperators { items: items.collect() })
}

/// A call answers within a frame of audio.
const PATIENCE: Duration = Duration::from_secs(5);

async fn find(backend: &Backend, principal: &Principal, id: Id) -> Result<CallRecord, Problem> {
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    if id.chars().any(char::is_control) {
        return Err(Problem::NOT_FOUND);
    }
    backend.store.call(principal.merchant, &id).await?.ok_or(Problem::NOT_FOUND)
}

async fn view(backend: &Backend, call: CallRecord) -> Result<CallView, Problem> {
    let order = match call.order {
        Some(order) => backend.store.order(call.merchant, order.as_str()).await?,
        None => None,
    };
    Ok(CallView::new(call, order.as_ref()))
}

/// Some calls.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallPage {
    /// The calls.
    items: Vec<CallView>,
    /// What to ask for as `after` for the next page; `null` on the last one.
    next: Option<String>,
}

/// Operators who wait.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WaitingOperators {
    /// The operators.
    items: Vec<WaitingView>,
}

/// An operator who waits.
#[derive(Debug, Serialize, ToSchema)]
struct WaitingView {
    /// The name of the line that was dialled.
    line: String,
    /// The user part of the operator's SIP URI.
    operator: String,
    /// The code of the one order whose caller is waited for; `null` for any caller.
    code: Option<String>,
    /// Since when.
    since: String,
}
