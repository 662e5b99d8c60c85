//! Whether a card may be asked for: only where it can be paid, and the payment written down. Otherwise nobody keys a card in
//! vain; the caller goes back to the operator, and the order stays open.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use paytone_dialog::Outcome;
use paytone_psp::attempt::State;
use tokio::time::{MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use crate::bus::{Bus, EventKind, ServiceEvent};
use crate::clock::now;
use crate::health::{Health, Trouble};
use crate::payments::Payments;
use crate::store::{MerchantUlid, Store};

/// How often the database is tried, and a provider that did not answer.
const ROUND: Duration = Duration::from_secs(5);
/// How long a database that took something is believed to take the next thing.
const BELIEVED: Duration = Duration::from_secs(1);
/// How long the database or the provider may take; the dialog waits five seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// Tries the database and the providers, and knows what came of it. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Gate {
    health: Health,
    store: Store,
    payments: Payments,
    bus: Bus,
    /// Who hears of what is wrong for everybody.
    first: MerchantUlid,
    /// When the database took something last, in milliseconds since the Unix epoch.
    taken: Arc<AtomicU64>,
}

impl Gate {
    /// One for this service, whose first merchant is `first`.
    #[must_use]
    pub fn new(health: Health, store: Store, payments: Payments, bus: Bus, first: MerchantUlid) -> Self {
        Self { health, store, payments, bus, first, taken: Arc::default() }
    }

    /// Whether a card of this merchant's caller can be paid now. A provider that answered a moment ago is believed.
    ///
    /// # Errors
    ///
    /// What keeps it from being paid.
    pub async fn check(&self, merchant: MerchantUlid) -> Result<(), Trouble> {
        let ((), there) = tokio::join!(self.know_database(), self.reaches_gateway(merchant));
        let wrong = self.health.troubles_of(merchant);
        match wrong.into_iter().find(|trouble| *trouble != Trouble::Stopping) {
            Some(trouble) => Err(trouble),
            None if there => Ok(()),
            None => Err(Trouble::Gateway),
        }
    }

    /// Watches until `stop`: the database by trying it, the providers by what becomes of payments.
    pub fn watch(self, stop: CancellationToken) {
        let mut events = self.bus.watch();
        tokio::spawn(async move {
            let mut rounds = tokio::time::interval(ROUND);
            rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = rounds.tick() => self.round().await,
                    event = events.recv() => if let Ok(event) = event { self.learn(&event).await },
                }
            }
        });
    }

    async fn round(&self) {
        self.try_database().await;
        for merchant in self.health.without_gateway() {
            self.try_gateway(merchant).await;
        }
    }

    /// What a payment tells of its provider. A missing answer may be our own fault: the provider is asked.
    async fn learn(&self, event: &ServiceEvent) {
        match reached(&event.kind) {
            Some(true) => drop(self.health.note_gateway(event.merchant, true, event.at)),
            Some(false) => drop(self.try_gateway(event.merchant).await),
            None => {}
        }
    }

    /// Many calls at once do not try the database each.
    async fn know_database(&self) {
        let taken = Duration::from_millis(self.taken.load(Ordering::Relaxed));
        if now().saturating_sub(taken) > BELIEVED || self.health.turns_calls_away() {
            self.try_database().await;
        }
    }

    async fn try_database(&self) {
        let answers = matches!(timeout(PATIENCE, self.store.check()).await, Ok(Ok(())));
        let takes = answers && matches!(timeout(PATIENCE, self.store.check_writes(now())).await, Ok(Ok(())));
        if takes {
            let millis = u64::try_from(now().as_millis()).unwrap_or_default();
            self.taken.store(millis, Ordering::Relaxed);
        }
        // Both are known before either is said: a database that answers is not ready before it takes something.
        self.note(Trouble::DatabaseWrites, answers && !takes);
        self.note(Trouble::Database, !answers);
    }

    async fn reaches_gateway(&self, merchant: MerchantUlid) -> bool {
        match self.health.gateway(merchant, now()) {
            Some(there) => there,
            None => self.try_gateway(merchant).await,
        }
    }

    async fn try_gateway(&self, merchant: MerchantUlid) -> bool {
        let there = self.payments.reaches(merchant, PATIENCE).await;
        if self.health.note_gateway(merchant, there, now()) && !there {
            self.alarm(merchant, "gateway_unreachable");
        }
        there
    }

    fn note(&self, trouble: Trouble, there: bool) {
        if self.health.note(trouble, there) && there {
            self.alarm(self.first, trouble.as_str());
        }
    }

    fn alarm(&self, merchant: MerchantUlid, alarm: &'static str) {
        self.bus.publish(merchant, None, now(), EventKind::Alarm { alarm });
    }
}

/// Whether an event tells that the provider was reached, or that it may not have been.
fn reached(kind: &EventKind) -> Option<bool> {
    match kind {
        EventKind::AttemptState { state: State::Approved | State::Captured | State::Declined, .. } => {
            Some(true)
        }
        EventKind::AttemptState { state: State::InDoubt | State::NotCharged | State::Abandoned, .. } => {
            Some(false)
        }
        EventKind::CallEnded(outcome) | EventKind::PaymentEnded(outcome) => {
            matches!(outcome, Outcome::GatewayUnavailable | Outcome::Unknown).then_some(false)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_asked_about_and_a_decline_is_an_answer() {
        assert_eq!(reached(&EventKind::CallEnded(Outcome::GatewayUnavailable)), Some(false));
        assert_eq!(reached(&EventKind::CallEnded(Outcome::Unknown)), Some(false));
        assert_eq!(reached(&EventKind::CallEnded(Outcome::Approved)), None);
        let reference = paytone_psp::Reference::generate(Duration::ZERO, &mut rand::rng());
        let of = |state| reached(&EventKind::AttemptState { reference, state });
        assert_eq!((of(State::Declined), of(State::InDoubt)), (Some(true), Some(false)));
    }
}
