//! An attempt as plain text and numbers, for whatever store the caller has.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::schedule::Doubt;
use super::{Attempt, Pending, State};
use crate::{
    ApprovalCode, Capture, CheckpointBlob, Currency, DeclineReason, IdempotencyKey, Money, Operation,
    OrderId, Reference, TransactionId,
};

/// Everything an [`Attempt`] is, in columns: text, whole numbers, bytes. Times are milliseconds since the
/// Unix epoch, amounts are minor units of `currency`. No card data.
///
/// `state` and `version` are worth an index: open attempts are found by state, and a store that updates
/// `where version = …` notices a second writer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// [`Reference`]; the primary key.
    pub reference: String,
    /// [`OrderId`].
    pub order: String,
    /// The amount asked for.
    pub amount: u64,
    /// [`Currency`] code of every amount here.
    pub currency: String,
    /// [`Capture`] name.
    pub capture: String,
    /// [`State`] name.
    pub state: String,
    /// When it came into this state.
    pub since_ms: u64,
    /// [`Attempt::version`].
    pub version: u32,
    /// The request whose outcome is open.
    pub pending: Option<PendingRecord>,
    /// The doubt about it.
    pub doubt: Option<DoubtRecord>,
    /// [`CheckpointBlob`]; sealed by the store.
    pub checkpoint: Option<Vec<u8>>,
    /// [`DeclineReason`] name.
    pub decline: Option<String>,
    /// [`TransactionId`].
    pub transaction: Option<String>,
    /// [`ApprovalCode`].
    pub approval_code: Option<String>,
    /// The amount taken.
    pub captured: Option<u64>,
    /// The amount given back.
    pub refunded: u64,
    /// [`Attempt::needs_compensation`].
    pub compensate: bool,
    /// [`Attempt::is_test`].
    pub test: bool,
}

/// [`Pending`] in columns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PendingRecord {
    /// [`Operation`] name.
    pub operation: String,
    /// [`IdempotencyKey`].
    pub key: String,
    /// When it may no longer be sent.
    pub deadline_ms: u64,
    /// How much it moves.
    pub amount: u64,
}

/// A doubt in columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DoubtRecord {
    /// When it began.
    pub since_ms: u64,
    /// How many lookups it has seen.
    pub lookups: u32,
    /// When the next lookup is due.
    pub next_ms: u64,
}

/// Why a [`Record`] is no attempt. It was not written by [`Attempt::to_record`], or by a later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRecord {
    /// One column does not hold what it should.
    #[error("the column {0} cannot be read")]
    Column(&'static str),
    /// The columns do not fit together: a state that waits for an answer without a request, or the other way
    /// round.
    #[error("the columns do not fit together")]
    Inconsistent,
}

impl Attempt {
    /// The attempt in columns. Times are cut to whole milliseconds.
    #[must_use]
    pub fn to_record(&self) -> Record {
        Record {
            reference: self.reference.to_string(),
            order: self.order.to_string(),
            amount: self.money.minor(),
            currency: self.money.currency().to_string(),
            capture: self.capture.to_string(),
            state: self.state.to_string(),
            since_ms: millis(self.since),
            version: self.version,
            pending: self.pending.map(write_pending),
            doubt: self.doubt.map(write_doubt),
            checkpoint: self.checkpoint.as_ref().map(|blob| blob.as_bytes().to_vec()),
            decline: self.decline.map(|reason| reason.to_string()),
            transaction: self.transaction.as_ref().map(ToString::to_string),
            approval_code: self.approval_code.as_ref().map(ToString::to_string),
            captured: self.captured.map(Money::minor),
            refunded: self.refunded.minor(),
            compensate: self.compensate,
            test: self.test,
        }
    }

    /// Reads what [`to_record`](Self::to_record) wrote.
    ///
    /// # Errors
    ///
    /// A column that cannot be read, or columns that do not fit together.
    pub fn from_record(record: Record) -> Result<Self, InvalidRecord> {
        let currency = read("currency", Currency::parse(&record.currency))?;
        let attempt = Self {
            reference: read("reference", Reference::parse(&record.reference))?,
            order: read("order", OrderId::parse(&record.order))?,
            money: Money::new(record.amount, currency),
            capture: read("capture", Capture::parse(&record.capture))?,
            state: read("state", State::parse(&record.state))?,
            since: Duration::from_millis(record.since_ms),
            version: record.version,
            pending: record.pending.map(|pending| read_pending(&pending, currency)).transpose()?,
            doubt: record.doubt.map(read_doubt),
            checkpoint: read("checkpoint", record.checkpoint.map(CheckpointBlob::new).transpose())?,
            decline: read_optional("decline", record.decline, DeclineReason::parse)?,
            transaction: read_optional("transaction", record.transaction, TransactionId::parse)?,
            approval_code: read_optional("approval_code", record.approval_code, ApprovalCode::parse)?,
            captured: record.captured.map(|minor| Money::new(minor, currency)),
            refunded: Money::new(record.refunded, currency),
            compensate: record.compensate,
            test: record.test,
        };
        attempt.is_consistent().then_some(attempt).ok_or(InvalidRecord::Inconsistent)
    }

    /// Whether the state, the open request and the doubt belong together.
    fn is_consistent(&self) -> bool {
        let operation = self.pending.map(|pending| pending.operation);
        let doubt = self.doubt.is_some();
        match self.state {
            State::Intent | State::Sending => operation == Some(Operation::Authorize) && !doubt,
            State::InDoubt => operation == Some(Operation::Authorize) && doubt,
            State::NeedsPerson => operation.is_some() && doubt,
            State::Capturing => operation == Some(Operation::Capture),
            State::Voiding => operation == Some(Operation::Void),
            State::Refunding => operation == Some(Operation::Refund) && self.captured.is_some(),
            State::Captured => operation.is_none() && !doubt && self.captured.is_some(),
            _ => operation.is_none() && !doubt,
        }
    }
}

fn write_pending(pending: Pending) -> PendingRecord {
    PendingRecord {
        operation: pending.operation.to_string(),
        key: pending.key.to_string(),
        deadline_ms: millis(pending.deadline),
        amount: pending.money.minor(),
    }
}

fn read_pending(record: &PendingRecord, currency: Currency) -> Result<Pending, InvalidRecord> {
    let operation = read("operation", Operation::parse(&record.operation))?;
    if !matches!(operation, Operation::Authorize | Operation::Capture | Operation::Void | Operation::Refund) {
        return Err(InvalidRecord::Column("operation"));
    }
    Ok(Pending {
        operation,
        key: read("key", IdempotencyKey::parse(&record.key))?,
        deadline: Duration::from_millis(record.deadline_ms),
        money: Money::new(record.amount, currency),
    })
}

fn write_doubt(doubt: Doubt) -> DoubtRecord {
    DoubtRecord { since_ms: millis(doubt.since), lookups: doubt.lookups, next_ms: millis(doubt.next) }
}

fn read_doubt(record: DoubtRecord) -> Doubt {
    Doubt {
        since: Duration::from_millis(record.since_ms),
        lookups: record.lookups,
        next: Duration::from_millis(record.next_ms),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn read<T, E>(column: &'static str, parsed: Result<T, E>) -> Result<T, InvalidRecord> {
    parsed.map_err(|_| InvalidRecord::Column(column))
}

fn read_optional<T, E>(
    column: &'static str,
    text: Option<String>,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Option<T>, InvalidRecord> {
    text.map(|text| read(column, parse(&text))).transpose()
}
