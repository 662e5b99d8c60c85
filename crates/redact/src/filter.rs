//! Tells quickly where nothing can be found, so that the grammar is spent on the rest alone.
//!
//! The text is taken in blocks of 64 bytes, each of which becomes a few bit masks. A card number in ASCII begins with
//! a group of digits of some sizes, told by the masks of digits and separators; a code or a key is a short group of
//! digits behind a gap behind the end of a label; digits and separators written otherwise begin with an escape or outside ASCII. What
//! the masks of many blocks say is gathered first and judged then, so that the processor need not guess.
//!
//! What is said to hold nothing holds nothing; the other way round the filter may err.

mod batch;
mod planes;
mod run;

use core::ops::Range;

use zeroize::Zeroize;

use self::batch::Batch;
use crate::label;
use crate::masks::{self, BLOCK, Look, Search, View};
use crate::token::{Token, may_be_in_number, may_begin_number, token_at};
use crate::work;

/// Looks for stretches of one text, from front to back.
pub(crate) struct Filter<'a> {
    text: Text<'a>,
    batch: Batch,
}

/// What is looked through.
#[derive(Clone, Copy)]
struct Text<'a> {
    bytes: &'a [u8],
    /// Where what may go on behind the end of the text begins.
    tail: usize,
    end: bool,
}

impl<'a> Filter<'a> {
    /// More text may follow unless `end`; nothing in front of `from` will be asked for.
    pub(crate) fn new(bytes: &'a [u8], from: usize, end: bool) -> Self {
        let tail = if end { bytes.len() } else { start_of_tail(bytes, from) };
        Self { text: Text { bytes, tail, end }, batch: Batch::at(from) }
    }

    /// The next stretch at `from` or behind it in which something may begin; empty when there is none up to a line
    /// end some way on, or up to the end. `from` is where a token begins, behind those of earlier calls, and so is
    /// the start of what is returned. What may go on in text that follows is part of a stretch.
    #[inline]
    pub(crate) fn next_stretch(&mut self, from: usize) -> Range<usize> {
        masks::search(Next { text: self.text, batch: &mut self.batch, from })
    }
}

/// Where what may go on behind the end of `text` begins.
fn start_of_tail(text: &[u8], from: usize) -> usize {
    let far = text.len().saturating_sub(LONGEST_NUMBER);
    let mut tail = from + ahead_of_number(&text[from..]);
    work::note(text.len() - tail);
    // Nothing goes on behind two separators.
    if tail < far
        && let Some(at) = last_pair(&text[tail..far])
    {
        tail += at + 2;
    }
    tail
}

/// How many bytes are in front of those at the end that may all be part of a number. What most of such are is told many
/// bytes at a time, which the compiler makes of loops without a way out.
fn ahead_of_number(text: &[u8]) -> usize {
    let is_usual = |byte: &u8| byte.is_ascii_digit() | is_separator(byte);
    let mut rest = text;
    while let Some((front, last)) = rest.split_last_chunk::<BLOCK>()
        && last.iter().fold(true, |all, byte| all & is_usual(byte))
    {
        rest = front;
    }
    while let Some((front, last)) = rest.split_last_chunk::<16>()
        && last.iter().fold(true, |all, &byte| all & may_be_in_number(byte))
    {
        rest = front;
    }
    rest.iter().rposition(|&byte| !may_be_in_number(byte)).map_or(0, |at| at + 1)
}

/// Where the last two separators stand that follow one another.
fn last_pair(text: &[u8]) -> Option<usize> {
    let is_pair = |pair: &[u8; 2]| is_separator(&pair[0]) & is_separator(&pair[1]);
    let mut rest = text;
    while let Some(&last) = rest.last_chunk::<{ BLOCK + 1 }>()
        && !last.array_windows().fold(false, |any, pair| any | is_pair(pair))
    {
        // The first of them may be the second of a pair.
        rest = &rest[..rest.len() - BLOCK];
    }
    rest.array_windows().rposition(is_pair)
}

const fn is_separator(byte: &u8) -> bool {
    (*byte == b' ') | (*byte == b'-') | (*byte == b'+') | (*byte == b'.')
}

/// More bytes than any number has, in whatever writing, with what may be keyed on behind it.
const LONGEST_NUMBER: usize = 512;

/// The next stretch, from a point on.
struct Next<'a> {
    text: Text<'a>,
    batch: &'a mut Batch,
    from: usize,
}

