//! The only way money moves: journal, gateway, journal.
//!
//! A payment runs in a task of its own that outlives the call: a hang-up cannot drop a request in flight. Whatever
//! another system can see is journalled before it happens, and an answer that did not come is looked up by our own
//! reference, for as long as it takes, and never asked for again.

mod accounts;
mod answer;
mod checkpoint;
mod journal;
mod operations;
mod reach;
mod without_money;

use core::fmt;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use paytone_card::Card;
use paytone_dialog::{Details, Verdict};
use paytone_psp::attempt::{Attempt, Event};
use paytone_psp::{
    Authorization, Authorize, BoxFuture, CallContext, Entry, GatewayError, IdempotencyKey, Postcode,
    Reference, Refusal,
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::accounts::{Account, Accounts};
pub use self::operations::{Operate, OperationError};

use self::answer::{Answer, NoAnswer, caught, event, given_back, refusal, same_key_after, verdict};
use self::checkpoint::JournalCheckpoint;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::failpoint;
use crate::store::{
    AttemptRecord, CallUlid, ChangeError, Chosen, MerchantUlid, NewAttempt, Order, Source, Store, StoreError,
};

/// How long past its deadline a gateway may still take to say so itself before it is not listened to any more.
const GRACE: Duration = Duration::from_secs(5);

/// How often an authorisation is made, under the same key, where nothing of it was sent.
const MOST_TRIES: u32 = 3;

/// Takes payments. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Payments {
    cashier: Arc<Cashier>,
    authorizations: TaskTracker,
    /// Nobody waits for the requests in flight any more.
    given_up: CancellationToken,
    lookups: CancellationToken,
}

/// What payments are made with.
#[expect(missing_debug_implementations, reason = "a gateway need not print")]
pub struct Tools {
    /// Where they are journalled.
    pub store: Store,
    /// Who is asked, for which merchant.
    pub accounts: Accounts,
    /// Who may watch.
    pub bus: Bus,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What was found at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Calls that were up when the service stopped.
    pub calls: usize,
    /// Attempts whose outcome was not written yet.
    pub attempts: usize,
}

/// A verdict to come. Dropping it drops the verdict, not the payment.
#[derive(Debug)]
#[must_use = "the caller is waiting for the verdict"]
pub struct PendingVerdict(oneshot::Receiver<Verdict>);

impl Payments {
    /// Payments with these tools. Call [`recover`](Self::recover) before the first.
    #[must_use]
    pub fn with(tools: Tools) -> Self {
        Self {
            cashier: Arc::new(Cashier { tools }),
            authorizations: TaskTracker::new(),
            given_up: CancellationToken::new(),
            lookups: CancellationToken::new(),
        }
    }

    /// Whether no real card pays for this merchant: its account is a test account, or it has none.
    #[must_use]
    pub fn is_test(&self, merchant: MerchantUlid) -> bool {
        self.cashier.tools.accounts.of(merchant).ok().is_none_or(|account| account.gateway.info().test)
    }

    /// Asks for the money, once. The card is wiped when the provider has answered; with a decline it comes back without
    /// its code.
    pub fn authorize(&self, call: CallUlid, order: &Order, card: Card) -> PendingVerdict {
        self.authorize_as(call, order, card, Details::default())
    }

    /// As [`authorize`](Self::authorize), in the way the caller chose.
    pub fn authorize_as(
        &self,
        call: CallUlid,
        order: &Order,
        card: Card,
        details: Details,
    ) -> PendingVerdict {
        let chosen = Chosen::new(order, &details);
        let (sender, receiver) = oneshot::channel();
        let (this, order) = (self.clone(), order.clone());
        self.in_the_background(async move {
            let (verdict, doubtful) = this.cashier.authorize(call, &order, card, chosen).await;
            // A caller who is gone leaves nobody to tell; the journal has it.
            drop(sender.send(verdict));
            if let Some(attempt) = doubtful {
                this.look_up(attempt);
            }
        });
        PendingVerdict(receiver)
    }

