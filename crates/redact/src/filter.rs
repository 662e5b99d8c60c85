//! Tells quickly where nothing can be found, so that the grammar is spent on the rest alone.
//!
//! The text is taken in blocks of 64 bytes, each of which becomes a few bit masks. A card number in ASCII is a
//! run of bits in `digits | separators behind a digit`; a code or a key is a digit group of one, three or four
//! behind the end of a label; digits and separators written otherwise begin with a special byte. Runs that
//! reach the end of a block are taken again at the start of the next, so that no state is carried.
//!
//! What is said to hold nothing holds nothing; the other way round the filter may err.

use core::ops::Range;

use paytone_card::IssuerRange;
use zeroize::Zeroize;

use crate::card_number::{self, MAX_DIGITS, MAX_KEYED_ON, MIN_DIGITS};
use crate::label;
use crate::masks::{BLOCK, Masks};
use crate::token::{Token, may_be_in_number, may_begin_number, token_at};

/// The next stretch of `text`, at `from` or behind it, in which something may begin; empty and at the end when
/// there is none. `from` is where a token begins, and so is the start of what is returned. More text may follow
/// unless `end`; what may go on in it is part of a stretch.
pub(crate) fn next_stretch(text: &[u8], from: usize, end: bool) -> Range<usize> {
    let tail = if end { text.len() } else { start_of_tail(text, from) };
    let mut at = from;
    while at < tail {
        let (next, stretch) = Block::of(text, at).look(text, from, end);
        if let Some(stretch) = stretch {
            return stretch.start.min(tail)..stretch.end;
        }
        at = next;
    }
    tail..text.len()
}

/// Where what may go on behind the end of `text` begins.
fn start_of_tail(text: &[u8], from: usize) -> usize {
    let tail = text[from..].iter().rev().take_while(|&&byte| may_be_in_number(byte)).count();
    text.len() - tail
}

/// What is known of 64 bytes.
struct Block {
    /// Where they begin in the text.
    base: usize,
    /// Digits and special bytes, without those before the point the block was asked for.
    masks: Masks,
    /// Digits, and single separators behind one.
    joined: u64,
    /// Where groups of one, three or four digits begin that no letter or digit follows.
    short: u64,
    /// The text ends with it.
    last: bool,
}

impl Block {
    /// The block at `at`, or the last of the text.
    #[inline(always)]
    fn of(text: &[u8], at: usize) -> Self {
        if let Some(block) = text[at..].first_chunk() {
            return Self::new(block, at, 0, at + BLOCK == text.len());
        }
        if let Some(block) = text.last_chunk() {
            let base = text.len() - BLOCK;
            return Self::new(block, base, at - base, true);
        }
        let mut block = [0; BLOCK];
        block[..text.len()].copy_from_slice(text);
        let known = Self::new(&block, 0, at, true);
        block.zeroize();
        known
    }

    #[inline]
    fn new(block: &[u8; BLOCK], base: usize, skip: usize, last: bool) -> Self {
        let wanted = u64::MAX << skip;
        let mut masks = Masks::of(block);
        masks.digits &= wanted;
        let short = short_groups(&masks);
        masks.special &= wanted;
        let joined = masks.digits | masks.separators & masks.digits << 1;
        Self { base, masks, joined, short, last }
    }

    /// Where to go on, and the first stretch in which something may begin.
    #[inline]
    fn look(mut self, text: &[u8], from: usize, end: bool) -> (usize, Option<Range<usize>>) {
        let mut next = (self.base + BLOCK).min(text.len());
        if self.masks.digits | self.masks.special == 0 {
            return (next, None);
        }
        if !self.last {
            let open = self.joined.leading_ones();
            if open == u64::BITS {
                return (next, Some(self.base..next));
            }
            next -= open as usize;
            self.joined &= u64::MAX >> open;
            self.masks.digits &= self.joined;
        }
        let mut stretch = if self.masks.special == 0 { None } else { self.special(text, from, end) };
        for found in [self.labelled(text), self.run(text)].into_iter().flatten() {
            if stretch.as_ref().is_none_or(|stretch| found.start < stretch.start) {
                stretch = Some(start_of_token(text, from, found.start)..found.end);
            }
        }
        (next, stretch)
    }

