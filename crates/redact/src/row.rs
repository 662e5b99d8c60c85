//! Rows of single digits, as keys are written: a card number may begin at each of them.
//!
//! Up to 63 digits are looked at together. The check digit of a part of them is right when the sums up to its start
//! and up to its end agree in their last digit, so that a bit for each end, kept by last digit, tells all lengths of
//! a number at once.

use paytone_card::IssuerRange;
use zeroize::Zeroize;

use crate::card_number::{self, DOUBLED, MAX_DIGITS, MIN_DIGITS};
use crate::window::Candidate;
use crate::work;

/// Where numbers may begin in a part of a row; wiped when dropped.
pub(crate) struct Row {
    /// Where in the text it begins.
    start: usize,
    /// How many digits were judged: those behind which a longest number is in the part.
    judged: usize,
    /// One bit for each at which a number may begin.
    begins: u64,
    /// A bit for each length from [`MIN_DIGITS`] on that such a number may have, told by its first two digits and
    /// the check digit.
    lengths: [u8; DIGITS],
    is_used: bool,
    /// Where the row begins that this is a part of, as far as it was read in one go.
    since: usize,
    /// What was worked with, kept to be wiped at leisure.
    digits: [u8; DIGITS],
    sums: [[u8; 2]; DIGITS + 1],
    ends: [[u64; 10]; 2],
}

impl Default for Row {
    fn default() -> Self {
        Self {
            start: 0,
            judged: 0,
            begins: 0,
            lengths: [0; DIGITS],
            is_used: false,
            since: 0,
            digits: [0; DIGITS],
            sums: [[0; 2]; DIGITS + 1],
            ends: [[0; 10]; 2],
        }
    }
}

/// Where a number may begin.
pub(crate) struct Start {
    pub(crate) at: usize,
    lengths: u8,
}

impl Row {
    /// Whether `bytes` begin as a row does; quickly told.
    #[inline]
    pub(crate) const fn may_begin(bytes: &[u8]) -> bool {
        matches!(
            bytes,
            [_, b' ' | b'-' | b'+' | b'.', b'0'..=b'9', b' ' | b'-' | b'+' | b'.', b'0'..=b'9', ..]
        ) && bytes.len() > 2 * MAX_DIGITS
            && bytes[0].is_ascii_digit()
    }

    /// Whether the digit at `at` was judged, or is now; `bytes` begin there.
    pub(crate) fn covers(&mut self, bytes: &[u8], at: usize) -> bool {
        let is_known = at >= self.start && at < self.end() && (at - self.start).is_multiple_of(2);
        if !is_known {
            self.read(bytes, at);
        }
        self.judged > 0
    }

    /// Behind what was judged.
    pub(crate) const fn end(&self) -> usize {
        self.start + 2 * self.judged
    }

    /// The first place at `at` or behind it where a number may begin that ends behind `covered`.
    pub(crate) fn next(&self, at: usize, covered: usize) -> Option<Start> {
        let mut begins = self.begins.checked_shr(((at - self.start) / 2) as u32)?;
        let mut at = at;
        while begins != 0 {
            let skip = begins.trailing_zeros();
            at += 2 * skip as usize;
            let lengths = self.lengths[(at - self.start) / 2];
            let longest = MIN_DIGITS + lengths.ilog2() as usize;
            if at + 2 * longest > covered + 1 {
                return Some(Start { at, lengths });
            }
            begins = begins >> skip >> 1;
            at += 2;
        }
        None
    }

    /// How far behind the start of the row a place of it is, at least.
    pub(crate) const fn depth(&self, at: usize) -> usize {
        at - self.since
    }

    fn read(&mut self, bytes: &[u8], at: usize) {
        if self.judged == 0 || at != self.end() {
            self.since = at;
        }
        self.is_used = true;
        let count = values(bytes, &mut self.digits);
        work::note(count);
        (self.start, self.judged, self.begins) = (at, (count + 1).saturating_sub(MAX_DIGITS), 0);
        if self.judged > 0 {
            self.add_up(count);
            self.judge();
        }
    }

