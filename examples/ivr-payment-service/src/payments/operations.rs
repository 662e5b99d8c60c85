//! What a merchant does with a payment afterwards, and payments without a caller: captures, voids, refunds, charges of
//! stored cards. Each is journalled, asked and journalled like an authorisation, and outlives whoever asked for it.

use paytone_dialog::{Details, Verdict};
use paytone_psp::attempt::{Attempt, Event, Pending, State};
use paytone_psp::{
    CallContext, CaptureRequest, ChargeStored, Entry, GatewayError, InDoubt, Money, Operation, Reference,
    RefundRequest, Refusal, Snapshot, VoidRequest,
};
use tokio::sync::oneshot;

use super::answer::{NoAnswer, event};
use super::checkpoint::{JournalCheckpoint, NoCheckpoint};
use super::{Account, Cashier, Payments, names};
use crate::failpoint;
use crate::store::{
    AttemptRecord, CallUlid, ChangeError, Chosen, MerchantUlid, NewAttempt, Order, OrderUlid, RequestKey,
    Source, StoreError, StoredCardRecord,
};

/// What is to be done with a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operate {
    /// Take what was reserved: this much, or all of it.
    Capture(Option<Money>),
    /// Let go of what was reserved.
    Void,
    /// Give back what was taken: this much, or all that is left.
    Refund(Option<Money>),
}

/// Why it was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// The attempt does not allow it, or the store did not take it. Nothing was sent.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The provider does not do it, or was not reached: nothing has changed.
    #[error("the provider did not do it")]
    NotDone,
    /// The task that did it is gone; the journal knows more.
    #[error("the outcome is in the journal")]
    Interrupted,
}

impl Payments {
    /// Captures, voids or refunds. Where the answer is missing, the attempt comes back with the operation still open: it
    /// is looked up from then on.
    ///
    /// # Errors
    ///
    /// [`OperationError`].
    pub async fn operate(
        &self,
        merchant: MerchantUlid,
        reference: Reference,
        what: Operate,
    ) -> Result<AttemptRecord, OperationError> {
        self.operate_for(None, merchant, reference, what).await
    }

    /// The same for a request, which can be answered from the journal should this process be killed.
    ///
    /// # Errors
    ///
    /// [`OperationError`].
    pub async fn operate_for(
        &self,
        request: Option<RequestKey>,
        merchant: MerchantUlid,
        reference: Reference,
        what: Operate,
    ) -> Result<AttemptRecord, OperationError> {
        let (sender, receiver) = oneshot::channel();
        let this = self.clone();
        self.in_the_background(async move {
            let done = this.cashier.operate(request.as_ref(), merchant, reference, what).await;
            if let Ok(record) = &done {
                this.look_up(record.clone());
            }
            drop(sender.send(done));
        });
        receiver.await.unwrap_or(Err(OperationError::Interrupted))
    }

    /// Takes back what was approved in this call, whose caller is gone: a reservation is let go of, money that was taken is
    /// given back. [`Verdict::Unknown`] where that did not happen, so that the approval stands.
    pub async fn take_back(&self, call: CallUlid, order: OrderUlid) -> Verdict {
        let attempts = match self.cashier.tools.store.attempts_of(order).await {
            Ok(attempts) => attempts,
            Err(error) => {
                tracing::error!(%call, %error, "a payment that was to be taken back could not be found");
                return Verdict::Unknown;
            }
        };
        let ours = attempts.iter().rev().find(|record| record.source.call() == Some(call));
        let taken = |record: &AttemptRecord| match record.attempt.state() {
            State::Approved => Some(Operate::Void),
            State::Captured => Some(Operate::Refund(None)),
            _ => None,
        };
        let Some((record, what)) = ours.and_then(|record| Some((record, taken(record)?))) else {
            tracing::error!(%call, "there is nothing that could be taken back");
            return Verdict::Unknown;
        };
        match self.operate(record.merchant, *record.attempt.reference(), what).await {
            Ok(done) if matches!(done.attempt.state(), State::Voided | State::Refunded) => Verdict::Voided,
            Ok(_) => Verdict::Unknown,
            Err(error) => {
                tracing::error!(%call, %error, "a payment could not be taken back");
                Verdict::Unknown
            }
        }
    }

    /// Pays an open order with a stored card.
    ///
    /// # Errors
    ///
    /// [`OperationError`]. A decline is no error: it is the attempt's state.
    pub async fn charge_stored(
        &self,
        order: &Order,
        card: &StoredCardRecord,
    ) -> Result<AttemptRecord, OperationError> {
        self.charge_stored_for(None, order, card).await
    }

