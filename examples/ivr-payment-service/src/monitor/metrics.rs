//! What is counted, as [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/) text. No label has a value
//! that comes from outside: lines are the configured ones, everything else is a word of this program's. Of a card there is
//! nothing at all.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use paytone_call::KeysHeard;
use paytone_psp::Reference;
use paytone_psp::attempt::State;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::Legs;
use crate::bus::{Bus, EventKind, ServiceEvent};
use crate::health::{Health, Trouble};
use crate::store::{Backlog, CallUlid};

/// How many payments may be on their way while their time is taken.
const TIMED: usize = 10_000;
/// How many calls may be up while their time is taken.
const CALLS: usize = 100_000;

/// The counts of one service. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    registry: Registry,
    calls: Family<Line, Counter>,
    ended: Family<Word, Counter>,
    call_seconds: Histogram,
    attempts: Family<Word, Counter>,
    gateway_seconds: Family<Word, Histogram, fn() -> Histogram>,
    keys: Family<Word, Counter>,
    dropped: Family<Word, Counter>,
    commands: Family<Word, Counter>,
    alarms: Family<Word, Counter>,
    missed: Counter,
    waiting: Gauge,
    dead: Gauge,
    oldest: Gauge<f64, AtomicU64>,
    unsettled: Family<Word, Gauge>,
    since: Mutex<Since>,
}

/// When what is timed began.
#[derive(Debug, Default)]
struct Since {
    sent: HashMap<Reference, Duration>,
    calls: HashMap<CallUlid, Duration>,
}

