//! No block of memory is given back with digits of a card in it.
//!
//! The allocator of this test program looks at every block as it is freed, before anything can overwrite it, for a
//! run of digits of the card being handled: as ASCII, and as the values 0 to 9 that keys come as. It sees the heap
//! only; the stack, registers and what the system keeps are outside of it.
#![cfg(feature = "alloc")]
#![allow(unsafe_code, reason = "a global allocator cannot be written without it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;

use paytone_card::{
    Brand, CardEntry, FingerprintKey, MaskForm, Pan, PanEntry, PanPolicy, SecurityCode, Truncation,
    test_numbers,
};

/// As many digits as are kept at most at one end of a number, and one more.
const RUN: usize = 9;

/// The number every scenario handles. Its first eight and last four digits, side by side, are no run of it.
const NUMBER: &str = test_numbers::MASTERCARD_2;

struct Scanner;

#[global_allocator]
static ALLOCATOR: Scanner = Scanner;

thread_local! {
    /// Freed blocks with digits in them, on this thread.
    static LEAKS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system allocator unchanged; in between the block is only read. `realloc` is the
// provided one, which allocates, copies and frees, so that the old block is seen too.
unsafe impl GlobalAlloc for Scanner {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A block that is not written to the end must not be read as somebody else's digits.
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is `layout.size()` bytes long, was zeroed when it was allocated, and is still ours.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        if holds_digits(bytes) {
            LEAKS.with(|leaks| leaks.set(leaks.get() + 1));
        }
        // SAFETY: the block came from `alloc` with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

fn holds_digits(bytes: &[u8]) -> bool {
    let known = |run: &[u8]| {
        let mut runs = NUMBER.as_bytes().windows(RUN).filter(|digits| digits[0] & 15 == run[0] & 15);
        runs.any(|digits| digits == run || digits.iter().map(|digit| digit - b'0').eq(run.iter().copied()))
    };
    bytes.windows(RUN).any(known)
}

/// How many blocks with digits in them `scenario` frees.
fn leaks(scenario: impl FnOnce()) -> usize {
    LEAKS.with(|leaks| leaks.set(0));
    scenario();
    LEAKS.with(Cell::get)
}

fn policy() -> PanPolicy {
    PanPolicy::default()
}

fn keys() -> impl Iterator<Item = u8> {
    NUMBER.bytes().map(|digit| digit - b'0')
}

fn entry() -> CardEntry {
    let mut entry = CardEntry::new();
    for key in keys() {
        entry.push_pan(key, &policy());
    }
    entry
}

/// A whole card, keyed.
fn complete() -> CardEntry {
    let mut entry = entry();
    assert_eq!(entry.accept_pan(&policy()), Ok(Brand::Mastercard));
    for key in [1, 2, 3, 0] {
        entry.push_expiry(key);
    }
    entry.accept_expiry(Duration::from_secs(1_700_000_000)).expect("a date ahead");
    for key in [1, 2, 3] {
        entry.push_code(key);
    }
    entry.accept_code().expect("three digits");
    entry
}

#[test]
fn the_scanner_sees_what_is_not_wiped() {
    // The black box keeps an optimising build from leaving out what nothing comes of.
    assert_eq!(leaks(|| drop(black_box(NUMBER.to_owned()))), 1, "a string");
    assert_eq!(leaks(|| drop(black_box(keys().collect::<Box<[u8]>>()))), 1, "key values, exactly as many");
    assert!(leaks(|| drop(black_box(format!("<{}>", &NUMBER[..RUN])))) > 0, "nine digits amid a text");
    assert_eq!(
        leaks(|| drop(black_box(Box::new(NUMBER.as_bytes().first_chunk::<15>().copied())))),
        1,
        "an array"
    );
    let grown = || {
        let mut text = Vec::with_capacity(NUMBER.len());
        text.extend_from_slice(black_box(NUMBER.as_bytes()));
        text.reserve_exact(1000);
        text.fill(0);
    };
    assert_eq!(leaks(grown), 1, "the old block of a vector that grew");
    assert_eq!(leaks(|| drop(black_box(NUMBER[..RUN - 1].to_owned()))), 0, "eight digits may be kept");
}

#[test]
fn parsing_leaves_nothing() {
    assert_eq!(leaks(|| drop(Pan::parse(NUMBER.as_bytes(), &policy()).map(Box::new).expect("valid"))), 0);
    let refused = || {
        let wrong = Pan::parse(&NUMBER.as_bytes()[..15], &policy()).map(Box::new);
        drop(Box::new(wrong.expect_err("a digit is missing").to_string()));
        let other = PanPolicy::default().with_accepted(Brand::Visa.into());
        drop(format!("{:?}", Pan::parse(NUMBER.as_bytes(), &other)));
    };
    assert_eq!(leaks(refused), 0);
    assert_eq!(leaks(|| drop(Box::new(SecurityCode::parse(b"123", Brand::Visa)))), 0);
}

#[test]
fn masking_truncating_and_recognising_leave_nothing() {
    let boxed = || Box::new(Pan::parse(NUMBER.as_bytes(), &policy()).expect("valid"));
    let masks = || {
        let pan = boxed();
        drop((pan.masked().to_string(), format!("{pan:?}")));
        drop(Box::new(pan.masked_as(MaskForm::EightAndLastFour)));
        drop(pan.masked_as(MaskForm::EightAndLastFour).to_string());
    };
    assert_eq!(leaks(masks), 0, "masked");
    assert_eq!(leaks(|| drop(Truncation::Widest.of(&boxed()).to_string())), 0, "truncated");
    let key = Box::new(FingerprintKey::new(b"sixteen bytes or more").expect("a key"));
    assert_eq!(leaks(|| drop(key.fingerprint(&boxed()).to_string())), 0, "recognised");
}

#[test]
fn an_entry_leaves_nothing_however_it_ends() {
    assert_eq!(leaks(|| drop(entry())), 0, "given up");
    assert_eq!(leaks(|| drop(entry().finish())), 0, "incomplete");
    assert_eq!(leaks(|| drop(complete())), 0, "accepted and given up");
    let in_a_box = || {
        let mut entry = Box::new(PanEntry::new());
        for key in keys() {
            entry.push(key, &policy());
        }
    };
    assert_eq!(leaks(in_a_box), 0, "by itself");
    let taken_apart = || {
        let mut entry = entry();
        let mut tail = entry.split_pan(4);
        tail.pop_front();
    };
    assert_eq!(leaks(taken_apart), 0, "split");
}

#[test]
fn a_card_leaves_nothing_however_it_ends() {
    assert_eq!(leaks(|| drop(complete().finish())), 0);
    let corrected = || {
        let mut card = complete().finish().expect("complete");
        card.drop_code();
        let mut entry = card.into_entry();
        entry.clear_pan();
    };
    assert_eq!(leaks(corrected), 0);
    let moved = || {
        let mut cards: Vec<_> = (0..9).map(|_| complete().finish()).collect();
        cards.push(complete().finish());
        drop(std::thread::spawn(move || drop(cards)).join());
    };
    assert_eq!(leaks(moved), 0);
    let unwound = || {
        let card = complete().finish().expect("complete");
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _card = card;
            std::panic::resume_unwind(Box::new("unwinding"));
        }));
        assert!(result.is_err());
    };
    assert_eq!(leaks(unwound), 0);
}
