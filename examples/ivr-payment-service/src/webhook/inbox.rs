//! What a merchant's own server keeps, so that a message that was forged, sent again or overtaken by another one on its way
//! does no harm.

use core::iter;
use core::ops::RangeInclusive;
use core::time::Duration;
use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::{Forged, verify};

/// The messages a receiver has taken, by order. It holds one number for every event; a receiver that keeps them in a database
/// of its own does the same there.
///
/// ```
/// use core::time::Duration;
/// use ivr_payment_service::webhook::{Inbox, Turn, sign};
///
/// let (key, now) = (b"a key of 24 to 64 bytes, random".as_slice(), Duration::from_secs(1_800_000_000));
/// let body = |sequence| {
///     format!(r#"{{"type":"payment.refunded","sequence":{sequence},"data":{{"order":{{"id":"A"}}}}}}"#)
/// };
/// let mut inbox = Inbox::default();
/// let mut take = |id: &str, sequence: u64| {
///     let (body, at) = (body(sequence), now.as_secs().to_string());
///     inbox.take(id, &at, &sign(id, now, &body, &[key]), &body, &[key], now)
/// };
/// assert_eq!(take("one", 1), Ok(Turn::Next));
/// assert_eq!(take("three", 3), Ok(Turn::Early { missing: vec![2..=2] }));
/// assert_eq!(take("two", 2), Ok(Turn::Late), "told of what was before: the order is further already");
/// assert_eq!(take("one", 1), Ok(Turn::Again));
/// assert_eq!(take("last", u64::MAX), Ok(Turn::Early { missing: vec![4..=u64::MAX - 1] }));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Inbox {
    orders: HashMap<String, BTreeSet<u64>>,
}

/// When a message comes, as its order goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It is the newest, and all before it have come.
    Next,
    /// It is the newest, and some before it have not come: they are on their way, or were given up and can be asked for.
    Early {
        /// Their numbers, lowest first.
        missing: Vec<RangeInclusive<u64>>,
    },
    /// It tells of something that was before what has come already: to be noted, not to be acted on.
    Late,
    /// It has come before.
    Again,
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It is not one of ours, or not one of now.
    #[error(transparent)]
    Forged(#[from] Forged),
    /// It is ours, and does not say which order it is about or which of its events it is.
    #[error("the message has no order or no sequence")]
    Unreadable,
}

#[derive(Deserialize)]
struct Message {
    sequence: u64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    order: Order,
}

#[derive(Deserialize)]
struct Order {
    id: String,
}

impl Inbox {
    /// Takes a message with its three headers, if it passes [`verify`]: nothing is remembered of one that does not.
    ///
    /// # Errors
    ///
    /// [`NotTaken`].
    pub fn take(
        &mut self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &str,
        keys: &[&[u8]],
        now: Duration,
    ) -> Result<Turn, NotTaken> {
        verify(id, timestamp, signatures, body, keys, now)?;
        let message: Message = serde_json::from_str(body).map_err(|_| NotTaken::Unreadable)?;
        let taken = self.orders.entry(message.data.order.id).or_default();
        let newest = taken.last().copied().unwrap_or(0);
        if !taken.insert(message.sequence) {
            return Ok(Turn::Again);
        }
        if message.sequence < newest {
            return Ok(Turn::Late);
        }
        let missing = gaps(taken);
        Ok(if missing.is_empty() { Turn::Next } else { Turn::Early { missing } })
    }
}

/// What is missing between 1 and the greatest. As ranges: one message can be far ahead of all others.
fn gaps(taken: &BTreeSet<u64>) -> Vec<RangeInclusive<u64>> {
    let before = iter::once(0).chain(taken.iter().copied());
    let gap = before.zip(taken).map(|(before, next)| before.saturating_add(1)..=next.saturating_sub(1));
    gap.filter(|gap| !gap.is_empty()).collect()
}
