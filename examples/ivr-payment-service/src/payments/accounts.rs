//! Which provider a merchant's money goes through.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use paytone_psp::{Gateway, GatewayError, Retry};

use crate::store::MerchantUlid;

/// One merchant's account with a payment provider.
#[derive(Clone)]
pub struct Account {
    /// Who is asked.
    pub gateway: Arc<dyn Gateway>,
    /// How long one request may take before its outcome counts as unknown.
    pub deadline: Duration,
}

/// Every merchant's account. A merchant without one is never charged through another's.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    usual: Option<Account>,
    own: HashMap<MerchantUlid, Account>,
}

impl Accounts {
    /// One account for every merchant.
    #[must_use]
    pub fn shared(gateway: Arc<dyn Gateway>, deadline: Duration) -> Self {
        Self { usual: Some(Account { gateway, deadline }), own: HashMap::new() }
    }

    /// The same, and this account for this merchant.
    #[must_use]
    pub fn with(mut self, merchant: MerchantUlid, account: Account) -> Self {
        self.own.insert(merchant, account);
        self
    }

    /// The merchant's account.
    ///
    /// # Errors
    ///
    /// It has none: nothing can be sent.
    pub fn of(&self, merchant: MerchantUlid) -> Result<&Account, GatewayError> {
        let account = self.own.get(&merchant).or(self.usual.as_ref());
        account.ok_or(GatewayError::NotSent { retry: Retry::Never })
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("gateway", &self.gateway.info().name).finish_non_exhaustive()
    }
}
