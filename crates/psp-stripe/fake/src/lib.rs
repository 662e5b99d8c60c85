//! A provider for tests that behaves as Stripe does, as far as telephone orders go.
//!
//! It has what other stand-ins lack: idempotency keys, decline and advice codes, 409, 429 and 500, answers that are
//! lost before or after the work is done, requests that arrive late. It takes published test card numbers and keys
//! that begin with `sk_test_`, keeps everything in memory, and was written from Stripe's public interface description,
//! without any of the adapter's code.
//!
//! ```
//! use core::time::Duration;
//! use stripe_fake::{Fake, Fault, Incoming, Outcome};
//!
//! let mut fake = Fake::new();
//! fake.script("/v1/customers", Fault::ServerErrorAfter, 1);
//! let request = Incoming::new("POST", "/v1/customers", b"").with_authorization("Bearer sk_test_1");
//! let Outcome::Answered(answer) = fake.handle(&request, Duration::from_secs(1_800_000_000)) else { panic!() };
//! assert_eq!(answer.status, 500);
//! ```
//!
//! Three ways to reach it: [`Fake::handle`], [`Memory`] as a transport in the same process, and [`serve`] over HTTP
//! (`cargo run -p stripe-fake -- --port 18500`).

#![forbid(unsafe_code)]

mod books;
mod cards;
mod charges;
mod fault;
mod form;
mod http;
mod keys;
mod memory;
mod objects;
mod reply;
mod routes;
mod setups;

use core::time::Duration;

pub use crate::books::Held;
pub use crate::fault::Fault;
pub use crate::http::serve;
pub use crate::memory::Memory;
pub use crate::reply::{Answer, Incoming};

use crate::books::Books;
use crate::fault::Script;
use crate::keys::Keys;

/// The provider.
#[derive(Debug, Default)]
pub struct Fake {
    books: Books,
    keys: Keys,
    script: Script,
    delayed: Vec<Incoming>,
}

/// What a client sees of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer.
    Answered(Answer),
    /// An answer that takes this long.
    AnsweredLate(Answer, Duration),
    /// The connection is closed without an answer.
    Closed,
    /// Nothing is ever heard again.
    Silent,
    /// There was no connection to begin with; over HTTP the same as [`Closed`](Self::Closed).
    NotConnected,
}

impl Fake {
    /// A provider with empty books.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has the next `times` requests whose path ends with `path_end` go wrong.
    pub fn script(&mut self, path_end: &str, fault: Fault, times: u32) {
        self.script.add(path_end, fault, times);
    }

    /// Carries out a request at `now`, since the Unix epoch.
    pub fn handle(&mut self, request: &Incoming, now: Duration) -> Outcome {
        match self.script.next_for(request) {
            None => Outcome::Answered(self.carry_out(request, now)),
            Some(fault) => self.go_wrong(fault, request, now),
        }
    }

    /// Carries out what was held up on its way; nobody waits for the answers.
    pub fn deliver_delayed(&mut self, now: Duration) {
        for request in core::mem::take(&mut self.delayed) {
            let _ = self.carry_out(&request, now);
        }
    }

    /// Every payment and what of it is held.
    #[must_use]
    pub fn payments(&self) -> Vec<Held> {
        self.books.held()
    }

    /// What a request does, its key looked at first.
    fn carry_out(&mut self, request: &Incoming, now: Duration) -> Answer {
        if !request.is_authorized() {
            return Answer::error(401, "invalid_request_error", "invalid_api_key");
        }
        if let Some(known) = self.keys.answer(request) {
            return known;
        }
        let answer = routes::route(&mut self.books, request, now);
        self.keys.remember(request, &answer);
        answer
    }

    fn go_wrong(&mut self, fault: Fault, request: &Incoming, now: Duration) -> Outcome {
        match fault {
            Fault::RateLimit => Outcome::Answered(Answer::rate_limit()),
            Fault::LockTimeout => {
                Outcome::Answered(Answer::error(429, "invalid_request_error", "lock_timeout"))
            }
            Fault::KeyInUse => {
                Outcome::Answered(Answer::error(409, "idempotency_error", "idempotency_key_in_use"))
            }
            Fault::ServerErrorBefore => {
                let answer = Answer::error(500, "api_error", "server_error");
                self.keys.remember(request, &answer);
                Outcome::Answered(answer)
            }
            Fault::ServerErrorAfter => {
                let _ = routes::route(&mut self.books, request, now);
                let answer = Answer::error(500, "api_error", "server_error");
                self.keys.remember(request, &answer);
                Outcome::Answered(answer)
            }
            Fault::NotConnected => Outcome::NotConnected,
            Fault::LostRequest => Outcome::Closed,
            Fault::Delayed => {
                self.delayed.push(request.clone());
                Outcome::Closed
            }
            Fault::LostAnswer => {
                let _ = self.carry_out(request, now);
                Outcome::Closed
            }
            Fault::HungRequest => Outcome::Silent,
            Fault::HungAnswer => {
                let _ = self.carry_out(request, now);
                Outcome::Silent
            }
            Fault::Garbage => {
                let _ = self.carry_out(request, now);
                Outcome::Answered(Answer::garbage())
            }
            Fault::Slow(time) => Outcome::AnsweredLate(self.carry_out(request, now), time),
        }
    }
}
