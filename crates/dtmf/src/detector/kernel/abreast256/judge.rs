//! What a block of sixteen channels comes to.

use core::arch::x86_64::{
    __m256, __m256i, _CMP_EQ_OQ, _CMP_GE_OQ, _CMP_LT_OQ, _mm256_add_epi32, _mm256_add_ps, _mm256_and_ps,
    _mm256_and_si256, _mm256_blendv_ps, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_cmpeq_epi32, _mm256_cmpgt_epi32, _mm256_cvtepi32_ps, _mm256_max_ps, _mm256_min_ps,
    _mm256_movemask_ps, _mm256_mul_ps, _mm256_permutevar8x32_ps, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setr_epi32, _mm256_setzero_ps, _mm256_slli_epi32, _mm256_sub_epi32, _mm256_sub_ps,
};

use super::pace::keeps_pace;
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
        let tone = |k: usize| in_phase(blocks, heard, half, k);
        let (low, row) = first_largest([tone(0), tone(1), tone(2), tone(3)], 0);
        let (high, column) = first_largest([tone(4), tone(5), tone(6), tone(7)], COLUMNS);
        store_words(&mut pairs.low, half, low);
        store_words(&mut pairs.high, half, high);
        for (to, sum) in pairs.sums.iter_mut().zip([row.re, row.im, column.re, column.im]) {
            store(to, half, sum);
        }
        let power = times(_mm256_add_ps(row.power, column.power), 1.0 / 9.0);
        store(&mut pairs.power, half, power);
        let [newest, one, two] = blocks;
        let bands = _mm256_add_ps(load_lanes(&newest.band, half), load_lanes(&one.band, half));
        let band = _mm256_add_ps(bands, _mm256_and_ps(load_lanes(&two.band, half), heard));
        let is_less = _mm256_cmp_ps::<_CMP_LT_OQ>(times(power, 3.0), times(band, LEAST_COHERENCE));
        incoherent |= bits(is_less, half);
    }
    incoherent
}

/// What three blocks show together of a tone on its frequency, and nine times its power.
#[derive(Clone, Copy)]
struct Tone {
    power: __m256,
    re: __m256,
    im: __m256,
}

/// That of tone `k` in three blocks, newest first, of the oldest only what was `heard`.
#[inline]
#[target_feature(enable = "avx2")]
fn in_phase([newest, one, two]: [&Spectra; 3], heard: __m256, half: usize, k: usize) -> Tone {
    let re = |block: &Spectra| load_lanes(&block.pointers[k], half);
    let im = |block: &Spectra| load_lanes(&block.pointers[TONES + k], half);
    let (re0, im0) = (re(newest), im(newest));
    let (re2, im2) = (_mm256_and_ps(re(two), heard), _mm256_and_ps(im(two), heard));
    let (common_re, common_im) = (_mm256_add_ps(re0, re2), _mm256_add_ps(im0, im2));
    let (other_re, other_im) = (_mm256_sub_ps(re2, re0), _mm256_sub_ps(im2, im0));
    let turned_re = _mm256_add_ps(times(common_re, TURN_COS[k]), times(other_im, TURN_SIN[k]));
    let turned_im = _mm256_sub_ps(times(common_im, TURN_COS[k]), times(other_re, TURN_SIN[k]));
    let (re, im) = (_mm256_add_ps(re(one), turned_re), _mm256_add_ps(im(one), turned_im));
    Tone { power: _mm256_add_ps(_mm256_mul_ps(re, re), _mm256_mul_ps(im, im)), re, im }
}

/// The first of the most powerful of four tones: its number, and what is known of it.
#[inline]
#[target_feature(enable = "avx2")]
fn first_largest(tones: [Tone; COLUMNS], from: usize) -> (__m256i, Tone) {
    let power = |k: usize| tones[k].power;
    let most = _mm256_max_ps(_mm256_max_ps(power(0), power(1)), _mm256_max_ps(power(2), power(3)));
    let number_of = |k: usize| _mm256_castsi256_ps(_mm256_set1_epi32((from + k) as i32));
    let mut number = number_of(3);
    let mut first = Tone { power: most, ..tones[3] };
    for k in (0..3).rev() {
        let is_most = _mm256_cmp_ps::<_CMP_EQ_OQ>(tones[k].power, most);
        number = _mm256_blendv_ps(number, number_of(k), is_most);
        first.re = _mm256_blendv_ps(first.re, tones[k].re, is_most);
        first.im = _mm256_blendv_ps(first.im, tones[k].im, is_most);
    }
    (_mm256_castps_si256(number), first)
}

