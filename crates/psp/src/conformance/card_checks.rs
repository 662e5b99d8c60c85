//! The checks of card checks, stored cards, and of what a gateway does not offer.

use alloc::format;
use alloc::vec::Vec;

use super::asking::{Check, Suite, approval, ensure, expect_refused};
use super::{Payment, Verdict};
use crate::{
    AskError, Authorization, Capture, ChargeStored, DoubtCause, Entry, GatewayError, InDoubt, Operation,
    PaymentMethod, ProviderState, Refusal, Register, RegisterMode, Registration, Snapshot, StoredCardId,
    Verification, Verify,
};

impl Suite<'_> {
    pub(super) async fn verify(&self) -> Check {
        self.needs(Operation::Verify)?;
        match self.ask_verify(&self.kit.approved).await? {
            Ok(Verification::Valid { .. }) => {}
            other => return Err(Verdict::Failed(format!("a good card: {other:?}"))),
        }
        let Some(declined) = self.kit.declined_check else { return Ok(()) };
        match self.ask_verify(&declined).await? {
            Ok(Verification::Declined(_)) => Ok(()),
            other => Err(Verdict::Failed(format!("a bad card: {other:?}"))),
        }
    }

    pub(super) async fn stored_card(&self) -> Check {
        self.needs(Operation::Register)?;
        self.needs(Operation::ChargeStored)?;
        let stored = match self.ask_register(&self.kit.approved).await? {
            Ok(Registration::Stored(stored)) => stored,
            other => return Err(Verdict::Failed(format!("not stored: {other:?}"))),
        };
        let charged = approval(self.ask_charge(&stored.id).await?)?;
        self.expect_held(charged.snapshot.reference, Some(ProviderState::Captured)).await?;
        self.needs(Operation::Forget)?;
        for _ in 0..2 {
            let forgotten = self.ask_forget(&stored.id).await;
            ensure(forgotten == Ok(()), || format!("not forgotten: {forgotten:?}"))?;
        }
        expect_refused(self.ask_charge(&stored.id).await?, &[Refusal::NotFound])
    }

    pub(super) async fn unsupported(&self) -> Check {
        let capabilities = &self.kit.gateway.info().capabilities;
        let missing: Vec<_> =
            Operation::ALL.iter().copied().filter(|operation| !capabilities.supports(*operation)).collect();
        if missing.is_empty() {
            return Err(Verdict::Skipped("the gateway offers everything"));
        }
        for operation in missing {
            let refusal = self.refusal_of(operation).await?;
            ensure(refusal == Some(Refusal::Unsupported(operation)), || {
                format!("{operation} is not offered and answers {refusal:?}")
            })?;
        }
        Ok(())
    }

    /// How the gateway refuses an operation, if it does.
    async fn refusal_of(&self, operation: Operation) -> Check<Option<Refusal>> {
        let (reference, _) = self.fresh();
        let payment = self.kit.approved;
        let snapshot = Snapshot {
            reference,
            state: ProviderState::Authorised,
            money: payment.money,
            transaction: None,
            test: false,
        };
        let unknown =
            StoredCardId::parse("nobody-knows-this").map_err(|_| Verdict::Skipped("no stored card id"))?;
        Ok(match operation {
            Operation::Authorize => refusal(self.try_payment(&payment, Capture::Auto).await?.result),
            Operation::Verify => refusal(self.ask_verify(&payment).await?),
            Operation::Capture => refusal(self.ask_capture(&snapshot, payment.money).await),
            Operation::Void => refusal(self.ask_void(&snapshot).await),
            Operation::Refund => refusal(self.ask_refund(&snapshot, payment.money).await),
            Operation::Register => refusal(self.ask_register(&payment).await?),
            Operation::ChargeStored => refusal(self.ask_charge(&unknown).await?),
            Operation::Forget => refusal_to_ask(self.ask_forget(&unknown).await),
            Operation::Lookup => {
                let doubt = InDoubt::new(reference, Operation::Authorize, DoubtCause::Restart);
                let recorder = self.recorder(reference);
                refusal_to_ask(self.kit.gateway.lookup(recorder.context(), &doubt).await)
            }
        })
    }

    async fn ask_verify(&self, payment: &Payment) -> Check<Result<Verification, GatewayError>> {
        let (reference, key) = self.fresh();
        let card = self.card(payment)?;
        let recorder = self.recorder(reference);
        let request = Verify { reference, key, entry: Entry::TelephoneOrder, card: &card };
        Ok(self.kit.gateway.verify(recorder.context(), request).await)
    }

    async fn ask_register(&self, payment: &Payment) -> Check<Result<Registration, GatewayError>> {
        let (reference, key) = self.fresh();
        let card = self.card(payment)?;
        let recorder = self.recorder(reference);
        let mode = RegisterMode::VerifyThenStore;
        let request = Register { reference, key, mode, entry: Entry::TelephoneOrder, card: &card };
        Ok(self.kit.gateway.register(recorder.context(), request).await)
    }

    async fn ask_charge(&self, stored: &StoredCardId) -> Check<Result<Authorization, GatewayError>> {
        let (reference, key) = self.fresh();
        let recorder = self.recorder(reference);
        let request = ChargeStored {
            reference,
            key,
            order: self.order()?,
            money: self.kit.approved.money,
            capture: Capture::Auto,
            method: PaymentMethod::LumpSum,
            entry: Entry::StoredCustomerInitiated,
            stored,
        };
        Ok(self.kit.gateway.charge_stored(recorder.context(), request).await)
    }

    async fn ask_forget(&self, stored: &StoredCardId) -> Result<(), AskError> {
        let (reference, _) = self.fresh();
        let recorder = self.recorder(reference);
        self.kit.gateway.forget(recorder.context(), stored).await
    }
}

fn refusal<T>(result: Result<T, GatewayError>) -> Option<Refusal> {
    match result {
        Err(GatewayError::Refused { reason, .. }) => Some(reason),
        _ => None,
    }
}

fn refusal_to_ask<T>(result: Result<T, AskError>) -> Option<Refusal> {
    match result {
        Err(AskError::Refused(reason)) => Some(reason),
        _ => None,
    }
}
