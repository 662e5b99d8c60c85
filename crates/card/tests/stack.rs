//! A card that was keyed leaves no digits on the stack either, in a build that optimises and in one that does not.
//!
//! The stack below the test is read right after the card was dropped, before anything else is called.
#![cfg(all(feature = "alloc", target_os = "linux"))]

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use paytone_card::{Card, CardEntry, FingerprintKey, MaskForm, PanPolicy, test_numbers};

/// A run of digits no longer than what may be kept of a number is not looked for.
const RUN: usize = 9;
/// One of every length the check digit is computed for in its own way.
const NUMBERS: [&str; 6] = [
    test_numbers::VISA_13,
    test_numbers::DINERS_CLUB,
    test_numbers::AMERICAN_EXPRESS,
    test_numbers::DINERS_CLUB_16,
    test_numbers::MASTERCARD_2,
    test_numbers::UNIONPAY_19,
];
const DEPTH: usize = 64 * 1024;

/// The first of the numbers of which `scenario` leaves a run of digits below, as ASCII or as values.
fn left_by(scenario: fn(&str)) -> Option<&'static str> {
    NUMBERS.into_iter().find(|number| is_left_by(number, scenario))
}

fn is_left_by(number: &str, scenario: fn(&str)) -> bool {
    let memory = File::open("/proc/self/mem").expect("the process may read itself");
    let mut below = vec![0; DEPTH];
    let here = 0u8;
    let top = std::ptr::from_ref(black_box(&here)).addr();
    cleared();
    scenario(number);
    let read = memory.read_at(&mut below, (top - DEPTH) as u64);
    assert_eq!(read.expect("the stack of a thread of the tests is larger"), DEPTH);
    below.windows(RUN).any(|bytes| {
        // Zeros with next to nothing among them are everywhere.
        let is_telling = |run: &&[u8]| run.iter().filter(|&&digit| digit != b'0').count() > 2;
        let mut runs = number.as_bytes().windows(RUN).filter(is_telling);
        runs.any(|digits| {
            digits == bytes || digits.iter().map(|digit| digit - b'0').eq(bytes.iter().copied())
        })
    })
}

/// The stack of a thread may have been that of another before.
#[inline(never)]
fn cleared() {
    black_box([0u8; DEPTH]);
}

fn keyed(number: &str) -> Card {
    let policy = PanPolicy::default().with_rare_lengths(true);
    let mut entry = keyed_number(number);
    entry.accept_pan(&policy).expect("a published number");
    for digit in [1, 2, 3, 0] {
        entry.push_expiry(digit);
    }
    entry.accept_expiry(Duration::from_secs(1_700_000_000)).expect("a date ahead");
    for digit in &[7, 3, 9, 1][..usize::from(entry.code_len())] {
        entry.push_code(*digit);
    }
    entry.accept_code().expect("as many digits as the brand wants");
    entry.finish().expect("everything was accepted")
}

fn keyed_number(number: &str) -> CardEntry {
    let (policy, mut entry) = (PanPolicy::default().with_rare_lengths(true), CardEntry::new());
    for digit in number.bytes() {
        black_box(entry.push_pan(digit - b'0', &policy));
    }
    entry
}

#[inline(never)]
fn keyed_and_dropped(number: &str) {
    black_box(keyed(number));
}

#[inline(never)]
fn keyed_on_into_the_next_field(number: &str) {
    let policy = PanPolicy::default();
    let mut entry = keyed_number(number);
    for digit in [1, 2, 3] {
        entry.push_pan(digit, &policy);
    }
    if let Some(length) = entry.valid_prefix(&policy) {
        black_box(entry.split_pan(length));
    }
    black_box(entry.accept_pan(&policy).is_ok());
}

#[inline(never)]
fn corrected(number: &str) {
    let mut entry = keyed(number).into_entry();
    let policy = PanPolicy::default().with_test_numbers_only(true);
    black_box(entry.accept_pan(&policy).is_ok());
    black_box((entry.pan_progress(&policy), entry.brand(), entry.masked().is_some()));
    entry.clear_pan();
}

#[inline(never)]
fn shown(number: &str) {
    let card = keyed(number);
    let key = FingerprintKey::new(&[7; 32]).expect("a key that is long enough");
    black_box(key.fingerprint(card.pan()));
    black_box((card.masked(), card.pan().masked_as(MaskForm::SixAndLastFour), card.brand()));
    black_box(card.pan().is_published_test_number());
}

/// What the code above must not do: a copy far enough down that reading the stack does not write over it.
#[inline(never)]
fn copied(number: &str) {
    let mut room = [0u8; 8 * 1024];
    room[..number.len()].copy_from_slice(number.as_bytes());
    black_box(&mut room);
}

#[test]
fn a_card_that_was_keyed_leaves_no_digits_below() {
    assert_eq!(left_by(keyed_and_dropped), None);
}

#[test]
fn keys_that_ran_on_leave_no_digits_below() {
    assert_eq!(left_by(keyed_on_into_the_next_field), None);
}

#[test]
fn a_corrected_card_leaves_no_digits_below() {
    assert_eq!(left_by(corrected), None);
}

#[test]
fn what_is_shown_of_a_card_leaves_no_digits_below() {
    assert_eq!(left_by(shown), None);
}

#[test]
fn a_copy_of_any_of_them_is_found() {
    assert!(NUMBERS.into_iter().all(|number| is_left_by(number, copied)));
}
