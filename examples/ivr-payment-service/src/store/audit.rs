//! Who did what: a chain that is only ever added to. Each row's hash covers the row and the hash before it, so that a row
//! that was edited, taken out, put in or moved breaks the chain from there on; a cut at the end is found by comparing with
//! a head that was exported before.

use core::time::Duration;

use paytone_redact::SafeText;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use super::sql::{Bytes, Row, sql};
use super::{MerchantUlid, Store, StoreError, millis};

/// One thing that was done, with what PCI DSS 10.2.2 asks for: who, what, when, with what success, from where, to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Who.
    pub actor: SafeText,
    /// What, in a word or two of ours.
    pub action: SafeText,
    /// Whether it was done.
    pub success: bool,
    /// From where.
    pub origin: SafeText,
    /// To what.
    pub object: SafeText,
    /// What else there is to say.
    pub detail: SafeText,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Counted from 1 for every merchant.
    pub number: u64,
    /// When.
    pub at: Duration,
    /// What was done.
    pub entry: AuditEntry,
    /// What the chain comes to here.
    pub hash: [u8; 32],
}

/// The end of a chain at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// How many entries there are.
    pub number: u64,
    /// The hash of the last; zeros without any.
    pub hash: [u8; 32],
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// An entry is not what was written, or not where it was written.
    #[error("entry {0} was changed, moved or put in")]
    Entry(u64),
    /// An entry is not there.
    #[error("entry {0} is missing")]
    Missing(u64),
    /// The chain is shorter than, or another than, the one whose head was exported.
    #[error("the chain does not lead to the exported head at entry {0}")]
    Head(u64),
    /// Entries are gone, and no signed head says that they were cut off here.
    #[error("entries up to {0} were cut off, and no exported head is signed for that")]
    Cut(u64),
}

impl Store {
    /// Adds an entry to the merchant's chain.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn audit(
        &self,
        merchant: MerchantUlid,
        entry: &AuditEntry,
        now: Duration,
    ) -> Result<AuditHead, StoreError> {
        let mut transaction = self.begin().await?;
        let head = append(&mut transaction, merchant, entry, now).await?;
        transaction.commit().await?;
        Ok(head)
    }

    /// The merchant's entries from after this number on, at most `most`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn audit_entries(
        &self,
        merchant: MerchantUlid,
        after: u64,
        most: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        sql("SELECT * FROM audit WHERE merchant = $1 AND number > $2 ORDER BY number LIMIT $3")
            .put(&merchant)
            .put(super::whole("number", after)?)
            .put(i64::from(most))
            .all(&mut *self.read().await?, record)
            .await
    }

    /// Where the merchant's chain ends.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn audit_head(&self, merchant: MerchantUlid) -> Result<AuditHead, StoreError> {
        head(&mut *self.read().await?, merchant).await
    }

    /// Goes through the merchant's whole chain, from where it was cut off last, and compares it with a head that was exported before.
    ///
    /// # Errors
    ///
    /// The database fails. A broken chain is an answer.
    pub async fn verify_audit(
        &self,
        merchant: MerchantUlid,
        exported: Option<AuditHead>,
    ) -> Result<Result<AuditHead, BrokenChain>, StoreError> {
        let mut last = self.audit_cut(merchant).await?.unwrap_or(BEGINNING);
        if exported.is_some_and(|head| head.number == last.number && head.hash != last.hash) {
            return Ok(Err(BrokenChain::Head(last.number)));
        }
        // What a head says of entries that were cut off nobody can tell any more.
        let mut exported = exported.filter(|head| head.number > last.number);
        loop {
            let entries = self.audit_entries(merchant, last.number, PAGE).await?;
            if entries.is_empty() {
                return Ok(exported.map_or(Ok(last), |head| Err(BrokenChain::Head(head.number))));
            }
            for record in &entries {
                if let Err(broken) = check(merchant, last, record) {
                    return Ok(Err(broken));
                }
                last = AuditHead { number: record.number, hash: record.hash };
                if let Some(head) = exported.filter(|head| head.number == last.number) {
                    if head.hash != last.hash {
                        return Ok(Err(BrokenChain::Head(head.number)));
                    }
                    exported = None;
                }
            }
        }
    }
}

