//! A card that was keyed leaves no digits on the stack either, in a build that optimises and in one that does not.
//!
//! The stack below the test is read right after the card was dropped, before anything else is called.
#![cfg(all(feature = "alloc", target_os = "linux"))]

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use paytone_card::{Card, CardEntry, PanPolicy, test_numbers};

/// A run of digits no longer than what may be kept of a number is not looked for.
const RUN: usize = 9;
const NUMBER: &str = test_numbers::DINERS_CLUB_16;
const DEPTH: usize = 64 * 1024;

/// Whether `scenario` leaves a run of the number's digits below, as ASCII or as values.
fn is_left_by(scenario: fn()) -> bool {
    let memory = File::open("/proc/self/mem").expect("the process may read itself");
    let mut below = vec![0; DEPTH];
    let here = 0u8;
    let top = std::ptr::from_ref(black_box(&here)).addr();
    scenario();
    let read = memory.read_at(&mut below, (top - DEPTH) as u64);
    assert_eq!(read.expect("the stack of a thread of the tests is larger"), DEPTH);
    below.windows(RUN).any(|bytes| {
        let mut runs = NUMBER.as_bytes().windows(RUN);
        runs.any(|digits| {
            digits == bytes || digits.iter().map(|digit| digit - b'0').eq(bytes.iter().copied())
        })
    })
}

#[inline(never)]
fn keyed_and_dropped() {
    black_box(keyed());
}

fn keyed() -> Card {
    let (policy, mut entry) = (PanPolicy::default(), CardEntry::new());
    for digit in NUMBER.bytes() {
        entry.push_pan(digit - b'0', &policy);
    }
    entry.accept_pan(&policy).expect("a published number");
    for digit in [1, 2, 3, 0] {
        entry.push_expiry(digit);
    }
    entry.accept_expiry(Duration::from_secs(1_700_000_000)).expect("a date ahead");
    for digit in [7, 3, 9] {
        entry.push_code(digit);
    }
    entry.accept_code().expect("three digits");
    entry.finish().expect("everything was accepted")
}

/// What the code above must not do: a copy far enough down that reading the stack does not write over it.
#[inline(never)]
fn copied() {
    let mut room = [0u8; 8 * 1024];
    room[..NUMBER.len()].copy_from_slice(NUMBER.as_bytes());
    black_box(&mut room);
}

#[test]
fn a_keyed_card_leaves_no_digits_below() {
    assert!(!is_left_by(keyed_and_dropped));
}

#[test]
fn a_copy_is_found() {
    assert!(is_left_by(copied));
}
