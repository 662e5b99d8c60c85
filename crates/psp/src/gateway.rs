//! The trait a payment provider is reached through.

use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;

use crate::{
    AskError, Authorization, Authorize, CaptureRequest, ChargeStored, Checkpoint, Found, GatewayError,
    GatewayInfo, InDoubt, RefundRequest, Register, Registration, Snapshot, StoredCardId, Verification,
    Verify, VoidRequest,
};

/// A boxed future, so that a gateway can be a `dyn` value chosen by configuration.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A payment provider.
///
/// Every method answers with what the provider said, or with an error that says whether money may have moved.
/// What all implementations owe their callers (the `conformance` feature has a suite that checks it):
///
/// - [`authorize`](Self::authorize) and [`charge_stored`](Self::charge_stored) await the context's
///   [`Checkpoint`] before the request that can move money, and send nothing where it fails;
/// - the same key never moves money twice;
/// - nothing is sent once the context's deadline has passed;
/// - an answer that is missing is [`GatewayError::InDoubt`] and never a decline;
/// - what the provider does not offer is refused as [`Refusal::Unsupported`](crate::Refusal::Unsupported)
///   before any request; nothing pretends to have succeeded;
/// - a future may be dropped at any time: what was sent then is in doubt, and a lookup tells.
pub trait Gateway: Send + Sync {
    /// Who this is and what it can do.
    fn info(&self) -> &GatewayInfo;

    /// Asks the issuer whether a card is good, without an amount.
    fn verify<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Verify<'a>,
    ) -> BoxFuture<'a, Result<Verification, GatewayError>>;

    /// Reserves an amount, or takes it at once.
    fn authorize<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Authorize<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>>;

    /// Takes what was reserved.
    fn capture<'a>(
        &'a self,
        context: CallContext<'a>,
        request: CaptureRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>>;

    /// Lets go of what was reserved.
    fn void<'a>(
        &'a self,
        context: CallContext<'a>,
        request: VoidRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>>;

    /// Gives back what was taken, all or part of it.
    fn refund<'a>(
        &'a self,
        context: CallContext<'a>,
        request: RefundRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>>;

    /// Asks what has become of a request whose answer is missing. It moves no money and may be repeated.
    fn lookup<'a>(
        &'a self,
        context: CallContext<'a>,
        doubt: &'a InDoubt,
    ) -> BoxFuture<'a, Result<Found, AskError>>;

    /// Stores a card at the provider.
    fn register<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Register<'a>,
    ) -> BoxFuture<'a, Result<Registration, GatewayError>>;

    /// Has the provider forget a stored card. It may be repeated: a card already forgotten is a success.
    fn forget<'a>(
        &'a self,
        context: CallContext<'a>,
        stored: &'a StoredCardId,
    ) -> BoxFuture<'a, Result<(), AskError>>;

    /// Reserves or takes an amount from a stored card.
    fn charge_stored<'a>(
        &'a self,
        context: CallContext<'a>,
        request: ChargeStored<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>>;
}

/// What goes with every call to a gateway.
#[derive(Clone, Copy)]
pub struct CallContext<'a> {
    /// The time now, since the Unix epoch.
    pub now: Duration,
    /// When the caller stops waiting, since the Unix epoch. Nothing may be sent from then on.
    pub deadline: Duration,
    /// The caller's store.
    pub checkpoint: &'a dyn Checkpoint,
}

impl CallContext<'_> {
    /// Whether it is too late to send.
    #[must_use]
    pub fn is_past_deadline(&self) -> bool {
        self.now >= self.deadline
    }
}

impl fmt::Debug for CallContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("now", &self.now)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
