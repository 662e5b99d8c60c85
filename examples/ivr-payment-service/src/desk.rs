//! One call's dealings with the store and the payments: what the telephony side knows of money.

mod talk;

use core::time::Duration;
use std::sync::{Arc, OnceLock};

use paytone_call::Input;
use paytone_card::{Card, MaskedPan, PanPolicy};
use paytone_dialog::{
    AfterCall, Entry, Language, MerchantName, OrderCode, OrderRefusal, OrderSummary, Outcome, Phase,
    Progress, Prompt, Script, Timeouts, Verdict,
};
use paytone_redact::SafeText;
use tokio::sync::mpsc;

pub use self::talk::CannotPay;
use crate::Services;
use crate::bus::{CallCommand, EventKind};
use crate::config::{DialogConfig, LineKind, LineMatch};
use crate::guard::{Ruling, Try};
use crate::store::{CallUlid, Claim, Claimant, GuessLimits, NewCall, Order, StoreError};

/// A call as the store knows it, from its start to its outcome.
#[derive(Debug)]
pub struct Desk {
    services: Services,
    call: CallUlid,
    claimant: Claimant,
    order: Arc<OnceLock<Order>>,
    card: Option<MaskedPan>,
    language: Option<Language>,
    line: String,
    languages: Vec<Language>,
    from: String,
    commands: mpsc::Receiver<CallCommand>,
}

/// Who rings, as the request says.
#[derive(Debug)]
pub struct Caller {
    /// The `Call-ID` header.
    pub sip_call_id: String,
    /// The URI of the `From` header.
    pub from: String,
    /// The address the request came from: what guesses are counted by.
    pub source: String,
}

/// Where the answer to a lookup or an authorisation goes.
pub type Answers = mpsc::Sender<Input<'static>>;

impl Desk {
    /// Records the call, finds or makes its order where the dialled number says which, and writes its script.
    ///
    /// # Errors
    /// [`StoreError`]: then there is no call.
    pub async fn open(
        services: Services,
        dialled: LineMatch<'_>,
        caller: Caller,
        now: Duration,
    ) -> Result<(Self, Script), StoreError> {
        let line = dialled.line;
        let merchant = services.merchant_id;
        let new = NewCall {
            merchant,
            sip_call_id: SafeText::new(&caller.sip_call_id),
            line: SafeText::new(&line.name),
            caller: Some(SafeText::new(&caller.from)),
        };
        let call = services.store.call_started(&new, now).await?;
        tracing::info!(%call, line = line.name, "call started");
        services.bus.publish(merchant, Some(call), now, EventKind::CallStarted { line: line.name.clone() });
        let claimant = Claimant { call, source: SafeText::new(&caller.source) };
        let (commands, line_name) = (services.bus.serve(call), line.name.clone());
        let desk = Self {
            services,
            call,
            claimant,
            order: Arc::default(),
            card: None,
            language: None,
            line: line_name,
            languages: line.languages.clone(),
            from: caller.from,
            commands,
        };
        match desk.entry(dialled, now).await {
            Ok(entry) => {
                let after = if line.operator.is_some() { AfterCall::Operator } else { AfterCall::HangUp };
                let script = script(&desk.services, &line.languages, entry, after);
                Ok((desk, script))
            }
            Err(error) => {
                desk.close(Outcome::CallerHungUp(Phase::Ringing)).await;
                Err(error)
            }
        }
    }

    /// How the dialog begins on this line.
    async fn entry(&self, dialled: LineMatch<'_>, now: Duration) -> Result<Entry, StoreError> {
        let line = dialled.line;
        Ok(match (line.kind, dialled.code) {
            (LineKind::PayFixed(money), _) => {
                let (store, ttl) = (&self.services.store, self.services.config.order.ttl);
                self.keep(store.create_fixed_price_order(self.call, &line.name, money, ttl, now).await?)
            }
            (_, Some(code)) => match self.claim(code, now).await? {
                Claim::Taken(order) => self.keep(order),
                Claim::Refused(refusal) => Entry::Refused(refusal),
            },
            (_, None) => Entry::AskOrderCode,
        })
    }

    /// The call's id.
    #[must_use]
    pub const fn call(&self) -> CallUlid {
        self.call
    }

    /// Finds the order of a keyed code, in its own task.
    pub fn look_up(&self, code: OrderCode, answers: Answers) {
        let (services, claimant) = (self.services.clone(), self.claimant.clone());
        let (order, merchant) = (self.order.clone(), merchant(&self.services));
        tokio::spawn(async move {
            let limits = limits(&services);
            let claim =
                services.store.claim_order(code.as_str(), &claimant, &limits, crate::clock::now()).await;
            let answer = match claim {
                Ok(Claim::Taken(found)) => {
                    let summary = summary(merchant, &found);
                    drop(order.set(found));
                    Input::OrderFound(summary)
                }
                Ok(Claim::Refused(refusal)) => Input::OrderRefused(refusal),
                Err(_) => Input::OrderRefused(OrderRefusal::Busy),
            };
            drop(answers.send(answer).await);
        });
    }

