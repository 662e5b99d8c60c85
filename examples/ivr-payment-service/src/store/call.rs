//! Calls: who rang, on which line, for which order, and how it ended.

use core::time::Duration;

use paytone_card::{Brand, MaskedPan};
use paytone_dialog::Outcome;
use paytone_redact::SafeText;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use super::{CallUlid, OrderUlid, Store, StoreError, claim, millis, read, time};

/// A call as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRecord {
    /// Our own id.
    pub id: CallUlid,
    /// The phone's Call-ID header, redacted.
    pub sip_call_id: SafeText,
    /// The line's configured name.
    pub line: String,
    /// Who rang, as the phone says, redacted.
    pub caller: Option<SafeText>,
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
    /// The phone's Call-ID header.
    pub sip_call_id: SafeText,
    /// The line's configured name.
    pub line: String,
    /// Who rings, as the phone says.
    pub caller: Option<SafeText>,
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
        sqlx::query("INSERT INTO calls (id, sip_call_id, line, caller, started_at) VALUES (?, ?, ?, ?, ?)")
            .bind(id.as_str())
            .bind(new.sip_call_id.as_str())
            .bind(&new.line)
            .bind(new.caller.as_ref().map(SafeText::as_str))
            .bind(millis(now))
            .execute(&mut *transaction)
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

    /// Ends every call that was up when the service stopped, as `interrupted`. Returns how many there were.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn end_interrupted_calls(&self, now: Duration) -> Result<usize, StoreError> {
        let mut transaction = self.begin().await?;
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM calls WHERE ended_at IS NULL")
            .fetch_all(&mut *transaction)
            .await?;
        for id in &ids {
            let call = read("id", CallUlid::parse(id))?;
            end(&mut transaction, call, "interrupted", None, now).await?;
        }
        transaction.commit().await?;
        Ok(ids.len())
    }

    /// The call with this id: ours, or the SIP Call-ID. A phone that uses one Call-ID again means its latest call.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn call(&self, id: &str) -> Result<Option<CallRecord>, StoreError> {
        let found: Option<StoredCall> = sqlx::query_as(
            "SELECT * FROM calls WHERE id = ?1 OR sip_call_id = ?2
             ORDER BY id = ?1 DESC, rowid DESC LIMIT 1",
        )
        .bind(id)
        .bind(SafeText::new(id).as_str())
        .fetch_optional(&self.reader)
        .await?;
        Ok(found.map(|StoredCall(call)| call))
    }
}

/// # Errors
///
/// [`StoreError::NotHeld`] where the call is over or never was.
pub(super) async fn require_running(
    connection: &mut SqliteConnection,
    call: CallUlid,
) -> Result<(), StoreError> {
    match is_running(connection, call).await? {
        true => Ok(()),
        false => Err(StoreError::NotHeld),
    }
}

pub(super) async fn is_running(
    connection: &mut SqliteConnection,
    call: CallUlid,
) -> Result<bool, StoreError> {
    let running = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM calls WHERE id = ? AND ended_at IS NULL)")
        .bind(call.as_str())
        .fetch_one(connection)
        .await?;
    Ok(running)
}

pub(super) async fn set_order(
    connection: &mut SqliteConnection,
    call: CallUlid,
    order: OrderUlid,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE calls SET order_ulid = ? WHERE id = ?")
        .bind(order.as_str())
        .bind(call.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn set_card(
    connection: &mut SqliteConnection,
    call: CallUlid,
    last_four: MaskedPan,
    brand: Brand,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE calls SET last_four = ?, brand = ? WHERE id = ?")
        .bind(last_four.last_four())
        .bind(brand.name())
        .bind(call.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn end(
    connection: &mut SqliteConnection,
    call: CallUlid,
    outcome: &'static str,
    detail: Option<&'static str>,
    now: Duration,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE calls SET outcome = ?, detail = ?, ended_at = ? WHERE id = ? AND ended_at IS NULL")
        .bind(outcome)
        .bind(detail)
        .bind(millis(now))
        .bind(call.as_str())
        .execute(&mut *connection)
        .await?;
    let leased: Vec<String> = sqlx::query_scalar("SELECT id FROM orders WHERE leased_by = ?")
        .bind(call.as_str())
        .fetch_all(&mut *connection)
        .await?;
    for id in &leased {
        claim::refresh(connection, read("id", OrderUlid::parse(id))?, now).await?;
    }
    Ok(())
}

/// A [`CallRecord`] as a row.
struct StoredCall(CallRecord);

impl<'r> FromRow<'r, SqliteRow> for StoredCall {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        call(row).map(Self).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

fn call(row: &SqliteRow) -> Result<CallRecord, StoreError> {
    let caller: Option<&str> = row.try_get("caller")?;
    let order: Option<&str> = row.try_get("order_ulid")?;
    let last_four: Option<&str> = row.try_get("last_four")?;
    let brand: Option<&str> = row.try_get("brand")?;
    let ended: Option<i64> = row.try_get("ended_at")?;
    let ending = match ended {
        Some(at) => {
            let at = time("ended_at", at)?;
            Some(Ending { outcome: row.try_get("outcome")?, detail: row.try_get("detail")?, at })
        }
        None => None,
    };
    Ok(CallRecord {
        id: read("id", CallUlid::parse(row.try_get("id")?))?,
        sip_call_id: SafeText::new(row.try_get("sip_call_id")?),
        line: row.try_get("line")?,
        caller: caller.map(SafeText::new),
        order: read("order_ulid", order.map(OrderUlid::parse).transpose())?,
        ending,
        last_four: read("last_four", last_four.map(MaskedPan::from_last_four).transpose())?,
        brand: brand.map(|name| Brand::from_name(name).ok_or(StoreError::Column("brand"))).transpose()?,
        started_at: time("started_at", row.try_get("started_at")?)?,
    })
}
