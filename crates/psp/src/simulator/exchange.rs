//! The simulator as a [`Gateway`].

use alloc::boxed::Box;

use paytone_card::Card;

use super::ledger::{Charge, Means, Request, decline_of};
use super::table::{Effect, effect_of_charge, row_of_number};
use super::{Simulator, check_sending};
use crate::{
    AskError, Authorization, Authorize, BoxFuture, CallContext, CaptureRequest, ChargeStored, Decline, Entry,
    Found, Gateway, GatewayError, GatewayInfo, InDoubt, Operation, RefundRequest, Refusal, Register,
    RegisterMode, Registration, Snapshot, StoredCardId, Verification, Verify, VoidRequest,
};

impl Gateway for Simulator {
    fn info(&self) -> &GatewayInfo {
        &self.info
    }

    fn verify<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Verify<'a>,
    ) -> BoxFuture<'a, Result<Verification, GatewayError>> {
        Box::pin(async move {
            check_card(request.card, request.entry)?;
            check_sending(&context, None)?;
            Ok(match check(request.card) {
                Some(decline) => Verification::Declined(decline),
                None => Verification::Valid { transaction: None, test: true },
            })
        })
    }

    fn authorize<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Authorize<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(async move {
            check_card(request.card, request.entry)?;
            let row = row_of_number(request.card.pan());
            let effect = effect_of_charge(row, request.money, request.postcode);
            let charge = Charge {
                order: request.order.clone(),
                capture: request.capture,
                method: request.method,
                means: Means::Card(request.card.masked()),
            };
            let known = Request {
                key: request.key,
                operation: Operation::Authorize,
                reference: request.reference,
                money: Some(request.money),
                charge: Some(charge),
            };
            self.charge(context, effect, known).await
        })
    }

    fn capture<'a>(
        &'a self,
        context: CallContext<'a>,
        request: CaptureRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        let known = Request {
            key: request.key,
            operation: Operation::Capture,
            reference: request.reference,
            money: Some(request.money),
            charge: None,
        };
        Box::pin(async move { self.change(&context, &known) })
    }

    fn void<'a>(
        &'a self,
        context: CallContext<'a>,
        request: VoidRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        let known = Request {
            key: request.key,
            operation: Operation::Void,
            reference: request.reference,
            money: None,
            charge: None,
        };
        Box::pin(async move { self.change(&context, &known) })
    }

    fn refund<'a>(
        &'a self,
        context: CallContext<'a>,
        request: RefundRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        let known = Request {
            key: request.key,
            operation: Operation::Refund,
            reference: request.reference,
            money: Some(request.money),
            charge: None,
        };
        Box::pin(async move { self.change(&context, &known) })
    }

    fn lookup<'a>(
        &'a self,
        context: CallContext<'a>,
        doubt: &'a InDoubt,
    ) -> BoxFuture<'a, Result<Found, AskError>> {
        Box::pin(async move {
            if context.is_past_deadline() {
                return Err(AskError::NoAnswer);
            }
            Ok(self.ledger().find(doubt.reference(), context.now))
        })
    }

    fn register<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Register<'a>,
    ) -> BoxFuture<'a, Result<Registration, GatewayError>> {
        Box::pin(async move {
            check_card(request.card, request.entry)?;
            check_sending(&context, None)?;
            let declined = match request.mode {
                RegisterMode::VerifyThenStore => check(request.card),
                RegisterMode::StoreOnly => None,
            };
            let known = Request {
                key: request.key,
                operation: Operation::Register,
                reference: request.reference,
                money: None,
                charge: None,
            };
            let row = row_of_number(request.card.pan());
            self.ledger().register(&known, row, declined, request.card.masked())
        })
    }

    fn forget<'a>(
        &'a self,
        context: CallContext<'a>,
        stored: &'a StoredCardId,
    ) -> BoxFuture<'a, Result<(), AskError>> {
        Box::pin(async move {
            if context.is_past_deadline() {
                return Err(AskError::NoAnswer);
            }
            self.ledger().forget(stored);
            Ok(())
        })
    }

    fn charge_stored<'a>(
        &'a self,
        context: CallContext<'a>,
        request: ChargeStored<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(async move {
            if request.entry == Entry::TelephoneOrder {
                return Err(GatewayError::refused(Refusal::Parameters));
            }
            let row = self.ledger().stored(request.stored).ok_or(GatewayError::refused(Refusal::NotFound))?;
            let charge = Charge {
                order: request.order.clone(),
                capture: request.capture,
                method: request.method,
                means: Means::Stored(request.stored.clone()),
            };
            let known = Request {
                key: request.key,
                operation: Operation::ChargeStored,
                reference: request.reference,
                money: Some(request.money),
                charge: Some(charge),
            };
            self.charge(context, effect_of_charge(row, request.money, None), known).await
        })
    }
}

/// Only published test numbers, only over the telephone.
fn check_card(card: &Card, entry: Entry) -> Result<(), GatewayError> {
    if !card.pan().is_published_test_number() {
        return Err(GatewayError::refused(Refusal::NotATestNumber));
    }
    if entry != Entry::TelephoneOrder {
        return Err(GatewayError::refused(Refusal::Parameters));
    }
    Ok(())
}

/// What a check without an amount says about a card.
fn check(card: &Card) -> Option<Decline> {
    decline_of(row_of_number(card.pan()).map_or(Effect::Approve, |row| row.effect), false)
}
