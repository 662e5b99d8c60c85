//! Any bytes as an offer: an error, or an answer that can be read back and says the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use paytone_media::sdp::{Answer, LocalMedia, Offer, answer};

fuzz_target!(|bytes: &[u8]| {
    let _ = Answer::parse(bytes);
    let Ok(offer) = Offer::parse(bytes) else { return };
    let address = if offer.is_ipv6() { "2001:db8::1" } else { "192.0.2.1" };
    let address = address.parse().expect("a constant address");
    let local = LocalMedia { address, port: 40_000, session_id: 1, version: 1 };
    let answer = answer(&offer, &local).expect("an offer that was read can be answered in its own family");
    let read = Answer::parse(answer.body().as_bytes()).expect("our own answer can be read");
    assert_eq!(read.agreement().codec(), answer.agreement().codec());
    assert_eq!(read.agreement().payload_types(), answer.agreement().payload_types());
    assert_eq!(read.agreement().direction(), answer.agreement().direction().reversed());
});
