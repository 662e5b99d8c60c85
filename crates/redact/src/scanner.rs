//! The one pass over the bytes: what is copied, what is masked, what must wait for more.
//!
//! The filter names the stretches in which something may begin; all else is copied as it is. In such a stretch
//! the walk goes from group of digits to group of digits. Each is judged by the bytes around it alone, never by
//! where the input was cut: when a judgement needs bytes that are not there yet, nothing from that group on is
//! given out until they are. Overlapping card numbers become one finding.
//!
//! Long because the walk, its waiting for more input and their tests only make sense together.

use crate::context::{Context, LOOK_BEHIND};
use crate::filter::Filter;
use crate::finding::{Finding, Found, Kind};
use crate::json::Quote;
use crate::row::Row;
use crate::token::{Token, may_begin_digit, token_at};
use crate::window::{Candidate, Parsed, Window, lone_digits, lone_number};
use crate::wiped::Wiped;
use crate::{label, track, work};

use alloc::vec::Vec;
use core::ops::Range;

/// Takes what the scanner gives out, in order.
pub(crate) trait Sink {
    /// Bytes that stay as they are.
    fn keep(&mut self, bytes: &[u8]);
    /// A finding in place of its bytes.
    fn found(&mut self, found: &Found);
}

/// Scans a text that comes in pieces.
#[derive(Default)]
pub(crate) struct Scanner {
    walk: Walk,
    /// The end of what came in so far: some bytes already given out, to look back at, then those that wait.
    carry: Wiped,
    /// How much of the text came in.
    taken: usize,
}

impl Scanner {
    /// Takes in more of the text.
    pub(crate) fn push(&mut self, input: &[u8], sink: &mut impl Sink) {
        let start = self.taken;
        let mut joined = 0;
        // What waits is judged in the carry, together with enough of the input to go on in the input alone.
        while self.carry.len() > 0 && joined < input.len() && self.walk.at < start + LOOK_BEHIND {
            let piece = &input[joined..input.len().min(joined + JOIN)];
            self.carry.extend(piece);
            joined += piece.len();
            self.taken += piece.len();
            self.walk.scan(
                Text { bytes: self.carry.as_slice(), start: self.taken - self.carry.len(), end: false },
                sink,
            );
        }
        if self.carry.len() > 0 && self.walk.at < start + LOOK_BEHIND {
            self.carry.drop_front(self.walk.far_behind(self.taken - self.carry.len()));
        } else {
            self.carry.clear();
            self.taken = start + input.len();
            self.walk.scan(Text { bytes: input, start, end: false }, sink);
            let line_is_over = self.walk.at == self.taken && input.last() == Some(&b'\n');
            if !line_is_over {
                self.carry.extend(&input[self.walk.far_behind(start)..]);
            }
        }
        self.walk.rest(self.taken);
    }

    /// Ends the text: gives out what is left and starts anew.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        let start = self.taken - self.carry.len();
        self.walk.scan(Text { bytes: self.carry.as_slice(), start, end: true }, sink);
        debug_assert_eq!(self.held(), 0, "everything is decided at the end");
        self.walk.restart();
        self.carry.clear();
        self.taken = 0;
    }

    /// How many bytes wait for more.
    pub(crate) const fn held(&self) -> usize {
        self.taken - self.walk.at
    }
}

/// Scans a text that is at hand as a whole.
pub(crate) fn scan(text: &[u8], sink: &mut impl Sink) {
    Walk::default().scan(Text { bytes: text, start: 0, end: true }, sink);
}

/// A part of a text.
#[derive(Clone, Copy)]
struct Text<'a> {
    bytes: &'a [u8],
    /// Where the bytes begin in the text.
    start: usize,
    /// Nothing follows them.
    end: bool,
}

impl<'a> Text<'a> {
    fn from(&self, at: usize) -> &'a [u8] {
        &self.bytes[at - self.start..]
    }
}

/// Where a scan is.
#[derive(Default)]
struct Walk {
    /// Everything before this point of the text is decided.
    at: usize,
    /// Everything before this point was given out.
    given: usize,
    /// In a run of digits that is too long for anything.
    in_endless_run: bool,
    /// The finding the walk is in, which grows while further card numbers begin in it.
    open: Option<Found>,
    /// Where the last finding ended.
    last_end: Option<usize>,
    window: Window,
    row: Row,
    /// Does without the filter and what else saves time, to hold it against.
    #[cfg(test)]
    walks_everything: bool,
}

