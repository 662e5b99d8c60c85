//! The one pass over the bytes: what is copied, what is masked, what must wait for more.
//!
//! The scanner goes from group of digits to group of digits. Each is judged by the bytes around it alone, never
//! by where the input was cut: when a judgement needs bytes that are not there yet, nothing from that group on
//! is given out until they are. Overlapping card numbers become one finding.

use alloc::vec::Vec;

use crate::context::{Context, LOOK_BEHIND};
use crate::finding::{Finding, Found, Kind};
use crate::json::Quote;
use crate::token::{Token, may_begin_digit, token_at};
use crate::window::{Candidate, Parsed, Window, lone_digits};
use crate::wiped::Wiped;
use crate::{label, track};

/// Takes what the scanner gives out, in order.
pub(crate) trait Sink {
    /// Bytes that stay as they are.
    fn keep(&mut self, bytes: &[u8]);
    /// A finding in place of its bytes.
    fn found(&mut self, found: &Found);
}

#[derive(Default)]
pub(crate) struct Scanner {
    /// Some bytes already given out, to look back at, then those not given out yet.
    buffer: Wiped,
    /// Where in `buffer` the latter begin.
    position: usize,
    /// Where `buffer` begins in the text.
    offset: usize,
    /// In a run of digits that is too long for anything.
    in_endless_run: bool,
    /// The finding `position` is in, which grows while further card numbers begin in it.
    open: Option<Found>,
    /// Where the last finding ended in the text.
    last_end: Option<usize>,
}

/// What a group of digits is.
enum Judgement {
    NeedMore,
    Nothing,
    Found(Found),
}

impl Scanner {
    /// Takes in more of the text.
    pub(crate) fn push(&mut self, mut input: &[u8], sink: &mut impl Sink) {
        while !input.is_empty() {
            let (piece, rest) = input.split_at(input.len().min(PIECE));
            self.buffer.extend(piece);
            self.scan(false, sink);
            self.forget();
            input = rest;
        }
    }

