//! How the simulator lets time pass without owning a clock.

use alloc::boxed::Box;
use core::time::Duration;

use crate::BoxFuture;

/// Lets time pass, as the caller's runtime does it. With tokio: `Box::pin(tokio::time::sleep(time))`.
pub trait Pause: Send + Sync {
    /// Returns after `time`.
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()>;
}

/// Lets no time pass at all: slow answers come at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPause;

impl Pause for NoPause {
    fn pause(&self, _time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(core::future::ready(()))
    }
}
