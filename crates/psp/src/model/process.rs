//! The process: a caller of this crate, as the crate's documentation asks for it.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use paytone_card::Card;
use rand::{SeedableRng, rngs::SmallRng};

use super::journal::Journal;
use super::{Dies, PATIENCE, Plan, Provider, at_once};
use crate::attempt::{Attempt, Event, State};
use crate::conformance::Payment;
use crate::{
    Authorization, Authorize, BoxFuture, CallContext, Checkpoint, CheckpointBlob, CheckpointFailed, Entry,
    GatewayError, IdempotencyKey, OrderId, PaymentMethod, Reference, RefundRequest, Retry, Snapshot,
    VoidRequest,
};

/// The process is gone; only the journal is left.
pub(super) struct Died;

/// A process that lives one attempt through.
pub(super) struct Process<'a> {
    provider: &'a dyn Provider,
    payment: &'a Payment,
    plan: Plan,
    order: OrderId,
    journal: Mutex<Journal>,
    names: SmallRng,
    late: Option<Duration>,
    broken: Mutex<Option<String>>,
}

impl<'a> Process<'a> {
    pub(super) fn start(
        provider: &'a dyn Provider,
        payment: &'a Payment,
        plan: Plan,
        order: &OrderId,
        seed: u64,
    ) -> Self {
        let now = provider.now();
        let mut names = SmallRng::seed_from_u64(seed);
        let reference = Reference::generate(now, &mut names);
        let attempt = Attempt::new(reference, order.clone(), payment.money, plan.capture, now);
        Self {
            provider,
            payment,
            plan,
            order: order.clone(),
            journal: Mutex::new(Journal::new(attempt)),
            names,
            late: plan.late.map(|late| now + late),
            broken: Mutex::new(None),
        }
    }

    /// A new process on the same journal, some time later.
    pub(super) fn restart(self) -> Result<Self, String> {
        let now = self.provider.now() + Duration::from_secs(3);
        self.provider.set_now(now);
        self.locked().recover(now)?;
        Ok(Self { plan: Plan { dies: Dies::Never, ..self.plan }, ..self })
    }

