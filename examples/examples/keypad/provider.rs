//! Asks the simulator for the money, and tells the dialog what became of it.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use paytone_card::Card;
use paytone_dialog::Verdict;
use paytone_psp::simulator::Simulator;
use paytone_psp::{
    Authorization, Authorize, BoxFuture, CallContext, Capture, Checkpoint, CheckpointBlob, CheckpointFailed,
    Entry, Gateway, IdempotencyKey, Money, OrderId, PaymentMethod, Reference,
};

pub(crate) fn verdict(gateway: &Simulator, mut card: Card, money: Money, now: Duration) -> Verdict {
    let (mut rng, order) = (rand::rng(), OrderId::parse("keypad-1").expect("letters, a hyphen and a digit"));
    let request = Authorize {
        reference: Reference::generate(now, &mut rng),
        key: IdempotencyKey::generate(&mut rng),
        order: &order,
        money,
        capture: Capture::Auto,
        method: PaymentMethod::LumpSum,
        entry: Entry::TelephoneOrder,
        card: &card,
        postcode: None,
    };
    let context = CallContext { now, deadline: now + Duration::from_secs(30), checkpoint: &Nowhere };
    // The simulator answers at once; a gateway over a network needs a runtime that waits for it.
    let answer = gateway.authorize(context, request).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    card.drop_code();
    let Poll::Ready(answer) = answer else { return Verdict::Unknown };
    match answer {
        Ok(Authorization::Approved(_)) => Verdict::Approved,
        Ok(Authorization::Declined(why)) => Verdict::Declined { reason: why.reason, card: Some(card) },
        Err(error) if error.may_have_moved_money() => Verdict::Unknown,
        Err(_) => Verdict::Unavailable,
    }
}

/// Nothing is kept of a payment that only a terminal has seen.
struct Nowhere;

impl Checkpoint for Nowhere {
    fn save<'a>(&'a self, _: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
