//! The dialog of one caller: a whole paid call, from the answer to the last prompt.
//!
//! `cargo bench -p benches --bench dialog`. Throughput is in events; every action is taken out after each.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use paytone_card::test_numbers;
use paytone_dialog::{
    Action, Dialog, Entry, Event, MerchantName, OrderSummary, Outcome, PlayId, Script, Verdict,
};
use paytone_dtmf::Key;
use paytone_psp::{Currency, Money};

/// 21 September 2026; keys come 200 ms apart.
const START: Duration = Duration::from_secs(1_790_000_000);
const GAP: Duration = Duration::from_millis(200);

fn dialog_events(c: &mut Criterion) {
    let order = OrderSummary::new(MerchantName::default(), Money::new(1_200, Currency::JPY));
    let script = Script::builder(Entry::Order(order)).build().expect("the usual settings");
    let keys: Vec<Key> = [test_numbers::MASTERCARD, "1230", "123"]
        .iter()
        .flat_map(|entry| entry.chars())
        .filter_map(Key::from_char)
        .collect();
    let mut group = c.benchmark_group("dialog_events");
    group.throughput(Throughput::Elements(paid_call(&script, &keys)));
    group.bench_with_input(BenchmarkId::from_parameter("paytone"), &keys, |b, keys| {
        b.iter(|| paid_call(&script, black_box(keys)));
    });
    group.finish();
}

/// Runs a call to its end and counts its events.
fn paid_call(script: &Script, keys: &[Key]) -> u64 {
    let mut call =
        Call { dialog: Dialog::new(script.clone()), now: START, events: 0, playing: None, outcome: None };
    call.handle(Event::Answered);
    call.handle(Event::Secured);
    keys.iter().for_each(|key| call.handle(Event::Key(*key)));
    call.handle(Event::Verdict(Verdict::Approved));
    if let Some(id) = call.playing {
        call.handle(Event::PromptDone(id));
    }
    assert_eq!(call.outcome, Some(Outcome::Approved));
    call.events
}

struct Call {
    dialog: Dialog,
    now: Duration,
    events: u64,
    playing: Option<PlayId>,
    outcome: Option<Outcome>,
}

impl Call {
    // Passed on, not handed over: a copy of the event would be timed with it.
    #[inline(always)]
    fn handle(&mut self, event: Event) {
        self.events += 1;
        self.now += GAP;
        self.dialog.handle(event, self.now);
        while let Some(action) = self.dialog.poll_action() {
            match black_box(&action) {
                Action::Play { id, .. } => self.playing = Some(*id),
                Action::Finished(outcome) => self.outcome = Some(*outcome),
                _ => {}
            }
        }
    }
}

criterion_group!(benches, dialog_events);
criterion_main!(benches);
