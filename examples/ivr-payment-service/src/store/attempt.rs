//! The journal of attempts. What is written here is durable when the verb returns; what another system can see is done
//! only after that.

use core::time::Duration;

use paytone_card::{Brand, MaskedPan};
use paytone_psp::attempt::{Attempt, DoubtRecord, InvalidEvent, PendingRecord, Record, State, Transition};
use paytone_psp::{Currency, Reference};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, Row, Sqlite, SqliteConnection};

use super::{CallUlid, OrderUlid, Store, StoreError, call, claim, millis, read, time, whole};

type Query = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

/// An attempt to be journalled, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// The attempt.
    pub attempt: &'a Attempt,
    /// What it pays.
    pub order: OrderUlid,
    /// The call it is made in.
    pub call: CallUlid,
    /// What may be shown of the card.
    pub last_four: MaskedPan,
    /// The card's brand.
    pub brand: Brand,
}

/// An attempt as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// The attempt.
    pub attempt: Attempt,
    /// What it pays.
    pub order: OrderUlid,
    /// The call it was made in.
    pub call: CallUlid,
    /// What may be shown of the card.
    pub last_four: MaskedPan,
    /// The card's brand.
    pub brand: Brand,
    /// When it was made.
    pub created_at: Duration,
    /// When it last changed.
    pub updated_at: Duration,
}

/// One version of an attempt that the merchant has to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The attempt.
    pub reference: Reference,
    /// Its version: the merchant tells reports apart by both.
    pub version: u32,
    /// The state it arrived in.
    pub state: State,
}

/// Why an attempt was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// What happened cannot happen to it.
    #[error(transparent)]
    Event(#[from] InvalidEvent),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Journals a new attempt. Where another attempt of the order has moved money or may have, there cannot be one.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotHeld`] where the call does not have the order (any more), [`StoreError::LiveAttempt`], or the
    /// database fails. Nothing may then be sent.
    pub async fn begin_attempt(&self, new: NewAttempt<'_>, now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let held: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM orders JOIN calls ON calls.id = orders.leased_by
                            WHERE orders.id = ? AND calls.id = ? AND calls.ended_at IS NULL)",
        )
        .bind(new.order.as_str().to_owned())
        .bind(new.call.as_str().to_owned())
        .fetch_one(&mut *transaction)
        .await?;
        if !held {
            return Err(StoreError::NotHeld);
        }
        bind_identity(sqlx::query(INSERT), &new, now)?
            .execute(&mut *transaction)
            .await
            .map_err(live_attempt)?;
        write(&mut transaction, &new.attempt.to_record(), new.attempt.version(), now).await?;
        call::set_card(&mut transaction, new.call, new.last_four, new.brand).await?;
        Ok(transaction.commit().await?)
    }

    /// Changes an attempt and writes what has become of it: the attempt, its order's state and, where the transition says
    /// so, the report to the merchant, all or nothing. `change` sees the attempt as it is stored, and nobody else changes
    /// it meanwhile.
    ///
    /// # Errors
    ///
    /// `change` refused, or the store did not do it; nothing has changed then.
    pub async fn change_attempt(
        &self,
        reference: Reference,
        now: Duration,
        change: impl FnOnce(&mut Attempt) -> Result<Transition, InvalidEvent> + Send,
    ) -> Result<(AttemptRecord, Transition), ChangeError> {
        let mut transaction = self.begin().await?;
        let mut record = stored(&mut transaction, reference).await?;
        let before = record.attempt.version();
        let transition = change(&mut record.attempt)?;
        record.updated_at = now;
        write(&mut transaction, &record.attempt.to_record(), before, now).await?;
        if transition.report {
            report(&mut transaction, &record.attempt, now).await?;
        }
        claim::refresh(&mut transaction, record.order, now).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok((record, transition))
    }

    /// Every attempt that waits for something: to be sent, to be answered, to be looked up.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, StoreError> {
        let found: Vec<StoredAttempt> = sqlx::query_as(
            "SELECT attempts.*, orders.order_id FROM attempts JOIN orders ON orders.id = attempts.order_ulid
             WHERE attempts.pending_operation IS NOT NULL OR attempts.state = 'created' ORDER BY attempts.rowid",
        )
        .fetch_all(&self.reader)
        .await?;
        Ok(found.into_iter().map(|StoredAttempt(attempt)| attempt).collect())
    }

    /// The attempts to pay an order, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_of(&self, order: OrderUlid) -> Result<Vec<AttemptRecord>, StoreError> {
        let found: Vec<StoredAttempt> = sqlx::query_as(
            "SELECT attempts.*, orders.order_id FROM attempts JOIN orders ON orders.id = attempts.order_ulid
             WHERE attempts.order_ulid = ? ORDER BY attempts.rowid",
        )
        .bind(order.as_str().to_owned())
        .fetch_all(&self.reader)
        .await?;
        Ok(found.into_iter().map(|StoredAttempt(attempt)| attempt).collect())
    }

    /// What the merchant has not been told yet, in the order it happened.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn undelivered_reports(&self) -> Result<Vec<Report>, StoreError> {
        let found: Vec<(String, u32, String)> =
            sqlx::query_as("SELECT reference, version, state FROM outbox WHERE delivered = 0 ORDER BY rowid")
                .fetch_all(&self.reader)
                .await?;
        let report = |(reference, version, state): (String, u32, String)| {
            let reference = read("reference", Reference::parse(&reference))?;
            Ok(Report { reference, version, state: read("state", State::parse(&state))? })
        };
        found.into_iter().map(report).collect()
    }
}

