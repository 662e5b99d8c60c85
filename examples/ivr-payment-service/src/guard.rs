//! Limits on how often a card is tried: by the same caller, for the same order, with the same card, and how many cards a
//! line may see declined. Somebody who tries stolen numbers needs many tries; a customer needs few.
//!
//! The counts outlive a restart, in the store. Cards are told apart by a keyed fingerprint: under a configured key those
//! counts are stored too, and otherwise under a key that is made at start, in memory alone. Each process counts for itself.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use paytone_card::{Card, FingerprintKey};
use paytone_psp::Money;
use rand::RngExt;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::store::{Mark, MarkKind, MerchantUlid, OrderUlid, Store, StoreError};

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
    /// Where the caller is.
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
    seen: Mutex<Seen>,
    kept_in: Option<(Store, MerchantUlid)>,
}

#[derive(Debug, Default)]
struct Seen {
    tries: HashMap<Subject, VecDeque<Duration>>,
    declines: HashMap<Subject, VecDeque<Duration>>,
    closed: HashMap<Subject, Duration>,
    payments: HashMap<Subject, Vec<(OrderUlid, Money, Duration)>>,
    /// What the store has not got yet.
    unkept: Vec<Mark>,
    unpaid: Vec<OrderUlid>,
}

/// Whom or what a limit is about, as a digest.
type Subject = [u8; 32];

fn subject(kind: &str, of: &[u8]) -> Subject {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(of).finalize().into()
}

impl Guard {
    /// A guard with these limits that has seen nothing.
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
        Self { limits, key, keeps_cards: false, seen: Mutex::default(), kept_in: None }
    }

    /// A guard that has seen what the store has of it. With a key of its own for fingerprints, what it counts by cards is
    /// in the store as well.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn remembering(
        limits: Limits,
        key: Option<FingerprintKey>,
        store: Store,
        merchant: MerchantUlid,
    ) -> Result<Self, StoreError> {
        let mut guard = Self::new(limits);
        guard.keeps_cards = key.is_some();
        guard.key = key.unwrap_or(guard.key);
        let mut seen = Seen::default();
        for mark in store.marks(merchant).await? {
            seen.recall(&mark);
        }
        guard.seen = Mutex::new(seen);
        guard.kept_in = Some((store, merchant));
        Ok(guard)
    }

    /// Puts into the store what has been counted since the last time.
    pub async fn keep(&self, now: Duration) {
        let Some((store, merchant)) = &self.kept_in else { return };
        let (marks, unpaid) = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            (core::mem::take(&mut seen.unkept), core::mem::take(&mut seen.unpaid))
        };
        let longest = self.limits.window.max(self.limits.same_payment);
        let mut kept = store.keep_marks(*merchant, &marks, now.saturating_sub(longest)).await;
        for order in unpaid {
            kept = kept.and(store.forget_payment(order).await);
        }
        if let Err(error) = kept {
            tracing::error!(%error, "tries could not be counted for after a restart");
        }
    }

    /// Judges a try, and counts it.
    pub fn judge(&self, this: &Try<'_>, now: Duration) -> Ruling {
        let limits = &self.limits;
        let card = subject("card", self.key.fingerprint(this.card.pan()).as_bytes());
        let line = subject("line", this.line.as_bytes());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now, limits);
        if seen.closed.get(&line).is_some_and(|until| now < *until) {
            return Ruling::Stop("line_closed");
        }
        let subjects = [
            Some((subject("caller", this.caller.as_bytes()), limits.per_caller, "caller_velocity")),
            this.operator.map(|operator| {
                (subject("operator", operator.as_bytes()), limits.per_operator, "operator_velocity")
            }),
            Some((subject("order", this.order.as_str().as_bytes()), limits.per_order, "order_velocity")),
            Some((card, limits.per_card, "card_velocity")),
            Some((line, usize::MAX, "line_velocity")),
        ];
        for (subject, most, alarm) in subjects.iter().flatten() {
            if seen.tries.get(subject).is_some_and(|tries| tries.len() >= *most) {
                return Ruling::Stop(alarm);
            }
        }
        for (subject, ..) in subjects.into_iter().flatten() {
            seen.tries.entry(subject).or_default().push_back(now);
            if subject != card || self.keeps_cards {
                seen.unkept.push(Mark { kind: MarkKind::Try, subject, at: now, paid: None });
            }
        }
        let payments = seen.payments.entry(card).or_default();
        let same = payments.iter().any(|(order, money, _)| *order != this.order && *money == this.money);
        if same && limits.on_same_payment == SamePayment::Refuse {
            return Ruling::Stop("same_payment");
        }
        payments.push((this.order, this.money, now));
        if self.keeps_cards {
            let paid = Some((this.order, this.money));
            seen.unkept.push(Mark { kind: MarkKind::Payment, subject: card, at: now, paid });
        }
        if same { Ruling::PassWithAlarm("same_payment") } else { Ruling::Pass }
    }

    /// Counts a decline; the name of the alarm, where it closes the line. What was declined is no payment.
    pub fn declined(&self, line: &str, order: OrderUlid, now: Duration) -> Option<&'static str> {
        let limits = &self.limits;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for payments in seen.payments.values_mut() {
            payments.retain(|(paid, ..)| *paid != order);
        }
        seen.unpaid.push(order);
        let line = subject("line", line.as_bytes());
        seen.unkept.push(Mark { kind: MarkKind::Decline, subject: line, at: now, paid: None });
        let since = now.saturating_sub(limits.window / 10);
        let recent = |times: &VecDeque<Duration>| times.iter().filter(|at| **at > since).count();
        let tries = seen.tries.get(&line).map_or(0, recent);
        let declines = seen.declines.entry(line).or_default();
        declines.push_back(now);
        let declines = recent(declines);
        if declines < limits.declines_per_line || declines * 10 < tries * 9 {
            return None;
        }
        let until = now.saturating_add(limits.closed_for);
        seen.closed.insert(line, until);
        seen.unkept.push(Mark { kind: MarkKind::Closed, subject: line, at: until, paid: None });
        Some("decline_rate")
    }
}

impl Seen {
    fn recall(&mut self, mark: &Mark) {
        match (mark.kind, mark.paid) {
            (MarkKind::Try, _) => self.tries.entry(mark.subject).or_default().push_back(mark.at),
            (MarkKind::Decline, _) => self.declines.entry(mark.subject).or_default().push_back(mark.at),
            (MarkKind::Closed, _) => {
                self.closed.insert(mark.subject, mark.at);
            }
            (MarkKind::Payment, Some((order, money))) => {
                self.payments.entry(mark.subject).or_default().push((order, money, mark.at));
            }
            (MarkKind::Payment, None) => {}
        }
    }

    fn forget(&mut self, now: Duration, limits: &Limits) {
        let since = now.saturating_sub(limits.window);
        for times in [&mut self.tries, &mut self.declines] {
            times.retain(|_, times| {
                while times.front().is_some_and(|at| *at <= since) {
                    times.pop_front();
                }
                !times.is_empty()
            });
        }
        self.closed.retain(|_, until| now < *until);
        let since = now.saturating_sub(limits.same_payment);
        self.payments.retain(|_, payments| {
            payments.retain(|(.., at)| *at > since);
            !payments.is_empty()
        });
    }
}
