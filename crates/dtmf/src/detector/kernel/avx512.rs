//! The arithmetic with the 512-bit registers of x86-64 processors since Ice Lake and Zen 4, which keep their
//! clock when these are used: what belongs to cosines is in the lower half of a vector, what belongs to sines
//! in the upper one. The bench `dtmf` shows what it is worth; the plain code of `portable` and `block` is the
//! twin that tests hold it against.
#![allow(unsafe_code, reason = "vector registers are loaded from arrays; AVX-512 is used where it was found")]

use core::arch::x86_64::{
    __cpuid_count, __m128i, __m256, __m512, __m512i, _CMP_EQ_OQ, _mm_add_epi32, _mm_add_ps, _mm_add_ss,
    _mm_cvtepi32_ps, _mm_cvtsi128_si32, _mm_cvtss_f32, _mm_extract_epi32, _mm_movehdup_ps, _mm_movehl_ps,
    _mm_mul_ps, _mm_unpackhi_epi64, _mm256_add_epi32, _mm256_add_ps, _mm256_castpd_ps,
    _mm256_castps256_ps128, _mm256_castsi256_si128, _mm256_cmp_ps_mask, _mm256_cvtss_f32,
    _mm256_extractf128_ps, _mm256_extracti128_si256, _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps,
    _mm256_permute_ps, _mm512_add_epi16, _mm512_add_epi32, _mm512_add_ps, _mm512_castps_pd,
    _mm512_castps512_ps256, _mm512_castsi512_si256, _mm512_cvtepi32_ps, _mm512_extractf64x4_pd,
    _mm512_extracti64x4_epi64, _mm512_load_ps, _mm512_load_si512, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_madd_epi16, _mm512_mul_ps, _mm512_permutexvar_epi16, _mm512_permutexvar_epi32, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_shuffle_f32x4, _mm512_srai_epi16, _mm512_store_si512, _mm512_storeu_ps,
    _mm512_sub_epi16, _mm512_sub_ps, _mm512_unpackhi_epi32, _mm512_unpacklo_epi32,
};

use core::sync::atomic::{AtomicU8, Ordering};

use super::super::block::{BAND_WEIGHTS, GAP_WEIGHT, Gate, Pair, Spectrum};
use super::super::measure::WINDOW;
use super::abreast::{self, Gates, LANES, Lanes, Moment, Spectra, Verdicts};
use super::abreast512;
use super::ahead::{self, Ahead};
use super::ahead512;
use super::{
    BLOCK, COLUMNS, FOLDED, GAP_HZ, Kernel, PAIRS, TONE_HZ, TONES, WithKernel, block_rotation, reference,
};

cpufeatures::new!(avx512, "avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vbmi2");

/// 512 bits at a time; also the knowledge that this processor can.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        (avx512::get() && has_vnni()).then_some(Self(()))
    }
}

/// Whether there is AVX-512 VNNI, on a processor that has AVX-512. Asked once: a virtual machine takes long to
/// answer.
fn has_vnni() -> bool {
    const UNKNOWN: u8 = 2;
    static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);
    let answer = ANSWER.load(Ordering::Relaxed);
    if answer != UNKNOWN {
        return answer == 1;
    }
    let is_there = __cpuid_count(7, 0).ecx >> 11 & 1 == 1;
    ANSWER.store(is_there.into(), Ordering::Relaxed);
    is_there
}

impl Kernel for Avx512 {
    type Sixteen = super::sixteen512::Vector;

