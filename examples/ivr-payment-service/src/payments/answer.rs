//! What a gateway's answer means: for the journal, for the card, and for the caller.

use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use core::task::Poll;
use core::time::Duration;
use std::panic::catch_unwind;

use paytone_card::Card;
use paytone_dialog::Verdict;
use paytone_psp::attempt::{Event, State};
use paytone_psp::{Authorization, BoxFuture, GatewayError, Refusal, Retry};

use crate::store::AttemptRecord;

/// What came of asking the gateway.
pub(super) type Answer = Result<Result<Authorization, GatewayError>, NoAnswer>;

/// The gateway did not come back: too late, or by a bug of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoAnswer;

/// What an answer means for the attempt. Whatever is not certain to have had no effect is no answer.
pub(super) fn event(answer: Answer) -> Event {
    match answer {
        Ok(Ok(Authorization::Approved(approval))) => Event::Approved(approval),
        Ok(Ok(Authorization::Declined(decline))) => Event::Declined(decline.reason),
        Ok(Err(GatewayError::NotSent { .. } | GatewayError::Refused { .. })) => Event::NoEffect,
        Ok(Err(GatewayError::InDoubt(_))) | Err(NoAnswer) => Event::NoAnswer,
    }
}

pub(super) fn refusal(answer: &Answer) -> Option<Refusal> {
    match answer {
        Ok(Err(GatewayError::Refused { reason, .. })) => Some(*reason),
        _ => None,
    }
}

/// When the same request may be made again under its key: where it is certain that nothing of it was sent.
pub(super) const fn same_key_after(answer: &Answer) -> Option<Duration> {
    match answer {
        Ok(Err(GatewayError::NotSent { retry: Retry::SameKey { after } })) => Some(*after),
        _ => None,
    }
}

/// The card without its code, where the provider declined and does not advise against trying it again.
pub(super) fn given_back(answer: &Answer, mut card: Card) -> Option<Card> {
    card.drop_code();
    match answer {
        Ok(Ok(Authorization::Declined(decline))) if decline.recovery() == decline.reason.recovery() => {
            Some(card)
        }
        _ => None,
    }
}

/// What the caller is told: what is in the journal, and nothing else.
pub(super) fn verdict(record: Option<&AttemptRecord>, card: Option<Card>, not_a_test_card: bool) -> Verdict {
    let Some(attempt) = record.map(|record| &record.attempt) else { return Verdict::Unknown };
    match (attempt.state(), attempt.decline()) {
        (State::Approved | State::Captured, _) if !attempt.needs_compensation() => Verdict::Approved,
        (State::Declined, Some(reason)) => Verdict::Declined { reason, card },
        (State::NotCharged, _) if not_a_test_card => Verdict::NotATestCard,
        (State::NotCharged, _) => Verdict::Unavailable,
        _ => Verdict::Unknown,
    }
}

/// Runs a gateway's future; a panic in it is a missing answer.
pub(super) async fn caught<T>(mut answer: BoxFuture<'_, T>) -> Result<T, NoAnswer> {
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(NoAnswer)),
    })
    .await
}
