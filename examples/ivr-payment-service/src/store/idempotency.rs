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
    /// It was begun, and nobody carries it out any more, or its outcome was not known: it is for whoever asks now.
    Resumed {
        /// What it began to do with a payment; where it began nothing, it is to be carried out.
        begun: Option<Begun>,
    },
    /// The request is being carried out.
    InUse,
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
    /// Capture, void or refund; or a charge of a stored card.
    pub operation: Operation,
    /// What has been given back, in minor units, once a refund is done.
    pub refunded: u64,
}

impl Begun {
    /// Whether it was done, judged by the payment as it is now.
    #[must_use]
    pub fn is_done(&self, attempt: &Attempt) -> bool {
        match self.operation {
            Operation::Authorize => true,
            Operation::Capture => attempt.captured().is_some(),
            Operation::Void => attempt.state() == State::Voided,
            _ => attempt.refunded().minor() >= self.refunded,
        }
    }
}

/// No request takes longer than this, whatever the provider does.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// `202 Accepted`: what was begun is open still. What it came to later is found with it.
const UNKNOWN_YET: u16 = 202;

impl Store {
    /// Takes the key for this request, where it is new, or where whoever took it is gone: one of those who make it again
    /// gets it. It is not known of another process that it is gone until so much time has passed that no request takes.
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
                let since = row.optional_time("carried_since")?.unwrap_or(row.time("created_at")?);
                let is_gone = row.flag("abandoned")? || now.saturating_sub(since) >= LONGEST;
                Ok(match status {
                    _ if row.bytes("request")? != request => Seen::Other,
                    0 if !is_gone => Seen::InUse,
                    0 | UNKNOWN_YET => Seen::Resumed { begun: None },
                    status => Seen::Answered { status, answer: row.text("answer")?.to_owned() },
                })
            })
            .await?;
        let seen = match known {
            Some(Seen::Resumed { .. }) => {
                sql("UPDATE idempotency SET node = $1, carried_since = $2, abandoned = 0 WHERE merchant = $3 AND key = $4")
                    .put(Word(self.node()))
                    .put(millis(now))
                    .put(&merchant)
                    .put(key)
                    .run(&mut transaction)
                    .await?;
                Seen::Resumed { begun: begun(&mut transaction, merchant, key).await? }
            }
            Some(known) => return Ok(known),
            None => {
                sql("INSERT INTO idempotency (merchant, key, request, status, answer, created_at, node)
                     VALUES ($1, $2, $3, 0, '', $4, $5)")
                .put(&merchant)
                .put(key)
                .put(Bytes(&request))
                .put(millis(now))
                .put(Word(self.node()))
                .run(&mut transaction)
                .await?;
                Seen::New
            }
        };
        transaction.commit().await?;
        Ok(seen)
    }

    /// Gives up every request that this node was carrying out when it stopped: the node is this process now, and carries out
    /// none yet. How many.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn abandon_requests(&self) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let abandoned = sql("UPDATE idempotency SET abandoned = 1 WHERE node = $1 AND status = 0")
            .put(Word(self.node()))
            .run(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(abandoned)
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