/// What a group of digits is.
enum Judgement {
    NeedMore,
    Nothing,
    Found(Found),
}

impl Walk {
    /// Goes as far as can be decided.
    fn scan(&mut self, text: Text<'_>, sink: &mut impl Sink) {
        let len = text.start + text.bytes.len();
        let mut filter = Filter::new(text.bytes, self.at - text.start, text.end);
        while self.at < len {
            let mut stop = self.at;
            if self.open.is_none() && !self.in_endless_run {
                let stretch = self.next_stretch(&mut filter, self.at - text.start);
                self.at = text.start + stretch.start;
                stop = stretch.end.saturating_add(text.start);
                if stretch.is_empty() {
                    self.give(text, self.at, sink);
                }
            }
            let mut goes_on = true;
            while goes_on && (self.at < stop || self.open.is_some() || self.in_endless_run) {
                goes_on = self.step(text, sink);
            }
            if !goes_on {
                break;
            }
        }
        let to = self.open.as_ref().map_or(self.at, |open| open.finding.range.start);
        self.give(text, to, sink);
    }

    /// The next stretch to walk through.
    #[inline]
    fn next_stretch(&self, filter: &mut Filter<'_>, from: usize) -> Range<usize> {
        #[cfg(test)]
        if self.walks_everything {
            return from..usize::MAX;
        }
        filter.next_stretch(from)
    }

    /// Handles one token, after skipping what cannot be a digit; false when there is nothing left or more is
    /// needed.
    fn step(&mut self, text: Text<'_>, sink: &mut impl Sink) -> bool {
        let rest = text.from(self.at);
        let skip = rest.iter().position(|&byte| may_begin_digit(byte)).unwrap_or(rest.len());
        work::note(skip);
        if skip > 0 {
            self.in_endless_run = false;
            self.advance(text, skip, sink);
        }
        let rest = text.from(self.at);
        if rest.is_empty() {
            return false;
        }
        let token = token_at(rest, text.end);
        let len = match token {
            Token::Partial => return false,
            Token::Digit { len, .. } if self.in_endless_run => len,
            Token::Digit { .. } => return self.group(text, sink),
            Token::Escape { len } => match self.len_of_escape(text, len) {
                Some(len) => len,
                None => return false,
            },
            Token::Separator { len, .. } => len,
            Token::Other => 1,
        };
        self.in_endless_run &= matches!(token, Token::Digit { .. });
        self.advance(text, len, sink);
        true
    }

    /// How far to skip an escape. What looks like one may be a percent sign, or the `%B` of track 1, right in
    /// front of a card number.
    fn len_of_escape(&mut self, text: Text<'_>, len: usize) -> Option<usize> {
        let rest = text.from(self.at);
        if rest[0] != b'%' {
            return Some(len);
        }
        let Some(digit) = rest[..len].iter().position(u8::is_ascii_digit) else { return Some(len) };
        match self.window.read(&rest[digit..], self.at + digit, text.end) {
            Parsed::NeedMore => None,
            Parsed::Groups if self.window.start(0) == self.at + digit && self.window.card().is_some() => {
                Some(digit)
            }
            _ => Some(len),
        }
    }

    /// Whether everything takes the long way.
    #[inline]
    const fn takes_its_time(&self) -> bool {
        #[cfg(test)]
        return self.walks_everything;
        #[cfg(not(test))]
        false
    }

