//! One attempt lived through with a process that can die anywhere and a provider that can fail in any way, and what
//! has to hold at the end.
//!
//! [`live`] plays a caller of this crate: journal, gateway, journal, a restart where the [`Plan`] has the process
//! die, lookups when they are due, compensation where the journal asks for it. Time is the [`Provider`]'s, so hours
//! pass at once. At the end:
//!
//! - an order has at most one approval that was not reversed;
//! - an approval the provider holds is `Approved` or `Captured` in the journal, and what the journal says last is in
//!   the outbox;
//! - nothing says `Declined` or `NotCharged` while the provider holds the money;
//! - no nine digits of the card number are in the journal;
//! - nothing was charged once the attempt's deadline had passed.
//!
//! ```
//! use core::time::Duration;
//! use paytone_card::test_numbers;
//! use paytone_psp::model::{Plan, Simulated, live};
//! use paytone_psp::conformance::Payment;
//! use paytone_psp::{Currency, Money};
//!
//! let money = Money::new(1251, Currency::JPY); // approved, and the answer is lost
//! let payment = Payment { pan: test_numbers::VISA, expiry: "1230", code: "123", money };
//! let provider = Simulated::new(Duration::from_secs(1_800_000_000));
//! let end = live(&provider, &payment, Plan::default()).expect("nothing is lost");
//! assert_eq!(end.to_string(), "captured");
//! ```

mod journal;
mod process;
mod simulated;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use self::journal::Journal;
use self::process::Process;
use crate::attempt::State;
use crate::conformance::Payment;
use crate::{Capture, Gateway, OrderId, Reference};

pub use self::simulated::Simulated;

/// How long each request may take in a model: the attempt's deadline is this much after its intent.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A provider and its time, seen from outside.
///
/// Its gateway never waits for anything real. A request during which the process is to die stays pending for ever;
/// the model takes that for the death of the process.
pub trait Provider: Send + Sync {
    /// The gateway to it.
    fn gateway(&self) -> &dyn Gateway;

    /// The time now, since the Unix epoch.
    fn now(&self) -> Duration;

    /// Lets time pass.
    fn set_now(&self, now: Duration);

    /// Everything the provider holds.
    fn holdings(&self) -> Vec<Holding>;

    /// What was held up on its way arrives now. Nothing, where nothing can be held up.
    fn deliver_delayed(&self) {}
}

/// Money a provider holds or has taken, and has not given back in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Our name of the payment.
    pub reference: Reference,
    /// When it was approved, since the Unix epoch, where the provider knows.
    pub charged_at: Option<Duration>,
}

/// Where the process dies, when the money is taken, and what is done with an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Where the process dies.
    pub dies: Dies,
    /// When the money is taken.
    pub capture: Capture,
    /// Whether an approval is reversed in the end.
    pub reverses: bool,
    /// How long after the intent a request that was held up arrives.
    pub late: Option<Duration>,
}

impl Default for Plan {
    /// A process that lives, money taken at once and kept.
    fn default() -> Self {
        Self { dies: Dies::Never, capture: Capture::Auto, reverses: false, late: None }
    }
}

/// Where the process dies. A death during a request is the provider's to arrange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dies {
    /// Nowhere.
    Never,
    /// The attempt is written; nobody meant to pay yet.
    AfterCreating,
    /// The intent is written, the gateway not asked.
    AfterIntent,
    /// In the middle of writing the checkpoint.
    BeforeCheckpointIsDurable,
    /// The checkpoint is written, the request that moves money not sent.
    AfterCheckpointIsDurable,
    /// The answer has come and is not written.
    BeforeAnswerIsWritten,
    /// The answer is written.
    AfterAnswerIsWritten,
    /// The reversal is written, and not sent.
    BeforeReversalIsSent,
    /// The reversal was answered and that is not written.
    BeforeReversalIsWritten,
}

