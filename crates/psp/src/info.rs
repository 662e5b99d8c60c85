//! Who a gateway is and what it can do.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::Currency;
use crate::text::named_variants;

/// What a gateway can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Check a card without an amount.
    Verify,
    /// Reserve or take an amount.
    Authorize,
    /// Take what was reserved.
    Capture,
    /// Let go of what was reserved.
    Void,
    /// Give back what was taken.
    Refund,
    /// Ask what has become of a request.
    Lookup,
    /// Store a card.
    Register,
    /// Forget a stored card.
    Forget,
    /// Reserve or take an amount from a stored card.
    ChargeStored,
}

named_variants! { Operation,
    Verify => "verify",
    Authorize => "authorize",
    Capture => "capture",
    Void => "void",
    Refund => "refund",
    Lookup => "lookup",
    Register => "register",
    Forget => "forget",
    ChargeStored => "charge_stored",
}

/// Who a gateway is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayInfo {
    /// A short name for configuration, logs and screens, such as `simulator`.
    pub name: String,
    /// True where no real card network is asked: every result then says so too.
    pub test: bool,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// What a gateway can do. Asking for anything else is refused before a request is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The operations it offers.
    pub operations: Vec<Operation>,
    /// Whether less than what was authorised can be captured.
    pub partial_capture: bool,
    /// Whether less than what was captured can be refunded.
    pub partial_refund: bool,
    /// For how long the provider remembers a key; `None` where it knows no keys and a request must never be
    /// repeated.
    pub remembers_keys: Option<Duration>,
    /// The currencies it takes; empty means all.
    pub currencies: Vec<Currency>,
}

impl Capabilities {
    /// Whether `operation` is offered.
    #[must_use]
    pub fn supports(&self, operation: Operation) -> bool {
        self.operations.contains(&operation)
    }

    /// Whether `currency` is taken.
    #[must_use]
    pub fn takes(&self, currency: Currency) -> bool {
        self.currencies.is_empty() || self.currencies.contains(&currency)
    }
}
