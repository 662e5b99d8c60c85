//! What happens by chance, the same way for the same seed.

use core::fmt;
use core::time::Duration;

use rand::{Rng, SeedableRng, rngs::SmallRng};

use super::table::{Effect, Fault};
use crate::{Advice, DeclineReason};

/// How many charges of a thousand go otherwise than well, of those that no row of the
/// [`table`](super::table()) decides. What is left over is approved; where the sum is more than 1000, the first
/// ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Odds {
    /// Declined, for one of the usual reasons.
    pub declined: u16,
    /// Approved, and the answer is lost.
    pub answer_lost: u16,
    /// The request is lost on its way.
    pub request_lost: u16,
    /// Nothing is sent.
    pub not_sent: u16,
    /// The provider fails with a 5xx before it charges.
    pub server_error: u16,
    /// Approved, and the answer cannot be read.
    pub unreadable: u16,
    /// Approved, and found only after a minute.
    pub late: u16,
}

/// How long every answer takes: at least the first, at most the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// The shortest time.
    pub least: Duration,
    /// The longest time.
    pub most: Duration,
}

/// A seeded source of outcomes.
pub(super) struct Chance {
    rng: SmallRng,
    odds: Odds,
    delay: Option<Delay>,
}

impl Chance {
    pub(super) fn new(seed: u64, odds: Odds, delay: Option<Delay>) -> Self {
        Self { rng: SmallRng::seed_from_u64(seed), odds, delay }
    }

    /// What a charge does that nothing else decides.
    pub(super) fn effect(&mut self) -> Effect {
        let odds = self.odds;
        let faults = [
            (odds.answer_lost, Fault::LostAnswer),
            (odds.request_lost, Fault::LostRequest),
            (odds.not_sent, Fault::NotSent),
            (odds.server_error, Fault::ServerError),
            (odds.unreadable, Fault::Unreadable),
            (odds.late, Fault::Late),
        ];
        let mut drawn = self.below(1000);
        if drawn < u64::from(odds.declined) {
            return self.decline();
        }
        drawn -= u64::from(odds.declined);
        for (share, fault) in faults {
            if drawn < u64::from(share) {
                return Effect::Fault(fault);
            }
            drawn -= u64::from(share);
        }
        Effect::Approve
    }

    fn decline(&mut self) -> Effect {
        let place = usize::try_from(self.below(USUAL.len() as u64)).unwrap_or(0);
        Effect::Decline(USUAL[place], Advice::Unspecified)
    }

    /// How long the next answer takes.
    pub(super) fn delay(&mut self) -> Duration {
        let Some(Delay { least, most }) = self.delay else { return Duration::ZERO };
        let span = most.saturating_sub(least).as_millis();
        let extra = self.below(u64::try_from(span).unwrap_or(u64::MAX).saturating_add(1));
        least.saturating_add(Duration::from_millis(extra))
    }

    /// A number below `end`, every one as likely as the others to within 2⁻³².
    fn below(&mut self, end: u64) -> u64 {
        let drawn = u128::from(self.rng.next_u64()) * u128::from(end);
        u64::try_from(drawn >> 64).unwrap_or(0)
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chance").field("odds", &self.odds).field("delay", &self.delay).finish_non_exhaustive()
    }
}

/// The reasons cards are declined for most.
const USUAL: [DeclineReason; 4] = [
    DeclineReason::InsufficientFunds,
    DeclineReason::CardNotUsable,
    DeclineReason::LimitExceeded,
    DeclineReason::IssuerUnavailable,
];
