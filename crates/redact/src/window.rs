//! The digits from one point of a text on, grouped as they are written, as far as a card number can reach.
//!
//! The window slides over the text from group to group. What it has read stays in it, with running sums for the
//! check digit, so that each digit is read once however many numbers it may be part of.
//!
//! Long because reading digits in every script and sliding over them share one state; what stands around them is in
//! rooms of its own.

mod ones;
mod rest;
mod shape;

use paytone_card::{Brand, IssuerRange};
use zeroize::Zeroize;

use self::rest::{Next, Rest};
use self::shape::Shape;
use crate::card_number::{self, CheckSums, MAX_DIGITS, MAX_KEYED_ON, MIN_DIGITS};
use crate::token::{Token, may_begin_digit};

/// Groups of digits with single separators between them; filled in place, wiped when dropped.
pub(crate) struct Window {
    /// ASCII.
    digits: [u8; DIGITS],
    sums: CheckSums<DIGITS>,
    /// How many digits there are.
    count: usize,
    groups: [Group; GROUPS],
    /// How many groups there are.
    known: usize,
    /// The group the window begins with.
    first: usize,
    /// How many groups from there on may be of one number.
    reach: usize,
    /// For each of them, one bit: a number may end there.
    complete: u32,
    /// What a number that begins here belongs to, once enough digits are known.
    range: Option<&'static IssuerRange>,
    /// Up to this group all are single digits, linked alike; nothing is known of it when it is not behind
    /// `first`.
    ones: usize,
}

/// One run of digits.
#[derive(Clone, Copy)]
struct Group {
    /// Where it begins and ends in the text.
    start: usize,
    end: usize,
    /// Where its digits begin, and how many there are.
    digit: usize,
    size: usize,
    link: Link,
}

/// What stands between a group and the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Not looked at yet.
    Unknown,
    /// No single separator, or no group a number can go on with.
    None,
    /// A separator; the next group is known.
    Separator { dot: bool },
}

/// What stands where a digit was found.
pub(crate) enum Parsed {
    /// More of the text is needed to tell.
    NeedMore,
    /// A run of more digits than any card data has; this many bytes of it are there.
    Endless(usize),
    /// At least one whole group, now in the window.
    Groups,
}

/// A card number in a window, from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Bytes of the text.
    pub(crate) len: usize,
    pub(crate) brand: Brand,
    /// The first six digits.
    pub(crate) bin: [u8; 6],
    pub(crate) last_four: [u8; 4],
    /// Digits in all, what was keyed straight behind the number included.
    pub(crate) digits: usize,
    /// Digits of the number.
    pub(crate) length: usize,
    /// Written as one run.
    pub(crate) single: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            digits: [0; DIGITS],
            sums: CheckSums::new(),
            count: 0,
            groups: [Group { start: 0, end: 0, digit: 0, size: 0, link: Link::Unknown }; GROUPS],
            known: 0,
            first: 0,
            reach: 0,
            complete: 0,
            range: None,
            ones: 0,
        }
    }
}

impl Window {
    /// Reads the groups at the start of `bytes`, which begin with a digit and stand at `at` in the text; nothing
    /// follows `bytes` when `end`. Single digits that begin no card number are read over, so that the window then
    /// [begins](Self::start) further on.
    pub(crate) fn read(&mut self, bytes: &[u8], at: usize, end: bool) -> Parsed {
        self.slide_to(at);
        let rest = Rest { bytes, at, end };
        if self.known == self.first {
            self.forget();
            match self.read_group(rest, at) {
                Run::NeedMore => return Parsed::NeedMore,
                Run::TooLong(to) => return Parsed::Endless(to - at),
                Run::Whole => {}
            }
        }
        if self.groups[self.first].size == 1 { self.read_ones(rest) } else { self.measure(rest) }
    }

