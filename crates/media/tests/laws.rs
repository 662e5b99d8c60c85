//! Laws that hold for any input: nothing panics, and order is restored within the window.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use paytone_media::g711::Codec;
use paytone_media::latch::SourceLatch;
use paytone_media::rtp::{Frame, Packet, PayloadTypes, REORDER_WINDOW, Receiver, Sender};
use paytone_media::sdp::{self, Answer, Direction, LocalMedia, Offer, Offering};
use proptest::prelude::*;

const TYPES: PayloadTypes = PayloadTypes::new(0, Some(101));
const START: Duration = Duration::from_secs(1_800_000_000);

fn local(address: IpAddr) -> LocalMedia {
    LocalMedia { address, port: 40_000, session_id: 1, version: 1 }
}

/// Any bytes, and any bytes that at least begin like RTP of our payload types.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let headed = (any::<[u8; 2]>(), prop::collection::vec(any::<u8>(), 0..400)).prop_map(|(head, rest)| {
        let payload_type = if head[1] & 1 == 0 { 0 } else { 101 };
        [&[0x80 | (head[0] & 0x3f), payload_type, 0, head[1] >> 4][..], &rest].concat()
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..64), headed]
}

/// Session descriptions made of lines that each may be right, odd or rubbish.
fn description() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("c=IN IP4 192.0.2.7".to_owned()),
        Just("c=IN IP6 2001:db8::7".to_owned()),
        Just("c=IN IP4 0.0.0.0".to_owned()),
        Just("a=rtpmap:96 telephone-event/8000".to_owned()),
        Just("a=rtpmap:96 PCMU/8000/1".to_owned()),
        Just("a=sendonly".to_owned()),
        Just("a=ptime:20".to_owned()),
        "m=audio [0-9]{1,5} RTP/S?AVPF? [0-9 ]{1,12}",
        "m=(audio|video|image) [0-9]{1,5} [A-Z/]{1,8} [0-9 ]{1,12}",
        "a=rtpmap:[0-9]{0,4} ?[a-zA-Z/-]{0,20}[0-9/]{0,8}",
        "[a-z]=[ -~]{0,40}",
        "\\PC{0,40}",
    ];
    prop::collection::vec(line, 0..14).prop_map(|lines| {
        ["v=0", "o=- 1 1 IN IP4 192.0.2.7", "s=-", "t=0 0"].join("\r\n") + "\r\n" + &lines.join("\r\n")
    })
}

