//! Calls: who rang, on which line, for which order, and how it ended.

use core::time::Duration;

use paytone_card::{Brand, MaskedPan};
use paytone_dialog::Outcome;
use paytone_redact::SafeText;
use sqlx::AnyConnection;

use super::sql::{Row, Word, sql};
use super::{CallUlid, MerchantUlid, OrderUlid, Store, StoreError, claim, millis, next_position};

/// A call as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRecord {
    /// Our own id.
    pub id: CallUlid,
    /// Whose line it rang.
    pub merchant: MerchantUlid,
    /// Counts the commands that were carried out; a command says which one it has seen.
    pub version: u32,
    /// The phone's Call-ID header, redacted.
    pub sip_call_id: SafeText,
    /// The line's configured name.
    pub line: SafeText,
    /// Who rang, as the phone says, redacted.
    pub caller: Option<SafeText>,
    /// The operator who may command it.
    pub operator: Option<SafeText>,
    /// What is or was to be paid.
    pub order: Option<OrderUlid>,
    /// How it ended; `None` while it is up.
    pub ending: Option<Ending>,
    /// The last card the caller keyed completely.
    pub last_four: Option<MaskedPan>,
    /// Its brand.
    pub brand: Option<Brand>,
    /// When it arrived.
    pub started_at: Duration,
}

/// How and when a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// An [`Outcome`]'s name, or `interrupted` for a call that was up when the service stopped.
    pub outcome: String,
    /// What the name leaves out, such as the decline reason.
    pub detail: Option<String>,
    /// When.
    pub at: Duration,
}

/// A call that has just arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// Whose line it rings.
    pub merchant: MerchantUlid,
    /// The phone's Call-ID header.
    pub sip_call_id: SafeText,
    /// The line's configured name.
    pub line: SafeText,
    /// Who rings, as the phone says.
    pub caller: Option<SafeText>,
}

/// Which calls to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Only those that are up, or only those that are over.
    pub running: Option<bool>,
    /// Only those for this order.
    pub order: Option<OrderUlid>,
    /// Only those older than this one.
    pub after: Option<CallUlid>,
}

impl Store {
    /// Records that a call has arrived.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn call_started(&self, new: &NewCall, now: Duration) -> Result<CallUlid, StoreError> {
        let id = CallUlid::generate(now);
        let mut transaction = self.begin().await?;
        let position = next_position(&mut transaction, "calls").await?;
        sql(
            "INSERT INTO calls (id, merchant, position, version, node, sip_call_id, line, caller, started_at)
             VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8)",
        )
        .put(&id)
        .put(&new.merchant)
        .put(position)
        .put(Word(self.node()))
        .put(&new.sip_call_id)
        .put(&new.line)
        .put(new.caller.as_ref())
        .put(millis(now))
        .run(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Records which card the caller has keyed, once its number is complete.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn call_card(
        &self,
        call: CallUlid,
        last_four: MaskedPan,
        brand: Brand,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        set_card(&mut transaction, call, last_four, brand).await?;
        Ok(transaction.commit().await?)
    }

    /// Records how the call ended and lets go of its order, unless a request for it is on its way: then the attempt does
    /// that once its outcome is known. Only the first ending counts.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn call_ended(
        &self,
        call: CallUlid,
        outcome: &Outcome,
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        end(&mut transaction, call, outcome.as_str(), outcome.detail(), now).await?;
        Ok(transaction.commit().await?)
    }

    /// Ends every call this node had up when it stopped, as `interrupted`. Returns how many there were.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn end_interrupted_calls(&self, now: Duration) -> Result<usize, StoreError> {
        let mut transaction = self.begin().await?;
        let calls = sql("SELECT id FROM calls WHERE ended_at IS NULL AND node = $1 ORDER BY position")
            .put(Word(self.node()))
            .all(&mut transaction, |row| row.parsed("id", CallUlid::parse))
            .await?;
        for call in &calls {
            end(&mut transaction, *call, "interrupted", None, now).await?;
        }
        transaction.commit().await?;
        Ok(calls.len())
    }

    /// The merchant's call with this id: ours, or the SIP Call-ID. A phone that uses one Call-ID again means its latest
    /// call.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn call(&self, merchant: MerchantUlid, id: &str) -> Result<Option<CallRecord>, StoreError> {
        let mut connection = self.read().await?;
        if let Ok(ulid) = CallUlid::parse(id) {
            let found = sql("SELECT * FROM calls WHERE merchant = $1 AND id = $2")
                .put(&merchant)
                .put(&ulid)
                .first(&mut connection, call)
                .await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        sql("SELECT * FROM calls WHERE merchant = $1 AND sip_call_id = $2 ORDER BY position DESC LIMIT 1")
            .put(&merchant)
            .put(&SafeText::new(id))
            .first(&mut connection, call)
            .await
    }

    /// The merchant's calls, newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn calls(
        &self,
        merchant: MerchantUlid,
        filter: CallFilter,
        most: u32,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let (up, over) = (filter.running == Some(true), filter.running == Some(false));
        sql("SELECT * FROM calls WHERE merchant = $1
               AND (ended_at IS NULL OR $2 = 0) AND (ended_at IS NOT NULL OR $3 = 0)
               AND ($4 = '' OR order_ulid = $4)
               AND position < COALESCE((SELECT position FROM calls WHERE id = $5 AND merchant = $1), $6)
             ORDER BY position DESC LIMIT $7")
        .put(&merchant)
        .put(up)
        .put(over)
        .put(Word(filter.order.as_ref().map_or("", OrderUlid::as_str)))
        .put(Word(filter.after.as_ref().map_or("", CallUlid::as_str)))
        .put(i64::MAX)
        .put(i64::from(most))
        .all(&mut *self.read().await?, call)
        .await
    }

    /// Counts a command the operator gives a call that is up. `seen` is the version the operator has seen; an operator
    /// other than the one in control has to `take_over`. Returns the new version and who was in control before.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], [`StoreError::NotHeld`] where the call is over or another operator controls it,
    /// [`StoreError::Conflict`] where the version is another, or the database fails.
    pub async fn command_call(
        &self,
        merchant: MerchantUlid,
        id: CallUlid,
        command: &Command<'_>,
    ) -> Result<(u32, Option<SafeText>), StoreError> {
        let mut transaction = self.begin().await?;
        let known = sql("SELECT * FROM calls WHERE merchant = $1 AND id = $2")
            .put(&merchant)
            .put(&id)
            .one(&mut transaction, call)
            .await?;
        if known.ending.is_some() {
            return Err(StoreError::NotHeld);
        }
        if known.version != command.seen {
            return Err(StoreError::Conflict);
        }
        let others = known.operator.as_ref().is_some_and(|operator| operator != command.operator);
        if others && !command.take_over {
            return Err(StoreError::NotHeld);
        }
        let version = known.version.saturating_add(1);
        sql("UPDATE calls SET version = $1, operator = $2 WHERE id = $3")
            .put(i64::from(version))
            .put(command.operator)
            .put(&id)
            .run(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok((version, known.operator.filter(|_| others)))
    }
}

