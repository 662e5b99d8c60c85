//! Tells quickly where nothing can be found, so that the grammar is spent on the rest alone.
//!
//! The text is taken in blocks of 64 bytes, each of which becomes a few bit masks. A card number in ASCII is a
//! run of bits in `digits | separators behind a digit`; a code or a key is a digit group of one, three or four
//! behind the end of a label; digits and separators written otherwise begin with a special byte. Most blocks hold
//! none of these.
//!
//! What is said to hold nothing holds nothing; the other way round the filter may err.

mod block;
mod run;

use core::ops::Range;

use zeroize::Zeroize;

use self::block::{Block, OVERLAP};
use crate::label;
use crate::masks::{self, BLOCK, Look, Search};
use crate::token::{Token, may_be_in_number, may_begin_number, token_at};
use crate::work;

/// Looks for stretches of one text.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'a> {
    text: &'a [u8],
    /// Where what may go on behind the end of the text begins.
    tail: usize,
    end: bool,
}

impl<'a> Filter<'a> {
    /// More text may follow unless `end`; nothing in front of `from` will be asked for.
    pub(crate) fn new(text: &'a [u8], from: usize, end: bool) -> Self {
        let tail = if end { text.len() } else { start_of_tail(text, from) };
        Self { text, tail, end }
    }

    /// The next stretch at `from` or behind it in which something may begin; empty and at the end when there is
    /// none. `from` is where a token begins, and so is the start of what is returned. What may go on in text that
    /// follows is part of a stretch.
    #[inline]
    pub(crate) fn next_stretch(&self, from: usize) -> Range<usize> {
        masks::search(Blocks { filter: *self, from })
    }
}

/// Where what may go on behind the end of `text` begins.
fn start_of_tail(text: &[u8], from: usize) -> usize {
    let tail = text[from..].iter().rev().take_while(|&&byte| may_be_in_number(byte)).count();
    work::note(tail);
    text.len() - tail
}

/// The text in blocks, from a point on. Each begins with the end of the one before, so that nothing that is looked
/// for is cut.
struct Blocks<'a> {
    filter: Filter<'a>,
    from: usize,
}

impl Search for Blocks<'_> {
    type Found = Range<usize>;

    #[inline(always)]
    fn with(self, look: impl Look) -> Range<usize> {
        let Filter { text, tail, .. } = self.filter;
        let mut last = LastBytes::default();
        let mut base = self.from;
        // Where in the block new bytes begin. A group that ends with the text ends in front of an empty block.
        let mut new = 0;
        while base + new < tail || base + new == text.len() && text.last().is_some_and(u8::is_ascii_digit) {
            work::note(1);
            let bytes = last.block_at(text, base);
            let masks = look.masks(bytes);
            if !block::is_dull(&masks, new) {
                let block = Block::new(masks, look.around(bytes), new);
                if block.may_hold_something()
                    && let Some(stretch) = self.look(base, &block, look)
                {
                    return stretch.start.min(tail)..stretch.end;
                }
            }
            base += BLOCK - OVERLAP;
            new = OVERLAP;
        }
        tail.max(self.from)..text.len()
    }
}

/// The last bytes of a text with zeros behind, where they are fewer than a block; wiped when dropped.
#[derive(Default)]
struct LastBytes(Option<[u8; BLOCK]>);

impl LastBytes {
    /// The 64 bytes at `at`.
    #[inline(always)]
    fn block_at<'a>(&'a mut self, text: &'a [u8], at: usize) -> &'a [u8; BLOCK] {
        text[at..].first_chunk().unwrap_or_else(|| self.padded(&text[at..]))
    }

    #[cold]
    fn padded(&mut self, bytes: &[u8]) -> &[u8; BLOCK] {
        let block = self.0.insert([0; BLOCK]);
        block[..bytes.len()].copy_from_slice(bytes);
        block
    }
}

impl Drop for LastBytes {
    fn drop(&mut self) {
        if let Some(block) = &mut self.0 {
            block.zeroize();
        }
    }
}

impl Blocks<'_> {
    /// The first stretch in which something may begin.
    #[inline(always)]
    fn look(&self, base: usize, block: &Block, look: impl Look) -> Option<Range<usize>> {
        let text = self.filter.text;
        let mut first = self.first_labelled(base, block);
        let mut keep = |found: Range<usize>| {
            if first.as_ref().is_none_or(|first| found.start < first.start) {
                first = Some(start_of_token(text, self.from, found.start)..found.end);
            }
        };
        if block.long != 0 {
            each(block.long, |bit| run::ending(text, base, bit, block, look)).map(&mut keep);
        }
        if block.special != 0 {
            each(block.special, |bit| self.special_at(base + bit)).map(&mut keep);
        }
        first
    }

    /// The first group behind what may be a label.
    #[inline(always)]
    fn first_labelled(&self, base: usize, block: &Block) -> Option<Range<usize>> {
        let text = self.filter.text;
        each(block.keys | block.threes | block.fours, |bit| {
            let size = if block.keys >> bit & 1 == 1 { 1 } else { 3 + (block.fours >> bit & 1) as usize };
            let at = base + bit - size;
            label::may_end(&text[..at], size == 1).then(|| start_of_token(text, self.from, at)..at + 1)
        })
    }

    /// A digit or separator written otherwise, or escape right in front of a digit, that matters.
    fn special_at(&self, at: usize) -> Option<Range<usize>> {
        let Filter { text, end, .. } = self.filter;
        let rest = &text[at..];
        if !may_begin_number(rest) {
            return None;
        }
        let token = token_at(rest, end);
        let (Token::Digit { len, .. } | Token::Separator { len, .. } | Token::Escape { len }) = token else {
            return None;
        };
        let next = rest.get(len).copied().unwrap_or_default();
        let matters = match token {
            Token::Digit { .. } => true,
            // The digits of an escape run into those behind it.
            _ if rest[0].is_ascii() && next.is_ascii_digit() => true,
            Token::Separator { .. } => {
                at > self.from && text[at - 1].is_ascii_digit() && (next.is_ascii_digit() || is_special(next))
            }
            _ => false,
        };
        matters.then(|| start_of_run(text, self.from, at)..at + len + 1)
    }
}

/// What `look` says of the first of some bits that it says anything of.
#[inline(always)]
fn each<T>(mut bits: u64, mut look: impl FnMut(usize) -> Option<T>) -> Option<T> {
    while bits != 0 {
        let found = look(bits.trailing_zeros() as usize);
        if found.is_some() {
            return found;
        }
        bits &= bits - 1;
    }
    None
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
    work::note(joined);
    start_of_token(text, from, at - joined)
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&' | 0xC0..)
}

/// Bytes of `\u0031` and `%c2%a0`.
const LONGEST_ESCAPE: usize = 6;
