//! The sums with the vector registers of x86-64: SSE2, which all of these processors have, and AVX2,
//! which is looked for at run time. The bench `dtmf` shows what it is worth; `portable` is the twin that
//! tests hold them against.
#![allow(unsafe_code, reason = "vector registers are loaded from arrays; AVX2 is used where it was found")]

use core::arch::x86_64::{
    __m128i, __m256i, _CMP_EQ_OQ, _MM_HINT_T0, _mm_add_epi16, _mm_add_epi32, _mm_cvtsi128_si32,
    _mm_cvtss_f32, _mm_loadu_si128, _mm_madd_epi16, _mm_or_si128, _mm_prefetch, _mm_setzero_si128,
    _mm_shuffle_epi32, _mm_shufflehi_epi16, _mm_shufflelo_epi16, _mm_srai_epi16, _mm_srli_epi32,
    _mm_storeu_si128, _mm_sub_epi16, _mm_unpackhi_epi64, _mm256_abs_epi16, _mm256_add_epi32, _mm256_add_ps,
    _mm256_broadcastsi128_si256, _mm256_castps256_ps128, _mm256_castsi256_si128, _mm256_cmp_ps,
    _mm256_extractf128_ps, _mm256_extracti128_si256, _mm256_inserti128_si256, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_max_ps, _mm256_movemask_ps, _mm256_mul_ps, _mm256_or_si256,
    _mm256_permute_ps, _mm256_setzero_si256, _mm256_shuffle_epi32, _mm256_srai_epi16, _mm256_srli_epi32,
    _mm256_storeu_si256, _mm256_sub_ps,
};

use super::super::block::{Gate, Pair, Spectrum, TURN_COS, TURN_SIN};
use super::abreast256;
use super::ahead::{self, Ahead};
use super::ahead256;
use super::{
    BLOCK, COLUMNS, COSINES, Correlation, Gates, Kernel, LANES, Lanes, Moment, Pairs, References, SINES,
    Spectra, TONES, Verdicts, WINDOW, WithKernel,
};

cpufeatures::new!(avx2, "avx2");

/// 128 bits at a time.
#[derive(Clone, Copy)]
pub(super) struct Sse2;

impl Kernel for Sse2 {
    type Sixteen = super::sixteen::Plain;

    #[inline(always)]
    fn look(self, block: &[i16; BLOCK], spectrum: &mut Spectrum) {
        let (sums, differences) = fold(block);
        let mut found =
            Correlation { gap: [gap(&sums, &COSINES), gap(&differences, &SINES)], ..Default::default() };
        dots(&sums, &COSINES, &mut found.cos);
        dots(&differences, &SINES, &mut found.sin);
        *spectrum = Spectrum::of(&found);
    }

    #[inline(always)]
    fn energy(self, block: &[i16; BLOCK]) -> i32 {
        energy(block)
    }
}

/// 256 bits at a time; also the knowledge that this processor can.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        avx2::get().then_some(Self(()))
    }
}

impl Kernel for Avx2 {
    type Sixteen = super::sixteen256::Halves;

