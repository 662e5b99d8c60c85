//! The next four blocks of a signal at once with the 256-bit registers; the twin is in `ahead` and `block`.
#![allow(unsafe_code, reason = "vector registers are loaded from arrays; AVX2 is used where it was found")]

use core::arch::x86_64::{
    __m128, __m128i, __m256, __m256i, _CMP_GE_OQ, _CMP_LE_OQ, _mm_add_epi32, _mm_add_ps, _mm_and_ps,
    _mm_castpd_ps, _mm_castps_pd, _mm_castsi128_ps, _mm_cmp_ps, _mm_cmpgt_epi32, _mm_cvtepi32_ps,
    _mm_movemask_ps, _mm_mul_ps, _mm_set1_epi32, _mm_set1_ps, _mm_shuffle_ps, _mm_storeu_ps,
    _mm_storeu_si128, _mm_unpackhi_pd, _mm_unpacklo_pd, _mm256_add_epi32, _mm256_add_ps, _mm256_castpd_ps,
    _mm256_castps_pd, _mm256_castps256_ps128, _mm256_castsi256_si128, _mm256_cvtepi32_ps,
    _mm256_extractf128_ps, _mm256_extracti128_si256, _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps,
    _mm256_set_m128i, _mm256_set1_ps, _mm256_shuffle_ps, _mm256_storeu_ps, _mm256_unpackhi_epi32,
    _mm256_unpackhi_epi64, _mm256_unpackhi_pd, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    _mm256_unpacklo_pd, _mm256_xor_ps,
};

use super::super::block::{
    BAND_WEIGHTS, GAP_WEIGHT, Gate, LEAST_CLARITY, LEAST_PURITY, Spectrum, TOTAL_UNIT,
};
use super::ahead::{AHEAD, Ahead, View};
use super::x86::{dots_avx2, fold, gap_parts, squares_avx2};
use super::{BLOCK, COSINES, SINES, TONES};

/// All lanes of four.
const ALL: i32 = 0b1111;

/// Looks at four blocks.
#[inline(never)]
#[target_feature(enable = "avx2")]
pub(super) fn look_ahead(blocks: &[[i16; BLOCK]; AHEAD], gate: &Gate) -> Ahead {
    let [a, b, c, d] = blocks;
    let energy = sums([squares_avx2(a), squares_avx2(b), squares_avx2(c), squares_avx2(d)]);
    let energy = _mm_add_epi32(_mm256_castsi256_si128(energy), _mm256_extracti128_si256::<1>(energy));
    let is_quiet = _mm_castsi128_ps(_mm_cmpgt_epi32(_mm_set1_epi32(gate.energy), energy));
    let loud = ALL & !_mm_movemask_ps(is_quiet);
    let mut energies = [0; AHEAD];
    // SAFETY: four numbers of 32 bits.
    unsafe { _mm_storeu_si128(energies.as_mut_ptr().cast(), energy) };
    if loud == 0 {
        return Ahead { energies, ..Ahead::NOTHING };
    }
    let (a, b, c, d) = (look(a), look(b), look(c), look(d));
    let powers = [a.power, b.power, c.power, d.power];
    let band = _mm_add_ps(tones_band(powers), gap_power([a.gap, b.gap, c.gap, d.gap]));
    let rows_and_columns = largest(powers);
    let row = _mm256_castps256_ps128(rows_and_columns);
    let column = _mm256_extractf128_ps::<1>(rows_and_columns);
    let lively = (loud & lively(gate, row, column, band, energy)) as u8;
    let (band, row, column) = (numbers(band), numbers(row), numbers(column));
    let view = |n: usize, seen: &Seen| seen.view(band[n], row[n], column[n]);
    let views = [view(0, &a), view(1, &b), view(2, &c), view(3, &d)];
    Ahead { views, energies, loud: loud as u8, lively }
}

/// What is seen of a block.
struct Seen {
    re: __m256,
    im: __m256,
    /// At every tone.
    power: __m256,
    /// Parts of the sums with the gap's two references.
    gap: __m256i,
}

#[inline]
#[target_feature(enable = "avx2")]
fn look(block: &[i16; BLOCK]) -> Seen {
    let (sums, differences) = fold(block);
    let re = _mm256_cvtepi32_ps(dots_avx2(&sums, &COSINES));
    let im = _mm256_xor_ps(_mm256_cvtepi32_ps(dots_avx2(&differences, &SINES)), _mm256_set1_ps(-0.0));
    Seen {
        re,
        im,
        power: _mm256_add_ps(_mm256_mul_ps(re, re), _mm256_mul_ps(im, im)),
        gap: _mm256_set_m128i(gap_parts(&differences, &SINES), gap_parts(&sums, &COSINES)),
    }
}

