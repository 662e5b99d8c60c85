//! Single digits, which may begin a number at each of them: a long row of them is gone through in here.

use paytone_card::IssuerRange;

use super::rest::Rest;
use super::{Group, Link, Parsed, Window};
use crate::card_number::{self, MAX_DIGITS, MIN_DIGITS};
use crate::token::may_begin_digit;
use crate::work;

impl Window {
    /// Goes on to the first of single digits that a card number begins with, or to the last of them.
    pub(super) fn read_ones(&mut self, rest: Rest<'_>) -> Parsed {
        loop {
            if self.find_ones(rest).is_none() {
                return Parsed::NeedMore;
            }
            let reach = self.ones - self.first;
            let range = if reach < MIN_DIGITS { None } else { self.range_of_ones() };
            if reach == 1 || range.is_some_and(|range| self.may_hold_one_of(range, reach)) {
                (self.reach, self.complete, self.range) = (reach, (1 << reach) - 1, range);
                return Parsed::Groups;
            }
            // No number begins with fewer.
            self.first = if reach < MIN_DIGITS { self.ones - 1 } else { self.first + 1 };
        }
    }

    /// Finds as many single digits, linked alike, as a number may have; `None` when more of the text is needed to
    /// tell.
    fn find_ones(&mut self, rest: Rest<'_>) -> Option<()> {
        self.ones = self.ones.max(self.first + 1);
        while self.ones < self.first + MAX_DIGITS {
            if self.ones == self.known {
                self.read_plain_one(rest);
            }
            let link = self.link(self.ones - 1, rest)?;
            let alike =
                link != Link::None && (self.ones == self.first + 1 || link == self.groups[self.first].link);
            if !alike || self.groups[self.ones].size != 1 {
                break;
            }
            self.ones += 1;
        }
        Some(())
    }

    /// Reads what most rows of single digits are made of, quickly: a separator and a digit in ASCII, and behind
    /// them something that is no digit either.
    #[inline]
    fn read_plain_one(&mut self, rest: Rest<'_>) {
        let Some(last) = self.groups[..self.known].last().filter(|last| last.link == Link::Unknown) else {
            return;
        };
        let start = last.end + 1;
        let &[separator, digit, next, ..] = &rest.bytes[last.end - rest.at..] else { return };
        let dot = separator == b'.';
        let plain = (dot || matches!(separator, b' ' | b'-' | b'+'))
            && digit.is_ascii_digit()
            && !may_begin_digit(next)
            && next.is_ascii();
        if !plain {
            return;
        }
        work::note(1);
        self.make_room();
        self.groups[self.known - 1].link = Link::Separator { dot };
        self.digits[self.count] = digit;
        self.sums.push(self.count, digit - b'0');
        self.groups[self.known] =
            Group { start, end: start + 1, digit: self.count, size: 1, link: Link::Unknown };
        self.known += 1;
        self.count += 1;
    }

    #[inline]
    fn range_of_ones(&self) -> Option<&'static IssuerRange> {
        let digits = self.digits(MIN_DIGITS);
        if card_number::may_begin(digits) { IssuerRange::of(digits) } else { None }
    }

    /// Whether some of the first so many single digits are a number of `range`.
    #[inline]
    fn may_hold_one_of(&self, range: &IssuerRange, most: usize) -> bool {
        let start = self.groups[self.first].digit;
        let lengths = range.lengths().union(range.rare_lengths());
        let no_check_digit = card_number::has_no_check_digit(range.brand());
        (MIN_DIGITS..=most).any(|digits| {
            lengths.contains(digits) && (no_check_digit || self.sums.is_valid(start, start + digits))
        })
    }
}
