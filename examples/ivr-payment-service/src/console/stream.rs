//! What a page is told as it happens: parts of itself, made here, as server-sent events.

use core::convert::Infallible;
use core::time::Duration;
use std::collections::{HashMap, VecDeque};

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::call::{Watched, parts, watched_call};
use super::outcome::told;
use super::seat::Seat;
use super::{Desk, board, money, order, page};
use crate::bus::{EventKind, ServiceEvent};
use crate::store::OrderUlid;

/// How often a page is looked over without anything having happened.
const ROUND: Duration = Duration::from_secs(10);

/// What the page shows.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct About {
    order: Option<String>,
    call: Option<String>,
    board: Option<String>,
}

pub(super) async fn live(
    State(desk): State<Desk>,
    Extension(seat): Extension<Seat>,
    Query(about): Query<About>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = desk.backend.bus.watch();
    let teller =
        Teller { desk, seat, about, events, sent: HashMap::new(), ready: VecDeque::new(), fresh: true };
    let stream =
        unfold(teller, |mut teller| async move { teller.next().await.map(|event| (Ok(event), teller)) });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

struct Teller {
    desk: Desk,
    seat: Seat,
    about: About,
    events: Receiver<ServiceEvent>,
    /// What the page has of each part.
    sent: HashMap<&'static str, String>,
    ready: VecDeque<Event>,
    fresh: bool,
}

impl Teller {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if core::mem::take(&mut self.fresh) {
                self.look().await;
                continue;
            }
            let stop = self.desk.stop.clone();
            tokio::select! {
                () = stop.cancelled() => return None,
                event = self.events.recv() => match event {
                    Ok(event) if event.merchant == self.seat.merchant() => self.heard(&event).await,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.look().await,
                    Err(RecvError::Closed) => return None,
                },
                () = tokio::time::sleep(ROUND) => {
                    // Where nobody is signed in any more the page is told to lock itself.
                    if matches!(self.desk.operators.session(&self.seat.secret).await, Ok(None)) {
                        self.about = About::default();
                        self.events = closed();
                        return Some(Event::default().event("locked").data("{}"));
                    }
                    self.look().await;
                }
            }
        }
    }

    async fn heard(&mut self, event: &ServiceEvent) {
        if let EventKind::CallEnded(outcome) = &event.kind
            && let Some(call) = event.call
        {
            let words = self.seat.words();
            let told = told(words, outcome.as_str(), outcome.detail());
            let call = self.desk.backend.store.call(event.merchant, call.as_str()).await.ok().flatten();
            let order = call.as_ref().and_then(|call| call.order);
            let own = match order {
                Some(order) => self.attends(order).await,
                None => false,
            };
            let to = match (order, event.call) {
                (Some(order), _) => format!("/console/orders/{order}"),
                (None, Some(call)) => format!("/console/calls/{call}"),
                (None, None) => "/console/board".to_owned(),
            };
            let toast = html! {
                div.toast.(told.tone) { a href=(to) {
                    @if own { (words.of("Your caller is coming back: ", "お客様が戻ります: ")) }
                    @else { (words.of("A call is over: ", "通話終了: ")) }
                    (told.what)
                } }
            };
            // The order comes by itself to whoever had it in front of them last.
            let kind = if own { "pop" } else { "toast" };
            let told = json!({ "html": toast.into_string(), "to": to });
            self.ready.extend(Event::default().event(kind).json_data(told));
        }
        self.look().await;
    }

    /// Makes the page's parts anew, and sends those that have changed.
    async fn look(&mut self) {
        let mut now: Vec<(&'static str, Markup)> =
            vec![("banner", page::banner(&self.desk, &self.seat).await)];
        if let Some(id) = self.about.order.clone() {
            now.extend(self.order(&id).await);
        } else if let Some(id) = self.about.call.clone() {
            let watched = watched_call(&self.desk, &self.seat, &id).await;
            if let Some(order) = watched.call.as_ref().and_then(|call| call.order) {
                let there = json!({ "to": format!("/console/orders/{order}") });
                self.ready.extend(Event::default().event("go").json_data(there));
            }
            now.extend(parts(&self.desk, &self.seat, &serde_json::Value::Null, &watched));
        } else if self.about.board.is_some() {
            now.push(("board", board::board(&self.desk, &self.seat).await));
        }
        for (id, markup) in now {
            let html = markup.into_string();
            if self.sent.get(id) != Some(&html) {
                let part = json!({ "id": id, "html": html });
                self.ready.extend(Event::default().event("part").json_data(part));
                self.sent.insert(id, html);
            }
        }
    }

    /// Whether the order was in front of this operator last.
    async fn attends(&self, order: OrderUlid) -> bool {
        let store = &self.desk.backend.store;
        let by = store.attended_by(self.seat.merchant(), order).await.ok().flatten();
        by.as_ref() == Some(&self.seat.operator.login)
    }

    async fn order(&self, id: &str) -> Vec<(&'static str, Markup)> {
        let (Ok(order), Ok(ulid)) = (order::read(&self.desk, &self.seat, id).await, OrderUlid::parse(id))
        else {
            return Vec::new();
        };
        let watched = Watched::of_order(&self.desk, &self.seat, ulid).await;
        let mut now = parts(&self.desk, &self.seat, &order, &watched);
        let words = self.seat.words();
        now.push(("order-state", order::state_tag(words, order::text(&order, "state"))));
        now.push(("money", money::section(&self.desk, &self.seat, &order)));
        now
    }
}

/// A stream nothing comes from any more: the next look at it ends the answer.
fn closed() -> Receiver<ServiceEvent> {
    tokio::sync::broadcast::Sender::new(1).subscribe()
}