impl Dies {
    /// Every point.
    pub const ALL: [Self; 9] = [
        Self::Never,
        Self::AfterCreating,
        Self::AfterIntent,
        Self::BeforeCheckpointIsDurable,
        Self::AfterCheckpointIsDurable,
        Self::BeforeAnswerIsWritten,
        Self::AfterAnswerIsWritten,
        Self::BeforeReversalIsSent,
        Self::BeforeReversalIsWritten,
    ];
}

/// Lives one attempt through to its end, and then a second one for the same order where the first left it free.
///
/// # Errors
///
/// What does not hold, in words.
pub fn live(provider: &dyn Provider, payment: &Payment, plan: Plan) -> Result<State, String> {
    let order = OrderId::parse("2026-0001").map_err(|error| format!("{error}"))?;
    let first = live_once(provider, payment, plan, &order, 1)?;
    if first.blocks_new_attempt() {
        return Ok(first);
    }
    let harmless = Payment { money: crate::Money::new(1200, payment.money.currency()), ..*payment };
    live_once(provider, &harmless, Plan { dies: Dies::Never, reverses: false, ..plan }, &order, 2)?;
    Ok(first)
}

fn live_once(
    provider: &dyn Provider,
    payment: &Payment,
    plan: Plan,
    order: &OrderId,
    seed: u64,
) -> Result<State, String> {
    let mut process = Process::start(provider, payment, plan, order, seed);
    if process.pay().is_err() {
        process = process.restart()?;
    }
    process.settle()?;
    // A reversal may never be sent, be turned away, be lost on its way, or have its answer lost; the last one
    // succeeds.
    for _ in 0..REVERSALS {
        if process.wants_reversal() && process.reverse().is_err() {
            process = process.restart()?;
        }
        process.settle()?;
    }
    let journal = process.into_journal();
    judge(provider, payment, plan, &journal).map_err(|broken| {
        format!("{broken}\n{plan:?}\n{:?}\n{:#?}", provider.holdings(), journal.attempt())
    })?;
    Ok(journal.attempt().state())
}

/// How often a reversal is tried: more often than a provider is made to fail.
const REVERSALS: u32 = 6;

/// What has to hold at the end.
fn judge(
    provider: &dyn Provider,
    payment: &Payment,
    plan: Plan,
    journal: &Journal,
) -> Result<(), &'static str> {
    let attempt = journal.attempt();
    let holdings = provider.holdings();
    let own = holdings.iter().filter(|holding| holding.reference == *attempt.reference()).count();
    let believes = matches!(attempt.state(), State::Approved | State::Captured);
    ensure(holdings.len() <= 1, "the order has two approvals")?;
    ensure(believes || own == 0, "the provider holds money the journal does not know of")?;
    ensure(!believes || own == 1, "the journal believes in money the provider does not hold")?;
    ensure(believes || attempt.state().is_over(), "the attempt has no end")?;
    ensure(!(plan.reverses && believes), "an approval was not reversed")?;
    ensure(!attempt.needs_compensation(), "what contradicts a report was not reversed")?;
    ensure(journal.is_reported(), "the last state was not reported, or versions do not rise")?;
    ensure(!journal.holds_digits(payment.pan), "card digits are in the journal")?;
    let in_time = |charged_at: Duration| journal.deadline().is_none_or(|deadline| charged_at < deadline);
    let late = holdings.iter().filter(|holding| holding.reference == *attempt.reference());
    ensure(
        late.filter_map(|holding| holding.charged_at).all(in_time),
        "something was charged after the deadline",
    )
}

fn ensure(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// Polls a future that waits for nothing real. `None` where it is pending: the process died there.
fn at_once<T>(mut future: crate::BoxFuture<'_, T>) -> Option<T> {
    let mut context = core::task::Context::from_waker(core::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        core::task::Poll::Ready(value) => Some(value),
        core::task::Poll::Pending => None,
    }
}

/// A future that never comes back: what a provider answers during a request in which the process is to die.
#[must_use]
pub fn death<'a, T: Send + 'a>() -> crate::BoxFuture<'a, T> {
    Box::pin(core::future::pending())
}
