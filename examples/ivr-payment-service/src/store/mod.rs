//! What survives: orders, calls, attempts, what the merchant still has to be told, and who did what. One SQLite file, or a
//! PostgreSQL database; the same statements for both, and the same tests.
//!
//! Every change is one transaction, one after the other, and its commit is a real one: SQLite's write-ahead log with
//! `synchronous = FULL` and one writer that begins with `BEGIN IMMEDIATE`, PostgreSQL with `synchronous_commit = on` and one
//! lock all writers queue for. Reading goes on beside it. The text of a row that came from outside has been redacted before
//! it gets here ([`paytone_redact::SafeText`]) or is of a type that cannot hold a card number: a statement takes nothing
//! else.
//!
//! Reading order: `merchant` (whose everything is), `order` and `claim` (what is to be paid, and which call has it), `call`,
//! `attempt` (the journal), `outbox` (what the merchant is told); `database` and `sql` are how.

mod attempt;
mod attending;
mod audit;
mod backlog;
mod call;
mod card_request;
mod change;
mod claim;
mod database;
mod endpoint;
mod id;
mod idempotency;
mod merchant;
mod note;
mod operator;
mod order;
mod outbox;
mod paused;
mod report;
mod retention;
mod session;
mod sql;
mod terms;
mod tries;

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Transaction};
use thiserror::Error;

use self::database::Database;
use self::sql::sql_of;

pub use self::attempt::{AttemptRecord, ChangeError, Chosen, NewAttempt, Source};
pub use self::audit::{AuditEntry, AuditHead, AuditRecord, BrokenChain};
pub use self::backlog::Backlog;
pub use self::call::{CallFilter, CallRecord, Command, Ending, NewCall};
pub use self::card_request::{CardOperation, CardRequest, CardRequestState};
pub use self::change::{Changed, Edit, NewStoredCard, StoredCardRecord, WhileSending};
pub use self::claim::{Claim, Claimant, GuessLimits, MatchedBy};
pub use self::endpoint::{Endpoint, SigningKeys};
pub use self::id::{
    CallUlid, DeliveryUlid, EndpointUlid, EventUlid, IncidentUlid, KeyUlid, MerchantUlid, OperatorUlid,
    OrderUlid, StoredCardUlid,
};
pub use self::idempotency::{Begun, RequestKey, Seen};
pub use self::merchant::{KeyRecord, Merchant, NewKey, Principal, Role};
pub use self::note::{Incident, NewIncident, Note};
pub use self::operator::{Credentials, NewOperator, Operator, OperatorRole};
pub use self::order::{Created, MAX_AMOUNT, NewOrder, Order, OrderFilter, OrderState};
pub use self::outbox::{Delivery, DeliveryState, EventRecord, Report, Tried};
pub use self::paused::PausedRecorder;
pub use self::report::{CallReport, PaymentReport};
pub use self::session::{Session, SessionLimits};
pub use self::terms::{
    AfterHangUp, AfterPayment, OrderTerms, PaymentMethods, Purpose, method_name, parse_method,
};
pub use self::tries::{Asked, Mark, MarkKind, TriedBefore};

/// The store. Cheap to clone; all clones are one store.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    node: Arc<str>,
}

/// Why the store did not do it. What the database says is logged, not kept: it may quote what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has this file: two services on one journal would take each other's payments for lost.
    #[error("the database file is in use by another process")]
    InUse,
    /// The file was written by a later version of this program.
    #[error("the database file was written by a later version")]
    TooNew,
    /// The database failed; nothing was changed.
    #[error("the database failed")]
    Database,
    /// A row does not read back.
    #[error("the column {0} of a row cannot be read")]
    Column(&'static str),
    /// There is no such row.
    #[error("no such row")]
    NotFound,
    /// The call does not have this order, or is over.
    #[error("the call does not have the order")]
    NotHeld,
    /// Money has moved for this order, or may have.
    #[error("the order has a live attempt")]
    LiveAttempt,
    /// The row has changed since it was read.
    #[error("the row was changed by someone else")]
    Conflict,
}

impl Store {
    /// Opens a SQLite file, making or upgrading it, and keeps every other process out of it.
    ///
    /// On Unix a file made here can be read by its owner only.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`], [`StoreError::TooNew`], or the database fails.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::with(Database::sqlite(path).await?, ONLY_NODE).await
    }

    /// Opens a PostgreSQL database, making or upgrading its tables. Several processes may share it, each under a `node`
    /// name of its own: calls and requests in progress belong to a node and are recovered by the one that takes its name.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] where another process has the name, [`StoreError::TooNew`], or the database fails.
    pub async fn postgres(url: &SecretString, node: &str) -> Result<Self, StoreError> {
        Self::with(Database::postgres(url, node).await?, node).await
    }

    /// A store that is gone when the last clone is.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::with(Database::in_memory().await?, ONLY_NODE).await
    }

    async fn with(database: Database, node: &str) -> Result<Self, StoreError> {
        let store = Self { database, node: node.into() };
        let mut transaction = store.begin().await?;
        merchant::ensure_one(&mut transaction, crate::clock::now()).await?;
        transaction.commit().await?;
        Ok(store)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn check(&self) -> Result<(), StoreError> {
        sql::sql("SELECT id FROM orders LIMIT 1").finds(&mut *self.read().await?).await.map(drop)
    }

    /// Whether the database takes what is written.
    ///
    /// # Errors
    ///
    /// It does not: the disk may be full.
    pub async fn check_writes(&self, now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let probe =
            "INSERT INTO probes (node, at) VALUES ($1, $2) ON CONFLICT (node) DO UPDATE SET at = excluded.at";
        sql::sql(probe).put(sql::Word(self.node())).put(millis(now)).run(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Waits for transactions in progress and closes the connections.
    pub async fn close(&self) {
        self.database.close().await;
    }

    fn node(&self) -> &str {
        &self.node
    }

    async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        self.database.begin().await
    }

    async fn read(&self) -> Result<PoolConnection<Any>, StoreError> {
        self.database.read().await
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => Self::Column("of its own"),
            error => {
                tracing::error!(%error, "the database failed");
                Self::Database
            }
        }
    }
}

/// The number of the next row. Writers come one after the other, so nobody else takes it meanwhile.
async fn next_position(connection: &mut AnyConnection, table: &'static str) -> Result<i64, StoreError> {
    let text = format!("SELECT COALESCE(max(position), 0) + 1 AS n FROM {table}");
    sql_of(text).number(connection).await
}

/// Milliseconds since the Unix epoch, as they are stored.
fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn whole(column: &'static str, number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Column(column))
}

/// The name of a node that has its database to itself.
const ONLY_NODE: &str = "main";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_is_a_real_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("paytone.sqlite")).await.unwrap();
        let pragma = async |name| -> String {
            let row = sqlx::query_scalar::<Any, String>(name).fetch_one(store.database.writer());
            row.await.unwrap()
        };
        assert_eq!(pragma("SELECT journal_mode FROM pragma_journal_mode").await, "wal");
        assert_eq!(pragma("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous").await, "2");
        assert_eq!(pragma("SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys").await, "1");
    }

    #[tokio::test]
    async fn a_file_of_a_later_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paytone.sqlite");
        let store = Store::open(&path).await.unwrap();
        sqlx::raw_sql("INSERT INTO migrations VALUES (1000, 0)")
            .execute(store.database.writer())
            .await
            .unwrap();
        store.close().await;
        drop(store);
        assert_eq!(Store::open(&path).await.unwrap_err(), StoreError::TooNew);
    }
}