    /// The same for a request, which can be answered from the journal should this process be killed.
    ///
    /// # Errors
    ///
    /// [`OperationError`]. A decline is no error: it is the attempt's state.
    pub async fn charge_stored_for(
        &self,
        request: Option<RequestKey>,
        order: &Order,
        card: &StoredCardRecord,
    ) -> Result<AttemptRecord, OperationError> {
        let (sender, receiver) = oneshot::channel();
        let (this, order, card) = (self.clone(), order.clone(), card.clone());
        self.in_the_background(async move {
            let done = this.cashier.charge_stored(request.as_ref(), &order, &card).await;
            if let Ok(record) = &done {
                this.look_up(record.clone());
            }
            drop(sender.send(done));
        });
        receiver.await.unwrap_or(Err(OperationError::Interrupted))
    }

    /// Has the provider forget a stored card.
    ///
    /// # Errors
    ///
    /// [`OperationError::NotDone`] where the provider does not say that it has.
    pub async fn forget(
        &self,
        merchant: MerchantUlid,
        card: &StoredCardRecord,
    ) -> Result<(), OperationError> {
        let tools = &self.cashier.tools;
        let account = tools.accounts.of(merchant).map_err(|_| OperationError::NotDone)?;
        let now = self.cashier.now();
        let deadline = now.saturating_add(account.deadline);
        let context = CallContext { now, deadline, checkpoint: &NoCheckpoint };
        let asked = self.cashier.wait_for(account.gateway.forget(context, &card.provider_id), deadline).await;
        match asked {
            Ok(Ok(())) => Ok(tools.store.card_forgotten(card.id, now).await.map_err(ChangeError::from)?),
            _ => Err(OperationError::NotDone),
        }
    }

    /// Asks the provider once what it has of an attempt, now, and believes it.
    ///
    /// # Errors
    ///
    /// [`OperationError::NotDone`] where there is no answer.
    pub async fn look_up_now(&self, record: &AttemptRecord) -> Result<AttemptRecord, OperationError> {
        let reference = *record.attempt.reference();
        let doubt = record.attempt.in_doubt().unwrap_or_else(|| plain_question(&record.attempt));
        let asked = self.cashier.now();
        let found = self
            .cashier
            .ask_about(record.merchant, &doubt, asked)
            .await
            .map_err(|_| OperationError::NotDone)?;
        let learnt = self
            .cashier
            .change_once(reference, |attempt, now| {
                attempt.apply(Event::LookedUp { asked, found: found.clone() }, now)
            })
            .await;
        self.cashier.tools.store.attempt_checked(reference, asked).await.map_err(ChangeError::from)?;
        if let Err(ChangeError::Event(error)) = &learnt {
            tracing::error!(%reference, %error, "a person has to look: the provider has something else than we have");
        }
        Ok(learnt?)
    }
}

impl Cashier {
    async fn operate(
        &self,
        request: Option<&RequestKey>,
        merchant: MerchantUlid,
        reference: Reference,
        what: Operate,
    ) -> Result<AttemptRecord, OperationError> {
        let (_, key) = names(self.now());
        let account = self.tools.accounts.of(merchant).map_err(|_| OperationError::NotDone)?;
        let patience = account.deadline;
        let begun = self
            .change_for(request, reference, |attempt: &mut Attempt, now| {
                let deadline = now.saturating_add(patience);
                let event = match what {
                    Operate::Capture(money) => {
                        Event::Capture { key, deadline, money: money.unwrap_or(attempt.money()) }
                    }
                    Operate::Void => Event::Void { key, deadline },
                    Operate::Refund(money) => {
                        let all = attempt.left_to_refund().unwrap_or(Money::zero(attempt.money().currency()));
                        Event::Refund { key, deadline, money: money.unwrap_or(all) }
                    }
                };
                attempt.apply(event, now)
            })
            .await?;
        failpoint::hit("operation");
        let Some(pending) = begun.attempt.pending().copied() else { return Ok(begun) };
        let answer = self.request(account, &begun.attempt, pending).await;
        failpoint::hit("operation-answered");
        let refused = matches!(answer, Ok(Err(GatewayError::NotSent { .. } | GatewayError::Refused { .. })));
        let event = match answer {
            Ok(Ok(snapshot)) => Event::Done(snapshot),
            _ if refused => Event::NoEffect,
            _ => Event::NoAnswer,
        };
        let learnt = self.learn(reference, event, Event::NoAnswer).await;
        match learnt {
            Some(_) if refused => Err(OperationError::NotDone),
            Some(record) => Ok(record),
            None => Err(OperationError::Interrupted),
        }
    }

