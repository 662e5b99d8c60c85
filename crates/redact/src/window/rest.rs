//! Tokens by where they stand in the text.

use crate::token::{Token, token_at};
use crate::work;

/// A text from a point on.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) end: bool,
}

impl Rest<'_> {
    #[inline]
    pub(super) fn token(self, at: usize) -> Token {
        token_at(&self.bytes[at - self.at..], self.end)
    }

    #[inline]
    pub(super) fn separator(self, at: usize) -> Next {
        match self.token(at) {
            Token::Partial => Next::NeedMore,
            Token::Separator { len, dot } => match self.token(at + len) {
                Token::Partial => Next::NeedMore,
                Token::Digit { .. } => Next::Digit(at + len, dot),
                _ => Next::Nothing,
            },
            _ => Next::Nothing,
        }
    }

    /// Where the digits from `at` on end.
    pub(super) fn end_of_run(self, mut at: usize) -> usize {
        let start = at;
        loop {
            let rest = &self.bytes[at - self.at..];
            at += rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let is_full_width = |bytes: &&[u8; 3]| matches!(bytes, [0xEF, 0xBC, 0x90..=0x99]);
            at += 3 * rest.as_chunks().0.iter().take_while(is_full_width).count();
            match self.token(at) {
                Token::Digit { len, .. } => at += len,
                _ => {
                    work::note(at - start);
                    return at;
                }
            }
        }
    }
}

/// What follows a group.
pub(super) enum Next {
    NeedMore,
    /// A digit follows the separator, here; whether the separator is a dot.
    Digit(usize, bool),
    Nothing,
}
