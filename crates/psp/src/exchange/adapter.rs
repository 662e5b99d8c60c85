//! What an adapter turns operations into.

use super::Exchange;
use crate::{
    AskError, Authorization, Authorize, CaptureRequest, ChargeStored, Found, GatewayError, GatewayInfo,
    InDoubt, RefundRequest, Register, Registration, Snapshot, StoredCardId, Verification, Verify,
    VoidRequest,
};

/// A provider's language: every operation of a [`Gateway`](crate::Gateway) as an exchange.
///
/// What every adapter can rely on, because [`Driven`](super::Driven) sees to it: the operation is one that
/// [`info`](Self::info) offers, the amount is more than zero and in a currency it takes, keyed cards come in
/// over the telephone, and test card numbers go to test accounts and nowhere else.
///
/// What every adapter owes: a save before the request that can move money; an answer that is missing after it
/// is [`InDoubt`], and one that is missing before it is [`NotSent`](GatewayError::NotSent).
pub trait Adapter: Send + Sync {
    /// Who this is and what it can do.
    fn info(&self) -> &GatewayInfo;

    /// Asks the issuer whether a card is good, without an amount.
    fn verify<'a>(&'a self, request: Verify<'a>) -> Exchange<'a, Result<Verification, GatewayError>>;

    /// Reserves an amount, or takes it at once.
    fn authorize<'a>(&'a self, request: Authorize<'a>) -> Exchange<'a, Result<Authorization, GatewayError>>;

    /// Takes what was reserved.
    fn capture<'a>(&'a self, request: CaptureRequest<'a>) -> Exchange<'a, Result<Snapshot, GatewayError>>;

    /// Lets go of what was reserved.
    fn void<'a>(&'a self, request: VoidRequest<'a>) -> Exchange<'a, Result<Snapshot, GatewayError>>;

    /// Gives back what was taken, all or part of it.
    fn refund<'a>(&'a self, request: RefundRequest<'a>) -> Exchange<'a, Result<Snapshot, GatewayError>>;

    /// Asks what has become of a request whose answer is missing.
    fn lookup<'a>(&'a self, doubt: &'a InDoubt) -> Exchange<'a, Result<Found, AskError>>;

    /// Stores a card at the provider.
    fn register<'a>(&'a self, request: Register<'a>) -> Exchange<'a, Result<Registration, GatewayError>>;

    /// Has the provider forget a stored card.
    fn forget<'a>(&'a self, stored: &'a StoredCardId) -> Exchange<'a, Result<(), AskError>>;

    /// Reserves or takes an amount from a stored card.
    fn charge_stored<'a>(
        &'a self,
        request: ChargeStored<'a>,
    ) -> Exchange<'a, Result<Authorization, GatewayError>>;
}
