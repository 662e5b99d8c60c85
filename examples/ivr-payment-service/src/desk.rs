//! One call's dealings with the store and the payments: what the telephony side knows of money.

mod notes;
mod script;
mod talk;
mod terms;
mod till;

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paytone_call::{Clips, Input};
use paytone_card::MaskedPan;
use paytone_dialog::{
    AfterCall, Entry, Field, Language, MerchantName, OrderCode, OrderRefusal, OrderSummary, Outcome, Payment,
    Phase, Progress, Prompt, Script, Verdict,
};
use paytone_redact::SafeText;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

pub use self::script::build_script;
use self::script::script;
pub use self::talk::CannotPay;
use self::till::Till;
use crate::Services;
use crate::bus::{Commanded, EventKind};
use crate::config::{LineDialog, LineKind, LineMatch};
use crate::matching::{self, Asker, Clues, KeyedCode, Matcher as _};
use crate::recorder::Recorder;
use crate::store::{
    CallUlid, Claim, GuessLimits, MatchedBy, MerchantUlid, NewCall, Order, PausedRecorder, Store, StoreError,
};

/// A call as the store knows it, from its start to its outcome.
#[derive(Debug)]
pub struct Desk {
    services: Services,
    call: CallUlid,
    source: SafeText,
    order: Arc<Mutex<Option<Order>>>,
    card: Option<MaskedPan>,
    /// What the caller is being asked for.
    asked: Option<Field>,
    language: Option<Language>,
    line: String,
    languages: Vec<Language>,
    dialog: LineDialog,
    from: String,
    sip_call_id: String,
    commands: mpsc::Receiver<Commanded>,
    /// The merchant's call it is, of as many as there may be.
    _slot: OwnedSemaphorePermit,
}

/// Who rings, as the request says.
#[derive(Debug)]
pub struct Caller {
    /// The `Call-ID` header.
    pub sip_call_id: String,
    /// The URI of the `From` header.
    pub from: String,
    /// What guesses and tries are counted by: the address the request came from, before it the number of a partner's caller.
    pub source: String,
    /// The telephone number of the caller as the network asserts it or else as the phone says, digits alone.
    pub number: Option<String>,
    /// What the headers say that may name an order.
    pub headers: Vec<String>,
}

/// Where the answer to a lookup or an authorisation goes.
pub type Answers = mpsc::Sender<Input<'static>>;

impl Drop for Desk {
    fn drop(&mut self) {
        self.services.bus.forget(self.call);
    }
}

impl Desk {
    /// Records the call as its line's merchant's, finds or makes its order where what is dialled, a header or the caller's
    /// number says which, and writes its script.
    ///
    /// # Errors
    /// [`StoreError`]: then there is no call. [`StoreError::Conflict`] where the merchant has as many as it may have.
    pub async fn open(
        services: Services,
        dialled: LineMatch<'_>,
        caller: Caller,
        now: Duration,
    ) -> Result<(Self, Script), StoreError> {
        let line = dialled.line;
        let services = services.of(line);
        let slot = services.shop.slots.clone().try_acquire_owned().map_err(|_| StoreError::Conflict)?;
        let merchant = services.shop.merchant_id;
        let new = NewCall {
            merchant,
            sip_call_id: SafeText::new(&caller.sip_call_id),
            line: SafeText::new(&line.name),
            caller: Some(SafeText::new(&caller.from)),
        };
        let call = services.store.call_started(&new, now).await?;
        tracing::info!(%call, line = line.name, "call started");
        services.bus.publish(merchant, Some(call), now, EventKind::CallStarted { line: line.name.clone() });
        let (commands, line_name) = (services.bus.serve(call), line.name.clone());
        let desk = Self {
            services,
            call,
            source: SafeText::new(&caller.source),
            order: Arc::default(),
            card: None,
            asked: None,
            language: None,
            line: line_name,
            languages: line.languages.clone(),
            dialog: line.dialog.clone(),
            from: caller.from.clone(),
            sip_call_id: caller.sip_call_id.clone(),
            commands,
            _slot: slot,
        };
        match desk.entry(dialled, caller, now).await {
            Ok(entry) => {
                let after = if line.operator.is_some() { AfterCall::Operator } else { AfterCall::HangUp };
                let script = script(&desk.services, &line.languages, &line.dialog, entry, after);
                Ok((desk, script))
            }
            Err(error) => {
                desk.close(Outcome::CallerHungUp(Phase::Ringing)).await;
                Err(error)
            }
        }
    }