impl Search for Next<'_> {
    type Found = Range<usize>;

    #[inline(always)]
    fn with(self, look: impl Look) -> Range<usize> {
        let Self { text, batch, from } = self;
        let Text { bytes, tail, .. } = text;
        if from > batch.end() {
            batch.restart(from);
        } else if batch.begins_before(from)
            && let Some(found) =
                rest_of_run(bytes, from, look).or_else(|| text.labelled_behind_gap(from, from))
        {
            return found;
        }
        loop {
            if let Some(stretch) = batch.next(text, from, look) {
                if stretch.start >= tail {
                    break;
                }
                return stretch;
            }
            if batch.end() >= tail {
                break;
            }
            // What was looked through is given out while it is near at hand, as far as lines allow.
            if let Some(line_end) = batch.line_end(bytes, from, look) {
                return line_end..line_end;
            }
            batch.fill(text, look);
        }
        tail.max(from)..bytes.len()
    }
}

/// What is left of a run of digits and separators of which the front is in front of `from`.
#[inline(always)]
fn rest_of_run(text: &[u8], from: usize, look: impl Look) -> Option<Range<usize>> {
    let digit = match text[from..] {
        [b'0'..=b'9', ..] => from,
        [b' ' | b'-' | b'+' | b'.', b'0'..=b'9', ..] => from + 1,
        _ => return None,
    };
    run::holding_card(text, digit, look)
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

impl Text<'_> {
    #[inline(never)]
    fn first_special(self, from: usize, base: usize, mut bits: u64) -> Option<Range<usize>> {
        while bits != 0 {
            let second = base + bits.trailing_zeros() as usize;
            if second > from
                && let Some(found) = self.special_at(from, second - 1)
            {
                return Some(found);
            }
            bits &= bits - 1;
        }
        None
    }

    /// The group at `at` if it has the length of a key or a code; what is in front of it ends like a label.
    #[inline(always)]
    fn labelled(self, from: usize, at: usize) -> Option<Range<usize>> {
        let Text { bytes, end, .. } = self;
        let size = bytes[at..].iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
        match bytes.get(at + size) {
            Some(next) if next.is_ascii_alphanumeric() => return None,
            // It may go on, and is in the tail.
            None if !end => return None,
            _ => {}
        }
        let is_labelled = matches!(size, 1 | 3 | 4) && label::may_end(&bytes[..at], size == 1);
        is_labelled.then(|| start_of_token(bytes, from, at)..at + 1)
    }

    /// The same behind a gap, if there is one, at `at`, where something has ended that may be the end of a label too.
    fn labelled_behind_gap(self, from: usize, at: usize) -> Option<Range<usize>> {
        let digit = at + label::gap(&self.bytes[at..]);
        self.labelled(from, digit)
    }

    /// A digit or separator written otherwise, or escape right in front of a digit, that matters.
    fn special_at(self, from: usize, at: usize) -> Option<Range<usize>> {
        let Text { bytes, end, .. } = self;
        let rest = &bytes[at..];
        if !may_begin_number(rest) {
            return None;
        }
        let token = token_at(rest, end);
        let (Token::Digit { len, .. } | Token::Separator { len, .. } | Token::Escape { len }) = token else {
            return None;
        };
        // A digit right behind it is looked at in any case.
        if rest[0].is_ascii()
            && !rest.get(len).is_some_and(u8::is_ascii_digit)
            && let Some(found) = self.labelled_behind_gap(from, at + len)
        {
            return Some(found);
        }
        let next = rest.get(len).copied().unwrap_or_default();
        let matters = match token {
            Token::Digit { .. } => true,
            // The digits of an escape run into those behind it.
            _ if rest[0].is_ascii() && next.is_ascii_digit() => true,
            Token::Separator { .. } => {
                at > from && bytes[at - 1].is_ascii_digit() && (next.is_ascii_digit() || is_special(next))
            }
            _ => false,
        };
        matters.then(|| start_of_run(bytes, from, at)..at + len + 1)
    }
}

/// Where the token that `at` is in begins: an escape holds digits of its own.
fn start_of_token(text: &[u8], from: usize, at: usize) -> usize {
    let near = from.max(at.saturating_sub(LONGEST_ESCAPE - 1));
    near + text[near..at].iter().position(|byte| matches!(byte, b'%' | b'\\' | b'&')).unwrap_or(at - near)
}

/// Where the ASCII digits and separators in front of `at` begin.
fn start_of_run(text: &[u8], from: usize, at: usize) -> usize {
    let is_joined = |byte: &&u8| byte.is_ascii_digit() || is_separator(byte);
    let joined = text[from..at].iter().rev().take_while(is_joined).count();
    work::note(joined);
    start_of_token(text, from, at - joined)
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&' | 0xC0..)
}

/// Bytes of `\u0031` and `%c2%a0`.
const LONGEST_ESCAPE: usize = 6;
