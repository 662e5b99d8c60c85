//! The audit chain outside the database: heads are exported, signed, to where whoever can write to the database cannot;
//! the chain is compared with them.
//!
//! A head is one line: merchant, number, hash, time and an HMAC-SHA-256 over those, in hexadecimal. The key is
//! the setting `audit.key`; without it heads are neither written nor believed.

use core::time::Duration;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::clock::rfc3339;
use crate::store::{AuditHead, BrokenChain, MerchantUlid, Store, StoreError};

/// Why a chain was not found to be whole.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It is not.
    #[error(transparent)]
    Broken(#[from] BrokenChain),
    /// The file of heads cannot be read or written.
    #[error("the file of exported heads cannot be read or written")]
    File,
    /// A head in the file was not signed with this key.
    #[error("line {0} of the exported heads was not signed with this key")]
    Forged(usize),
    /// Signing and checking heads needs a key.
    #[error("audit.key of 16 characters at least is needed")]
    NoKey,
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds the head of every merchant's chain to a file; how many.
///
/// # Errors
///
/// The store or the file fails.
pub async fn export(
    store: &Store,
    key: &SecretString,
    file: &Path,
    now: Duration,
) -> Result<usize, AuditError> {
    let merchants = store.merchants().await?;
    let mut lines = String::new();
    for merchant in &merchants {
        let head = store.audit_head(merchant.id).await?;
        lines.push_str(&signed(merchant.id, head, now, key));
        lines.push('\n');
    }
    let mut options = OpenOptions::new();
    let mut file = options.append(true).create(true).open(file).map_err(|_| AuditError::File)?;
    file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(|_| AuditError::File)?;
    Ok(merchants.len())
}

/// Goes through every merchant's chain and, where there is a file of exported heads, compares with all of them. How many
/// entries were found whole.
///
/// # Errors
///
/// What is wrong, first of all.
pub async fn verify(
    store: &Store,
    heads: Option<&Path>,
    key: Option<&SecretString>,
) -> Result<u64, AuditError> {
    let heads = match (heads, key) {
        (None, _) => None,
        (Some(_), None) => return Err(AuditError::NoKey),
        (Some(file), Some(key)) => Some(self::heads(file, key)?),
    };
    let mut entries = 0;
    for merchant in store.merchants().await? {
        let cut = store.audit_cut(merchant.id).await?;
        let before = cut.map_or(0, |cut| cut.number);
        entries += store.verify_audit(merchant.id, None).await??.number.saturating_sub(before);
        let Some(heads) = &heads else { continue };
        let own = || heads.iter().filter(|(of, _)| *of == merchant.id).map(|(_, head)| *head);
        if let Some(cut) = cut.filter(|cut| own().all(|head| head != *cut)) {
            return Err(BrokenChain::Cut(cut.number).into());
        }
        for head in own() {
            store.verify_audit(merchant.id, Some(head)).await??;
        }
    }
    Ok(entries)
}

/// The heads in a file, every one of them signed with this key.
///
/// # Errors
///
/// The file cannot be read, or somebody else has written in it.
pub fn heads(file: &Path, key: &SecretString) -> Result<Vec<(MerchantUlid, AuditHead)>, AuditError> {
    read(&std::fs::read_to_string(file).map_err(|_| AuditError::File)?, key)
}

fn signed(merchant: MerchantUlid, head: AuditHead, now: Duration, key: &SecretString) -> String {
    let text = format!("{merchant} {} {} {}", head.number, hex(&head.hash), rfc3339(now));
    let tag = mac(key, &text).map(|mac| hex(&mac.finalize().into_bytes())).unwrap_or_default();
    format!("{text} {tag}")
}

fn read(text: &str, key: &SecretString) -> Result<Vec<(MerchantUlid, AuditHead)>, AuditError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    lines.map(|(index, line)| believed(line, key).ok_or(AuditError::Forged(index + 1))).collect()
}

fn believed(line: &str, key: &SecretString) -> Option<(MerchantUlid, AuditHead)> {
    let (text, tag) = line.rsplit_once(' ')?;
    mac(key, text)?.verify_slice(&unhex(tag)?).ok()?;
    let mut words = text.split(' ');
    let merchant = MerchantUlid::parse(words.next()?).ok()?;
    let number = words.next()?.parse().ok()?;
    let hash = unhex(words.next()?)?.try_into().ok()?;
    Some((merchant, AuditHead { number, hash }))
}

fn mac(key: &SecretString, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.expose_secret().as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}
