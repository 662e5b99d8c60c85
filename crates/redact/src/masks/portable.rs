//! The masks, eight bytes at a time in a word.

use super::{BLOCK, Look, Looks, Masks, Numbers, View, is_valid, may_be_card, non_zero};

pub(super) fn looks() -> impl Look {
    Looks { masks, numbers, is_valid, may_be_card, foreign, non_zero, line_ends }
}

fn masks(view: &View) -> Masks {
    let Numbers { digits, separators } = numbers(view);
    let foreign = mask(view, |word| word & HIGH);
    let letters = mask(view, |word| within(word | (ONES * 0x20), b'a', b'z'));
    let semicolons = mask(view, |word| equal(word, b';'));
    let introducers = mask_before(view, |word| equal(word, b'%') | equal(word, b'&') | equal(word, b'\\'));
    Masks {
        digits,
        separators,
        gaps: !(digits | letters | foreign | semicolons),
        labels: letters | digits | foreign | semicolons,
        escapes: introducers & !foreign,
        foreign,
    }
}

fn numbers(view: &View) -> Numbers {
    Numbers {
        digits: mask(view, |word| within(word, b'0', b'9')),
        separators: mask(view, |word| {
            equal(word, b' ') | equal(word, b'-') | equal(word, b'+') | equal(word, b'.')
        }),
    }
}

fn foreign(view: &View) -> u64 {
    mask_before(view, |word| word & word << 1 & HIGH)
}

fn line_ends(block: &[u8; BLOCK]) -> u64 {
    bits(block, |word| equal(word, b'\n'))
}

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES << 7;

/// The top bit of each byte from `first` to `last`, both of ASCII.
fn within(word: u64, first: u8, last: u8) -> u64 {
    let from = |byte: u8| (word & !HIGH) + ONES * (0x80 - byte as u64);
    !word & HIGH & from(first) & !from(last + 1)
}

/// The top bit of each byte that is `byte`.
const fn equal(word: u64, byte: u8) -> u64 {
    let different = word ^ (ONES * byte as u64);
    !(((different & !HIGH) + !HIGH) | different) & HIGH
}

/// One bit for each top bit that `test` sets.
fn mask(view: &View, test: impl Fn(u64) -> u64) -> u64 {
    bits(&view[1..], test)
}

/// The same for the bytes in front.
fn mask_before(view: &View, test: impl Fn(u64) -> u64) -> u64 {
    bits(&view[..view.len() - 1], test)
}

fn bits(bytes: &[u8], test: impl Fn(u64) -> u64) -> u64 {
    let (words, _) = bytes.as_chunks();
    words.iter().enumerate().fold(0, |mask, (index, &word)| {
        let bits = (test(u64::from_le_bytes(word)) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | bits << (8 * index)
    })
}