    /// Does something that the compiler may use AVX-512 for.
    #[inline(always)]
    fn with<T: WithKernel>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
        fn run<T: WithKernel>(task: T, avx512: Avx512) -> T::Output {
            task.run(avx512)
        }
        // SAFETY: `self` says that there is AVX-512.
        unsafe { run(task, self) }
    }

    #[inline(always)]
    fn look(self, block: &[i16; BLOCK], spectrum: &mut Spectrum) {
        // SAFETY: `self` says that there is AVX-512.
        unsafe { look(block, spectrum) }
    }

    #[inline(always)]
    fn energy(self, block: &[i16; BLOCK]) -> i32 {
        // SAFETY: as above.
        unsafe { energy(block) }
    }

    #[inline(always)]
    fn look_ahead(self, blocks: &[[i16; BLOCK]], gate: &Gate) -> Ahead {
        match blocks.first_chunk() {
            // SAFETY: as above.
            Some(blocks) => unsafe { ahead512::look_ahead(blocks, gate) },
            None => ahead::look_ahead(self, blocks, gate),
        }
    }

    #[inline(always)]
    fn strongest(self, newest: &Spectrum, one: &Spectrum, two: &Spectrum) -> (Pair, f32) {
        // SAFETY: as above.
        unsafe { strongest(newest, one, two) }
    }

    const IS_FASTER_ABREAST: bool = true;

    #[inline(always)]
    fn look_abreast(self, blocks: &[&[i16; BLOCK]; LANES], _active: u16, moment: &mut Moment) {
        // SAFETY: as above.
        unsafe { abreast512::look(blocks, moment) }
    }

    #[inline(always)]
    fn verdicts(self, spectra: &Spectra, gates: &Gates) -> Verdicts {
        // SAFETY: as above.
        unsafe { abreast512::verdicts(spectra, gates) }
    }

    #[inline(always)]
    fn strongest_abreast(self, blocks: [&Spectra; 3], heard: u16, pairs: &mut abreast::Pairs) -> u16 {
        // SAFETY: as above.
        unsafe { abreast512::strongest(blocks, heard, pairs) }
    }

    #[inline(always)]
    fn alike_abreast(
        self,
        spectra: &Spectra,
        pairs: &abreast::Pairs,
        floors: &Lanes<f32>,
        asked: u16,
    ) -> u16 {
        // SAFETY: as above.
        unsafe { asked & abreast512::alike(spectra, pairs, floors) }
    }

    #[inline(always)]
    fn promising_abreast(self, recent: [&Moment; WINDOW], wide: u16, asked: u16) -> u16 {
        // SAFETY: as above.
        unsafe { abreast512::promising(recent, wide, asked) }
    }
}

/// The sums with the tones, cosines before sines turned over, and those with the gap's references, the first
/// two.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn sums(block: &[i16; BLOCK]) -> (__m512i, __m128i) {
    let folded = fold(block);
    // Out of memory a pair comes in all places of a register without a shuffle; the compiler knows better ways
    // that are worse.
    let pairs = core::hint::black_box(Pairs([Words::store(folded[0]), Words::store(folded[1])]));
    let mut tones = [_mm512_setzero_si512(); 2];
    for (pair, references) in REFERENCES.iter().enumerate() {
        let product = _mm512_madd_epi16(pairs.everywhere(pair), references.load());
        tones[pair % 2] = _mm512_add_epi32(tones[pair % 2], product);
    }
    let tones = _mm512_permutexvar_epi32(COSINES_FIRST.load(), _mm512_add_epi32(tones[0], tones[1]));
    let products = [0, 1].map(|n| _mm512_madd_epi16(folded[n], GAP[n].load()));
    let eight = _mm512_add_epi32(products[0], products[1]);
    let four = _mm256_add_epi32(_mm512_castsi512_si256(eight), _mm512_extracti64x4_epi64::<1>(eight));
    let two = _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256::<1>(four));
    (tones, _mm_add_epi32(two, _mm_unpackhi_epi64(two, two)))
}

/// The sum and the difference of half of every sample and half of its mirror image: a pair of sums and the pair of
/// differences in turn, in the order of [`Pairs`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn fold(block: &[i16; BLOCK]) -> [__m512i; 2] {
    // SAFETY: the first and the last 32 samples of a block of 40.
    let (front, back) = unsafe {
        (_mm512_loadu_si512(block.as_ptr().cast()), _mm512_loadu_si512(block.as_ptr().add(BLOCK - 32).cast()))
    };
    let front = _mm512_srai_epi16::<1>(front);
    let back = _mm512_permutexvar_epi16(REVERSED.load(), _mm512_srai_epi16::<1>(back));
    let (sums, differences) = (_mm512_add_epi16(front, back), _mm512_sub_epi16(front, back));
    [_mm512_unpacklo_epi32(sums, differences), _mm512_unpackhi_epi32(sums, differences)]
}

