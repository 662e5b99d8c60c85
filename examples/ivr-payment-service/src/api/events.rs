//! What happens: as it happens, and what merchants were told.

use core::convert::Infallible;
use std::collections::VecDeque;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::{Extension, Json};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};

use super::problem::ProblemBody;
use super::{Backend, Problem};
use crate::bus::ServiceEvent;
use crate::clock::rfc3339;
use crate::store::{EventUlid, MerchantUlid, Principal};

/// What happens, as server-sent events, numbered. With `Last-Event-ID` the stream goes on after that one; where some of
/// what was missed is not kept any more, it begins with an event `gap`: read what you need again.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, content_type = "text/event-stream", body = String),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn stream(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let run = backend.bus.run();
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let replay = match last.map(|id| number_of(id, run)) {
        // Nothing was seen: from now on.
        None => backend.bus.replay(u64::MAX),
        Some(Some(number)) => backend.bus.replay(number),
        // An event of another run: everything since this one began, and a gap before it.
        Some(None) => backend.bus.replay(0),
    };
    let gap = match last {
        None => false,
        Some(id) => number_of(id, run).is_none() || replay.gap,
    };
    let watcher =
        Watcher { run, merchant: principal.merchant, gap, missed: replay.missed.into(), live: replay.live };
    let events =
        unfold(watcher, |mut watcher| async move { watcher.next().await.map(|event| (Ok(event), watcher)) });
    Sse::new(events).keep_alive(KeepAlive::default())
}

struct Watcher {
    run: u64,
    merchant: MerchantUlid,
    gap: bool,
    missed: VecDeque<ServiceEvent>,
    live: Receiver<ServiceEvent>,
}

impl Watcher {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if core::mem::take(&mut self.gap) {
                return Some(Event::default().event("gap").data("{}"));
            }
            let event = match self.missed.pop_front() {
                Some(event) => event,
                None => match self.live.recv().await {
                    Ok(event) => event,
                    Err(RecvError::Lagged(_)) => {
                        self.gap = true;
                        continue;
                    }
                    Err(RecvError::Closed) => return None,
                },
            };
            if event.merchant == self.merchant {
                return Some(self.shown(&event));
            }
        }
    }

    fn shown(&self, event: &ServiceEvent) -> Event {
        let data = serde_json::to_string(event).unwrap_or_else(|_| "{}".to_owned());
        Event::default().id(format!("{}-{}", self.run, event.number)).data(data)
    }
}

/// The number in an id of this run.
fn number_of(id: &str, run: u64) -> Option<u64> {
    let (of, number) = id.split_once('-')?;
    (of.parse() == Ok(run)).then(|| number.parse().ok())?
}

/// From where to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// Only those after the event with this id.
    after: Option<String>,
    /// At most so many: 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// Lists what the merchant was told or is being told by webhook, oldest first, word for word.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(EventQuery),
    responses((status = 200, body = Vec<EventView>),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    query: Result<Query<EventQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<EventView>>, Problem> {
    let Query(query) =
        query.map_err(|_| Problem::query("a filter is not known or has a value it cannot have"))?;
    let after =
        query.after.as_deref().map(EventUlid::parse).transpose().map_err(|_| Problem::query("after"))?;
    let events = backend.store.events(principal.merchant, after, super::limit(query.limit)?).await?;
    let view = |event: crate::store::EventRecord| EventView {
        id: event.id.to_string(),
        r#type: event.kind,
        created_at: rfc3339(event.created_at),
        body: RawValue::from_string(event.body).unwrap_or_default(),
    };
    Ok(Json(events.into_iter().map(view).collect()))
}

/// Something the merchant is told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventView {
    /// The `webhook-id`.
    id: String,
    /// What happened, such as `payment.captured`.
    r#type: String,
    /// RFC 3339.
    created_at: String,
    /// What is sent.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}
