//! What masks show, and who hears of findings.

use std::sync::mpsc;

use paytone_card::{luhn, test_numbers};
use paytone_redact::{Kind, Policy, Redactor, redact_bytes};

fn redact(policy: Policy, text: &str) -> String {
    let mut redactor = Redactor::new().with_policy(policy);
    let mut out = Vec::new();
    redactor.process(text.as_bytes(), &mut out);
    redactor.finish(&mut out);
    String::from_utf8(out).expect("masks are ASCII")
}

#[test]
fn what_each_policy_shows() {
    for (text, last_four, bin, nothing) in [
        ("4111 1111 1111 1111", "[card:****1111]", "[card:411111****1111]", "[card:removed]"),
        ("378282246310005", "[card:****0005]", "[card:378282****0005]", "[card:removed]"),
        ("4222222222222", "[card:****2222]", "[card:****2222]", "[card:removed]"),
        ("41111111111111111230", "[card:****1111]", "[card:411111****1111]", "[card:removed]"),
        (
            r#"{"pan":4111111111111111}"#,
            r#"{"pan":"[card:****1111]"}"#,
            r#"{"pan":"[card:411111****1111]"}"#,
            r#"{"pan":"[card:removed]"}"#,
        ),
        (";4111111111111111=3012101000?", ";[track:removed]?", ";[track:removed]?", ";[track:removed]?"),
        ("cvc=123", "cvc=[code:removed]", "cvc=[code:removed]", "cvc=[code:removed]"),
        ("Signal=5", "Signal=[key:removed]", "Signal=[key:removed]", "Signal=[key:removed]"),
    ] {
        assert_eq!(redact(Policy::LastFour, text), last_four);
        assert_eq!(redact(Policy::BinAndLastFour, text), bin);
        assert_eq!(redact(Policy::RemoveAll, text), nothing);
    }
}

#[test]
fn no_mask_of_any_policy_is_found_again() {
    let numbers = test_numbers::ALL.iter().map(|number| number.digits());
    for number in numbers.filter(|number| luhn::is_valid(number.as_bytes())) {
        for policy in [Policy::LastFour, Policy::BinAndLastFour, Policy::RemoveAll] {
            let text = format!("cvc {number} {number} 1230,{number}-{number} dtmf {number}");
            let once = redact(policy, &text);
            assert_eq!(redact(policy, &once), once);
            assert_eq!(redact_bytes(once.as_bytes()), once.as_bytes());
        }
    }
}

#[test]
fn the_hook_hears_where_and_what_in_the_whole_text() {
    let (incidents, heard) = mpsc::channel();
    let mut redactor = Redactor::new().with_hook(move |finding| incidents.send(finding.clone()).unwrap());
    for piece in b"a line\npan 4111111111111111\ncvc=123\n".chunks(5) {
        redactor.process(piece, &mut Vec::new());
    }
    let heard: Vec<_> = heard.try_iter().map(|finding| (finding.kind, finding.range)).collect();
    assert_eq!(heard, [(Kind::CardNumber, 11..27), (Kind::SecurityCode, 32..35)]);
    assert_eq!(redactor.counts().total(), 2);
}
