//! What a receiver makes of the order, gaps, pauses and sources it is given.

use core::time::Duration;

use paytone_media::rtp::{
    Arrival, Dropped, Frame, InvalidPacket, PayloadTypes, REORDER_WINDOW, Receiver, Sender,
};

const TYPES: PayloadTypes = PayloadTypes::new(0, Some(101));
const START: Duration = Duration::from_secs(1_800_000_000);

/// What a receiver says to a list of packets, one every 20 ms, popped until `None` each time.
fn heard(packets: &[Vec<u8>]) -> Vec<String> {
    let mut receiver = Receiver::new(TYPES);
    let (mut now, mut heard) = (START, Vec::new());
    for packet in packets {
        receiver.push(packet, now).expect("a packet of our own sender");
        drain(&mut receiver, now, &mut heard);
        now += Duration::from_millis(20);
    }
    drain(&mut receiver, now + REORDER_WINDOW, &mut heard);
    heard
}

fn drain(receiver: &mut Receiver, now: Duration, heard: &mut Vec<String>) {
    while let Some(frame) = receiver.pop(now) {
        heard.push(match frame {
            Frame::Audio { payload, .. } => format!("{}x{}", payload[0], payload.len()),
            Frame::Lost { samples } => format!("lost {samples}"),
            Frame::Silence { samples } => format!("silence {samples}"),
        });
    }
}

/// Audio packets 0, 1, 2... whose samples carry their own number.
fn numbered(sender: &mut Sender, numbers: core::ops::Range<u8>) -> Vec<Vec<u8>> {
    numbers.map(|number| audio(sender, number, 160)).collect()
}

fn audio(sender: &mut Sender, value: u8, samples: usize) -> Vec<u8> {
    let mut packet = Vec::new();
    sender.audio(0, &vec![value; samples], &mut packet);
    packet
}

fn event(sender: &mut Sender, first: bool) -> Vec<u8> {
    let mut packet = Vec::new();
    let start = sender.timestamp();
    sender.event(101, start, first, &[5, 10, 0, 160], &mut packet);
    sender.advance(160);
    packet
}

fn sender() -> Sender {
    Sender::new(7, u16::MAX - 1, u32::MAX - 200)
}

#[test]
fn packets_in_sequence_come_out_at_once_and_across_the_wrap() {
    assert_eq!(heard(&numbered(&mut sender(), 0..4)), ["0x160", "1x160", "2x160", "3x160"]);
}

#[test]
fn neighbours_that_overtook_each_other_are_put_right() {
    let mut packets = numbered(&mut sender(), 0..5);
    packets.swap(2, 3);
    assert_eq!(heard(&packets), ["0x160", "1x160", "2x160", "3x160", "4x160"]);
}

#[test]
fn a_missing_packet_is_reported_once_its_time_is_over() {
    let mut receiver = Receiver::new(TYPES);
    let packets = numbered(&mut sender(), 0..3);
    receiver.push(&packets[0], START).unwrap();
    receiver.push(&packets[2], START).unwrap();
    assert!(receiver.pop(START).is_some());
    let almost = START + REORDER_WINDOW - Duration::from_millis(1);
    assert_eq!(receiver.pop(almost), None);
    assert_eq!(receiver.pop(START + REORDER_WINDOW), Some(Frame::Lost { samples: 160 }));
    assert_eq!(receiver.push(&packets[1], START), Ok(Arrival::Dropped(Dropped::Late)));
    assert_eq!(receiver.pop(START), Some(Frame::Audio { payload: &[2; 160], payload_type: 0 }));
}

#[test]
fn five_packets_behind_a_gap_end_the_wait() {
    let mut receiver = Receiver::new(TYPES);
    let packets = numbered(&mut sender(), 0..7);
    for packet in packets.iter().enumerate().filter(|(index, _)| *index != 1) {
        receiver.push(packet.1, START).unwrap();
    }
    assert!(matches!(receiver.pop(START), Some(Frame::Audio { .. })));
    assert_eq!(receiver.pop(START), Some(Frame::Lost { samples: 160 }));
}

#[test]
fn repeated_packets_are_heard_once() {
    let packets = numbered(&mut sender(), 0..3);
    let twice = [0, 0, 1, 2, 1, 2].map(|index: usize| packets[index].clone());
    assert_eq!(heard(&twice), ["0x160", "1x160", "2x160"]);
    let mut receiver = Receiver::new(TYPES);
    receiver.push(&packets[0], START).unwrap();
    assert_eq!(receiver.push(&packets[0], START), Ok(Arrival::Dropped(Dropped::Duplicate)));
}