    /// Ends the text: gives out what is left and starts anew.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        self.scan(true, sink);
        debug_assert_eq!(self.held(), 0, "everything is decided at the end");
        *self = Self::default();
    }

    /// How many bytes wait for more.
    pub(crate) fn held(&self) -> usize {
        self.buffer.len() - self.position
    }

    fn rest(&self) -> &[u8] {
        &self.buffer.as_slice()[self.position..]
    }

    fn scan(&mut self, end: bool, sink: &mut impl Sink) {
        while self.step(end, sink) {}
    }

    /// Handles one token, after skipping what cannot be a digit; false when there is nothing left or more is
    /// needed.
    fn step(&mut self, end: bool, sink: &mut impl Sink) -> bool {
        let rest = self.rest();
        let skip = rest.iter().position(|&byte| may_begin_digit(byte)).unwrap_or(rest.len());
        if skip > 0 {
            self.in_endless_run = false;
            self.advance(skip, sink);
        }
        if self.rest().is_empty() {
            return false;
        }
        let token = token_at(self.rest(), end);
        let len = match token {
            Token::Partial => return false,
            Token::Digit { len, .. } if self.in_endless_run => len,
            Token::Digit { .. } => return self.group(end, sink),
            Token::Escape { len } => match self.len_of_escape(len, end) {
                Some(len) => len,
                None => return false,
            },
            Token::Separator { len, .. } => len,
            Token::Other => 1,
        };
        self.in_endless_run &= matches!(token, Token::Digit { .. });
        self.advance(len, sink);
        true
    }

    /// How far to skip an escape. What looks like one may be a percent sign, or the `%B` of track 1, right in
    /// front of a card number.
    fn len_of_escape(&self, len: usize, end: bool) -> Option<usize> {
        let rest = self.rest();
        if rest[0] != b'%' {
            return Some(len);
        }
        let Some(digit) = rest[..len].iter().position(u8::is_ascii_digit) else { return Some(len) };
        let mut window = Window::new();
        match window.read(&rest[digit..], end) {
            Parsed::NeedMore => None,
            Parsed::Groups if window.card().is_some() => Some(digit),
            _ => Some(len),
        }
    }

    /// Handles a group of digits.
    fn group(&mut self, end: bool, sink: &mut impl Sink) -> bool {
        let (len, judgement) = match lone_digits(self.rest()) {
            Some(digits) => (digits, self.judge_labelled(digits, digits)),
            None => {
                let mut window = Window::new();
                match window.read(self.rest(), end) {
                    Parsed::NeedMore => return false,
                    Parsed::Endless(len) => {
                        self.in_endless_run = true;
                        self.advance(len, sink);
                        return true;
                    }
                    Parsed::Groups => (window.first_len(), self.judge(&window, end)),
                }
            }
        };
        match judgement {
            Judgement::NeedMore => return false,
            Judgement::Nothing => {}
            Judgement::Found(found) => match &mut self.open {
                Some(open) => open.merge(&found),
                None => self.open = Some(found),
            },
        }
        // Nothing begins inside a track, a code or a key; a card number may begin inside another.
        let len = match &self.open {
            Some(open) if open.finding.kind != Kind::CardNumber => open.finding.range.end - self.here(),
            _ => len,
        };
        self.advance(len, sink);
        true
    }

    fn judge(&self, window: &Window, end: bool) -> Judgement {
        match window.card() {
            Some(candidate) => self.judge_card(&candidate, end),
            None => self.judge_labelled(window.first_len(), window.first_digits()),
        }
    }

    fn judge_card(&self, candidate: &Candidate, end: bool) -> Judgement {
        let (before, rest) = (self.before(), self.rest());
        let follows_finding = self.last_end.is_some_and(|last| last + 1 == self.here());
        let context = Context { before, apart: self.before_apart(), rest, end, follows_finding };
        match context.excludes(candidate) {
            None => return Judgement::NeedMore,
            Some(true) => return Judgement::Nothing,
            Some(false) => {}
        }
        let after = &rest[candidate.len..];
        let Some(track) = track::len(after, end) else { return Judgement::NeedMore };
        let range = self.here()..self.here() + candidate.len + track;
        if track > 0 {
            return Judgement::Found(Found::new(range, Kind::Track));
        }
        let mut found = Found::new(range, Kind::CardNumber);
        found.finding.brand = Some(candidate.brand);
        found.last_four = Some(candidate.last_four);
        found.quote = candidate.single.then(|| Quote::for_number(before, after.first().copied())).flatten();
        Judgement::Found(found)
    }

    /// A security code or a key, by the label before it; the group is of this many bytes and digits.
    fn judge_labelled(&self, len: usize, digits: usize) -> Judgement {
        if self.open.is_some() || !matches!(digits, 1 | 3 | 4) {
            return Judgement::Nothing;
        }
        // A group has ended, so that what follows is there or nothing is.
        let after = self.rest().get(len).copied();
        if after.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return Judgement::Nothing;
        }
        let before = self.before_apart();
        let kind = match digits {
            3 | 4 if label::is_code(before) => Kind::SecurityCode,
            1 if label::is_key(before) => Kind::Key,
            _ => return Judgement::Nothing,
        };
        let mut found = Found::new(self.here()..self.here() + len, kind);
        found.quote = Quote::for_number(self.before(), after);
        Judgement::Found(found)
    }

    /// Where `position` is in the text.
    const fn here(&self) -> usize {
        self.offset + self.position
    }

    /// What precedes `position` on its line, as far back as is ever looked at.
    fn before(&self) -> &[u8] {
        let before = &self.buffer.as_slice()[..self.position];
        let before = &before[before.len().saturating_sub(LOOK_BEHIND)..];
        match memchr::memrchr(b'\n', before) {
            Some(at) => &before[at + 1..],
            None => before,
        }
    }

    /// The same without the last finding and what precedes it: what is judged by this is judged the same when
    /// the mask stands there instead.
    fn before_apart(&self) -> &[u8] {
        let before = self.before();
        let since = self.last_end.map_or(before.len(), |last| self.here() - last);
        &before[before.len() - since.min(before.len())..]
    }

    /// Gives out the next `len` bytes, or the finding they are in once its end is reached.
    fn advance(&mut self, len: usize, sink: &mut impl Sink) {
        let to = self.position + len;
        if let Some(open) = &self.open {
            let end = open.finding.range.end - self.offset;
            if to < end {
                self.position = to;
                return;
            }
            self.last_end = Some(open.finding.range.end);
            sink.found(open);
            self.open = None;
            self.position = end;
        }
        sink.keep(&self.buffer.as_slice()[self.position..to]);
        self.position = to;
    }

    /// Wipes what is too far back to be looked at.
    fn forget(&mut self) {
        let far = self.position.saturating_sub(LOOK_BEHIND);
        if far > 0 {
            self.buffer.drop_front(far);
            self.position -= far;
            self.offset += far;
        }
    }
}

/// How many bytes are taken in at once: the buffer stays small however long the input is.
const PIECE: usize = 4096;

/// Gathers findings.
impl Sink for Vec<Finding> {
    fn keep(&mut self, _: &[u8]) {}

    fn found(&mut self, found: &Found) {
        self.push(found.finding.clone());
    }
}