    /// Does something that the compiler may use AVX2 for.
    #[inline(always)]
    fn with<T: WithKernel>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx2")]
        fn run<T: WithKernel>(task: T, avx2: Avx2) -> T::Output {
            task.run(avx2)
        }
        // SAFETY: `self` says that there is AVX2.
        unsafe { run(task, self) }
    }

    #[inline(always)]
    fn look(self, block: &[i16; BLOCK], spectrum: &mut Spectrum) {
        // SAFETY: `self` says that there is AVX2.
        unsafe { *spectrum = Spectrum::of(&correlate_avx2(block)) }
    }

    #[inline(always)]
    fn energy(self, block: &[i16; BLOCK]) -> i32 {
        // SAFETY: as above.
        unsafe { energy_avx2(block) }
    }

    #[inline(always)]
    fn magnitude_bits(self, samples: &[i16; 4 * BLOCK]) -> u16 {
        // SAFETY: as above.
        unsafe { magnitude_bits_avx2(samples) }
    }

    #[inline(always)]
    fn look_ahead(self, blocks: &[[i16; BLOCK]], gate: &Gate) -> Ahead {
        match blocks.first_chunk() {
            // SAFETY: as above.
            Some(blocks) => unsafe { ahead256::look_ahead(blocks, gate) },
            None => ahead::look_ahead(self, blocks, gate),
        }
    }

    #[inline(always)]
    fn strongest(self, newest: &Spectrum, one: &Spectrum, two: &Spectrum) -> (Pair, f32) {
        // SAFETY: as above.
        unsafe { strongest_avx2(newest, one, two) }
    }

    const IS_FASTER_ABREAST: bool = true;

    #[inline(always)]
    fn look_abreast(self, blocks: &[&[i16; BLOCK]; LANES], active: u16, moment: &mut Moment) {
        // SAFETY: as above.
        unsafe { abreast256::look(blocks, active, moment) }
    }

    #[inline(always)]
    fn verdicts(self, spectra: &Spectra, gates: &Gates) -> Verdicts {
        // SAFETY: as above.
        unsafe { abreast256::verdicts(spectra, gates) }
    }

    #[inline(always)]
    fn strongest_abreast(self, blocks: [&Spectra; 3], heard: u16, pairs: &mut Pairs) -> u16 {
        // SAFETY: as above.
        unsafe { abreast256::strongest(blocks, heard, pairs) }
    }

    #[inline(always)]
    fn alike_abreast(self, spectra: &Spectra, pairs: &Pairs, floors: &Lanes<f32>, asked: u16) -> u16 {
        // SAFETY: as above.
        unsafe { abreast256::alike(spectra, pairs, floors, asked) }
    }

    #[inline(always)]
    fn promising_abreast(self, recent: [&Moment; WINDOW], wide: u16, asked: u16) -> u16 {
        // SAFETY: as above.
        unsafe { abreast256::promising(recent, wide, asked) }
    }
}

/// [`super::fetch`].
#[inline(always)]
pub(super) fn fetch(block: *const i16) {
    let last = block.wrapping_add(BLOCK - 1);
    // SAFETY: SSE, which all of these processors have; nothing is read, and what is not there does no harm.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(block.cast());
        _mm_prefetch::<_MM_HINT_T0>(last.cast());
    }
}

/// Every dword of a vector in all of a vector's places, with its number.
macro_rules! each_pair {
    ($shuffle:ident, $vectors:expr, $take:expr) => {{
        let [first, second, third] = $vectors;
        let mut take = $take;
        take(0, $shuffle::<0b00_00_00_00>(first));
        take(1, $shuffle::<0b01_01_01_01>(first));
        take(2, $shuffle::<0b10_10_10_10>(first));
        take(3, $shuffle::<0b11_11_11_11>(first));
        take(4, $shuffle::<0b00_00_00_00>(second));
        take(5, $shuffle::<0b01_01_01_01>(second));
        take(6, $shuffle::<0b10_10_10_10>(second));
        take(7, $shuffle::<0b11_11_11_11>(second));
        take(8, $shuffle::<0b00_00_00_00>(third));
        take(9, $shuffle::<0b01_01_01_01>(third));
    }};
}

#[inline(always)]
fn dots(folded: &[__m128i; 3], references: &References, tones: &mut [i32; TONES]) {
    // SAFETY: this file is compiled only for processors that have SSE2; every load and store is within
    // an array: the tones of a pair are 32 bytes, and so are the sums.
    unsafe {
        let (mut low, mut high) = (_mm_setzero_si128(), _mm_setzero_si128());
        each_pair!(_mm_shuffle_epi32, *folded, |pair: usize, samples| {
            let at = references.tones[pair].as_ptr().cast::<__m128i>();
            low = _mm_add_epi32(low, _mm_madd_epi16(samples, _mm_loadu_si128(at)));
            high = _mm_add_epi32(high, _mm_madd_epi16(samples, _mm_loadu_si128(at.add(1))));
        });
        let sums = tones.as_mut_ptr().cast::<__m128i>();
        _mm_storeu_si128(sums, low);
        _mm_storeu_si128(sums.add(1), high);
    }
}