    /// Makes the group that begins there, if it is known, the first.
    fn slide_to(&mut self, at: usize) {
        while self.first < self.known && self.groups[self.first].start < at {
            self.first += 1;
        }
        if self.first < self.known && self.groups[self.first].start != at {
            self.first = self.known;
        }
    }

    /// Finds out how far a number can reach, and reads the groups up to there.
    fn measure(&mut self, rest: Rest<'_>) -> Parsed {
        (self.reach, self.complete, self.range) = (0, 0, None);
        let mut shape = Shape::Start;
        let mut count = 0;
        let mut dots = None;
        let mut group = self.first;
        loop {
            let Group { size, .. } = self.groups[group];
            if self.reach > 0 && count + size > MAX_DIGITS {
                break;
            }
            shape = shape.and(size);
            self.complete |= u32::from(shape.is_complete()) << self.reach;
            self.reach += 1;
            let prefix_is_new = count < PREFIX && count + size >= PREFIX;
            count += size;
            if prefix_is_new {
                self.range = IssuerRange::of(self.digits(count));
                if self.range.is_none() {
                    break;
                }
            }
            if count >= MAX_DIGITS || !shape.may_go_on() {
                break;
            }
            // Linking may move the groups to the front.
            let offset = group - self.first;
            match self.link(group, rest) {
                None => return Parsed::NeedMore,
                Some(Link::Separator { dot }) if *dots.get_or_insert(dot) == dot => {}
                Some(_) => break,
            }
            group = self.first + offset + 1;
        }
        Parsed::Groups
    }

    /// What follows a group; `None` when more of the text is needed to tell.
    fn link(&mut self, group: usize, rest: Rest<'_>) -> Option<Link> {
        let Group { end, link, .. } = self.groups[group];
        if link != Link::Unknown {
            return Some(link);
        }
        let offset = group - self.first;
        let link = match rest.separator(end) {
            Next::NeedMore => return None,
            Next::Nothing => Link::None,
            Next::Digit(next, dot) => match self.read_group(rest, next) {
                Run::NeedMore => return None,
                Run::TooLong(_) => Link::None,
                Run::Whole => Link::Separator { dot },
            },
        };
        self.groups[self.first + offset].link = link;
        Some(link)
    }

    /// Reads the run of digits at `start` and adds it behind the others.
    fn read_group(&mut self, rest: Rest<'_>, start: usize) -> Run {
        self.make_room();
        let most = self.count + MAX_KEYED_ON;
        let mut count = self.count;
        let mut at = start;
        loop {
            match rest.token(at) {
                Token::Digit { value, len } => {
                    if count == most {
                        return Run::TooLong(rest.end_of_run(at));
                    }
                    self.digits[count] = b'0' + value;
                    self.sums.push(count, value);
                    count += 1;
                    at += len;
                }
                Token::Partial => return Run::NeedMore,
                _ => break,
            }
        }
        let (digit, size) = (self.count, count - self.count);
        self.groups[self.known] = Group { start, end: at, digit, size, link: Link::Unknown };
        self.known += 1;
        self.count = count;
        Run::Whole
    }

    /// Moves what is in the window to the front when another group may not fit.
    fn make_room(&mut self) {
        if self.known < GROUPS && self.count + MAX_KEYED_ON <= DIGITS {
            return;
        }
        // The sums know odd digits from even ones.
        let drop = self.groups[self.first].digit & !1;
        self.digits.copy_within(drop..self.count, 0);
        self.sums.drop_front(drop, self.count);
        self.count -= drop;
        self.groups.copy_within(self.first..self.known, 0);
        self.ones = self.ones.saturating_sub(self.first);
        self.known -= self.first;
        self.first = 0;
        for group in &mut self.groups[..self.known] {
            group.digit -= drop;
        }
    }

    fn forget(&mut self) {
        (self.count, self.known, self.first, self.ones) = (0, 0, 0, 0);
    }

