//! The masks with the vector registers of x86-64: 16 bytes at a time with SSE2, which all of these processors
//! have, 32 with AVX2 or 64 with AVX-512, which are looked for at run time. The whole search is compiled for each,
//! so that nothing stands between the masks and what is done with them.
//!
//! Several times as fast as the words of `portable`, the twin for every other processor; a test holds all four
//! against each other, and the bench `redact` shows what it is worth. The one file of the crate with `unsafe` in
//! it.
#![allow(
    unsafe_code,
    reason = "calling functions that want vector registers where these are known to be there"
)]

use core::arch::x86_64::{
    __m128i, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8,
    _mm_or_si128, _mm_set1_epi8, _mm_sub_epi8,
};
#[cfg(feature = "std")]
use core::arch::x86_64::{
    __m256i, _mm256_andnot_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_sub_epi8, _mm512_cmpeq_epi8_mask,
    _mm512_cmpge_epu8_mask, _mm512_cmple_epu8_mask, _mm512_loadu_si512, _mm512_or_si512, _mm512_set1_epi8,
    _mm512_sub_epi8,
};

use super::{Around, BLOCK, Masks, Search};

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
    has!("avx512f") && has!("avx512bw") && has_avx2()
}

/// All processors with AVX2 have the others too; a virtual one may not.
#[cfg(feature = "std")]
#[inline]
fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt")
}

/// A search and its masks, made of the operations of one vector width.
macro_rules! masks_with {
    (
        $name:ident, $features:literal, $vector:ty, $load:ident,
        $all:ident, $equal:ident, $least:ident, $minus:ident, $or:ident, $but_not:ident, $bits:ident
    ) => {
        mod $name {
            use super::*;

            const LANE: usize = size_of::<$vector>();

            #[target_feature(enable = $features)]
            pub(super) fn search<S: Search>(search: S) -> S::Found {
                search.with((|block: &_| masks(block), |block: &_| around(block)))
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn masks(block: &[u8; BLOCK]) -> Masks {
                let mut masks = Masks::default();
                for lane in 0..BLOCK / LANE {
                    let bytes = load(block, lane);
                    let ascii = $or(within(bytes, b'%', b'&'), is(bytes, b'\\'));
                    masks.digits |= bits(within(bytes, b'0', b'9'), lane);
                    masks.special |= bits($or(ascii, within(bytes, 0xC0, 0xFF)), lane);
                }
                masks
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn around(block: &[u8; BLOCK]) -> Around {
                let mut around = Around::default();
                for lane in 0..BLOCK / LANE {
                    let bytes = load(block, lane);
                    let joints = within(bytes, b'+', b'/');
                    let dots = $but_not($or(is(bytes, b','), is(bytes, b'/')), joints);
                    around.separators |= bits($or(is(bytes, b' '), dots), lane);
                    around.letters |= bits(within($or(bytes, all(0x20)), b'a', b'z'), lane);
                    around.joints |= bits(joints, lane);
                }
                around
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn load(block: &[u8; BLOCK], lane: usize) -> $vector {
                let (lanes, _) = block.as_chunks::<LANE>();
                // SAFETY: that many bytes are there, and loading needs no alignment.
                unsafe { $load(lanes[lane].as_ptr().cast()) }
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn all(byte: u8) -> $vector {
                $all(byte.cast_signed())
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn is(bytes: $vector, byte: u8) -> $vector {
                $equal(bytes, all(byte))
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn within(bytes: $vector, first: u8, last: u8) -> $vector {
                let value = $minus(bytes, all(first));
                $equal($least(value, all(last - first)), value)
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn bits(found: $vector, lane: usize) -> u64 {
                u64::from($bits(found).cast_unsigned()) << (lane * LANE)
            }
        }
    };
}

masks_with!(
    sse2,
    "sse2",
    __m128i,
    _mm_loadu_si128,
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
    "avx2,bmi1,bmi2,lzcnt",
    __m256i,
    _mm256_loadu_si256,
    _mm256_set1_epi8,
    _mm256_cmpeq_epi8,
    _mm256_min_epu8,
    _mm256_sub_epi8,
    _mm256_or_si256,
    _mm256_andnot_si256,
    _mm256_movemask_epi8
);

/// With AVX-512 one comparison gives a whole mask.
#[cfg(feature = "std")]
mod avx512 {
    use core::arch::x86_64::__m512i;

    use super::*;

    #[target_feature(enable = "avx512f,avx512bw,bmi1,bmi2,lzcnt")]
    pub(super) fn search<S: Search>(search: S) -> S::Found {
        search.with((|block: &_| masks(block), |block: &_| around(block)))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn masks(block: &[u8; BLOCK]) -> Masks {
        let bytes = load(block);
        let escapes = within(bytes, b'%', b'&') | is(bytes, b'\\');
        Masks {
            digits: within(bytes, b'0', b'9'),
            special: escapes | _mm512_cmpge_epu8_mask(bytes, _mm512_set1_epi8(0xC0_u8.cast_signed())),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn around(block: &[u8; BLOCK]) -> Around {
        let bytes = load(block);
        let joints = within(bytes, b'+', b'/');
        Around {
            separators: is(bytes, b' ') | joints & !(is(bytes, b',') | is(bytes, b'/')),
            letters: within(_mm512_or_si512(bytes, _mm512_set1_epi8(0x20)), b'a', b'z'),
            joints,
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn load(block: &[u8; BLOCK]) -> __m512i {
        // SAFETY: the block has 64 bytes, and loading needs no alignment.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn is(bytes: __m512i, byte: u8) -> u64 {
        _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn within(bytes: __m512i, first: u8, last: u8) -> u64 {
        let value = _mm512_sub_epi8(bytes, _mm512_set1_epi8(first.cast_signed()));
        _mm512_cmple_epu8_mask(value, _mm512_set1_epi8((last - first).cast_signed()))
    }
}
