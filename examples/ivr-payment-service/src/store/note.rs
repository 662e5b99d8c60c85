//! What people wrote down: notes on orders, and incidents.

use core::time::Duration;

use paytone_redact::SafeText;

use super::sql::{Row, sql};
use super::{IncidentUlid, MerchantUlid, OrderUlid, Store, StoreError, millis, next_position};

/// A note on an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Who wrote it.
    pub author: SafeText,
    /// What.
    pub text: SafeText,
    /// When.
    pub at: Duration,
}

/// Something is wrong, in a person's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Our own id.
    pub id: IncidentUlid,
    /// What is wrong, and what to do meanwhile.
    pub text: SafeText,
    /// When it is expected to be over.
    pub recovery_at: Option<Duration>,
    /// Until when it is shown.
    pub until: Duration,
    /// Who wrote it.
    pub author: SafeText,
    /// When it was written.
    pub at: Duration,
}

/// An incident to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewIncident<'a> {
    /// What is wrong, and what to do meanwhile.
    pub text: &'a SafeText,
    /// When it is expected to be over.
    pub recovery_at: Option<Duration>,
    /// Until when it is shown.
    pub until: Duration,
    /// Who writes it.
    pub author: &'a SafeText,
}

impl Store {
    /// Adds a note to an order of the merchant's.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] where the merchant has no such order, or the database fails.
    pub async fn add_note(
        &self,
        merchant: MerchantUlid,
        order: OrderUlid,
        author: &SafeText,
        text: &SafeText,
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let own = sql("SELECT id FROM orders WHERE id = $1 AND merchant = $2").put(&order).put(&merchant);
        if !own.finds(&mut transaction).await? {
            return Err(StoreError::NotFound);
        }
        let position = next_position(&mut transaction, "order_notes").await?;
        sql("INSERT INTO order_notes (order_ulid, position, author, text, created_at) VALUES ($1, $2, $3, $4, $5)")
            .put(&order)
            .put(position)
            .put(author)
            .put(text)
            .put(millis(now))
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// The notes on an order, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn notes(&self, order: OrderUlid) -> Result<Vec<Note>, StoreError> {
        sql("SELECT * FROM order_notes WHERE order_ulid = $1 ORDER BY position")
            .put(&order)
            .all(&mut *self.read().await?, |row| {
                let (author, text) = (row.safe_text("author")?, row.safe_text("text")?);
                Ok(Note { author, text, at: row.time("created_at")? })
            })
            .await
    }

    /// Shows an incident from now on; another one of the merchant's is over with it.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn show_incident(
        &self,
        merchant: MerchantUlid,
        new: NewIncident<'_>,
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        end_incidents(&mut transaction, merchant, now).await?;
        let position = next_position(&mut transaction, "incidents").await?;
        sql("INSERT INTO incidents (id, merchant, position, text, recovery_at, until_at, author, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .put(&IncidentUlid::generate(now))
        .put(&merchant)
        .put(position)
        .put(new.text)
        .put(new.recovery_at.map(millis))
        .put(millis(new.until))
        .put(new.author)
        .put(millis(now))
        .run(&mut transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Ends what is shown now.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn end_incident(&self, merchant: MerchantUlid, now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        end_incidents(&mut transaction, merchant, now).await?;
        Ok(transaction.commit().await?)
    }

    /// What is shown at `now`; nothing that has expired.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn incident(
        &self,
        merchant: MerchantUlid,
        now: Duration,
    ) -> Result<Option<Incident>, StoreError> {
        sql("SELECT * FROM incidents WHERE merchant = $1 AND until_at > $2 ORDER BY position DESC LIMIT 1")
            .put(&merchant)
            .put(millis(now))
            .first(&mut *self.read().await?, incident)
            .await
    }
}

async fn end_incidents(
    connection: &mut sqlx::AnyConnection,
    merchant: MerchantUlid,
    now: Duration,
) -> Result<(), StoreError> {
    sql("UPDATE incidents SET until_at = $1 WHERE merchant = $2 AND until_at > $1")
        .put(millis(now))
        .put(&merchant)
        .run(connection)
        .await
        .map(drop)
}

fn incident(row: &Row) -> Result<Incident, StoreError> {
    Ok(Incident {
        id: row.parsed("id", IncidentUlid::parse)?,
        text: row.safe_text("text")?,
        recovery_at: row.optional_time("recovery_at")?,
        until: row.time("until_at")?,
        author: row.safe_text("author")?,
        at: row.time("created_at")?,
    })
}
