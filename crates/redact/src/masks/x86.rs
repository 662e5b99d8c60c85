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

/// The second half of the bytes of a view are its block, the first are those in front of each.
const OWN: usize = 1;
const FRONT: usize = 0;
/// Bytes of a page.
#[cfg(feature = "std")]
const AHEAD: usize = 4096;
