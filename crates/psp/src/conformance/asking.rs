//! How the checks talk to the gateway.

use alloc::format;
use alloc::string::String;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use paytone_card::Card;
use rand::{SeedableRng, rngs::SmallRng};

use super::recorder::{Limits, Recorder};
use super::{Kit, Payment, Verdict};
use crate::{
    Approval, Authorization, Authorize, Capture, DoubtCause, Entry, Found, GatewayError, IdempotencyKey,
    InDoubt, Money, Operation, OrderId, PaymentMethod, ProviderState, Reference, Refusal, Snapshot,
    TransactionId,
};

/// A check ends early with the verdict that ends it.
pub(super) type Check<T = ()> = Result<T, Verdict>;

/// The kit and a source of fresh names.
pub(super) struct Suite<'a> {
    pub(super) kit: Kit<'a>,
    order: Option<OrderId>,
    names_made: AtomicU64,
}

/// An authorisation that was tried.
pub(super) struct Try {
    pub(super) reference: Reference,
    pub(super) key: IdempotencyKey,
    pub(super) checkpoints: u32,
    pub(super) checkpoint_too_late: bool,
    pub(super) result: Result<Authorization, GatewayError>,
}

impl<'a> Suite<'a> {
    pub(super) fn new(kit: Kit<'a>) -> Self {
        Self { kit, order: OrderId::parse("conformance").ok(), names_made: AtomicU64::new(0) }
    }

    pub(super) fn now(&self) -> Duration {
        (self.kit.clock)()
    }

    /// A reference and a key nobody has used.
    pub(super) fn fresh(&self) -> (Reference, IdempotencyKey) {
        let count = self.names_made.fetch_add(1, Ordering::Relaxed);
        let mut rng = SmallRng::seed_from_u64(self.kit.seed.rotate_left(32) ^ count);
        (Reference::generate(self.now(), &mut rng), IdempotencyKey::generate(&mut rng))
    }

    /// A store for one call with half a minute to go.
    pub(super) fn recorder(&self, reference: Reference) -> Recorder<'a> {
        let now = self.now();
        Recorder::new(self.kit.gateway, reference, Limits { now, deadline: now + PATIENCE })
    }

    pub(super) fn order(&self) -> Check<&OrderId> {
        self.order.as_ref().ok_or(Verdict::Skipped("no order id"))
    }

    pub(super) fn card(&self, payment: &Payment) -> Check<Card> {
        payment.card(self.now()).ok_or(Verdict::Skipped("the kit's card cannot be keyed"))
    }

    /// Tries a payment under fresh names, in a store that works.
    pub(super) async fn try_payment(&self, payment: &Payment, capture: Capture) -> Check<Try> {
        let (reference, key) = self.fresh();
        self.try_as(payment, capture, key, self.recorder(reference), reference).await
    }

    pub(super) async fn try_as(
        &self,
        payment: &Payment,
        capture: Capture,
        key: IdempotencyKey,
        recorder: Recorder<'a>,
        reference: Reference,
    ) -> Check<Try> {
        let card = self.card(payment)?;
        let request = Authorize {
            reference,
            key,
            order: self.order()?,
            money: payment.money,
            capture,
            method: PaymentMethod::LumpSum,
            entry: Entry::TelephoneOrder,
            card: &card,
            postcode: None,
        };
        let result = self.kit.gateway.authorize(recorder.context(), request).await;
        let (checkpoints, checkpoint_too_late) = (recorder.saves(), recorder.was_too_late());
        Ok(Try { reference, key, checkpoints, checkpoint_too_late, result })
    }

    /// A payment that has to be approved.
    pub(super) async fn approve(&self, capture: Capture) -> Check<(Reference, Approval)> {
        let tried = self.try_payment(&self.kit.approved, capture).await?;
        Ok((tried.reference, approval(tried.result)?))
    }

    pub(super) fn needs(&self, operation: Operation) -> Check {
        if self.kit.gateway.info().capabilities.supports(operation) {
            return Ok(());
        }
        Err(Verdict::Skipped("the gateway does not offer it"))
    }

    pub(super) async fn find(&self, reference: Reference) -> Check<Found> {
        self.needs(Operation::Lookup)?;
        let doubt = InDoubt::new(reference, Operation::Authorize, DoubtCause::Restart);
        let recorder = self.recorder(reference);
        let found = self.kit.gateway.lookup(recorder.context(), &doubt).await;
        found.map_err(|error| Verdict::Failed(format!("the lookup failed: {error}")))
    }

    /// What the gateway holds under a reference must be exactly this. Passes where it cannot be looked up.
    pub(super) async fn expect_held(&self, reference: Reference, held: Option<ProviderState>) -> Check {
        if self.needs(Operation::Lookup).is_err() {
            return Ok(());
        }
        let state = match self.find(reference).await? {
            Found::Present(snapshot) if snapshot.reference != reference => {
                return failed("a lookup answers about another reference");
            }
            Found::Present(snapshot) if snapshot.state.holds_money(snapshot.money) => Some(snapshot.state),
            _ => None,
        };
        ensure(state == held, || format!("the provider holds {state:?} where {held:?} is right"))
    }

    /// What every snapshot must say.
    pub(super) fn expect_snapshot(
        &self,
        snapshot: &Snapshot,
        reference: Reference,
        state: ProviderState,
        money: Money,
    ) -> Check {
        ensure(snapshot.reference == reference, || "the answer is about another reference".into())?;
        ensure(snapshot.state == state, || format!("the state is {:?}, not {state:?}", snapshot.state))?;
        ensure(snapshot.money == money, || format!("the amount is {}, not {money}", snapshot.money))?;
        let test = self.kit.gateway.info().test;
        ensure(snapshot.test == test, || "the test mark is not the gateway's".into())
    }
}

pub(super) fn approval(result: Result<Authorization, GatewayError>) -> Check<Approval> {
    match result {
        Ok(Authorization::Approved(approval)) => Ok(approval),
        other => Err(Verdict::Failed(format!("not approved: {other:?}"))),
    }
}

/// An answer that must be a refusal for one of these reasons; any reason where none is named.
pub(super) fn expect_refused<T: core::fmt::Debug>(
    result: Result<T, GatewayError>,
    reasons: &[Refusal],
) -> Check {
    match result {
        Err(GatewayError::Refused { reason, .. }) if reasons.is_empty() || reasons.contains(&reason) => {
            Ok(())
        }
        other => Err(Verdict::Failed(format!("not refused as it should be: {other:?}"))),
    }
}

pub(super) fn expect_not_sent<T: core::fmt::Debug>(result: Result<T, GatewayError>) -> Check {
    match result {
        Err(GatewayError::NotSent { .. }) => Ok(()),
        other => Err(Verdict::Failed(format!("something was sent: {other:?}"))),
    }
}

pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Verdict::Failed(otherwise())) }
}

pub(super) fn failed<T>(what: &str) -> Check<T> {
    Err(Verdict::Failed(what.into()))
}

pub(super) fn transaction(snapshot: &Snapshot) -> Option<&TransactionId> {
    snapshot.transaction.as_ref()
}

const PATIENCE: Duration = Duration::from_secs(30);
