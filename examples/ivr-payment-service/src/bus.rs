//! What is going on, for whoever wants to watch: the demo's timeline now, a console's event stream next.
//!
//! An event never carries more of a card than its brand and last four digits. Watching is best effort: a slow
//! watcher loses the oldest events, the store stays the truth.

use core::time::Duration;

use paytone_dialog::{Language, Outcome, Progress};
use paytone_psp::Reference;
use paytone_psp::attempt::State;
use serde::{Serialize, Serializer};
use tokio::sync::broadcast;

use crate::store::CallUlid;

/// How many events a watcher may lag behind before it starts to lose the oldest.
const BACKLOG: usize = 1024;

/// One thing that happened in one call.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ServiceEvent {
    /// The call it happened in.
    pub call: CallUlid,
    /// When, since the Unix epoch; serialised as RFC 3339 text.
    #[serde(serialize_with = "crate::clock::serialize_time")]
    pub at: Duration,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// A call arrived and was matched to the named line.
    CallStarted {
        /// The line's configured name.
        line: String,
    },
    /// The language that is spoken from now on; the first comes before the first prompt.
    Language(Language),
    /// Prompts began to play; their names in speaking order.
    Prompt(Vec<String>),
    /// The caller got further; digits are counted, never shown.
    Progress(Progress),
    /// The media side acknowledged that the caller's keys reach nobody else.
    Secured,
    /// That protection ended.
    Released,
    /// A payment attempt moved in the journal.
    AttemptState {
        /// The attempt.
        reference: Reference,
        /// The state just committed.
        state: State,
    },
    /// The call is over.
    #[serde(serialize_with = "serialize_outcome")]
    CallEnded(Outcome),
}

/// Carries [`ServiceEvent`]s from the calls to whoever watches. Cheap to clone; all clones are one bus.
#[derive(Debug, Clone)]
pub struct Bus {
    events: broadcast::Sender<ServiceEvent>,
}

impl Bus {
    /// A bus nobody watches yet.
    #[must_use]
    pub fn new() -> Self {
        Self { events: broadcast::Sender::new(BACKLOG) }
    }

    /// Tells every watcher; without one the event is gone, which is no error.
    pub fn publish(&self, call: &CallUlid, at: Duration, kind: EventKind) {
        let event = ServiceEvent { call: *call, at, kind };
        drop(self.events.send(event));
    }

    /// Watches from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<ServiceEvent> {
        self.events.subscribe()
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

fn serialize_outcome<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Named {
        outcome: &'static str,
        detail: Option<&'static str>,
    }
    Named { outcome: outcome.as_str(), detail: outcome.detail() }.serialize(serializer)
}
