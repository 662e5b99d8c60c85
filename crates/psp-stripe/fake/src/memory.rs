//! The fake as a transport in the same process: no sockets, and whatever time the test says it is.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paytone_psp::exchange::{NoResponse, NotSent, Request, Response, Session, Transport};
use paytone_psp::{BoxFuture, DoubtCause};

use crate::{Answer, Fake, Incoming, Outcome};

/// A transport to a [`Fake`] that lives in this process. Clones lead to the same one.
#[derive(Debug, Clone)]
pub struct Memory {
    fake: Arc<Mutex<Fake>>,
    now: Arc<Mutex<Duration>>,
}

impl Memory {
    /// A fake with empty books, at `now` since the Unix epoch.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self { fake: Arc::new(Mutex::new(Fake::new())), now: Arc::new(Mutex::new(now)) }
    }

    /// The fake.
    pub fn fake(&self) -> MutexGuard<'_, Fake> {
        self.fake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass, or the clock go back.
    pub fn set_now(&self, now: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// `None` where nothing is ever heard again.
    fn answer(&self, request: Request, ends: Duration) -> Option<Result<Response, NoResponse>> {
        if self.now() >= ends {
            return Some(Err(NoResponse::NotSent(NotSent::Deadline)));
        }
        let request = incoming(request);
        let outcome = self.fake().handle(&request, self.now());
        Some(match outcome {
            Outcome::Silent => return None,
            Outcome::Answered(answer) => Ok(response(answer)),
            Outcome::AnsweredLate(answer, time) => {
                let answered = self.now().saturating_add(time);
                self.set_now(answered.min(ends));
                if answered < ends { Ok(response(answer)) } else { Err(LOST) }
            }
            Outcome::Closed => Err(LOST),
            Outcome::NotConnected => Err(NoResponse::NotSent(NotSent::Connect)),
        })
    }
}

const LOST: NoResponse = NoResponse::Unknown(DoubtCause::NoAnswer);

impl Transport for Memory {
    fn session(&self, time: Duration) -> Box<dyn Session + '_> {
        Box::new(MemorySession { memory: self, ends: self.now().saturating_add(time) })
    }
}

struct MemorySession<'a> {
    memory: &'a Memory,
    ends: Duration,
}

impl Session for MemorySession<'_> {
    fn send(&mut self, request: Request) -> BoxFuture<'_, Result<Response, NoResponse>> {
        match self.memory.answer(request, self.ends) {
            Some(answer) => Box::pin(core::future::ready(answer)),
            None => Box::pin(core::future::pending()),
        }
    }
}

fn incoming(request: Request) -> Incoming {
    let body = request.body().map_or(&[][..], AsRef::as_ref);
    let authorization = request.header_value("authorization").unwrap_or_default();
    Incoming::new(request.method().as_str(), request.path(), body)
        .with_authorization(authorization)
        .with_key(request.header_value("idempotency-key"))
}

fn response(answer: Answer) -> Response {
    let headers = answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Response::new(answer.status, headers, answer.body)
}
