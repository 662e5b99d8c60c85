//! How an adapter talks to its provider over HTTP without a socket: as steps, one after the other.
//!
//! An [`Adapter`] turns each operation of [`Gateway`](crate::Gateway) into a [`Step`]: save this before anything
//! else, send this request, or here is the answer. A [`Runner`] takes the steps over any [`Transport`] and is then a
//! [`Gateway`](crate::Gateway). What must be durable before money may move is a step of its own, so every crash
//! and every fault can be tried without a network.
//!
//! ```
//! use paytone_psp::AskError;
//! use paytone_psp::exchange::{NoResponse, Request, Response, Step};
//!
//! /// Asks a provider whether it is there.
//! fn ping() -> Step<'static, Result<(), AskError>> {
//!     Step::send(Request::get("/ping"), |answer: Result<Response, NoResponse>| match answer {
//!         Ok(response) if response.status() == 200 => Step::Done(Ok(())),
//!         Ok(_) => Step::Done(Err(AskError::NoAnswer)),
//!         Err(no_response) => Step::Done(Err(no_response.into())),
//!     })
//! }
//!
//! let Step::Send { request, then } = ping() else { panic!("a request first") };
//! assert_eq!(request.path(), "/ping");
//! assert!(matches!(then(Ok(Response::new(200, vec![], vec![]))), Step::Done(Ok(()))));
//! ```

mod adapter;
mod body;
mod message;
mod runner;
mod transport;

use alloc::boxed::Box;

pub use self::adapter::Adapter;
pub use self::body::{Body, Sink};
pub use self::message::{Header, Method, NoResponse, NotSent, Request, Response};
pub use self::runner::Runner;
pub use self::transport::{Session, Transport};
use crate::{CheckpointBlob, CheckpointFailed};

/// The next thing to be done for one operation, and what comes after it. `A` is the operation's answer.
#[must_use = "a step that is not taken leaves the operation undone"]
pub enum Step<'a, A> {
    /// Make this durable, and tell whether that worked.
    Save {
        /// What has to survive a crash.
        blob: CheckpointBlob,
        /// Gives the next step.
        then: AfterSave<'a, A>,
    },
    /// Send this once, and tell what came back.
    Send {
        /// The request; its body wipes itself.
        request: Box<Request>,
        /// Gives the next step.
        then: AfterSend<'a, A>,
    },
    /// The operation is over.
    Done(A),
}

/// What follows a [`Step::Save`].
pub type AfterSave<'a, A> = Box<dyn FnOnce(Result<(), CheckpointFailed>) -> Step<'a, A> + Send + 'a>;

/// What follows a [`Step::Send`].
pub type AfterSend<'a, A> = Box<dyn FnOnce(Result<Response, NoResponse>) -> Step<'a, A> + Send + 'a>;

impl<'a, A> Step<'a, A> {
    /// Make `blob` durable, then go on.
    pub fn save(
        blob: CheckpointBlob,
        then: impl FnOnce(Result<(), CheckpointFailed>) -> Self + Send + 'a,
    ) -> Self {
        Self::Save { blob, then: Box::new(then) }
    }

    /// Send `request`, then go on with what came back.
    pub fn send(
        request: Request,
        then: impl FnOnce(Result<Response, NoResponse>) -> Self + Send + 'a,
    ) -> Self {
        Self::Send { request: Box::new(request), then: Box::new(then) }
    }
}

impl<A> core::fmt::Debug for Step<'_, A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Save { blob, .. } => f.debug_struct("Save").field("blob", blob).finish_non_exhaustive(),
            Self::Send { request, .. } => {
                f.debug_struct("Send").field("request", request).finish_non_exhaustive()
            }
            Self::Done(_) => f.write_str("Done(..)"),
        }
    }
}
