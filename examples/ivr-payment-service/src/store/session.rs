//! Who is signed in to the console.

use core::time::Duration;

use sha2::{Digest, Sha256};

use super::operator::{Operator, operator};
use super::sql::{Bytes, sql};
use super::{OperatorUlid, Store, StoreError, millis};

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Who.
    pub operator: Operator,
    /// What a form of this session carries.
    pub csrf: [u8; 32],
}

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without anything being done.
    pub idle: Duration,
    /// In any case.
    pub whole: Duration,
}

impl Store {
    /// Begins a session under this secret, and ends the one under `before`: what was known before the sign-in is worth
    /// nothing after it.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn begin_session(
        &self,
        operator: OperatorUlid,
        secret: &[u8],
        csrf: &[u8; 32],
        before: Option<&[u8]>,
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        if let Some(before) = before {
            sql("DELETE FROM sessions WHERE hash = $1")
                .put(Bytes(&hash(before)))
                .run(&mut transaction)
                .await?;
        }
        sql("INSERT INTO sessions (hash, operator, csrf, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)")
            .put(Bytes(&hash(secret)))
            .put(&operator)
            .put(Bytes(csrf))
            .put(millis(now))
            .run(&mut transaction)
            .await?;
        sql("UPDATE operators SET failures = 0, locked_until = 0, signed_in_at = $1 WHERE id = $2")
            .put(millis(now))
            .put(&operator)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Who shows this secret, if that session still lasts at `now`. Reading alone is not being active:
    /// see [`Store::touch_session`].
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn session(
        &self,
        secret: &[u8],
        limits: SessionLimits,
        now: Duration,
    ) -> Result<Option<Session>, StoreError> {
        sql("SELECT operators.*, sessions.csrf FROM sessions JOIN operators ON operators.id = sessions.operator
             WHERE sessions.hash = $1 AND operators.disabled_at IS NULL
               AND sessions.seen_at > $2 AND sessions.created_at > $3")
        .put(Bytes(&hash(secret)))
        .put(millis(now.saturating_sub(limits.idle)))
        .put(millis(now.saturating_sub(limits.whole)))
        .first(&mut *self.read().await?, |row| {
            let csrf = row.bytes("csrf")?.try_into().map_err(|_| StoreError::Column("csrf"))?;
            Ok(Session { operator: operator(row)?, csrf })
        })
        .await
    }

    /// Notes that whoever has this session did something.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn touch_session(&self, secret: &[u8], now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE sessions SET seen_at = $1 WHERE hash = $2 AND seen_at < $3")
            .put(millis(now))
            .put(Bytes(&hash(secret)))
            .put(millis(now.saturating_sub(COARSE)))
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Ends a session.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn end_session(&self, secret: &[u8]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM sessions WHERE hash = $1").put(Bytes(&hash(secret))).run(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets sessions that were last active before this time.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn forget_sessions(&self, before: Duration) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let gone =
            sql("DELETE FROM sessions WHERE seen_at < $1").put(millis(before)).run(&mut transaction).await?;
        transaction.commit().await?;
        Ok(gone)
    }
}

fn hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// What was done within a second of the last is not written down again.
const COARSE: Duration = Duration::from_secs(1);
