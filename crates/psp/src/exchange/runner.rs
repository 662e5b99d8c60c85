//! An adapter and a transport, together a [`Gateway`].

use alloc::boxed::Box;

use paytone_card::Card;

use super::{Adapter, Step, Transport};
use crate::{
    AskError, Authorization, Authorize, BoxFuture, CallContext, CaptureRequest, ChargeStored, Entry, Found,
    Gateway, GatewayError, GatewayInfo, InDoubt, Money, Operation, RefundRequest, Refusal, Register,
    Registration, Retry, Snapshot, StoredCardId, Verification, Verify, VoidRequest,
};

/// Takes an adapter's steps over a transport.
#[derive(Debug)]
pub struct Runner<A, T> {
    adapter: A,
    transport: T,
}

impl<A: Adapter, T: Transport> Runner<A, T> {
    /// The gateway of `adapter`'s provider, reached over `transport`.
    #[must_use]
    pub const fn new(adapter: A, transport: T) -> Self {
        Self { adapter, transport }
    }

    /// The adapter.
    #[must_use]
    pub const fn adapter(&self) -> &A {
        &self.adapter
    }

    /// The transport.
    #[must_use]
    pub const fn transport(&self) -> &T {
        &self.transport
    }

    async fn take<X>(&self, context: CallContext<'_>, first: Step<'_, X>) -> X {
        let mut session = self.transport.session(context.deadline.saturating_sub(context.now));
        let mut step = first;
        loop {
            step = match step {
                Step::Save { blob, then } => then(context.checkpoint.save(&blob).await),
                Step::Send { request, then } => then(session.send(*request).await),
                Step::Done(answer) => return answer,
            };
        }
    }

    /// What keeps an operation from being begun.
    fn check(
        &self,
        context: &CallContext<'_>,
        operation: Operation,
        money: Option<Money>,
    ) -> Result<(), GatewayError> {
        let capabilities = &self.adapter.info().capabilities;
        if !capabilities.supports(operation) {
            return Err(GatewayError::refused(Refusal::Unsupported(operation)));
        }
        if context.is_past_deadline() {
            return Err(GatewayError::NotSent { retry: Retry::Never });
        }
        match money {
            Some(money) if money.is_zero() => Err(GatewayError::refused(Refusal::Amount)),
            Some(money) if !capabilities.takes(money.currency()) => {
                Err(GatewayError::refused(Refusal::Currency))
            }
            _ => Ok(()),
        }
    }

    fn check_question(&self, context: &CallContext<'_>, operation: Operation) -> Result<(), AskError> {
        if !self.adapter.info().capabilities.supports(operation) {
            return Err(AskError::Refused(Refusal::Unsupported(operation)));
        }
        if context.is_past_deadline() {
            return Err(AskError::NoAnswer);
        }
        Ok(())
    }

    /// A test gateway takes published test numbers only, a live one takes none; and a card's digits come over
    /// the telephone.
    fn check_card(&self, card: &Card, entry: Entry) -> Result<(), GatewayError> {
        match (self.adapter.info().test, card.pan().is_published_test_number()) {
            (true, false) => Err(GatewayError::refused(Refusal::NotATestNumber)),
            (false, true) => Err(GatewayError::refused(Refusal::TestNumber)),
            _ if entry != Entry::TelephoneOrder => Err(GatewayError::refused(Refusal::Parameters)),
            _ => Ok(()),
        }
    }
}

impl<A: Adapter, T: Transport> Gateway for Runner<A, T> {
    fn info(&self) -> &GatewayInfo {
        self.adapter.info()
    }

    fn verify<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Verify<'a>,
    ) -> BoxFuture<'a, Result<Verification, GatewayError>> {
        Box::pin(async move {
            self.check(&context, Operation::Verify, None)?;
            self.check_card(request.card, request.entry)?;
            self.take(context, self.adapter.verify(request)).await
        })
    }

    fn authorize<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Authorize<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(async move {
            self.check(&context, Operation::Authorize, Some(request.money))?;
            self.check_card(request.card, request.entry)?;
            self.take(context, self.adapter.authorize(request)).await
        })
    }

    fn capture<'a>(
        &'a self,
        context: CallContext<'a>,
        request: CaptureRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        Box::pin(async move {
            self.check(&context, Operation::Capture, Some(request.money))?;
            self.take(context, self.adapter.capture(request)).await
        })
    }

    fn void<'a>(
        &'a self,
        context: CallContext<'a>,
        request: VoidRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        Box::pin(async move {
            self.check(&context, Operation::Void, None)?;
            self.take(context, self.adapter.void(request)).await
        })
    }

    fn refund<'a>(
        &'a self,
        context: CallContext<'a>,
        request: RefundRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        Box::pin(async move {
            self.check(&context, Operation::Refund, Some(request.money))?;
            self.take(context, self.adapter.refund(request)).await
        })
    }

    fn lookup<'a>(
        &'a self,
        context: CallContext<'a>,
        doubt: &'a InDoubt,
    ) -> BoxFuture<'a, Result<Found, AskError>> {
        Box::pin(async move {
            self.check_question(&context, Operation::Lookup)?;
            self.take(context, self.adapter.lookup(doubt)).await
        })
    }

    fn register<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Register<'a>,
    ) -> BoxFuture<'a, Result<Registration, GatewayError>> {
        Box::pin(async move {
            self.check(&context, Operation::Register, None)?;
            self.check_card(request.card, request.entry)?;
            self.take(context, self.adapter.register(request)).await
        })
    }

    fn forget<'a>(
        &'a self,
        context: CallContext<'a>,
        stored: &'a StoredCardId,
    ) -> BoxFuture<'a, Result<(), AskError>> {
        Box::pin(async move {
            self.check_question(&context, Operation::Forget)?;
            self.take(context, self.adapter.forget(stored)).await
        })
    }

    fn charge_stored<'a>(
        &'a self,
        context: CallContext<'a>,
        request: ChargeStored<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(async move {
            self.check(&context, Operation::ChargeStored, Some(request.money))?;
            if request.entry == Entry::TelephoneOrder {
                return Err(GatewayError::refused(Refusal::Parameters));
            }
            self.take(context, self.adapter.charge_stored(request)).await
        })
    }
}
