//! What a block of sixteen channels comes to.

use core::arch::x86_64::{
    __m256, __m256i, _CMP_EQ_OQ, _CMP_GE_OQ, _CMP_LT_OQ, _mm256_add_epi32, _mm256_add_ps, _mm256_and_ps,
    _mm256_and_si256, _mm256_blendv_ps, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_cmpeq_epi32, _mm256_cmpgt_epi32, _mm256_cvtepi32_ps, _mm256_max_ps, _mm256_min_ps,
    _mm256_movemask_ps, _mm256_mul_ps, _mm256_permutevar8x32_ps, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setr_epi32, _mm256_setzero_ps, _mm256_slli_epi32, _mm256_sub_epi32, _mm256_sub_ps,
};

use super::{HALF, load_lanes, load_words, store, store_words};
use crate::detector::block::{
    LEAST_CLARITY, LEAST_COHERENCE, LEAST_PURITY, SUSPECT_PURITY, TOTAL_UNIT, TURN_COS, TURN_SIN,
};
use crate::detector::kernel::abreast::{
    Gates, Lanes, Moment, Pairs, SEPARATIONS_BY_PLACE, Spectra, Verdicts,
};
use crate::detector::kernel::{COLUMNS, TONES};
use crate::detector::measure::WINDOW;
use crate::detector::tracker::{self, PROMISING, SUSPECT_TWIST};

/// What every channel's block comes to.
#[inline]
#[target_feature(enable = "avx2")]
pub(in super::super) fn verdicts(spectra: &Spectra, gates: &Gates) -> Verdicts {
    let mut verdicts = Verdicts { loud: 0, lively: 0, suspect: 0 };
    for half in 0..2 {
        let (row, column) = (load_lanes(&spectra.row, half), load_lanes(&spectra.column, half));
        let band = load_lanes(&spectra.band, half);
        let energy = load_words(&spectra.energy, half);
        let power = load_lanes(&gates.power, half);
        let both = _mm256_add_ps(row, column);
        let is_quiet = _mm256_cmpgt_epi32(load_words(&gates.energy, half), energy);
        let row_limit = _mm256_mul_ps(column, load_lanes(&gates.row_over_column, half));
        let column_limit = _mm256_mul_ps(row, load_lanes(&gates.column_over_row, half));
        let tones = _mm256_and_ps(
            _mm256_and_ps(at_least(row, power), at_least(column, power)),
            _mm256_and_ps(at_least(row_limit, row), at_least(column_limit, column)),
        );
        let total = times(_mm256_cvtepi32_ps(energy), TOTAL_UNIT * LEAST_CLARITY);
        let rest = _mm256_and_ps(at_least(both, times(band, LEAST_PURITY)), at_least(both, total));
        verdicts.loud |= bits(_mm256_castsi256_ps(is_quiet), half);
        verdicts.lively |= bits(_mm256_and_ps(tones, rest), half);
        verdicts.suspect |= bits(at_least(both, times(band, SUSPECT_PURITY)), half);
    }
    Verdicts { loud: !verdicts.loud, ..verdicts }
}

/// The strongest row and column over three blocks, newest first, of the oldest only what was `heard`; whose blocks
/// are not in phase.
#[target_feature(enable = "avx2")]
pub(in super::super) fn strongest(blocks: [&Spectra; 3], heard: u16, pairs: &mut Pairs) -> u16 {
    let mut incoherent = 0;
    for half in 0..2 {
        let heard = lanes_of(heard, half);
        let power = |k: usize| in_phase(blocks, heard, half, k);
        let (row, low) = first_largest([power(0), power(1), power(2), power(3)], 0);
        let (column, high) = first_largest([power(4), power(5), power(6), power(7)], COLUMNS);
        store_words(&mut pairs.low, half, low);
        store_words(&mut pairs.high, half, high);
        let power = times(_mm256_add_ps(row, column), 1.0 / 9.0);
        store(&mut pairs.power, half, power);
        let [newest, one, two] = blocks;
        let bands = _mm256_add_ps(load_lanes(&newest.band, half), load_lanes(&one.band, half));
        let band = _mm256_add_ps(bands, _mm256_and_ps(load_lanes(&two.band, half), heard));
        let is_less = _mm256_cmp_ps::<_CMP_LT_OQ>(times(power, 3.0), times(band, LEAST_COHERENCE));
        incoherent |= bits(is_less, half);
    }
    incoherent
}