    /// Handles a row of single digits; false when more is needed. `None` when it is none, or takes a closer look.
    fn row(&mut self, text: Text<'_>, sink: &mut impl Sink) -> Option<bool> {
        let rest = text.from(self.at);
        if !Row::may_begin(rest) || self.takes_its_time() || !self.row.covers(rest, self.at) {
            return None;
        }
        while self.at < self.row.end() {
            if self.reach_far(text, sink) {
                continue;
            }
            let covered = self.open.as_ref().map_or(0, |open| open.finding.range.end);
            let Some(start) = self.row.next(self.at, covered) else {
                self.advance(text, self.row.end() - self.at, sink);
                break;
            };
            if start.at > self.at {
                self.advance(text, start.at - self.at, sink);
            }
            let judgement = match self.row.card(&start) {
                // What may be something else begins or ends with more than single digits, and not far off.
                Some(candidate) if self.row.depth(self.at) > LOOK_BEHIND => {
                    Judgement::Found(Found::card(self.at..self.at + candidate.len, &candidate))
                }
                Some(candidate) => self.judge_card(text, &candidate),
                None => Judgement::Nothing,
            };
            match judgement {
                Judgement::NeedMore => return Some(false),
                Judgement::Nothing => {}
                Judgement::Found(found) => self.open(found),
            }
            // The digit and its separator.
            self.advance(text, self.row.step(), sink);
        }
        Some(true)
    }

    /// Goes on behind all card numbers of the row that are one finding with others of which nothing is shown, if the walk is
    /// in such a finding.
    fn reach_far(&mut self, text: Text<'_>, sink: &mut impl Sink) -> bool {
        let is_deep = self.row.depth(self.at) > LOOK_BEHIND;
        let Some(open) = self.open.as_mut().filter(|open| is_deep && open.is_of_many()) else {
            return false;
        };
        let end = self.row.reach(self.at, open.finding.range.end);
        open.finding.range.end = end;
        self.advance(text, self.row.behind(end) - self.at, sink);
        true
    }

    /// Opens a finding, or makes it part of the one that is open.
    fn open(&mut self, found: Found) {
        match &mut self.open {
            Some(open) => open.merge(&found),
            None => self.open = Some(found),
        }
    }

    /// Handles a group of digits.
    fn group(&mut self, text: Text<'_>, sink: &mut impl Sink) -> bool {
        if let Some(goes_on) = self.row(text, sink) {
            return goes_on;
        }
        let rest = text.from(self.at);
        let (len, judgement) = match (lone_digits(rest), lone_number(rest)) {
            (Some(digits), _) => (digits, self.judge_labelled(text, digits, digits)),
            (None, Some(len)) if !self.takes_its_time() => {
                let candidate = Candidate::in_one_piece(&rest[..len]);
                (len, candidate.map_or(Judgement::Nothing, |candidate| self.judge_card(text, &candidate)))
            }
            _ => {
                let parsed = self.window.read(rest, self.at, text.end);
                // Single digits that nothing begins with.
                let over = self.window.start(self.at) - self.at;
                if over > 0 {
                    self.advance(text, over, sink);
                }
                match parsed {
                    Parsed::NeedMore => return false,
                    Parsed::Endless(len) => {
                        self.in_endless_run = true;
                        self.advance(text, len, sink);
                        return true;
                    }
                    Parsed::Groups => (self.window.first_len(), self.judge(text)),
                }
            }
        };
        match judgement {
            Judgement::NeedMore => return false,
            Judgement::Nothing => {}
            Judgement::Found(found) => self.open(found),
        }
        // Nothing begins inside a track, a code or a key; a card number may begin inside another.
        let len = match &self.open {
            Some(open) if open.finding.kind != Kind::CardNumber => open.finding.range.end - self.at,
            _ => len,
        };
        self.advance(text, len, sink);
        true
    }

    fn judge(&self, text: Text<'_>) -> Judgement {
        match self.window.card() {
            Some(candidate) => self.judge_card(text, &candidate),
            None => self.judge_labelled(text, self.window.first_len(), self.window.first_digits()),
        }
    }

    fn judge_card(&self, text: Text<'_>, candidate: &Candidate) -> Judgement {
        let (rest, end) = (text.from(self.at), text.end);
        let after = &rest[candidate.len..];
        let Some(track) = track::len(after, end) else { return Judgement::NeedMore };
        let range = self.at..self.at + candidate.len + track;
        if self.open.as_ref().is_some_and(|open| range.end <= open.finding.range.end) {
            return Judgement::Nothing;
        }
        let before = self.before(text);
        let follows_finding = self.last_end.is_some_and(|last| last + 1 == self.at);
        let context = Context { before, apart: self.apart(before), rest, end, follows_finding };
        match context.excludes(candidate) {
            None => return Judgement::NeedMore,
            Some(true) => return Judgement::Nothing,
            Some(false) => {}
        }
        if track > 0 {
            return Judgement::Found(Found::new(range, Kind::Track));
        }
        let mut found = Found::card(range, candidate);
        found.quote = candidate.single.then(|| Quote::for_number(before, after.first().copied())).flatten();
        Judgement::Found(found)
    }

