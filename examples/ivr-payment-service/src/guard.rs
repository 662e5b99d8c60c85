//! Limits on how often a card is tried: by the same caller, for the same order, with the same card, and how many cards a
//! line may see declined. Somebody who tries stolen numbers needs many tries; a customer needs few.
//!
//! Tries are counted in the store, in the transaction that judges them: they outlive a restart, and processes that share a
//! database count together. Cards are told apart by a keyed fingerprint. Under a configured key, which those processes share,
//! that is stored too; otherwise what is counted by cards is in memory, under a key that is made at start.

use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use paytone_card::{Card, FingerprintKey};
use paytone_psp::Money;
use rand::RngExt;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::store::{Asked, Mark, MarkKind, MerchantUlid, OrderUlid, Store, StoreError, TriedBefore};

/// How many tries are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Cards one caller may try within the window.
    pub per_caller: usize,
    /// Cards one operator's calls may try within the window.
    pub per_operator: usize,
    /// Cards that may be tried for one order within the window.
    pub per_order: usize,
    /// Tries of one card within the window.
    pub per_card: usize,
    /// The window those are counted in.
    pub window: Duration,
    /// Declines on one line within a tenth of the window that close it, where they are at least nine tenths of its tries.
    pub declines_per_line: usize,
    /// For how long the line is then closed.
    pub closed_for: Duration,
    /// For how long the same card for the same amount, in another order, is taken for a mistake.
    pub same_payment: Duration,
    /// What becomes of that.
    pub on_same_payment: SamePayment,
}

/// What becomes of a card that paid the same amount for another order a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamePayment {
    /// It is not charged.
    Refuse,
    /// It is charged, and somebody is told.
    Alarm,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_caller: 30,
            per_operator: 120,
            per_order: 10,
            per_card: 20,
            window: Duration::from_secs(3600),
            declines_per_line: 50,
            closed_for: Duration::from_secs(15 * 60),
            same_payment: Duration::from_secs(15 * 60),
            on_same_payment: SamePayment::Refuse,
        }
    }
}

/// A card about to be tried.
#[derive(Debug, Clone, Copy)]
pub struct Try<'a> {
    /// The order.
    pub order: OrderUlid,
    /// What it costs.
    pub money: Money,
    /// Whom the network says the caller is, or else where they call from.
    pub caller: &'a str,
    /// The operator who has the call, where one has.
    pub operator: Option<&'a str>,
    /// The line's name.
    pub line: &'a str,
    /// The card.
    pub card: &'a Card,
}