/// Nine times the power at a tone over three blocks, newest first, added in phase.
#[inline]
#[target_feature(enable = "avx2")]
fn in_phase([newest, one, two]: [&Spectra; 3], heard: __m256, half: usize, k: usize) -> __m256 {
    let re = |block: &Spectra| load_lanes(&block.pointers[k], half);
    let im = |block: &Spectra| load_lanes(&block.pointers[TONES + k], half);
    let (re1, im1) = (re(one), im(one));
    let (re2, im2) = (_mm256_and_ps(re(two), heard), _mm256_and_ps(im(two), heard));
    let turned_re = |re, im, n: usize| _mm256_add_ps(times(re, TURN_COS[n][k]), times(im, TURN_SIN[n][k]));
    let turned_im = |re, im, n: usize| _mm256_sub_ps(times(im, TURN_COS[n][k]), times(re, TURN_SIN[n][k]));
    let sum = |newest, one, two| _mm256_add_ps(_mm256_add_ps(newest, one), two);
    let re = sum(re(newest), turned_re(re1, im1, 0), turned_re(re2, im2, 1));
    let im = sum(im(newest), turned_im(re1, im1, 0), turned_im(re2, im2, 1));
    _mm256_add_ps(_mm256_mul_ps(re, re), _mm256_mul_ps(im, im))
}

/// The largest of four powers and the number of the first that is as large.
#[inline]
#[target_feature(enable = "avx2")]
fn first_largest(power: [__m256; COLUMNS], from: usize) -> (__m256, __m256i) {
    let most = _mm256_max_ps(_mm256_max_ps(power[0], power[1]), _mm256_max_ps(power[2], power[3]));
    let number = |k: usize| _mm256_castsi256_ps(_mm256_set1_epi32((from + k) as i32));
    let first =
        |so_far, k: usize| _mm256_blendv_ps(so_far, number(k), _mm256_cmp_ps::<_CMP_EQ_OQ>(power[k], most));
    (most, _mm256_castps_si256(first(first(first(number(3), 2), 1), 0)))
}

/// Who looks like a key.
#[inline]
#[target_feature(enable = "avx2")]
pub(in super::super) fn alike(spectra: &Spectra, pairs: &Pairs, floors: &Lanes<f32>) -> u16 {
    let mut alike = 0;
    for half in 0..2 {
        let powers = powers(spectra, pairs, half);
        let least = _mm256_min_ps(powers[0], powers[1]);
        let most = _mm256_max_ps(powers[0], powers[1]);
        let both = _mm256_add_ps(powers[0], powers[1]);
        let band = load_lanes(&spectra.band, half);
        let is_level = _mm256_and_ps(
            at_least(least, load_lanes(floors, half)),
            at_least(least, times(most, SUSPECT_TWIST)),
        );
        let is_pure = at_least(both, times(band, tracker::SUSPECT_PURITY));
        alike |= bits(_mm256_and_ps(is_level, is_pure), half);
    }
    alike
}

