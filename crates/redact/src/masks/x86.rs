//! The masks with the vector registers of x86-64: 16 bytes at a time with SSE2, which all of these processors
//! have, 32 with AVX2 or 64 with AVX-512, which are looked for at run time. The whole search is compiled for each,
//! so that nothing stands between the masks and what is done with them.
//!
//! Several times as fast as the words of `portable`, the twin for every other processor; a test holds all four
//! against each other, and the bench `redact` shows what it is worth. The one place of the crate with `unsafe` in
//! it.
#![allow(
    unsafe_code,
    reason = "calling functions that want vector registers where these are known to be there"
)]

#[cfg(feature = "std")]
mod avx2;
#[cfg(feature = "std")]
mod avx512;
mod sse2;

use core::arch::x86_64::*;

#[cfg(feature = "std")]
use super::tables::{self, Halves, Whole};
use super::{BLOCK, Looks, Masks, Numbers, Search, View, is_valid, may_be_card, non_zero};
#[cfg(feature = "std")]
use crate::card_number::{self, MIN_DIGITS};

#[inline]
pub(super) fn search<S: Search>(search: S) -> S::Found {
    #[cfg(feature = "std")]
    if has_avx512() {
        // SAFETY: the processor has what the function wants, as was just asked.
        return unsafe { avx512::search(search) };
    } else if has_avx2() {
        // SAFETY: the processor has what the function wants, as was just asked.
        return unsafe { avx2::search(search) };
    }
    with_sse2(search)
}

#[inline]
pub(super) fn with_sse2<S: Search>(search: S) -> S::Found {
    // SAFETY: this file is compiled only for processors that have SSE2.
    unsafe { sse2::search(search) }
}

/// `None` where the processor has no AVX2.
#[cfg(all(test, feature = "std"))]
pub(super) fn with_avx2<S: Search>(search: S) -> Option<S::Found> {
    // SAFETY: the processor has what the function wants, as was just asked.
    has_avx2().then(|| unsafe { avx2::search(search) })
}

/// `None` where the processor has no AVX-512.
#[cfg(all(test, feature = "std"))]
pub(super) fn with_avx512<S: Search>(search: S) -> Option<S::Found> {
    // SAFETY: the processor has what the function wants, as was just asked.
    has_avx512().then(|| unsafe { avx512::search(search) })
}

#[cfg(feature = "std")]
#[inline]
fn has_avx512() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx512f")
        && has!("avx512bw")
        && has!("avx512vl")
        && has!("avx512vbmi")
        && has!("avx512vbmi2")
        && has_avx2()
}

/// All processors with AVX2 have the others too; a virtual one may not.
#[cfg(feature = "std")]
#[inline]
fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")
}

/// How much longer than the shortest card number the [known](card_number::known_of) numbers are that end with a group of
/// these digits: a bit for each.
#[cfg(feature = "std")]
#[inline]
#[target_feature(enable = "bmi2")]
fn lengths_in_groups(digits: u32, known: u8) -> u32 {
    let ends = _pext_u32(digits & !(digits >> 1), digits) >> (MIN_DIGITS - 1);
    ends & u32::from(known & !card_number::LACKS_CHECK_DIGIT)
}

/// All bytes added up.
#[cfg(feature = "std")]
#[inline]
#[target_feature(enable = "avx2")]
fn sum_of(bytes: __m256i) -> u32 {
    let sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
    let sums = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    _mm_cvtsi128_si32(_mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums))).cast_unsigned()
}

/// The second half of the bytes of a view are its block, the first are those in front of each.
const OWN: usize = 1;
const FRONT: usize = 0;
/// Bytes of a page.
#[cfg(feature = "std")]
const AHEAD: usize = 4096;
