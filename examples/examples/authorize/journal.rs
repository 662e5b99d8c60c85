//! The journal, printed instead of stored.

use std::sync::{Mutex, MutexGuard, PoisonError};

use paytone_psp::attempt::{Attempt, Event, InvalidEvent, Transition};
use paytone_psp::{BoxFuture, Checkpoint, CheckpointBlob, CheckpointFailed};

/// One attempt. A real journal commits where this one prints.
pub(crate) struct Journal(Mutex<Attempt>);

impl Journal {
    pub(crate) fn new(attempt: Attempt) -> Self {
        Self(Mutex::new(attempt))
    }

    pub(crate) fn attempt(&self) -> Attempt {
        self.locked().clone()
    }

    pub(crate) fn apply(&self, event: Event) -> Result<(), InvalidEvent> {
        let name = event.name();
        let transition = self.locked().apply(event, crate::now())?;
        self.print_change(name, transition);
        Ok(())
    }

    pub(crate) fn handle_timeout(&self) {
        let transition = self.locked().handle_timeout(crate::now());
        if transition.changed {
            self.print_change("timeout", transition);
        }
    }

    fn print_change(&self, name: &str, transition: Transition) {
        let Transition { from, to, version, report, .. } = transition;
        let tell = if report { ", tell the merchant" } else { "" };
        println!("{name}: {from} -> {to} (version {version}{tell})");
        self.print();
    }

    pub(crate) fn print(&self) {
        let record = self.locked().to_record();
        // The checkpoint is the gateway's own and may hold its passwords: a store seals it.
        let kept = record.checkpoint.as_ref().map_or(0, Vec::len);
        let record = paytone_psp::attempt::Record { checkpoint: None, ..record };
        let text = serde_json::to_string(&record).unwrap_or_default();
        println!("  journal: {text} and {kept} bytes of checkpoint");
    }

    fn locked(&self) -> MutexGuard<'_, Attempt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checkpoint for Journal {
    fn save<'a>(&'a self, blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        let saved = self.apply(Event::Send { checkpoint: blob.clone() }).map_err(|_| CheckpointFailed);
        Box::pin(core::future::ready(saved))
    }
}