/// Powers of the two tones of every channel's pair, each without the leak of the other.
#[inline]
#[target_feature(enable = "avx2")]
fn powers(spectra: &Spectra, pairs: &Pairs, half: usize) -> [__m256; 2] {
    let (low, high) = (load_words(&pairs.low, half), load_words(&pairs.high, half));
    let pick = |tone: __m256i, from: usize, pointers: &[Lanes<f32>]| {
        let mut picked = load_lanes(&pointers[from], half);
        for (k, pointers) in pointers.iter().enumerate().skip(from + 1).take(3) {
            let is_it = _mm256_castsi256_ps(_mm256_cmpeq_epi32(tone, _mm256_set1_epi32(k as i32)));
            picked = _mm256_blendv_ps(picked, load_lanes(pointers, half), is_it);
        }
        picked
    };
    let place = _mm256_add_epi32(_mm256_slli_epi32::<2>(low), _mm256_sub_epi32(high, _mm256_set1_epi32(4)));
    // The bit that tells the halves of the table apart, as the sign.
    let is_behind = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(place));
    let mut powers = [_mm256_setzero_ps(); 2];
    for (part, matrix) in SEPARATIONS_BY_PLACE.iter().enumerate() {
        let pointers = &spectra.pointers[part * TONES..][..TONES];
        let (low, high) = (pick(low, 0, pointers), pick(high, COLUMNS, pointers));
        let look_up = |table: &Lanes<f32>| {
            let front = _mm256_permutevar8x32_ps(load_lanes(table, 0), place);
            let back = _mm256_permutevar8x32_ps(load_lanes(table, 1), place);
            _mm256_blendv_ps(front, back, is_behind)
        };
        let (at_low, cross, at_high) = (look_up(&matrix[0]), look_up(&matrix[1]), look_up(&matrix[2]));
        let sum = |a, b, c, d| _mm256_add_ps(_mm256_mul_ps(a, b), _mm256_mul_ps(c, d));
        let parts = [sum(at_low, low, cross, high), sum(cross, low, at_high, high)];
        for (power, part) in powers.iter_mut().zip(parts) {
            *power = _mm256_add_ps(*power, _mm256_mul_ps(part, part));
        }
    }
    powers
}

/// Whose strongest pair has been the same for a whole window and is worth measuring; newest first.
#[inline]
#[target_feature(enable = "avx2")]
pub(in super::super) fn promising(recent: [&Moment; WINDOW]) -> u16 {
    let mut promising = 0;
    for half in 0..2 {
        let mut band = load_lanes(&recent[0].spectra.band, half);
        for block in &recent[1..] {
            band = _mm256_add_ps(band, load_lanes(&block.spectra.band, half));
        }
        let [newer, older] = [0, WINDOW / 2].map(|ago| &recent[ago].pairs);
        let power = _mm256_add_ps(load_lanes(&newer.power, half), load_lanes(&older.power, half));
        let is_coherent = at_least(times(power, WINDOW as f32 / 2.0), times(band, PROMISING));
        let is_same = _mm256_and_si256(
            _mm256_cmpeq_epi32(load_words(&newer.low, half), load_words(&older.low, half)),
            _mm256_cmpeq_epi32(load_words(&newer.high, half), load_words(&older.high, half)),
        );
        promising |= bits(_mm256_and_ps(is_coherent, _mm256_castsi256_ps(is_same)), half);
    }
    promising
}

#[inline]
#[target_feature(enable = "avx2")]
fn at_least(a: __m256, b: __m256) -> __m256 {
    _mm256_cmp_ps::<_CMP_GE_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn times(a: __m256, b: f32) -> __m256 {
    _mm256_mul_ps(a, _mm256_set1_ps(b))
}

/// A bit for every lane of a half.
#[inline]
#[target_feature(enable = "avx2")]
fn bits(lanes: __m256, half: usize) -> u16 {
    (_mm256_movemask_ps(lanes) as u16) << (HALF * half)
}

/// The lanes of a half that a bit is set for.
#[inline]
#[target_feature(enable = "avx2")]
fn lanes_of(mask: u16, half: usize) -> __m256 {
    let each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    let bits = _mm256_set1_epi32(i32::from(mask >> (HALF * half)));
    _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(bits, each), each))
}