// Inlined, the tables would be copied to the stack first.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn look(block: &[i16; BLOCK], spectrum: &mut Spectrum) {
    let (tones, gap) = sums(block);
    let pointers = _mm512_cvtepi32_ps(tones);
    let power = halves_added(_mm512_mul_ps(pointers, pointers));
    let gap = _mm_cvtepi32_ps(gap);
    let gap = _mm_mul_ps(gap, gap);
    let gap = _mm_cvtss_f32(_mm_add_ss(gap, _mm_movehdup_ps(gap))) * GAP_WEIGHT;
    // SAFETY: eight weights.
    let weighted = _mm256_mul_ps(power, unsafe { _mm256_loadu_ps(BAND_WEIGHTS.as_ptr()) });
    let four = _mm_add_ps(_mm256_castps256_ps128(weighted), _mm256_extractf128_ps::<1>(weighted));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    let one = _mm_add_ps(two, _mm_movehdup_ps(two));
    let most = largest(power);
    spectrum.band = _mm_cvtss_f32(one) + gap;
    spectrum.row = _mm256_cvtss_f32(most);
    spectrum.column = _mm_cvtss_f32(_mm256_extractf128_ps::<1>(most));
    // SAFETY: the pointers are the first 64 bytes of a spectrum.
    unsafe { _mm512_storeu_ps(core::ptr::from_mut(spectrum).cast(), pointers) };
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn energy(block: &[i16; BLOCK]) -> i32 {
    let total = ahead512::squares(block);
    let four = _mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256::<1>(total));
    let two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
    _mm_cvtsi128_si32(two) + _mm_extract_epi32::<1>(two)
}

#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn strongest(newest: &Spectrum, one: &Spectrum, two: &Spectrum) -> (Pair, f32) {
    // SAFETY: the pointers are the first 64 bytes of a spectrum.
    let [newest, one, two] =
        [newest, one, two].map(|spectrum| unsafe { _mm512_loadu_ps(core::ptr::from_ref(spectrum).cast()) });
    let (common, other) = (_mm512_add_ps(newest, two), _mm512_sub_ps(two, newest));
    let swapped = _mm512_shuffle_f32x4::<0b01_00_11_10>(other, other);
    let [cos, sin] = &TURNS;
    let turned = _mm512_add_ps(_mm512_mul_ps(common, cos.load()), _mm512_mul_ps(swapped, sin.load()));
    let sum = _mm512_add_ps(one, turned);
    let power = halves_added(_mm512_mul_ps(sum, sum));
    let most = largest(power);
    let is_most = u32::from(_mm256_cmp_ps_mask::<_CMP_EQ_OQ>(power, most));
    // The first of the largest; there is one in each group of four.
    let first = |mask: u32| (mask | 0b1000).trailing_zeros() as usize;
    let pair = Pair { low: first(is_most), high: COLUMNS + first(is_most >> COLUMNS) };
    let (row, column) = (_mm256_cvtss_f32(most), _mm_cvtss_f32(_mm256_extractf128_ps::<1>(most)));
    (pair, (row + column) * (1.0 / 9.0))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn halves_added(vector: __m512) -> __m256 {
    let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(vector)));
    _mm256_add_ps(_mm512_castps512_ps256(vector), upper)
}

/// The largest of every four, four times.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn largest(power: __m256) -> __m256 {
    let two = _mm256_max_ps(power, _mm256_permute_ps::<0b01_00_11_10>(power));
    _mm256_max_ps(two, _mm256_permute_ps::<0b10_11_00_01>(two))
}

/// A constant in the shape of a register.
#[repr(C, align(64))]
pub(super) struct Words(pub(super) [i16; 32]);

#[repr(C, align(64))]
pub(super) struct Floats(pub(super) [f32; 16]);