const INSERT: &str = "INSERT INTO attempts (reference, order_ulid, call_ulid, last_four, brand, amount, currency, capture,
                                            state, version, created_at, since, refunded, compensate, test, updated_at)
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)";

const UPDATE: &str = "UPDATE attempts SET
        state = ?, since = ?, version = ?, pending_operation = ?, pending_key = ?, pending_deadline = ?, pending_amount = ?,
        doubt_since = ?, doubt_lookups = ?, doubt_next = ?, checkpoint = ?, decline = ?, transaction_id = ?,
        approval_code = ?, captured = ?, refunded = ?, compensate = ?, test = ?, updated_at = ?
    WHERE reference = ? AND version = ?";

/// The columns that never change.
fn bind_identity(query: Query, new: &NewAttempt<'_>, now: Duration) -> Result<Query, StoreError> {
    let attempt = new.attempt;
    Ok(query
        .bind(attempt.reference().to_string())
        .bind(new.order.to_string())
        .bind(new.call.to_string())
        .bind(new.last_four.last_four().to_owned())
        .bind(new.brand.name())
        .bind(whole("amount", attempt.money().minor())?)
        .bind(attempt.money().currency().code())
        .bind(attempt.capture().as_str())
        .bind(attempt.state().as_str())
        .bind(attempt.version())
        .bind(millis(now)))
}