    /// How the dialog begins on this line.
    async fn entry(
        &self,
        dialled: LineMatch<'_>,
        caller: Caller,
        now: Duration,
    ) -> Result<Entry, StoreError> {
        let line = dialled.line;
        if let LineKind::PayFixed(money) = line.kind {
            let (store, ttl) = (&self.services.store, self.services.shop.order.ttl);
            let order = store.create_fixed_price_order(self.call, &line.name, money, ttl, now).await?;
            return Ok(Entry::Order(self.keep(order)));
        }
        let clues = Clues {
            dialled: dialled.code.map(str::to_owned),
            keyed: None,
            caller_id: caller.number,
            headers: caller.headers,
        };
        let found = matching::find(&matching::ways(line), &self.asker(now), &clues).await?;
        Ok(match found {
            Some((MatchedBy::CallerId, Claim::Taken(order))) => Entry::Suggested(self.keep(order)),
            Some((_, Claim::Taken(order))) => Entry::Order(self.keep(order)),
            Some((_, Claim::Refused(refusal))) => Entry::Refused(refusal),
            None => Entry::AskOrderCode,
        })
    }

    /// The call's id.
    #[must_use]
    pub const fn call(&self) -> CallUlid {
        self.call
    }

    /// Whose call it is.
    #[must_use]
    pub fn merchant(&self) -> MerchantUlid {
        self.services.shop.merchant_id
    }

    /// What the switchboard's recorder of this call is known by, and whose call it is.
    #[must_use]
    pub fn recorder_of(&self) -> (PausedRecorder, MerchantUlid) {
        let of = PausedRecorder {
            call: self.call,
            sip_call_id: self.sip_call_id.clone(),
            line: self.line.clone(),
        };
        (of, self.services.shop.merchant_id)
    }

    /// The voice the caller hears: the merchant's.
    #[must_use]
    pub fn clips(&self) -> Arc<dyn Clips> {
        self.services.shop.clips.clone()
    }

    /// Finds the order of a keyed code, in its own task.
    pub fn look_up(&self, code: OrderCode, answers: Answers) {
        let (asker, merchant) = (self.asker(crate::clock::now()), merchant(&self.services));
        let order = self.order.clone();
        tokio::spawn(async move {
            let clues = Clues { keyed: Some(code.as_str().to_owned()), ..Clues::default() };
            let answer = match KeyedCode::OnTheCall.find(&asker, &clues).await {
                Ok(Some(Claim::Taken(found))) => {
                    let summary = summary(merchant, &found);
                    *locked(&order) = Some(found);
                    Input::OrderFound(summary)
                }
                Ok(Some(Claim::Refused(refusal))) => Input::OrderRefused(refusal),
                Ok(None) => Input::OrderRefused(OrderRefusal::Busy),
                Err(_) => Input::Unavailable,
            };
            drop(answers.send(answer).await);
        });
    }

    /// Hands the card to the payments, in a task that goes on whatever becomes of the call.
    pub fn authorize(&self, payment: Payment, answers: Answers) {
        let (card, details) = payment.into_parts();
        let Some(order) = locked(&self.order).clone() else {
            // The dialog asks for a card only once it knows the order.
            tracing::error!(call = %self.call, "no order to pay");
            drop(answers.try_send(Input::Verdict(Verdict::Unavailable)));
            return;
        };
        let (services, call) = (self.services.clone(), self.call);
        let (source, line) = (self.source.clone(), self.line.clone());
        tokio::spawn(async move {
            let till = Till { services, call, source, line };
            let verdict = till.pay(&order, card, details).await;
            drop(answers.send(Input::Verdict(verdict)).await);
        });
    }

    /// Has the payment that was just approved taken back.
    pub fn void(&self, answers: Answers) {
        self.publish(EventKind::TakingBack);
        let (payments, call) = (self.services.payments.clone(), self.call);
        let Some(order) = locked(&self.order).as_ref().map(|order| order.id) else {
            tracing::error!(%call, "no order to take back");
            return drop(answers.try_send(Input::Verdict(Verdict::Unknown)));
        };
        tokio::spawn(async move {
            let verdict = payments.take_back(call, order).await;
            drop(answers.send(Input::Verdict(verdict)).await);
        });
    }

    /// What an operator wants done next.
    pub async fn command(&mut self) -> Option<Commanded> {
        self.commands.recv().await
    }

    /// Asks whether a card can be paid now and then has the recorder pause, before the caller is asked for one; the answer
    /// goes to the call.
    pub fn before_card(&self, recorder: Option<Recorder>, answers: Answers) {
        let (services, call) = (self.services.clone(), self.call);
        tokio::spawn(async move {
            let merchant = services.shop.merchant_id;
            let answer = match services.gate.check(merchant).await {
                Ok(()) => match recorder {
                    Some(recorder) if !recorder.pause().await.unwrap_or(false) => Input::SecureRefused,
                    _ => Input::Secured,
                },
                Err(trouble) => {
                    tracing::warn!(%call, trouble = trouble.as_str(), "no card is asked for");
                    Input::Unavailable
                }
            };
            drop(answers.send(answer).await);
        });
    }

