//! What must be found, class by class.

use paytone_card::{Brand, test_numbers};
use paytone_redact::{Kind, find, redact_bytes, redact_str};

/// Each line becomes the other.
fn check(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(redact_str(text), *expected, "{text}");
    }
}

#[test]
fn plain_numbers_of_every_brand() {
    for number in test_numbers::ALL {
        let digits = number.digits();
        let wrong = ["4999000000000002", test_numbers::VISA_WRONG_CHECK_DIGIT].contains(&digits);
        let expected =
            if wrong { digits.to_owned() } else { format!("[card:****{}]", &digits[digits.len() - 4..]) };
        assert_eq!(redact_str(digits), expected);
    }
    // Domestic brands without a check digit: nobody's numbers, the check digit is wrong on purpose.
    check(&[("8600000000000000", "[card:****0000]"), ("9704000000000000", "[card:****0000]")]);
}

#[test]
fn grouped_numbers() {
    check(&[
        ("4111 1111 1111 1111", "[card:****1111]"),
        ("4111-1111-1111-1111", "[card:****1111]"),
        ("4111.1111.1111.1111", "[card:****1111]"),
        ("3782 822463 10005", "[card:****0005]"),
        ("3782-822463-10005", "[card:****0005]"),
        ("3622 720627 1667", "[card:****1667]"),
        ("6205 5000 0000 0000 004", "[card:****0004]"),
        ("41111111 11111111", "[card:****1111]"),
        ("411111-1111111111", "[card:****1111]"),
        ("4222 222 222 222", "[card:****2222]"),
        ("4111 1111-1111 1111", "[card:****1111]"),
    ]);
}

#[test]
fn digit_by_digit() {
    check(&[
        ("keys 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 #", "keys [card:****1111] #"),
        ("4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", "[card:****1111]"),
        ("4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1", "[card:****1111]"),
    ]);
}

#[test]
fn next_to_letters_and_underscores() {
    check(&[
        ("PAN4111111111111111", "PAN[card:****1111]"),
        ("card_4111111111111111_key", "card_[card:****1111]_key"),
        ("x4111111111111111y", "x[card:****1111]y"),
        ("ABC4111 1111 1111 1111DEF", "ABC[card:****1111]DEF"),
        ("番号4111111111111111です", "番号[card:****1111]です"),
        ("no.4111111111111111.", "no.[card:****1111]."),
    ]);
}

