//! What a try is, as a table: N is the number of tries in total, silences and mistakes counted apart, for each field.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use common::{Call, card_script};
use paytone_card::test_numbers;
use paytone_dialog::{Field, FieldRules, Outcome};

/// What the caller does at the card number: a letter each.
fn act(call: &mut Call, what: char) {
    match what {
        's' => {
            // The prompt to its end, then the whole wait for the first digit.
            call.listen();
            call.wait(10);
        }
        'w' => call.keys("42424242#"),
        'r' => call.keys("*"),
        'h' => {
            call.keys("**3*");
            call.listen();
        }
        'p' => {
            call.keys("4242");
            call.wait(8);
            call.keys("*");
        }
        'k' => call.keys(test_numbers::MASTERCARD),
        other => panic!("{other}"),
    }
    if what != 's' {
        call.wait(2);
    }
}

#[test]
fn attempts_are_total_tries() {
    let silent = Some(Outcome::NoInput(Field::Pan));
    let mute = Some(Outcome::NoKeyHeard);
    let wrong = Some(Outcome::TooManyAttempts(Field::Pan));
    // s: silence, w: a wrong entry, r: the clear key, h: the menu, p: a pause in the middle, k: a right entry.
    let table = [
        (1, 1, "s", mute),
        (1, 1, "rs", silent),
        (1, 1, "w", wrong),
        (2, 1, "s", None),
        (2, 1, "ss", mute),
        (2, 1, "rss", silent),
        (3, 3, "ss", None),
        (3, 3, "sss", mute),
        (3, 3, "wsss", silent),
        (3, 3, "ww", None),
        (3, 3, "www", wrong),
        (3, 3, "swsws", silent),
        (3, 3, "wswsw", wrong),
        (2, 3, "swws", silent),
        (3, 2, "wssw", wrong),
        (1, 1, "rrrhhrrh", None),
        (1, 1, "rhk", None),
        (1, 1, "ppp", None),
        (1, 2, "wphrk", None),
        (1, 2, "wphrw", wrong),
    ];
    for (no_input, no_match, acts, expected) in table {
        let mut call =
            Call::new(card_script().no_input(no_input).no_match(no_match).build().unwrap()).answered();
        for (place, what) in acts.chars().enumerate() {
            assert!(call.dialog.progress().field() == Some(Field::Pan), "{acts} ended at {place}");
            act(&mut call, what);
        }
        let ended = call.dialog.progress().field().is_none().then(|| call.run_out());
        assert_eq!(ended, expected, "{no_input} {no_match} {acts}");
    }
}

#[test]
fn a_field_has_tries_of_its_own_where_the_script_says_so() {
    let patient = FieldRules { no_match: 5, no_input: 4, ..FieldRules::default() };
    let script = || card_script().no_input(1).no_match(1).rules(Field::Pan, patient.clone());
    let mut call = Call::new(script().build().unwrap()).answered();
    for _ in 0..4 {
        act(&mut call, 'w');
    }
    act(&mut call, 'k');
    call.keys("1330");
    assert_eq!(call.run_out(), Outcome::TooManyAttempts(Field::Expiry));
}