fn check(merchant: MerchantUlid, last: AuditHead, record: &AuditRecord) -> Result<(), BrokenChain> {
    if record.number != last.number + 1 {
        return Err(BrokenChain::Missing(last.number + 1));
    }
    let hash = hash(&last.hash, merchant, record.number, record.at, &record.entry);
    if hash == record.hash { Ok(()) } else { Err(BrokenChain::Entry(record.number)) }
}

pub(super) async fn append(
    connection: &mut AnyConnection,
    merchant: MerchantUlid,
    entry: &AuditEntry,
    now: Duration,
) -> Result<AuditHead, StoreError> {
    let now = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let last = head(connection, merchant).await?;
    let number = last.number + 1;
    let hash = hash(&last.hash, merchant, number, now, entry);
    sql("INSERT INTO audit (merchant, number, at, actor, action, success, origin, object, detail, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .put(&merchant)
    .put(super::whole("number", number)?)
    .put(millis(now))
    .put(&entry.actor)
    .put(&entry.action)
    .put(entry.success)
    .put(&entry.origin)
    .put(&entry.object)
    .put(&entry.detail)
    .put(Bytes(&hash))
    .run(connection)
    .await?;
    Ok(AuditHead { number, hash })
}

async fn head(connection: &mut AnyConnection, merchant: MerchantUlid) -> Result<AuditHead, StoreError> {
    let last = sql("SELECT number, hash FROM audit WHERE merchant = $1 ORDER BY number DESC LIMIT 1")
        .put(&merchant)
        .first(connection, |row| Ok(AuditHead { number: row.count("number")?, hash: hash_of(row)? }))
        .await?;
    match last {
        Some(last) => Ok(last),
        None => Ok(cut(connection, merchant).await?.unwrap_or(BEGINNING)),
    }
}

/// Where the merchant's chain was cut off last.
pub(super) async fn cut(
    connection: &mut AnyConnection,
    merchant: MerchantUlid,
) -> Result<Option<AuditHead>, StoreError> {
    sql("SELECT number, hash FROM audit_cuts WHERE merchant = $1")
        .put(&merchant)
        .first(connection, |row| Ok(AuditHead { number: row.count("number")?, hash: hash_of(row)? }))
        .await
}

/// Every field with its length before it, so that no two entries are hashed from the same bytes.
fn hash(
    before: &[u8; 32],
    merchant: MerchantUlid,
    number: u64,
    at: Duration,
    entry: &AuditEntry,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(number.to_be_bytes());
    hash.update(u64::try_from(at.as_millis()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update([u8::from(entry.success)]);
    let texts = [&entry.actor, &entry.action, &entry.origin, &entry.object, &entry.detail];
    for text in core::iter::once(merchant.as_str()).chain(texts.into_iter().map(SafeText::as_str)) {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

fn record(row: &Row) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        number: row.count("number")?,
        at: row.time("at")?,
        entry: AuditEntry {
            actor: row.safe_text("actor")?,
            action: row.safe_text("action")?,
            success: row.flag("success")?,
            origin: row.safe_text("origin")?,
            object: row.safe_text("object")?,
            detail: row.safe_text("detail")?,
        },
        hash: hash_of(row)?,
    })
}

fn hash_of(row: &Row) -> Result<[u8; 32], StoreError> {
    row.bytes("hash")?.try_into().map_err(|_| StoreError::Column("hash"))
}

/// Before the first entry.
const BEGINNING: AuditHead = AuditHead { number: 0, hash: [0; 32] };
const PAGE: u32 = 500;