/// A configured line.
type Line = [(&'static str, String); 1];
/// One label whose values are words of this program.
type Word = [(&'static str, &'static str); 1];

/// What is looked up when somebody asks: how many calls are up, and what is wrong.
#[derive(Debug)]
pub struct Now {
    /// Lines: a permit for every call there may be, and how many those are when no call is up.
    pub lines: Vec<(Arc<Semaphore>, usize)>,
    /// What works and what does not.
    pub health: Health,
    /// Who knows how many legs there are.
    pub legs: Legs,
}

impl Metrics {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(now: Now) -> Self {
        let mut registry = Registry::with_prefix("paytone");
        let counts = Counts {
            calls: Family::default(),
            ended: Family::default(),
            call_seconds: Histogram::new([15.0, 30.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 900.0]),
            attempts: Family::default(),
            gateway_seconds: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.05, 2.0, 12))
            }),
            keys: Family::default(),
            dropped: Family::default(),
            commands: Family::default(),
            alarms: Family::default(),
            missed: Counter::default(),
            waiting: Gauge::default(),
            dead: Gauge::default(),
            oldest: Gauge::default(),
            unsettled: Family::default(),
            since: Mutex::default(),
            registry: Registry::default(),
        };
        let Counts { calls, ended, call_seconds, attempts, gateway_seconds, .. } = &counts;
        registry.register("calls", "Calls that were answered, by line", calls.clone());
        registry.register("calls_ended", "Calls that are over, by outcome", ended.clone());
        registry.register_with_unit("call", "How long calls took", Unit::Seconds, call_seconds.clone());
        registry.register("attempts", "Payments by the state they came to", attempts.clone());
        let help = "From the request to the provider's answer, or to giving it up";
        registry.register_with_unit("gateway", help, Unit::Seconds, gateway_seconds.clone());
        let Counts { keys, dropped, commands, alarms, missed, .. } = &counts;
        registry.register("keys", "Keys callers pressed, by the way they came", keys.clone());
        registry.register("keys_dropped", "Keys that did not count, by who pressed them", dropped.clone());
        registry.register("commands", "What operators wanted of calls", commands.clone());
        registry.register("alarms", "Alarms by name", alarms.clone());
        registry.register(
            "events_missed",
            "Events that were not counted, there being too many",
            missed.clone(),
        );
        let Counts { waiting, dead, oldest, unsettled, .. } = &counts;
        registry.register("webhooks_waiting", "Deliveries that are to be made", waiting.clone());
        registry.register("webhooks_dead", "Deliveries that were given up", dead.clone());
        let help = "How long the delivery that waits longest has waited";
        registry.register_with_unit("webhooks_oldest", help, Unit::Seconds, oldest.clone());
        registry.register("attempts_unsettled", "Payments whose outcome is not known", unsettled.clone());
        registry.register_collector(Box::new(now));
        Self(Arc::new(Counts { registry, ..counts }))
    }

    /// Counts what happens, until `stop`.
    pub fn watch(&self, bus: &Bus, stop: CancellationToken) {
        let (metrics, mut events) = (self.clone(), bus.watch());
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    () = stop.cancelled() => return,
                    event = events.recv() => event,
                };
                match event {
                    Ok(event) => metrics.count(&event),
                    Err(RecvError::Lagged(missed)) => drop(metrics.0.missed.inc_by(missed)),
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    /// Counts the keys of a call that is over.
    pub fn keys(&self, heard: KeysHeard) {
        for (source, count) in [("event", heard.events), ("tone", heard.tones), ("info", heard.infos)] {
            self.0.keys.get_or_create(&[("source", source)]).inc_by(u64::from(count));
        }
    }

    /// Everything, as text.
    ///
    /// # Errors
    ///
    /// Something cannot be written as text: a bug.
    pub fn text(&self, backlog: &Backlog) -> Result<String, core::fmt::Error> {
        let counts = &self.0;
        counts.waiting.set(backlog.waiting);
        counts.dead.set(backlog.dead);
        counts.oldest.set(backlog.oldest.as_secs_f64());
        for (state, count) in [("in_doubt", backlog.in_doubt), ("needs_person", backlog.needs_person)] {
            counts.unsettled.get_or_create(&[("state", state)]).set(count);
        }
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &counts.registry)?;
        Ok(text)
    }

    fn count(&self, event: &ServiceEvent) {
        let counts = &self.0;
        match &event.kind {
            EventKind::CallStarted { line } => {
                counts.calls.get_or_create(&[("line", line.clone())]).inc();
                self.began(event);
            }
            EventKind::CallEnded(outcome) => {
                counts.ended.get_or_create(&[("outcome", outcome.as_str())]).inc();
                self.ended(event);
            }
            EventKind::AttemptState { reference, state } => self.moved(reference, *state, event.at),
            EventKind::KeyDropped { by } => drop(counts.dropped.get_or_create(&[("by", by)]).inc()),
            EventKind::Command { .. } => drop(counts.commands.get_or_create(&[("result", "done")]).inc()),
            EventKind::CommandRefused { .. } => {
                counts.commands.get_or_create(&[("result", "refused")]).inc();
            }
            EventKind::Alarm { alarm } => drop(counts.alarms.get_or_create(&[("alarm", alarm)]).inc()),
            _ => {}
        }
    }

    fn began(&self, event: &ServiceEvent) {
        let mut since = self.0.since.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = event.call.filter(|_| since.calls.len() < CALLS) {
            since.calls.insert(call, event.at);
        }
    }

    fn ended(&self, event: &ServiceEvent) {
        let mut since = self.0.since.lock().unwrap_or_else(PoisonError::into_inner);
        let began = event.call.and_then(|call| since.calls.remove(&call));
        drop(since);
        if let Some(began) = began {
            self.0.call_seconds.observe(event.at.saturating_sub(began).as_secs_f64());
        }
    }

    /// An attempt is timed from the moment it is sent until there is an answer, or none is waited for any more.
    fn moved(&self, reference: &Reference, state: State, at: Duration) {
        self.0.attempts.get_or_create(&[("state", state.as_str())]).inc();
        let mut since = self.0.since.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match state {
            State::Intent | State::Sending => {
                if since.sent.len() < TIMED {
                    since.sent.entry(*reference).or_insert(at);
                }
                return;
            }
            State::Approved | State::Captured => "approved",
            State::Declined => "declined",
            State::InDoubt => "none",
            _ => "not_sent",
        };
        let sent = since.sent.remove(reference);
        drop(since);
        if let Some(sent) = sent {
            let took = at.saturating_sub(sent).as_secs_f64();
            self.0.gateway_seconds.get_or_create(&[("answer", answer)]).observe(took);
        }
    }
}

