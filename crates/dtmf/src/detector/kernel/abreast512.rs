//! The arithmetic on one block of sixteen channels with 512-bit registers: a lane of a vector is a channel, so
//! nothing is ever added across a vector. The bench `dtmf_bank_speech` shows what it is worth; one channel
//! after the other is the twin that tests hold it against.
#![allow(unsafe_code, reason = "vector registers are loaded from arrays; AVX-512 is used where it was found")]

mod judge;

pub(super) use judge::{alike, promising, strongest, verdicts};

use core::arch::x86_64::{
    __m128i, __m512, __m512i, _mm_loadu_si128, _mm512_add_epi16, _mm512_add_epi32, _mm512_add_ps,
    _mm512_cvtepi32_ps, _mm512_dpwssd_epi32, _mm512_load_ps, _mm512_load_si512, _mm512_mask_broadcast_i32x4,
    _mm512_maskz_load_ps, _mm512_max_ps, _mm512_mul_ps, _mm512_rol_epi32, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_setzero_si512, _mm512_srai_epi16, _mm512_srli_epi32, _mm512_store_ps, _mm512_store_si512,
    _mm512_sub_epi16, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32,
    _mm512_unpacklo_epi64, _mm512_zextsi128_si512,
};

use super::super::block::{BAND_WEIGHTS, GAP_WEIGHT};
use super::abreast::{LANES, Lanes, Moment, REFERENCES, Spectra};
use super::{BLOCK, COLUMNS, TONES};

/// Correlates a block of every channel with the references.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(super) fn look(blocks: &[&[i16; BLOCK]; LANES], moment: &mut Moment) {
    let Moment { samples: kept, spectra, .. } = moment;
    let mut samples = [_mm512_setzero_si512(); BLOCK / 2];
    for (eighth, four) in samples.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        // SAFETY: the eight samples are within the block.
        *four = columns(|lane| unsafe { blocks[lane].as_ptr().add(8 * eighth).cast() });
    }
    let mut eighths = [_mm512_setzero_si512(); 8];
    for (n, (to, pair)) in kept.0.iter_mut().zip(&mut samples).enumerate() {
        store_words(to, *pair);
        *pair = _mm512_srai_epi16::<1>(*pair);
        eighths[n % 8] = _mm512_dpwssd_epi32(eighths[n % 8], *pair, *pair);
    }
    let energy = eighths
        .iter()
        .fold(_mm512_setzero_si512(), |sum, &eighth| _mm512_add_epi32(sum, _mm512_srli_epi32::<4>(eighth)));
    store_words(&mut spectra.energy, energy);
    let [cosines, sines] = sums(&samples);
    let (cosines, sines) =
        (cosines.map(|sum| _mm512_cvtepi32_ps(sum)), sines.map(|sum| _mm512_cvtepi32_ps(sum)));
    for k in 0..TONES {
        store(&mut spectra.pointers[k], cosines[k]);
        store(&mut spectra.pointers[TONES + k], sines[k]);
    }
    describe(&cosines, &sines, spectra);
}

/// What the pointers say of every channel.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn describe(cosines: &[__m512; TONES + 1], sines: &[__m512; TONES + 1], spectra: &mut Spectra) {
    let mut power = [_mm512_set1_ps(0.0); TONES + 1];
    for (power, (&cos, &sin)) in power.iter_mut().zip(cosines.iter().zip(sines)) {
        *power = _mm512_add_ps(_mm512_mul_ps(cos, cos), _mm512_mul_ps(sin, sin));
    }
    let weighted = |k: usize| _mm512_mul_ps(power[k], _mm512_set1_ps(BAND_WEIGHTS[k]));
    let four = |k: usize| _mm512_add_ps(weighted(k), weighted(k + 4));
    let tones = _mm512_add_ps(_mm512_add_ps(four(0), four(2)), _mm512_add_ps(four(1), four(3)));
    let gap = _mm512_mul_ps(power[TONES], _mm512_set1_ps(GAP_WEIGHT));
    store(&mut spectra.band, _mm512_add_ps(tones, gap));
    let most = |k: usize| {
        _mm512_max_ps(_mm512_max_ps(power[k], power[k + 1]), _mm512_max_ps(power[k + 2], power[k + 3]))
    };
    store(&mut spectra.row, most(0));
    store(&mut spectra.column, most(COLUMNS));
}

