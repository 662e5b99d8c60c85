//! The two databases: how they are opened, locked, migrated and written to.

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions, Connection, Transaction};

use super::sql::{Word, sql};
use super::{StoreError, millis};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

/// Connections to one database, and what keeps others out of it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    kind: Kind,
    writer: AnyPool,
    reader: AnyPool,
    /// Held as long as any clone lives.
    _lock: Lock,
}

#[derive(Debug, Clone)]
enum Lock {
    None,
    File { _file: Arc<File> },
    Session { _connection: Arc<tokio::sync::Mutex<PoolConnection<Any>>> },
}

impl Database {
    /// A SQLite file, made where there is none.
    pub(super) async fn sqlite(path: &Path) -> Result<Self, StoreError> {
        let lock = Lock::File { _file: Arc::new(lock(path)?) };
        create(path)?;
        let url = file_url(path)?;
        let writer = pool(Kind::Sqlite, &format!("{url}?mode=rw"), 1).await?;
        migrate(Kind::Sqlite, &writer).await?;
        let reader = pool(Kind::Sqlite, &format!("{url}?mode=ro"), READERS).await?;
        Ok(Self { kind: Kind::Sqlite, writer, reader, _lock: lock })
    }

    /// A SQLite database that is gone with its last clone.
    pub(super) async fn in_memory() -> Result<Self, StoreError> {
        let writer = pool(Kind::Sqlite, "sqlite::memory:", 1).await?;
        migrate(Kind::Sqlite, &writer).await?;
        Ok(Self { kind: Kind::Sqlite, reader: writer.clone(), writer, _lock: Lock::None })
    }

    /// A PostgreSQL database. One process may use it under each node name.
    pub(super) async fn postgres(url: &SecretString, node: &str) -> Result<Self, StoreError> {
        let url = url.expose_secret();
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(StoreError::Database);
        }
        let writer = pool(Kind::Postgres, url, 1).await?;
        migrate(Kind::Postgres, &writer).await?;
        let reader = pool(Kind::Postgres, url, READERS).await?;
        let session = pool(Kind::Postgres, url, 1).await?;
        let mut connection = session.acquire().await?;
        take_node(&mut connection, node).await?;
        let lock = Lock::Session { _connection: Arc::new(tokio::sync::Mutex::new(connection)) };
        Ok(Self { kind: Kind::Postgres, writer, reader, _lock: lock })
    }

    /// The one way to write: whoever comes second waits, so that what was read within holds until the commit. SQLite
    /// has one writer by nature; PostgreSQL's writers, whatever process they are in, queue for one lock.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        match self.kind {
            Kind::Sqlite => Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?),
            Kind::Postgres => {
                let mut transaction = self.writer.begin().await?;
                sql("SELECT pg_advisory_xact_lock(7236)").run(&mut transaction).await?;
                Ok(transaction)
            }
        }
    }

    /// A connection to read with.
    pub(super) async fn read(&self) -> Result<PoolConnection<Any>, StoreError> {
        Ok(self.reader.acquire().await?)
    }

    pub(super) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    #[cfg(test)]
    pub(super) const fn writer(&self) -> &AnyPool {
        &self.writer
    }
}

/// Takes the node's name for as long as the connection lives. A process that was killed a moment ago has it until the server
/// has noticed: that is waited for.
async fn take_node(connection: &mut AnyConnection, node: &str) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(format!("SET lock_timeout = {}", NODE_PATIENCE.as_millis())))
        .execute(&mut *connection)
        .await?;
    let taken = sql("SELECT 1::bigint AS n FROM (SELECT pg_advisory_lock(7237, hashtext($1))) AS taken")
        .put(Word(node))
        .try_run(connection)
        .await;
    match taken {
        Ok(_) => Ok(()),
        Err(error) if error.as_database_error().is_some_and(is_lock_timeout) => Err(StoreError::InUse),
        Err(error) => Err(error.into()),
    }
}

/// `lock_not_available`.
fn is_lock_timeout(error: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    error.code().is_some_and(|code| code == "55P03")
}

