//! Offers as real phones write them, and what is answered.

use core::net::IpAddr;
use core::time::Duration;

use paytone_media::g711::Codec;
use paytone_media::sdp::{Answer, Direction, LocalMedia, Offer, SdpError, answer};

const LOCAL: LocalMedia = LocalMedia {
    address: IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1)),
    port: 30_000,
    session_id: 77,
    version: 3,
};

/// An offer from 192.0.2.7 whose last lines are `rest`, separated by `|`.
fn offer(rest: &str) -> Result<Offer, SdpError> {
    let head = "v=0|o=phone 1 1 IN IP4 192.0.2.7|s=-|c=IN IP4 192.0.2.7|t=0 0|";
    Offer::parse((head.to_owned() + rest + "|").replace('|', "\r\n").as_bytes())
}

fn answered(rest: &str) -> Answer {
    answer(&offer(rest).expect("a usable offer"), &LOCAL).expect("both ends are IPv4")
}

fn refused(rest: &str) -> SdpError {
    offer(rest).expect_err("an offer we cannot take")
}

#[test]
fn a_whole_answer() {
    let answer = answered("m=audio 4000 RTP/AVP 8 0 101|a=rtpmap:101 telephone-event/8000|a=fmtp:101 0-16");
    let expected = "v=0|o=- 77 3 IN IP4 192.0.2.1|s=-|c=IN IP4 192.0.2.1|t=0 0|\
        m=audio 30000 RTP/AVP 8 101|a=rtpmap:8 PCMA/8000|a=rtpmap:101 telephone-event/8000|\
        a=fmtp:101 0-15|a=ptime:20|a=sendrecv|";
    assert_eq!(answer.body(), expected.replace('|', "\r\n"));
    assert_eq!(answer.agreement().remote(), Some("192.0.2.7:4000".parse().unwrap()));
    assert_eq!(answer.agreement().codec(), Codec::Pcma);
    assert!(!answer.agreement().is_held());
}

#[test]
fn the_next_description_of_the_same_call_has_a_higher_version() {
    let again = answer(&offer("m=audio 4000 RTP/AVP 0").unwrap(), &LOCAL.next_version()).unwrap();
    assert!(again.body().contains("o=- 77 4 IN IP4"));
}

#[test]
fn codecs_are_taken_in_the_order_offered() {
    assert_eq!(answered("m=audio 4000 RTP/AVP 0 8").agreement().codec(), Codec::Pcmu);
    assert_eq!(answered("m=audio 4000 RTP/AVP 8 0").agreement().codec(), Codec::Pcma);
    assert_eq!(answered("m=audio 4000 RTP/AVP 9 18 8 0").agreement().codec(), Codec::Pcma);
    assert_eq!(refused("m=audio 4000 RTP/AVP 9 18"), SdpError::NoCodec);
}

#[test]
fn codecs_may_have_dynamic_payload_types() {
    let agreed = *answered("m=audio 4000 RTP/AVP 118|a=rtpmap:118 pcmu/8000/1").agreement();
    assert_eq!((agreed.codec(), agreed.payload_types().audio()), (Codec::Pcmu, 118));
    assert_eq!(refused("m=audio 4000 RTP/AVP 118|a=rtpmap:118 PCMU/16000"), SdpError::NoCodec);
    assert_eq!(refused("m=audio 4000 RTP/AVP 118|a=rtpmap:118 PCMU/8000/2"), SdpError::NoCodec);
    assert_eq!(refused("m=audio 4000 RTP/AVP 0|a=rtpmap:0 opus/48000/2"), SdpError::NoCodec);
}

#[test]
fn telephone_events_keep_the_number_the_peer_gave_them() {
    for number in [96, 97, 101, 127] {
        let line = format!("m=audio 4000 RTP/AVP 0 {number}|a=rtpmap:{number} telephone-event/8000");
        let answer = answered(&line);
        assert_eq!(answer.agreement().payload_types().event(), Some(number));
        assert!(answer.body().contains(&format!("a=fmtp:{number} 0-15")));
    }
}

#[test]
fn telephone_events_at_another_clock_are_not_ours() {
    let both =
        "m=audio 4000 RTP/AVP 0 100 101|a=rtpmap:100 telephone-event/48000|a=rtpmap:101 TELEPHONE-EVENT/8000";
    assert_eq!(answered(both).agreement().payload_types().event(), Some(101));
    let other = "m=audio 4000 RTP/AVP 0 100|a=rtpmap:100 telephone-event/16000";
    let answer = answered(other);
    assert_eq!(answer.agreement().payload_types().event(), None);
    assert!(!answer.body().contains("telephone-event"));
}

#[test]
fn hold_is_answered_with_the_direction_reversed() {
    for (offered, ours) in [
        ("sendrecv", Direction::SendRecv),
        ("sendonly", Direction::RecvOnly),
        ("recvonly", Direction::SendOnly),
        ("inactive", Direction::Inactive),
    ] {
        let answer = answered(&format!("m=audio 4000 RTP/AVP 0|a={offered}"));
        assert_eq!(answer.agreement().direction(), ours);
        assert_eq!(answer.agreement().is_held(), ours != Direction::SendRecv);
        assert!(answer.body().contains(&format!("a={}\r\n", ours.name())));
        assert_eq!(answer.agreement().remote(), Some("192.0.2.7:4000".parse().unwrap()));
    }
}