#[inline(always)]
fn gap(folded: &[__m128i; 3], references: &References) -> i32 {
    sum(gap_parts(folded, references))
}

/// The sum and the difference of half of every sample and half of its mirror image.
#[inline(always)]
pub(super) fn fold(block: &[i16; BLOCK]) -> ([__m128i; 3], [__m128i; 3]) {
    // SAFETY: SSE2 as above; the last of the loads ends with the block.
    unsafe {
        let half = |at: usize| _mm_srai_epi16::<1>(_mm_loadu_si128(block.as_ptr().add(at).cast()));
        let folded = |front: __m128i, back: __m128i| {
            let back = reversed(back);
            (_mm_add_epi16(front, back), _mm_sub_epi16(front, back))
        };
        let (first, second) = (folded(half(0), half(32)), folded(half(8), half(24)));
        let third = folded(half(16), half(16));
        ([first.0, second.0, third.0], [first.1, second.1, third.1])
    }
}

#[inline(always)]
fn reversed(samples: __m128i) -> __m128i {
    // SAFETY: SSE2 as above.
    unsafe {
        let swapped = _mm_shufflehi_epi16::<0b00_01_10_11>(_mm_shufflelo_epi16::<0b00_01_10_11>(samples));
        _mm_shuffle_epi32::<0b01_00_11_10>(swapped)
    }
}

#[inline(always)]
fn sum(lanes: __m128i) -> i32 {
    // SAFETY: SSE2 as above.
    unsafe {
        let two = _mm_add_epi32(lanes, _mm_unpackhi_epi64(lanes, lanes));
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<1>(two)))
    }
}

