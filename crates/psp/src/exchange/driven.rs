//! An adapter and a transport, together a gateway.

use alloc::boxed::Box;

use paytone_card::Card;

use super::{Adapter, Exchange, Step, Transport, TransportError};
use crate::{
    AskError, Authorization, Authorize, BoxFuture, CallContext, CaptureRequest, ChargeStored, Entry, Found,
    Gateway, GatewayError, GatewayInfo, InDoubt, Money, Operation, RefundRequest, Refusal, Register,
    Registration, Retry, Snapshot, StoredCardId, Verification, Verify, VoidRequest,
};

/// A [`Gateway`] that speaks an adapter's language over a transport.
///
/// It refuses, before anything is sent, what the adapter does not offer, an amount of nothing, a currency the
/// adapter does not take, a card that was not keyed over the telephone, a test card number at a live account,
/// and any other number at a test account.
#[derive(Debug)]
pub struct Driven<A, T> {
    adapter: A,
    transport: T,
}

impl<A: Adapter, T: Transport> Driven<A, T> {
    /// Joins the two.
    pub const fn new(adapter: A, transport: T) -> Self {
        Self { adapter, transport }
    }

    /// What keeps an operation from being sent at all.
    fn check(
        &self,
        context: CallContext<'_>,
        operation: Operation,
        money: Option<Money>,
    ) -> Result<(), GatewayError> {
        let capabilities = &self.adapter.info().capabilities;
        if !capabilities.supports(operation) {
            return Err(GatewayError::refused(Refusal::Unsupported(operation)));
        }
        if money.is_some_and(Money::is_zero) {
            return Err(GatewayError::refused(Refusal::Amount));
        }
        if money.is_some_and(|money| !capabilities.takes(money.currency())) {
            return Err(GatewayError::refused(Refusal::Currency));
        }
        if context.is_past_deadline() {
            return Err(GatewayError::NotSent { retry: Retry::Never });
        }
        Ok(())
    }

    fn check_card(&self, card: &Card, entry: Entry) -> Result<(), GatewayError> {
        if entry != Entry::TelephoneOrder {
            return Err(GatewayError::refused(Refusal::Parameters));
        }
        match (self.adapter.info().test, card.pan().is_published_test_number()) {
            (true, false) => Err(GatewayError::refused(Refusal::NotATestNumber)),
            (false, true) => Err(GatewayError::refused(Refusal::TestNumber)),
            _ => Ok(()),
        }
    }

    fn check_question(&self, context: CallContext<'_>, operation: Operation) -> Result<(), AskError> {
        match self.check(context, operation, None) {
            Ok(()) => Ok(()),
            Err(GatewayError::Refused { reason, .. }) => Err(AskError::Refused(reason)),
            Err(_) => Err(AskError::NoAnswer),
        }
    }
}

/// Drives one exchange to its end over `transport`.
pub async fn drive<R>(
    transport: &dyn Transport,
    context: CallContext<'_>,
    mut exchange: Exchange<'_, R>,
) -> Option<R> {
    loop {
        match exchange.poll_step() {
            Step::Send(request) => {
                let response = transport.send(request, context.deadline).await;
                exchange.handle_response(response);
            }
            Step::Save(blob) => exchange.handle_saved(context.checkpoint.save(&blob).await),
            Step::Wait => return None,
            Step::Done(answer) => return Some(answer),
        }
    }
}

/// An exchange that waits for something other than its wire is a bug in the adapter. Nobody knows what it has
/// sent.
fn stuck(reference: crate::Reference, operation: Operation) -> GatewayError {
    GatewayError::InDoubt(InDoubt::new(reference, operation, crate::DoubtCause::NoAnswer))
}

/// One operation: the checks, then the exchange.
macro_rules! operation {
    ($name:ident: $request:ident -> $answer:ty, $operation:expr, $check:expr, $money:expr) => {
        fn $name<'a>(
            &'a self,
            context: CallContext<'a>,
            request: $request<'a>,
        ) -> BoxFuture<'a, Result<$answer, GatewayError>> {
            Box::pin(async move {
                let money: fn(&$request<'a>) -> Option<Money> = $money;
                let check: fn(&Self, &$request<'a>) -> Result<(), GatewayError> = $check;
                self.check(context, $operation, money(&request))?;
                check(self, &request)?;
                let reference = request.reference;
                let answer = drive(&self.transport, context, self.adapter.$name(request)).await;
                answer.unwrap_or_else(|| Err(stuck(reference, $operation)))
            })
        }
    };
}

#[rustfmt::skip]
impl<A: Adapter, T: Transport> Gateway for Driven<A, T> {
    fn info(&self) -> &GatewayInfo {
        self.adapter.info()
    }

    operation!(verify: Verify -> Verification, Operation::Verify,
        |this, request| this.check_card(request.card, request.entry), |_| None);
    operation!(authorize: Authorize -> Authorization, Operation::Authorize,
        |this, request| this.check_card(request.card, request.entry), |request| Some(request.money));
    operation!(capture: CaptureRequest -> Snapshot, Operation::Capture,
        |_, _| Ok(()), |request| Some(request.money));
    operation!(void: VoidRequest -> Snapshot, Operation::Void,
        |_, _| Ok(()), |_| None);
    operation!(refund: RefundRequest -> Snapshot, Operation::Refund,
        |_, _| Ok(()), |request| Some(request.money));
    operation!(register: Register -> Registration, Operation::Register,
        |this, request| this.check_card(request.card, request.entry), |_| None);
    operation!(charge_stored: ChargeStored -> Authorization, Operation::ChargeStored,
        |_, request| check_stored(request.entry), |request| Some(request.money));

    fn lookup<'a>(
        &'a self,
        context: CallContext<'a>,
        doubt: &'a InDoubt,
    ) -> BoxFuture<'a, Result<Found, AskError>> {
        Box::pin(async move {
            self.check_question(context, Operation::Lookup)?;
            let answer = drive(&self.transport, context, self.adapter.lookup(doubt)).await;
            answer.unwrap_or(Err(AskError::NoAnswer))
        })
    }

    fn forget<'a>(
        &'a self,
        context: CallContext<'a>,
        stored: &'a StoredCardId,
    ) -> BoxFuture<'a, Result<(), AskError>> {
        Box::pin(async move {
            self.check_question(context, Operation::Forget)?;
            let answer = drive(&self.transport, context, self.adapter.forget(stored)).await;
            answer.unwrap_or(Err(AskError::NoAnswer))
        })
    }
}

/// A stored card is not keyed again, so it is never a telephone order.
fn check_stored(entry: Entry) -> Result<(), GatewayError> {
    match entry {
        Entry::TelephoneOrder => Err(GatewayError::refused(Refusal::Parameters)),
        Entry::StoredCustomerInitiated | Entry::StoredMerchantInitiated => Ok(()),
    }
}

impl From<TransportError> for AskError {
    /// A question may be asked again, however its answer was lost.
    fn from(_: TransportError) -> Self {
        Self::NoAnswer
    }
}