async fn pool(kind: Kind, url: &str, most: u32) -> Result<AnyPool, StoreError> {
    sqlx::any::install_default_drivers();
    let options = AnyConnectOptions::from_str(url)?.disable_statement_logging();
    let keep = if most == 1 { 1 } else { 0 };
    let pool = AnyPoolOptions::new()
        .min_connections(keep)
        .max_connections(most)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(if most == 1 { PATIENCE } else { READING })
        .after_connect(move |connection, _| Box::pin(prepare(kind, connection)))
        .after_release(move |connection, _| {
            Box::pin(async move { Ok(most > 1 || is_clean(connection).await?) })
        })
        .connect_with(options);
    Ok(pool.await?)
}

/// Whether a connection that is given back has left its transaction. SQLite rolls back by itself where the disk is full, and
/// the driver then takes the transaction for open for ever: such a connection is closed, and a new one opened.
async fn is_clean(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Makes a commit a real one: it is on the disk when it returns.
async fn prepare(kind: Kind, connection: &mut AnyConnection) -> sqlx::Result<()> {
    let settings: &[&'static str] = match kind {
        Kind::Sqlite => &[
            // As long as `PATIENCE`: on a machine with too much to do, whoever holds the lock may not run for seconds.
            "PRAGMA busy_timeout = 30000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            // In KiB. The system keeps what is read in its own memory; each connection keeping it once more would only be
            // memory that calls use and do not give back.
            "PRAGMA cache_size = -128",
        ],
        Kind::Postgres => &["SET synchronous_commit = on"],
    };
    for setting in settings {
        sqlx::raw_sql(*setting).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Every change to the schema, oldest first. What has been released is never edited; a change is a new file.
const MIGRATIONS: [&str; 12] = [
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_chosen.sql"),
    include_str!("migrations/0003_tries.sql"),
    include_str!("migrations/0004_card_requests.sql"),
    include_str!("migrations/0005_operators.sql"),
    include_str!("migrations/0006_recorders.sql"),
    include_str!("migrations/0007_operation.sql"),
    include_str!("migrations/0008_begun.sql"),
    include_str!("migrations/0009_carried.sql"),
    include_str!("migrations/0010_console.sql"),
    include_str!("migrations/0011_counted.sql"),
    include_str!("migrations/0012_attended.sql"),
];

async fn migrate(kind: Kind, pool: &AnyPool) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = match kind {
        Kind::Sqlite => connection.begin_with("BEGIN IMMEDIATE").await?,
        Kind::Postgres => connection.begin().await?,
    };
    if kind == Kind::Postgres {
        sql("SELECT pg_advisory_xact_lock(7236)").run(&mut transaction).await?;
    }
    let table = "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;";
    run_script(kind, table, &mut transaction).await?;
    let done = sql("SELECT COALESCE(max(number), 0) AS n FROM migrations").number(&mut transaction).await?;
    let done = usize::try_from(done).map_err(|_| StoreError::TooNew)?;
    for (index, script) in MIGRATIONS.iter().enumerate().skip(done) {
        run_script(kind, script, &mut transaction).await?;
        let number = i64::try_from(index + 1).map_err(|_| StoreError::TooNew)?;
        sql("INSERT INTO migrations (number, applied_at) VALUES ($1, $2)")
            .put(number)
            .put(millis(crate::clock::now()))
            .run(&mut transaction)
            .await?;
    }
    if done > MIGRATIONS.len() {
        return Err(StoreError::TooNew);
    }
    Ok(transaction.commit().await?)
}

async fn run_script(kind: Kind, script: &str, connection: &mut AnyConnection) -> Result<(), StoreError> {
    let script = match kind {
        Kind::Sqlite => script.to_owned(),
        Kind::Postgres => {
            script.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA").replace(") STRICT;", ");")
        }
    };
    sqlx::raw_sql(AssertSqlSafe(script)).execute(connection).await?;
    Ok(())
}

/// The path as a URL; whatever has a meaning in one is escaped.
fn file_url(path: &Path) -> Result<String, StoreError> {
    let path = std::path::absolute(path).map_err(|error| file_error(&error))?;
    let mut url = "sqlite://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                url.push(char::from(*byte));
            }
            byte => url.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(url)
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

const READERS: u32 = 4;
/// How long the node name of a process that is gone may still be taken.
const NODE_PATIENCE: Duration = Duration::from_secs(5);
/// How long somebody who reads may wait for a connection: a page is not to hang where the database is away.
const READING: Duration = Duration::from_secs(5);
/// How long somebody who writes may wait for a connection: they come one after the other.
const PATIENCE: Duration = Duration::from_secs(30);