impl Seen {
    /// With the power of the band, of the row and of the column.
    #[inline(always)]
    fn view(&self, band: f32, row: f32, column: f32) -> View {
        let (mut re, mut im) = ([0.0; TONES], [0.0; TONES]);
        // SAFETY: eight numbers each; called where AVX2 is.
        unsafe {
            _mm256_storeu_ps(re.as_mut_ptr(), self.re);
            _mm256_storeu_ps(im.as_mut_ptr(), self.im);
        }
        View(Spectrum { re, im, band, row, column })
    }
}

#[inline(always)]
pub(super) fn numbers(vector: __m128) -> [f32; AHEAD] {
    let mut numbers = [0.0; AHEAD];
    // SAFETY: four numbers of 32 bits.
    unsafe { _mm_storeu_ps(numbers.as_mut_ptr(), vector) };
    numbers
}

/// In each half the sums of the four numbers that every vector has there.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn sums([a, b, c, d]: [__m256i; AHEAD]) -> __m256i {
    let two = |a, b| _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let (ab, cd) = (two(a, b), two(c, d));
    _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd))
}

/// The weighted power at the gap of every block.
#[inline]
#[target_feature(enable = "avx2")]
fn gap_power(parts: [__m256i; AHEAD]) -> __m128 {
    let sums = _mm256_cvtepi32_ps(sums(parts));
    let squares = _mm256_mul_ps(sums, sums);
    let power = _mm_add_ps(_mm256_castps256_ps128(squares), _mm256_extractf128_ps::<1>(squares));
    _mm_mul_ps(power, _mm_set1_ps(GAP_WEIGHT))
}

/// The weighted power at the tones of every block.
#[inline]
#[target_feature(enable = "avx2")]
fn tones_band([a, b, c, d]: [__m256; AHEAD]) -> __m128 {
    // SAFETY: eight numbers.
    let weights = unsafe { _mm256_loadu_ps(BAND_WEIGHTS.as_ptr()) };
    let four = |power| {
        let weighted = _mm256_mul_ps(power, weights);
        _mm_castps_pd(_mm_add_ps(_mm256_castps256_ps128(weighted), _mm256_extractf128_ps::<1>(weighted)))
    };
    let two = |a, b| _mm_add_ps(_mm_castpd_ps(_mm_unpacklo_pd(a, b)), _mm_castpd_ps(_mm_unpackhi_pd(a, b)));
    let (ab, cd) = (two(four(a), four(b)), two(four(c), four(d)));
    _mm_add_ps(_mm_shuffle_ps::<0b10_00_10_00>(ab, cd), _mm_shuffle_ps::<0b11_01_11_01>(ab, cd))
}

/// The largest of the rows of every block, then of the columns.
#[inline]
#[target_feature(enable = "avx2")]
fn largest([a, b, c, d]: [__m256; AHEAD]) -> __m256 {
    let two = |a, b| {
        let (a, b) = (_mm256_castps_pd(a), _mm256_castps_pd(b));
        _mm256_max_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(a, b)), _mm256_castpd_ps(_mm256_unpackhi_pd(a, b)))
    };
    let (ab, cd) = (two(a, b), two(c, d));
    _mm256_max_ps(_mm256_shuffle_ps::<0b10_00_10_00>(ab, cd), _mm256_shuffle_ps::<0b11_01_11_01>(ab, cd))
}

/// [`Gate::is_lively`] of four blocks, a bit each.
#[inline]
#[target_feature(enable = "avx2")]
fn lively(gate: &Gate, row: __m128, column: __m128, band: __m128, energy: __m128i) -> i32 {
    let times = |vector, factor: f32| _mm_mul_ps(vector, _mm_set1_ps(factor));
    let at_least = |a, b| _mm_cmp_ps::<_CMP_GE_OQ>(a, b);
    let at_most = |a, b| _mm_cmp_ps::<_CMP_LE_OQ>(a, b);
    let both = _mm_add_ps(row, column);
    let power = _mm_set1_ps(gate.power);
    let level = _mm_and_ps(at_least(row, power), at_least(column, power));
    let twist = _mm_and_ps(
        at_most(row, times(column, gate.row_over_column)),
        at_most(column, times(row, gate.column_over_row)),
    );
    let purity = _mm_and_ps(
        at_least(both, times(band, LEAST_PURITY)),
        at_least(both, times(_mm_cvtepi32_ps(energy), TOTAL_UNIT * LEAST_CLARITY)),
    );
    _mm_movemask_ps(_mm_and_ps(_mm_and_ps(level, twist), purity))
}
