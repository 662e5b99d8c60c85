//! Answers that were given to requests with an Idempotency-Key, so that a request repeated is not carried out again.

use core::time::Duration;

use paytone_redact::SafeText;
use sha2::{Digest, Sha256};

use super::sql::{Bytes, Word, sql};
use super::{MerchantUlid, Store, StoreError, millis};

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: the request is to be carried out, and nobody else will.
    New,
    /// The request was carried out, and this was the answer.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body.
        answer: String,
    },
    /// The request is being carried out, or was when the service stopped.
    Unfinished {
        /// Since when.
        since: Duration,
    },
    /// The key came with another request.
    Other,
}

impl Store {
    /// Takes the key for this request, where it is new.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn begin_request(
        &self,
        merchant: MerchantUlid,
        key: &SafeText,
        request: &[u8],
        now: Duration,
    ) -> Result<Seen, StoreError> {
        let request: [u8; 32] = Sha256::digest(request).into();
        let mut transaction = self.begin().await?;
        let known = sql("SELECT * FROM idempotency WHERE merchant = $1 AND key = $2")
            .put(&merchant)
            .put(key)
            .first(&mut transaction, |row| {
                let status: u16 = row.count("status")?;
                Ok(match status {
                    _ if row.bytes("request")? != request => Seen::Other,
                    0 => Seen::Unfinished { since: row.time("created_at")? },
                    status => Seen::Answered { status, answer: row.text("answer")?.to_owned() },
                })
            })
            .await?;
        if let Some(known) = known {
            return Ok(known);
        }
        sql("INSERT INTO idempotency (merchant, key, request, status, answer, created_at) VALUES ($1, $2, $3, 0, '', $4)")
            .put(&merchant)
            .put(key)
            .put(Bytes(&request))
            .put(millis(now))
            .run(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(Seen::New)
    }

    /// Keeps the answer. An answer is made of our own words and of what was redacted when it was stored.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn finish_request(
        &self,
        merchant: MerchantUlid,
        key: &SafeText,
        status: u16,
        answer: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE idempotency SET status = $1, answer = $2 WHERE merchant = $3 AND key = $4")
            .put(i64::from(status))
            .put(Word(answer))
            .put(&merchant)
            .put(key)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets answers older than this.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn forget_requests(&self, before: Duration) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let forgotten = sql("DELETE FROM idempotency WHERE created_at < $1")
            .put(millis(before))
            .run(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}
