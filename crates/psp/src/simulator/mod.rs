//! A gateway for tests and demonstrations: no card network, no real card, every result marked as a test.
//!
//! What happens is decided by the published test card number and the amount, by one [`table`]. Numbers that
//! are not published test numbers are refused, so a misplaced simulator can never "approve" a real card.
//!
//! Where the table leaves it open, a charge is approved, or goes as seeded [`Odds`] have it.
//!
//! Its ledger lives in memory and dies with it: after a restart a lookup finds nothing.

mod chance;
mod exchange;
mod ledger;
mod pause;
mod table;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::chance::Chance;
use self::ledger::{Ledger, Request};
use self::table::{Effect, Fault};
use crate::{
    Authorization, CallContext, Capabilities, CheckpointBlob, DoubtCause, GatewayError, GatewayInfo, InDoubt,
    Money, Operation, Refusal, Retry, Snapshot,
};

pub use self::chance::{Delay, Odds};
pub use self::pause::{NoPause, Pause};
pub use self::table::{Row, markdown_table, table};

/// The simulated gateway.
///
/// ```
/// use paytone_psp::{Gateway, simulator::Simulator};
///
/// let gateway: Box<dyn Gateway> = Box::new(Simulator::new());
/// assert_eq!(gateway.info().name, "simulator");
/// assert!(gateway.info().test);
/// ```
pub struct Simulator {
    info: GatewayInfo,
    pause: Box<dyn Pause>,
    chance: Mutex<Option<Chance>>,
    ledger: Mutex<Ledger>,
}

impl Simulator {
    /// A simulator that answers at once.
    #[must_use]
    pub fn new() -> Self {
        Self::with_pause(NoPause)
    }

    /// A simulator that lets `pause` pass the time of its slow answers: a timer where it should feel real, a
    /// counter in tests.
    #[must_use]
    pub fn with_pause(pause: impl Pause + 'static) -> Self {
        let (chance, ledger) = (Mutex::new(None), Mutex::new(Ledger::default()));
        Self { info: info(), pause: Box::new(pause), chance, ledger }
    }

    /// The same, and what no row of the table decides goes by these odds, in the order in which charges come in;
    /// every answer to a charge takes as long as `delay` allows. The same seed makes the same outcomes.
    #[must_use]
    pub fn with_odds(mut self, seed: u64, odds: Odds, delay: Option<Delay>) -> Self {
        self.chance = Mutex::new(Some(Chance::new(seed, odds, delay)));
        self
    }

    /// Every transaction the simulator has made, by reference: what a provider's own list would show.
    #[must_use]
    pub fn transactions(&self) -> Vec<Snapshot> {
        self.ledger().transactions()
    }

    /// The ledger, whatever another thread's panic did to the lock: an entry is written whole or not at all.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Charges, with whatever goes wrong before and after.
    async fn charge(
        &self,
        context: CallContext<'_>,
        effect: Effect,
        request: Request,
    ) -> Result<Authorization, GatewayError> {
        check_sending(&context, request.money)?;
        save_checkpoint(&context, &request).await?;
        let (effect, delay) = self.draw(effect);
        match effect {
            Effect::Fault(Fault::NotSent) => return Err(GatewayError::NotSent { retry: RETRY_SOON }),
            Effect::Fault(Fault::LostRequest) => return Err(in_doubt(&request, DoubtCause::NoAnswer)),
            Effect::Fault(Fault::ServerError) => return Err(in_doubt(&request, DoubtCause::ServerError)),
            _ => {}
        }
        let answer = self.ledger().charge(&request, effect, context.now)?;
        match effect {
            _ if !answer.is_first => {}
            Effect::Fault(Fault::Slow) => self.answer_after(table::SLOW, &context, &request).await?,
            Effect::Fault(Fault::Unreadable) => return Err(in_doubt(&request, DoubtCause::Unreadable)),
            Effect::Fault(Fault::LostAnswer | Fault::Late) => {
                return Err(in_doubt(&request, DoubtCause::NoAnswer));
            }
            _ if !delay.is_zero() => self.answer_after(delay, &context, &request).await?,
            _ => {}
        }
        Ok(answer.value)
    }

    /// What happens to a charge, and how long its answer takes.
    fn draw(&self, effect: Effect) -> (Effect, Duration) {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(chance) = chance.as_mut() else { return (effect, Duration::ZERO) };
        let effect = if effect == Effect::Approve { chance.effect() } else { effect };
        (effect, chance.delay())
    }

    /// Lets the time of an answer pass, or what is left of it before the caller stops waiting.
    async fn answer_after(
        &self,
        time: Duration,
        context: &CallContext<'_>,
        request: &Request,
    ) -> Result<(), GatewayError> {
        let patience = context.deadline.saturating_sub(context.now);
        self.pause.pause(time.min(patience)).await;
        if patience < time {
            return Err(in_doubt(request, DoubtCause::NoAnswer));
        }
        Ok(())
    }

    /// Captures, voids or refunds.
    fn change(&self, context: &CallContext<'_>, request: &Request) -> Result<Snapshot, GatewayError> {
        check_sending(context, request.money)?;
        match self.ledger().change(request, context.now)? {
            (snapshot, None) => Ok(snapshot),
            (_, Some(_)) => Err(in_doubt(request, DoubtCause::NoAnswer)),
        }
    }
}

impl Default for Simulator {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transactions = self.ledger().transactions().len();
        f.debug_struct("Simulator").field("transactions", &transactions).finish_non_exhaustive()
    }
}

fn info() -> GatewayInfo {
    GatewayInfo {
        name: String::from("simulator"),
        test: true,
        capabilities: Capabilities {
            operations: Operation::ALL.to_vec(),
            partial_capture: true,
            partial_refund: true,
            remembers_keys: Some(Duration::MAX),
            currencies: vec![],
        },
    }
}

/// What keeps any request from being sent.
fn check_sending(context: &CallContext<'_>, money: Option<Money>) -> Result<(), GatewayError> {
    if context.is_past_deadline() {
        return Err(GatewayError::NotSent { retry: Retry::Never });
    }
    if money.is_some_and(Money::is_zero) {
        return Err(GatewayError::refused(Refusal::Amount));
    }
    Ok(())
}

/// The simulator finds its transactions by reference, so its checkpoint holds nothing more.
async fn save_checkpoint(context: &CallContext<'_>, request: &Request) -> Result<(), GatewayError> {
    let not_sent = GatewayError::NotSent { retry: Retry::Never };
    let Ok(blob) = CheckpointBlob::new(request.reference.as_str().as_bytes().to_vec()) else {
        return Err(not_sent);
    };
    context.checkpoint.save(&blob).await.map_err(|_| not_sent)
}

fn in_doubt(request: &Request, cause: DoubtCause) -> GatewayError {
    GatewayError::InDoubt(InDoubt::new(request.reference, request.operation, cause))
}

const RETRY_SOON: Retry = Retry::SameKey { after: Duration::from_secs(1) };
