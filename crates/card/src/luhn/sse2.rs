//! The weighted sum in a 128-bit register, for x86-64.
//!
//! Nearly twice as fast as the two words of `words`, which is its twin for every other processor: the bench `card`
//! shows it, a test holds the two against each other. The one file of the crate with `unsafe` in it.
#![allow(unsafe_code, reason = "calling functions that want SSE2, which every x86-64 processor has")]

use core::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_add_epi64, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_cvtsi128_si32,
    _mm_max_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_sad_epu8, _mm_set_epi64x, _mm_set1_epi8,
    _mm_set1_epi16, _mm_setzero_si128, _mm_sub_epi8, _mm_unpackhi_epi64,
};

/// The usual length; `None` when something is not a digit.
#[inline]
pub(super) fn sum_of_16(digits: &[u8; 16]) -> Option<u32> {
    let digits = u128::from_le_bytes(*digits) ^ ZEROS;
    // SAFETY: SSE2 is part of x86-64; no processor of this architecture is without it.
    unsafe { sum_of_two(digits as u64, (digits >> 64) as u64) }
}

/// 8 to 24 digits; `None` when something is not a digit.
#[inline]
pub(super) fn sum(digits: &[u8]) -> Option<u32> {
    let (first, last) = (word(digits.first_chunk()?), word(digits[digits.len() - 8..].first_chunk()?));
    // What the words after the first hold too is pushed out at the top, and zeros come in that weigh nothing.
    match digits.len() {
        // SAFETY: as above.
        length @ ..=16 => unsafe { sum_of_two(first.unbounded_shl(8 * (16 - length) as u32), last) },
        length @ ..=24 => {
            let middle = word(digits[length - 16..].first_chunk()?);
            // SAFETY: as above.
            unsafe { sum_of_three(first.unbounded_shl(8 * (24 - length) as u32), middle, last) }
        }
        _ => None,
    }
}

/// What eight ASCII digits stand for, byte by byte, the leftmost lowest.
#[inline]
const fn word(ascii: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*ascii) ^ ZEROS as u64
}

#[inline]
#[target_feature(enable = "sse2")]
fn sum_of_two(left: u64, right: u64) -> Option<u32> {
    let digits = _mm_set_epi64x(right as i64, left as i64);
    // What is not a digit weighs 255, more than sixteen digits together.
    let sum = add_up(_mm_or_si128(weigh(digits), above_nine(digits)));
    (sum <= 8 * (19 + 9)).then_some(sum)
}

#[inline]
#[target_feature(enable = "sse2")]
fn sum_of_three(left: u64, middle: u64, right: u64) -> Option<u32> {
    let (head, digits) = (_mm_set_epi64x(left as i64, 0), _mm_set_epi64x(right as i64, middle as i64));
    if _mm_movemask_epi8(above_nine(_mm_max_epu8(head, digits))) != 0 {
        return None;
    }
    Some(add_up(_mm_add_epi8(weigh(head), weigh(digits))))
}

/// All bits of every byte above 9.
#[inline]
#[target_feature(enable = "sse2")]
fn above_nine(values: __m128i) -> __m128i {
    _mm_cmpeq_epi8(_mm_max_epu8(values, _mm_set1_epi8(10)), values)
}

/// The weight of each digit, give or take a multiple of ten: 19 or less when it is doubled, else 9 or less. The
/// first byte and every second one after it are doubled.
#[inline]
#[target_feature(enable = "sse2")]
fn weigh(digits: __m128i) -> __m128i {
    let again = _mm_and_si128(digits, _mm_set1_epi16(0x00FF));
    // Nine is subtracted from a double above nine, which modulo ten is adding one; comparing gives -1.
    let carries = _mm_cmpgt_epi8(again, _mm_set1_epi8(4));
    _mm_sub_epi8(_mm_add_epi8(digits, again), carries)
}

#[inline]
#[target_feature(enable = "sse2")]
fn add_up(bytes: __m128i) -> u32 {
    let halves = _mm_sad_epu8(bytes, _mm_setzero_si128());
    _mm_cvtsi128_si32(_mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves))) as u32
}

/// `0` in every byte: what an ASCII digit loses to become its value.
const ZEROS: u128 = 0x3030_3030_3030_3030_3030_3030_3030_3030;
