//! What a block of sixteen channels comes to.

use core::arch::x86_64::{
    __m512, __m512i, _CMP_EQ_OQ, _CMP_GE_OQ, _CMP_LT_OQ, _mm512_add_epi32, _mm512_add_ps, _mm512_cmp_ps_mask,
    _mm512_cmpeq_epi32_mask, _mm512_cmpge_epi32_mask, _mm512_cvtepi32_ps, _mm512_mask_mov_epi32,
    _mm512_mask_mov_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_permutexvar_ps,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_slli_epi32, _mm512_sub_epi32, _mm512_sub_ps,
};

use super::{load_heard, load_lanes, load_words, store, store_words};
use crate::detector::block::{
    LEAST_CLARITY, LEAST_COHERENCE, LEAST_PURITY, SUSPECT_PURITY, TOTAL_UNIT, TURN_COS, TURN_SIN,
};
use crate::detector::kernel::abreast::{
    Gates, Lanes, Moment, Pairs, SEPARATIONS_BY_PLACE, Spectra, Verdicts,
};
use crate::detector::kernel::{COLUMNS, LANES, TONES, abreast256};
use crate::detector::measure::WINDOW;
use crate::detector::tracker::{self, PROMISING, SUSPECT_TWIST};

/// What every channel's block comes to.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(in super::super) fn verdicts(spectra: &Spectra, gates: &Gates) -> Verdicts {
    let [row, column, band] = [&spectra.row, &spectra.column, &spectra.band].map(|lanes| load_lanes(lanes));
    let energy = load_words(&spectra.energy);
    let at_least = |a, b| _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b);
    let times = |a, b: f32| _mm512_mul_ps(a, _mm512_set1_ps(b));
    let power = load_lanes(&gates.power);
    let both = _mm512_add_ps(row, column);
    Verdicts {
        loud: _mm512_cmpge_epi32_mask(energy, load_words(&gates.energy)),
        lively: at_least(row, power)
            & at_least(column, power)
            & at_least(_mm512_mul_ps(column, load_lanes(&gates.row_over_column)), row)
            & at_least(_mm512_mul_ps(row, load_lanes(&gates.column_over_row)), column)
            & at_least(both, times(band, LEAST_PURITY))
            & at_least(both, times(_mm512_cvtepi32_ps(energy), TOTAL_UNIT * LEAST_CLARITY)),
        suspect: at_least(both, times(band, SUSPECT_PURITY)),
    }
}

/// The strongest row and column over three blocks, newest first, of the oldest only what was `heard`; whose blocks
/// are not in phase.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(in super::super) fn strongest([newest, one, two]: [&Spectra; 3], heard: u16, pairs: &mut Pairs) -> u16 {
    let none = _mm512_set1_ps(0.0);
    let mut tones = [Tone { power: none, re: none, im: none }; TONES];
    for (k, tone) in tones.iter_mut().enumerate() {
        let (cos, sin) = (_mm512_set1_ps(TURN_COS[k]), _mm512_set1_ps(TURN_SIN[k]));
        let (re0, im0) = (load_lanes(&newest.pointers[k]), load_lanes(&newest.pointers[TONES + k]));
        let (re1, im1) = (load_lanes(&one.pointers[k]), load_lanes(&one.pointers[TONES + k]));
        let (re2, im2) = (load_heard(&two.pointers[k], heard), load_heard(&two.pointers[TONES + k], heard));
        let (common_re, common_im) = (_mm512_add_ps(re0, re2), _mm512_add_ps(im0, im2));
        let (other_re, other_im) = (_mm512_sub_ps(re2, re0), _mm512_sub_ps(im2, im0));
        let turned_re = _mm512_add_ps(_mm512_mul_ps(common_re, cos), _mm512_mul_ps(other_im, sin));
        let turned_im = _mm512_sub_ps(_mm512_mul_ps(common_im, cos), _mm512_mul_ps(other_re, sin));
        let (re, im) = (_mm512_add_ps(re1, turned_re), _mm512_add_ps(im1, turned_im));
        *tone = Tone { power: _mm512_add_ps(_mm512_mul_ps(re, re), _mm512_mul_ps(im, im)), re, im };
    }
    let (low, row) = first_largest(&tones, 0);
    let (high, column) = first_largest(&tones, COLUMNS);
    store_words(&mut pairs.low, low);
    store_words(&mut pairs.high, high);
    for (to, sum) in pairs.sums.iter_mut().zip([row.re, row.im, column.re, column.im]) {
        store(to, sum);
    }
    let power = _mm512_mul_ps(_mm512_add_ps(row.power, column.power), _mm512_set1_ps(1.0 / 9.0));
    store(&mut pairs.power, power);
    let bands = _mm512_add_ps(load_lanes(&newest.band), load_lanes(&one.band));
    let band = _mm512_add_ps(bands, load_heard(&two.band, heard));
    let least = _mm512_mul_ps(band, _mm512_set1_ps(LEAST_COHERENCE));
    _mm512_cmp_ps_mask::<_CMP_LT_OQ>(_mm512_mul_ps(power, _mm512_set1_ps(3.0)), least)
}

