//! What survives: orders, calls, attempts, and what the merchant still has to be told. One SQLite file.
//!
//! Every change is one transaction on one writing connection, and its commit is a real one: write-ahead log with
//! `synchronous = FULL`. Reading goes on beside it. The text of a row that came from outside has been redacted before it
//! gets here ([`paytone_redact::SafeText`]) or is of a type that cannot hold a card number.
//!
//! Reading order: `order` and `claim` (what is to be paid, and which call has it), `call`, `attempt` (the journal).

mod attempt;
mod call;
mod claim;
mod id;
mod order;

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};
use thiserror::Error;

pub use self::attempt::{AttemptRecord, ChangeError, NewAttempt, Report};
pub use self::call::{CallRecord, Ending, NewCall};
pub use self::claim::{Claim, Claimant, GuessLimits};
pub use self::id::{CallUlid, OrderUlid};
pub use self::order::{Created, MAX_AMOUNT, NewOrder, Order, OrderState};

const SCHEMA: &str = include_str!("schema.sql");
const VERSION: i64 = 1;
const READERS: u32 = 4;

/// The store. Cheap to clone; all clones are one store.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    reader: SqlitePool,
    /// Held as long as any clone lives.
    _lock: Option<Arc<File>>,
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
    /// Opens the file, making or upgrading it, and keeps every other process out of it.
    ///
    /// On Unix a file made here can be read by its owner only.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`], [`StoreError::TooNew`], or the database fails.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        create(path)?;
        let options = options().filename(path).journal_mode(SqliteJournalMode::Wal);
        let writer = writer_pool(options.clone()).await?;
        let reader =
            SqlitePoolOptions::new().max_connections(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { writer, reader, _lock: Some(Arc::new(lock)) })
    }

    /// A store that is gone when the last clone is.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn in_memory() -> Result<Self, StoreError> {
        let writer = writer_pool(options().in_memory(true)).await?;
        Ok(Self { reader: writer.clone(), writer, _lock: None })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM orders LIMIT 1").execute(&self.reader).await?;
        Ok(())
    }

    /// Waits for transactions in progress and closes the file.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// The one way to write: whoever comes second waits, so that what was read within holds until the commit.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
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

fn options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging()
}

async fn writer_pool(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    migrate(&mut *pool.acquire().await?).await?;
    Ok(pool)
}

/// `user_version` counts the schema: 0 is a new file.
async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    match version {
        0 => {
            sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
            sqlx::raw_sql("PRAGMA user_version = 1").execute(&mut *transaction).await?;
        }
        VERSION => {}
        _ => return Err(StoreError::TooNew),
    }
    Ok(transaction.commit().await?)
}

/// Takes `<file>.lock`. The lock goes with the process, however it ends.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = private_file(Path::new(&name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(std::fs::TryLockError::Error(error)) => Err(file_error(&error)),
    }
}

/// SQLite gives its side files the rights of the main one, so that one is made with the right rights.
fn create(path: &Path) -> Result<(), StoreError> {
    private_file(path).map(drop)
}

fn private_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| file_error(&error))
}

fn file_error(error: &std::io::Error) -> StoreError {
    tracing::error!(%error, "the database file cannot be opened");
    StoreError::Database
}

/// Milliseconds since the Unix epoch, as they are stored.
fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn time(column: &'static str, millis: i64) -> Result<Duration, StoreError> {
    u64::try_from(millis).map(Duration::from_millis).map_err(|_| StoreError::Column(column))
}

fn whole(column: &'static str, number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Column(column))
}

fn read<T, E>(column: &'static str, parsed: Result<T, E>) -> Result<T, StoreError> {
    parsed.map_err(|_| StoreError::Column(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_is_a_real_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("paytone.sqlite")).await.unwrap();
        let pragma = async |name| -> String {
            let row = sqlx::query_scalar::<_, String>(name).fetch_one(&store.writer);
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
        sqlx::raw_sql("PRAGMA user_version = 2").execute(&store.writer).await.unwrap();
        store.close().await;
        drop(store);
        assert_eq!(Store::open(&path).await.unwrap_err(), StoreError::TooNew);
    }
}
