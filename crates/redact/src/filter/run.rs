//! Groups of ASCII digits, and runs of them with single separators.

use core::ops::Range;

use paytone_card::IssuerRange;

use super::LastBytes;
use crate::card_number::{self, DOUBLED, MAX_DIGITS, MAX_KEYED_ON, MIN_DIGITS};
use crate::context::{self, LOOK_BEHIND};
use crate::masks::{BLOCK, Look, Numbers};
use crate::work;

/// Whether a card number may begin with the group of so many digits at `start`: with a short one it may, and of a long
/// one the length tells, and the first two digits. The group may be `linked` to one in front. No branch depends on the
/// digits, of which the processor could only guess what they are.
#[inline(always)]
pub(super) fn has_length_of_card(text: &[u8], start: usize, length: usize, linked: bool) -> bool {
    let front = text.get(start.wrapping_sub(1)..).and_then(|text| text.first_chunk());
    let Some(&[before, first, second]) = front else { return true };
    let known = u32::from(card_number::known_of(first, second));
    let has_length = known >> length.wrapping_sub(MIN_DIGITS).min(31) & 1 != 0;
    // Behind a dot these are the digits of a fraction.
    let is_fraction = (before == b'.') & linked;
    (length < MIN_DIGITS) | ((has_length | may_go_on(length)) & !is_fraction)
}

/// The same, told by the check digit.
#[inline(always)]
pub(super) fn may_have_check_digit(text: &[u8], start: usize, length: usize, look: impl Look) -> bool {
    let Some(&[first, second]) = text[start..].first_chunk() else { return true };
    let Some(last) = text.get(..start + length).and_then(|text| text.last_chunk()) else { return true };
    let known = card_number::known_of(first, second);
    let has_length = u32::from(known) >> length.wrapping_sub(MIN_DIGITS).min(31) & 1 != 0;
    let lacks_check_digit = known & card_number::LACKS_CHECK_DIGIT != 0;
    let is_valid = look.is_valid(last, length.min(LAST_DIGITS - 1));
    let is_keyed_on = may_go_on(length) && card_number::may_be_keyed_on(last);
    (length < MIN_DIGITS) | (has_length & (is_valid | lacks_check_digit)) | is_keyed_on
}

/// The same of a short group with others behind it; `digits` has a bit for each digit of the run, as far as a card number
/// in groups reaches. Rows of single digits are kept.
#[inline(always)]
pub(super) fn may_be_in_groups(text: &[u8], start: usize, digits: u32, look: impl Look) -> bool {
    let Some(run) = text[start..].first_chunk() else { return true };
    let known = card_number::known_of(run[0], run[1]);
    let first = digits.trailing_ones() as usize;
    first >= MIN_DIGITS || first == 1 || look.may_be_card(run, digits, known)
}

/// Whether so many digits may be a card number with the rest of the card behind it.
#[inline(always)]
fn may_go_on(length: usize) -> bool {
    (MIN_DIGITS + card_number::FEWEST_BEHIND..=MAX_KEYED_ON).contains(&length)
}

/// As far as a long run is walked through before it is looked at again.
const BLOCKS_OF_WALK: usize = 8;

/// Bytes up to the end of a number that are looked at together.
const LAST_DIGITS: usize = 32;

/// The run of digits and separators at `at`, from where on it may hold a card number, if it may.
#[inline(never)]
pub(super) fn holding_card(text: &[u8], at: usize, look: impl Look) -> Option<Range<usize>> {
    let mut last = LastBytes::default();
    let Numbers { digits, separators } = look.numbers(last.view(text, at));
    let len = (digits | separators & digits << 1).trailing_ones() as usize;
    if len == BLOCK {
        return long_one(text, at, look);
    }
    let digits = digits & ((1 << len) - 1);
    (holds_card(&text[at..at + len], digits) && !is_sdp_origin(text, at, digits)).then_some(at..at + len)
}

/// Whether the run is the session id and version of an SDP, or the version alone, both as long as a card number: two of
/// the numbers that look like one most often, and tedious to walk through.
fn is_sdp_origin(text: &[u8], at: usize, digits: u64) -> bool {
    let first = digits.trailing_ones();
    let second = (digits >> first >> 1).trailing_ones();
    let one_or_two = digits.count_ones() == first + second && (second == 0 || second as usize >= MIN_DIGITS);
    let before = &text[at.saturating_sub(LOOK_BEHIND)..at];
    if !one_or_two || before.last() != Some(&b' ') {
        return false;
    }
    let line = memchr::memrchr(b'\n', before).map_or(before, |end| &before[end + 1..]);
    context::is_sdp_origin(line, &text[at..], false) == Some(true)
}

/// The same for a run of more than a block: it takes a walk, but for what is too long for anything.
#[inline(never)]
fn long_one(text: &[u8], mut at: usize, look: impl Look) -> Option<Range<usize>> {
    loop {
        let digits =
            text[at..].iter().take(MAX_KEYED_ON + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if digits <= MAX_KEYED_ON {
            return Some(at..text.len().min(at + len_of_walk(text, at, look)));
        }
        at = behind_digits(text, at, look)?;
    }
}

/// How many bytes of a run to walk through at a time: whole blocks of it, of which there is one at least.
#[inline(never)]
fn len_of_walk(text: &[u8], at: usize, look: impl Look) -> usize {
    let mut last = LastBytes::default();
    let goes_on = |to: &usize| {
        if at + to >= text.len() {
            return false;
        }
        let Numbers { digits, separators } = look.numbers(last.view(text, at + to));
        digits | separators & (digits << 1 | 1) == u64::MAX
    };
    let blocks = (BLOCK..BLOCKS_OF_WALK * BLOCK).step_by(BLOCK).take_while(goes_on).count();
    work::note(blocks);
    (1 + blocks) * BLOCK
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
fn holds_card(run: &[u8], digits: u64) -> bool {
    let count = digits.count_ones() as usize;
    let solid = digits.trailing_ones() as usize;
    if count == solid || count < MIN_DIGITS {
        return solid >= MIN_DIGITS && may_be_card(&run[..solid]);
    }
    may_hold_grouped_card(run, digits)
}

#[inline(never)]
fn may_hold_grouped_card(run: &[u8], mut digits: u64) -> bool {
    let (mut at, mut previous, mut ones) = (0, (0, 0_u64, 0), 0);
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
        let may_be_grouped = grouped && from_start.count_ones() as usize >= MIN_DIGITS;
        if ones >= MIN_DIGITS || may_be_grouped && may_be_grouped_card(&run[start..], from_start) {
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
#[inline(never)]
fn may_be_card(digits: &[u8]) -> bool {
    let length = digits.len();
    if length <= MAX_DIGITS && card_number::may_be(digits) {
        return IssuerRange::of(digits).is_some_and(|range| card_number::is_card_of(digits, range))
            || card_number::keyed_on(digits).is_some();
    }
    length <= MAX_KEYED_ON && card_number::keyed_on(digits).is_some()
}
