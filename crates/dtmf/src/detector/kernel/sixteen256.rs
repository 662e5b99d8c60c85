//! Sixteen numbers in two 256-bit registers.
#![allow(unsafe_code, reason = "vector registers are loaded from arrays; AVX2 is used where it was found")]

use core::arch::x86_64::{
    __m256, __m256i, _CMP_GE_OQ, _CMP_LT_OQ, _mm256_add_ps, _mm256_and_ps, _mm256_andnot_ps, _mm256_blend_ps,
    _mm256_blendv_ps, _mm256_cmp_ps, _mm256_div_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_max_ps,
    _mm256_movemask_ps, _mm256_mul_ps, _mm256_or_ps, _mm256_permutevar8x32_ps, _mm256_set1_ps,
    _mm256_setr_ps, _mm256_storeu_ps, _mm256_sub_ps,
};

use super::super::block::{Block, Pair};
use super::sixteen::Sixteen;
use crate::math::ATAN;

/// Only made and used in functions that AVX2 was found for.
#[derive(Clone, Copy)]
pub(in super::super) struct Halves(__m256, __m256);

// SAFETY of every method: `Halves` are only named by the kernel that knows that there is AVX2.
impl Sixteen for Halves {
    #[inline(always)]
    fn pointers(blocks: &[Block; 8], oldest: usize, pair: Pair) -> (Self, Self) {
        let spectrum = |n: usize| &blocks[(oldest + n) % 8].spectrum;
        (
            Self::each(|n| spectrum(n).re[pair.low], |n| spectrum(n).re[pair.high]),
            Self::each(|n| spectrum(n).im[pair.low], |n| spectrum(n).im[pair.high]),
        )
    }

    #[inline(always)]
    fn halves(low: &[f32; 8], high: &[f32; 8]) -> Self {
        Self(load(low), load(high))
    }

    #[inline(always)]
    fn each(low: impl Fn(usize) -> f32, high: impl Fn(usize) -> f32) -> Self {
        Self(eight(low), eight(high))
    }

    #[inline(always)]
    fn of(low: f32, high: f32) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_set1_ps(low), _mm256_set1_ps(high)) }
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn after<const BY: usize>(self) -> Self {
        // SAFETY: as above; eight numbers.
        unsafe {
            let from: __m256i = _mm256_loadu_si256(AFTER[BY].as_ptr().cast());
            Self(_mm256_permutevar8x32_ps(self.0, from), _mm256_permutevar8x32_ps(self.1, from))
        }
    }

    #[inline(always)]
    fn swapped(self) -> Self {
        Self(self.1, self.0)
    }

    #[inline(always)]
    fn with_lanes<const LANES: i32>(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_blend_ps::<LANES>(self.0, other.0), _mm256_blend_ps::<LANES>(self.1, other.1)) }
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> u16 {
        // SAFETY: as above.
        unsafe {
            let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(self.0, other.0));
            let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(self.1, other.1));
            (low | high << 8) as u16
        }
    }

    #[inline(always)]
    fn lane_2(first: Self, second: Self, third: Self) -> [f32; 8] {
        let lane = |half: __m256| store(half)[2];
        [lane(first.0), lane(first.1), lane(second.0), lane(second.1), lane(third.0), lane(third.1), 0.0, 0.0]
    }

    #[inline(always)]
    fn low_half(self) -> [f32; 8] {
        store(self.0)
    }

    /// Step by step what [`angles_turns`](crate::math::angles_turns) does.
    #[inline(always)]
    fn angles_turns(y: &[f32; 8], x: &[f32; 8]) -> [f32; 8] {
        let (x, y) = (load(x), load(y));
        // SAFETY: as above.
        let angles = unsafe {
            let sign = _mm256_set1_ps(-0.0);
            let is_negative = |x| _mm256_cmp_ps::<_CMP_LT_OQ>(x, _mm256_set1_ps(0.0));
            let (ax, ay) = (_mm256_andnot_ps(sign, x), _mm256_andnot_ps(sign, y));
            let is_steep = _mm256_cmp_ps::<_CMP_LT_OQ>(ax, ay);
            let small = _mm256_blendv_ps(ay, ax, is_steep);
            let large = _mm256_max_ps(_mm256_blendv_ps(ax, ay, is_steep), _mm256_set1_ps(f32::MIN_POSITIVE));
            let t = _mm256_div_ps(small, large);
            let s = _mm256_mul_ps(t, t);
            let mut series = _mm256_set1_ps(ATAN[5]);
            for &coefficient in ATAN[..5].iter().rev() {
                series = _mm256_add_ps(_mm256_mul_ps(series, s), _mm256_set1_ps(coefficient));
            }
            let turns = _mm256_set1_ps(1.0 / core::f32::consts::TAU);
            let angle = _mm256_mul_ps(_mm256_mul_ps(series, t), turns);
            let steep = _mm256_sub_ps(_mm256_set1_ps(0.25), angle);
            let octant = _mm256_blendv_ps(angle, steep, is_steep);
            let behind = _mm256_sub_ps(_mm256_set1_ps(0.5), octant);
            let half = _mm256_blendv_ps(octant, behind, is_negative(x));
            // Nothing here is below zero yet.
            _mm256_or_ps(half, _mm256_and_ps(is_negative(y), sign))
        };
        store(angles)
    }
}

#[inline(always)]
fn eight(number: impl Fn(usize) -> f32) -> __m256 {
    // SAFETY: called where AVX2 is.
    unsafe {
        _mm256_setr_ps(number(0), number(1), number(2), number(3), number(4), number(5), number(6), number(7))
    }
}

#[inline(always)]
fn load(numbers: &[f32; 8]) -> __m256 {
    // SAFETY: called where AVX2 is; eight numbers.
    unsafe { _mm256_loadu_ps(numbers.as_ptr()) }
}

#[inline(always)]
fn store(vector: __m256) -> [f32; 8] {
    let mut numbers = [0.0; 8];
    // SAFETY: as above.
    unsafe { _mm256_storeu_ps(numbers.as_mut_ptr(), vector) };
    numbers
}

/// Where the lanes are from, by how far they move.
static AFTER: [[i32; 8]; 8] = {
    let mut table = [[0; 8]; 8];
    let mut n = 0;
    while n < 64 {
        table[n / 8][n % 8] = ((n / 8 + n % 8) % 8) as i32;
        n += 1;
    }
    table
};
