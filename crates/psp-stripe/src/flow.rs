//! Steps written as a sequence: `wire.send(..).await`, `wire.save(..).await`, an answer.
//!
//! Each operation is an `async` block that waits for its wire and for nothing else, so it needs no runtime: it is
//! polled once for every step that is taken.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paytone_psp::exchange::{NoResponse, Request, Response, Step};
use paytone_psp::{CheckpointBlob, CheckpointFailed};

/// Where a sequence sends and saves.
pub(crate) struct Wire(Arc<Mutex<Slot>>);

/// What passes between a sequence and whoever takes its steps, one thing at a time.
enum Slot {
    Empty,
    ToSend(Box<Request>),
    Sent(Result<Response, NoResponse>),
    ToSave(CheckpointBlob),
    Saved(Result<(), CheckpointFailed>),
}

/// The steps of `sequence`.
pub(crate) fn steps<'a, A: 'a, F>(sequence: impl FnOnce(Wire) -> F) -> Step<'a, A>
where
    F: Future<Output = A> + Send + 'a,
{
    let slot = Arc::new(Mutex::new(Slot::Empty));
    let sequence = Box::pin(sequence(Wire(Arc::clone(&slot))));
    next(sequence, slot)
}

fn next<'a, A: 'a>(
    mut sequence: Pin<Box<dyn Future<Output = A> + Send + 'a>>,
    slot: Arc<Mutex<Slot>>,
) -> Step<'a, A> {
    let mut context = Context::from_waker(Waker::noop());
    if let Poll::Ready(answer) = sequence.as_mut().poll(&mut context) {
        return Step::Done(answer);
    }
    let wanted = core::mem::replace(&mut *locked(&slot), Slot::Empty);
    match wanted {
        Slot::ToSend(request) => Step::send(*request, move |response| {
            *locked(&slot) = Slot::Sent(response);
            next(sequence, slot)
        }),
        Slot::ToSave(blob) => Step::save(blob, move |saved| {
            *locked(&slot) = Slot::Saved(saved);
            next(sequence, slot)
        }),
        Slot::Empty | Slot::Sent(_) | Slot::Saved(_) => unreachable!("a sequence waits for its wire alone"),
    }
}

impl Wire {
    /// Sends a request once.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, NoResponse> {
        *locked(&self.0) = Slot::ToSend(Box::new(request));
        self.answer(|slot| match slot {
            Slot::Sent(response) => Ok(response),
            other => Err(other),
        })
        .await
    }

    /// Makes something durable.
    pub(crate) async fn save(&self, blob: CheckpointBlob) -> Result<(), CheckpointFailed> {
        *locked(&self.0) = Slot::ToSave(blob);
        self.answer(|slot| match slot {
            Slot::Saved(saved) => Ok(saved),
            other => Err(other),
        })
        .await
    }

    async fn answer<T>(&self, pick: fn(Slot) -> Result<T, Slot>) -> T {
        poll_fn(|_| {
            let mut slot = locked(&self.0);
            match pick(core::mem::replace(&mut *slot, Slot::Empty)) {
                Ok(answer) => Poll::Ready(answer),
                Err(other) => {
                    *slot = other;
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// The slot, whatever a panic did to its lock: it is written whole or not at all.
fn locked(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_comes_out_step_by_step() {
        let step = steps(|wire| async move {
            let sent = wire.send(Request::get("/a")).await.map(|response| response.status());
            let saved = wire.save(CheckpointBlob::new(vec![1]).expect("short")).await;
            (sent, saved)
        });
        let Step::Send { request, then } = step else { panic!("it sends first") };
        assert_eq!(request.path(), "/a");
        let Step::Save { blob, then } = then(Ok(Response::new(204, vec![], vec![]))) else {
            panic!("then it saves")
        };
        assert_eq!(blob.as_bytes(), [1]);
        let Step::Done(answer) = then(Err(CheckpointFailed)) else { panic!("then it is over") };
        assert_eq!(answer, (Ok(204), Err(CheckpointFailed)));
    }
}
