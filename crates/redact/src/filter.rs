//! Tells quickly where nothing can be found, so that the grammar is spent on the rest alone.
//!
//! The text is taken in blocks of 64 bytes, each of which becomes a few bit masks. A card number in ASCII is a
//! run of bits in `digits | separators behind a digit`; a code or a key is a short group of digits behind a gap
//! behind the end of a label; digits and separators written otherwise begin with an escape or outside ASCII. Most
//! blocks hold none of these.
//!
//! What is said to hold nothing holds nothing; the other way round the filter may err.

mod block;
mod run;

use core::ops::Range;

use zeroize::Zeroize;

use self::block::{Behind, Block};
use crate::label;
use crate::masks::{self, BLOCK, Look, Search, View};
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

    /// The next stretch at `from` or behind it in which something may begin; empty when there is none up to a line
    /// end some way on, or up to the end. `from` is where a token begins, and so is the start of what is returned. What may go on in text that
    /// follows is part of a stretch.
    #[inline]
    pub(crate) fn next_stretch(&self, from: usize) -> Range<usize> {
        masks::search(Blocks { filter: *self, from, stop: self.near_line_end(from) })
    }

    /// A line end not far behind `from`, or the tail: what is looked through is given out while it is near at hand.
    #[inline]
    fn near_line_end(&self, from: usize) -> usize {
        let near = self.text.get(from..from + NEAR).filter(|_| from + NEAR < self.tail);
        near.and_then(|near| memchr::memrchr(b'\n', near)).map_or(self.tail, |at| from + at + 1)
    }
}

/// Bytes that are looked through at a time, where lines allow.
const NEAR: usize = 4096;

/// Where what may go on behind the end of `text` begins.
fn start_of_tail(text: &[u8], from: usize) -> usize {
    let tail = text[from..].iter().rev().take_while(|&&byte| may_be_in_number(byte)).count();
    work::note(tail);
    text.len() - tail
}

/// The text in blocks, from a point on.
struct Blocks<'a> {
    filter: Filter<'a>,
    from: usize,
    /// Where a line ends, or the tail begins.
    stop: usize,
}

impl Search for Blocks<'_> {
    type Found = Range<usize>;

    #[inline(always)]
    fn with(self, look: impl Look) -> Range<usize> {
        let Filter { text, tail, .. } = self.filter;
        let stop = self.stop;
        let mut last = LastBytes::default();
        let mut behind = Behind::at(self.from);
        let mut base = self.from;
        while base < stop {
            work::note(1);
            let view = last.view(text, base);
            let masks = look.masks(view);
            let mut block = behind.next(&masks);
            if masks.foreign != 0 {
                block.specials |= look.foreign(view);
            }
            if block.may_hold_something()
                && let Some(stretch) = self.look(base, &block, look)
            {
                return stretch.start.min(stop)..stretch.end;
            }
            base += BLOCK;
        }
        if stop < tail { stop..stop } else { tail.max(self.from)..text.len() }
    }
}

/// The first or last bytes of a text with zeros around, where a view would reach over its ends; wiped when dropped.
#[derive(Default)]
struct LastBytes(Option<View>);

impl LastBytes {
    /// The 64 bytes at `at`, and the one in front.
    #[inline(always)]
    fn view<'a>(&'a mut self, text: &'a [u8], at: usize) -> &'a View {
        let whole = at.checked_sub(1).and_then(|front| text[front..].first_chunk());
        whole.unwrap_or_else(|| self.padded(text, at))
    }

    #[cold]
    fn padded(&mut self, text: &[u8], at: usize) -> &View {
        let view = self.0.insert([0; BLOCK + 1]);
        let front = at.saturating_sub(1);
        let bytes = &text[front..text.len().min(at + BLOCK)];
        view[front + 1 - at..][..bytes.len()].copy_from_slice(bytes);
        view
    }
}

impl Drop for LastBytes {
    fn drop(&mut self) {
        if let Some(view) = &mut self.0 {
            view.zeroize();
        }
    }
}

impl Blocks<'_> {
    /// The first stretch in which something may begin. Without closures, which would be compiled for no registers in particular.
    #[inline(always)]
    fn look(&self, base: usize, block: &Block, look: impl Look) -> Option<Range<usize>> {
        let text = self.filter.text;
        let mut first: Option<Range<usize>> = None;
        let mut bits = block.labelled();
        while bits != 0 && first.is_none() {
            first = self.labelled(base + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
        let mut found = None;
        if let Some(from) = block.long_from() {
            found = run::holding_card(text, base - from, look);
        }
        let mut bits = block.long();
        while bits != 0 && found.is_none() {
            found = run::holding_card(text, base + bits.trailing_zeros() as usize, look);
            bits &= bits - 1;
        }
        if found.is_some() {
            first = self.earlier(first, found);
        }
        if block.specials != 0 {
            let special = self.first_special(base, block.specials);
            first = self.earlier(first, special);
        }
        first
    }

    /// The one that begins first, from the start of a token on.
    #[inline(never)]
    fn earlier(&self, first: Option<Range<usize>>, found: Option<Range<usize>>) -> Option<Range<usize>> {
        let Some(found) = found else { return first };
        if first.as_ref().is_some_and(|first| first.start <= found.start) {
            return first;
        }
        Some(start_of_token(self.filter.text, self.from, found.start)..found.end)
    }

    #[inline(never)]
    fn first_special(&self, base: usize, mut bits: u64) -> Option<Range<usize>> {
        while bits != 0 {
            let second = base + bits.trailing_zeros() as usize;
            if second > self.from
                && let Some(found) = self.special_at(second - 1)
            {
                return Some(found);
            }
            bits &= bits - 1;
        }
        None
    }

    /// The group at `at` if it has the length of a key or a code; what is in front of it ends like a label.
    #[inline(always)]
    fn labelled(&self, at: usize) -> Option<Range<usize>> {
        let Filter { text, end, .. } = self.filter;
        let size = text[at..].iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
        match text.get(at + size) {
            Some(next) if next.is_ascii_alphanumeric() => return None,
            // It may go on, and is in the tail.
            None if !end => return None,
            _ => {}
        }
        let is_labelled = matches!(size, 1 | 3 | 4) && label::may_end(&text[..at], size == 1);
        is_labelled.then(|| start_of_token(text, self.from, at)..at + 1)
    }

    /// The same behind a gap behind an escape, which may be the end of a label too.
    fn labelled_behind(&self, at: usize) -> Option<Range<usize>> {
        let gap = label::gap(&self.filter.text[at..]);
        let digit = self.filter.text.get(at + gap).is_some_and(u8::is_ascii_digit);
        if gap > 0 && digit { self.labelled(at + gap) } else { None }
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
        if rest[0].is_ascii()
            && let Some(found) = self.labelled_behind(at + len)
        {
            return Some(found);
        }
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