    /// Keys reach nobody but the dialog from now on.
    pub fn secured(&self) {
        self.publish(EventKind::Secured);
    }

    /// Nobody knows whether the switchboard records.
    pub fn unverified(&self) {
        self.publish(EventKind::Recorder { state: "unverified" });
    }

    /// Secure mode is over.
    pub fn released(&self) {
        self.publish(EventKind::Released);
    }

    /// A prompt starts.
    pub fn speaking(&mut self, prompts: &[Prompt], language: Language) {
        if self.language.replace(language) != Some(language) {
            self.publish(EventKind::Language(language));
        }
        let names: Vec<_> = prompts.iter().map(|prompt| prompt.name().to_owned()).collect();
        tracing::debug!(call = %self.call, prompts = names.join(" "), "speaking");
        self.publish(EventKind::Prompt(names));
    }

    /// The caller got further.
    pub fn report(&mut self, progress: Progress) {
        let shown = progress.last_four().copied();
        if let (true, Some(masked), Some(brand)) = (shown != self.card, shown, progress.brand()) {
            self.card = shown;
            let (services, call) = (self.services.clone(), self.call);
            tokio::spawn(async move { services.store.call_card(call, masked, brand).await });
        }
        match progress.phase() {
            Phase::Collecting => self.asked = progress.field(),
            // A call that is over was left where it was.
            Phase::Finished => {}
            _ => self.asked = None,
        }
        self.publish(EventKind::Progress(progress));
    }

    /// Records the outcome and lets go of the order. A caller does not wait for a database that is away: it is told later.
    pub async fn close(&self, outcome: Outcome) {
        let now = crate::clock::now();
        let record = async {
            if let Some(field) = self.asked {
                self.services.store.call_left_at(self.call, field).await?;
            }
            self.services.store.call_ended(self.call, &outcome, now).await
        };
        if !matches!(tokio::time::timeout(CLOSING, record).await, Ok(Ok(()))) {
            tracing::error!(call = %self.call, "the end of a call could not be recorded yet");
            tokio::spawn(record_later(self.services.store.clone(), self.call, outcome, now));
        }
        tracing::info!(call = %self.call, %outcome, "call ended");
        self.publish(EventKind::CallEnded(outcome));
    }

    fn asker(&self, now: Duration) -> Asker {
        Asker {
            store: self.services.store.clone(),
            call: self.call,
            source: self.source.clone(),
            limits: limits(&self.services),
            now,
        }
    }

    fn keep(&self, order: Order) -> OrderSummary {
        let summary = summary(merchant(&self.services), &order);
        *locked(&self.order) = Some(order);
        summary
    }

    fn publish(&self, kind: EventKind) {
        let merchant = self.services.shop.merchant_id;
        self.services.bus.publish(merchant, Some(self.call), crate::clock::now(), kind);
    }
}

/// Tells the store how a call ended until it takes it: an order must not stay with a call that is over. Where the process
/// ends first, the next start ends the call.
async fn record_later(store: Store, call: CallUlid, outcome: Outcome, at: Duration) {
    loop {
        tokio::time::sleep(CLOSING).await;
        match store.call_ended(call, &outcome, at).await {
            Err(StoreError::Database) => {}
            Ok(()) => return tracing::info!(%call, "the end of a call is recorded"),
            Err(error) => return tracing::error!(%call, %error, "the end of a call is not recorded"),
        }
    }
}

/// How long the end of a call waits for the store.
const CLOSING: Duration = Duration::from_secs(2);

/// What a panic left behind is as good as what it found: every change is one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the caller hears of an order, in the order's language if prompts are spoken in it.
fn summary(merchant: MerchantName, order: &Order) -> OrderSummary {
    let summary = OrderSummary::new(merchant, order.money).with_terms(terms::of(order));
    let language = order.terms.language.as_ref().and_then(|tag| tag.as_str().parse().ok());
    match language {
        Some(language) => summary.with_language(language),
        None => summary,
    }
}

/// Who is paid. Checked when the service started.
fn merchant(services: &Services) -> MerchantName {
    services.shop.merchant.clone()
}

fn limits(services: &Services) -> GuessLimits {
    let order = &services.shop.order;
    GuessLimits {
        per_call: order.max_guesses_per_call,
        per_caller: order.max_guesses_per_caller,
        window: order.guess_window,
    }
}