/// A command to a call, as far as the store is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// Who gives it.
    pub operator: &'a SafeText,
    /// The version of the call the operator has seen.
    pub seen: u32,
    /// Take the call over from another operator.
    pub take_over: bool,
}

/// # Errors
///
/// [`StoreError::NotHeld`] where the call is over or never was; otherwise whose it is.
pub(super) async fn require_running(
    connection: &mut AnyConnection,
    call: CallUlid,
) -> Result<MerchantUlid, StoreError> {
    sql("SELECT merchant FROM calls WHERE id = $1 AND ended_at IS NULL")
        .put(&call)
        .first(connection, |row| row.parsed("merchant", MerchantUlid::parse))
        .await?
        .ok_or(StoreError::NotHeld)
}

pub(super) async fn is_running(connection: &mut AnyConnection, call: CallUlid) -> Result<bool, StoreError> {
    sql("SELECT id FROM calls WHERE id = $1 AND ended_at IS NULL").put(&call).finds(connection).await
}

pub(super) async fn set_order(
    connection: &mut AnyConnection,
    call: CallUlid,
    order: OrderUlid,
) -> Result<(), StoreError> {
    sql("UPDATE calls SET order_ulid = $1 WHERE id = $2").put(&order).put(&call).run(connection).await?;
    Ok(())
}

pub(super) async fn set_card(
    connection: &mut AnyConnection,
    call: CallUlid,
    last_four: MaskedPan,
    brand: Brand,
) -> Result<(), StoreError> {
    sql("UPDATE calls SET last_four = $1, brand = $2 WHERE id = $3")
        .put(&last_four)
        .put(&brand)
        .put(&call)
        .run(connection)
        .await?;
    Ok(())
}

async fn end(
    connection: &mut AnyConnection,
    call: CallUlid,
    outcome: &'static str,
    detail: Option<&'static str>,
    now: Duration,
) -> Result<(), StoreError> {
    sql("UPDATE calls SET outcome = $1, detail = $2, ended_at = $3,
                attended_by = (SELECT attended_by FROM orders WHERE orders.id = calls.order_ulid)
         WHERE id = $4 AND ended_at IS NULL")
    .put(outcome)
    .put(detail)
    .put(millis(now))
    .put(&call)
    .run(&mut *connection)
    .await?;
    let leased = sql("SELECT id FROM orders WHERE leased_by = $1")
        .put(&call)
        .all(&mut *connection, |row| row.parsed("id", OrderUlid::parse))
        .await?;
    for order in leased {
        claim::refresh(connection, order, now).await?;
    }
    Ok(())
}

fn call(row: &Row) -> Result<CallRecord, StoreError> {
    let ending = match row.optional_time("ended_at")? {
        Some(at) => Some(Ending {
            outcome: row.text("outcome")?.to_owned(),
            detail: row.optional_text("detail")?.map(str::to_owned),
            at,
        }),
        None => None,
    };
    let brand = |name: &str| Brand::from_name(name).ok_or(());
    Ok(CallRecord {
        id: row.parsed("id", CallUlid::parse)?,
        merchant: row.parsed("merchant", MerchantUlid::parse)?,
        version: row.count("version")?,
        sip_call_id: row.safe_text("sip_call_id")?,
        line: row.safe_text("line")?,
        caller: row.optional_safe_text("caller")?,
        operator: row.optional_safe_text("operator")?,
        order: row.optional_parsed("order_ulid", OrderUlid::parse)?,
        ending,
        last_four: row.optional_parsed("last_four", MaskedPan::from_last_four)?,
        brand: row.optional_parsed("brand", brand)?,
        started_at: row.time("started_at")?,
    })
}
