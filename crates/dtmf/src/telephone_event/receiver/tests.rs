use super::*;

const SSRC: u32 = 7;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(1_000_000 + n)
}

fn key_at(receiver: &mut EventReceiver, timestamp: u32, block: Payload, now: u64) -> EventKeys {
    receiver.handle(SSRC, timestamp, false, &block.write(), ms(now))
}

const fn part(event: u8, duration: u16) -> Payload {
    Payload::new(event, false, 10, duration)
}

const fn last(event: u8, duration: u16) -> Payload {
    Payload::new(event, true, 10, duration)
}

fn starts(packets: &[(u32, Payload, u64)]) -> usize {
    let mut receiver = EventReceiver::new();
    let mut count = 0;
    for &(timestamp, block, now) in packets {
        count += usize::from(receiver.handle_timeout(ms(now)).is_some_and(|k| k.phase() == Phase::Start));
        count += key_at(&mut receiver, timestamp, block, now).filter(|k| k.phase() == Phase::Start).count();
    }
    count
}

#[test]
fn only_the_end_packet_still_gives_one_key() {
    let mut receiver = EventReceiver::new();
    let keys: EventKeys = key_at(&mut receiver, 800, last(5, 400), 0);
    let phases: Vec<Phase> = keys.map(|k| k.phase()).collect();
    assert_eq!(phases, [Phase::Start, Phase::End]);
    assert_eq!(key_at(&mut receiver, 800, last(5, 400), 20).count(), 0);
    assert_eq!(key_at(&mut receiver, 800, part(5, 240), 30).count(), 0);
}

#[test]
fn long_gap_in_the_updates_is_one_key() {
    assert_eq!(starts(&[(0, part(5, 160), 0), (0, part(5, 320), 20), (0, last(5, 1696), 212)]), 1);
    assert_eq!(starts(&[(0, part(5, 160), 0), (0, part(5, 320), 20), (0, last(5, 4000), 500)]), 1);
}

#[test]
fn first_packet_of_duration_zero_is_the_same_key() {
    assert_eq!(starts(&[(0, part(5, 0), 0), (0, part(5, 160), 20), (0, last(5, 320), 40)]), 1);
}

#[test]
fn same_key_with_a_new_timestamp_is_a_second_press() {
    assert_eq!(starts(&[(0, last(4, 400), 0), (400, last(4, 400), 50)]), 2);
    assert_eq!(starts(&[(0, part(4, 160), 0), (640, part(4, 160), 80)]), 2);
}

#[test]
fn segments_of_a_long_key_are_one_press() {
    let mut receiver = EventReceiver::new();
    assert_eq!(key_at(&mut receiver, 100, part(5, 0xffff), 0).count(), 1);
    assert_eq!(key_at(&mut receiver, 100 + 0xffff, part(5, 160), 20).count(), 0);
    let end = key_at(&mut receiver, 100 + 0xffff, last(5, 465), 60).next();
    assert_eq!(end, Some(EventKey::End { key: Key::D5, duration: Duration::from_millis(8250) }));
}

#[test]
fn a_moving_timestamp_is_one_press() {
    let moving = [
        (0, part(5, 160), 0),
        (160, part(5, 320), 20),
        (320, part(5, 480), 40),
        (480, last(5, 640), 60),
        (640, last(5, 640), 60),
        (800, last(5, 640), 60),
    ];
    assert_eq!(starts(&moving), 1);
}

#[test]
fn a_new_key_ends_the_one_before() {
    let mut receiver = EventReceiver::new();
    assert_eq!(key_at(&mut receiver, 0, part(1, 320), 0).count(), 1);
    let keys: Vec<EventKey> = key_at(&mut receiver, 800, part(2, 160), 100).collect();
    let end = EventKey::End { key: Key::D1, duration: Duration::from_millis(40) };
    assert_eq!(keys, [end, EventKey::Start { key: Key::D2 }]);
}

#[test]
fn silence_ends_a_key_once() {
    let mut receiver = EventReceiver::new();
    assert_eq!(receiver.poll_timeout(), None);
    assert_eq!(key_at(&mut receiver, 0, part(1, 320), 0).count(), 1);
    assert_eq!(receiver.poll_timeout(), Some(ms(200)));
    assert_eq!(receiver.handle_timeout(ms(199)), None);
    assert!(receiver.handle_timeout(ms(200)).is_some());
    assert_eq!(receiver.poll_timeout(), None);
    assert_eq!(receiver.handle_timeout(ms(900)), None);
    assert_eq!(key_at(&mut receiver, 0, last(1, 800), 950).count(), 0);
}

#[test]
fn an_overtaken_key_is_reported_late_and_leaves_the_newer_one_alone() {
    let mut receiver = EventReceiver::new();
    assert_eq!(key_at(&mut receiver, 1600, part(2, 160), 0).count(), 1);
    assert_eq!(key_at(&mut receiver, 800, last(1, 400), 5).count(), 2);
    assert_eq!(key_at(&mut receiver, 800, last(1, 400), 6).count(), 0);
    let end = key_at(&mut receiver, 1600, last(2, 800), 60).next();
    assert_eq!(end, Some(EventKey::End { key: Key::D2, duration: Duration::from_millis(100) }));
}

#[test]
fn several_blocks_in_a_packet_are_keys_in_a_row_and_padding_is_not() {
    let mut receiver = EventReceiver::new();
    let payload = [last(1, 400).write(), last(1, 400).write(), part(2, 160).write()].concat();
    let keys = receiver.handle(SSRC, 0, true, &payload, ms(0)).filter(|k| k.phase() == Phase::Start);
    assert_eq!(keys.map(|k| k.key()).collect::<Vec<_>>(), [Key::D1, Key::D1, Key::D2]);

    let padded = [&last(5, 400).write()[..], &[0; 8]].concat();
    assert_eq!(EventReceiver::new().handle(SSRC, 0, true, &padded, ms(0)).count(), 2);
}

#[test]
fn the_clock_rate_only_changes_what_durations_mean() {
    let clock = NonZeroU32::new(48_000).expect("not zero");
    let mut receiver = EventReceiver::new().with_clock(clock);
    let end = key_at(&mut receiver, 0, last(3, 4800), 0).last();
    assert_eq!(end, Some(EventKey::End { key: Key::D3, duration: Duration::from_millis(100) }));
}

#[test]
fn flash_and_short_payloads_are_nothing() {
    let mut receiver = EventReceiver::new();
    assert_eq!(key_at(&mut receiver, 0, part(16, 160), 0).count(), 0);
    assert_eq!(receiver.handle(SSRC, 0, true, &[5, 0, 0], ms(0)).count(), 0);
    assert_eq!(receiver.poll_timeout(), None);
}

#[test]
fn a_segment_that_is_lost_as_a_whole_does_not_part_the_key() {
    let segment = 0xffff;
    assert_eq!(starts(&[(9, part(5, 0xffff), 0), (9 + 2 * segment, last(5, 160), 8200)]), 1);
}

#[test]
fn every_volume_is_a_key() {
    for volume in [0, 36, 55, 63] {
        assert_eq!(starts(&[(0, Payload::new(5, true, volume, 400), 0)]), 1);
    }
}

#[test]
fn another_ssrc_is_another_sender() {
    let mut receiver = EventReceiver::new();
    assert_eq!(receiver.handle(1, 800, true, &last(5, 400).write(), ms(0)).count(), 2);
    assert_eq!(receiver.handle(2, 800, true, &last(5, 400).write(), ms(10)).count(), 2);
    assert_eq!(receiver.handle(1, 800, true, &last(5, 400).write(), ms(20)).count(), 0);
}