    /// Clears up after a stop, whatever its cause: ends the calls that were up, settles the attempts that were never
    /// sent, and looks up those that may have been.
    ///
    /// # Errors
    ///
    /// The store fails; no payment may be taken then.
    pub async fn recover(&self) -> Result<Recovered, StoreError> {
        let (store, now) = (&self.cashier.tools.store, self.cashier.now());
        self.cashier.recover_cards().await?;
        let calls = store.end_interrupted_calls(now).await?;
        let open = store.open_attempts().await?;
        let attempts = open.len();
        for record in open {
            let reference = *record.attempt.reference();
            match self.cashier.change_once(reference, |attempt, now| Ok(attempt.recover(now))).await {
                Ok(attempt) => self.look_up(attempt),
                Err(ChangeError::Store(error)) => return Err(error),
                Err(ChangeError::Event(_)) => {}
            }
        }
        // Only now: whoever asks again is told what the journal has been brought to.
        store.abandon_requests().await?;
        Ok(Recovered { calls, attempts })
    }

    /// Waits for the answers to requests in flight, at most `patience`, and stops looking up doubtful ones: both go on
    /// at the next start.
    pub async fn shut_down(&self, patience: Duration) {
        self.lookups.cancel();
        self.authorizations.close();
        if tokio::time::timeout(patience, self.authorizations.wait()).await.is_err() {
            tracing::warn!("requests still in flight at shutdown; they are looked up at the next start");
            self.given_up.cancel();
            self.authorizations.wait().await;
        }
    }

    /// Goes on whatever becomes of who asked for it, until the service is shut down: the journal has where it was then.
    fn in_the_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.authorizations.spawn(self.given_up.clone().run_until_cancelled_owned(task));
    }

    /// Looks an attempt up until its outcome is known, in a task of its own.
    fn look_up(&self, record: AttemptRecord) {
        if record.attempt.poll_timeout().is_some() {
            let cashier = self.cashier.clone();
            let until_shut_down = self.lookups.clone();
            tokio::spawn(
                until_shut_down.run_until_cancelled_owned(async move { cashier.look_up(record).await }),
            );
        }
    }
}

impl Future for PendingVerdict {
    type Output = Verdict;

    /// A task that went down without a verdict leaves the outcome unknown.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Verdict> {
        Pin::new(&mut self.0).poll(context).map(|verdict| verdict.unwrap_or(Verdict::Unknown))
    }
}

/// Carries the payments out.
struct Cashier {
    tools: Tools,
}

impl Cashier {
    fn now(&self) -> Duration {
        self.tools.clock.now()
    }

    /// One authorisation from intent to verdict; with it the attempt, where it has to be looked up.
    async fn authorize(
        &self,
        call: CallUlid,
        order: &Order,
        card: Card,
        chosen: Chosen,
    ) -> (Verdict, Option<AttemptRecord>) {
        if !order.terms.purpose.has_amount() {
            return (self.without_money(call, order, card).await, None);
        }
        let Some(attempt) = self.intend(call, order, &card, &chosen).await else {
            return (Verdict::Unavailable, None);
        };
        failpoint::hit("intent");
        let deadline = attempt.pending().map_or(Duration::ZERO, |pending| pending.deadline);
        let answer = self.ask(order, &chosen, &attempt, &card).await;
        failpoint::hit("answered");
        let approved = matches!(&answer, Ok(Ok(Authorization::Approved(_))));
        let stores = order.terms.purpose.stores_card() && chosen.consent != Some(false);
        let (to_store, mut card) = match approved && stores {
            true => (Some(card), None),
            false => (None, given_back(&answer, card)),
        };
        let not_a_test_card = refusal(&answer) == Some(Refusal::NotATestNumber);
        let mut settled = pin!(self.learn(*attempt.reference(), event(answer), Event::NoAnswer));
        let record = tokio::select! {
            biased;
            record = &mut settled => record,
            () = self.tools.clock.sleep_until(deadline) => {
                // The store does not take the outcome. The card does not wait for it.
                card = None;
                settled.await
            }
        };
        if let Some(mut card) = to_store {
            card.drop_code();
            self.store_beside(call, order, &card).await;
        }
        (verdict(record.as_ref(), card, not_a_test_card), record)
    }

