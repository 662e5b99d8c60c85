//! Rows of single digits, as keys are written: a card number may begin at each of them.
//!
//! Many digits are looked at together. The check digit of a part of them is right when the sums up to its start and up
//! to its end agree in their last digit, which is told for all starts of a number of some length at once.

use paytone_card::IssuerRange;
use zeroize::Zeroize;

use crate::card_number::{self, DOUBLED, MAX_DIGITS, MIN_DIGITS};
use crate::masks::{self, Look, Search};
use crate::window::Candidate;
use crate::work;

/// Where numbers may begin in a part of a row; wiped when dropped.
pub(crate) struct Row {
    /// Where in the text it begins.
    start: usize,
    writing: Writing,
    /// How many digits were judged: those behind which a longest number is in the part.
    judged: usize,
    /// One bit for each at which a number may begin.
    begins: u64,
    /// A bit for each length from [`MIN_DIGITS`] on that such a number may have, told by its first two digits and
    /// the check digit.
    lengths: [u8; JUDGED],
    /// What is known of numbers by the first two digits.
    known: [u8; JUDGED],
    is_used: bool,
    /// Where the row begins that this is a part of, as far as it was read in one go.
    since: usize,
    /// What was worked with, kept to be wiped at leisure.
    digits: [u8; DIGITS],
    /// Up to each digit, the sum in which those at places like its own count twice, and the one in which they count
    /// once; then the last digit of each.
    sums: [[u16; DIGITS + 1]; 2],
    twice: [u8; DIGITS + 1],
    once: [u8; DIGITS + 1],
}

/// How digits and what stands between them are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// One byte each.
    Plain,
    /// `%34%20`.
    Escaped,
}

impl Writing {
    /// Bytes of a digit, and of a separator.
    const fn width(self) -> usize {
        match self {
            Self::Plain => 1,
            Self::Escaped => 3,
        }
    }
}

impl Default for Row {
    fn default() -> Self {
        Self {
            start: 0,
            writing: Writing::Plain,
            judged: 0,
            begins: 0,
            lengths: [0; JUDGED],
            known: [0; JUDGED],
            is_used: false,
            since: 0,
            digits: [0; DIGITS],
            sums: [[0; DIGITS + 1]; 2],
            twice: [0; DIGITS + 1],
            once: [0; DIGITS + 1],
        }
    }
}

/// Where a number may begin.
pub(crate) struct Start {
    pub(crate) at: usize,
    place: usize,
    lengths: u8,
}

impl Row {
    /// Whether `bytes` begin as a row does; quickly told.
    #[inline]
    pub(crate) const fn may_begin(bytes: &[u8]) -> bool {
        match bytes {
            [
                b'0'..=b'9',
                b' ' | b'-' | b'+' | b'.',
                b'0'..=b'9',
                b' ' | b'-' | b'+' | b'.',
                b'0'..=b'9',
                ..,
            ] => bytes.len() > 2 * MAX_DIGITS,
            [b'%', b'3', _, b'%', b'2', b'0', b'%', b'3', ..] => bytes.len() > 6 * MAX_DIGITS,
            _ => false,
        }
    }

    /// Whether the digit at `at` was judged, or is now; `bytes` begin there.
    pub(crate) fn covers(&mut self, bytes: &[u8], at: usize) -> bool {
        let is_known = at >= self.start && at < self.end() && (at - self.start).is_multiple_of(self.step());
        if !is_known {
            self.read(bytes, at);
        }
        self.judged > 0
    }

    /// Behind what was judged.
    pub(crate) const fn end(&self) -> usize {
        self.start + self.step() * self.judged
    }

    /// Bytes of a digit with its separator.
    pub(crate) const fn step(&self) -> usize {
        2 * self.writing.width()
    }

    /// The first place at `at` or behind it where a number may begin that ends behind `covered`.
    pub(crate) fn next(&self, at: usize, covered: usize) -> Option<Start> {
        let step = self.step();
        let mut place = (at - self.start) / step;
        let mut begins = self.begins.checked_shr(place as u32)?;
        while begins != 0 {
            let skip = begins.trailing_zeros();
            place += skip as usize;
            let (at, lengths) = (self.start + step * place, self.lengths[place]);
            let longest = MIN_DIGITS + lengths.ilog2() as usize;
            if at + self.len(longest) > covered {
                return Some(Start { at, place, lengths });
            }
            begins = begins >> skip >> 1;
            place += 1;
        }
        None
    }