proptest! {
    #[test]
    fn no_datagram_panics_and_every_frame_is_short(
        datagrams in prop::collection::vec((datagram(), 0_u64..100), 0..200)
    ) {
        let mut receiver = Receiver::new(TYPES);
        let mut latch = SourceLatch::new(None);
        let mut now = START;
        for (bytes, milliseconds) in datagrams {
            now += Duration::from_millis(milliseconds);
            let _ = latch.accept(SocketAddr::from(([192, 0, 2, 7], 4000)), &bytes, TYPES);
            let _ = Packet::parse(&bytes);
            let _ = receiver.push(&bytes, now);
            let mut frames = 0;
            while let Some(frame) = receiver.pop(now) {
                let (Frame::Lost { samples } | Frame::Silence { samples }) = frame else {
                    let Frame::Audio { payload, payload_type } = frame else { unreachable!("three kinds") };
                    prop_assert!((1..=160).contains(&payload.len()) && payload_type == 0);
                    continue;
                };
                prop_assert!((1..=160).contains(&samples));
                frames += 1;
                prop_assert!(frames <= 1_000, "one datagram made the receiver talk for ever");
            }
        }
    }

    #[test]
    fn reordering_within_the_window_is_undone(
        first_sequence: u16,
        first_timestamp: u32,
        delays in prop::collection::vec(0_u64..60, 1..150),
    ) {
        let mut sender = Sender::new(7, first_sequence, first_timestamp);
        let mut arrivals: Vec<_> = delays.iter().enumerate().map(|(number, delay)| {
            let mut packet = Vec::new();
            sender.audio(0, &[number as u8; 160], &mut packet);
            // Nothing can come before the first packet, since the stream begins with it.
            let delay = if number == 0 { 0 } else { *delay };
            (Duration::from_millis(20 * number as u64 + delay), packet)
        }).collect();
        arrivals.sort_by_key(|(at, _)| *at);
        let (mut receiver, mut heard) = (Receiver::new(TYPES), Vec::new());
        let mut packets = arrivals.into_iter().peekable();
        for tick in 0..delays.len() as u64 + 4 {
            let now = START + Duration::from_millis(20 * tick);
            while let Some((at, packet)) = packets.next_if(|(at, _)| START + *at <= now) {
                receiver.push(&packet, START + at).unwrap();
            }
            while let Some(frame) = receiver.pop(now) {
                let Frame::Audio { payload, .. } = frame else { panic!("nothing was lost: {frame:?}") };
                heard.push(payload[0]);
            }
        }
        let sent: Vec<u8> = (0..delays.len()).map(|number| number as u8).collect();
        prop_assert_eq!(heard, sent);
    }

    #[test]
    fn every_sample_is_heard_lost_or_paused(kept in prop::collection::vec(any::<bool>(), 1..100)) {
        let mut sender = Sender::new(7, 65_500, 0);
        let mut receiver = Receiver::new(TYPES);
        let (mut now, mut total, mut audio) = (START, 0, 0);
        let last = kept.len() - 1;
        for (number, keep) in kept.iter().enumerate() {
            let mut packet = Vec::new();
            sender.audio(0, &[1; 160], &mut packet);
            now += Duration::from_millis(20);
            // Both ends arrive, so that the length between them is known.
            if *keep || number == 0 || number == last {
                audio += 160;
                receiver.push(&packet, now).unwrap();
            }
            while let Some(frame) = receiver.pop(now) {
                total += samples(&frame);
            }
        }
        let mut heard = 0;
        while let Some(frame) = receiver.pop(now + REORDER_WINDOW) {
            heard += samples(&frame);
        }
        prop_assert_eq!(total + heard, kept.len() * 160);
        prop_assert!(audio <= total + heard);
    }

    #[test]
    fn any_bytes_are_an_offer_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Offer::parse(&bytes);
        let _ = Answer::parse(&bytes);
    }

    #[test]
    fn every_offer_gets_an_answer_that_its_writer_can_read(text in description()) {
        let Ok(offer) = Offer::parse(text.as_bytes()) else { return Ok(()) };
        let ours: IpAddr = if offer.is_ipv6() { "2001:db8::1" } else { "192.0.2.1" }.parse().unwrap();
        let answer = sdp::answer(&offer, &local(ours)).unwrap();
        let read = Answer::parse(answer.body().as_bytes()).unwrap();
        prop_assert_eq!(read.agreement().remote(), Some(SocketAddr::new(ours, 40_000)));
        prop_assert_eq!(read.agreement().codec(), answer.agreement().codec());
        prop_assert_eq!(read.agreement().payload_types(), answer.agreement().payload_types());
        prop_assert_eq!(read.agreement().direction(), answer.agreement().direction().reversed());
        let lines = |sdp: &str| sdp.lines().filter(|line| line.starts_with("m=")).count();
        prop_assert_eq!(lines(answer.body()), lines(&text), "one m= line for each offered");
    }

    #[test]
    fn our_offers_are_ones_we_can_answer(
        event in prop::option::of(96_u8..128),
        a_law_first: bool,
        sends: bool,
        receives: bool,
    ) {
        let direction = match (sends, receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        };
        let codecs = if a_law_first { [Codec::Pcma, Codec::Pcmu] } else { [Codec::Pcmu, Codec::Pcma] };
        let offering = Offering { codecs: &codecs, telephone_event: event, direction };
        let text = sdp::offer(&local([192, 0, 2, 7].into()), &offering);
        let answer = sdp::answer(&Offer::parse(text.as_bytes()).unwrap(), &local([192, 0, 2, 1].into())).unwrap();
        prop_assert_eq!(answer.agreement().codec(), codecs[0]);
        prop_assert_eq!(answer.agreement().payload_types().event(), event);
        prop_assert_eq!(answer.agreement().direction(), direction.reversed());
        prop_assert_eq!(answer.agreement().is_held(), !(sends && receives));
    }
}

fn samples(frame: &Frame<'_>) -> usize {
    match frame {
        Frame::Audio { payload, .. } => payload.len(),
        Frame::Lost { samples } | Frame::Silence { samples } => *samples,
    }
}