    async fn request(
        &self,
        account: &Account,
        attempt: &Attempt,
        pending: Pending,
    ) -> Result<Result<Snapshot, GatewayError>, NoAnswer> {
        let (gateway, money) = (&account.gateway, pending.money);
        let context = CallContext { now: self.now(), deadline: pending.deadline, checkpoint: &NoCheckpoint };
        let (reference, key, transaction) = (*attempt.reference(), pending.key, attempt.transaction());
        let asked = match pending.operation {
            Operation::Capture => {
                gateway.capture(context, CaptureRequest { reference, key, transaction, money })
            }
            Operation::Void => gateway.void(context, VoidRequest { reference, key, transaction }),
            Operation::Refund => {
                gateway.refund(context, RefundRequest { reference, key, transaction, money })
            }
            other => return Ok(Err(GatewayError::refused(Refusal::Unsupported(other)))),
        };
        self.wait_for(asked, pending.deadline).await
    }

    async fn charge_stored(
        &self,
        request: Option<&RequestKey>,
        order: &Order,
        card: &StoredCardRecord,
    ) -> Result<AttemptRecord, OperationError> {
        let account = self.tools.accounts.of(order.merchant).map_err(|_| OperationError::NotDone)?;
        let source = Source::StoredCard(card.id);
        let attempt = self.new_attempt(order).ok_or(ChangeError::Store(StoreError::NotHeld))?;
        let (last_four, brand) = (card.last_four, card.brand);
        let chosen = &Chosen::new(order, &Details::default());
        let new = NewAttempt { attempt: &attempt, order: order.id, source, last_four, brand, chosen };
        let begun = self.tools.store.begin_attempt_for(request, new, self.now());
        begun.await.map_err(ChangeError::from)?;
        self.publish(order.merchant, None, &attempt);
        failpoint::hit("intent");
        let answer = match attempt.pending() {
            None => Err(NoAnswer),
            Some(pending) => {
                let reference = *attempt.reference();
                let checkpoint = JournalCheckpoint { cashier: self, reference, card: None };
                let (now, deadline) = (self.now(), pending.deadline);
                let context = CallContext { now, deadline, checkpoint: &checkpoint };
                let request = ChargeStored {
                    reference,
                    key: pending.key,
                    order: attempt.order(),
                    money: attempt.money(),
                    capture: attempt.capture(),
                    method: chosen.method,
                    entry: Entry::StoredMerchantInitiated,
                    stored: &card.provider_id,
                };
                self.wait_for(account.gateway.charge_stored(context, request), deadline).await
            }
        };
        failpoint::hit("answered");
        let learnt = self.learn(*attempt.reference(), event(answer), Event::NoAnswer).await;
        learnt.ok_or(OperationError::Interrupted)
    }
}

/// A question about an attempt nothing of which is open.
fn plain_question(attempt: &Attempt) -> InDoubt {
    let doubt = InDoubt::new(*attempt.reference(), Operation::Authorize, paytone_psp::DoubtCause::Restart);
    match attempt.transaction() {
        Some(transaction) => doubt.with_transaction(transaction.clone()),
        None => doubt,
    }
}

impl Payments {
    /// Gives back what must not be held: approvals that came to light against all reports, or of another amount than was
    /// asked for, or of an order that was cancelled meanwhile. How many were begun.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn compensate(&self) -> Result<usize, StoreError> {
        let held = self.cashier.tools.store.attempts_to_compensate().await?;
        for record in &held {
            let (reference, state) = (*record.attempt.reference(), record.attempt.state());
            let what = match state {
                State::Approved => Operate::Void,
                _ => Operate::Refund(None),
            };
            tracing::warn!(%reference, %state, "giving back what must not be held");
            if let Err(error) = self.operate(record.merchant, reference, what).await {
                tracing::error!(%reference, %error, "it could not be given back; it is tried again");
            }
        }
        Ok(held.len())
    }

    /// Asks the provider about every payment that was not compared since `before`. How many were asked about.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn check_settled(&self, before: core::time::Duration) -> Result<usize, StoreError> {
        let settled = self.cashier.tools.store.attempts_to_check(before).await?;
        for record in &settled {
            if let Err(OperationError::Change(ChangeError::Store(error))) = self.look_up_now(record).await {
                return Err(error);
            }
        }
        Ok(settled.len())
    }

    /// Believes what a person found out about an attempt in doubt.
    ///
    /// # Errors
    ///
    /// [`OperationError::Change`]: the attempt needs no person.
    pub async fn settle(
        &self,
        reference: Reference,
        finding: paytone_psp::attempt::PersonsFinding,
    ) -> Result<AttemptRecord, OperationError> {
        let settled = self
            .cashier
            .change_once(reference, |attempt, now| attempt.apply(Event::SettledByPerson(finding), now));
        Ok(settled.await?)
    }
}