    /// Up to where card numbers reach that begin at `at` or behind it, in front of `covered` or of the end of another of
    /// them. The last are looked at first, since they reach furthest.
    pub(crate) fn reach(&self, at: usize, mut covered: usize) -> usize {
        let step = self.step();
        let mut left = self.begins & !low_bits((at - self.start) / step);
        loop {
            let place = (covered - self.start).div_ceil(step);
            // Those too far in front do not reach so far.
            left &= !low_bits(place.saturating_sub(MAX_DIGITS));
            let Some(place) = (left & low_bits(place)).checked_ilog2().map(|place| place as usize) else {
                return covered;
            };
            work::note(1);
            left ^= 1 << place;
            let start = Start { at: self.start + step * place, place, lengths: self.lengths[place] };
            let longest = MIN_DIGITS + start.lengths.ilog2() as usize;
            if start.at + self.len(longest) > covered
                && let Some((length, _)) = self.longest(&start)
            {
                covered = covered.max(start.at + self.len(length));
            }
        }
    }

    /// Behind a digit that ends there, and behind what separates it from the next.
    pub(crate) fn behind(&self, digit_end: usize) -> usize {
        (digit_end + self.writing.width()).min(self.end())
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
        self.writing = if bytes.first() == Some(&b'%') { Writing::Escaped } else { Writing::Plain };
        let count = masks::search(Read { row: self, bytes });
        work::note(count);
        (self.start, self.judged) = (at, (count + 1).saturating_sub(MAX_DIGITS));
    }

    #[inline(always)]
    fn add_up(&mut self) {
        // The next digit counts twice in the first of them, and once in the other.
        let [mut twice, mut once] = [0; 2];
        let [all_twice, all_once] = &mut self.sums;
        let sums = all_twice[1..].iter_mut().zip(&mut all_once[1..]);
        for ((to_twice, to_once), digit) in sums.zip(self.digits) {
            let digit = digit & 15;
            (once, twice) = (twice + DOUBLED[usize::from(digit)], once + u16::from(digit));
            (*to_twice, *to_once) = (twice, once);
        }
        for (to, sum) in self.twice.iter_mut().zip(self.sums[0]) {
            *to = (sum % 10) as u8;
        }
        for (to, sum) in self.once.iter_mut().zip(self.sums[1]) {
            *to = (sum % 10) as u8;
        }
    }

    /// The check digit of some digits is right when the sums up to their start and up to their end have the same last
    /// digit: the sums in which the last of them counts once, and thus the place behind it twice. All places are
    /// judged, which the compiler makes one of many at a time; what was not read is left out in the end.
    #[inline(always)]
    fn judge(&mut self, judged: usize) {
        self.lengths = [0; JUDGED];
        for length in MIN_DIGITS..=MAX_DIGITS {
            let starts = if length % 2 == 0 { &self.twice } else { &self.once };
            let ends = &self.twice[length..];
            let bit = 1 << (length - MIN_DIGITS);
            for ((lengths, start), end) in self.lengths.iter_mut().zip(starts).zip(ends) {
                *lengths |= if start == end { bit } else { 0 };
            }
        }
        for (known, &[first, second]) in self.known.iter_mut().zip(self.digits.array_windows()) {
            *known = card_number::known_of(first, second);
        }
        for (lengths, &known) in self.lengths.iter_mut().zip(&self.known) {
            // All of them when the check digit does not tell.
            let untold = if known >= card_number::LACKS_CHECK_DIGIT { u8::MAX } else { 0 };
            *lengths = (*lengths | untold) & known & !card_number::LACKS_CHECK_DIGIT;
        }
        let some = self
            .lengths
            .as_chunks()
            .0
            .iter()
            .rev()
            .fold(0, |some, &lengths| some << 8 | some_of(u64::from_le_bytes(lengths)));
        self.begins = some & low_bits(judged);
    }

    /// The longest card number that begins there.
    pub(crate) fn card(&self, start: &Start) -> Option<Candidate> {
        let (length, range) = self.longest(start)?;
        let number = &self.digits[start.place..][..length];
        Some(Candidate::of(number, range.brand(), self.len(length), length, false))
    }