    pub(super) fn into_journal(self) -> Journal {
        self.journal.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The authorisation: made again under the same key where nothing was sent and there is time.
    pub(super) fn pay(&mut self) -> Result<(), Died> {
        self.die_if(Dies::AfterCreating)?;
        let key = IdempotencyKey::generate(&mut self.names);
        self.apply(Event::Intend { key, deadline: self.provider.now() + PATIENCE })?;
        self.die_if(Dies::AfterIntent)?;
        let Some(card) = self.payment.card(self.provider.now()) else { return Err(Died) };
        for _ in 0..TRIES {
            let answer = self.ask(key, &card)?;
            self.die_if(Dies::BeforeAnswerIsWritten)?;
            match answer {
                Err(GatewayError::NotSent { retry: Retry::SameKey { after } }) => {
                    self.provider.set_now(self.provider.now() + after);
                }
                answer => {
                    self.apply(event(answer))?;
                    return self.die_if(Dies::AfterAnswerIsWritten);
                }
            }
        }
        self.apply(Event::NoEffect)?;
        self.die_if(Dies::AfterAnswerIsWritten)
    }

    fn ask(&self, key: IdempotencyKey, card: &Card) -> Result<Result<Authorization, GatewayError>, Died> {
        let attempt = self.locked().attempt().clone();
        let request = Authorize {
            reference: *attempt.reference(),
            key,
            order: &self.order,
            money: attempt.money(),
            capture: attempt.capture(),
            method: PaymentMethod::LumpSum,
            entry: Entry::TelephoneOrder,
            card,
            postcode: None,
        };
        let deadline = attempt.pending().map_or(Duration::ZERO, |pending| pending.deadline);
        at_once(self.provider.gateway().authorize(self.context(deadline), request)).ok_or(Died)
    }

    /// Lets time pass until nothing is open.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        for _ in 0..MOST_LOOKUPS {
            let due = self.locked().attempt().poll_timeout();
            let Some(due) = self.pass_time(due) else { return self.whole() };
            self.provider.set_now(self.provider.now().max(due));
            let now = self.provider.now();
            self.locked().handle_timeout(now)?;
            let doubt = {
                let journal = self.locked();
                journal.attempt().in_doubt().filter(|_| journal.attempt().lookup_due(now))
            };
            let Some(doubt) = doubt else { continue };
            let found = at_once(self.provider.gateway().lookup(self.context(now + PATIENCE), &doubt));
            let event = match found {
                Some(Ok(found)) => Event::LookedUp { asked: now, found },
                Some(Err(_)) | None => Event::LookupFailed,
            };
            self.locked().apply(event, now)?;
        }
        Err("the attempt has no end".to_string())
    }

    /// The next time at which something is to be done; what was held up arrives when its time comes.
    fn pass_time(&mut self, due: Option<Duration>) -> Option<Duration> {
        if let Some(late) = self.late.filter(|late| due.is_none_or(|due| *late <= due)) {
            self.late = None;
            self.provider.set_now(self.provider.now().max(late));
            self.provider.deliver_delayed();
        }
        due
    }

    pub(super) fn wants_reversal(&self) -> bool {
        self.plan.reverses || self.locked().attempt().needs_compensation()
    }

    /// Voids or refunds what is held.
    pub(super) fn reverse(&mut self) -> Result<(), Died> {
        let attempt = self.locked().attempt().clone();
        let (reference, key) = (*attempt.reference(), IdempotencyKey::generate(&mut self.names));
        let (transaction, deadline) = (attempt.transaction(), self.provider.now() + PATIENCE);
        let answer = match (attempt.state(), attempt.left_to_refund()) {
            (State::Approved, _) => {
                self.apply(Event::Void { key, deadline })?;
                self.die_if(Dies::BeforeReversalIsSent)?;
                let request = VoidRequest { reference, key, transaction };
                at_once(self.provider.gateway().void(self.context(deadline), request))
            }
            (State::Captured, Some(money)) => {
                self.apply(Event::Refund { key, deadline, money })?;
                self.die_if(Dies::BeforeReversalIsSent)?;
                let request = RefundRequest { reference, key, transaction, money };
                at_once(self.provider.gateway().refund(self.context(deadline), request))
            }
            _ => return Ok(()),
        };
        let answer = answer.ok_or(Died)?;
        self.die_if(Dies::BeforeReversalIsWritten)?;
        self.apply(reversed(answer))
    }

    fn die_if(&self, here: Dies) -> Result<(), Died> {
        if self.plan.dies == here { Err(Died) } else { Ok(()) }
    }

    fn context(&self, deadline: Duration) -> CallContext<'_> {
        CallContext { now: self.provider.now(), deadline, checkpoint: self }
    }

    fn locked(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what happened. What the journal refuses is a finding of its own; the process goes on without it.
    fn apply(&self, event: Event) -> Result<(), Died> {
        let written = self.locked().apply(event, self.provider.now());
        written.map_err(|refused| {
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(refused);
            Died
        })
    }

    /// Whether the journal took everything.
    fn whole(&self) -> Result<(), String> {
        match self.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(refused) => Err(refused),
            None => Ok(()),
        }
    }
}

impl Checkpoint for Process<'_> {
    fn save<'b>(&'b self, blob: &'b CheckpointBlob) -> BoxFuture<'b, Result<(), CheckpointFailed>> {
        if self.plan.dies == Dies::BeforeCheckpointIsDurable {
            return super::death();
        }
        // Refused where it is too late to send.
        let saved = self.locked().apply(Event::Send { checkpoint: blob.clone() }, self.provider.now());
        if self.plan.dies == Dies::AfterCheckpointIsDurable {
            return super::death();
        }
        Box::pin(core::future::ready(saved.map_err(|_| CheckpointFailed)))
    }
}

fn event(answer: Result<Authorization, GatewayError>) -> Event {
    match answer {
        Ok(Authorization::Approved(approval)) => Event::Approved(approval),
        Ok(Authorization::Declined(decline)) => Event::Declined(decline.reason),
        Err(GatewayError::InDoubt(_)) => Event::NoAnswer,
        Err(GatewayError::NotSent { .. } | GatewayError::Refused { .. }) => Event::NoEffect,
    }
}

fn reversed(answer: Result<Snapshot, GatewayError>) -> Event {
    match answer {
        Ok(snapshot) => Event::Done(snapshot),
        Err(GatewayError::InDoubt(_)) => Event::NoAnswer,
        Err(GatewayError::NotSent { .. } | GatewayError::Refused { .. }) => Event::NoEffect,
    }
}

/// How often an authorisation that was not sent is made.
const TRIES: u32 = 3;

/// More lookups than any attempt needs that comes to an end.
const MOST_LOOKUPS: u32 = 200;
