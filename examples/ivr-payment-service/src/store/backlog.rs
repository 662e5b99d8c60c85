//! What waits: for whoever watches the machine.

use core::time::Duration;

use super::sql::sql;
use super::{Store, StoreError};

/// How much waits, for all merchants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries that are to be made.
    pub waiting: i64,
    /// Deliveries that were given up.
    pub dead: i64,
    /// How long the delivery that waits longest has waited since it was due.
    pub oldest: Duration,
    /// Payments whose outcome is being looked up.
    pub in_doubt: i64,
    /// Payments whose outcome only a person can find out.
    pub needs_person: i64,
}

impl Store {
    /// What waits now. Every count has an index of its own.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn backlog(&self, now: Duration) -> Result<Backlog, StoreError> {
        let connection = &mut *self.read().await?;
        let waiting = sql("SELECT count(*) AS n FROM deliveries WHERE state = 'waiting'");
        let dead = sql("SELECT count(*) AS n FROM deliveries WHERE state = 'dead'");
        let due = sql("SELECT min(next_at) AS next_at FROM deliveries WHERE state = 'waiting'");
        let in_doubt = sql("SELECT count(*) AS n FROM attempts WHERE state = 'in_doubt'");
        let needs_person = sql("SELECT count(*) AS n FROM attempts WHERE state = 'needs_person'");
        let due = due.one(connection, |row| row.optional_time("next_at")).await?;
        Ok(Backlog {
            waiting: waiting.number(connection).await?,
            dead: dead.number(connection).await?,
            oldest: due.map_or(Duration::ZERO, |due| now.saturating_sub(due)),
            in_doubt: in_doubt.number(connection).await?,
            needs_person: needs_person.number(connection).await?,
        })
    }
}
