//! The masks with the vector registers of x86-64: 16 bytes at a time with SSE2, which all of these processors
//! have, 32 with AVX2, which is looked for at run time.
//!
//! Several times as fast as the words of `portable`, the twin for every other processor; a test holds all three
//! against each other, and the bench `redact` shows what it is worth. The one file of the crate with `unsafe` in
//! it; loading needs none, the compiler turns the safe way into one instruction.
#![allow(unsafe_code, reason = "calling functions that want SSE2 or AVX2 where these are known to be there")]

use core::arch::x86_64::{
    __m128i, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
    _mm_set1_epi8, _mm_sub_epi8,
};
#[cfg(feature = "std")]
use core::arch::x86_64::{
    __m256i, _mm256_andnot_si256, _mm256_cmpeq_epi8, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set_epi64x, _mm256_set1_epi8, _mm256_sub_epi8,
};

use super::{BLOCK, Masks};

#[inline]
pub(super) fn masks(block: &[u8; BLOCK]) -> Masks {
    #[cfg(feature = "std")]
    if let Some(masks) = with_avx2(block) {
        return masks;
    }
    with_sse2(block)
}

#[inline]
pub(super) fn with_sse2(block: &[u8; BLOCK]) -> Masks {
    // SAFETY: this file is compiled only for processors that have SSE2.
    unsafe { sse2(block) }
}

/// `None` where the processor has no AVX2.
#[cfg(feature = "std")]
#[inline]
pub(super) fn with_avx2(block: &[u8; BLOCK]) -> Option<Masks> {
    if !std::arch::is_x86_feature_detected!("avx2") {
        return None;
    }
    // SAFETY: the processor has AVX2, as was just asked.
    Some(unsafe { avx2(block) })
}

/// A function from a block to its masks, made of the operations of one vector width.
macro_rules! masks_with {
    (
        $name:ident, $feature:literal, $vector:ty, $load:ident,
        $all:ident, $equal:ident, $least:ident, $minus:ident, $or:ident, $but_not:ident, $bits:ident
    ) => {
        #[target_feature(enable = $feature)]
        fn $name(block: &[u8; BLOCK]) -> Masks {
            const LANE: usize = size_of::<$vector>();
            let mut masks = Masks::default();
            for lane in 0..BLOCK / LANE {
                let bytes = $load(block, lane);
                let is = |byte: u8| $equal(bytes, $all(byte.cast_signed()));
                let within = |bytes, first: u8, last: u8| {
                    let value = $minus(bytes, $all(first.cast_signed()));
                    $equal($least(value, $all((last - first).cast_signed())), value)
                };
                let bits = |found| u64::from($bits(found).cast_unsigned()) << (lane * LANE);
                let joints = within(bytes, b'+', b'/');
                masks.digits |= bits(within(bytes, b'0', b'9'));
                masks.letters |= bits(within($or(bytes, $all(0x20)), b'a', b'z'));
                masks.joints |= bits(joints);
                masks.separators |= bits($or(is(b' '), $but_not($or(is(b','), is(b'/')), joints)));
                // The top bit of a byte outside ASCII is what the mask is made of.
                masks.special |= bits($or($or(is(b'%'), is(b'&')), $or(is(b'\\'), bytes)));
            }
            masks
        }
    };
}

masks_with!(
    sse2,
    "sse2",
    __m128i,
    load_128,
    _mm_set1_epi8,
    _mm_cmpeq_epi8,
    _mm_min_epu8,
    _mm_sub_epi8,
    _mm_or_si128,
    _mm_andnot_si128,
    _mm_movemask_epi8
);

#[cfg(feature = "std")]
masks_with!(
    avx2,
    "avx2",
    __m256i,
    load_256,
    _mm256_set1_epi8,
    _mm256_cmpeq_epi8,
    _mm256_min_epu8,
    _mm256_sub_epi8,
    _mm256_or_si256,
    _mm256_andnot_si256,
    _mm256_movemask_epi8
);

#[inline]
#[target_feature(enable = "sse2")]
fn load_128(block: &[u8; BLOCK], lane: usize) -> __m128i {
    let word = |index| word(block, 2 * lane + index);
    _mm_set_epi64x(word(1), word(0))
}

#[cfg(feature = "std")]
#[inline]
#[target_feature(enable = "avx2")]
fn load_256(block: &[u8; BLOCK], lane: usize) -> __m256i {
    let word = |index| word(block, 4 * lane + index);
    _mm256_set_epi64x(word(3), word(2), word(1), word(0))
}

#[inline]
fn word(block: &[u8; BLOCK], index: usize) -> i64 {
    let (words, _) = block.as_chunks();
    i64::from_le_bytes(words[index])
}
