//! A dialog in progress is at most 1 KiB, everything it holds on the heap included, with the built-in merchant's name. The
//! script is its line's: made once, shared by all calls, and not weighed.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait around the system's")]
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{EXPIRY, START, order, order_code};
use paytone_card::test_numbers;
use paytone_dialog::{Action, Dialog, Entry, Event, PlayId, Script, Verdict};
use paytone_dtmf::Key;

const LIMIT: usize = 1024;

/// Counts what this thread has on the heap.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came; counting touches no memory of the heap.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.set(HELD.get().wrapping_add(layout.size()));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        HELD.set(HELD.get().wrapping_sub(layout.size()));
        // SAFETY: the caller's promise about `block` and `layout` is passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A dialog and the largest it has been while it waited for something to happen.
struct Weighed {
    dialog: Dialog,
    before: usize,
    most: usize,
    playing: Option<PlayId>,
}

impl Weighed {
    fn new(line: &Script, entry: impl FnOnce() -> Entry) -> Self {
        let before = HELD.get();
        let dialog = Dialog::new(line.starting(entry()));
        let mut weighed = Self { dialog, before, most: 0, playing: None };
        weighed.event(Event::Answered);
        weighed.event(Event::Secured);
        weighed
    }

    fn event(&mut self, event: Event) {
        self.dialog.handle(event, START);
        while let Some(action) = self.dialog.poll_action() {
            if let Action::Play { id, .. } = action {
                self.playing = Some(id);
            }
        }
        self.most = self.most.max(size_of::<Dialog>() + HELD.get().wrapping_sub(self.before));
    }

    fn keys(&mut self, keys: &str) {
        keys.chars().filter_map(Key::from_char).for_each(|key| self.event(Event::Key(key)));
    }

    fn listen(&mut self) {
        if let Some(id) = self.playing.take() {
            self.event(Event::PromptDone(id));
        }
    }
}

#[test]
fn a_whole_payment_fits() {
    let line = Script::builder(Entry::AskOrderCode).build().unwrap();
    let mut call = Weighed::new(&line, || Entry::AskOrderCode);
    call.keys(order_code().as_str());
    call.keys("12*");
    call.event(Event::OrderFound(order()));
    call.event(Event::Held);
    call.event(Event::Resumed);
    call.keys(test_numbers::UNIONPAY_19);
    call.listen();
    call.keys(EXPIRY);
    call.keys("123");
    call.listen();
    call.event(Event::Verdict(Verdict::Approved));
    assert!(call.most <= LIMIT, "{} bytes", call.most);
}

#[test]
fn the_longest_words_fit() {
    let line = Script::builder(Entry::AskOrderCode).build().unwrap();
    let mut call = Weighed::new(&line, || Entry::Order(order()));
    call.event(Event::Held);
    call.event(Event::Resumed);
    call.keys("1");
    assert!(call.most <= LIMIT, "{} bytes", call.most);
}