impl Words {
    /// Sixteen numbers of 32 bits.
    pub(super) const fn numbers(numbers: [i16; 16]) -> Self {
        let mut words = [0; 32];
        let mut n = 0;
        while n < 16 {
            words[2 * n] = numbers[n];
            n += 1;
        }
        Self(words)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn store(vector: __m512i) -> Self {
        let mut words = Self([0; 32]);
        // SAFETY: 64 bytes, aligned.
        unsafe { _mm512_store_si512(core::ptr::from_mut(&mut words).cast(), vector) };
        words
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn load(&self) -> __m512i {
        // SAFETY: 64 bytes, aligned.
        unsafe { _mm512_load_si512(core::ptr::from_ref(self).cast()) }
    }
}

/// Pairs of samples: of every four the first two in the first vector, the others in the second.
#[repr(C, align(64))]
pub(super) struct Pairs(pub(super) [Words; 2]);

impl Pairs {
    /// Where a pair is, in pairs of sums or differences.
    const fn place(pair: usize) -> (usize, usize) {
        (pair / 2 % 2, 2 * (2 * (pair / 4) + pair % 2))
    }

    /// The sums and the differences of a pair in all places.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn everywhere(&self, pair: usize) -> __m512i {
        let (vector, place) = Self::place(pair);
        let words = &self.0[vector].0;
        let at = |n: usize| i64::from(words[2 * place + n].cast_unsigned()) << (16 * n);
        _mm512_set1_epi64(at(0) | at(1) | at(2) | at(3))
    }
}

impl Floats {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn load(&self) -> __m512 {
        // SAFETY: 64 bytes, aligned.
        unsafe { _mm512_load_ps(self.0.as_ptr()) }
    }
}

/// By pair of samples: for every tone its cosines, which meet the sums, and its sines turned over, which meet the
/// differences.
pub(super) static REFERENCES: [Words; PAIRS] = {
    let mut table = [const { Words([0; 32]) }; PAIRS];
    let mut n = 0;
    while n < FOLDED {
        let mut k = 0;
        while k < TONES {
            table[n / 2].0[4 * k + n % 2] = reference(TONE_HZ[k], n, 0.25);
            table[n / 2].0[4 * k + 2 + n % 2] = -reference(TONE_HZ[k], n, 0.0);
            k += 1;
        }
        n += 1;
    }
    table
};

/// The same of the gap, in the order of [`Pairs`].
pub(super) static GAP: [Words; 2] = {
    let mut table = [const { Words([0; 32]) }; 2];
    let mut n = 0;
    while n < FOLDED {
        let (vector, place) = Pairs::place(n / 2);
        table[vector].0[2 * place + n % 2] = reference(GAP_HZ, n, 0.25);
        table[vector].0[2 * place + 2 + n % 2] = reference(GAP_HZ, n, 0.0);
        n += 1;
    }
    table
};

/// Where the cosines of all tones are among the sums, then where the sines are: numbers of 32 bits.
pub(super) static COSINES_FIRST: Words = {
    let mut table = [0; 32];
    let mut k = 0;
    while k < TONES {
        table[2 * k] = 2 * k as i16;
        table[2 * (TONES + k)] = 2 * k as i16 + 1;
        k += 1;
    }
    Words(table)
};

/// The numbers of the words, the last first.
static REVERSED: Words = {
    let mut table = [0; 32];
    let mut n = 0;
    while n < 32 {
        table[n] = 31 - n as i16;
        n += 1;
    }
    Words(table)
};

/// By how much every tone turns in a block: cosines, and sines with opposite signs for the halves.
static TURNS: [Floats; 2] = {
    let mut table = [const { Floats([0.0; 16]) }; 2];
    let mut k = 0;
    while k < TONES {
        let (cos, sin) = block_rotation(k, 1);
        (table[0].0[k], table[0].0[k + TONES]) = (cos, cos);
        (table[1].0[k], table[1].0[k + TONES]) = (sin, -sin);
        k += 1;
    }
    table
};
