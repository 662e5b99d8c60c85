//! The row of an attempt, written and read field by field.

use core::time::Duration;

use paytone_card::{Brand, MaskedPan};
use paytone_psp::attempt::{Attempt, DoubtRecord, PendingRecord, Record};
use paytone_psp::{Currency, Reference};
use sqlx::AnyConnection;

use super::{AttemptRecord, Chosen, NewAttempt, Source};
use crate::store::sql::{Bytes, Row, Sql, Word, sql, sql_of};
use crate::store::{
    CallUlid, MerchantUlid, OrderUlid, StoreError, StoredCardUlid, method_name, millis, next_position,
    parse_method, whole,
};

/// A statement for the attempts a condition holds for, oldest first.
pub(super) fn attempts(condition: &'static str) -> Sql {
    sql_of(format!(
        "SELECT attempts.*, orders.order_id FROM attempts JOIN orders ON orders.id = attempts.order_ulid
         WHERE {condition} ORDER BY attempts.position"
    ))
}

/// The columns that never change.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    new: &NewAttempt<'_>,
    merchant: MerchantUlid,
    node: &str,
    now: Duration,
) -> Result<(), StoreError> {
    let attempt = new.attempt;
    let position = next_position(connection, "attempts").await?;
    sql("INSERT INTO attempts (reference, merchant, position, node, order_ulid, call_ulid, stored_card, last_four, brand,
                               amount, currency, capture, state, version, created_at, method, consent, postcode, numbers,
                               since, refunded, compensate, test, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 0, 0, 0, 0, 0)")
        .put(attempt.reference())
        .put(&merchant)
        .put(position)
        .put(Word(node))
        .put(&new.order)
        .put(new.source.call().as_ref())
        .put(new.source.stored_card().as_ref())
        .put(&new.last_four)
        .put(&new.brand)
        .put(whole("amount", attempt.money().minor())?)
        .put(attempt.money().currency().code())
        .put(attempt.capture().as_str())
        .put(attempt.state().as_str())
        .put(i64::from(attempt.version()))
        .put(millis(now))
        .put(Word(&method_name(new.chosen.method)))
        .put(new.chosen.consent.map(i64::from))
        .put(new.chosen.postcode.as_deref().map(Word))
        .put(Word(&new.chosen.numbers.join(" ")))
        .try_run(connection)
        .await
        .map_err(live_attempt)?;
    Ok(())
}

const UPDATE: &str = "UPDATE attempts SET
        state = $1, since = $2, version = $3, pending_operation = $4, pending_key = $5, pending_deadline = $6,
        pending_amount = $7, doubt_since = $8, doubt_lookups = $9, doubt_next = $10, checkpoint = $11, decline = $12,
        transaction_id = $13, approval_code = $14, captured = $15, refunded = $16, compensate = $17, test = $18,
        updated_at = $19
    WHERE reference = $20 AND version = $21";