#[test]
fn events_are_returned_as_they_come_and_are_not_lost_audio() {
    let mut sender = sender();
    let mut packets = numbered(&mut sender, 0..2);
    packets.extend([event(&mut sender, true), event(&mut sender, false), event(&mut sender, false)]);
    packets.extend(numbered(&mut sender, 2..4));
    let mut receiver = Receiver::new(TYPES);
    let arrivals = packets.iter().map(|packet| receiver.push(packet, START).unwrap());
    let events =
        arrivals.filter(|arrival| matches!(arrival, Arrival::Event(event) if event.payload()[0] == 5));
    assert_eq!(events.count(), 3);
    assert!(matches!(receiver.push(&packets[2], START), Ok(Arrival::Event(_))), "repeats are not hidden");
    let pause = ["silence 160"; 3];
    assert_eq!(heard(&packets), [&["0x160", "1x160"][..], &pause, &["2x160", "3x160"]].concat());
}

#[test]
fn a_pause_on_purpose_is_told_shortly_and_a_clock_leap_not_at_all() {
    let mut sender = Sender::new(7, 0, 0);
    let mut packets = numbered(&mut sender, 0..1);
    sender.advance(8_000);
    packets.extend(numbered(&mut sender, 1..2));
    sender.advance(0x7000_0000);
    packets.extend(numbered(&mut sender, 2..3));
    assert_eq!(heard(&packets), ["0x160", "silence 160", "silence 160", "silence 160", "1x160", "2x160"]);
}

#[test]
fn packets_of_other_lengths_are_cut_to_twenty_milliseconds() {
    let mut sender = sender();
    let packets = [audio(&mut sender, 1, 80), audio(&mut sender, 2, 240), audio(&mut sender, 3, 320)];
    assert_eq!(heard(&packets), ["1x80", "2x160", "2x80", "3x160", "3x160"]);
    let long = audio(&mut sender, 4, 1_601);
    assert_eq!(Receiver::new(TYPES).push(&long, START), Ok(Arrival::Dropped(Dropped::Oversized)));
}

#[test]
fn loss_is_measured_by_the_media_clock() {
    let mut sender = sender();
    let packets = [audio(&mut sender, 0, 240), audio(&mut sender, 1, 240), audio(&mut sender, 2, 240)];
    let kept = [packets[0].clone(), packets[2].clone()];
    assert_eq!(heard(&kept), ["0x160", "0x80", "lost 160", "lost 80", "2x160", "2x80"]);
}

#[test]
fn a_new_source_is_followed_without_losing_its_first_packet() {
    let mut packets = numbered(&mut Sender::new(7, 100, 0), 0..2);
    packets.extend(numbered(&mut Sender::new(8, 4_000, 99), 2..5));
    assert_eq!(heard(&packets), ["0x160", "1x160", "2x160", "3x160", "4x160"]);
}

#[test]
fn one_stray_packet_disturbs_nothing() {
    let mut packets = numbered(&mut Sender::new(7, 100, 0), 0..4);
    packets.insert(2, audio(&mut Sender::new(8, 4_000, 99), 200, 160));
    packets.insert(3, audio(&mut Sender::new(7, 30_000, 99), 201, 160));
    assert_eq!(heard(&packets), ["0x160", "1x160", "2x160", "3x160"]);
}

#[test]
fn a_sequence_jump_is_followed_when_confirmed() {
    let mut packets = numbered(&mut Sender::new(7, 100, 0), 0..2);
    packets.extend(numbered(&mut Sender::new(7, 30_000, 5_000_000), 2..4));
    assert_eq!(heard(&packets), ["0x160", "1x160", "2x160", "3x160"]);
}

#[test]
fn a_listener_that_does_not_pop_keeps_the_latest_second() {
    let mut receiver = Receiver::new(TYPES);
    for packet in numbered(&mut sender(), 0..60) {
        receiver.push(&packet, START).unwrap();
    }
    let mut heard = Vec::new();
    drain(&mut receiver, START, &mut heard);
    assert_eq!((heard.len(), heard[0].as_str()), (50, "10x160"));
}

#[test]
fn other_payload_types_are_not_used() {
    let mut packet = Vec::new();
    Sender::new(7, 1, 1).audio(13, &[0], &mut packet);
    let arrival = Receiver::new(TYPES).push(&packet, START);
    assert_eq!(arrival, Ok(Arrival::Dropped(Dropped::PayloadType)));
    assert_eq!(Receiver::new(TYPES).push(b"noise", START), Err(InvalidPacket::Truncated));
}

#[test]
fn debug_shows_no_samples() {
    let mut receiver = Receiver::new(TYPES);
    receiver.push(&audio(&mut sender(), 211, 160), START).unwrap();
    let frame = format!("{:?}", receiver.pop(START));
    assert_eq!(frame, "Some(Audio { samples: 160, .. })");
    assert!(!format!("{receiver:?}").contains("211"));
}
