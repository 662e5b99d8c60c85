//! The next four blocks of a signal at once with the 512-bit registers; the twin is in `ahead` and `block`.
#![allow(unsafe_code, reason = "vector registers are loaded from arrays; AVX-512 is used where it was found")]

use core::arch::x86_64::{
    __m128, __m128i, __m256i, __m512, __m512i, _CMP_GE_OQ, _CMP_LE_OQ, _mm_add_epi32, _mm_add_ps,
    _mm_cmp_ps_mask, _mm_cmpge_epi32_mask, _mm_cvtepi32_ps, _mm_loadu_si128, _mm_mul_ps, _mm_set1_epi32,
    _mm_set1_ps, _mm_storeu_si128, _mm256_add_epi32, _mm256_castsi256_si128, _mm256_extracti128_si256,
    _mm256_srli_epi32, _mm512_add_epi32, _mm512_add_ps, _mm512_castps512_ps128, _mm512_castsi512_si256,
    _mm512_cvtepi32_ps, _mm512_extractf32x4_ps, _mm512_extracti64x4_epi64, _mm512_loadu_si512,
    _mm512_madd_epi16, _mm512_max_ps, _mm512_movehdup_ps, _mm512_mul_ps, _mm512_permute_ps,
    _mm512_permutex2var_ps, _mm512_permutexvar_epi32, _mm512_permutexvar_ps, _mm512_setzero_si512,
    _mm512_shuffle_f32x4, _mm512_shuffle_i32x4, _mm512_srai_epi16, _mm512_storeu_ps, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi64, _mm512_zextsi128_si512,
};

use super::super::block::{BAND_WEIGHTS, GAP_WEIGHT, Gate, LEAST_CLARITY, LEAST_PURITY, TOTAL_UNIT};
use super::ahead::{AHEAD, Ahead, View};
use super::ahead256::{self, numbers};
use super::avx512::{COSINES_FIRST, Floats, GAP, Pairs, REFERENCES, Words, fold};
use super::{BLOCK, TONES};

/// Looks at four blocks.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn look_ahead(blocks: &[[i16; BLOCK]; AHEAD], gate: &Gate) -> Ahead {
    let mut ahead = Ahead::NOTHING;
    let energy = energies(blocks);
    // SAFETY: four numbers of 32 bits.
    unsafe { _mm_storeu_si128(ahead.energies.as_mut_ptr().cast(), energy) };
    ahead.loud = _mm_cmpge_epi32_mask(energy, _mm_set1_epi32(gate.energy));
    if ahead.loud == 0 {
        return ahead;
    }
    let [a, b, c, d] = &mut ahead.views;
    let (a, gap_a) = look(&blocks[0], a);
    let (b, gap_b) = look(&blocks[1], b);
    let (c, gap_c) = look(&blocks[2], c);
    let (d, gap_d) = look(&blocks[3], d);
    let (ab, cd) = (halves_added(a, b), halves_added(c, d));
    let band = _mm_add_ps(tones_band(ab, cd), gap_power([gap_a, gap_b, gap_c, gap_d]));
    let rows_and_columns = _mm512_permutex2var_ps(largest(ab), FIRST_OF_EACH.load(), largest(cd));
    let row = _mm512_castps512_ps128(rows_and_columns);
    let column = _mm512_extractf32x4_ps::<1>(rows_and_columns);
    ahead.lively = ahead.loud & lively(gate, row, column, band, energy);
    set_levels(&mut ahead.views, band, row, column);
    ahead
}

/// Writes down what every block comes to.
#[inline(always)]
fn set_levels(views: &mut [View; AHEAD], band: __m128, row: __m128, column: __m128) {
    let (bands, rows, columns) = (numbers(band), numbers(row), numbers(column));
    for (n, view) in views.iter_mut().enumerate() {
        (view.0.band, view.0.row, view.0.column) = (bands[n], rows[n], columns[n]);
    }
}

/// Writes down a block's pointers; their squares, and parts of the sums with the gap's two references in turn.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn look(block: &[i16; BLOCK], view: &mut View) -> (__m512, __m512i) {
    let folded = fold(block);
    let pairs = core::hint::black_box(Pairs([Words::store(folded[0]), Words::store(folded[1])]));
    let mut tones = [_mm512_setzero_si512(); 2];
    for (pair, references) in REFERENCES.iter().enumerate() {
        let product = _mm512_madd_epi16(pairs.everywhere(pair), references.load());
        tones[pair % 2] = _mm512_add_epi32(tones[pair % 2], product);
    }
    let gap = _mm512_add_epi32(
        _mm512_madd_epi16(folded[0], GAP[0].load()),
        _mm512_madd_epi16(folded[1], GAP[1].load()),
    );
    let tones = _mm512_permutexvar_epi32(COSINES_FIRST.load(), _mm512_add_epi32(tones[0], tones[1]));
    let pointers = _mm512_cvtepi32_ps(tones);
    // SAFETY: the pointers are the first 64 bytes of a spectrum.
    unsafe { _mm512_storeu_ps(core::ptr::from_mut(view).cast(), pointers) };
    (_mm512_mul_ps(pointers, pointers), gap)
}

/// The powers of two blocks, rows before columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn halves_added(a: __m512, b: __m512) -> __m512 {
    _mm512_add_ps(_mm512_shuffle_f32x4::<0b01_00_01_00>(a, b), _mm512_shuffle_f32x4::<0b11_10_11_10>(a, b))
}