impl Collector for Now {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), core::fmt::Error> {
        let all: usize = self.lines.iter().map(|(_, most)| most).sum();
        let used = self.lines.iter().map(|(free, most)| most.saturating_sub(free.available_permits())).sum();
        for (name, help, number) in
            [("lines_used", "Calls that are up", used), ("lines", "How many calls there can be", all)]
        {
            let gauge = ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let legs = ConstGauge::new(i64::try_from(self.legs.up()).unwrap_or(i64::MAX));
        let help = "Legs of calls that are up, callers' and operators'";
        legs.encode(encoder.encode_descriptor("legs", help, None, legs.metric_type())?)?;
        let troubles = self.health.troubles();
        let gauges: Family<Word, Gauge> = Family::default();
        for trouble in Trouble::ALL {
            let there = i64::from(troubles.contains(&trouble));
            gauges.get_or_create(&[("trouble", trouble.as_str())]).set(there);
        }
        gauges.encode(encoder.encode_descriptor("trouble", "What is wrong: 1", None, gauges.metric_type())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MerchantUlid;
    use paytone_dialog::Outcome;

    fn metrics() -> Metrics {
        let legs = Legs::default();
        legs.count_with(|| 4);
        Metrics::new(Now { lines: vec![(Arc::new(Semaphore::new(3)), 5)], health: Health::new(), legs })
    }

    fn event(at: u64, kind: EventKind) -> ServiceEvent {
        let merchant = MerchantUlid::parse("01ARYZ6S41TSV4RRFFQ69G5FAV").unwrap();
        let call = CallUlid::parse("01ARYZ6S41TSV4RRFFQ69G5FAW").ok();
        ServiceEvent { number: 0, merchant, call, at: Duration::from_millis(at), kind }
    }

    #[test]
    fn a_call_and_its_payment_are_counted_and_timed() {
        let metrics = metrics();
        let reference = Reference::parse("01ARYZ6S41TSV4RRFFQ69G5FAV").unwrap();
        let moved = |state| EventKind::AttemptState { reference, state };
        for (at, kind) in [
            (0, EventKind::CallStarted { line: "order".to_owned() }),
            (40_000, moved(State::Intent)),
            (40_010, moved(State::Sending)),
            (40_310, moved(State::Captured)),
            (50_000, EventKind::CallEnded(Outcome::Approved)),
        ] {
            metrics.count(&event(at, kind));
        }
        metrics.keys(KeysHeard { events: 20, tones: 3, infos: 0 });
        let text = metrics.text(&Backlog { waiting: 7, in_doubt: 1, ..Backlog::default() }).unwrap();
        for line in [
            "paytone_calls_total{line=\"order\"} 1",
            "paytone_calls_ended_total{outcome=\"approved\"} 1",
            "paytone_call_seconds_sum 50.0",
            "paytone_gateway_seconds_count{answer=\"approved\"} 1",
            "paytone_gateway_seconds_sum{answer=\"approved\"} 0.31",
            "paytone_keys_total{source=\"event\"} 20",
            "paytone_keys_total{source=\"tone\"} 3",
            "paytone_webhooks_waiting 7",
            "paytone_attempts_unsettled{state=\"in_doubt\"} 1",
            "paytone_legs 4",
            "paytone_lines_used 2",
            "paytone_lines 5",
            "paytone_trouble{trouble=\"gateway\"} 0",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} is missing in\n{text}");
        }
        let since = metrics.0.since.lock().unwrap();
        assert!(since.sent.is_empty() && since.calls.is_empty(), "nothing is kept of what is over");
    }
}