/// Who of those `asked` looks like a key.
#[inline]
#[target_feature(enable = "avx2")]
pub(in super::super) fn alike(spectra: &Spectra, pairs: &Pairs, floors: &Lanes<f32>, asked: u16) -> u16 {
    let mut alike = 0;
    for half in halves_of(asked) {
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
    asked & alike
}

/// Powers of the two tones of every channel's pair, each without the leak of the other.
#[inline]
#[target_feature(enable = "avx2")]
fn powers(spectra: &Spectra, pairs: &Pairs, half: usize) -> [__m256; 2] {
    let (low, high) = (load_words(&pairs.low, half), load_words(&pairs.high, half));
    let signs = [signs(low), signs(high)];
    let pick = |[is_odd, is_late]: [__m256; 2], from: usize, pointers: &[Lanes<f32>]| {
        let row = |k: usize| load_lanes(&pointers[from + k], half);
        let first = _mm256_blendv_ps(row(0), row(1), is_odd);
        let last = _mm256_blendv_ps(row(2), row(3), is_odd);
        _mm256_blendv_ps(first, last, is_late)
    };
    let place = _mm256_add_epi32(_mm256_slli_epi32::<2>(low), _mm256_sub_epi32(high, _mm256_set1_epi32(4)));
    // The bit that tells the halves of the table apart, as the sign.
    let is_behind = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(place));
    let mut powers = [_mm256_setzero_ps(); 2];
    for (part, matrix) in SEPARATIONS_BY_PLACE.iter().enumerate() {
        let pointers = &spectra.pointers[part * TONES..][..TONES];
        let (low, high) = (pick(signs[0], 0, pointers), pick(signs[1], COLUMNS, pointers));
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

/// The lowest two bits of every channel's tone, as signs.
#[inline]
#[target_feature(enable = "avx2")]
fn signs(tone: __m256i) -> [__m256; 2] {
    [_mm256_castsi256_ps(_mm256_slli_epi32::<31>(tone)), _mm256_castsi256_ps(_mm256_slli_epi32::<30>(tone))]
}

/// Whose strongest pair, of those `asked`, has been the same for a whole window and is worth measuring; newest first.
/// Of those that are `wide` the pace does not matter.
#[inline]
#[target_feature(enable = "avx2")]
pub(in super::super) fn promising(recent: [&Moment; WINDOW], wide: u16, asked: u16) -> u16 {
    let mut promising = 0;
    for half in halves_of(asked) {
        let mut band = load_lanes(&recent[0].spectra.band, half);
        for block in &recent[1..] {
            band = _mm256_add_ps(band, load_lanes(&block.spectra.band, half));
        }
        let newest = &recent[0].pairs;
        let (low, high) = (load_words(&newest.low, half), load_words(&newest.high, half));
        let power =
            _mm256_add_ps(load_lanes(&newest.power, half), load_lanes(&recent[WINDOW / 2].pairs.power, half));
        let is_coherent = at_least(times(power, WINDOW as f32 / 2.0), times(band, PROMISING));
        let mut is_same = _mm256_castps_si256(is_coherent);
        for Moment { pairs, .. } in &recent[1..=WINDOW / 2] {
            is_same = _mm256_and_si256(is_same, _mm256_cmpeq_epi32(low, load_words(&pairs.low, half)));
            is_same = _mm256_and_si256(is_same, _mm256_cmpeq_epi32(high, load_words(&pairs.high, half)));
        }
        let same = asked & bits(_mm256_castsi256_ps(is_same), half);
        if same != 0 {
            promising |= same & (wide | keeps_pace(recent, half) << (HALF * half));
        }
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

/// The halves in which any bit is set.
#[inline(always)]
fn halves_of(mask: u16) -> impl Iterator<Item = usize> {
    (0..2).filter(move |half| (mask >> (HALF * half)) as u8 != 0)
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
