//! Runs of ASCII digits and single separators.

use core::ops::Range;

use paytone_card::IssuerRange;

use super::LastBytes;
use crate::card_number::{self, DOUBLED, MAX_DIGITS, MAX_KEYED_ON, MIN_DIGITS};
use crate::masks::{BLOCK, Look, Numbers};
use crate::work;

/// The run of digits and separators at `at`, from where on it may hold a card number, if it may.
#[inline(always)]
pub(super) fn holding_card(text: &[u8], at: usize, look: impl Look) -> Option<Range<usize>> {
    let Some(block) = text.get(at..).and_then(|text| text.first_chunk()) else {
        return in_groups(text, at, look);
    };
    let length = look.digits(block).trailing_ones() as usize;
    // Most are written in one piece, and have nothing that digits may follow behind them.
    let is_plain = length < BLOCK && !matches!(block[length % BLOCK], b' ' | b'-' | b'+' | b'.');
    let end = at + length;
    let Some(digits) = text.get(..end).and_then(|text| text.last_chunk()).filter(|_| is_plain) else {
        return in_groups(text, at, look);
    };
    let found = if length <= MAX_DIGITS {
        // Its front is one of a card number, and its check digit right; both are cheap, and a branch less is cheaper.
        card_number::may_begin_with(block[0], block[1], length)
            & (look.is_valid(digits, length) | card_number::may_lack_check_digit(block))
            && may_be_card(&block[..length])
    } else {
        false
    };
    let found =
        found || length >= MIN_DIGITS + card_number::FEWEST_BEHIND && may_be_keyed_on(&block[..length]);
    if found { Some(at..end) } else { None }
}

/// The same for a run of more than a block: it takes a walk, but for what is too long for anything.
#[inline(never)]
fn long_one(text: &[u8], mut at: usize, look: impl Look) -> Option<Range<usize>> {
    loop {
        let digits =
            text[at..].iter().take(MAX_KEYED_ON + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if digits <= MAX_KEYED_ON {
            return Some(at..text.len().min(at + BLOCK));
        }
        at = behind_digits(text, at, look)?;
    }
}

/// The same for a run of several groups, or near an end of the text.
#[inline(never)]
fn in_groups(text: &[u8], at: usize, look: impl Look) -> Option<Range<usize>> {
    let mut last = LastBytes::default();
    let Numbers { digits, separators } = look.numbers(last.view(text, at));
    let len = (digits | separators & digits << 1).trailing_ones() as usize;
    if len == BLOCK {
        return long_one(text, at, look);
    }
    may_hold_card(&text[at..at + len], digits & ((1 << len) - 1)).then_some(at..at + len)
}

/// Where the run goes on behind digits without end, if it does.
#[inline(never)]
fn behind_digits(text: &[u8], mut at: usize, look: impl Look) -> Option<usize> {
    let mut last = LastBytes::default();
    loop {
        let digits = look.numbers(last.view(text, at)).digits.trailing_ones() as usize;
        work::note(1);
        at += digits;
        if digits < BLOCK {
            break;
        }
    }
    let goes_on = matches!(text[at..], [b' ' | b'-' | b'+' | b'.', b'0'..=b'9', ..]);
    goes_on.then_some(at + 1)
}

/// Whether a card number may begin with one of the groups of an ASCII run; `digits` has a bit for each digit.
#[inline(always)]
pub(super) fn may_hold_card(run: &[u8], digits: u64) -> bool {
    let count = digits.count_ones() as usize;
    let solid = digits.trailing_ones() as usize;
    if count == solid || count < MIN_DIGITS {
        return solid >= MIN_DIGITS && may_be_card(&run[..solid]);
    }
    may_hold_grouped_card(run, digits)
}

#[inline(never)]
fn may_hold_grouped_card(run: &[u8], mut digits: u64) -> bool {
    let (mut at, mut previous, mut ones) = (0, (0, 0, 0), 0);
    while digits != 0 {
        let gap = digits.trailing_zeros();
        digits >>= gap;
        at += gap as usize;
        let size = digits.trailing_ones();
        // Behind a dot these are the digits of a fraction: the group in front is not found.
        let is_fraction = at > 0 && run[at - 1] == b'.';
        if size as usize >= MIN_DIGITS && !is_fraction && may_be_card(&run[at..at + size as usize]) {
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

/// Whether the first groups of a run, the first of two digits at least, may be a card number; `digits` has a bit for
/// each digit. The digits are added up where they stand.
fn may_be_grouped_card(run: &[u8], mut digits: u64) -> bool {
    let lengths = card_number::lengths_of(run[0], run[1]);
    if lengths == 0 {
        return false;
    }
    let lacks_check_digit = card_number::may_lack_check_digit(run);
    let (mut count, mut sums) = (0, [0_u16; 2]);
    for &byte in run {
        if digits & 1 == 1 {
            let digit = usize::from(byte & 15);
            let (once, twice) = (digit as u16, DOUBLED[digit]);
            sums = [
                sums[0] + if count % 2 == 0 { once } else { twice },
                sums[1] + if count % 2 == 0 { twice } else { once },
            ];
            count += 1;
            let ends = digits & 2 == 0 && count >= MIN_DIGITS;
            // The last digit counts once.
            if ends
                && lengths >> (count - MIN_DIGITS) & 1 == 1
                && (lacks_check_digit || sums[(count - 1) % 2].is_multiple_of(10))
            {
                return true;
            }
            if count == MAX_DIGITS {
                return false;
            }
        }
        digits >>= 1;
    }
    false
}

/// Whether a run of digits is a card number, or one with the rest of the card behind it.
#[inline(always)]
fn may_be_card(digits: &[u8]) -> bool {
    let length = digits.len();
    if length <= MAX_DIGITS && card_number::may_be(digits) {
        return IssuerRange::of(digits).is_some_and(|range| card_number::is_card_of(digits, range))
            || card_number::keyed_on(digits).is_some();
    }
    length >= MIN_DIGITS + card_number::FEWEST_BEHIND && may_be_keyed_on(digits)
}

#[inline(never)]
fn may_be_keyed_on(digits: &[u8]) -> bool {
    digits.len() <= MAX_KEYED_ON && card_number::keyed_on(digits).is_some()
}
