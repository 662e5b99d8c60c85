//! An exchange: a conversation with a provider, stepped from outside.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Request, Response, TransportError};
use crate::{CheckpointBlob, CheckpointFailed};

/// One conversation with a provider that ends in a `T`.
///
/// [`poll_step`](Self::poll_step) says what to do next; what came of it goes back in through
/// [`handle_response`](Self::handle_response) or [`handle_saved`](Self::handle_saved). Nothing happens in
/// between: no clock, no socket, no task. An exchange may be dropped at any step.
pub struct Exchange<'a, T> {
    conversation: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    slot: Arc<Mutex<Slot>>,
}

/// What an exchange wants next.
#[derive(Debug)]
#[must_use]
pub enum Step<T> {
    /// Send this; answer with [`handle_response`](Exchange::handle_response).
    Send(Request),
    /// Make this durable; answer with [`handle_saved`](Exchange::handle_saved).
    Save(CheckpointBlob),
    /// The last step was not answered yet.
    Wait,
    /// It is over. An exchange is not polled again after this.
    Done(T),
}

impl<'a, T> Exchange<'a, T> {
    /// An exchange written as a sequence of sends and saves. `conversation` awaits the methods of [`Wire`] and
    /// nothing else.
    pub fn new<F>(conversation: impl FnOnce(Wire) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'a,
    {
        let slot = Arc::new(Mutex::new(Slot::Empty));
        let wire = Wire { slot: Arc::clone(&slot) };
        Self { conversation: Box::pin(conversation(wire)), slot }
    }

    /// An exchange that is over before anything was sent.
    pub fn over(answer: T) -> Self
    where
        T: Send + 'a,
    {
        Self::new(|_| core::future::ready(answer))
    }

    /// What to do next.
    pub fn poll_step(&mut self) -> Step<T> {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(answer) = self.conversation.as_mut().poll(&mut context) {
            return Step::Done(answer);
        }
        let mut slot = locked(&self.slot);
        match core::mem::replace(&mut *slot, Slot::Empty) {
            Slot::ToSend(request) => Step::Send(*request),
            Slot::ToSave(blob) => Step::Save(blob),
            other => {
                *slot = other;
                Step::Wait
            }
        }
    }

    /// What came of the request that was handed out last.
    pub fn handle_response(&mut self, response: Result<Response, TransportError>) {
        *locked(&self.slot) = Slot::Sent(response);
    }

    /// What came of the checkpoint that was handed out last.
    pub fn handle_saved(&mut self, saved: Result<(), CheckpointFailed>) {
        *locked(&self.slot) = Slot::Saved(saved);
    }
}

impl<T> fmt::Debug for Exchange<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange(..)")
    }
}

/// The inside of an exchange: where its conversation sends and saves.
#[derive(Debug)]
pub struct Wire {
    slot: Arc<Mutex<Slot>>,
}

impl Wire {
    /// Sends a request and returns its answer.
    ///
    /// # Errors
    ///
    /// There is no answer.
    pub async fn send(&self, request: Request) -> Result<Response, TransportError> {
        *locked(&self.slot) = Slot::ToSend(Box::new(request));
        poll_fn(|_| {
            self.take(|slot| match slot {
                Slot::Sent(response) => Ok(response),
                other => Err(other),
            })
        })
        .await
    }

    /// Makes a checkpoint durable. Only then may the request be sent that moves money.
    ///
    /// # Errors
    ///
    /// It is not durable: nothing more may be sent.
    pub async fn save(&self, blob: CheckpointBlob) -> Result<(), CheckpointFailed> {
        *locked(&self.slot) = Slot::ToSave(blob);
        poll_fn(|_| {
            self.take(|slot| match slot {
                Slot::Saved(saved) => Ok(saved),
                other => Err(other),
            })
        })
        .await
    }

    fn take<T>(&self, pick: impl FnOnce(Slot) -> Result<T, Slot>) -> Poll<T> {
        let mut slot = locked(&self.slot);
        match pick(core::mem::replace(&mut *slot, Slot::Empty)) {
            Ok(picked) => Poll::Ready(picked),
            Err(other) => {
                *slot = other;
                Poll::Pending
            }
        }
    }
}

/// What passes between the two sides; one thing at a time.
#[derive(Debug)]
enum Slot {
    Empty,
    ToSend(Box<Request>),
    Sent(Result<Response, TransportError>),
    ToSave(CheckpointBlob),
    Saved(Result<(), CheckpointFailed>),
}

/// The slot, whatever a panic did to the lock: it is written whole or not at all.
fn locked(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Method;

    #[test]
    fn steps_come_one_at_a_time_and_wait_for_their_answer() {
        let mut exchange = Exchange::new(|wire| async move {
            let first = wire.send(Request::new(Method::Get, "a")).await;
            let saved = wire.save(CheckpointBlob::new(vec![1]).unwrap()).await;
            (first.map(|response| response.status()), saved)
        });
        assert!(matches!(exchange.poll_step(), Step::Send(request) if request.url() == "a"));
        assert!(matches!(exchange.poll_step(), Step::Wait));
        exchange.handle_response(Err(TransportError::NotSent));
        assert!(matches!(exchange.poll_step(), Step::Save(blob) if blob.as_bytes() == [1]));
        exchange.handle_saved(Err(CheckpointFailed));
        let Step::Done(answer) = exchange.poll_step() else { panic!("it is over") };
        assert_eq!(answer, (Err(TransportError::NotSent), Err(CheckpointFailed)));
    }
}