    /// A security code or a key, by the label before it; the group is of this many bytes and digits.
    fn judge_labelled(&self, text: Text<'_>, len: usize, digits: usize) -> Judgement {
        if self.open.is_some() || !matches!(digits, 1 | 3 | 4) {
            return Judgement::Nothing;
        }
        // A group has ended, so that what follows is there or nothing is.
        let after = text.from(self.at).get(len).copied();
        if after.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return Judgement::Nothing;
        }
        if !label::may_end(&text.bytes[..self.at - text.start], digits == 1) {
            return Judgement::Nothing;
        }
        let before = self.before(text);
        let apart = self.apart(before);
        let kind = match digits {
            3 | 4 if label::is_code(apart) => Kind::SecurityCode,
            1 if label::is_key(apart) => Kind::Key,
            _ => return Judgement::Nothing,
        };
        let mut found = Found::new(self.at..self.at + len, kind);
        found.quote = Quote::for_number(before, after);
        Judgement::Found(found)
    }

    /// What precedes the walk on its line, as far back as is ever looked at.
    fn before<'a>(&self, text: Text<'a>) -> &'a [u8] {
        let before = &text.bytes[..self.at - text.start];
        work::note(LOOK_BEHIND);
        let before = &before[before.len().saturating_sub(LOOK_BEHIND)..];
        match memchr::memrchr(b'\n', before) {
            Some(at) => &before[at + 1..],
            None => before,
        }
    }

    /// The same without the last finding and what precedes it: what is judged by this is judged the same when
    /// the mask stands there instead.
    fn apart<'a>(&self, before: &'a [u8]) -> &'a [u8] {
        let since = self.last_end.map_or(before.len(), |last| self.at - last);
        &before[before.len() - since.min(before.len())..]
    }

    /// Goes on by `len` bytes, and gives out the finding they are in once its end is reached.
    fn advance(&mut self, text: Text<'_>, len: usize, sink: &mut impl Sink) {
        self.at += len;
        if let Some(open) = self.open.take_if(|open| open.finding.range.end <= self.at) {
            self.give(text, open.finding.range.start, sink);
            self.given = open.finding.range.end;
            self.last_end = Some(self.given);
            sink.found(&open);
        }
    }

    /// Gives out what stays as it is up to a point.
    fn give(&mut self, text: Text<'_>, to: usize, sink: &mut impl Sink) {
        if to > self.given {
            sink.keep(&text.bytes[self.given - text.start..to - text.start]);
            self.given = to;
        }
    }

    /// How many bytes of a part of the text that begins at `start` are too far back to be looked at.
    const fn far_behind(&self, start: usize) -> usize {
        (self.at - start).saturating_sub(LOOK_BEHIND)
    }

    /// Wipes the window unless something waits for more.
    fn rest(&mut self, end: usize) {
        if self.at == end {
            self.window.wipe();
            self.row.wipe();
        }
    }

    fn restart(&mut self) {
        self.window.wipe();
        self.row.wipe();
        let (window, row) = (core::mem::take(&mut self.window), core::mem::take(&mut self.row));
        *self = Self { window, row, ..Self::default() };
    }
}

/// How many bytes of the input are joined to what waits at a time: more than that seldom does.
const JOIN: usize = 512;

/// Gathers findings.
impl Sink for Vec<Finding> {
    fn keep(&mut self, _: &[u8]) {}

    fn found(&mut self, found: &Found) {
        self.push(found.finding.clone());
    }
}

#[cfg(test)]
mod tests {
    use paytone_card::test_numbers;
    use proptest::prelude::*;

    use super::*;

    fn found(text: &[u8], walks_everything: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut walk = Walk { walks_everything, ..Walk::default() };
        walk.scan(Text { bytes: text, start: 0, end: true }, &mut findings);
        findings
    }