    /// Forgets what was read and overwrites it.
    pub(crate) fn wipe(&mut self) {
        if self.known > 0 || self.digits[0] != 0 {
            self.digits.zeroize();
            self.sums.wipe();
            self.forget();
        }
    }

    /// The first so many digits of the window.
    fn digits(&self, count: usize) -> &[u8] {
        &self.digits[self.groups[self.first].digit..][..count]
    }

    /// Bytes and digits up to the end of a group of the window.
    fn end_of(&self, group: usize) -> (usize, usize) {
        let (first, last) = (&self.groups[self.first], &self.groups[self.first + group]);
        (last.end - first.start, last.digit + last.size - first.digit)
    }

    /// Where in the text the first group begins, or `at` where there is none.
    pub(crate) fn start(&self, at: usize) -> usize {
        if self.first < self.known { self.groups[self.first].start } else { at }
    }

    /// Bytes of the first group.
    pub(crate) fn first_len(&self) -> usize {
        self.end_of(0).0
    }

    /// Digits of the first group.
    pub(crate) fn first_digits(&self) -> usize {
        self.end_of(0).1
    }

    /// The longest card number that begins with the first group and ends with a group.
    pub(crate) fn card(&self) -> Option<Candidate> {
        let (_, all) = self.end_of(self.reach.checked_sub(1)?);
        let range = self.range.filter(|_| all >= MIN_DIGITS)?;
        for group in (0..self.reach).rev() {
            let (len, digits) = self.end_of(group);
            if digits < MIN_DIGITS {
                break;
            }
            if self.complete & (1 << group) != 0 && self.is_card(digits, range) {
                return Some(self.candidate(len, range.brand(), digits, digits, group == 0));
            }
        }
        self.keyed_on()
    }

    fn is_card(&self, digits: usize, range: &IssuerRange) -> bool {
        let start = self.groups[self.first].digit;
        card_number::may_have(digits, range)
            && (card_number::has_no_check_digit(range.brand()) || self.sums.is_valid(start, start + digits))
    }

    fn keyed_on(&self) -> Option<Candidate> {
        let (len, digits) = self.end_of(0);
        if digits < MIN_DIGITS {
            return None;
        }
        let (length, brand) = card_number::keyed_on(self.digits(digits))?;
        Some(self.candidate(len, brand, digits, length, true))
    }

    fn candidate(&self, len: usize, brand: Brand, digits: usize, length: usize, single: bool) -> Candidate {
        Candidate::of(self.digits(length), brand, len, digits, single)
    }
}

impl Candidate {
    /// A card number of these ASCII digits, in `len` bytes of the text.
    pub(crate) fn of(number: &[u8], brand: Brand, len: usize, digits: usize, single: bool) -> Self {
        let bin = number.first_chunk().copied().unwrap_or([b'*'; 6]);
        let last_four = number.last_chunk().copied().unwrap_or([b'*'; 4]);
        Self { len, brand, bin, last_four, digits, length: number.len(), single }
    }

    /// The card number in a run of digits that stands alone.
    pub(crate) fn in_one_piece(digits: &[u8]) -> Option<Self> {
        let is_card = |range: &&IssuerRange| card_number::is_card_of(digits, range);
        if let Some(range) = IssuerRange::of(digits).filter(is_card) {
            return Some(Self::of(digits, range.brand(), digits.len(), digits.len(), true));
        }
        let (length, brand) = card_number::keyed_on(digits)?;
        Some(Self::of(&digits[..length], brand, digits.len(), digits.len(), true))
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.digits.zeroize();
        self.sums.wipe();
    }
}

enum Run {
    NeedMore,
    /// Where it ends, or where what is there of it does.
    TooLong(usize),
    Whole,
}