    /// Digits of the longest card number that begins there, and what it belongs to.
    #[inline]
    fn longest(&self, start: &Start) -> Option<(usize, &'static IssuerRange)> {
        let number: &[u8; MAX_DIGITS] = self.digits[start.place..].first_chunk()?;
        let range = IssuerRange::of(number)?;
        let mut lengths = start.lengths;
        loop {
            let longest = lengths.checked_ilog2()?;
            let length = MIN_DIGITS + longest as usize;
            let may_be = || {
                !card_number::may_lack_check_digit(number)
                    || card_number::is_card_of(&number[..length], range)
            };
            if card_number::may_have(length, range) && may_be() {
                return Some((length, range));
            }
            lengths ^= 1 << longest;
        }
    }

    /// Bytes of so many digits, and of the separators between them.
    const fn len(&self, digits: usize) -> usize {
        self.step() * digits - self.writing.width()
    }

    pub(crate) fn wipe(&mut self) {
        if self.is_used {
            self.lengths.zeroize();
            self.known.zeroize();
            self.digits.zeroize();
            self.sums.zeroize();
            self.twice.zeroize();
            self.once.zeroize();
            (self.judged, self.begins, self.is_used) = (0, 0, false);
        }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Reads the digits that `bytes` begin with and judges them: work of which the compiler makes much of many at a time, and
/// the more the wider the registers.
struct Read<'a, 'b> {
    row: &'a mut Row,
    bytes: &'b [u8],
}

impl Search for Read<'_, '_> {
    /// How many digits there are.
    type Found = usize;

    #[inline(always)]
    fn with(self, _: impl Look) -> usize {
        let Self { row, bytes } = self;
        let count = match row.writing {
            Writing::Plain => plain_digits(bytes, &mut row.digits),
            Writing::Escaped => escaped_digits(bytes, &mut row.digits),
        };
        row.begins = 0;
        if let Some(judged) = (count + 1).checked_sub(MAX_DIGITS).filter(|&judged| judged > 0) {
            row.add_up();
            row.judge(judged);
        }
        count
    }
}

/// The digits that `bytes` begin with, each with one separator and another digit behind it; dots do not mix with other
/// separators. All are looked at, which the compiler makes many at a time.
#[inline(always)]
fn plain_digits(bytes: &[u8], digits: &mut [u8; DIGITS]) -> usize {
    let dots = bytes.get(1) == Some(&b'.');
    let mut goes_on = [false; DIGITS];
    let (pairs, next) = (bytes.as_chunks().0, bytes.get(2..).unwrap_or_default().as_chunks().0);
    let numbered = goes_on.iter_mut().zip(&mut *digits).zip(pairs).zip(next);
    for (((goes_on, to), &[digit, separator]), &[next, _]) in numbered {
        let dot = separator == b'.';
        let other = (separator == b' ') | (separator == b'-') | (separator == b'+');
        *goes_on = digit.is_ascii_digit() & next.is_ascii_digit() & ((dot & dots) | (other & !dots));
        *to = digit;
    }
    goes_on.iter().position(|&goes_on| !goes_on).unwrap_or(DIGITS)
}

/// The same when each is escaped.
#[inline(always)]
fn escaped_digits(bytes: &[u8], digits: &mut [u8; DIGITS]) -> usize {
    let mut count = 0;
    for (at, slot) in (0..).step_by(6).zip(digits) {
        let Some(&[b'%', b'3', digit, b'%', b'2', b'0', b'%', b'3', next]) = bytes[at..].first_chunk() else {
            break;
        };
        if !digit.is_ascii_digit() || !next.is_ascii_digit() {
            break;
        }
        *slot = digit;
        count += 1;
    }
    count
}

/// A bit for each byte that is not zero, of bytes without a top bit.
const fn some_of(bytes: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let tops = (bytes + ONES * 0x7F) & ONES << 7;
    (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// So many bits, or all.
const fn low_bits(count: usize) -> u64 {
    if count < JUDGED { (1 << count) - 1 } else { u64::MAX }
}

/// As many places as a word has bits.
const JUDGED: usize = 64;
/// Behind the last of them a longest number is read too.
const DIGITS: usize = JUDGED + MAX_DIGITS - 1;
