//! The weighted sum in a 128-bit register, for x86-64.
//!
//! Nearly twice as fast as the two words of `words`, which is its twin for every other processor: the bench `card`
//! shows it, a test holds the two against each other. The one file of the crate with `unsafe` in it.
#![allow(unsafe_code, reason = "calling functions that want SSE2, which every x86-64 processor has")]

use core::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_add_epi64, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_cvtsi128_si32,
    _mm_max_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_sad_epu8, _mm_set_epi64x, _mm_set1_epi8,
    _mm_setzero_si128, _mm_sub_epi8, _mm_unpackhi_epi64, _mm_xor_si128,
};

/// The usual length; `None` when something is not a digit.
#[inline]
pub(super) fn sum_of_16(digits: &[u8; 16]) -> Option<u32> {
    let digits = u128::from_le_bytes(*digits);
    // SAFETY: SSE2 is part of x86-64; no processor of this architecture is without it.
    unsafe { sum_of_two(digits as u64, (digits >> 64) as u64, (u64::MAX, EVEN_BYTES)) }
}

/// 9 to 15 or 17 to 23 digits; `None` when something is not a digit.
#[inline]
pub(super) fn sum(digits: &[u8]) -> Option<u32> {
    let (first, last) = (word(digits.first_chunk()?), word(digits.last_chunk()?));
    let part = FIRST_WORD[digits.len() % 8];
    match digits.len() {
        // SAFETY: as above.
        9..=15 => unsafe { sum_of_two(first, last, part) },
        17..=23 => {
            let middle = word(digits[..digits.len() - 8].last_chunk()?);
            // SAFETY: as above.
            unsafe { sum_of_three(first, middle, last, part) }
        }
        _ => None,
    }
}

/// Eight ASCII digits, the leftmost lowest.
#[inline]
const fn word(ascii: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*ascii)
}

#[inline]
#[target_feature(enable = "sse2")]
fn sum_of_two(first: u64, last: u64, part: (u64, u64)) -> Option<u32> {
    let digits = values(first, last);
    // What is not a digit weighs 255, more than sixteen digits together.
    let sum = add_up(_mm_or_si128(weigh(digits, part), above_nine(digits)));
    (sum <= 8 * (19 + 9)).then_some(sum)
}

#[inline]
#[target_feature(enable = "sse2")]
fn sum_of_three(first: u64, middle: u64, last: u64, part: (u64, u64)) -> Option<u32> {
    let (head, digits) = (values(first, ZEROS), values(middle, last));
    if _mm_movemask_epi8(above_nine(_mm_max_epu8(head, digits))) != 0 {
        return None;
    }
    Some(add_up(_mm_add_epi8(weigh(head, part), weigh(digits, (u64::MAX, EVEN_BYTES)))))
}

/// What sixteen ASCII digits stand for, byte by byte.
#[inline]
#[target_feature(enable = "sse2")]
fn values(first: u64, last: u64) -> __m128i {
    _mm_xor_si128(_mm_set_epi64x(last as i64, first as i64), _mm_set1_epi8(b'0' as i8))
}

/// All bits of every byte above 9.
#[inline]
#[target_feature(enable = "sse2")]
fn above_nine(values: __m128i) -> __m128i {
    _mm_cmpeq_epi8(_mm_max_epu8(values, _mm_set1_epi8(10)), values)
}

/// The weight of each digit, give or take a multiple of ten: 19 or less when it is doubled, else 9 or less. The
/// first word counts in part: the bytes that count, and those of them that are doubled.
#[inline]
#[target_feature(enable = "sse2")]
fn weigh(digits: __m128i, (counted, doubled): (u64, u64)) -> __m128i {
    let single = _mm_and_si128(digits, _mm_set_epi64x(-1, counted as i64));
    let again = _mm_and_si128(digits, _mm_set_epi64x(EVEN_BYTES as i64, doubled as i64));
    // Nine is subtracted from a double above nine, which modulo ten is adding one; comparing gives -1.
    let carries = _mm_cmpgt_epi8(again, _mm_set1_epi8(4));
    _mm_sub_epi8(_mm_add_epi8(single, again), carries)
}

#[inline]
#[target_feature(enable = "sse2")]
fn add_up(bytes: __m128i) -> u32 {
    let halves = _mm_sad_epu8(bytes, _mm_setzero_si128());
    _mm_cvtsi128_si32(_mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves))) as u32
}

const ZEROS: u64 = 0x3030_3030_3030_3030;
const EVEN_BYTES: u64 = 0x00FF_00FF_00FF_00FF;

/// For a first word of which so many digits are not in the words after it: the bytes of those, and the bytes of
/// the ones that are doubled, every second one counted from the last.
static FIRST_WORD: [(u64, u64); 8] = {
    let mut parts = [(0, 0); 8];
    let mut digits = 1;
    while digits < 8 {
        let counted = (1 << (8 * digits)) - 1;
        let doubled = if digits % 2 == 0 { EVEN_BYTES } else { !EVEN_BYTES };
        parts[digits] = (counted, counted & doubled);
        digits += 1;
    }
    parts
};
