//! One suite every gateway is run through: does it keep what [`Gateway`] promises?
//!
//! The suite drives a gateway through its public methods alone, so it serves an adapter against a provider's
//! sandbox, a local stand-in and the simulator alike. It makes payments of the amounts in the [`Kit`]: never
//! point it at a live account.
//!
//! ```
//! use core::time::Duration;
//! use paytone_card::test_numbers;
//! use paytone_psp::conformance::{Kit, Payment, run};
//! use paytone_psp::{Currency, DeclineReason, Money, simulator::Simulator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let yen = |minor| Money::new(minor, Currency::JPY);
//! let pay = |pan, minor| Payment { pan, expiry: "1230", code: "123", money: yen(minor) };
//! let gateway = Simulator::new();
//! let kit = Kit {
//!     gateway: &gateway,
//!     clock: &|| Duration::from_secs(1_800_000_000),
//!     seed: 1,
//!     approved: pay(test_numbers::VISA, 1200),
//!     declined: Some((pay(test_numbers::VISA_INSUFFICIENT_FUNDS, 1200), DeclineReason::InsufficientFunds)),
//!     declined_check: Some(pay(test_numbers::VISA_LOST, 1200)),
//!     answer_lost: Some(pay(test_numbers::VISA, 1251)),
//!     request_lost: Some(pay(test_numbers::VISA, 1252)),
//! };
//! let report = run(&kit).await;
//! assert!(report.has_passed(), "{report}");
//! # }
//! ```

mod asking;
mod card_checks;
mod checks;
mod recorder;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use paytone_card::{Card, CardEntry, PanPolicy};

use self::asking::{Check, Suite};
use crate::{DeclineReason, Gateway, Money};

/// What the suite needs to know about the gateway under test.
#[derive(Clone, Copy)]
pub struct Kit<'a> {
    /// The gateway.
    pub gateway: &'a dyn Gateway,
    /// The time now, since the Unix epoch. Against a real provider this must be the real time.
    pub clock: &'a (dyn Fn() -> Duration + Sync),
    /// Seeds the references and keys: another number for every run against the same books.
    pub seed: u64,
    /// A payment that is approved. At least 3 minor units.
    pub approved: Payment,
    /// A payment that is declined, and the reason it must be declined with.
    pub declined: Option<(Payment, DeclineReason)>,
    /// A card whose check without an amount is declined; the amount plays no part. Some providers decline a
    /// card only when it is charged, or only when it is checked, so it need not be the one above.
    pub declined_check: Option<Payment>,
    /// A payment that is approved while its answer is lost, where the gateway can be made to do that.
    pub answer_lost: Option<Payment>,
    /// A payment whose request is lost on its way, where the gateway can be made to do that.
    pub request_lost: Option<Payment>,
}

impl fmt::Debug for Kit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit").field("gateway", self.gateway.info()).finish_non_exhaustive()
    }
}

/// A payment with a published test card. Text, since such numbers are no secret.
#[derive(Debug, Clone, Copy)]
pub struct Payment {
    /// A published test card number.
    pub pan: &'static str,
    /// The expiry date as keyed, `MMYY`.
    pub expiry: &'static str,
    /// The security code as keyed, three or four digits.
    pub code: &'static str,
    /// How much.
    pub money: Money,
}

impl Payment {
    /// The card, as a caller would have keyed it; `None` where it cannot be.
    #[must_use]
    pub fn card(&self, now: Duration) -> Option<Card> {
        let policy = PanPolicy::default();
        let mut entry = CardEntry::new();
        for digit in digits(self.pan) {
            entry.push_pan(digit, &policy);
        }
        entry.accept_pan(&policy).ok()?;
        for digit in digits(self.expiry) {
            entry.push_expiry(digit);
        }
        entry.accept_expiry(now).ok()?;
        for digit in digits(self.code) {
            entry.push_code(digit);
        }
        entry.accept_code().ok()?;
        entry.finish().ok()
    }
}

fn digits(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|character| character.wrapping_sub(b'0'))
}

/// Runs every check, one after the other.
pub async fn run(kit: &Kit<'_>) -> Report {
    let suite = Suite::new(*kit);
    let mut report = Report { results: Vec::new() };
    report.add("an approval takes the money once", suite.approval().await);
    report.add("a reserved amount is captured once", suite.capture().await);
    report.add("a decline takes nothing and says why", suite.decline().await);
    report.add("nothing is sent without a checkpoint", suite.no_checkpoint().await);
    report.add("nothing is sent after the deadline", suite.past_deadline().await);
    report.add("nothing is not an amount", suite.zero().await);
    report.add("the same key charges once", suite.same_key().await);
    report.add("the same key for another amount is refused", suite.same_key_other_amount().await);
    report.add("a lost answer is in doubt and a lookup finds the money", suite.answer_lost().await);
    report.add("a lost request is in doubt and a lookup finds no money", suite.request_lost().await);
    report.add("a lookup of an unknown reference finds nothing", suite.unknown().await);
    report.add("a void lets go of the money", suite.void().await);
    report.add("a refund gives back no more than was taken", suite.refund().await);
    report.add("a card check tells good from bad", suite.verify().await);
    report.add("a stored card is charged until it is forgotten", suite.stored_card().await);
    report.add("what is not offered is refused", suite.unsupported().await);
    report
}

/// What one check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The gateway keeps the promise.
    Passed,
    /// The promise does not apply, or cannot be tested with this kit.
    Skipped(&'static str),
    /// The gateway breaks the promise.
    Failed(String),
}

/// Every check and its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Report {
    results: Vec<(&'static str, Verdict)>,
}

impl Report {
    fn add(&mut self, name: &'static str, check: Check) {
        self.results.push((name, check.err().unwrap_or(Verdict::Passed)));
    }

    /// The checks in the order they ran.
    #[must_use]
    pub fn results(&self) -> &[(&'static str, Verdict)] {
        &self.results
    }

    /// Whether no check failed.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The names of the checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &'static str> {
        self.results
            .iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Failed(_)))
            .map(|(name, _)| *name)
    }

    /// The names of the checks that could not be made.
    pub fn skipped(&self) -> impl Iterator<Item = &'static str> {
        self.results
            .iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Skipped(_)))
            .map(|(name, _)| *name)
    }
}

/// One line per check.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, verdict) in &self.results {
            match verdict {
                Verdict::Passed => writeln!(f, "passed   {name}")?,
                Verdict::Skipped(why) => writeln!(f, "skipped  {name}: {why}")?,
                Verdict::Failed(what) => writeln!(f, "FAILED   {name}: {what}")?,
            }
        }
        Ok(())
    }
}
