//! The arithmetic on one block of sixteen channels with 256-bit registers, eight channels a vector: a lane is a
//! channel, so nothing is ever added across a vector. The bench `dtmf_bank_speech` shows what it is worth; one
//! channel after the other is the twin that tests hold it against.
#![allow(unsafe_code, reason = "vector registers are loaded from arrays; AVX2 is used where it was found")]

mod judge;
mod pace;

pub(super) use judge::{alike, promising, strongest, verdicts};
pub(super) use pace::keeps_pace;

use core::arch::x86_64::{
    __m128i, __m256, __m256i, _mm_loadu_si128, _mm_setr_epi8, _mm256_add_epi16, _mm256_add_epi32,
    _mm256_add_ps, _mm256_broadcastsi128_si256, _mm256_castsi128_si256, _mm256_cvtepi32_ps,
    _mm256_inserti128_si256, _mm256_load_ps, _mm256_load_si256, _mm256_madd_epi16, _mm256_max_ps,
    _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_srai_epi16, _mm256_srli_epi32, _mm256_store_ps, _mm256_store_si256, _mm256_sub_epi16,
    _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
};

use super::super::block::{BAND_WEIGHTS, GAP_WEIGHT};
use super::abreast::{LANES, Lanes, Moment, REFERENCES, Spectra};
use super::{BLOCK, COLUMNS, PAIRS, TONES};

/// Lanes of a vector: half the channels.
const HALF: usize = LANES / 2;

/// Correlates a block of every channel with the references; of the later half only if some of it are `active`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn look(blocks: &[&[i16; BLOCK]; LANES], active: u16, moment: &mut Moment) {
    let (halves, _) = blocks.as_chunks();
    look_half(&halves[0], moment, 0);
    if active >> HALF != 0 {
        look_half(&halves[1], moment, 1);
    }
}

#[inline(never)]
#[target_feature(enable = "avx2")]
fn look_half(blocks: &[&[i16; BLOCK]; HALF], moment: &mut Moment, half: usize) {
    let Moment { samples: kept, spectra, .. } = moment;
    let mut samples = [_mm256_setzero_si256(); BLOCK / 2];
    for (eighth, four) in samples.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        // SAFETY: the eight samples are within the block.
        *four = columns(|lane| unsafe { blocks[lane].as_ptr().add(8 * eighth).cast() });
    }
    for (to, pair) in kept.0.iter_mut().zip(&mut samples) {
        store_words(to, half, *pair);
        *pair = _mm256_srai_epi16::<1>(*pair);
    }
    store_words(&mut spectra.energy, half, energy(&samples));
    // The sum and the difference of half of every sample and half of its mirror image.
    let (mut sums, mut differences) = ([samples[0]; PAIRS], [samples[0]; PAIRS]);
    for pair in 0..PAIRS {
        let (front, back) = (samples[pair], swapped(samples[BLOCK / 2 - 1 - pair]));
        sums[pair] = _mm256_add_epi16(front, back);
        differences[pair] = _mm256_sub_epi16(front, back);
    }
    let cosines = correlate::<0>(&sums);
    for (to, &cosine) in spectra.pointers[..TONES].iter_mut().zip(&cosines) {
        store(to, half, cosine);
    }
    let sines = correlate::<1>(&differences);
    for (to, &sine) in spectra.pointers[TONES..].iter_mut().zip(&sines) {
        store(to, half, sine);
    }
    describe(&cosines, &sines, spectra, half);
}

/// The energy of halved samples.
#[inline]
#[target_feature(enable = "avx2")]
fn energy(halved: &[__m256i; BLOCK / 2]) -> __m256i {
    let square = |pair: usize| _mm256_madd_epi16(halved[pair], halved[pair]);
    let two = |n: usize| _mm256_add_epi32(square(n), square(n + 8));
    let four = |n: usize| _mm256_srli_epi32::<4>(_mm256_add_epi32(two(n), square(n + 16)));
    let mut energy = four(0);
    for n in 1..4 {
        energy = _mm256_add_epi32(energy, four(n));
    }
    for n in 4..8 {
        energy = _mm256_add_epi32(energy, _mm256_srli_epi32::<4>(two(n)));
    }
    energy
}

/// Pairs with their samples swapped.
#[inline]
#[target_feature(enable = "avx2")]
fn swapped(pairs: __m256i) -> __m256i {
    let order = _mm_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    _mm256_shuffle_epi8(pairs, _mm256_broadcastsi128_si256(order))
}

