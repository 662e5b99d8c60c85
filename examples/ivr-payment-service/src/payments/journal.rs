//! What is journalled of an attempt after its intent, and what is asked about one whose answer did not come.

use core::time::Duration;

use paytone_psp::attempt::{Attempt, Event, InvalidEvent, State, Transition};
use paytone_psp::{AskError, CallContext, Found, InDoubt, Reference};

use super::Cashier;
use super::checkpoint::NoCheckpoint;
use crate::bus::EventKind;
use crate::failpoint;
use crate::store::{AttemptRecord, CallUlid, ChangeError, MerchantUlid, RequestKey, StoreError};

/// How long to wait before an outcome the store did not take is written again.
const STORE_PATIENCE: Duration = Duration::from_secs(1);

impl Cashier {
    /// Asks what became of an attempt whenever that is due, until it is known.
    pub(super) async fn look_up(&self, mut record: AttemptRecord) {
        let reference = *record.attempt.reference();
        while let Some(due) = record.attempt.poll_timeout() {
            self.tools.clock.sleep_until(due).await;
            let aged = self.change(reference, |attempt, now| Ok(attempt.handle_timeout(now))).await;
            let Ok(aged) = aged else { return };
            let asked = self.now();
            record = match aged.attempt.in_doubt().filter(|_| aged.attempt.lookup_due(asked)) {
                None => aged,
                Some(doubt) => {
                    let event = match self.ask_about(aged.merchant, &doubt, asked).await {
                        Ok(found) => Event::LookedUp { asked, found },
                        Err(_) => Event::LookupFailed,
                    };
                    let Some(learnt) = self.learn(reference, event, Event::LookupFailed).await else {
                        return;
                    };
                    learnt
                }
            };
        }
    }

    pub(super) async fn ask_about(
        &self,
        merchant: MerchantUlid,
        doubt: &InDoubt,
        now: Duration,
    ) -> Result<Found, AskError> {
        let account = self.tools.accounts.of(merchant).map_err(|_| AskError::NoAnswer)?;
        let deadline = now.saturating_add(account.deadline);
        let context = CallContext { now, deadline, checkpoint: &NoCheckpoint };
        let answer = self.wait_for(account.gateway.lookup(context, doubt), deadline).await;
        answer.unwrap_or(Err(AskError::NoAnswer))
    }

    /// Journals what the gateway said. Where that makes no sense, `otherwise` is what happened, and somebody is told.
    pub(super) async fn learn(
        &self,
        reference: Reference,
        event: Event,
        otherwise: Event,
    ) -> Option<AttemptRecord> {
        let learnt = self.change(reference, |attempt, now| {
            attempt.apply(event.clone(), now).or_else(|error| {
                tracing::error!(%reference, %error, "a person has to look: the gateway's answer makes no sense");
                attempt.apply(otherwise.clone(), now)
            })
        });
        let learnt = learnt.await;
        failpoint::hit("learnt");
        learnt
            .inspect_err(|error| tracing::error!(%reference, %error, "an outcome could not be journalled"))
            .ok()
    }

    /// Changes an attempt in the journal, however often the store has to be asked: what has happened has happened.
    pub(super) async fn change(
        &self,
        reference: Reference,
        change: impl Fn(&mut Attempt, Duration) -> Result<Transition, InvalidEvent> + Send + Sync,
    ) -> Result<AttemptRecord, ChangeError> {
        loop {
            match self.change_once(reference, &change).await {
                Err(ChangeError::Store(StoreError::Database)) => {
                    self.tools.clock.sleep_until(self.now().saturating_add(STORE_PATIENCE)).await;
                }
                changed => return changed,
            }
        }
    }

    pub(super) async fn change_once(
        &self,
        reference: Reference,
        change: impl Fn(&mut Attempt, Duration) -> Result<Transition, InvalidEvent> + Send,
    ) -> Result<AttemptRecord, ChangeError> {
        self.change_for(None, reference, change).await
    }

    /// The same as what a request began.
    pub(super) async fn change_for(
        &self,
        request: Option<&RequestKey>,
        reference: Reference,
        change: impl Fn(&mut Attempt, Duration) -> Result<Transition, InvalidEvent> + Send,
    ) -> Result<AttemptRecord, ChangeError> {
        let now = self.now();
        let changed = move |attempt: &mut Attempt| change(attempt, now);
        let (record, transition) =
            self.tools.store.change_attempt_for(request, reference, now, changed).await?;
        if transition.changed {
            self.publish(record.merchant, record.source.call(), &record.attempt);
        }
        Ok(record)
    }

    pub(super) fn publish(&self, merchant: MerchantUlid, call: Option<CallUlid>, attempt: &Attempt) {
        let (reference, state) = (*attempt.reference(), attempt.state());
        tracing::info!(call = call.as_ref().map(CallUlid::as_str), %reference, %state, "attempt");
        if attempt.needs_compensation() || state == State::NeedsPerson {
            tracing::error!(%reference, %state, "a person has to look at this attempt");
        }
        self.tools.bus.publish(merchant, call, self.now(), EventKind::AttemptState { reference, state });
    }
}