    /// Journals the intent. Without it nothing is sent.
    async fn intend(&self, call: CallUlid, order: &Order, card: &Card, chosen: &Chosen) -> Option<Attempt> {
        let now = self.now();
        let attempt = self.new_attempt(order)?;
        let (last_four, brand) = (card.masked(), card.brand());
        let source = Source::Call(call);
        let new = NewAttempt { attempt: &attempt, order: order.id, source, last_four, brand, chosen };
        if let Err(error) = self.tools.store.begin_attempt(new, now).await {
            tracing::error!(%call, %error, "the attempt could not be journalled");
            return None;
        }
        self.publish(order.merchant, Some(call), &attempt);
        Some(attempt)
    }

    /// An attempt whose name, key and deadline are fixed.
    fn new_attempt(&self, order: &Order) -> Option<Attempt> {
        let now = self.now();
        let (reference, key) = names(now);
        let capture = order.terms.purpose.capture();
        let mut attempt = Attempt::new(reference, order.order_id.clone(), order.money, capture, now);
        let deadline = now.saturating_add(self.tools.accounts.of(order.merchant).ok()?.deadline);
        match attempt.apply(Event::Intend { key, deadline }, now) {
            Ok(_) => Some(attempt),
            Err(error) => {
                tracing::error!(order = %order.id, %error, "no attempt can be made");
                None
            }
        }
    }

    async fn ask(&self, order: &Order, chosen: &Chosen, attempt: &Attempt, card: &Card) -> Answer {
        let pending = attempt.pending().ok_or(NoAnswer)?;
        let checkpoint =
            JournalCheckpoint { cashier: self, reference: *attempt.reference(), card: Some(card) };
        let context = CallContext { now: self.now(), deadline: pending.deadline, checkpoint: &checkpoint };
        let request = Authorize {
            reference: *attempt.reference(),
            key: pending.key,
            order: attempt.order(),
            money: attempt.money(),
            capture: attempt.capture(),
            method: chosen.method,
            entry: Entry::TelephoneOrder,
            card,
            postcode: chosen.postcode.as_deref().and_then(Postcode::parse),
        };
        let account = match self.tools.accounts.of(order.merchant) {
            Ok(account) => account,
            Err(none) => return Ok(Err(none)),
        };
        let again = |now| account.gateway.authorize(CallContext { now, ..context }, request);
        self.with_same_key(pending.deadline, again).await
    }

    /// Asks, and where nothing was sent asks again under the same key while there is time.
    async fn with_same_key<'a>(
        &self,
        deadline: Duration,
        ask: impl Fn(Duration) -> BoxFuture<'a, Result<Authorization, GatewayError>> + Send + Sync,
    ) -> Answer {
        for _ in 1..MOST_TRIES {
            let answer = self.wait_for(ask(self.now()), deadline).await;
            let Some(after) = same_key_after(&answer) else { return answer };
            let again = self.now().saturating_add(after);
            if again >= deadline {
                return answer;
            }
            self.tools.clock.sleep_until(again).await;
        }
        self.wait_for(ask(self.now()), deadline).await
    }

    /// Waits for a gateway, but not for ever, and outlives its bugs.
    async fn wait_for<T>(&self, answer: BoxFuture<'_, T>, deadline: Duration) -> Result<T, NoAnswer> {
        tokio::select! {
            biased;
            answer = caught(answer) => answer,
            () = self.tools.clock.sleep_until(deadline.saturating_add(GRACE)) => Err(NoAnswer),
        }
    }
}

impl fmt::Debug for Cashier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cashier").field("accounts", &self.tools.accounts).finish_non_exhaustive()
    }
}

fn names(now: Duration) -> (Reference, IdempotencyKey) {
    let mut rng = rand::rng();
    (Reference::generate(now, &mut rng), IdempotencyKey::generate(&mut rng))
}
