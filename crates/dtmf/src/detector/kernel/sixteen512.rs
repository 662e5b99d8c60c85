//! Sixteen numbers in a 512-bit register.
#![allow(unsafe_code, reason = "vector registers are loaded from arrays; AVX-512 is used where it was found")]

use core::arch::x86_64::{
    __m512, __m512i, _CMP_GE_OQ, _mm256_storeu_ps, _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512,
    _mm512_castps512_ps256, _mm512_cmp_ps_mask, _mm512_i32gather_ps, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_mask_blend_epi32, _mm512_mask_blend_ps, _mm512_mask_permutexvar_ps, _mm512_maskz_permutex2var_ps,
    _mm512_mul_ps, _mm512_permutexvar_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_shuffle_f32x4,
    _mm512_slli_epi32, _mm512_sub_ps,
};

use super::super::block::{Block, Pair, Spectrum};
use super::TONES;
use super::sixteen::Sixteen;

/// Only made and used in functions that AVX-512 was found for.
#[derive(Clone, Copy)]
pub(in super::super) struct Vector(__m512);

// Blocks are as far apart as the numbers of a gather may be, and their pointers begin them.
const _: () = assert!(size_of::<Block>() == BLOCK_FLOATS * size_of::<f32>());
const _: () =
    assert!(core::mem::offset_of!(Block, spectrum) == 0 && core::mem::offset_of!(Spectrum, re) == 0);
const _: () = assert!(core::mem::offset_of!(Spectrum, im) == TONES * size_of::<f32>());
const BLOCK_FLOATS: usize = 32;

// SAFETY of every method: a `Vector` is only named by the kernel that knows that there is AVX-512.
impl Sixteen for Vector {
    #[inline(always)]
    fn pointers(blocks: &[Block; 8], oldest: usize, pair: Pair) -> (Self, Self) {
        // SAFETY: as above; each number is one of a tone below 8, real or imaginary, in a block below 8.
        unsafe {
            let at = _mm512_add_epi32(load_words(&LANES), _mm512_set1_epi32(oldest as i32));
            let block = _mm512_slli_epi32::<5>(_mm512_and_si512(at, _mm512_set1_epi32(7)));
            let tone = |tone: usize| _mm512_set1_epi32((tone % TONES) as i32);
            let tones = _mm512_mask_blend_epi32(0xff00, tone(pair.low), tone(pair.high));
            let at = _mm512_add_epi32(block, tones);
            let floats = blocks.as_ptr().cast::<f32>();
            let re = _mm512_i32gather_ps::<4>(at, floats);
            let im = _mm512_i32gather_ps::<4>(at, floats.add(TONES));
            (Self(re), Self(im))
        }
    }

    #[inline(always)]
    fn halves(low: &[f32; 8], high: &[f32; 8]) -> Self {
        let mut both = [0.0; 16];
        both[..8].copy_from_slice(low);
        both[8..].copy_from_slice(high);
        // SAFETY: as above; sixteen numbers.
        Self(unsafe { _mm512_loadu_ps(both.as_ptr()) })
    }

    #[inline(always)]
    fn of(low: f32, high: f32) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(low), _mm512_set1_ps(high)) })
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn after<const BY: usize>(self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_permutexvar_ps(load_words(&AFTER[BY]), self.0) })
    }

    #[inline(always)]
    fn swapped(self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_shuffle_f32x4::<0b01_00_11_10>(self.0, self.0) })
    }

    #[inline(always)]
    fn with_lanes<const LANES: i32>(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_mask_blend_ps(LANES as u16 * 0x0101, self.0, other.0) })
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> u16 {
        // SAFETY: as above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn lane_2(first: Self, second: Self, third: Self) -> [f32; 8] {
        let mut lanes = [0.0; 8];
        // SAFETY: as above; eight numbers.
        unsafe {
            let at = load_words(&SECONDS);
            let two = _mm512_maskz_permutex2var_ps(0x0f, first.0, at, second.0);
            let three = _mm512_mask_permutexvar_ps(two, 0x30, at, third.0);
            _mm256_storeu_ps(lanes.as_mut_ptr(), _mm512_castps512_ps256(three));
        }
        lanes
    }

    #[inline(always)]
    fn low_half(self) -> [f32; 8] {
        let mut lanes = [0.0; 8];
        // SAFETY: as above; eight numbers.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), _mm512_castps512_ps256(self.0)) };
        lanes
    }
}

#[repr(C, align(64))]
struct Words([i32; 16]);

/// # Safety
///
/// There is AVX-512.
#[inline(always)]
unsafe fn load_words(words: &Words) -> __m512i {
    // SAFETY: 64 bytes.
    unsafe { _mm512_loadu_si512(words.0.as_ptr().cast()) }
}

static LANES: Words = Words([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]);

/// Lane 2 of both halves of two vectors, then that of one.
static SECONDS: Words = Words([2, 10, 18, 26, 2, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/// Where the lanes are from, by how far they move.
static AFTER: [Words; 8] = {
    let mut table = [const { Words([0; 16]) }; 8];
    let mut by = 0;
    while by < 8 {
        let mut n = 0;
        while n < 16 {
            table[by].0[n] = (n / 8 * 8 + (n + by) % 8) as i32;
            n += 1;
        }
        by += 1;
    }
    table
};
