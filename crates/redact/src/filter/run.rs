//! Runs of ASCII digits and single separators.

use core::ops::Range;

use paytone_card::{IssuerRange, luhn};
use zeroize::Zeroize;

use super::{LastBytes, block::Block};
use crate::card_number::{self, MAX_DIGITS, MAX_KEYED_ON, MIN_DIGITS};
use crate::masks::{BLOCK, Look};

/// The run of digits and separators that gets long enough at a bit of the block at `base`, if it may hold a card
/// number.
#[inline(always)]
pub(super) fn ending(
    text: &[u8],
    base: usize,
    bit: usize,
    block: &Block,
    look: impl Look,
) -> Option<Range<usize>> {
    let start = bit + 1 - MIN_DIGITS;
    let at = base + start;
    let mut digits = block.digits >> start;
    let mut len = (block.joined >> start).trailing_ones() as usize;
    if start + len == BLOCK {
        // It goes on behind the block.
        (digits, len) = whole(text, at, look);
    }
    let run = at..at + len;
    // Longer ones take a walk.
    let may_hold = len == BLOCK || may_hold_card(&text[run.clone()], digits & ((1 << len) - 1));
    may_hold.then_some(run)
}

/// The digits of a run and how long it is, as far as a block goes.
#[inline(never)]
fn whole(text: &[u8], at: usize, look: impl Look) -> (u64, usize) {
    let mut last = LastBytes::default();
    let bytes = last.block_at(text, at);
    let (digits, separators) = (look.masks(bytes).digits, look.around(bytes).separators);
    (digits, (digits | separators & digits << 1).trailing_ones() as usize)
}

/// Whether a card number may begin with one of the groups of an ASCII run; `digits` has a bit for each digit.
fn may_hold_card(run: &[u8], mut digits: u64) -> bool {
    let count = digits.count_ones() as usize;
    if count == run.len() || count < MIN_DIGITS {
        return count >= MIN_DIGITS && may_be_card(run);
    }
    let (mut at, mut previous, mut ones) = (0, (0, 0, 0), 0);
    while digits != 0 {
        let gap = digits.trailing_zeros();
        digits >>= gap;
        at += gap as usize;
        let size = digits.trailing_ones();
        if size as usize >= MIN_DIGITS && may_be_card(&run[at..at + size as usize]) {
            return true;
        }
        ones = if size == 1 { ones + 1 } else { 0 };
        let (start, from_start, size_before) = previous;
        let grouped = matches!((size_before, size), (4, 3 | 4 | 6) | (6, 10 | 13) | (8, 8));
        if ones >= MIN_DIGITS || grouped && may_be_grouped_card(&run[start..], from_start) {
            return true;
        }
        previous = (at, digits, size);
        digits = digits.checked_shr(size).unwrap_or(0);
        at += size as usize;
    }
    false
}

/// Whether the first groups of a run may be a card number; `digits` has a bit for each digit.
fn may_be_grouped_card(run: &[u8], mut digits: u64) -> bool {
    let mut number = [0; MAX_DIGITS];
    let (mut count, mut at, mut ends) = (0, 0, 0_u32);
    while digits != 0 && count < MAX_DIGITS {
        if digits & 1 == 1 {
            number[count] = run[at];
            count += 1;
            ends |= u32::from(digits & 2 == 0) << count;
        }
        digits >>= 1;
        at += 1;
    }
    let is_card = card_number::may_begin(&number)
        && IssuerRange::of(&number[..count]).is_some_and(|range| {
            let mut lengths = MIN_DIGITS..=count;
            lengths.any(|length| ends & 1 << length != 0 && card_number::is_card_of(&number[..length], range))
        });
    number.zeroize();
    is_card
}

/// Whether a run of digits is a card number, or one with the rest of the card behind it.
#[inline]
fn may_be_card(digits: &[u8]) -> bool {
    if digits.len() > MAX_KEYED_ON || !card_number::may_begin(digits) {
        return false;
    }
    let is_card = digits.len() <= MAX_DIGITS
        && (luhn::is_valid(digits) || card_number::may_lack_check_digit(digits))
        && IssuerRange::of(digits).is_some_and(|range| card_number::is_card_of(digits, range));
    is_card || card_number::keyed_on(digits).is_some()
}