/// Writes the columns that change, if the row is still at version `before`. The words are the journal's own; what a
/// provider calls a transaction is its own name for it and no card number, since adapters ask for none.
pub(super) async fn write(
    connection: &mut AnyConnection,
    record: &Record,
    before: u32,
    now: Duration,
) -> Result<(), StoreError> {
    let pending = record.pending.as_ref();
    let doubt = record.doubt.as_ref();
    let done = sql(UPDATE)
        .put(Word(&record.state))
        .put(whole("since", record.since_ms)?)
        .put(i64::from(record.version))
        .put(pending.map(|pending| Word(&pending.operation)))
        .put(pending.map(|pending| Word(&pending.key)))
        .put(pending.map(|pending| whole("pending_deadline", pending.deadline_ms)).transpose()?)
        .put(pending.map(|pending| whole("pending_amount", pending.amount)).transpose()?)
        .put(doubt.map(|doubt| whole("doubt_since", doubt.since_ms)).transpose()?)
        .put(doubt.map(|doubt| i64::from(doubt.lookups)))
        .put(doubt.map(|doubt| whole("doubt_next", doubt.next_ms)).transpose()?)
        .put(record.checkpoint.as_deref().map(Bytes))
        .put(record.decline.as_deref().map(Word))
        .put(record.transaction.as_deref().map(Word))
        .put(record.approval_code.as_deref().map(Word))
        .put(record.captured.map(|captured| whole("captured", captured)).transpose()?)
        .put(whole("refunded", record.refunded)?)
        .put(record.compensate)
        .put(record.test)
        .put(millis(now))
        .put(Word(&record.reference))
        .put(i64::from(before))
        .try_run(connection)
        .await
        .map_err(live_attempt)?;
    match done {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

pub(super) async fn stored(
    connection: &mut AnyConnection,
    reference: Reference,
) -> Result<AttemptRecord, StoreError> {
    attempts("attempts.reference = $1").put(&reference).one(connection, attempt).await
}

/// The one unique index an attempt can run into beside its own random name is the one that allows one live attempt.
fn live_attempt(error: sqlx::Error) -> StoreError {
    match error.as_database_error() {
        Some(error) if error.is_unique_violation() => StoreError::LiveAttempt,
        _ => error.into(),
    }
}

pub(super) fn attempt(row: &Row) -> Result<AttemptRecord, StoreError> {
    let call = row.optional_parsed("call_ulid", CallUlid::parse)?.map(Source::Call);
    let card = row.optional_parsed("stored_card", StoredCardUlid::parse)?.map(Source::StoredCard);
    Ok(AttemptRecord {
        attempt: Attempt::from_record(record(row)?).map_err(|_| StoreError::Column("of the journal"))?,
        merchant: row.parsed("merchant", MerchantUlid::parse)?,
        order: row.parsed("order_ulid", OrderUlid::parse)?,
        source: call.or(card).ok_or(StoreError::Column("call_ulid"))?,
        last_four: row.parsed("last_four", MaskedPan::from_last_four)?,
        brand: row.parsed("brand", |name| Brand::from_name(name).ok_or(()))?,
        chosen: chosen(row)?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn chosen(row: &Row) -> Result<Chosen, StoreError> {
    Ok(Chosen {
        method: row.parsed("method", |name| parse_method(name).ok_or(()))?,
        consent: row.optional_count::<u8>("consent")?.map(|given| given == 1),
        postcode: row.optional_text("postcode")?.map(str::to_owned),
        numbers: row.text("numbers")?.split_ascii_whitespace().map(str::to_owned).collect(),
    })
}

fn record(row: &Row) -> Result<Record, StoreError> {
    row.parsed("currency", Currency::parse)?;
    let owned = |column| Ok::<_, StoreError>(row.optional_text(column)?.map(str::to_owned));
    Ok(Record {
        reference: row.text("reference")?.to_owned(),
        order: row.text("order_id")?.to_owned(),
        amount: row.count("amount")?,
        currency: row.text("currency")?.to_owned(),
        capture: row.text("capture")?.to_owned(),
        state: row.text("state")?.to_owned(),
        since_ms: row.count("since")?,
        version: row.count("version")?,
        pending: pending(row)?,
        doubt: doubt(row)?,
        checkpoint: row.optional_bytes("checkpoint")?,
        decline: owned("decline")?,
        transaction: owned("transaction_id")?,
        approval_code: owned("approval_code")?,
        captured: row.optional_count("captured")?,
        refunded: row.count("refunded")?,
        compensate: row.flag("compensate")?,
        test: row.flag("test")?,
    })
}

fn pending(row: &Row) -> Result<Option<PendingRecord>, StoreError> {
    let Some(operation) = row.optional_text("pending_operation")? else { return Ok(None) };
    Ok(Some(PendingRecord {
        operation: operation.to_owned(),
        key: row.text("pending_key")?.to_owned(),
        deadline_ms: row.count("pending_deadline")?,
        amount: row.count("pending_amount")?,
    }))
}

fn doubt(row: &Row) -> Result<Option<DoubtRecord>, StoreError> {
    let Some(since_ms) = row.optional_count("doubt_since")? else { return Ok(None) };
    Ok(Some(DoubtRecord {
        since_ms,
        lookups: row.count("doubt_lookups")?,
        next_ms: row.count("doubt_next")?,
    }))
}
