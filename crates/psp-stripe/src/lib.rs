//! Stripe as a [`Gateway`](paytone_psp::Gateway) for telephone orders: requests and answers, no sockets.
//!
//! ```
//! use core::time::Duration;
//! use paytone_psp::exchange::{Adapter, Step};
//! use paytone_psp::{DoubtCause, InDoubt, Operation, Reference};
//! use paytone_psp_stripe::{Account, Stripe};
//!
//! let stripe = Stripe::new(Account::new(&"sk_test_0123456789".into())?);
//! let reference = Reference::parse("01ARYZ6S41TSV4RRFFQ69G5FAV")?;
//! let doubt = InDoubt::new(reference, Operation::Authorize, DoubtCause::NoAnswer);
//! let Step::Send { request, .. } = stripe.lookup(&doubt) else { panic!("it has to ask") };
//! assert!(request.path().starts_with("/v1/payment_intents?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Over a [`Transport`](paytone_psp::exchange::Transport) a [`Runner`](paytone_psp::exchange::Runner) makes it a
//! gateway; `paytone-psp-http` has the transport with sockets.
//!
//! # How a charge goes
//!
//! 1. `POST /v1/payment_methods`: the card goes out, once, and an id comes back. Nothing later holds its digits.
//! 2. `POST /v1/payment_intents`: a payment is made and **not** confirmed. Its metadata has our reference and the
//!    merchant's order id.
//! 3. The payment's id is journalled. Until it is durable, nothing goes on.
//! 4. `POST /v1/payment_intents/ID/confirm` with `moto`: the one request that moves money.
//!
//! Each request carries a key of its own, derived from the attempt's. A confirmation without an answer is in doubt;
//! a lookup asks for the payment by its id and, where it was never confirmed, cancels it, so that a confirmation
//! that is still on its way cannot charge a caller who has gone.
//!
//! # What is not here
//!
//! Stripe gives out card charges by telephone (`moto`) and raw card numbers only to accounts it has looked at; where
//! an account has neither, requests are refused and a card is never blamed for it. 3-D Secure needs a screen: where
//! the issuer insists, the card is declined as
//! [`AuthenticationRequired`](paytone_psp::DeclineReason::AuthenticationRequired) and the payment cancelled.

#![forbid(unsafe_code)]

mod account;
mod amount;
mod answer;
mod change;
mod charge;
mod decline;
mod failure;
mod flow;
mod form;
mod stored;

use core::time::Duration;

use paytone_psp::exchange::{Adapter, Step};
use paytone_psp::{
    AskError, Authorization, Authorize, Capabilities, CaptureRequest, ChargeStored, Found, GatewayError,
    GatewayInfo, InDoubt, Operation, RefundRequest, Register, Registration, Snapshot, StoredCardId,
    Verification, Verify, VoidRequest,
};

pub use crate::account::{API_VERSION, Account, InvalidKey, Profile};
use crate::flow::steps;

/// Stripe's language, for one account.
#[derive(Debug, Clone)]
pub struct Stripe {
    account: Account,
    info: GatewayInfo,
}

impl Stripe {
    /// The adapter for an account.
    #[must_use]
    pub fn new(account: Account) -> Self {
        let info = info(&account);
        Self { account, info }
    }
}

impl Adapter for Stripe {
    fn info(&self) -> &GatewayInfo {
        &self.info
    }

    fn verify<'a>(&'a self, request: Verify<'a>) -> Step<'a, Result<Verification, GatewayError>> {
        steps(|wire| stored::verify(&self.account, wire, request))
    }

    fn authorize<'a>(&'a self, request: Authorize<'a>) -> Step<'a, Result<Authorization, GatewayError>> {
        steps(|wire| charge::authorize(&self.account, wire, request))
    }

    fn capture<'a>(&'a self, request: CaptureRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>> {
        steps(|wire| change::capture(&self.account, wire, request))
    }

    fn void<'a>(&'a self, request: VoidRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>> {
        steps(|wire| change::void(&self.account, wire, request))
    }

    fn refund<'a>(&'a self, request: RefundRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>> {
        steps(|wire| change::refund(&self.account, wire, request))
    }

    fn lookup<'a>(&'a self, doubt: &'a InDoubt) -> Step<'a, Result<Found, AskError>> {
        steps(|wire| change::lookup(&self.account, wire, doubt))
    }

    fn register<'a>(&'a self, request: Register<'a>) -> Step<'a, Result<Registration, GatewayError>> {
        steps(|wire| stored::register(&self.account, wire, request))
    }

    fn forget<'a>(&'a self, stored: &'a StoredCardId) -> Step<'a, Result<(), AskError>> {
        steps(|wire| stored::forget(&self.account, wire, stored))
    }

    fn charge_stored<'a>(
        &'a self,
        request: ChargeStored<'a>,
    ) -> Step<'a, Result<Authorization, GatewayError>> {
        steps(|wire| charge::charge_stored(&self.account, wire, request))
    }
}

fn info(account: &Account) -> GatewayInfo {
    GatewayInfo {
        name: String::from("stripe"),
        test: account.is_test(),
        capabilities: Capabilities {
            operations: Operation::ALL.to_vec(),
            partial_capture: account.is_stripe(),
            partial_refund: true,
            remembers_keys: account.is_stripe().then_some(KEYS_LIVE),
            currencies: Vec::new(),
        },
    }
}

/// How long Stripe answers a repeated key as it did the first time, at least.
const KEYS_LIVE: Duration = Duration::from_secs(24 * 3600);
