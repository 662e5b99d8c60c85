//! Answers that were given to requests with an Idempotency-Key, so that a request repeated is not carried out again.

use core::time::Duration;

use paytone_psp::attempt::{Attempt, State};
use paytone_psp::{Operation, Reference};
use paytone_redact::SafeText;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use super::sql::{Bytes, Word, sql};
use super::{MerchantUlid, Store, StoreError, millis, whole};

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
        /// What it began to do with a payment.
        begun: Option<Begun>,
    },
    /// The key came with another request.
    Other,
}

/// The key of a request, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Whose it is.
    pub merchant: MerchantUlid,
    /// As it was sent.
    pub key: SafeText,
}

/// What a request began to do with a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// Which payment.
    pub attempt: Reference,
    /// Capture, void or refund.
    pub operation: Operation,
    /// What has been given back, in minor units, once a refund is done.
    pub refunded: u64,
}

impl Begun {
    /// Whether it was done, judged by the payment as it is now.
    #[must_use]
    pub fn is_done(&self, attempt: &Attempt) -> bool {
        match self.operation {
            Operation::Capture => attempt.captured().is_some(),
            Operation::Void => attempt.state() == State::Voided,
            _ => attempt.refunded().minor() >= self.refunded,
        }
    }
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
                    0 => Seen::Unfinished { since: row.time("created_at")?, begun: None },
                    status => Seen::Answered { status, answer: row.text("answer")?.to_owned() },
                })
            })
            .await?;
        if let Some(known) = known {
            let Seen::Unfinished { since, .. } = known else { return Ok(known) };
            let begun = begun(&mut transaction, merchant, key).await?;
            return Ok(Seen::Unfinished { since, begun });
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
        sql("DELETE FROM begun WHERE EXISTS (SELECT 1 FROM idempotency AS old WHERE old.merchant = begun.merchant
                                             AND old.key = begun.key AND old.created_at < $1)")
        .put(millis(before))
        .run(&mut transaction)
        .await?;
        let forgotten = sql("DELETE FROM idempotency WHERE created_at < $1")
            .put(millis(before))
            .run(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}

/// Notes that a request began what is open at this attempt.
pub(super) async fn begin(
    connection: &mut AnyConnection,
    request: &RequestKey,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    let Some(pending) = attempt.pending() else { return Ok(()) };
    let refunded = match pending.operation {
        Operation::Refund => attempt.refunded().minor().saturating_add(pending.money.minor()),
        _ => 0,
    };
    sql("INSERT INTO begun (merchant, key, attempt, operation, refunded) VALUES ($1, $2, $3, $4, $5)")
        .put(&request.merchant)
        .put(&request.key)
        .put(attempt.reference())
        .put(pending.operation.as_str())
        .put(whole("refunded", refunded)?)
        .run(connection)
        .await
        .map(drop)
}

async fn begun(
    connection: &mut AnyConnection,
    merchant: MerchantUlid,
    key: &SafeText,
) -> Result<Option<Begun>, StoreError> {
    sql("SELECT * FROM begun WHERE merchant = $1 AND key = $2")
        .put(&merchant)
        .put(key)
        .first(connection, |row| {
            Ok(Begun {
                attempt: row.parsed("attempt", Reference::parse)?,
                operation: row.parsed("operation", Operation::parse)?,
                refunded: row.count("refunded")?,
            })
        })
        .await
}
