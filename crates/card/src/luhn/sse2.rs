//! The sum of the weights in 128-bit registers, for x86-64.
//!
//! About twice as fast as the two words of `words`, which is its twin for every other processor: the bench `card`
//! shows it, a test holds the two against each other. The one file of the crate with `unsafe` in it.
#![allow(unsafe_code, reason = "calling functions that want SSE2, which every x86-64 processor has")]

use core::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_add_epi64, _mm_and_si128, _mm_cmpgt_epi8, _mm_cvtsi128_si32, _mm_load_si128,
    _mm_loadl_epi64, _mm_loadu_si128, _mm_or_si128, _mm_sad_epu8, _mm_set1_epi8, _mm_setzero_si128,
    _mm_sub_epi8, _mm_unpackhi_epi64, _mm_unpacklo_epi64, _mm_xor_si128,
};

/// The most that digits come to; more says that something is not a digit.
pub(super) const MOST: u32 = 8 * (19 + 9);

/// The sum for 12 to 19 digits, give or take a multiple of ten; nothing for any other number of them.
#[inline]
pub(super) fn sum(digits: &[u8]) -> Option<u32> {
    if let Ok(digits) = digits.try_into() {
        return Some(sum_of_16(digits));
    }
    let masks = MASKS.get(digits.len().wrapping_sub(12))?;
    let (first, last) = (digits.first_chunk()?, digits.last_chunk()?);
    // SAFETY: SSE2 is part of x86-64; no processor of this architecture is without it.
    unsafe {
        let ends = both(first, last);
        let Some(last) = digits.last_chunk() else {
            return Some(sum_up(weigh::<1>(ends, masks), not_digits(ends)));
        };
        let last = sixteen(last);
        let weights = _mm_add_epi8(weigh::<1>(ends, masks), weigh::<-9>(last, &ALL));
        Some(sum_up(weights, _mm_or_si128(not_digits(ends), not_digits(last))))
    }
}

/// The usual length.
#[inline]
fn sum_of_16(digits: &[u8; 16]) -> u32 {
    // SAFETY: as above.
    unsafe {
        let digits = sixteen(digits);
        sum_up(weigh::<1>(digits, &ALL), not_digits(digits))
    }
}

/// Which bytes count, and which of them twice.
#[repr(C, align(16))]
struct Masks {
    counted: [u8; 16],
    doubled: [u8; 16],
}

/// Sixteen digits: the first and every second one after it are doubled.
static ALL: Masks = Masks::new(16);

/// For 12 to 19 digits: the first eight and the last eight, without those that are counted elsewhere.
static MASKS: [Masks; 8] = {
    let mut masks = [const { Masks::new(16) }; 8];
    let mut length = 12;
    while length <= 19 {
        masks[length - 12] = Masks::new(length);
        length += 1;
    }
    masks
};

impl Masks {
    /// For the first eight and the last eight of so many digits. The last sixteen count elsewhere where there are more.
    const fn new(length: usize) -> Self {
        let (mut masks, mut lane) = (Self { counted: [0; 16], doubled: [0; 16] }, 0);
        while lane < 16 {
            let from_the_right = if lane < 8 { length - 1 - lane } else { 15 - lane };
            let counts = match lane {
                0..8 => from_the_right >= if length > 16 { 16 } else { 8 },
                _ => length <= 16,
            };
            // What is left of an ASCII digit is its value.
            masks.counted[lane] = if counts { 0x0F } else { 0 };
            masks.doubled[lane] = if counts && from_the_right % 2 == 1 { 0x0F } else { 0 };
            lane += 1;
        }
        masks
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn sixteen(digits: &[u8; 16]) -> __m128i {
    // SAFETY: sixteen bytes are read of sixteen.
    unsafe { _mm_loadu_si128(digits.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn both(first: &[u8; 8], last: &[u8; 8]) -> __m128i {
    // SAFETY: eight bytes are read of eight.
    unsafe {
        _mm_unpacklo_epi64(_mm_loadl_epi64(first.as_ptr().cast()), _mm_loadl_epi64(last.as_ptr().cast()))
    }
}

/// The weight of every digit that counts: itself, or its double with `TENS` added where that is above nine. -9 makes it
/// a digit as the formula has it, 1 is the same but for a multiple of ten and takes one step less.
#[inline]
#[target_feature(enable = "sse2")]
fn weigh<const TENS: i8>(ascii: __m128i, masks: &Masks) -> __m128i {
    // SAFETY: `Masks` is aligned to sixteen bytes, and so is each of its fields.
    let (counted, doubled) = unsafe {
        (_mm_load_si128(masks.counted.as_ptr().cast()), _mm_load_si128(masks.doubled.as_ptr().cast()))
    };
    let (once, again) = (_mm_and_si128(ascii, counted), _mm_and_si128(ascii, doubled));
    let is_above = _mm_cmpgt_epi8(again, _mm_set1_epi8(4));
    // What compares is -1 in every byte.
    _mm_sub_epi8(_mm_add_epi8(once, again), _mm_and_si128(is_above, _mm_set1_epi8(-TENS)))
}

/// All bits of every byte that is not an ASCII digit.
#[inline]
#[target_feature(enable = "sse2")]
fn not_digits(ascii: __m128i) -> __m128i {
    // Signed, the digits become the ten least values.
    let flipped = _mm_xor_si128(ascii, _mm_set1_epi8((b'0' | 0x80) as i8));
    _mm_cmpgt_epi8(flipped, _mm_set1_epi8(i8::MIN + 9))
}

/// The sum of the weights; one that is not a digit's weighs 255, more than digits come to.
#[inline]
#[target_feature(enable = "sse2")]
fn sum_up(weights: __m128i, not_digits: __m128i) -> u32 {
    let halves = _mm_sad_epu8(_mm_or_si128(weights, not_digits), _mm_setzero_si128());
    _mm_cvtsi128_si32(_mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves))) as u32
}