#[inline(always)]
fn energy(block: &[i16; BLOCK]) -> i32 {
    // SAFETY: SSE2 as above; the last of the loads ends with the block.
    unsafe {
        let square = |n: usize| {
            let half = _mm_srai_epi16::<1>(_mm_loadu_si128(block.as_ptr().add(8 * n).cast()));
            _mm_madd_epi16(half, half)
        };
        let even = _mm_add_epi32(_mm_add_epi32(square(0), square(2)), square(4));
        let odd = _mm_add_epi32(square(1), square(3));
        sum(_mm_add_epi32(_mm_srli_epi32::<4>(even), _mm_srli_epi32::<4>(odd)))
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn correlate_avx2(block: &[i16; BLOCK]) -> Correlation {
    let (sums, differences) = fold(block);
    let mut found =
        Correlation { gap: [gap(&sums, &COSINES), gap(&differences, &SINES)], ..Correlation::default() };
    for (folded, references, tones) in
        [(&sums, &COSINES, &mut found.cos), (&differences, &SINES, &mut found.sin)]
    {
        // SAFETY: the sums are one vector.
        unsafe { _mm256_storeu_si256(tones.as_mut_ptr().cast(), dots_avx2(folded, references)) };
    }
    found
}

/// The sums with one part of the references of all tones.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn dots_avx2(folded: &[__m128i; 3], references: &References) -> __m256i {
    let folded = folded.map(|samples| _mm256_broadcastsi128_si256(samples));
    let mut total = _mm256_setzero_si256();
    each_pair!(_mm256_shuffle_epi32, folded, |pair: usize, samples| {
        // SAFETY: the tones of a pair are one vector.
        let reference = unsafe { _mm256_loadu_si256(references.tones[pair].as_ptr().cast()) };
        total = _mm256_add_epi32(total, _mm256_madd_epi16(samples, reference));
    });
    total
}

/// Parts of the sum with one part of the gap's reference.
#[inline(always)]
pub(super) fn gap_parts(folded: &[__m128i; 3], references: &References) -> __m128i {
    // SAFETY: SSE2 as above; the reference is three vectors long.
    unsafe {
        let at = references.gap.as_ptr().cast::<__m128i>();
        let product = |n: usize| _mm_madd_epi16(folded[n], _mm_loadu_si128(at.add(n)));
        _mm_add_epi32(_mm_add_epi32(product(0), product(1)), product(2))
    }
}

/// Parts of the energy of a block.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn squares_avx2(block: &[i16; BLOCK]) -> __m256i {
    // SAFETY: 16, 16 and 8 samples are the block.
    let [first, second, third] = unsafe {
        let at = block.as_ptr();
        [
            _mm256_loadu_si256(at.cast()),
            _mm256_loadu_si256(at.add(16).cast()),
            _mm256_inserti128_si256::<0>(_mm256_setzero_si256(), _mm_loadu_si128(at.add(32).cast())),
        ]
    };
    let square = |samples: __m256i| {
        let half = _mm256_srai_epi16::<1>(samples);
        _mm256_madd_epi16(half, half)
    };
    _mm256_srli_epi32::<4>(_mm256_add_epi32(_mm256_add_epi32(square(first), square(second)), square(third)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn energy_avx2(block: &[i16; BLOCK]) -> i32 {
    let total = squares_avx2(block);
    sum(_mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256::<1>(total)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn magnitude_bits_avx2(samples: &[i16; 4 * BLOCK]) -> u16 {
    let mut bits = _mm256_setzero_si256();
    for sixteen in samples.as_chunks::<16>().0 {
        // SAFETY: sixteen samples.
        let sixteen = unsafe { _mm256_loadu_si256(sixteen.as_ptr().cast()) };
        bits = _mm256_or_si256(bits, _mm256_abs_epi16(sixteen));
    }
    let eight = _mm_or_si128(_mm256_castsi256_si128(bits), _mm256_extracti128_si256::<1>(bits));
    let four = _mm_or_si128(eight, _mm_unpackhi_epi64(eight, eight));
    let two = _mm_cvtsi128_si32(_mm_or_si128(four, _mm_shuffle_epi32::<1>(four)));
    (two | two >> 16) as u16
}

/// [`Pair::strongest`].
#[inline]
#[target_feature(enable = "avx2")]
fn strongest_avx2(newest: &Spectrum, one: &Spectrum, two: &Spectrum) -> (Pair, f32) {
    // SAFETY: eight numbers.
    let load = |tones: &[f32; TONES]| unsafe { _mm256_loadu_ps(tones.as_ptr()) };
    let (cos, sin) = (load(&TURN_COS), load(&TURN_SIN));
    let (re0, im0, re2, im2) = (load(&newest.re), load(&newest.im), load(&two.re), load(&two.im));
    let (common_re, common_im) = (_mm256_add_ps(re0, re2), _mm256_add_ps(im0, im2));
    let (other_re, other_im) = (_mm256_sub_ps(re2, re0), _mm256_sub_ps(im2, im0));
    let turned_re = _mm256_add_ps(_mm256_mul_ps(common_re, cos), _mm256_mul_ps(other_im, sin));
    let turned_im = _mm256_sub_ps(_mm256_mul_ps(common_im, cos), _mm256_mul_ps(other_re, sin));
    let (re, im) = (_mm256_add_ps(load(&one.re), turned_re), _mm256_add_ps(load(&one.im), turned_im));
    let powers = _mm256_add_ps(_mm256_mul_ps(re, re), _mm256_mul_ps(im, im));
    // The largest of each half in all of its lanes; the first that is as large is it.
    let most = _mm256_max_ps(powers, _mm256_permute_ps::<0b01_00_11_10>(powers));
    let most = _mm256_max_ps(most, _mm256_permute_ps::<0b10_11_00_01>(most));
    let is_most = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(powers, most)) as usize;
    let first = |half: usize| (half | 1 << (COLUMNS - 1)).trailing_zeros() as usize;
    let pair = Pair { low: first(is_most), high: COLUMNS + first(is_most >> COLUMNS) };
    let row = _mm_cvtss_f32(_mm256_castps256_ps128(most));
    let column = _mm_cvtss_f32(_mm256_extractf128_ps::<1>(most));
    (pair, (row + column) * (1.0 / 9.0))
}
