//! The checks of the money-moving operations.

use alloc::format;

use super::asking::{Check, Suite, approval, ensure, expect_not_sent, expect_refused, failed, transaction};
use super::recorder::{Limits, Recorder};
use super::{Payment, Verdict};
use crate::{
    Authorization, Capture, CaptureRequest, Found, GatewayError, Money, Operation, ProviderState, Reference,
    RefundRequest, Snapshot, VoidRequest,
};

impl Suite<'_> {
    pub(super) async fn approval(&self) -> Check {
        let payment = self.kit.approved;
        let tried = self.try_payment(&payment, Capture::Auto).await?;
        ensure(tried.checkpoints >= 1, || "no checkpoint was made".into())?;
        ensure(!tried.checkpoint_too_late, || "the checkpoint came after the money had moved".into())?;
        let approval = approval(tried.result)?;
        self.expect_snapshot(&approval.snapshot, tried.reference, ProviderState::Captured, payment.money)?;
        self.expect_held(tried.reference, Some(ProviderState::Captured)).await
    }

    pub(super) async fn capture(&self) -> Check {
        self.needs(Operation::Capture)?;
        let (reference, approval) = self.approve(Capture::Manual).await?;
        let money = self.kit.approved.money;
        self.expect_snapshot(&approval.snapshot, reference, ProviderState::Authorised, money)?;
        let too_much = self.ask_capture(&approval.snapshot, plus_one(money)).await;
        expect_refused(too_much, &[])?;
        self.expect_held(reference, Some(ProviderState::Authorised)).await?;
        let captured = answered(self.ask_capture(&approval.snapshot, money).await)?;
        self.expect_snapshot(&captured, reference, ProviderState::Captured, money)?;
        expect_refused(self.ask_capture(&approval.snapshot, money).await, &[])?;
        self.expect_held(reference, Some(ProviderState::Captured)).await
    }

    pub(super) async fn decline(&self) -> Check {
        let Some((payment, reason)) = self.kit.declined else {
            return Err(Verdict::Skipped("no card to decline"));
        };
        let tried = self.try_payment(&payment, Capture::Auto).await?;
        match tried.result {
            Ok(Authorization::Declined(decline)) if decline.reason == reason => {}
            other => return Err(Verdict::Failed(format!("not declined as {reason}: {other:?}"))),
        }
        self.expect_held(tried.reference, None).await
    }

    pub(super) async fn no_checkpoint(&self) -> Check {
        let (reference, key) = self.fresh();
        let recorder = self.recorder(reference).refusing();
        let tried = self.try_as(&self.kit.approved, Capture::Auto, key, recorder, reference).await?;
        expect_not_sent(tried.result)?;
        self.expect_held(reference, None).await
    }

    pub(super) async fn past_deadline(&self) -> Check {
        let (reference, key) = self.fresh();
        let now = self.now();
        let recorder = Recorder::new(self.kit.gateway, reference, Limits { now, deadline: now });
        let tried = self.try_as(&self.kit.approved, Capture::Auto, key, recorder, reference).await?;
        expect_not_sent(tried.result)?;
        self.expect_held(reference, None).await
    }

    pub(super) async fn zero(&self) -> Check {
        let payment = Payment { money: Money::zero(self.kit.approved.money.currency()), ..self.kit.approved };
        let tried = self.try_payment(&payment, Capture::Auto).await?;
        expect_refused(tried.result, &[])?;
        self.expect_held(tried.reference, None).await
    }

    pub(super) async fn same_key(&self) -> Check {
        let first = self.try_repeatable().await?;
        let recorder = self.recorder(first.reference);
        let payment = self.kit.approved;
        let second = self.try_as(&payment, Capture::Auto, first.key, recorder, first.reference).await?;
        let (first_approval, second_approval) = (approval(first.result)?, approval(second.result)?);
        let same = transaction(&first_approval.snapshot) == transaction(&second_approval.snapshot);
        ensure(same, || "the same key made two transactions".into())?;
        self.expect_snapshot(
            &second_approval.snapshot,
            first.reference,
            ProviderState::Captured,
            self.kit.approved.money,
        )
    }

    pub(super) async fn same_key_other_amount(&self) -> Check {
        let first = self.try_repeatable().await?;
        let other = Payment { money: plus_one(self.kit.approved.money), ..self.kit.approved };
        let recorder = self.recorder(first.reference);
        let second = self.try_as(&other, Capture::Auto, first.key, recorder, first.reference).await?;
        expect_refused(second.result, &[])?;
        match self.find(first.reference).await {
            Ok(Found::Present(snapshot)) => {
                let money = self.kit.approved.money;
                self.expect_snapshot(&snapshot, first.reference, ProviderState::Captured, money)
            }
            Ok(Found::Absent) => failed("the first payment is gone"),
            Err(Verdict::Skipped(_)) => Ok(()),
            Err(verdict) => Err(verdict),
        }
    }

    async fn try_repeatable(&self) -> Check<super::asking::Try> {
        if self.kit.gateway.info().capabilities.remembers_keys.is_none() {
            return Err(Verdict::Skipped("the provider knows no keys"));
        }
        self.try_payment(&self.kit.approved, Capture::Auto).await
    }

    pub(super) async fn answer_lost(&self) -> Check {
        let Some(payment) = self.kit.answer_lost else {
            return Err(Verdict::Skipped("no answer can be lost"));
        };
        let reference = self.expect_in_doubt(&payment).await?;
        self.expect_held(reference, Some(ProviderState::Captured)).await
    }

    pub(super) async fn request_lost(&self) -> Check {
        let Some(payment) = self.kit.request_lost else {
            return Err(Verdict::Skipped("no request can be lost"));
        };
        let reference = self.expect_in_doubt(&payment).await?;
        self.expect_held(reference, None).await
    }

    async fn expect_in_doubt(&self, payment: &Payment) -> Check<Reference> {
        let tried = self.try_payment(payment, Capture::Auto).await?;
        ensure(tried.checkpoints >= 1, || "in doubt without a checkpoint".into())?;
        match tried.result {
            Err(GatewayError::InDoubt(doubt)) if *doubt.reference() == tried.reference => Ok(tried.reference),
            other => Err(Verdict::Failed(format!("not in doubt under its own reference: {other:?}"))),
        }
    }

    pub(super) async fn unknown(&self) -> Check {
        let (reference, _) = self.fresh();
        match self.find(reference).await? {
            Found::Absent => Ok(()),
            Found::Present(snapshot) => Err(Verdict::Failed(format!("found {:?}", snapshot.state))),
        }
    }

    pub(super) async fn void(&self) -> Check {
        self.needs(Operation::Void)?;
        let (reference, approval) = self.approve(Capture::Manual).await?;
        let voided = answered(self.ask_void(&approval.snapshot).await)?;
        self.expect_snapshot(&voided, reference, ProviderState::Voided, self.kit.approved.money)?;
        self.expect_held(reference, None).await?;
        if self.needs(Operation::Capture).is_ok() {
            expect_refused(self.ask_capture(&approval.snapshot, self.kit.approved.money).await, &[])?;
        }
        self.expect_held(reference, None).await
    }

    pub(super) async fn refund(&self) -> Check {
        self.needs(Operation::Refund)?;
        let (reference, approval) = self.approve(Capture::Auto).await?;
        let (all, one) = (self.kit.approved.money, Money::new(1, self.kit.approved.money.currency()));
        let part = self.kit.gateway.info().capabilities.partial_refund;
        let rest = if part { all.checked_sub(one).unwrap_or(all) } else { all };
        if part {
            let given = answered(self.ask_refund(&approval.snapshot, one).await)?;
            self.expect_snapshot(&given, reference, ProviderState::Refunded { total: one }, all)?;
            expect_refused(self.ask_refund(&approval.snapshot, all).await, &[])?;
        }
        let given = answered(self.ask_refund(&approval.snapshot, rest).await)?;
        self.expect_snapshot(&given, reference, ProviderState::Refunded { total: all }, all)?;
        expect_refused(self.ask_refund(&approval.snapshot, one).await, &[])?;
        self.expect_held(reference, None).await
    }

    pub(super) async fn ask_capture(&self, of: &Snapshot, money: Money) -> Result<Snapshot, GatewayError> {
        let (_, key) = self.fresh();
        let recorder = self.recorder(of.reference);
        let request = CaptureRequest { reference: of.reference, key, transaction: transaction(of), money };
        self.kit.gateway.capture(recorder.context(), request).await
    }

    pub(super) async fn ask_void(&self, of: &Snapshot) -> Result<Snapshot, GatewayError> {
        let (_, key) = self.fresh();
        let recorder = self.recorder(of.reference);
        let request = VoidRequest { reference: of.reference, key, transaction: transaction(of) };
        self.kit.gateway.void(recorder.context(), request).await
    }

    pub(super) async fn ask_refund(&self, of: &Snapshot, money: Money) -> Result<Snapshot, GatewayError> {
        let (_, key) = self.fresh();
        let recorder = self.recorder(of.reference);
        let request = RefundRequest { reference: of.reference, key, transaction: transaction(of), money };
        self.kit.gateway.refund(recorder.context(), request).await
    }
}

fn answered(result: Result<Snapshot, GatewayError>) -> Check<Snapshot> {
    result.map_err(|error| Verdict::Failed(format!("no answer: {error:?}")))
}

fn plus_one(money: Money) -> Money {
    Money::new(money.minor().saturating_add(1), money.currency())
}