    /// Hands the card to the payments, whose task goes on whatever becomes of the call.
    pub fn authorize(&self, card: Card, answers: Answers) {
        let Some(order) = self.order.get().cloned() else {
            // The dialog asks for a card only once it knows the order.
            tracing::error!(call = %self.call, "no order to pay");
            drop(answers.try_send(Input::Verdict(Verdict::Unavailable)));
            return;
        };
        match self.judge(&order, &card) {
            Ruling::Pass => {}
            Ruling::PassWithAlarm(alarm) => self.publish(EventKind::Alarm { alarm }),
            Ruling::Stop(alarm) => {
                tracing::warn!(call = %self.call, alarm, "a card was not tried");
                self.publish(EventKind::Alarm { alarm });
                drop(answers.try_send(Input::Verdict(Verdict::Unavailable)));
                return;
            }
        }
        let verdict = self.services.payments.authorize(self.call, &order, card);
        let (services, line, call) = (self.services.clone(), self.line.clone(), self.call);
        tokio::spawn(async move {
            let verdict = verdict.await;
            if matches!(verdict, Verdict::Declined { .. }) {
                let now = crate::clock::now();
                if let Some(alarm) = services.guard.declined(order.merchant, &line, order.id, now) {
                    services.bus.publish(order.merchant, Some(call), now, EventKind::Alarm { alarm });
                }
            }
            drop(answers.send(Input::Verdict(verdict)).await);
        });
    }

    /// What an operator wants done next.
    pub async fn command(&mut self) -> Option<CallCommand> {
        self.commands.recv().await
    }

    fn judge(&self, order: &Order, card: &Card) -> Ruling {
        let caller = self.claimant.source.as_str();
        let (merchant, money) = (order.merchant, order.money);
        let this = Try { merchant, order: order.id, money, caller, line: &self.line, card };
        self.services.guard.judge(&this, crate::clock::now())
    }

    /// Keys reach nobody but the dialog from now on.
    pub fn secured(&self) {
        self.publish(EventKind::Secured);
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
        self.publish(EventKind::Progress(progress));
    }

    /// Records the outcome and lets go of the order.
    pub async fn close(&self, outcome: Outcome) {
        let now = crate::clock::now();
        if self.services.store.call_ended(self.call, &outcome, now).await.is_err() {
            tracing::error!(call = %self.call, "the end of a call could not be recorded");
        }
        tracing::info!(call = %self.call, %outcome, "call ended");
        self.publish(EventKind::CallEnded(outcome));
    }

    async fn claim(&self, code: &str, now: Duration) -> Result<Claim, StoreError> {
        self.services.store.claim_order(code, &self.claimant, &limits(&self.services), now).await
    }

    fn keep(&self, order: Order) -> Entry {
        let summary = summary(merchant(&self.services), &order);
        drop(self.order.set(order));
        Entry::Order(summary)
    }

    fn publish(&self, kind: EventKind) {
        let merchant = self.services.merchant_id;
        self.services.bus.publish(merchant, Some(self.call), crate::clock::now(), kind);
    }
}

/// The dialog of one call. The settings were checked when the service started.
#[expect(clippy::expect_used, reason = "`Services::new` has built a script from the same settings")]
fn script(services: &Services, languages: &[Language], entry: Entry, after: AfterCall) -> Script {
    build_script(&services.config.dialog, languages, entry, after)
        .expect("the dialog settings were checked at start")
}

/// A script with the configured exceptions to the usual settings.
///
/// # Errors
/// [`InvalidScript`](paytone_dialog::InvalidScript) if a setting is out of range.
pub fn build_script(
    config: &DialogConfig,
    languages: &[Language],
    entry: Entry,
    after: AfterCall,
) -> Result<Script, paytone_dialog::InvalidScript> {
    let usual = Timeouts::default();
    let timeouts = Timeouts {
        first_digit: config.first_digit.unwrap_or(usual.first_digit),
        inter_digit: config.inter_digit.unwrap_or(usual.inter_digit),
        may_go_on: config.may_go_on.unwrap_or(usual.may_go_on),
        field: config.field.unwrap_or(usual.field),
        session: config.session.unwrap_or(usual.session),
        ..usual
    };
    let mut script = Script::builder(entry)
        .languages(languages)
        .after(after)
        .timeouts(timeouts)
        .pan_policy(PanPolicy::default().with_test_numbers_only(true));
    if let Some(tries) = config.no_input_attempts {
        script = script.no_input(tries);
    }
    if let Some(tries) = config.no_match_attempts {
        script = script.no_match(tries);
    }
    if let Some(times) = config.authorizations {
        script = script.authorizations(times);
    }
    script.build()
}

/// What the caller hears of an order, in the order's language if prompts are spoken in it.
fn summary(merchant: MerchantName, order: &Order) -> OrderSummary {
    let summary = OrderSummary::new(merchant, order.money);
    let language = order.terms.language.as_ref().and_then(|tag| tag.as_str().parse().ok());
    match language {
        Some(language) => summary.with_language(language),
        None => summary,
    }
}

/// Who is paid. Checked when the service started.
fn merchant(services: &Services) -> MerchantName {
    services.merchant.clone()
}

fn limits(services: &Services) -> GuessLimits {
    let order = &services.config.order;
    GuessLimits {
        per_call: order.max_guesses_per_call,
        per_caller: order.max_guesses_per_caller,
        window: order.guess_window,
    }
}