/// What three blocks show together of a tone on its frequency, and nine times its power.
#[derive(Clone, Copy)]
struct Tone {
    power: __m512,
    re: __m512,
    im: __m512,
}

/// The first of the most powerful of four tones: its number, and what is known of it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn first_largest(tones: &[Tone; TONES], from: usize) -> (__m512i, Tone) {
    let power = |k: usize| tones[from + k].power;
    let most = _mm512_max_ps(_mm512_max_ps(power(0), power(1)), _mm512_max_ps(power(2), power(3)));
    let mut number = _mm512_set1_epi32(from as i32 + 3);
    let mut first = Tone { power: most, ..tones[from + 3] };
    for k in (from..from + 3).rev() {
        let is_most = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(tones[k].power, most);
        number = _mm512_mask_mov_epi32(number, is_most, _mm512_set1_epi32(k as i32));
        first.re = _mm512_mask_mov_ps(first.re, is_most, tones[k].re);
        first.im = _mm512_mask_mov_ps(first.im, is_most, tones[k].im);
    }
    (number, first)
}

/// Who looks like a key.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(in super::super) fn alike(spectra: &Spectra, pairs: &Pairs, floors: &Lanes<f32>) -> u16 {
    let (low, high) = (load_words(&pairs.low), load_words(&pairs.high));
    let pick = |tone: __m512i, from: usize, pointers: &[Lanes<f32>]| {
        let mut picked = load_lanes(&pointers[from]);
        for (k, pointers) in pointers.iter().enumerate().skip(from + 1).take(3) {
            let is_it = _mm512_cmpeq_epi32_mask(tone, _mm512_set1_epi32(k as i32));
            picked = _mm512_mask_mov_ps(picked, is_it, load_lanes(pointers));
        }
        picked
    };
    let place = _mm512_add_epi32(_mm512_slli_epi32::<2>(low), _mm512_sub_epi32(high, _mm512_set1_epi32(4)));
    let mut powers = [_mm512_set1_ps(0.0); 2];
    for (part, matrix) in SEPARATIONS_BY_PLACE.iter().enumerate() {
        let pointers = &spectra.pointers[part * TONES..][..TONES];
        let (low, high) = (pick(low, 0, pointers), pick(high, COLUMNS, pointers));
        let [at_low, cross, at_high] =
            [0, 1, 2].map(|n| _mm512_permutexvar_ps(place, load_lanes(&matrix[n])));
        let sum = |a, b, c, d| _mm512_add_ps(_mm512_mul_ps(a, b), _mm512_mul_ps(c, d));
        let parts = [sum(at_low, low, cross, high), sum(cross, low, at_high, high)];
        for (power, part) in powers.iter_mut().zip(parts) {
            *power = _mm512_add_ps(*power, _mm512_mul_ps(part, part));
        }
    }
    let least = _mm512_min_ps(powers[0], powers[1]);
    let most = _mm512_max_ps(powers[0], powers[1]);
    let at_least = |a, b| _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b);
    let times = |a, b: f32| _mm512_mul_ps(a, _mm512_set1_ps(b));
    at_least(least, load_lanes(floors))
        & at_least(least, times(most, SUSPECT_TWIST))
        & at_least(
            _mm512_add_ps(powers[0], powers[1]),
            times(load_lanes(&spectra.band), tracker::SUSPECT_PURITY),
        )
}

/// Whose strongest pair has been the same for a whole window and is worth measuring; newest first. Of those that are
/// `wide` the pace does not matter.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(in super::super) fn promising(recent: [&Moment; WINDOW], wide: u16, asked: u16) -> u16 {
    let mut band = load_lanes(&recent[0].spectra.band);
    for block in &recent[1..] {
        band = _mm512_add_ps(band, load_lanes(&block.spectra.band));
    }
    let newest = &recent[0].pairs;
    let power = _mm512_add_ps(load_lanes(&newest.power), load_lanes(&recent[WINDOW / 2].pairs.power));
    let coherent = _mm512_mul_ps(power, _mm512_set1_ps(WINDOW as f32 / 2.0));
    let least = _mm512_mul_ps(band, _mm512_set1_ps(PROMISING));
    let mut promising = asked & _mm512_cmp_ps_mask::<_CMP_GE_OQ>(coherent, least);
    for Moment { pairs, .. } in &recent[1..=WINDOW / 2] {
        promising &= _mm512_cmpeq_epi32_mask(load_words(&newest.low), load_words(&pairs.low))
            & _mm512_cmpeq_epi32_mask(load_words(&newest.high), load_words(&pairs.high));
    }
    // Few halves are left.
    let mut in_pace = wide;
    for half in 0..2 {
        if promising >> (LANES / 2 * half) & 0xff != 0 {
            in_pace |= abreast256::keeps_pace(recent, half) << (LANES / 2 * half);
        }
    }
    promising & in_pace
}
