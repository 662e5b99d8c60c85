//! Deletes what is kept no longer: settled orders with their payments, calls, recordings, and the audit up to a signed head.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::audit::{self, AuditError};
use crate::config::RetentionConfig;
use crate::store::{AuditEntry, CallUlid, Store, StoreError};
use crate::worker::HeadExport;
use paytone_redact::SafeText;

/// How many are deleted at a time: whoever pays meanwhile does not wait for all of it.
const BATCH: u32 = 200;

/// What is kept how long, and where it is.
#[derive(Debug, Clone, Default)]
pub struct Keeping {
    /// How long.
    pub days: RetentionConfig,
    /// The signed heads of the audit; without them it is not cut.
    pub heads: Option<HeadExport>,
    /// The folder of the recordings, if there are any.
    pub recordings: Option<PathBuf>,
}

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Orders.
    pub orders: u64,
    /// Calls.
    pub calls: u64,
    /// Entries of the audit, of all merchants.
    pub audit: u64,
    /// Recordings.
    pub recordings: u64,
}

/// Deletes everything whose time has come at `now`.
///
/// # Errors
///
/// The store or the file of heads fails; what was deleted before stays deleted.
pub async fn delete_old(store: &Store, keeping: &Keeping, now: Duration) -> Result<Deleted, AuditError> {
    let config = &keeping.days;
    let mut deleted = Deleted::default();
    if let Some(before) = RetentionConfig::before(config.orders_days, now) {
        deleted.orders = delete_orders(store, before).await?;
    }
    if let Some(before) = RetentionConfig::before(config.calls_days, now) {
        deleted.calls = delete_calls(store, before).await?;
    }
    if let (Some(before), Some(heads)) = (RetentionConfig::before(config.audit_days, now), &keeping.heads) {
        deleted.audit = cut_audit(store, heads, before, now).await?;
    }
    if let (Some(before), Some(folder)) =
        (RetentionConfig::before(config.recordings_days, now), keeping.recordings.clone())
    {
        let gone = tokio::task::spawn_blocking(move || delete_recordings(&folder, before)).await;
        deleted.recordings = gone.ok().and_then(Result::ok).ok_or(AuditError::File)?;
    }
    if deleted != Deleted::default() {
        tracing::info!(
            deleted.orders,
            deleted.calls,
            deleted.recordings,
            deleted.audit,
            "what was kept long enough is deleted"
        );
    }
    Ok(deleted)
}

async fn delete_orders(store: &Store, before: Duration) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let gone = u64::try_from(store.forget_orders(before, BATCH).await?).unwrap_or(u64::MAX);
        all += gone;
        if gone < u64::from(BATCH) {
            return Ok(all);
        }
    }
}

async fn delete_calls(store: &Store, before: Duration) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let gone = store.forget_calls(before, BATCH).await?;
        all += gone;
        if gone < u64::from(BATCH) {
            return Ok(all);
        }
    }
}

/// Deletes recordings that were last written before `before`. A file that is not named like one of ours is somebody else's.
fn delete_recordings(folder: &Path, before: Duration) -> std::io::Result<u64> {
    let mut gone = 0;
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_ours = path.extension().is_some_and(|kind| kind == "wav") && CallUlid::parse(stem).is_ok();
        let written = path.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        if is_ours && written < before {
            std::fs::remove_file(&path)?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Cuts every merchant's audit at the last head that was signed and exported and has only old entries before it. The cut is
/// an entry of its own.
async fn cut_audit(
    store: &Store,
    heads: &HeadExport,
    before: Duration,
    now: Duration,
) -> Result<u64, AuditError> {
    let signed = audit::heads(&heads.file, &heads.key)?;
    let mut all = 0;
    for merchant in store.merchants().await? {
        let last = store.last_audit_entry_before(merchant.id, before).await?;
        let own = signed.iter().filter(|(of, head)| *of == merchant.id && (1..=last).contains(&head.number));
        let Some((_, head)) = own.max_by_key(|(_, head)| head.number) else { continue };
        if store.audit_cut(merchant.id).await?.is_some_and(|cut| cut.number >= head.number) {
            continue;
        }
        let gone = store.cut_audit(merchant.id, *head, now).await??;
        let entry = AuditEntry {
            actor: SafeText::new("service"),
            action: SafeText::new("cut audit"),
            success: true,
            origin: SafeText::new("retention"),
            object: SafeText::new(&head.number.to_string()),
            detail: SafeText::new("entries up to here were kept long enough"),
        };
        store.audit(merchant.id, &entry, now).await?;
        all += gone;
    }
    Ok(all)
}
