//! What carries requests to a provider.

use core::time::Duration;

use super::{Request, Response};
use crate::{BoxFuture, DoubtCause};

/// Carries one request and its answer. It never sends twice, follows no redirect and retries nothing.
pub trait Transport: Send + Sync {
    /// Sends `request` and returns the complete answer, whatever its status.
    ///
    /// Once the time is `deadline` (since the Unix epoch) it sends nothing and waits no longer.
    ///
    /// # Errors
    ///
    /// [`TransportError::NotSent`] where it is certain that not one byte of the request has left; everything
    /// else is [`TransportError::Unknown`].
    fn send<'a>(
        &'a self,
        request: Request,
        deadline: Duration,
    ) -> BoxFuture<'a, Result<Response, TransportError>>;
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing has left: no name, no connection, no TLS, or it was too late.
    #[error("nothing was sent")]
    NotSent,
    /// It may have arrived.
    #[error("it may have arrived, and there is no answer ({0})")]
    Unknown(DoubtCause),
}
