//! The masks, eight bytes at a time in a word.

use super::{Around, BLOCK, Masks};

pub(super) fn masks(block: &[u8; BLOCK]) -> Masks {
    Masks {
        digits: mask(block, |word| within(word, b'0', b'9')),
        special: mask(block, |word| {
            word & word << 1 & HIGH | equal(word, b'%') | equal(word, b'&') | equal(word, b'\\')
        }),
    }
}

pub(super) fn around(block: &[u8; BLOCK]) -> Around {
    Around {
        separators: mask(block, |word| {
            equal(word, b' ') | equal(word, b'-') | equal(word, b'+') | equal(word, b'.')
        }),
        letters: mask(block, |word| within(word | (ONES * 0x20), b'a', b'z')),
        joints: mask(block, |word| within(word, b'+', b'/')),
    }
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
fn mask(block: &[u8; BLOCK], test: impl Fn(u64) -> u64) -> u64 {
    let (words, _) = block.as_chunks();
    words.iter().enumerate().fold(0, |mask, (index, &word)| {
        let bits = (test(u64::from_le_bytes(word)) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | bits << (8 * index)
    })
}