#[test]
fn a_null_address_is_hold() {
    for null in ["IN IP4 0.0.0.0", "IN IP4 hold.invalid"] {
        let agreed = *answered(&format!("m=audio 4000 RTP/AVP 0|c={null}")).agreement();
        assert_eq!((agreed.remote(), agreed.direction()), (None, Direction::RecvOnly));
        assert!(agreed.is_held());
    }
    let six = LocalMedia { address: "2001:db8::1".parse().unwrap(), ..LOCAL };
    for null in ["IN IP6 ::", "IN IP6 hold.invalid"] {
        let offer = offer(&format!("m=audio 4000 RTP/AVP 0|c={null}")).unwrap();
        assert!(answer(&offer, &six).unwrap().agreement().is_held());
    }
    let both = answered("m=audio 4000 RTP/AVP 0|c=IN IP4 0.0.0.0|a=inactive");
    assert_eq!(both.agreement().direction(), Direction::Inactive);
}

#[test]
fn the_stream_overrides_the_session() {
    let session = "a=sendonly|m=audio 4000 RTP/AVP 0";
    assert_eq!(answered(session).agreement().direction(), Direction::RecvOnly);
    let stream = "a=sendonly|m=audio 4000 RTP/AVP 0|a=sendrecv|c=IN IP4 198.51.100.4";
    let agreed = *answered(stream).agreement();
    assert_eq!(agreed.direction(), Direction::SendRecv);
    assert_eq!(agreed.remote(), Some("198.51.100.4:4000".parse().unwrap()));
}

#[test]
fn ipv6_is_answered_in_kind() {
    let offer = offer("m=audio 4000 RTP/AVP 0|c=IN IP6 2001:db8::7").unwrap();
    assert!(offer.is_ipv6());
    assert_eq!(answer(&offer, &LOCAL), Err(SdpError::AddressFamily));
    let local = LocalMedia { address: "2001:db8::1".parse().unwrap(), ..LOCAL };
    let answer = answer(&offer, &local).unwrap();
    assert!(answer.body().contains("c=IN IP6 2001:db8::1\r\n"));
    assert_eq!(answer.agreement().remote(), Some("[2001:db8::7]:4000".parse().unwrap()));
}

#[test]
fn other_streams_are_refused_in_place() {
    let answer = answered(
        "m=video 5000 RTP/AVP 99|a=rtpmap:99 H264/90000|m=audio 5002 RTP/SAVP 0|\
         m=audio 0 RTP/AVP 0|m=audio 4000 RTP/AVP 0|m=audio 4002 RTP/AVP 8|m=application 9 UDP/BFCP *",
    );
    let lines: Vec<_> = answer.body().lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 99",
            "m=audio 0 RTP/SAVP 0",
            "m=audio 0 RTP/AVP 0",
            "m=audio 30000 RTP/AVP 0",
            "m=audio 0 RTP/AVP 8",
            "m=application 0 UDP/BFCP *",
        ]
    );
}

#[test]
fn what_cannot_be_answered_says_why() {
    assert_eq!(refused("m=video 5000 RTP/AVP 99"), SdpError::NoAudio);
    assert_eq!(refused("m=audio 0 RTP/AVP 0"), SdpError::NoAudio);
    assert_eq!(refused("m=audio 4000 RTP/SAVP 0"), SdpError::NoCrypto);
    assert_eq!(refused("m=audio 4000 UDP/TLS/RTP/SAVPF 0"), SdpError::Transport);
    assert_eq!(refused("m=audio 4000 RTP/SAVP 0|m=audio 4000 RTP/AVP 9"), SdpError::NoCodec);
    assert_eq!(refused("m=audio 4000 RTP/AVP 0|c=IN IP4 phone.example"), SdpError::NoAddress);
    assert_eq!(refused("m=audio 4000 RTP/AVP 0|c=IN IP4 224.2.1.1/127"), SdpError::NoAddress);
    assert_eq!(refused("m=audio 4000 RTP/AVP 0|c=IN IP4 255.255.255.255"), SdpError::NoAddress);
    let bare = b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    assert_eq!(Offer::parse(bare), Err(SdpError::NoAddress));
    assert_eq!(Offer::parse(b""), Err(SdpError::Malformed));
    assert_eq!(Offer::parse(b"<xml/>"), Err(SdpError::Malformed));
    assert_eq!(refused("m=audio 70000 RTP/AVP 0"), SdpError::Malformed);
    assert_eq!(Offer::parse(&[b'v'; 20_000]), Err(SdpError::TooLong));
    assert_eq!(refused(&"m=audio 4000 RTP/AVP 0|".repeat(17)), SdpError::TooLong);
}

#[test]
fn odd_attributes_are_ignored() {
    let odd =
        "m=audio 4000 RTP/AVP 0 999 x 96|a=rtpmap|a=rtpmap:|a=rtpmap:0|a=rtpmap:96 /|a=ptime:-1|a=fmtp:96";
    let agreed = *answered(odd).agreement();
    assert_eq!((agreed.codec(), agreed.ptime()), (Codec::Pcmu, None));
    let ptime =
        |value: &str| answered(&format!("m=audio 4000 RTP/AVP 0|a=ptime:{value}")).agreement().ptime();
    assert_eq!(ptime("30"), Some(Duration::from_millis(30)));
    assert_eq!(ptime("0"), None);
    assert_eq!(ptime("201"), None);
}

#[test]
fn lines_may_end_without_a_carriage_return() {
    let text = "v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\nc=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/AVP 0\n";
    assert!(Offer::parse(text.as_bytes()).is_ok());
}

#[test]
fn a_refusal_is_not_an_agreement() {
    let text =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n";
    assert_eq!(Answer::parse(text.as_bytes()), Err(SdpError::NoAudio));
}