/// The sums with the cosines (`PART` 0) or with the sines turned over (1) of all tones and the gap: tone by tone, since
/// there are registers for all samples.
#[inline]
#[target_feature(enable = "avx2")]
fn correlate<const PART: usize>(folded: &[__m256i; PAIRS]) -> [__m256; TONES + 1] {
    let sum = |k: usize| {
        let product =
            |pair: usize| _mm256_madd_epi16(folded[pair], _mm256_set1_epi32(REFERENCES[pair][k][PART]));
        let two = |pair: usize| _mm256_add_epi32(product(pair), product(pair + 1));
        let first = _mm256_add_epi32(two(0), two(2));
        let last = _mm256_add_epi32(two(4), two(6));
        _mm256_cvtepi32_ps(_mm256_add_epi32(_mm256_add_epi32(first, last), two(8)))
    };
    [sum(0), sum(1), sum(2), sum(3), sum(4), sum(5), sum(6), sum(7), sum(8)]
}

/// What the pointers say of every channel.
#[inline]
#[target_feature(enable = "avx2")]
fn describe(cosines: &[__m256; TONES + 1], sines: &[__m256; TONES + 1], spectra: &mut Spectra, half: usize) {
    let mut power = [_mm256_set1_ps(0.0); TONES + 1];
    for (power, (&cos, &sin)) in power.iter_mut().zip(cosines.iter().zip(sines)) {
        *power = _mm256_add_ps(_mm256_mul_ps(cos, cos), _mm256_mul_ps(sin, sin));
    }
    let weighted = |k: usize| _mm256_mul_ps(power[k], _mm256_set1_ps(BAND_WEIGHTS[k]));
    let four = |k: usize| _mm256_add_ps(weighted(k), weighted(k + 4));
    let tones = _mm256_add_ps(_mm256_add_ps(four(0), four(2)), _mm256_add_ps(four(1), four(3)));
    let gap = _mm256_mul_ps(power[TONES], _mm256_set1_ps(GAP_WEIGHT));
    store(&mut spectra.band, half, _mm256_add_ps(tones, gap));
    let most = |k: usize| {
        _mm256_max_ps(_mm256_max_ps(power[k], power[k + 1]), _mm256_max_ps(power[k + 2], power[k + 3]))
    };
    store(&mut spectra.row, half, most(0));
    store(&mut spectra.column, half, most(COLUMNS));
}

/// The first, second, third and fourth number of 32 bits of the four that each of eight lanes has.
#[inline(always)]
fn columns(four: impl Fn(usize) -> *const __m128i) -> [__m256i; 4] {
    // SAFETY: called where AVX2 is, with 128 bits to read for every lane.
    unsafe {
        let rows = |n: usize| {
            let rows = _mm256_castsi128_si256(_mm_loadu_si128(four(n)));
            _mm256_inserti128_si256::<1>(rows, _mm_loadu_si128(four(n + 4)))
        };
        turned([rows(0), rows(1), rows(2), rows(3)])
    }
}

/// Turns rows into columns in every 128 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn turned(rows: [__m256i; 4]) -> [__m256i; 4] {
    let (ab_low, ab_high) =
        (_mm256_unpacklo_epi32(rows[0], rows[1]), _mm256_unpackhi_epi32(rows[0], rows[1]));
    let (cd_low, cd_high) =
        (_mm256_unpacklo_epi32(rows[2], rows[3]), _mm256_unpackhi_epi32(rows[2], rows[3]));
    [
        _mm256_unpacklo_epi64(ab_low, cd_low),
        _mm256_unpackhi_epi64(ab_low, cd_low),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ]
}

/// Where half the lanes begin.
#[inline(always)]
fn half_of<T>(lanes: &Lanes<T>, half: usize) -> *const T {
    const { assert!(size_of::<T>() == 4) };
    lanes.0[HALF * half..][..HALF].as_ptr()
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_lanes(lanes: &Lanes<f32>, half: usize) -> __m256 {
    // SAFETY: 32 bytes, aligned.
    unsafe { _mm256_load_ps(half_of(lanes, half)) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_words<T>(lanes: &Lanes<T>, half: usize) -> __m256i {
    // SAFETY: 32 bytes, aligned.
    unsafe { _mm256_load_si256(half_of(lanes, half).cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(lanes: &mut Lanes<f32>, half: usize, vector: __m256) {
    // SAFETY: 32 bytes, aligned.
    unsafe { _mm256_store_ps(lanes.0[HALF * half..][..HALF].as_mut_ptr(), vector) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_words<T>(lanes: &mut Lanes<T>, half: usize, vector: __m256i) {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: 32 bytes, aligned.
    unsafe { _mm256_store_si256(lanes.0[HALF * half..][..HALF].as_mut_ptr().cast(), vector) }
}
