//! One leg, several sources: every press counts once, however the sources are delayed against each other.

use paytone_dtmf::{Arbiter, Key, Phase, Source};
use proptest::prelude::*;
use std::time::Duration;

#[derive(Clone, Debug)]
struct Press {
    code: u8,
    hold_ms: u64,
    gap_ms: u64,
    /// How late the other source tells of it; not at all when `None`.
    late_ms: Option<u64>,
}

/// Three keys only, so that repeats are frequent.
fn presses() -> impl Strategy<Value = Vec<Press>> {
    let press = (0..3u8, 40u64..300, 40u64..300, prop::option::of(0u64..=500));
    let press = press.prop_map(|(code, hold_ms, gap_ms, late_ms)| Press { code, hold_ms, gap_ms, late_ms });
    prop::collection::vec(press, 1..20)
}

type Report = (u64, Source, Phase, Key);

/// What the arbiter makes of reports, in order of time.
fn counted(mut arbiter: Arbiter, mut reports: Vec<Report>) -> Vec<u8> {
    reports.sort_by_key(|report| report.0);
    let mut keys = Vec::new();
    for (at, source, phase, key) in reports {
        let at = Duration::from_secs(1_700_000_000) + Duration::from_millis(at);
        keys.extend(arbiter.handle(source, phase, key, at).map(Key::event_code));
    }
    keys
}

fn sent(presses: &[Press]) -> Vec<u8> {
    presses.iter().map(|press| press.code).collect()
}

/// Calls `report` with every press, its key and the times it goes down and comes up.
fn each(presses: &[Press], mut report: impl FnMut(&Press, Key, u64, u64)) {
    let mut now = 1000;
    for press in presses {
        report(press, Key::from_event_code(press.code).expect("below 16"), now, now + press.hold_ms);
        now += press.hold_ms + press.gap_ms;
    }
}

proptest! {
    #[test]
    fn echoes_of_events_never_count(presses in presses(), leak_ms in prop::option::of(0u64..=150)) {
        let mut reports = Vec::new();
        each(&presses, |press, key, down, up| {
            reports.push((down, Source::Event, Phase::Start, key));
            reports.push((up, Source::Event, Phase::End, key));
            if let Some(late) = press.late_ms {
                reports.push((down + late + 1, Source::InBand, Phase::Start, key));
                reports.push((up + late + 1, Source::InBand, Phase::End, key));
            }
        });
        // Before its first event a gateway may let so much of the tone through that it counts.
        if let Some(leak) = leak_ms {
            let key = Key::from_event_code(presses[0].code).expect("below 16");
            reports.push((1000 - leak.max(1), Source::InBand, Phase::Start, key));
        }
        prop_assert_eq!(counted(Arbiter::new(), reports), sent(&presses));
    }

    #[test]
    fn an_info_for_every_event_counts_nothing_twice(presses in presses(), on_release in any::<bool>()) {
        let mut reports = Vec::new();
        each(&presses, |press, key, down, up| {
            reports.push((down, Source::Event, Phase::Start, key));
            reports.push((up, Source::Event, Phase::End, key));
            // One transport keeps the order of its messages; each press has its INFO within 200 ms.
            let late = press.late_ms.map_or(100, |late| late * 2 / 5);
            reports.push((if on_release { up } else { down } + late, Source::Info, Phase::Start, key));
        });
        prop_assert_eq!(counted(Arbiter::new().with_info(), reports), sent(&presses));
    }

    #[test]
    fn tones_then_events_lose_nothing(presses in presses(), after in 0usize..20) {
        let mut reports = Vec::new();
        let mut number = 0;
        each(&presses, |press, key, down, up| {
            let source = if number < after { Source::InBand } else { Source::Event };
            // It takes a while to change: this much silence at least.
            let moved = if number < after { 0 } else { 200 };
            reports.push((down + moved, source, Phase::Start, key));
            reports.push((up + moved, source, Phase::End, key));
            if source == Source::Event && let Some(late) = press.late_ms {
                reports.push((down + moved + late + 1, Source::InBand, Phase::Start, key));
            }
            number += 1;
        });
        prop_assert_eq!(counted(Arbiter::new(), reports), sent(&presses));
    }
}