    fn add_up(&mut self, count: usize) {
        self.ends = [[0; 10]; 2];
        let [mut odd, mut even] = [0; 2];
        for place in 0..count {
            let digit = self.digits[place];
            self.note([odd, even], place);
            let (once, twice) = (digit, DOUBLED[usize::from(digit)] as u8);
            let (to_odd, to_even) = if place.is_multiple_of(2) { (once, twice) } else { (twice, once) };
            (odd, even) = (last_digit(odd + to_odd), last_digit(even + to_even));
        }
        self.note([odd, even], count);
    }

    #[inline(always)]
    fn note(&mut self, sums: [u8; 2], place: usize) {
        self.ends[0][usize::from(sums[0])] |= 1 << place;
        self.ends[1][usize::from(sums[1])] |= 1 << place;
        self.sums[place] = sums;
    }

    fn judge(&mut self) {
        for place in 0..self.judged {
            let [odd, even] = self.sums[place];
            // The last digit of a number counts once.
            let valid =
                self.ends[0][usize::from(odd)] & ODD_ENDS | self.ends[1][usize::from(even)] & !ODD_ENDS;
            let (first, second) = (b'0' + self.digits[place], b'0' + self.digits[place + 1]);
            let known = card_number::lengths_of(first, second);
            let mut lengths = (valid >> (place + MIN_DIGITS)) as u8 & known;
            if card_number::may_lack_check_digit(&[first, second]) {
                lengths |= known;
            }
            self.lengths[place] = lengths;
            self.begins |= u64::from(lengths != 0) << place;
        }
    }

    pub(crate) fn wipe(&mut self) {
        if self.is_used {
            self.lengths.zeroize();
            self.digits.zeroize();
            self.sums.as_flattened_mut().zeroize();
            self.ends.as_flattened_mut().zeroize();
            (self.judged, self.begins, self.is_used) = (0, 0, false);
        }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl Start {
    /// The longest card number that begins there; `bytes` do too.
    pub(crate) fn card(&self, bytes: &[u8]) -> Option<Candidate> {
        let mut number = [0; MAX_DIGITS];
        for (digit, &[byte, _]) in number.iter_mut().zip(bytes.as_chunks().0) {
            *digit = byte;
        }
        let card = IssuerRange::of(&number).and_then(|range| {
            let length = (MIN_DIGITS..=MAX_DIGITS).rev().find(|&length| {
                self.lengths >> (length - MIN_DIGITS) & 1 == 1
                    && card_number::may_have(length, range)
                    && (!card_number::may_lack_check_digit(&number)
                        || card_number::is_card_of(&number[..length], range))
            })?;
            Some(Candidate::of(&number[..length], range.brand(), 2 * length - 1, length, false))
        });
        number.zeroize();
        card
    }
}

/// The values of the digits that `bytes` begin with, each with one separator and another digit behind it; dots do
/// not mix with other separators.
fn values(bytes: &[u8], digits: &mut [u8; DIGITS]) -> usize {
    let dots = bytes.get(1) == Some(&b'.');
    let mut count = 0;
    for (&[digit, separator], next) in bytes.as_chunks().0.iter().zip(bytes.iter().skip(2).step_by(2)) {
        let alike = if dots { separator == b'.' } else { matches!(separator, b' ' | b'-' | b'+') };
        if count == DIGITS || !(digit.is_ascii_digit() && alike && next.is_ascii_digit()) {
            break;
        }
        digits[count] = digit - b'0';
        count += 1;
    }
    count
}

const fn last_digit(sum: u8) -> u8 {
    if sum < 10 { sum } else { sum - 10 }
}

/// Ends behind a digit at an even place.
const ODD_ENDS: u64 = u64::MAX / 3 * 2;

/// One end more must fit into a word.
const DIGITS: usize = 63;
