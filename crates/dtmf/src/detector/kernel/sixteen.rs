//! Sixteen numbers at once: something of eight blocks for a low tone, then the same for a high one.

use super::super::block::{Block, Pair};
use crate::math::angles_turns;

/// How many blocks there are.
const BLOCKS: usize = 8;

/// Sixteen numbers; lanes are counted within the halves.
pub(in super::super) trait Sixteen: Copy {
    /// What a pair's two tones show in eight blocks, of which the one at `oldest` is the first: real parts,
    /// imaginary parts.
    fn pointers(blocks: &[Block; BLOCKS], oldest: usize, pair: Pair) -> (Self, Self);

    fn halves(low: &[f32; 8], high: &[f32; 8]) -> Self;

    /// [`halves`](Self::halves) number by number.
    #[inline(always)]
    fn each(low: impl Fn(usize) -> f32, high: impl Fn(usize) -> f32) -> Self {
        Self::halves(&core::array::from_fn(low), &core::array::from_fn(high))
    }

    /// One number in all lanes of a half, another in those of the other.
    fn of(low: f32, high: f32) -> Self;

    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;

    /// In lane `n` what was in lane `n + BY`, from behind the last lane back to the first.
    fn after<const BY: usize>(self) -> Self;

    /// The halves swapped.
    fn swapped(self) -> Self;

    /// In the lanes of `LANES`, a bit for each of a half, those of the other.
    fn with_lanes<const LANES: i32>(self, other: Self) -> Self;

    /// Which lanes are at least those of the other, a bit for each, the low half's first.
    fn at_least(self, other: Self) -> u16;

    /// Lane 2 of both halves of each, the low ones first; then two zeros.
    fn lane_2(first: Self, second: Self, third: Self) -> [f32; 8];

    fn low_half(self) -> [f32; 8];

    /// [`angles_turns`] of eight points.
    #[inline(always)]
    fn angles_turns(y: &[f32; 8], x: &[f32; 8]) -> [f32; 8] {
        angles_turns(y, x)
    }
}

/// Sixteen numbers in plain code.
#[derive(Clone, Copy)]
pub(in super::super) struct Plain([f32; 16]);

impl Sixteen for Plain {
    #[inline(always)]
    fn pointers(blocks: &[Block; BLOCKS], oldest: usize, pair: Pair) -> (Self, Self) {
        let mut pointers = ([0.0; 16], [0.0; 16]);
        for n in 0..BLOCKS {
            let spectrum = &blocks[(oldest + n) % BLOCKS].spectrum;
            (pointers.0[n], pointers.1[n]) = (spectrum.re[pair.low], spectrum.im[pair.low]);
            (pointers.0[n + 8], pointers.1[n + 8]) = (spectrum.re[pair.high], spectrum.im[pair.high]);
        }
        (Self(pointers.0), Self(pointers.1))
    }

    #[inline(always)]
    fn halves(low: &[f32; 8], high: &[f32; 8]) -> Self {
        Self(core::array::from_fn(|n| if n < 8 { low[n] } else { high[n - 8] }))
    }

    #[inline(always)]
    fn of(low: f32, high: f32) -> Self {
        Self(core::array::from_fn(|n| if n < 8 { low } else { high }))
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(core::array::from_fn(|n| self.0[n] + other.0[n]))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(core::array::from_fn(|n| self.0[n] - other.0[n]))
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Self(core::array::from_fn(|n| self.0[n] * other.0[n]))
    }

    #[inline(always)]
    fn after<const BY: usize>(self) -> Self {
        Self(core::array::from_fn(|n| self.0[n / 8 * 8 + (n + BY) % 8]))
    }

    #[inline(always)]
    fn swapped(self) -> Self {
        Self(core::array::from_fn(|n| self.0[(n + 8) % 16]))
    }

    #[inline(always)]
    fn with_lanes<const LANES: i32>(self, other: Self) -> Self {
        Self(core::array::from_fn(|n| if LANES >> (n % 8) & 1 == 1 { other.0[n] } else { self.0[n] }))
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> u16 {
        (0..16).fold(0, |all, n| all | u16::from(self.0[n] >= other.0[n]) << n)
    }

    #[inline(always)]
    fn lane_2(first: Self, second: Self, third: Self) -> [f32; 8] {
        [first.0[2], first.0[10], second.0[2], second.0[10], third.0[2], third.0[10], 0.0, 0.0]
    }

    #[inline(always)]
    fn low_half(self) -> [f32; 8] {
        core::array::from_fn(|n| self.0[n])
    }
}