/// How many digits stand alone at the start of `bytes`, told by the bytes at hand alone: no card number can
/// begin with them. `None` when that takes a closer look.
pub(crate) fn lone_digits(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.iter().take(MIN_DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
    let next = *bytes.get(digits)?;
    let in_a_group = Shape::Start.and(digits).may_go_on();
    let ends =
        !may_begin_digit(next) && next < 0x80 && !(in_a_group && matches!(next, b' ' | b'-' | b'+' | b'.'));
    (ends && digits < MIN_DIGITS).then_some(digits)
}

/// How many digits of a card number, or of one with more keyed behind it, stand alone at the start of `bytes`, as
/// above.
pub(crate) fn lone_number(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.iter().take(MAX_KEYED_ON + 1).take_while(|byte| byte.is_ascii_digit()).count();
    let is_no_digit = |byte: &u8| !may_begin_digit(*byte) && byte.is_ascii();
    let ends = match bytes.get(digits)? {
        b' ' | b'-' | b'+' | b'.' => bytes.get(digits + 1).is_some_and(is_no_digit),
        next => is_no_digit(next),
    };
    (ends && (MIN_DIGITS..=MAX_KEYED_ON).contains(&digits)).then_some(digits)
}

/// Digits that decide the issuer range.
const PREFIX: usize = 8;

/// A number of single digits has most groups; a window slides as far again before it is moved.
const GROUPS: usize = 2 * MAX_DIGITS;

/// A number but for its last digit, a run behind it, and as much again to slide over.
const DIGITS: usize = 2 * (MAX_DIGITS + MAX_KEYED_ON);

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str) -> Option<(usize, [u8; 4])> {
        let mut window = Window::default();
        match window.read(text.as_bytes(), 0, true) {
            Parsed::Groups => window.card().map(|card| (card.len, card.last_four)),
            _ => None,
        }
    }

    #[test]
    fn shapes_of_cards() {
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "41111111 11111111",
            "411111 1111111111",
            "4111 1111-1111 1111",
        ] {
            assert_eq!(card(text), Some((text.len(), *b"1111")), "{text}");
        }
        assert_eq!(card("3782 822463 10005"), Some((17, *b"0005")));
        assert_eq!(card("4222 222 222 222"), Some((16, *b"2222")));
        assert_eq!(card("6205 5000 0000 0000 004"), Some((23, *b"0004")));
    }

    #[test]
    fn other_shapes_are_not_cards() {
        for text in [
            "41 11 11 11 11 11 11 11",
            "4111.1111 1111.1111",
            "4111  1111 1111 1111",
            "411111111111 1111",
            "4111",
        ] {
            assert_eq!(card(text), None, "{text}");
        }
    }

    #[test]
    fn what_follows_the_number_is_left() {
        assert_eq!(card("4111 1111 1111 1111 1230"), Some((19, *b"1111")));
        assert_eq!(card("4111111111111111 12/30"), Some((16, *b"1111")));
        assert_eq!(card("41111111111111111230123"), Some((23, *b"1111")));
    }

    #[test]
    fn lone_digits_are_told_quickly() {
        for (text, digits) in [("7,", 1), ("123 4", 3), ("2026:", 4), ("12-", 2), ("1234567.5", 7)] {
            assert_eq!(lone_digits(text.as_bytes()), Some(digits), "{text}");
        }
        for text in
            ["7", "7 1", "2026-08", "4111.", "12%20", "12\u{a0}", "4111111111111", "411111111111１", "1&"]
        {
            assert_eq!(lone_digits(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn asks_for_more_only_while_it_matters() {
        let needs_more =
            |text: &str| matches!(Window::default().read(text.as_bytes(), 0, false), Parsed::NeedMore);
        for text in ["4", "41", "411", "4111 ", "4111 1", "4111111111111111", "8.", "5%2"] {
            assert!(needs_more(text), "{text}");
        }
        for text in ["411x", "123 ", "12:30", "4111,", "4111111111111111x", "1234567.", "192.168.1.1"] {
            assert!(!needs_more(text), "{text}");
        }
        assert!(matches!(Window::default().read(&[b'1'; 99], 0, true), Parsed::Endless(99)));
    }
}
