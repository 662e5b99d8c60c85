//! What can go wrong, on purpose.

use core::time::Duration;

use crate::Incoming;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 429 in front of everything else, with `Retry-After: 1`.
    RateLimit,
    /// 429 `lock_timeout`: somebody else is at the object.
    LockTimeout,
    /// 409: the same key is being worked on.
    KeyInUse,
    /// 500 before any work, kept under the key.
    ServerErrorBefore,
    /// 500 after the work was done, kept under the key.
    ServerErrorAfter,
    /// No connection.
    NotConnected,
    /// The request never arrives, and the client cannot know.
    LostRequest,
    /// The request arrives when [`deliver_delayed`](crate::Fake::deliver_delayed) is called.
    Delayed,
    /// The work is done and the connection closed without an answer.
    LostAnswer,
    /// The request never arrives, and nobody ever hears: the client died.
    HungRequest,
    /// The work is done, and nobody ever hears: the client died.
    HungAnswer,
    /// The work is done and the answer is not JSON.
    Garbage,
    /// The work is done at once and the answer takes this long.
    Slow(Duration),
}

impl Fault {
    /// The fault of this name, as `POST /_fake/script` takes it. Slow answers take `slow_ms` milliseconds.
    #[must_use]
    pub fn named(name: &str, slow_ms: u64) -> Option<Self> {
        Some(match name {
            "rate_limit" => Self::RateLimit,
            "lock_timeout" => Self::LockTimeout,
            "key_in_use" => Self::KeyInUse,
            "server_error_before" => Self::ServerErrorBefore,
            "server_error_after" => Self::ServerErrorAfter,
            "not_connected" => Self::NotConnected,
            "lost_request" => Self::LostRequest,
            "delayed" => Self::Delayed,
            "lost_answer" => Self::LostAnswer,
            "hung_request" => Self::HungRequest,
            "hung_answer" => Self::HungAnswer,
            "garbage" => Self::Garbage,
            "slow" => Self::Slow(Duration::from_millis(slow_ms)),
            _ => return None,
        })
    }
}

/// The faults to come.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<Planned>);

#[derive(Debug)]
struct Planned {
    path_end: String,
    fault: Fault,
    times: u32,
}

impl Script {
    pub(crate) fn add(&mut self, path_end: &str, fault: Fault, times: u32) {
        self.0.push(Planned { path_end: path_end.to_owned(), fault, times });
    }

    pub(crate) fn next_for(&mut self, request: &Incoming) -> Option<Fault> {
        self.0.retain(|planned| planned.times > 0);
        let planned = self.0.iter_mut().find(|planned| request.path().ends_with(&planned.path_end))?;
        planned.times -= 1;
        Some(planned.fault)
    }
}
