//! What several tests need: keyed cards, fresh names, a store in memory.

#![allow(dead_code, reason = "each test program uses its part")]

use core::time::Duration;
use std::sync::Mutex;

use paytone_card::{Card, CardEntry, LuhnPolicy, PanPolicy};
use paytone_psp::{
    Authorize, BoxFuture, CallContext, Capture, Checkpoint, CheckpointBlob, CheckpointFailed, Currency,
    Entry, IdempotencyKey, Money, OrderId, PaymentMethod, Reference,
};
use rand::{SeedableRng, rngs::StdRng};

pub(crate) const NOW: Duration = Duration::from_secs(1_800_000_000);

pub(crate) fn yen(minor: u64) -> Money {
    Money::new(minor, Currency::JPY)
}

/// A card as a caller would have keyed it, wrong check digits allowed.
pub(crate) fn card(pan: &str) -> Card {
    let policy = PanPolicy::default().with_luhn(LuhnPolicy::Off);
    let mut entry = CardEntry::new();
    for digit in pan.bytes() {
        entry.push_pan(digit - b'0', &policy);
    }
    entry.accept_pan(&policy).unwrap();
    for digit in [1, 2, 3, 0] {
        entry.push_expiry(digit);
    }
    entry.accept_expiry(NOW).unwrap();
    for _ in 0..entry.code_len() {
        entry.push_code(1);
    }
    entry.accept_code().unwrap();
    entry.finish().unwrap()
}

/// Names nobody has used.
pub(crate) struct Names(StdRng);

impl Names {
    pub(crate) fn new() -> Self {
        Self::seeded(99)
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(crate) fn reference(&mut self) -> Reference {
        Reference::generate(NOW, &mut self.0)
    }

    pub(crate) fn key(&mut self) -> IdempotencyKey {
        IdempotencyKey::generate(&mut self.0)
    }
}

/// A store that keeps every checkpoint.
#[derive(Default)]
pub(crate) struct Store(pub(crate) Mutex<Vec<CheckpointBlob>>);

impl Checkpoint for Store {
    fn save<'a>(&'a self, blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        self.0.lock().unwrap().push(blob.clone());
        Box::pin(async { Ok(()) })
    }
}

pub(crate) fn context(checkpoint: &dyn Checkpoint, now: Duration) -> CallContext<'_> {
    CallContext { now, deadline: now + Duration::from_secs(90), checkpoint }
}

pub(crate) fn order() -> OrderId {
    OrderId::parse("2026-0001").unwrap()
}

pub(crate) fn request<'a>(
    names: &mut Names,
    order: &'a OrderId,
    card: &'a Card,
    minor: u64,
) -> Authorize<'a> {
    Authorize {
        reference: names.reference(),
        key: names.key(),
        order,
        money: yen(minor),
        capture: Capture::Auto,
        method: PaymentMethod::LumpSum,
        entry: Entry::TelephoneOrder,
        card,
        postcode: None,
    }
}