    /// The first group of one, three or four digits behind what may be a label.
    #[inline]
    fn labelled(&self, text: &[u8]) -> Option<Range<usize>> {
        let mut groups = self.short & self.masks.digits;
        while groups != 0 {
            let at = self.base + groups.trailing_zeros() as usize;
            if label::may_end(&text[..at], text.get(at + 1).is_none_or(|byte| !byte.is_ascii_digit())) {
                return Some(at..at + 1);
            }
            groups &= groups - 1;
        }
        None
    }

    /// The first run that may hold a card number.
    #[inline]
    fn run(&self, text: &[u8]) -> Option<Range<usize>> {
        let joined = self.joined;
        // Runs of two, four, eight, then thirteen, by the bit they begin with.
        let two = joined & joined >> 1;
        let four = two & two >> 2;
        let eight = four & four >> 4;
        let mut runs = eight & eight >> (MIN_DIGITS - 8);
        while runs != 0 {
            let bit = runs.trailing_zeros();
            let len = (joined >> bit).trailing_ones();
            let at = self.base + bit as usize;
            let digits = self.masks.digits >> bit & (u64::MAX >> (u64::BITS - len));
            if may_hold_card(&text[at..], digits) {
                return Some(at..at + len as usize);
            }
            runs &= (u64::MAX << bit) << (len - 1) << 1;
        }
        None
    }

    /// The first digit or separator written otherwise, or escape right in front of a digit, that matters.
    fn special(&self, text: &[u8], from: usize, end: bool) -> Option<Range<usize>> {
        let mut special = self.masks.special;
        while special != 0 {
            let at = self.base + special.trailing_zeros() as usize;
            special &= special - 1;
            if !may_begin_number(&text[at..]) {
                continue;
            }
            let token = token_at(&text[at..], end);
            let (Token::Digit { len, .. } | Token::Separator { len, .. } | Token::Escape { len }) = token
            else {
                continue;
            };
            let next = text.get(at + len).copied().unwrap_or_default();
            let joins =
                at > from && text[at - 1].is_ascii_digit() && (next.is_ascii_digit() || is_special(next));
            let matters = match token {
                Token::Digit { .. } => true,
                // The digits of an escape run into those behind it.
                _ if text[at].is_ascii() && next.is_ascii_digit() => true,
                Token::Separator { .. } => joins,
                _ => false,
            };
            if matters {
                return Some(start_of_run(text, from, at)..at + len + 1);
            }
        }
        None
    }
}

/// The groups that may be a key or a code, as far as the block tells.
#[inline]
fn short_groups(masks: &Masks) -> u64 {
    let digits = masks.digits;
    let starts = digits & !(digits << 1);
    let singles = starts & !(digits >> 1);
    let threes = starts & digits >> 1 & digits >> 2;
    let words = digits | masks.letters;
    // The label of a key ends in a separator: none is a letter, but in `%3D`.
    let keys = singles & !(words >> 1) & (!(words << 1) | masks.special << 3);
    let codes = threes & !(words >> 3 & (!digits >> 3 | words >> 4));
    (keys | codes) & !(masks.joints << 1)
}

/// Whether a card number may begin with one of the groups of an ASCII run; `digits` has a bit for each digit.
#[inline]
fn may_hold_card(run: &[u8], mut digits: u64) -> bool {
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
    IssuerRange::of(digits).is_some_and(|range| {
        card_number::is_card_of(digits, range)
            || digits.len() >= MIN_DIGITS + FEWEST_BEHIND && card_number::keyed_on(digits).is_some()
    })
}

/// Where the token that `at` is in begins: an escape holds digits of its own.
fn start_of_token(text: &[u8], from: usize, at: usize) -> usize {
    let near = from.max(at.saturating_sub(LONGEST_ESCAPE - 1));
    near + text[near..at].iter().position(|byte| matches!(byte, b'%' | b'\\' | b'&')).unwrap_or(at - near)
}

/// Where the ASCII digits and separators in front of `at` begin.
fn start_of_run(text: &[u8], from: usize, at: usize) -> usize {
    let is_joined = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'+' | b'.');
    let joined = text[from..at].iter().rev().take_while(is_joined).count();
    start_of_token(text, from, at - joined)
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&' | 0x80..)
}

/// Digits of an expiry date.
const FEWEST_BEHIND: usize = 4;

/// Bytes of `\u0031` and `%c2%a0`.
const LONGEST_ESCAPE: usize = 6;
