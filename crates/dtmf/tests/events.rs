//! Telephone-events over a bad network: every key that anything arrives of is counted once.

use paytone_dtmf::telephone_event::{EventKey, EventReceiver, EventSender};
use paytone_dtmf::{Key, Phase};
use proptest::prelude::*;
use std::num::NonZeroU32;
use std::time::Duration;

/// One key to be sent, and what the network does to its packets.
#[derive(Clone, Debug)]
struct Press {
    code: u8,
    hold_ms: u64,
    gap_ms: u64,
    /// Per packet: lost, doubled, delayed by so many milliseconds.
    fate: Vec<(bool, bool, u64)>,
    /// The packet that arrives whatever happens to the others.
    survivor: usize,
}

fn press() -> impl Strategy<Value = Press> {
    let fate = (any::<bool>(), any::<bool>(), 0u64..25);
    (0..16u8, 40u64..300, 40u64..300, prop::collection::vec(fate, 20), 0usize..20)
        .prop_map(|(code, hold_ms, gap_ms, fate, survivor)| Press { code, hold_ms, gap_ms, fate, survivor })
}

struct Arrival {
    at: Duration,
    timestamp: u32,
    marker: bool,
    payload: [u8; 4],
}

/// What arrives of the presses, in order of arrival.
fn arrivals(presses: &[Press], clock: u32, markers: bool) -> Vec<Arrival> {
    let mut now = Duration::from_secs(1_700_000_000);
    let mut timestamp = u32::MAX - 5000;
    let mut arrivals = Vec::new();
    for press in presses {
        let key = Key::from_event_code(press.code).expect("below 16");
        let hold = Duration::from_millis(press.hold_ms);
        let hz = NonZeroU32::new(clock).expect("not zero");
        let packets: Vec<_> = EventSender::new(key, timestamp, hold).with_clock(hz).collect();
        for (n, packet) in packets.iter().enumerate() {
            let (lost, doubled, delay) = press.fate[n % press.fate.len()];
            if lost && n != press.survivor % packets.len() {
                continue;
            }
            for copy in 0..=u64::from(doubled) {
                arrivals.push(Arrival {
                    at: now + packet.offset + Duration::from_millis(delay + copy),
                    timestamp: packet.timestamp,
                    marker: packet.marker && markers,
                    payload: packet.payload.write(),
                });
            }
        }
        let step = press.hold_ms + press.gap_ms;
        now += Duration::from_millis(step);
        timestamp = timestamp.wrapping_add((step * u64::from(clock) / 1000) as u32);
    }
    arrivals.sort_by_key(|arrival| arrival.at);
    arrivals
}

fn received(arrivals: &[Arrival], clock: u32) -> Vec<EventKey> {
    let mut receiver = EventReceiver::new().with_clock(NonZeroU32::new(clock).expect("not zero"));
    let mut keys = Vec::new();
    for arrival in arrivals {
        while let Some(due) = receiver.poll_timeout().filter(|&due| due <= arrival.at) {
            keys.extend(receiver.handle_timeout(due));
        }
        keys.extend(receiver.handle(9, arrival.timestamp, arrival.marker, &arrival.payload, arrival.at));
    }
    if let Some(due) = receiver.poll_timeout() {
        keys.extend(receiver.handle_timeout(due));
    }
    keys
}

proptest! {
    #[test]
    fn each_key_counts_once_in_order(
        presses in prop::collection::vec(press(), 1..12),
        clock in prop::sample::select(vec![8_000u32, 16_000, 48_000]),
        markers in any::<bool>(),
    ) {
        // The last packet of a key is sent up to 60 ms after it and arrives up to 26 ms late. If it is the only
        // one, a next key that is faster comes first.
        let presses: Vec<Press> =
            presses.into_iter().map(|press| Press { gap_ms: press.gap_ms.max(90), ..press }).collect();
        let keys = received(&arrivals(&presses, clock, markers), clock);
        let started: Vec<u8> =
            keys.iter().filter(|k| k.phase() == Phase::Start).map(|k| k.key().event_code()).collect();
        let sent: Vec<u8> = presses.iter().map(|press| press.code).collect();
        prop_assert_eq!(&started, &sent);
        prop_assert_eq!(keys.len(), 2 * sent.len(), "every start has one end");
    }

    /// Packets may be a second late and overtake those of later keys: no key is lost or counted twice.
    #[test]
    fn each_key_counts_once_in_any_order(
        presses in prop::collection::vec(press(), 1..12),
        late in prop::collection::vec(0u64..700, 40),
        clock in prop::sample::select(vec![8_000u32, 16_000, 48_000]),
        markers in any::<bool>(),
    ) {
        let mut arrivals = arrivals(&presses, clock, markers);
        for (n, arrival) in arrivals.iter_mut().enumerate() {
            arrival.at += Duration::from_millis(late[n % late.len()]);
        }
        arrivals.sort_by_key(|arrival| arrival.at);
        let keys = received(&arrivals, clock);
        let counted = |phase: Phase| {
            let mut codes: Vec<u8> =
                keys.iter().filter(|k| k.phase() == phase).map(|k| k.key().event_code()).collect();
            codes.sort_unstable();
            codes
        };
        let mut sent: Vec<u8> = presses.iter().map(|press| press.code).collect();
        sent.sort_unstable();
        prop_assert_eq!(counted(Phase::Start), sent.clone());
        prop_assert_eq!(counted(Phase::End), sent);
    }

    #[test]
    fn any_bytes_are_harmless(
        packets in prop::collection::vec((0u32..3, 0u32..4000, any::<bool>(), prop::collection::vec(any::<u8>(), 0..24)), 0..60),
    ) {
        let mut receiver = EventReceiver::new();
        let mut down = 0i32;
        for (n, (ssrc, timestamp, marker, payload)) in packets.iter().enumerate() {
            let now = Duration::from_millis(20 * n as u64);
            let timed_out = receiver.handle_timeout(now);
            for key in timed_out.into_iter().chain(receiver.handle(*ssrc, *timestamp, *marker, payload, now)) {
                down += if key.phase() == Phase::Start { 1 } else { -1 };
                prop_assert!((0..=2).contains(&down));
            }
        }
    }
}

#[test]
fn a_key_of_nine_seconds_is_one_key_over_its_segments() {
    let press = Press { code: 5, hold_ms: 9_000, gap_ms: 100, fate: vec![(false, false, 0)], survivor: 0 };
    for clock in [8_000, 48_000] {
        let keys = received(&arrivals(std::slice::from_ref(&press), clock, true), clock);
        let end = EventKey::End { key: Key::D5, duration: Duration::from_secs(9) };
        assert_eq!(keys, [EventKey::Start { key: Key::D5 }, end], "{clock} Hz");
    }
}
