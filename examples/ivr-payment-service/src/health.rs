//! What works and what does not: for `/readyz`, the banner on every page, and whoever is to be alarmed.

use core::time::Duration;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::MerchantUlid;

/// How long a provider that has answered is believed to answer again.
const BELIEVED: Duration = Duration::from_secs(15);

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
    /// The service is being stopped: no call is taken any more.
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

    /// Whether calls are better sent elsewhere. Without the provider a call is still answered: the caller is told, and goes
    /// back to the operator.
    #[must_use]
    pub const fn turns_calls_away(self) -> bool {
        !matches!(self, Self::Gateway)
    }
}

/// What works and what does not. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    troubles: BTreeSet<Trouble>,
    gateways: HashMap<MerchantUlid, Answered>,
}

/// Whether a merchant's provider has answered, and when it was asked.
#[derive(Debug, Clone, Copy)]
struct Answered {
    at: Duration,
    there: bool,
}

impl Health {
    /// Nothing is known to be wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is wrong now, for any merchant.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        let known = self.locked();
        let gateway = known.gateways.values().any(|answered| !answered.there).then_some(Trouble::Gateway);
        known.troubles.iter().copied().chain(gateway).collect()
    }

    /// What is wrong now for this merchant.
    #[must_use]
    pub fn troubles_of(&self, merchant: MerchantUlid) -> Vec<Trouble> {
        let known = self.locked();
        let gateway = known.gateways.get(&merchant).is_some_and(|answered| !answered.there);
        known.troubles.iter().copied().chain(gateway.then_some(Trouble::Gateway)).collect()
    }

    /// Whether calls are better sent elsewhere.
    #[must_use]
    pub fn turns_calls_away(&self) -> bool {
        self.locked().troubles.iter().any(|trouble| trouble.turns_calls_away())
    }

    /// Notes that something is wrong for everybody, or not any more. Whether that is news.
    #[expect(clippy::must_use_candidate, reason = "the note is what counts")]
    pub fn note(&self, trouble: Trouble, there: bool) -> bool {
        let mut known = self.locked();
        let news = if there { known.troubles.insert(trouble) } else { known.troubles.remove(&trouble) };
        drop(known);
        if news {
            say(trouble, there);
        }
        news
    }

    /// Notes whether a merchant's provider has answered when it was asked at `at`. Whether that is news.
    #[expect(clippy::must_use_candidate, reason = "the note is what counts")]
    pub fn note_gateway(&self, merchant: MerchantUlid, there: bool, at: Duration) -> bool {
        let before = self.locked().gateways.insert(merchant, Answered { at, there });
        let news = before.is_none_or(|answered| answered.there) != there;
        if news {
            say(Trouble::Gateway, !there);
        }
        news
    }

    /// Whether a merchant's provider is there, as far as that is known at `now`.
    pub(crate) fn gateway(&self, merchant: MerchantUlid, now: Duration) -> Option<bool> {
        let answered = *self.locked().gateways.get(&merchant)?;
        let is_old = now.saturating_sub(answered.at) > BELIEVED;
        (!answered.there || !is_old).then_some(answered.there)
    }

    /// The merchants whose provider does not answer.
    pub(crate) fn without_gateway(&self) -> Vec<MerchantUlid> {
        let known = self.locked();
        known.gateways.iter().filter(|(_, answered)| !answered.there).map(|(merchant, _)| *merchant).collect()
    }

    fn locked(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say(trouble: Trouble, there: bool) {
    let name = trouble.as_str();
    if there {
        tracing::error!(trouble = name, "not ready");
    } else {
        tracing::info!(trouble = name, "ready again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merchant(last: char) -> MerchantUlid {
        MerchantUlid::parse(&format!("01ARYZ6S41TSV4RRFFQ69G5FA{last}")).unwrap()
    }

    #[test]
    fn only_changes_are_news() {
        let health = Health::new();
        assert!(health.note(Trouble::Database, true));
        assert!(!health.note(Trouble::Database, true));
        assert_eq!((health.troubles(), health.turns_calls_away()), (vec![Trouble::Database], true));
        assert!(health.note(Trouble::Database, false));
        assert!(!health.note(Trouble::Database, false));
        assert_eq!(health.troubles(), []);
    }

    #[test]
    fn a_provider_is_one_merchants() {
        let (health, here, elsewhere) = (Health::new(), merchant('V'), merchant('W'));
        assert!(!health.note_gateway(here, true, Duration::ZERO));
        assert!(health.note_gateway(here, false, Duration::ZERO));
        assert!(!health.note_gateway(here, false, Duration::ZERO));
        assert_eq!(health.troubles_of(here), [Trouble::Gateway]);
        assert_eq!(health.troubles_of(elsewhere), []);
        assert_eq!(health.troubles(), [Trouble::Gateway]);
        assert!(!health.turns_calls_away(), "the caller is told");
        assert!(health.note_gateway(here, true, Duration::ZERO));
        assert_eq!(health.troubles(), []);
    }

    #[test]
    fn an_answer_is_believed_for_a_while_and_silence_until_there_is_one() {
        let (health, here) = (Health::new(), merchant('V'));
        assert_eq!(health.gateway(here, Duration::ZERO), None);
        health.note_gateway(here, true, Duration::ZERO);
        assert_eq!(health.gateway(here, BELIEVED), Some(true));
        assert_eq!(health.gateway(here, 2 * BELIEVED), None);
        health.note_gateway(here, false, Duration::ZERO);
        assert_eq!(health.gateway(here, 2 * BELIEVED), Some(false));
    }
}