/// What a guard says about a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It may go on.
    Pass,
    /// It may go on, and somebody is told.
    PassWithAlarm(&'static str),
    /// It may not.
    Stop(&'static str),
}

/// Counts tries and declines: one for every merchant.
#[derive(Debug)]
pub struct Guard {
    limits: Limits,
    key: FingerprintKey,
    keeps_cards: bool,
    /// What is not in the store.
    own: Mutex<Vec<Mark>>,
    kept_in: Option<(Store, MerchantUlid)>,
}

/// Whom or what a limit is about, as a digest.
type Subject = [u8; 32];

/// What a try is counted by.
struct Subjects {
    line: Subject,
    card: Subject,
    /// How many tries each may have, and the alarm where it has had them.
    limited: Vec<(Subject, usize, &'static str)>,
}

fn subject(kind: &str, of: &[u8]) -> Subject {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(of).finalize().into()
}

impl Guard {
    /// A guard with these limits that has seen nothing and keeps nothing.
    ///
    /// # Panics
    ///
    /// Never: the key it makes is long enough.
    #[must_use]
    #[expect(clippy::expect_used, reason = "32 bytes are enough for a key")]
    pub fn new(limits: Limits) -> Self {
        let mut key = [0; 32];
        rand::rng().fill(&mut key);
        let key = FingerprintKey::new(&key).expect("32 bytes are enough");
        Self { limits, key, keeps_cards: false, own: Mutex::default(), kept_in: None }
    }

    /// A guard that counts in the store, together with every other that does for this merchant. With a key of its own for
    /// fingerprints, what it counts by cards is in the store as well.
    #[must_use]
    pub fn counting_in(
        store: Store,
        merchant: MerchantUlid,
        limits: Limits,
        key: Option<FingerprintKey>,
    ) -> Self {
        let keeps_cards = key.is_some();
        let guard = Self::new(limits);
        let key = key.unwrap_or(guard.key);
        Self { limits, key, keeps_cards, own: guard.own, kept_in: Some((store, merchant)) }
    }

    /// Judges a try, and counts it.
    ///
    /// # Errors
    ///
    /// The database fails; it was not counted, and may not go on.
    pub async fn judge(&self, this: &Try<'_>, now: Duration) -> Result<Ruling, StoreError> {
        let subjects = self.subjects(this);
        let (money, order) = (this.money, this.order);
        let decide = |seen: &TriedBefore| {
            let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
            own.retain(|mark| mark.at > now.saturating_sub(self.longest()));
            let (ruling, counted) = self.rule(&subjects, (order, money), (seen, &own), now);
            let is_kept =
                |mark: &Mark| self.kept_in.is_some() && (self.keeps_cards || mark.subject != subjects.card);
            let (kept, ours): (Vec<_>, Vec<_>) = counted.into_iter().partition(is_kept);
            own.extend(ours);
            (ruling, kept)
        };
        let Some((store, merchant)) = &self.kept_in else { return Ok(decide(&TriedBefore::default()).0) };
        let limited: Vec<_> = subjects.limited.iter().map(|(subject, ..)| *subject).collect();
        let asked = Asked {
            subjects: &limited,
            card: subjects.card,
            line: subjects.line,
            since: now.saturating_sub(self.limits.window),
            before: now.saturating_sub(self.longest()),
        };
        store.count_try(*merchant, asked, decide).await
    }

    fn subjects(&self, this: &Try<'_>) -> Subjects {
        let limits = &self.limits;
        let card = subject("card", self.key.fingerprint(this.card.pan()).as_bytes());
        let operator = this.operator.map(|operator| {
            (subject("operator", operator.as_bytes()), limits.per_operator, "operator_velocity")
        });
        let others = [
            (subject("caller", this.caller.as_bytes()), limits.per_caller, "caller_velocity"),
            (subject("order", this.order.as_str().as_bytes()), limits.per_order, "order_velocity"),
            (card, limits.per_card, "card_velocity"),
        ];
        let limited = others.into_iter().chain(operator).collect();
        Subjects { line: subject("line", this.line.as_bytes()), card, limited }
    }

    /// The ruling on a try, and what it counts as.
    fn rule(
        &self,
        subjects: &Subjects,
        (order, money): (OrderUlid, Money),
        (seen, own): (&TriedBefore, &[Mark]),
        now: Duration,
    ) -> (Ruling, Vec<Mark>) {
        let Subjects { line, card, limited } = subjects;
        let of = |subject: Subject, kind| {
            let marks = seen.marks.iter().chain(own);
            marks.filter(move |mark| mark.subject == subject && mark.kind == kind)
        };
        if of(*line, MarkKind::Closed).any(|mark| now < mark.at) {
            return (Ruling::Stop("line_closed"), Vec::new());
        }
        let since = now.saturating_sub(self.limits.window);
        for (place, (subject, most, alarm)) in limited.iter().enumerate() {
            let ours = of(*subject, MarkKind::Try).filter(|mark| mark.at > since).count();
            if seen.tries.get(place).copied().unwrap_or_default() + ours >= *most {
                return (Ruling::Stop(alarm), Vec::new());
            }
        }
        let tried = limited.iter().map(|(subject, ..)| *subject).chain([*line]);
        let mut counted: Vec<_> =
            tried.map(|subject| Mark { kind: MarkKind::Try, subject, at: now, paid: None }).collect();
        let since = now.saturating_sub(self.limits.same_payment);
        let mut payments = of(*card, MarkKind::Payment).filter(|mark| mark.at > since);
        let same = payments.any(|mark| mark.paid.is_some_and(|paid| paid.0 != order && paid.1 == money));
        if same && self.limits.on_same_payment == SamePayment::Refuse {
            return (Ruling::Stop("same_payment"), counted);
        }
        let paid = Some((order, money));
        counted.push(Mark { kind: MarkKind::Payment, subject: *card, at: now, paid });
        (if same { Ruling::PassWithAlarm("same_payment") } else { Ruling::Pass }, counted)
    }

    /// Counts a decline; the name of the alarm, where it closes the line. What was declined is no payment.
    ///
    /// # Errors
    ///
    /// The database fails; it was not counted.
    pub async fn declined(
        &self,
        line: &str,
        order: OrderUlid,
        now: Duration,
    ) -> Result<Option<&'static str>, StoreError> {
        let limits = &self.limits;
        let (line, since) = (subject("line", line.as_bytes()), now.saturating_sub(limits.window / 10));
        let until = now.saturating_add(limits.closed_for);
        let closes = |tries: usize, declines: usize| {
            declines >= limits.declines_per_line && declines * 10 >= tries * 9
        };
        let is_closed = match &self.kept_in {
            Some((store, merchant)) => {
                store.count_decline(*merchant, line, order, [since, now, until], closes).await?
            }
            None => false,
        };
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|mark| mark.paid.is_none_or(|(paid, _)| paid != order));
        if self.kept_in.is_some() {
            return Ok(is_closed.then_some("decline_rate"));
        }
        own.push(Mark { kind: MarkKind::Decline, subject: line, at: now, paid: None });
        let recent = |kind| {
            own.iter().filter(|mark| mark.subject == line && mark.kind == kind && mark.at > since).count()
        };
        if !closes(recent(MarkKind::Try), recent(MarkKind::Decline)) {
            return Ok(None);
        }
        own.push(Mark { kind: MarkKind::Closed, subject: line, at: until, paid: None });
        Ok(Some("decline_rate"))
    }

    /// For how long something counts.
    fn longest(&self) -> Duration {
        self.limits.window.max(self.limits.same_payment)
    }
}
