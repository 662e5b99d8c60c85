//! Recorders of switchboards that may be paused: so that a crash leaves none so.

use core::time::Duration;

use super::sql::{Word, sql};
use super::{CallUlid, Store, StoreError, millis};

/// A recorder that may be paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PausedRecorder {
    /// Of which call.
    pub call: CallUlid,
    /// Its `Call-ID`.
    pub sip_call_id: String,
    /// The line's name.
    pub line: String,
}

impl Store {
    /// Notes that a call's recorder is about to be told to pause.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn recorder_pausing(&self, call: CallUlid, now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("INSERT INTO paused_recorders (call_ulid, at) VALUES ($1, $2)
             ON CONFLICT (call_ulid) DO UPDATE SET at = excluded.at")
        .put(&call)
        .put(millis(now))
        .run(&mut transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Notes that a call's recorder records again.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn recorder_resumed(&self, call: CallUlid) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM paused_recorders WHERE call_ulid = $1").put(&call).run(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// The recorders of this node's calls that may be paused.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn paused_recorders(&self) -> Result<Vec<PausedRecorder>, StoreError> {
        sql("SELECT calls.id, calls.sip_call_id, calls.line FROM paused_recorders
             JOIN calls ON calls.id = paused_recorders.call_ulid WHERE calls.node = $1 ORDER BY calls.position")
        .put(Word(self.node()))
        .all(&mut *self.read().await?, |row| {
            Ok(PausedRecorder {
                call: row.parsed("id", CallUlid::parse)?,
                sip_call_id: row.text("sip_call_id")?.to_owned(),
                line: row.text("line")?.to_owned(),
            })
        })
        .await
    }
}
