//! Limits on how often a card is tried: by the same caller, for the same order, with the same card, and how many cards a
//! line may see declined. Somebody who tries stolen numbers needs many tries; a customer needs few.
//!
//! Cards are told apart by a keyed fingerprint under a key that is made at start and kept in memory only, like the counts
//! themselves: nothing of it is stored.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use paytone_card::{Card, FingerprintKey, PanFingerprint};
use paytone_psp::Money;
use rand::RngExt;
use serde::Deserialize;

use crate::store::{MerchantUlid, OrderUlid};

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
    /// Whose order it is.
    pub merchant: MerchantUlid,
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

/// Counts tries and declines. One for the whole service.
#[derive(Debug)]
pub struct Guard {
    limits: Limits,
    key: FingerprintKey,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    tries: HashMap<Subject, VecDeque<Duration>>,
    declines: HashMap<Subject, VecDeque<Duration>>,
    closed: HashMap<Subject, Duration>,
    payments: HashMap<PanFingerprint, Vec<(OrderUlid, Money, Duration)>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    Caller(MerchantUlid, String),
    Operator(MerchantUlid, String),
    Order(OrderUlid),
    Card(PanFingerprint),
    Line(MerchantUlid, String),
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
        Self { limits, key, seen: Mutex::default() }
    }

    /// Judges a try, and counts it.
    pub fn judge(&self, this: &Try<'_>, now: Duration) -> Ruling {
        let limits = &self.limits;
        let fingerprint = self.key.fingerprint(this.card.pan());
        let line = Subject::Line(this.merchant, this.line.to_owned());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now, limits);
        if seen.closed.get(&line).is_some_and(|until| now < *until) {
            return Ruling::Stop("line_closed");
        }
        let subjects = [
            (Subject::Caller(this.merchant, this.caller.to_owned()), limits.per_caller, "caller_velocity"),
            (Subject::Order(this.order), limits.per_order, "order_velocity"),
            (Subject::Card(fingerprint), limits.per_card, "card_velocity"),
            (line, usize::MAX, "line_velocity"),
        ];
        let operator = this.operator.map(|operator| Subject::Operator(this.merchant, operator.to_owned()));
        let operator = operator.map(|operator| (operator, limits.per_operator, "operator_velocity"));
        let subjects: Vec<_> = subjects.into_iter().chain(operator).collect();
        for (subject, most, alarm) in &subjects {
            if seen.tries.get(subject).is_some_and(|tries| tries.len() >= *most) {
                return Ruling::Stop(alarm);
            }
        }
        for (subject, ..) in subjects {
            seen.tries.entry(subject).or_default().push_back(now);
        }
        let payments = seen.payments.entry(fingerprint).or_default();
        let same = payments.iter().any(|(order, money, _)| *order != this.order && *money == this.money);
        if same && limits.on_same_payment == SamePayment::Refuse {
            return Ruling::Stop("same_payment");
        }
        payments.push((this.order, this.money, now));
        if same { Ruling::PassWithAlarm("same_payment") } else { Ruling::Pass }
    }

    /// Counts a decline; the name of the alarm, where it closes the line. What was declined is no payment.
    pub fn declined(
        &self,
        merchant: MerchantUlid,
        line: &str,
        order: OrderUlid,
        now: Duration,
    ) -> Option<&'static str> {
        let limits = &self.limits;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for payments in seen.payments.values_mut() {
            payments.retain(|(paid, ..)| *paid != order);
        }
        let line = Subject::Line(merchant, line.to_owned());
        let since = now.saturating_sub(limits.window / 10);
        let recent = |times: &VecDeque<Duration>| times.iter().filter(|at| **at > since).count();
        let tries = seen.tries.get(&line).map_or(0, recent);
        let declines = seen.declines.entry(line.clone()).or_default();
        declines.push_back(now);
        let declines = recent(declines);
        if declines < limits.declines_per_line || declines * 10 < tries * 9 {
            return None;
        }
        seen.closed.insert(line, now.saturating_add(limits.closed_for));
        Some("decline_rate")
    }
}

impl Seen {
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
