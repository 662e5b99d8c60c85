//! The digits from one point of a text on, grouped as they are written, as far as a card number can reach.

use paytone_card::{Brand, IssuerRange};
use zeroize::Zeroize;

use crate::card_number::{MAX_DIGITS, MAX_KEYED_ON, MIN_DIGITS, is_card_of, keyed_on};
use crate::token::{Token, may_begin_digit, token_at};

/// Groups of digits with single separators between them; filled in place, wiped when dropped.
pub(crate) struct Window {
    /// ASCII.
    digits: [u8; MAX_KEYED_ON],
    /// For each group, where it ends: in the bytes of the text, and in `digits`.
    ends: [(u16, u8); MAX_DIGITS],
    /// For each group, its digits.
    sizes: [u8; MAX_DIGITS],
    groups: usize,
    /// For each group, one bit: a number may end there.
    complete: u32,
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
    pub(crate) last_four: [u8; 4],
    /// Digits in all, what was keyed straight behind the number included.
    pub(crate) digits: usize,
    /// Written as one run.
    pub(crate) single: bool,
}

impl Window {
    pub(crate) const fn new() -> Self {
        Self {
            digits: [0; MAX_KEYED_ON],
            ends: [(0, 0); MAX_DIGITS],
            sizes: [0; MAX_DIGITS],
            groups: 0,
            complete: 0,
        }
    }

    /// Reads the groups at the start of `bytes`, which begin with a digit; nothing follows `bytes` when `end`.
    pub(crate) fn read(&mut self, bytes: &[u8], end: bool) -> Parsed {
        let mut count = 0;
        let mut at = 0;
        let mut dots = None;
        loop {
            match self.read_group(bytes, end, at, count) {
                Group::NeedMore => return Parsed::NeedMore,
                Group::TooLong(len) if self.groups == 0 => return Parsed::Endless(len),
                Group::TooLong(_) => break,
                Group::Ends(next, digits) => (at, count) = (next, digits),
            }
            self.add_group(at, count);
            let shape = self.shape();
            self.complete |= u32::from(shape.complete) << (self.groups - 1);
            let prefix_is_new = count >= PREFIX && count - self.last_size() < PREFIX;
            let no_card = prefix_is_new && IssuerRange::of(&self.digits).is_none();
            if count >= MAX_DIGITS || !shape.may_go_on || no_card {
                break;
            }
            match separator(bytes, end, at) {
                Next::NeedMore => return Parsed::NeedMore,
                Next::Digit(next, dot) if *dots.get_or_insert(dot) == dot => at = next,
                _ => break,
            }
        }
        Parsed::Groups
    }

    /// Reads one run of digits; `at` and `count` are where the bytes and the digits stand.
    fn read_group(&mut self, bytes: &[u8], end: bool, mut at: usize, mut count: usize) -> Group {
        let most = if self.groups == 0 { MAX_KEYED_ON } else { MAX_DIGITS };
        let mut over = false;
        loop {
            match token_at(&bytes[at..], end) {
                Token::Digit { value, len } => {
                    over |= count == most;
                    if !over {
                        self.digits[count] = b'0' + value;
                        count += 1;
                    }
                    at += len;
                }
                _ if over => return Group::TooLong(at),
                Token::Partial => return Group::NeedMore,
                _ => return Group::Ends(at, count),
            }
        }
    }

    /// Notes that a group ends here. Both fit: a window holds few digits, and none takes more than a dozen bytes.
    fn add_group(&mut self, at: usize, count: usize) {
        let before = self.groups.checked_sub(1).map_or(0, |last| self.ends[last].1);
        self.ends[self.groups] = (at as u16, count as u8);
        self.sizes[self.groups] = count as u8 - before;
        self.groups += 1;
    }

    /// Digits of the last group.
    fn last_size(&self) -> usize {
        self.groups.checked_sub(1).map_or(0, |last| usize::from(self.sizes[last]))
    }

    /// Where a group ends: in the bytes of the text, and in `digits`.
    fn end_of(&self, group: usize) -> (usize, usize) {
        let (len, digits) = self.ends[group];
        (usize::from(len), usize::from(digits))
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
        let (_, all) = self.end_of(self.groups.checked_sub(1)?);
        if all < MIN_DIGITS {
            return None;
        }
        let range = IssuerRange::of(&self.digits)?;
        let mut groups = (1..=self.groups).rev();
        groups.find_map(|groups| self.card_of(groups, range)).or_else(|| self.keyed_on())
    }

