//! The journal of attempts. What is written here is durable when the verb returns; what another system can see is done
//! only after that.
//!
//! Long because a row is written and read here field by field, and the two have to be seen together.

use core::time::Duration;

use paytone_card::{Brand, MaskedPan};
use paytone_dialog::{Details, KeyedDigits};
use paytone_psp::attempt::{Attempt, DoubtRecord, InvalidEvent, PendingRecord, Record, Transition};
use paytone_psp::{Currency, PaymentMethod, Reference};
use sqlx::AnyConnection;

use super::sql::{Bytes, Row, Word, sql, sql_of};
use super::{
    CallUlid, MerchantUlid, Order, OrderUlid, RequestKey, Store, StoreError, StoredCardUlid, call, claim,
    idempotency, method_name, millis, next_position, outbox, parse_method, whole,
};

/// An attempt to be journalled, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// The attempt.
    pub attempt: &'a Attempt,
    /// What it pays.
    pub order: OrderUlid,
    /// How it is made.
    pub source: Source,
    /// What may be shown of the card.
    pub last_four: MaskedPan,
    /// The card's brand.
    pub brand: Brand,
    /// What the caller chose and keyed beside it.
    pub chosen: &'a Chosen,
}

/// What a caller chose and keyed beside the card. None of it can be a card number: a text of it has ten digits at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen {
    /// How the cardholder pays the issuer.
    pub method: PaymentMethod,
    /// Whether the card may be stored; `None` where nobody asked.
    pub consent: Option<bool>,
    /// The digits of the postcode.
    pub postcode: Option<String>,
    /// The merchant's own numbers, in the order they were asked for; one that was left out is `-`.
    pub numbers: Vec<String>,
}

impl Chosen {
    /// What the caller said; where that is nothing, what the order says.
    #[must_use]
    pub fn new(order: &Order, details: &Details) -> Self {
        let digits = |keyed: &KeyedDigits| keyed.as_str().to_owned();
        let number = |place| details.custom(place).map(digits);
        let asked = (0..4).rev().find(|place| details.custom(*place).is_some()).map_or(0, |last| last + 1);
        Self {
            method: details.method().unwrap_or_else(|| order.terms.payment_methods.first()),
            consent: details.consent(),
            postcode: details.postcode().map(digits),
            numbers: (0..asked).map(|place| number(place).unwrap_or_else(|| "-".to_owned())).collect(),
        }
    }
}

/// Where an attempt's card comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A caller keys it in this call.
    Call(CallUlid),
    /// The provider has it.
    StoredCard(StoredCardUlid),
}

/// An attempt as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// The attempt.
    pub attempt: Attempt,
    /// Whose it is.
    pub merchant: MerchantUlid,
    /// What it pays.
    pub order: OrderUlid,
    /// How it was made.
    pub source: Source,
    /// What may be shown of the card.
    pub last_four: MaskedPan,
    /// The card's brand.
    pub brand: Brand,
    /// What the caller chose and keyed beside it.
    pub chosen: Chosen,
    /// When it was made.
    pub created_at: Duration,
    /// When it last changed.
    pub updated_at: Duration,
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

impl Source {
    /// The call, where there is one.
    #[must_use]
    pub const fn call(self) -> Option<CallUlid> {
        match self {
            Self::Call(call) => Some(call),
            Self::StoredCard(_) => None,
        }
    }

    /// The stored card, where it is one.
    #[must_use]
    pub const fn stored_card(self) -> Option<StoredCardUlid> {
        match self {
            Self::StoredCard(card) => Some(card),
            Self::Call(_) => None,
        }
    }
}

impl Store {
    /// Journals a new attempt. Where another attempt of the order has moved money or may have, there cannot be one.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotHeld`] where the call does not have the order (any more), or an order to be paid by a stored card
    /// cannot be paid; [`StoreError::LiveAttempt`], or the database fails. Nothing may then be sent.
    pub async fn begin_attempt(&self, new: NewAttempt<'_>, now: Duration) -> Result<(), StoreError> {
        self.begin_attempt_for(None, new, now).await
    }

