//! The weighted sum in 64-bit words, for any processor.

use super::UNTOLD;

/// The sum for 12 to 19 digits, give or take a multiple of ten. From [`UNTOLD`] on it says nothing.
#[inline]
pub(super) fn sum(digits: &[u8]) -> u32 {
    sum_of_digits(digits).unwrap_or(UNTOLD)
}

/// The same for 12 to 16 digits, `None` for more or fewer.
#[inline]
pub(super) fn sum_to_sixteen(digits: &[u8]) -> Option<u32> {
    matches!(digits.len(), 12..=16).then(|| sum(digits))
}

#[inline]
fn sum_of_digits(digits: &[u8]) -> Option<u32> {
    let (first, last) = (word(digits.first_chunk()?), word(digits.last_chunk()?));
    match digits.len() {
        length @ 12..=16 => {
            // What `last` holds too is pushed out at the top.
            let rest = first.unbounded_shl(8 * (16 - length) as u32);
            (above_nine(first) | above_nine(last) == 0).then(|| weigh(rest, last))
        }
        length @ 17..=19 => {
            let middle = word(digits[..length - 8].last_chunk()?);
            let rest = first.unbounded_shl(8 * (24 - length) as u32);
            let above_nine = above_nine(first) | above_nine(middle) | above_nine(last);
            (above_nine == 0).then(|| weigh(0, rest) + weigh(middle, last))
        }
        _ => None,
    }
}

/// Eight ASCII digits as eight bytes of value, the leftmost lowest.
#[inline]
const fn word(ascii: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*ascii) ^ 0x3030_3030_3030_3030
}

/// Not zero when a byte is above 9: adding 118 then reaches its top bit, and a byte that would carry into the
/// next one has its top bit set already.
#[inline]
const fn above_nine(word: u64) -> u64 {
    (word.wrapping_add(0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080
}

/// The weighted sum of sixteen digits, give or take a multiple of ten. The first digit of a word and every second
/// one after it are doubled; nine is subtracted from a double above nine, which modulo ten is adding one.
#[inline]
const fn weigh(left: u64, right: u64) -> u32 {
    let doubled = (left & EVEN_BYTES) | (right & EVEN_BYTES) << 8;
    let single = ((left >> 8) & EVEN_BYTES) | (right & !EVEN_BYTES);
    // Five and above reach the top bit of their byte.
    let carries = ((doubled + 0x7B7B_7B7B_7B7B_7B7B) >> 7) & 0x0101_0101_0101_0101;
    // At most 9 + 18 + 1 in a byte, 224 in all: the product adds the bytes up in its top byte.
    let bytes = single + 2 * doubled + carries;
    (bytes.wrapping_mul(0x0101_0101_0101_0101) >> 56) as u32
}

const EVEN_BYTES: u64 = 0x00FF_00FF_00FF_00FF;