/// The energy of every block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn energies(blocks: &[[i16; BLOCK]; AHEAD]) -> __m128i {
    let [a, b, c, d] = blocks;
    let halves = ahead256::sums([squares(a), squares(b), squares(c), squares(d)]);
    _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves))
}

/// Parts of the energy of a block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn squares(block: &[i16; BLOCK]) -> __m256i {
    // SAFETY: the first 32 samples of a block of 40 and the last 8.
    let (front, back) = unsafe {
        (_mm512_loadu_si512(block.as_ptr().cast()), _mm_loadu_si128(block.as_ptr().add(32).cast()))
    };
    let square = |samples| {
        let half = _mm512_srai_epi16::<1>(samples);
        _mm512_madd_epi16(half, half)
    };
    let sixteen = _mm512_add_epi32(square(front), square(_mm512_zextsi128_si512(back)));
    let (lower, upper) = (_mm512_castsi512_si256(sixteen), _mm512_extracti64x4_epi64::<1>(sixteen));
    _mm256_srli_epi32::<4>(_mm256_add_epi32(lower, upper))
}

/// The weighted power at the gap of every block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn gap_power([a, b, c, d]: [__m512i; AHEAD]) -> __m128 {
    // Cosines and sines in turn become cosines of all blocks and sines of all blocks.
    let two = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    let (ab, cd) = (two(a, b), two(c, d));
    let four = _mm512_add_epi32(
        _mm512_shuffle_i32x4::<0b10_00_10_00>(ab, cd),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(ab, cd),
    );
    let all = _mm512_add_epi32(four, _mm512_shuffle_i32x4::<0b10_11_00_01>(four, four));
    let parts = _mm512_cvtepi32_ps(_mm512_permutexvar_epi32(COSINES_OF_ALL_FIRST.load(), all));
    let squares = _mm512_mul_ps(parts, parts);
    let power = _mm_add_ps(_mm512_castps512_ps128(squares), _mm512_extractf32x4_ps::<1>(squares));
    _mm_mul_ps(power, _mm_set1_ps(GAP_WEIGHT))
}

/// The weighted power at the tones of every block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn tones_band(ab: __m512, cd: __m512) -> __m128 {
    let (ab, cd) = (_mm512_mul_ps(ab, WEIGHTS.load()), _mm512_mul_ps(cd, WEIGHTS.load()));
    let four = _mm512_add_ps(
        _mm512_shuffle_f32x4::<0b10_00_10_00>(ab, cd),
        _mm512_shuffle_f32x4::<0b11_01_11_01>(ab, cd),
    );
    let two = _mm512_add_ps(four, _mm512_permute_ps::<0b01_00_11_10>(four));
    let one = _mm512_add_ps(two, _mm512_movehdup_ps(two));
    _mm512_castps512_ps128(_mm512_permutexvar_ps(FIRST_OF_FOUR.load(), one))
}

/// The largest of every four, four times.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn largest(power: __m512) -> __m512 {
    let two = _mm512_max_ps(power, _mm512_permute_ps::<0b01_00_11_10>(power));
    _mm512_max_ps(two, _mm512_permute_ps::<0b10_11_00_01>(two))
}

/// [`Gate::is_lively`] of four blocks, a bit each.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn lively(gate: &Gate, row: __m128, column: __m128, band: __m128, energy: __m128i) -> u8 {
    let times = |vector, factor: f32| _mm_mul_ps(vector, _mm_set1_ps(factor));
    let both = _mm_add_ps(row, column);
    let power = _mm_set1_ps(gate.power);
    _mm_cmp_ps_mask::<_CMP_GE_OQ>(row, power)
        & _mm_cmp_ps_mask::<_CMP_GE_OQ>(column, power)
        & _mm_cmp_ps_mask::<_CMP_LE_OQ>(row, times(column, gate.row_over_column))
        & _mm_cmp_ps_mask::<_CMP_LE_OQ>(column, times(row, gate.column_over_row))
        & _mm_cmp_ps_mask::<_CMP_GE_OQ>(both, times(band, LEAST_PURITY))
        & _mm_cmp_ps_mask::<_CMP_GE_OQ>(both, times(_mm_cvtepi32_ps(energy), TOTAL_UNIT * LEAST_CLARITY))
}

static WEIGHTS: Floats = {
    let mut weights = [0.0; 16];
    let mut n = 0;
    while n < 16 {
        weights[n] = BAND_WEIGHTS[n % TONES];
        n += 1;
    }
    Floats(weights)
};

/// Of two registers, each with the rows and the columns of two blocks: the first of the rows of all blocks, then
/// of the columns. Numbers of 32 bits.
static FIRST_OF_EACH: Words = Words::numbers([0, 8, 16, 24, 4, 12, 20, 28, 0, 0, 0, 0, 0, 0, 0, 0]);
/// The first of every four.
static FIRST_OF_FOUR: Words = Words::numbers([0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/// Of cosines and sines in turn, two blocks in the first quarter and two in the third: all cosines, then all sines.
static COSINES_OF_ALL_FIRST: Words = Words::numbers([0, 2, 8, 10, 1, 3, 9, 11, 0, 0, 0, 0, 0, 0, 0, 0]);