    /// The same for a request: that this attempt is what it began is written with it.
    ///
    /// # Errors
    ///
    /// As for [`begin_attempt`](Self::begin_attempt).
    pub async fn begin_attempt_for(
        &self,
        request: Option<&RequestKey>,
        new: NewAttempt<'_>,
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let held = match new.source {
            Source::Call(call) => sql("SELECT orders.merchant FROM orders JOIN calls ON calls.id = orders.leased_by
                                       WHERE orders.id = $1 AND calls.id = $2 AND calls.ended_at IS NULL")
                .put(&new.order)
                .put(&call),
            Source::StoredCard(card) => sql("SELECT orders.merchant FROM orders JOIN stored_cards
                                                    ON stored_cards.merchant = orders.merchant
                                             WHERE orders.id = $1 AND orders.state = 'open' AND stored_cards.id = $2
                                               AND stored_cards.forgotten_at IS NULL")
                .put(&new.order)
                .put(&card),
        };
        let merchant =
            held.first(&mut transaction, |row| row.parsed("merchant", MerchantUlid::parse)).await?;
        let merchant = merchant.ok_or(StoreError::NotHeld)?;
        insert(&mut transaction, &new, merchant, self.node(), now).await?;
        write(&mut transaction, &new.attempt.to_record(), new.attempt.version(), now).await?;
        match new.source {
            Source::Call(call) => call::set_card(&mut transaction, call, new.last_four, new.brand).await?,
            Source::StoredCard(_) => claim::refresh(&mut transaction, new.order, now).await?,
        }
        if let Some(request) = request {
            idempotency::begin(&mut transaction, request, new.attempt).await?;
        }
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
        self.change_attempt_for(None, reference, now, change).await
    }

    /// The same for a request: that this change is what it began is written with it.
    ///
    /// # Errors
    ///
    /// As for [`change_attempt`](Self::change_attempt).
    pub async fn change_attempt_for(
        &self,
        request: Option<&RequestKey>,
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
        claim::refresh(&mut transaction, record.order, now).await?;
        if transition.report {
            outbox::attempt_changed(&mut transaction, &record, now).await?;
        }
        if let Some(request) = request {
            idempotency::begin(&mut transaction, request, &record.attempt).await?;
        }
        transaction.commit().await.map_err(StoreError::from)?;
        Ok((record, transition))
    }

    /// Every attempt of this node that waits for something: to be sent, to be answered, to be looked up.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, StoreError> {
        attempts(
            "attempts.node = $1 AND (attempts.pending_operation IS NOT NULL OR attempts.state = 'created')",
        )
        .put(Word(self.node()))
        .all(&mut *self.read().await?, attempt)
        .await
    }

    /// Every attempt of this node that holds money it must not hold, and has nothing else going on.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_to_compensate(&self) -> Result<Vec<AttemptRecord>, StoreError> {
        attempts("attempts.node = $1 AND attempts.pending_operation IS NULL AND attempts.state IN ('approved', 'captured')
                  AND (attempts.compensate = 1 OR orders.void_on_approval = 1)")
            .put(Word(self.node()))
            .all(&mut *self.read().await?, attempt)
            .await
    }

    /// The attempts of this node that hold money and were not compared with the provider since `before`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_to_check(&self, before: Duration) -> Result<Vec<AttemptRecord>, StoreError> {
        attempts("attempts.node = $1 AND attempts.pending_operation IS NULL AND attempts.state IN ('approved', 'captured')
                  AND COALESCE(attempts.checked_at, attempts.updated_at) < $2")
            .put(Word(self.node()))
            .put(millis(before))
            .all(&mut *self.read().await?, attempt)
            .await
    }

    /// Notes that an attempt was compared with what the provider has.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempt_checked(&self, reference: Reference, now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE attempts SET checked_at = $1 WHERE reference = $2")
            .put(millis(now))
            .put(&reference)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// The merchant's attempts that a person has to look at: in doubt for too long, or holding money that could not be
    /// given back; and reservations made before `lapsing`, which the issuer will let go of soon.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_for_a_person(
        &self,
        merchant: MerchantUlid,
        lapsing: Duration,
    ) -> Result<Vec<AttemptRecord>, StoreError> {
        attempts(
            "attempts.merchant = $1 AND (attempts.state = 'needs_person' OR attempts.compensate = 1
                  OR (attempts.state = 'approved' AND attempts.since < $2))",
        )
        .put(&merchant)
        .put(millis(lapsing))
        .all(&mut *self.read().await?, attempt)
        .await
    }

    /// The merchant's attempt with this reference.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempt(
        &self,
        merchant: MerchantUlid,
        reference: Reference,
    ) -> Result<Option<AttemptRecord>, StoreError> {
        attempts("attempts.merchant = $1 AND attempts.reference = $2")
            .put(&merchant)
            .put(&reference)
            .first(&mut *self.read().await?, attempt)
            .await
    }

    /// The attempts to pay an order, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_of(&self, order: OrderUlid) -> Result<Vec<AttemptRecord>, StoreError> {
        of_order(&mut *self.read().await?, order).await
    }
}

pub(super) async fn of_order(
    connection: &mut AnyConnection,
    order: OrderUlid,
) -> Result<Vec<AttemptRecord>, StoreError> {
    attempts("attempts.order_ulid = $1").put(&order).all(connection, attempt).await
}

/// A statement for the attempts a condition holds for, oldest first.
fn attempts(condition: &'static str) -> super::sql::Sql {
    sql_of(format!(
        "SELECT attempts.*, orders.order_id FROM attempts JOIN orders ON orders.id = attempts.order_ulid
         WHERE {condition} ORDER BY attempts.position"
    ))
}

/// The columns that never change.
async fn insert(
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
async fn write(
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

async fn stored(connection: &mut AnyConnection, reference: Reference) -> Result<AttemptRecord, StoreError> {
    attempts("attempts.reference = $1").put(&reference).one(connection, attempt).await
}

/// The one unique index an attempt can run into beside its own random name is the one that allows one live attempt.
fn live_attempt(error: sqlx::Error) -> StoreError {
    match error.as_database_error() {
        Some(error) if error.is_unique_violation() => StoreError::LiveAttempt,
        _ => error.into(),
    }
}

fn attempt(row: &Row) -> Result<AttemptRecord, StoreError> {
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