#[test]
fn json() {
    check(&[
        (r#"{"pan":"4111111111111111"}"#, r#"{"pan":"[card:****1111]"}"#),
        (r#"{"pan":4111111111111111,"x":1}"#, r#"{"pan":"[card:****1111]","x":1}"#),
        (r#"{"m":"{\"pan\":4111111111111111}"}"#, r#"{"m":"{\"pan\":\"[card:****1111]\"}"}"#),
        (r#"{"m":"pan: 4111111111111111, x"}"#, r#"{"m":"pan: [card:****1111], x"}"#),
        (r#"{"a":"\n4111111111111111"}"#, r#"{"a":"\n[card:****1111]"}"#),
        (r#"{"cvc":123}"#, r#"{"cvc":"[code:removed]"}"#),
        (r#"{"cvc":"123","digit":"4"}"#, r#"{"cvc":"[code:removed]","digit":"[key:removed]"}"#),
        ("{\n  \"pan\": 4111111111111111\n}", "{\n  \"pan\": \"[card:****1111]\"\n}"),
    ]);
}

#[test]
fn masked_json_is_still_json() {
    let documents = [
        r#"{"pan":4111111111111111,"cvc":123,"more":{"pan": 5555555555554444 }}"#,
        r#"{"log":"{\"pan\":4111111111111111,\"cvv2\":123}"}"#,
        r#"{"list":["4111 1111 1111 1111","Signal=5\r\nDuration=160"]}"#,
    ];
    for document in documents {
        let masked = redact_str(document);
        let value: serde_json::Value = serde_json::from_str(&masked).unwrap_or_else(|_| panic!("{masked}"));
        assert!(!value.to_string().contains("1111111"));
        if let Some(inner) = value.get("log") {
            assert!(serde_json::from_str::<serde_json::Value>(inner.as_str().unwrap()).is_ok(), "{masked}");
        }
    }
}

#[test]
fn xml_csv_and_urls() {
    check(&[
        ("<pan>4111111111111111</pan><cvc>123</cvc>", "<pan>[card:****1111]</pan><cvc>[code:removed]</cvc>"),
        ("7,4111111111111111,JPY", "7,[card:****1111],JPY"),
        ("\"4111111111111111\";\"1230\"", "\"[card:****1111]\";\"1230\""),
        ("/pay?card=4111111111111111&cvc=123", "/pay?card=[card:****1111]&cvc=[code:removed]"),
        ("card=4111+1111+1111+1111&x", "card=[card:****1111]&x"),
        ("sip:4111111111111111@host", "sip:[card:****1111]@host"),
    ]);
}

#[test]
fn escapes() {
    check(&[
        ("4111%201111%201111%201111", "[card:****1111]"),
        ("4111%2D1111%2d1111%2D1111", "[card:****1111]"),
        ("%224111111111111111%22", "%22[card:****1111]%22"),
        ("%7B%22pan%22%3A4111111111111111%7D", "%7B%22pan%22%3A[card:****1111]%7D"),
        ("100%4111111111111111", "100%[card:****1111]"),
        ("%34%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31", "[card:****1111]"),
        (r"\u0022\u00344111111111111111x", r"\u0022\u00344111111111111111x"),
        (r"\u00224111111111111111\u0022", r"\u0022[card:****1111]\u0022"),
        (r"\x224111111111111111\x22", r"\x22[card:****1111]\x22"),
        (r"\u0034111111111111111", "[card:****1111]"),
        (r"4111\u00a01111\u00a01111\u00a01111", "[card:****1111]"),
        ("&#52;&#49;11111111111111", "[card:****1111]"),
        ("4111&nbsp;1111&nbsp;1111&nbsp;1111", "[card:****1111]"),
        ("\u{1b}[31m4111111111111111\u{1b}[0m", "\u{1b}[31m[card:****1111]\u{1b}[0m"),
    ]);
}

#[test]
fn digits_and_separators_outside_ascii() {
    check(&[
        ("４１１１１１１１１１１１１１１１", "[card:****1111]"),
        ("４１１１－１１１１－１１１１－１１１１", "[card:****1111]"),
        ("٤١١١١١١١١١١١١١١١", "[card:****1111]"),
        ("四一一一一一一一一一一一一一一一", "[card:****1111]"),
        ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "[card:****1111]"),
        ("4111–1111–1111–1111", "[card:****1111]"),
        ("4111\u{2011}1111\u{2212}1111\u{3000}1111", "[card:****1111]"),
        ("カードは4111111111111111です", "カードは[card:****1111]です"),
    ]);
}

#[test]
fn followed_by_the_expiry_date() {
    check(&[
        ("4111111111111111 1230", "[card:****1111] 1230"),
        ("4111 1111 1111 1111 12 30", "[card:****1111] 12 30"),
        ("4111-1111-1111-1111 12/30", "[card:****1111] 12/30"),
        ("4111111111111111|12|30|", "[card:****1111]|12|30|"),
        ("41111111111111111230", "[card:****1111]"),
        ("digits 41111111111111111230123 end", "digits [card:****1111] end"),
        ("4111111111111111=1230", "[card:****1111]=1230"),
    ]);
}

#[test]
fn several_in_a_line() {
    check(&[
        ("4111111111111111 5555555555554444", "[card:****1111] [card:****4444]"),
        ("4111111111111111,4111111111111111", "[card:****1111],[card:****1111]"),
        ("12 4111 1111 1111 1111", "12 [card:****1111]"),
        ("4111111111111111.5555555555554444", "[card:****1111].[card:****4444]"),
    ]);
}

#[test]
fn overlapping_numbers_are_hidden_together() {
    // 4000 0000 0000 0002 and, from its second group on, 13 further zeros: not a card. Two Visas that share
    // groups are.
    let text = "4000 0000 0000 0002 4242 4242 4242 4242";
    assert_eq!(redact_str(text), "[card:****0002] [card:****4242]");
    let text = "5019 7170 1010 3742 4000 0000 0000";
    let findings = find(text.as_bytes());
    assert!(findings[0].range.contains(&0) && findings[0].kind == Kind::CardNumber);
    let overlapping = "6304 0000 0000 0000 0000 0000";
    let masked = redact_str(overlapping);
    assert!(masked.starts_with("[card:"), "{masked}");
}

#[test]
fn security_codes_by_label() {
    check(&[
        ("cvc=123", "cvc=[code:removed]"),
        ("CVV: 123", "CVV: [code:removed]"),
        ("cvv2 1234.", "cvv2 [code:removed]."),
        ("CID 1234", "CID [code:removed]"),
        ("csc='012'", "csc='[code:removed]'"),
        ("security_code=000", "security_code=[code:removed]"),
        ("securityCode: 123", "securityCode: [code:removed]"),
        ("the security code is 123", "the security code is [code:removed]"),
        ("card[cvc]=123&x=1", "card[cvc]=[code:removed]&x=1"),
        ("card%5Bcvc%5D=123", "card%5Bcvc%5D=[code:removed]"),
        ("セキュリティコード：１２３", "セキュリティコード：[code:removed]"),
        ("cvc=123 456", "cvc=[code:removed] 456"),
    ]);
}

#[test]
fn tracks_are_removed_whole() {
    check(&[
        (";4111111111111111=30121010000012345678?", ";[track:removed]?"),
        ("4111111111111111D30121010000012345678F", "[track:removed]"),
        ("%B4111111111111111^DOE/JOHN^30121010000000000000?", "%B[track:removed]?"),
        ("%B4111111111111111^DOE/JOHN^3012101", "%B[track:removed]"),
        ("%25B4111111111111111%5EDOE%2FJOHN%5E3012101000%3F", "%25B[track:removed]%3F"),
    ]);
}

#[test]
fn one_key_per_line() {
    check(&[
        ("Signal=5\r\nDuration=160\r\n", "Signal=[key:removed]\r\nDuration=160\r\n"),
        ("Signal= 5\r\n", "Signal= [key:removed]\r\n"),
        ("DTMF digit 4", "DTMF digit [key:removed]"),
        ("digit=4 duration=160", "digit=[key:removed] duration=160"),
        ("dtmf: 5", "dtmf: [key:removed]"),
        ("dtmf key 5", "dtmf key [key:removed]"),
        (
            "DTMF end '4' received on x, duration 160 ms",
            "DTMF end '[key:removed]' received on x, duration 160 ms",
        ),
        ("Out-of-band digit [8] arrived", "Out-of-band digit [[key:removed]] arrived"),
        ("RTP RECV DTMF 4:1280", "RTP RECV DTMF [key:removed]:1280"),
        (r#"{"body":"Signal=5\r\nDuration=160"}"#, r#"{"body":"Signal=[key:removed]\r\nDuration=160"}"#),
    ]);
}

#[test]
fn a_keypad_session_shows_no_digit() {
    let mut log = String::new();
    for (index, key) in test_numbers::VISA_42.chars().enumerate() {
        log += &format!("2026-08-01T10:22:{index:02}.000Z DEBUG call{{id=01J5}} DTMF digit {key}\n");
    }
    let masked = redact_str(&log);
    assert_eq!(masked.matches("DTMF digit [key:removed]\n").count(), 16);
    assert_eq!(masked.matches("2026-08-01T10:22:").count(), 16);
}

#[test]
fn findings_name_range_kind_and_brand() {
    let text = b"a 4111 1111 1111 1111 b cvc=123 Signal=5 ;5555555555554444=3012101000?";
    let found: Vec<_> = find(text).into_iter().map(|f| (text[f.range].to_vec(), f.kind, f.brand)).collect();
    assert_eq!(
        found,
        [
            (b"4111 1111 1111 1111".to_vec(), Kind::CardNumber, Some(Brand::Visa)),
            (b"123".to_vec(), Kind::SecurityCode, None),
            (b"5".to_vec(), Kind::Key, None),
            (b"5555555555554444=3012101000".to_vec(), Kind::Track, None),
        ]
    );
}

#[test]
fn bytes_that_are_no_text() {
    let mut bytes = vec![0, 0xFF, 0xFE, 0xEF, 0xBC];
    bytes.extend_from_slice(b"4111111111111111\0\xF0\x9D");
    let masked = redact_bytes(&bytes);
    assert_eq!(&*masked, b"\0\xFF\xFE\xEF\xBC[card:****1111]\0\xF0\x9D");
}