    fn card_of(&self, groups: usize, range: &IssuerRange) -> Option<Candidate> {
        let (len, digits) = self.end_of(groups - 1);
        if self.complete & (1 << (groups - 1)) == 0 || !is_card_of(&self.digits[..digits], range) {
            return None;
        }
        let last_four = last_four(&self.digits[..digits]);
        Some(Candidate { len, brand: range.brand(), last_four, digits, single: groups == 1 })
    }

    fn keyed_on(&self) -> Option<Candidate> {
        let (len, digits) = self.end_of(0);
        let (length, brand) = keyed_on(&self.digits[..digits])?;
        Some(Candidate { len, brand, last_four: last_four(&self.digits[..length]), digits, single: true })
    }

    fn shape(&self) -> Shape {
        Shape::of(&self.sizes[..self.groups])
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

enum Group {
    NeedMore,
    TooLong(usize),
    /// Where the bytes and the digits stand after it.
    Ends(usize, usize),
}

enum Next {
    NeedMore,
    /// A digit follows the separator, here; whether the separator is a dot.
    Digit(usize, bool),
    Nothing,
}

fn separator(bytes: &[u8], end: bool, at: usize) -> Next {
    match token_at(&bytes[at..], end) {
        Token::Partial => Next::NeedMore,
        Token::Separator { len, dot } => match token_at(&bytes[at + len..], end) {
            Token::Partial => Next::NeedMore,
            Token::Digit { .. } => Next::Digit(at + len, dot),
            _ => Next::Nothing,
        },
        _ => Next::Nothing,
    }
}

/// How many digits stand alone at the start of `bytes`, told by the bytes at hand alone: no card number can
/// begin with them. `None` when that takes a closer look.
pub(crate) fn lone_digits(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.iter().take(MIN_DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
    let next = *bytes.get(digits)?;
    let in_a_group = Shape::of(&[digits as u8]).may_go_on;
    let ends =
        !may_begin_digit(next) && next < 0x80 && !(in_a_group && matches!(next, b' ' | b'-' | b'+' | b'.'));
    (ends && digits < MIN_DIGITS).then_some(digits)
}

/// Whether card numbers are written in groups of these sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    /// A number may end here.
    complete: bool,
    /// A further group may belong to it.
    may_go_on: bool,
}

impl Shape {
    /// Digit by digit, in fours (the last group may differ), or as single brands print theirs. Without the last
    /// of `sizes` the shape may go on.
    const fn of(sizes: &[u8]) -> Self {
        let (complete, may_go_on) = match sizes {
            [size] => (true, matches!(size, 1 | 4 | 6 | 8)),
            [1, .., last] => (*last == 1, *last == 1),
            [6, last] => (matches!(last, 10 | 13), false),
            [8, last] => (*last == 8, false),
            [4, 6] | [4, 3] | [4, 3, 3] => (false, true),
            [4, 6, last] => (matches!(last, 4 | 5), false),
            [4, 3, _] => (false, false),
            [4, 3, 3, last] => (*last == 3, false),
            [4, 4, 5] | [4, 4, 4, 5..=7] => (true, false),
            [4, .., last] => (*last <= 4, *last == 4),
            _ => (false, false),
        };
        Self { complete, may_go_on }
    }
}

/// Digits that decide the issuer range.
const PREFIX: usize = 8;

fn last_four(number: &[u8]) -> [u8; 4] {
    number.last_chunk().copied().unwrap_or([b'*'; 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str) -> Option<(usize, [u8; 4])> {
        let mut window = Window::new();
        match window.read(text.as_bytes(), true) {
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
        let needs_more = |text: &str| matches!(Window::new().read(text.as_bytes(), false), Parsed::NeedMore);
        for text in ["4", "41", "411", "4111 ", "4111 1", "4111111111111111", "8.", "5%2"] {
            assert!(needs_more(text), "{text}");
        }
        for text in ["411x", "123 ", "12:30", "4111,", "4111111111111111x", "1234567.", "192.168.1.1"] {
            assert!(!needs_more(text), "{text}");
        }
        assert!(matches!(Window::new().read(&[b'1'; 99], true), Parsed::Endless(99)));
    }
}
