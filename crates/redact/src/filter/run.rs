//! Runs of ASCII digits and single separators.

use core::ops::Range;

use paytone_card::IssuerRange;

use super::LastBytes;
use crate::card_number::{self, DOUBLED, MAX_DIGITS, MAX_KEYED_ON, MIN_DIGITS};
use crate::context::{self, LOOK_BEHIND};
use crate::masks::{BLOCK, Look, Numbers};
use crate::work;

/// Whether the run of digits and separators at `at` may hold a card number: told from its groups, and the check digits
/// of those that are long enough. `digits` has a bit for each of its digits, and all when it is longer than a block. As
/// good as no branch depends on the digits, of which the processor could only guess what they are.
#[inline(always)]
pub(super) fn may_hold_card(text: &[u8], at: usize, digits: u64, look: impl Look) -> bool {
    let groups = Groups::of(digits);
    let mut may = groups.usual() | u64::from(digits == u64::MAX);
    let mut long = groups.long;
    loop {
        // The first group when none is long enough.
        let start = long.trailing_zeros() as usize % BLOCK;
        let length = (digits >> start).trailing_ones() as usize;
        may |= u64::from(may_be_card_at(text, at + start, length, start > 0, look) && long != 0);
        long &= long.wrapping_sub(1);
        if long == 0 {
            return may != 0;
        }
    }
}

/// Whether so many digits at `start` may be a card number, or one with the rest of the card behind it.
#[inline(always)]
fn may_be_card_at(text: &[u8], start: usize, length: usize, in_run: bool, look: impl Look) -> bool {
    let front = text.get(start.wrapping_sub(1)..).and_then(|text| text.first_chunk());
    let Some(&[before, first, second]) = front else { return true };
    let Some(last) = text.get(..start + length).and_then(|text| text.last_chunk()) else { return true };
    let known = u32::from(card_number::known_of(first, second));
    let has_length = known >> length.wrapping_sub(MIN_DIGITS).min(31) & 1;
    let lacks_check_digit = known / u32::from(card_number::LACKS_CHECK_DIGIT);
    let is_valid = u32::from(look.is_valid(last, length.min(LAST_DIGITS - 1)));
    let is_card = has_length & (is_valid | lacks_check_digit);
    let is_long = length >= MIN_DIGITS + card_number::FEWEST_BEHIND;
    let is_keyed_on = is_long && length <= MAX_KEYED_ON && card_number::may_be_keyed_on(last);
    // Behind a dot these are the digits of a fraction: the group in front is not found.
    let is_fraction = u32::from(before == b'.') & u32::from(in_run);
    (is_card | u32::from(is_keyed_on)) & (is_fraction ^ 1) != 0
}

/// The groups of a run, a bit for the first digit of each.
struct Groups {
    /// As long as a card number.
    long: u64,
    first: u64,
    last: u64,
    /// Where two, four and eight digits follow one another, and as many as a card number has.
    pairs: u64,
    fours: u64,
    eights: u64,
}

impl Groups {
    #[inline(always)]
    const fn of(digits: u64) -> Self {
        let (first, last) = (digits & !(digits << 1), digits & !(digits >> 1));
        let pairs = digits & digits >> 1;
        let fours = pairs & pairs >> 2;
        let eights = fours & fours >> 4;
        let long = first & eights & eights >> (MIN_DIGITS - 8);
        Self { long, first, last, pairs, fours, eights }
    }

    /// Where some of them begin that have the sizes in which card numbers are grouped.
    #[inline(always)]
    const fn usual(&self) -> u64 {
        let &Self { first, last, pairs, fours, eights, .. } = self;
        let three = first & pairs & last >> 2;
        let four = first & fours & last >> 3;
        let six = first & fours & pairs >> 4 & last >> 5;
        let eight = first & eights & last >> 7;
        let ten = first & eights & pairs >> 8 & last >> 9;
        let thirteen = self.long & last >> 12;
        let two_groups = four & (three | four | six) >> 5 | six & (ten | thirteen) >> 7 | eight & eight >> 9;
        let one = first & last;
        let two = one & one >> 2;
        let four = two & two >> 4;
        let eight = four & four >> 8;
        two_groups | eight & eight >> (2 * (MIN_DIGITS - 8))
    }
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

/// Whether the run is the session id and version of an SDP, both as long as a card number: two of the numbers that look
/// like one most often, and tedious to walk through.
fn is_sdp_origin(text: &[u8], at: usize, digits: u64) -> bool {
    let first = digits.trailing_ones();
    let second = (digits >> first >> 1).trailing_ones();
    let two = first.min(second) as usize >= MIN_DIGITS && digits.count_ones() == first + second;
    let before = &text[at.saturating_sub(LOOK_BEHIND)..at];
    let line = memchr::memrchr(b'\n', before).map_or(before, |end| &before[end + 1..]);
    two && context::is_sdp_origin(line, &text[at..], false) == Some(true)
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
#[inline(never)]
fn may_be_card(digits: &[u8]) -> bool {
    let length = digits.len();
    if length <= MAX_DIGITS && card_number::may_be(digits) {
        return IssuerRange::of(digits).is_some_and(|range| card_number::is_card_of(digits, range))
            || card_number::keyed_on(digits).is_some();
    }
    length <= MAX_KEYED_ON && card_number::keyed_on(digits).is_some()
}
