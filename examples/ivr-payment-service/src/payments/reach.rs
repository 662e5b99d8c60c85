//! Whether a provider answers, without anything that could move money.

use core::time::Duration;

use paytone_psp::{AskError, CallContext, DoubtCause, InDoubt, Operation, Refusal};

use super::checkpoint::NoCheckpoint;
use super::{Payments, caught, names};
use crate::store::MerchantUlid;

impl Payments {
    /// Whether the merchant's provider answers within `patience` when it is asked about a payment that never was. One that
    /// refuses our credentials is as good as none.
    pub async fn reaches(&self, merchant: MerchantUlid, patience: Duration) -> bool {
        let (cashier, now) = (&self.cashier, self.cashier.now());
        let Ok(account) = cashier.tools.accounts.of(merchant) else { return false };
        let doubt = InDoubt::new(names(now).0, Operation::Authorize, DoubtCause::NoAnswer);
        let deadline = now.saturating_add(patience);
        let context = CallContext { now, deadline, checkpoint: &NoCheckpoint };
        let asked = tokio::time::timeout(patience, caught(account.gateway.lookup(context, &doubt))).await;
        matches!(asked, Ok(Ok(Ok(_) | Err(AskError::Refused(Refusal::Unsupported(_))))))
    }
}
