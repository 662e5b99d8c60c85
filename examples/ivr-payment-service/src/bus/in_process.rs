//! Events and commands from one task to another of the same process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, mpsc, oneshot};

use super::{CallCommand, CommandAnswer, Commanded, NotServed, Replay, ServiceEvent, Transport};
use crate::store::CallUlid;

/// How many events a watcher may lag behind before it starts to lose the oldest, and how many are kept for one who was
/// away.
const BACKLOG: usize = 1024;

/// How many commands may wait for one call.
const COMMANDS: usize = 16;
/// Calls whose places are kept.
const FEW: usize = 64;

/// A transport within this process.
#[derive(Debug)]
pub(super) struct InProcess {
    run: u64,
    events: broadcast::Sender<ServiceEvent>,
    kept: Mutex<Kept>,
    calls: Mutex<HashMap<CallUlid, mpsc::Sender<Commanded>>>,
}

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    events: VecDeque<ServiceEvent>,
}

impl InProcess {
    pub(super) fn new() -> Self {
        Self {
            run: u64::try_from(crate::clock::now().as_millis()).unwrap_or_default(),
            events: broadcast::Sender::new(BACKLOG),
            kept: Mutex::default(),
            calls: Mutex::default(),
        }
    }
}

impl Transport for InProcess {
    /// The number is given and the event sent under one lock: watchers get events in the order of their numbers.
    fn publish(&self, mut event: ServiceEvent) {
        let mut kept = locked(&self.kept);
        kept.last += 1;
        event.number = kept.last;
        if kept.events.len() == BACKLOG {
            kept.events.pop_front();
        }
        kept.events.push_back(event.clone());
        drop(self.events.send(event));
    }

    fn replay(&self, after: u64) -> Replay {
        let kept = locked(&self.kept);
        let oldest = kept.events.front().map_or(kept.last + 1, |event| event.number);
        let missed = kept.events.iter().filter(|event| event.number > after).cloned().collect();
        Replay { missed, gap: after.saturating_add(1) < oldest, live: self.events.subscribe() }
    }

    fn run(&self) -> u64 {
        self.run
    }

    fn serve(&self, call: CallUlid) -> mpsc::Receiver<Commanded> {
        let (sender, receiver) = mpsc::channel(COMMANDS);
        locked(&self.calls).insert(call, sender);
        receiver
    }

    fn forget(&self, call: CallUlid) {
        let mut calls = locked(&self.calls);
        calls.remove(&call);
        // What the busiest hour needed is not kept either.
        if calls.capacity() > 4 * calls.len().max(FEW) {
            calls.shrink_to(2 * FEW);
        }
    }

    fn command(&self, call: CallUlid, command: CallCommand) -> Result<CommandAnswer, NotServed> {
        let (answer, receiver) = oneshot::channel();
        let calls = locked(&self.calls);
        let sent = calls.get(&call).ok_or(NotServed)?.try_send(Commanded { command, answer });
        sent.map(|()| receiver).map_err(|_| NotServed)
    }
}

/// What a panic left behind is as good as what it found: every change here is one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
