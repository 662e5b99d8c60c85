//! What works and what does not: for `/readyz`, the banner on every page, and whoever is to be alarmed.

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paytone_dialog::Outcome;
use paytone_psp::attempt::State;
use tokio_util::sync::CancellationToken;

use crate::bus::{Bus, EventKind};
use crate::store::{MerchantUlid, Store};

/// How often the database is tried.
const ROUND: Duration = Duration::from_secs(5);

/// Something that does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Trouble {
    /// The database does not answer.
    Database,
    /// The database answers and takes nothing more: the disk may be full.
    DatabaseWrites,
    /// The payment provider was not reached when it was asked last.
    Gateway,
    /// The service is being stopped.
    Stopping,
}

impl Trouble {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Database, Self::DatabaseWrites, Self::Gateway, Self::Stopping];

    /// Its name in `/readyz`, metrics and alarms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::DatabaseWrites => "database_writes",
            Self::Gateway => "gateway",
            Self::Stopping => "stopping",
        }
    }

    /// Whether calls are better sent elsewhere. A provider that was not reached once may be there for the next call.
    #[must_use]
    pub const fn turns_calls_away(self) -> bool {
        !matches!(self, Self::Gateway)
    }
}

/// What works and what does not. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<BTreeSet<Trouble>>>);

impl Health {
    /// Nothing is known to be wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is wrong now.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        self.locked().iter().copied().collect()
    }

    /// Notes that something is wrong, or not any more.
    pub fn note(&self, trouble: Trouble, there: bool) {
        self.change(trouble, there);
    }

    /// Tries the database now.
    pub async fn try_database(&self, store: &Store) {
        let answers = store.check().await.is_ok();
        self.say(Trouble::Database, !answers);
        let takes = !answers || store.check_writes(crate::clock::now()).await.is_ok();
        self.say(Trouble::DatabaseWrites, !takes);
    }

    /// Watches until `stop`: the database by trying it, the provider by what becomes of payments.
    pub fn watch(&self, store: Store, bus: &Bus, merchant: MerchantUlid, stop: CancellationToken) {
        let (health, bus) = (self.clone(), bus.clone());
        let mut events = bus.watch();
        tokio::spawn(async move {
            let mut rounds = tokio::time::interval(ROUND);
            rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = rounds.tick() => health.try_database(&store).await,
                    event = events.recv() => {
                        let Some(reached) = event.ok().and_then(|event| reached(&event.kind)) else { continue };
                        if health.change(Trouble::Gateway, !reached) && !reached {
                            let alarm = EventKind::Alarm { alarm: "gateway_unreachable" };
                            bus.publish(merchant, None, crate::clock::now(), alarm);
                        }
                    }
                }
            }
        });
    }

    /// Whether that is news.
    fn change(&self, trouble: Trouble, there: bool) -> bool {
        let mut troubles = self.locked();
        if there { troubles.insert(trouble) } else { troubles.remove(&trouble) }
    }

    fn say(&self, trouble: Trouble, there: bool) {
        if self.change(trouble, there) {
            let name = trouble.as_str();
            if there {
                tracing::error!(trouble = name, "not ready");
            } else {
                tracing::info!(trouble = name, "ready again");
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeSet<Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an event tells that the provider was reached, or was not.
fn reached(kind: &EventKind) -> Option<bool> {
    match kind {
        EventKind::AttemptState { state: State::Approved | State::Captured | State::Declined, .. } => {
            Some(true)
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
    fn only_changes_are_news() {
        let health = Health::new();
        assert!(health.change(Trouble::Gateway, true));
        assert!(!health.change(Trouble::Gateway, true));
        assert_eq!(health.troubles(), [Trouble::Gateway]);
        assert!(health.change(Trouble::Gateway, false));
        assert!(!health.change(Trouble::Gateway, false));
        assert_eq!(health.troubles(), []);
    }

    #[test]
    fn a_lost_answer_is_trouble_and_a_decline_is_none() {
        assert_eq!(reached(&EventKind::CallEnded(Outcome::GatewayUnavailable)), Some(false));
        assert_eq!(reached(&EventKind::CallEnded(Outcome::Unknown)), Some(false));
        assert_eq!(reached(&EventKind::CallEnded(Outcome::Approved)), None);
        let declined = EventKind::AttemptState {
            reference: paytone_psp::Reference::generate(Duration::ZERO, &mut rand::rng()),
            state: State::Declined,
        };
        assert_eq!(reached(&declined), Some(true));
    }
}