    /// How numbers are grouped, and some ways in which they are not.
    const SHAPES: &[&[usize]] = &[
        &[4, 4, 4, 7],
        &[4, 4, 4, 4, 3],
        &[4, 4, 5],
        &[4, 6, 5],
        &[4, 3, 3, 3],
        &[6, 13],
        &[8, 8],
        &[4, 4, 11],
        &[5, 5, 9],
    ];

    /// Pieces that numbers, their surroundings and what is taken for them are made of.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let texts = [
            " ",
            "-",
            ".",
            "+",
            "=",
            ":",
            ",",
            "\n",
            "\"",
            "%",
            "\\",
            "&",
            ";",
            "%20",
            "%22",
            "%34",
            "%3D",
            "%B4",
            "%41",
            "%2D",
            "\\u0034",
            "\\u0022",
            "\\u00a0",
            "\\x34",
            "\\n",
            "&#52;",
            "&nbsp;",
            "&#32;",
            "%c2%a0",
            "４",
            "一",
            "\u{a0}",
            "–",
            "ー",
            "番号",
            "cvc=",
            "cvv2",
            "card verification value: ",
            "cvc%22%3A",
            "Signal=",
            "dtmf '",
            "keypad%20",
            "DTMF end ",
            "セキュリティコード：",
            "o=- ",
            " IN IP4",
            "{\"pan\":",
            "abcdef",
            "the next line of text ",
            "GB29NWBK",
            "30121010000012345678",
            "^DOE/JOHN^",
            "D",
            "4",
            "12",
            "123",
            "1230",
            "4111",
            "1 1 1 1 ",
            "41111111",
            "41111111-1111-4111-8111-111111111111",
            "192.168.100.200:5060",
            "1754043753123",
            "[card:****1111]",
        ];
        let texts = prop::sample::select(texts.to_vec()).prop_map(|text| text.as_bytes().to_vec());
        let number = || prop::sample::select(test_numbers::ALL.to_vec()).prop_map(|number| number.digits());
        let separator = || prop::sample::select(vec![" ", "-", ".", "%20", "\u{a0}", "&nbsp;", "\\u0020"]);
        prop_oneof![
            6 => texts,
            2 => number().prop_map(|digits| digits.as_bytes().to_vec()),
            1 => (number(), separator(), 1_usize..5).prop_map(|(digits, separator, size)| {
                digits.as_bytes().chunks(size).collect::<Vec<_>>().join(separator.as_bytes())
            }),
            1 => (number(), separator(), prop::sample::select(SHAPES.to_vec()), b'0'..=b'9').prop_map(
                |(digits, separator, shape, last)| {
                    // One in ten has the right check digit.
                    let digits = [&digits.as_bytes()[..digits.len() - 1], &[last]].concat();
                    let mut rest = digits.as_slice();
                    let groups = shape.iter().map_while(|&size| rest.split_off(..size.min(rest.len())));
                    groups.collect::<Vec<_>>().join(separator.as_bytes())
                }
            ),
            1 => prop::collection::vec(b'0'..=b'9', 1..40),
            1 => (number(), number(), prop::bool::ANY).prop_map(|(id, version, is_origin)| {
                let net = if is_origin { "IN IP4" } else { "IN" };
                format!("o=- {id} {version} {net}").into_bytes()
            }),
            1 => (prop::collection::vec(b'0'..=b'9', 1..400), prop::sample::select(vec![b' ', b'-', b'.']))
                .prop_map(|(digits, separator)| digits.into_iter().flat_map(|digit| [digit, separator]).collect()),
            1 => prop::collection::vec(b'0'..=b'9', 1..120)
                .prop_map(|digits| digits.into_iter().flat_map(|digit| [b'%', b'3', digit, b'%', b'2', b'0']).collect()),
            1 => prop::collection::vec(prop::sample::select(b"0123456789 -".to_vec()), 0..900),
            1 => prop::collection::vec(any::<u8>(), 0..6),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_filter_lets_nothing_through(pieces in prop::collection::vec(piece(), 0..60)) {
            let text = pieces.concat();
            prop_assert_eq!(found(&text, false), found(&text, true));
        }
    }
}
