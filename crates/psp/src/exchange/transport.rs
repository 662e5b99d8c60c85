//! What carries requests. `paytone-psp-http` has the one with sockets.

use alloc::boxed::Box;
use core::time::Duration;

use super::{NoResponse, Request, Response};
use crate::BoxFuture;

/// Something that can carry requests to one provider.
pub trait Transport: Send + Sync {
    /// Begins one operation, which has `time` left from now.
    fn session(&self, time: Duration) -> Box<dyn Session + '_>;
}

/// One operation's requests.
pub trait Session: Send {
    /// Sends `request` once and waits for the whole answer.
    ///
    /// An implementation sends nothing once the session's time is up, follows no redirect, repeats nothing, and
    /// stops sending when the future is dropped.
    ///
    /// # Errors
    ///
    /// [`NoResponse::NotSent`] only where it is certain that no byte of the request left.
    fn send(&mut self, request: Request) -> BoxFuture<'_, Result<Response, NoResponse>>;
}