/// Writes the columns that change, if the row is still at version `before`.
async fn write(
    connection: &mut SqliteConnection,
    record: &Record,
    before: u32,
    now: Duration,
) -> Result<(), StoreError> {
    let pending = record.pending.as_ref();
    let doubt = record.doubt.as_ref();
    let done = sqlx::query(UPDATE)
        .bind(&record.state)
        .bind(whole("since", record.since_ms)?)
        .bind(record.version)
        .bind(pending.map(|pending| &pending.operation))
        .bind(pending.map(|pending| &pending.key))
        .bind(pending.map(|pending| whole("pending_deadline", pending.deadline_ms)).transpose()?)
        .bind(pending.map(|pending| whole("pending_amount", pending.amount)).transpose()?)
        .bind(doubt.map(|doubt| whole("doubt_since", doubt.since_ms)).transpose()?)
        .bind(doubt.map(|doubt| doubt.lookups))
        .bind(doubt.map(|doubt| whole("doubt_next", doubt.next_ms)).transpose()?)
        .bind(&record.checkpoint)
        .bind(&record.decline)
        .bind(&record.transaction)
        .bind(&record.approval_code)
        .bind(record.captured.map(|captured| whole("captured", captured)).transpose()?)
        .bind(whole("refunded", record.refunded)?)
        .bind(record.compensate)
        .bind(record.test)
        .bind(millis(now))
        .bind(&record.reference)
        .bind(before)
        .execute(connection)
        .await
        .map_err(live_attempt)?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

async fn stored(
    connection: &mut SqliteConnection,
    reference: Reference,
) -> Result<AttemptRecord, StoreError> {
    let StoredAttempt(record) = sqlx::query_as(
        "SELECT attempts.*, orders.order_id FROM attempts JOIN orders ON orders.id = attempts.order_ulid
         WHERE attempts.reference = ?",
    )
    .bind(reference.to_string())
    .fetch_one(connection)
    .await?;
    Ok(record)
}

async fn report(
    connection: &mut SqliteConnection,
    attempt: &Attempt,
    now: Duration,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO outbox (reference, version, state, created_at) VALUES (?, ?, ?, ?)")
        .bind(attempt.reference().to_string())
        .bind(attempt.version())
        .bind(attempt.state().as_str())
        .bind(millis(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// The one unique index an attempt can run into beside its own random name is the one that allows one live attempt.
fn live_attempt(error: sqlx::Error) -> StoreError {
    match error.as_database_error() {
        Some(error) if error.is_unique_violation() => StoreError::LiveAttempt,
        _ => error.into(),
    }
}

/// An [`AttemptRecord`] as a row.
struct StoredAttempt(AttemptRecord);

impl<'r> FromRow<'r, SqliteRow> for StoredAttempt {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        attempt(row).map(Self).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

fn attempt(row: &SqliteRow) -> Result<AttemptRecord, StoreError> {
    let brand: &str = row.try_get("brand")?;
    Ok(AttemptRecord {
        attempt: Attempt::from_record(record(row)?).map_err(|_| StoreError::Column("of the journal"))?,
        order: read("order_ulid", OrderUlid::parse(row.try_get("order_ulid")?))?,
        call: read("call_ulid", CallUlid::parse(row.try_get("call_ulid")?))?,
        last_four: read("last_four", MaskedPan::from_last_four(row.try_get("last_four")?))?,
        brand: Brand::from_name(brand).ok_or(StoreError::Column("brand"))?,
        created_at: time("created_at", row.try_get("created_at")?)?,
        updated_at: time("updated_at", row.try_get("updated_at")?)?,
    })
}

fn record(row: &SqliteRow) -> Result<Record, StoreError> {
    let currency: String = row.try_get("currency")?;
    read("currency", Currency::parse(&currency))?;
    Ok(Record {
        reference: row.try_get("reference")?,
        order: row.try_get("order_id")?,
        amount: number(row, "amount")?,
        currency,
        capture: row.try_get("capture")?,
        state: row.try_get("state")?,
        since_ms: number(row, "since")?,
        version: row.try_get("version")?,
        pending: pending(row)?,
        doubt: doubt(row)?,
        checkpoint: row.try_get("checkpoint")?,
        decline: row.try_get("decline")?,
        transaction: row.try_get("transaction_id")?,
        approval_code: row.try_get("approval_code")?,
        captured: optional_number(row, "captured")?,
        refunded: number(row, "refunded")?,
        compensate: row.try_get("compensate")?,
        test: row.try_get("test")?,
    })
}

fn pending(row: &SqliteRow) -> Result<Option<PendingRecord>, StoreError> {
    let Some(operation) = row.try_get("pending_operation")? else { return Ok(None) };
    Ok(Some(PendingRecord {
        operation,
        key: row.try_get("pending_key")?,
        deadline_ms: number(row, "pending_deadline")?,
        amount: number(row, "pending_amount")?,
    }))
}

fn doubt(row: &SqliteRow) -> Result<Option<DoubtRecord>, StoreError> {
    let Some(since_ms) = optional_number(row, "doubt_since")? else { return Ok(None) };
    Ok(Some(DoubtRecord {
        since_ms,
        lookups: row.try_get("doubt_lookups")?,
        next_ms: number(row, "doubt_next")?,
    }))
}

fn number(row: &SqliteRow, column: &'static str) -> Result<u64, StoreError> {
    read(column, u64::try_from(row.try_get::<i64, _>(column)?))
}

fn optional_number(row: &SqliteRow, column: &'static str) -> Result<Option<u64>, StoreError> {
    let stored: Option<i64> = row.try_get(column)?;
    read(column, stored.map(u64::try_from).transpose())
}
