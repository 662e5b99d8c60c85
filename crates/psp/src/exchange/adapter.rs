//! What a provider's crate implements.

use super::Step;
use crate::{
    AskError, Authorization, Authorize, CaptureRequest, ChargeStored, Found, GatewayError, GatewayInfo,
    InDoubt, RefundRequest, Register, Registration, Snapshot, StoredCardId, Verification, Verify,
    VoidRequest,
};

/// A provider's requests and answers, without a socket and without a clock. A [`Runner`](super::Runner) makes it
/// a [`Gateway`](crate::Gateway).
///
/// The runner has checked, before it asks for a step: the operation is offered, the deadline has not passed, the
/// amount is not zero and its currency taken, and a card number fits the gateway ([`GatewayInfo::test`]:
/// published test numbers at a test gateway, none at a live one). It takes every step at most once and sends
/// nothing after the deadline.
///
/// What is left to an adapter: [`authorize`](Self::authorize) and [`charge_stored`](Self::charge_stored) put a
/// [`Step::Save`] before the request that can move money; a missing or unreadable answer to a request that can
/// have an effect is [`GatewayError::InDoubt`].
pub trait Adapter: Send + Sync {
    /// Who this is and what it can do.
    fn info(&self) -> &GatewayInfo;

    /// See [`Gateway::verify`](crate::Gateway::verify).
    fn verify<'a>(&'a self, request: Verify<'a>) -> Step<'a, Result<Verification, GatewayError>>;

    /// See [`Gateway::authorize`](crate::Gateway::authorize).
    fn authorize<'a>(&'a self, request: Authorize<'a>) -> Step<'a, Result<Authorization, GatewayError>>;

    /// See [`Gateway::capture`](crate::Gateway::capture).
    fn capture<'a>(&'a self, request: CaptureRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>>;

    /// See [`Gateway::void`](crate::Gateway::void).
    fn void<'a>(&'a self, request: VoidRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>>;

    /// See [`Gateway::refund`](crate::Gateway::refund).
    fn refund<'a>(&'a self, request: RefundRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>>;

    /// See [`Gateway::lookup`](crate::Gateway::lookup).
    fn lookup<'a>(&'a self, doubt: &'a InDoubt) -> Step<'a, Result<Found, AskError>>;

    /// See [`Gateway::register`](crate::Gateway::register).
    fn register<'a>(&'a self, request: Register<'a>) -> Step<'a, Result<Registration, GatewayError>>;

    /// See [`Gateway::forget`](crate::Gateway::forget).
    fn forget<'a>(&'a self, stored: &'a StoredCardId) -> Step<'a, Result<(), AskError>>;

    /// See [`Gateway::charge_stored`](crate::Gateway::charge_stored).
    fn charge_stored<'a>(
        &'a self,
        request: ChargeStored<'a>,
    ) -> Step<'a, Result<Authorization, GatewayError>>;
}
