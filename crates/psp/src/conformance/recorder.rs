//! A store that watches when a gateway makes its checkpoint.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::time::Duration;

use crate::{
    BoxFuture, CallContext, Checkpoint, CheckpointBlob, CheckpointFailed, DoubtCause, Found, Gateway,
    InDoubt, Operation, Reference,
};

/// Counts checkpoints, and looks each time whether money moved before.
pub(super) struct Recorder<'a> {
    gateway: &'a dyn Gateway,
    reference: Reference,
    context: Limits,
    refuses: bool,
    saves: AtomicU32,
    too_late: AtomicBool,
}

/// The times of the call that is watched.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) now: Duration,
    pub(super) deadline: Duration,
}

impl<'a> Recorder<'a> {
    pub(super) const fn new(gateway: &'a dyn Gateway, reference: Reference, context: Limits) -> Self {
        let (saves, too_late) = (AtomicU32::new(0), AtomicBool::new(false));
        Self { gateway, reference, context, refuses: false, saves, too_late }
    }

    /// A store whose disk is full.
    pub(super) const fn refusing(mut self) -> Self {
        self.refuses = true;
        self
    }

    pub(super) const fn context(&self) -> CallContext<'_> {
        CallContext { now: self.context.now, deadline: self.context.deadline, checkpoint: self }
    }

    pub(super) fn saves(&self) -> u32 {
        self.saves.load(Ordering::SeqCst)
    }

    /// Whether money had moved before a checkpoint was durable.
    pub(super) fn was_too_late(&self) -> bool {
        self.too_late.load(Ordering::SeqCst)
    }
}

impl Checkpoint for Recorder<'_> {
    fn save<'a>(&'a self, _blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(async move {
            self.saves.fetch_add(1, Ordering::SeqCst);
            if self.gateway.info().capabilities.supports(Operation::Lookup) {
                let doubt = InDoubt::new(self.reference, Operation::Authorize, DoubtCause::NoAnswer);
                let found = self.gateway.lookup(self.context(), &doubt).await;
                if let Ok(Found::Present(snapshot)) = found {
                    self.too_late.fetch_or(snapshot.state.holds_money(snapshot.money), Ordering::SeqCst);
                }
            }
            if self.refuses { Err(CheckpointFailed) } else { Ok(()) }
        })
    }
}
