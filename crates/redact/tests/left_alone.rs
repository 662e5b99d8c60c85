//! What must come through byte for byte, class by class.

use std::borrow::Cow;

use paytone_redact::redact_str;

fn check(rows: &[&str]) {
    for text in rows {
        assert!(matches!(redact_str(text), Cow::Borrowed(_)), "{text} became {}", redact_str(text));
    }
}

/// A number that would be found without what is around it.
const VISA: &str = "4111111111111111";

#[test]
fn wrong_check_digits_lengths_and_prefixes() {
    check(&[
        "4111111111111112",
        "411111111111111",
        "9111111111111111",
        "4111 1111 1111 1112",
        "1234567890123456",
    ]);
}

#[test]
fn decimal_fractions() {
    check(&["0.4111111111111111", "48.5105105105105100", "-0.4111111111111111", "[0.4111111111111111,2]"]);
    check(&["lat=35.6812362 lon=139.7671248", "1.4111111111111111e-5"]);
}

#[test]
fn uuids() {
    check(&[
        "41111111-1111-4111-8111-111111111111",
        "550e8400-e29b-41d4-a716-446655440000",
        "id=40000000-4000-4000-8000-400000000000,",
        "4111-1111-1111-4111-8111-111111111111",
    ]);
    // The dashed form has to be whole; a number grouped in fours inside it is protected by it.
    check(&["abcd4111-1111-1111-1111-abcdefabcdef"]);
    assert_ne!(redact_str("abcd4111-1111-1111-1111-abcdefabcde"), "abcd4111-1111-1111-1111-abcdefabcde");
}

#[test]
fn time_stamps_in_every_unit() {
    for second in [1_600_000_000_u64, 1_754_043_753, 1_767_225_599, 1_800_000_000, 1_999_999_999] {
        for fraction in 0..1000 {
            let milliseconds = second * 1000 + fraction;
            check(&[
                &format!("t={milliseconds}"),
                &format!("t={}", milliseconds * 1000 + fraction),
                &format!("t={}", milliseconds * 1_000_000 + fraction * 7),
                &format!("t={second}.{fraction:03}"),
            ]);
        }
    }
    check(&[
        "2026-08-01T10:22:33.123456789Z",
        "20260801102233",
        "20260801-102233-123",
        "2026-08-01 10:22:33,123",
    ]);
}

#[test]
fn phone_numbers_with_a_plus() {
    check(&[
        "+4222222222222",
        "sip:+4222222222222@host",
        "tel:+378282246310005",
        "<+4222222222222>",
        "%2B4222222222222",
    ]);
    check(&["+81 3 1234 5678", "+1-415-555-2671", "+36 2272 0627 1667"]);
    // No telephone number has 16 digits.
    assert_eq!(redact_str("+4111111111111111"), "+[card:****1111]");
}

#[test]
fn equipment_and_subscriber_numbers() {
    check(&["imei=352099001761481", "490154203237518", "imsi=440101234567890", "8981100000000000000"]);
}

#[test]
fn hashes_and_pointers() {
    let sha256 = format!("deadbeef{VISA}deadbeef{VISA}deadbeefdeadbeef");
    assert_eq!(sha256.len(), 64);
    check(&[&sha256, &sha256[..40], &sha256[..32], "0x4111111111111111"]);
    check(&["4bf92f3577b34da6a3ce929d0e0e4736", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]);
    check(&["01J5ZK9T3WQ4X8M2N7P6R5S1VB", "z9hG4bK-524287-1---8a7b6c5d4e3f2a1b"]);
}

#[test]
fn digit_runs_longer_than_a_card_number() {
    check(&[
        "41111111111111111111",
        "411111111111111141111111111111114111111111111111",
        "4111111111111111000000000000000000000000000000000000000000000000000000000000000000000000",
        "41111111111111119930",
    ]);
}

#[test]
fn bank_accounts() {
    check(&["GB29NWBK60161331926819", "DE89370400440532013000", "DE89 3704 0044 0532 0130 00"]);
    check(&["GB29 NWBK 6016 1331 9268 19", "IBAN: NL91ABNA0417164300."]);
}

#[test]
fn session_descriptions() {
    check(&[
        "v=0\r\no=- 4111111111111111 2 IN IP4 127.0.0.1\r\ns=-\r\n",
        "o=root 2 4111111111111111 IN IP6 ::1",
        "o=- 4222222222222 4222222222222 IN IP4 10.0.0.1",
        r#"{"sdp":"v=0\r\no=- 4111111111111111 2 IN IP4 127.0.0.1\r\n"}"#,
        "a=ssrc:4111111111 cname:x",
        "m=audio 49170 RTP/AVP 0 8 101",
    ]);
    assert_ne!(redact_str("o=- 4111111111111111 2"), "o=- 4111111111111111 2");
}

#[test]
fn a_json_event_of_tracing() {
    check(&[concat!(
        r#"{"timestamp":"2026-08-01T10:22:33.123456Z","level":"INFO","fields":{"message":"call answered","#,
        r#""call":"01J5ZK9T3WQ4X8M2N7P6R5S1VB","rtp":"192.168.100.200:49170","ssrc":3735928559,"ms":1754043753123,"#,
        r#""digits":12,"attempt":3,"jitter":0.0041111111111111},"target":"service::call","span":{"id":1311768467463790320}}"#
    )]);
}

#[test]
fn labels_with_other_numbers() {
    check(&[
        "cvc length 3",
        "cvc=12",
        "cvc: 12345",
        "CVE-2024-1234",
        "error code 404",
        "status=200",
        "signal: 9 (SIGKILL)",
        "digits=16",
        "check digit 4 of 16",
        "dtmf_payload=101",
        "key=5",
        "dtmf: 12",
        "a=fmtp:101 0-16",
    ]);
}

#[test]
fn addresses_versions_and_object_ids() {
    check(&[
        "192.168.100.200:5060",
        "1.3.6.1.4.1.311.21.20",
        "rustc 1.95.0",
        "2001:db8::4111:1111:1111:1111",
    ]);
    check(&["JPY 1200", "amount=123456789012", "order code 41111111 7", "50-60-70"]);
}

#[test]
fn masks_are_not_found_again() {
    for text in ["4111 1111 1111 1111 1230", "cvc=123 456", "digit=4 5", "4111111111111111.4111111111111111"]
    {
        let once = redact_str(text).into_owned();
        check(&[&once]);
    }
}
