//! The request whose outcome is open.

use core::time::Duration;

use super::SETTLE;
use crate::{IdempotencyKey, Money, Operation};

/// A request that is about to be sent, on its way, or in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// [`Authorize`](Operation::Authorize), [`Capture`](Operation::Capture), [`Void`](Operation::Void) or
    /// [`Refund`](Operation::Refund).
    pub operation: Operation,
    /// The key every repetition carries.
    pub key: IdempotencyKey,
    /// When it may no longer be sent, since the Unix epoch.
    pub deadline: Duration,
    /// How much it moves.
    pub money: Money,
}

impl Pending {
    pub(super) fn is_authorization(&self) -> bool {
        self.operation == Operation::Authorize
    }

    /// Whether a lookup that was asked at `asked` can be believed when it shows no effect of this request:
    /// the request can no longer be under way.
    pub(super) fn is_settled(&self, asked: Duration) -> bool {
        asked >= self.deadline.saturating_add(SETTLE)
    }
}