/// The sums of halved samples with the cosines and with the sines turned over of all tones and the gap.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn sums(samples: &[__m512i; BLOCK / 2]) -> [[__m512i; TONES + 1]; 2] {
    let mut cosines = [_mm512_setzero_si512(); TONES + 1];
    let mut sines = cosines;
    for (pair, references) in REFERENCES.iter().enumerate() {
        let front = samples[pair];
        let back = _mm512_rol_epi32::<16>(samples[BLOCK / 2 - 1 - pair]);
        let (sum, difference) = (_mm512_add_epi16(front, back), _mm512_sub_epi16(front, back));
        for (k, &[cos, sin]) in references.iter().enumerate() {
            cosines[k] = _mm512_dpwssd_epi32(cosines[k], sum, _mm512_set1_epi32(cos));
            sines[k] = _mm512_dpwssd_epi32(sines[k], difference, _mm512_set1_epi32(sin));
        }
    }
    [cosines, sines]
}

/// The first, second, third and fourth number of 32 bits of the four that each lane has.
#[inline(always)]
fn columns(four: impl Fn(usize) -> *const __m128i) -> [__m512i; 4] {
    // SAFETY: called where AVX-512 is, with 128 bits to read for every lane.
    unsafe {
        let rows = |n: usize| {
            let mut rows = _mm512_zextsi128_si512(_mm_loadu_si128(four(n)));
            rows = _mm512_mask_broadcast_i32x4(rows, 0x00f0, _mm_loadu_si128(four(n + 4)));
            rows = _mm512_mask_broadcast_i32x4(rows, 0x0f00, _mm_loadu_si128(four(n + 8)));
            _mm512_mask_broadcast_i32x4(rows, 0xf000, _mm_loadu_si128(four(n + 12)))
        };
        turned([rows(0), rows(1), rows(2), rows(3)])
    }
}

/// Turns rows into columns in every 128 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn turned(rows: [__m512i; 4]) -> [__m512i; 4] {
    let (ab_low, ab_high) =
        (_mm512_unpacklo_epi32(rows[0], rows[1]), _mm512_unpackhi_epi32(rows[0], rows[1]));
    let (cd_low, cd_high) =
        (_mm512_unpacklo_epi32(rows[2], rows[3]), _mm512_unpackhi_epi32(rows[2], rows[3]));
    [
        _mm512_unpacklo_epi64(ab_low, cd_low),
        _mm512_unpackhi_epi64(ab_low, cd_low),
        _mm512_unpacklo_epi64(ab_high, cd_high),
        _mm512_unpackhi_epi64(ab_high, cd_high),
    ]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_lanes(lanes: &Lanes<f32>) -> __m512 {
    // SAFETY: 64 bytes, aligned.
    unsafe { _mm512_load_ps(lanes.0.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_words<T>(lanes: &Lanes<T>) -> __m512i {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: 64 bytes, aligned.
    unsafe { _mm512_load_si512(lanes.0.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_heard(lanes: &Lanes<f32>, heard: u16) -> __m512 {
    // SAFETY: 64 bytes, aligned.
    unsafe { _mm512_maskz_load_ps(heard, lanes.0.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(lanes: &mut Lanes<f32>, vector: __m512) {
    // SAFETY: 64 bytes, aligned.
    unsafe { _mm512_store_ps(lanes.0.as_mut_ptr(), vector) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_words<T>(lanes: &mut Lanes<T>, vector: __m512i) {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: 64 bytes, aligned.
    unsafe { _mm512_store_si512(lanes.0.as_mut_ptr().cast(), vector) }
}
