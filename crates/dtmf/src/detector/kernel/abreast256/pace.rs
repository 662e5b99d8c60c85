//! Whether the pairs of eight channels keep pace with their nominal frequencies.

use core::arch::x86_64::{
    __m256, __m256i, _CMP_GE_OQ, _mm256_add_ps, _mm256_and_ps, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_load_ps, _mm256_movemask_ps, _mm256_mul_ps, _mm256_permutevar8x32_ps, _mm256_set1_epi32,
    _mm256_setzero_ps, _mm256_sub_ps,
};

use super::{load_lanes, load_words};
use crate::detector::kernel::Tones;
use crate::detector::kernel::abreast::{Moment, Pairs};
use crate::detector::measure::{PACES, WINDOW};

/// [`Pair::keeps_pace`](crate::detector::block::Pair::keeps_pace) of half the channels, whose pairs have been the same,
/// a bit for each; newest first.
#[inline]
#[target_feature(enable = "avx2")]
pub(in super::super) fn keeps_pace(recent: [&Moment; WINDOW], half: usize) -> u16 {
    let newest = &recent[0].pairs;
    let low = tone_keeps_pace(recent, half, load_words(&newest.low, half), 0);
    let high = tone_keeps_pace(recent, half, load_words(&newest.high, half), 2);
    _mm256_movemask_ps(_mm256_and_ps(low, high)) as u16
}

/// The same for one tone of the pairs, whose sums are the rows from `from` on.
#[inline]
#[target_feature(enable = "avx2")]
fn tone_keeps_pace(recent: [&Moment; WINDOW], half: usize, tone: __m256i, from: usize) -> __m256 {
    let sum = |pairs: &Pairs| (load_lanes(&pairs.sums[from], half), load_lanes(&pairs.sums[from + 1], half));
    let [least, most] = &PACES;
    let (least_re, least_im) = (look_up(&least[0], tone), look_up(&least[1], tone));
    let (most_re, most_im) = (look_up(&most[0], tone), look_up(&most[1], tone));
    let above = |a, b, c, d| {
        let sum = _mm256_add_ps(_mm256_mul_ps(a, b), _mm256_mul_ps(c, d));
        _mm256_cmp_ps::<_CMP_GE_OQ>(sum, _mm256_setzero_ps())
    };
    let mut newer = sum(&recent[0].pairs);
    let mut keeps = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
    for older in &recent[1..=WINDOW / 2] {
        let older = sum(&older.pairs);
        let re = _mm256_add_ps(_mm256_mul_ps(newer.0, older.0), _mm256_mul_ps(newer.1, older.1));
        let im = _mm256_sub_ps(_mm256_mul_ps(newer.1, older.0), _mm256_mul_ps(newer.0, older.1));
        let is_in_pace = _mm256_and_ps(above(re, least_re, im, least_im), above(re, most_re, im, most_im));
        keeps = _mm256_and_ps(keeps, is_in_pace);
        newer = older;
    }
    keeps
}

/// The number of every channel's tone.
#[inline]
#[target_feature(enable = "avx2")]
fn look_up(table: &Tones, tone: __m256i) -> __m256 {
    // SAFETY: 32 bytes, aligned.
    _mm256_permutevar8x32_ps(unsafe { _mm256_load_ps(table.0.as_ptr()) }, tone)
}
