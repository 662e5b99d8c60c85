//! The sum of the weights in a 128-bit register, for x86-64.
//!
//! Nearly twice as fast as the two words of `words`, which is its twin for every other processor: the bench `card`
//! shows it, a test holds the two against each other. The one file of the crate with `unsafe` in it.
#![allow(unsafe_code, reason = "calling functions that want SSE2, which every x86-64 processor has")]

use core::arch::asm;
use core::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_add_epi64, _mm_and_si128, _mm_cmpgt_epi8, _mm_cvtsi128_si32, _mm_load_si128,
    _mm_sad_epu8, _mm_set1_epi8, _mm_sub_epi8, _mm_unpackhi_epi64, _mm_xor_si128,
};

use super::UNTOLD;

/// The sum for 12 to 19 digits, give or take a multiple of ten. From [`UNTOLD`] on it says nothing.
#[inline]
pub(super) fn sum(digits: &[u8]) -> u32 {
    if let Some(sum) = sum_to_sixteen(digits) {
        return sum;
    }
    match digits.len() {
        17 => sum_of_seventeen(digits),
        18 => sum_of_more(digits, |head| (head.wrapping_mul(0x0201_0000) >> 24) + carry(head, 0)),
        19 => sum_of_more(digits, |head| (head.wrapping_mul(0x0102_0100) >> 24) + carry(head, 8)),
        _ => UNTOLD,
    }
}

/// The same for 12 to 16 digits, `None` for more or fewer.
#[inline]
pub(super) fn sum_to_sixteen(digits: &[u8]) -> Option<u32> {
    // One after the other: the usual length goes on after one comparison.
    if digits.len() == 16 {
        return Some(sum_of_ends::<16>(digits, &MASKS[4]));
    }
    MASKS.get(digits.len().wrapping_sub(12)).map(|masks| sum_of_ends::<8>(digits, masks))
}

/// The last sixteen digits, and the one before them.
#[inline]
fn sum_of_seventeen(digits: &[u8]) -> u32 {
    let (Some(first), Some(last)) = (digits.first(), digits.last_chunk::<16>()) else { return UNTOLD };
    let first = first.wrapping_sub(b'0');
    // What says nothing is not less with one more digit.
    if first > 9 { UNTOLD } else { sum_of_ends::<16>(last, &MASKS[4]) + u32::from(first) }
}

/// The last sixteen digits, and before them a head whose digits `weigh` adds up; it gets four, the leftmost lowest.
#[inline]
fn sum_of_more(digits: &[u8], weigh: impl Fn(u32) -> u32) -> u32 {
    let (Some(head), Some(last)) = (digits.first_chunk(), digits.last_chunk::<16>()) else {
        return UNTOLD;
    };
    let head = u32::from_le_bytes(*head) ^ 0x3030_3030;
    // Adding 118 takes what is above nine to the top bit of its byte.
    let above_nine = (head | head.wrapping_add(0x7676_7676)) & 0x8080_8080;
    if above_nine != 0 { UNTOLD } else { sum_of_ends::<16>(last, &MASKS[4]) + weigh(head) }
}

/// One where the digit so many bits up is doubled to ten or more.
#[inline]
const fn carry(digits: u32, bits_up: u32) -> u32 {
    (digits.wrapping_add(0x7B << bits_up) >> (bits_up + 7)) & 1
}

/// The first and the last `N` digits, side by side in one register, of which those count that `masks` says.
#[inline]
fn sum_of_ends<const N: usize>(digits: &[u8], masks: &Masks) -> u32 {
    assert!(digits.len() >= N);
    let (first, last) = (digits.as_ptr(), digits[digits.len() - N..].as_ptr());
    // SAFETY: every processor of this architecture has SSE2. Of `N` bytes as many are read, sixteen or eight and
    // eight; the masks are aligned to sixteen bytes, each of them is sixteen bytes long.
    unsafe {
        let ascii = if N == 16 { load(last) } else { load_halves(first, last) };
        let counted = _mm_load_si128(masks.counted.as_ptr().cast());
        let doubled = _mm_load_si128(masks.doubled.as_ptr().cast());
        sum_of_weights(ascii, counted, doubled)
    }
}

/// Loads sixteen bytes, in assembly: the compiler must not know what the register holds. It would read single digits
/// out of it again where a caller looks at them, and on the way there write all of them to the stack.
///
/// # Safety
///
/// Sixteen bytes can be read.
#[inline(always)]
unsafe fn load(bytes: *const u8) -> __m128i {
    let loaded;
    // SAFETY: the caller vouches for the bytes; nothing else is touched.
    unsafe {
        asm!(
            "movdqu {loaded}, xmmword ptr [{bytes}]",
            bytes = in(reg) bytes,
            loaded = lateout(xmm_reg) loaded,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    loaded
}

/// Loads eight bytes and eight more the same way.
///
/// # Safety
///
/// Eight bytes can be read from each.
#[inline(always)]
unsafe fn load_halves(low: *const u8, high: *const u8) -> __m128i {
    let loaded;
    // SAFETY: the caller vouches for the bytes; nothing else is touched.
    unsafe {
        asm!(
            "movq {loaded}, qword ptr [{low}]",
            "movhps {loaded}, qword ptr [{high}]",
            low = in(reg) low,
            high = in(reg) high,
            loaded = out(xmm_reg) loaded,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    loaded
}

/// One that is not a digit comes to 224 at least: its weight is 31 at most and is subtracted from 255.
#[inline]
#[target_feature(enable = "sse2")]
fn sum_of_weights(ascii: __m128i, counted: __m128i, doubled: __m128i) -> u32 {
    let (once, again) = (_mm_and_si128(ascii, counted), _mm_and_si128(ascii, doubled));
    // Nine is subtracted from a double above nine, which modulo ten is adding one; comparing gives -1.
    let carries = _mm_cmpgt_epi8(again, _mm_set1_epi8(4));
    let weights = _mm_sub_epi8(_mm_add_epi8(once, again), carries);
    let halves = _mm_sad_epu8(weights, not_digits(ascii));
    _mm_cvtsi128_si32(_mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves))) as u32
}

/// All bits of every byte that is not an ASCII digit.
#[inline]
#[target_feature(enable = "sse2")]
fn not_digits(ascii: __m128i) -> __m128i {
    // Signed, the digits become the ten least values.
    let flipped = _mm_xor_si128(ascii, _mm_set1_epi8((b'0' | 0x80) as i8));
    _mm_cmpgt_epi8(flipped, _mm_set1_epi8(i8::MIN + 9))
}

/// Which bytes count, and which of them twice: what is left of an ASCII digit is its value.
#[repr(C, align(16))]
struct Masks {
    counted: [u8; 16],
    doubled: [u8; 16],
}

/// For 12 to 16 digits: the first eight and the last eight, each digit counted in one place.
static MASKS: [Masks; 5] = [Masks::new(12), Masks::new(13), Masks::new(14), Masks::new(15), Masks::new(16)];

impl Masks {
    const fn new(length: usize) -> Self {
        let (mut masks, mut lane) = (Self { counted: [0; 16], doubled: [0; 16] }, 0);
        while lane < 16 {
            let from_the_right = if lane < 8 { length - 1 - lane } else { 15 - lane };
            if lane >= 8 || from_the_right >= 8 {
                masks.counted[lane] = 0x0F;
                masks.doubled[lane] = if from_the_right % 2 == 1 { 0x0F } else { 0 };
            }
            lane += 1;
        }
        masks
    }
}
