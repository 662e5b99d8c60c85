//! 64 bytes at a time. With the shuffles of AVX-512 one look-up tells all classes of a byte, and one test gives a whole mask.

use super::*;
use crate::masks::LANES;

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn search<S: Search>(search: S) -> S::Found {
    search.with(Looks {
        masks: |view: &_| masks(view),
        numbers: |view: &_| numbers(view),
        is_valid: |digits: &_, length| is_valid(digits, length),
        may_be_card: |run: &_, digits, known| may_be_card(run, digits, known),
        foreign: |view: &_| foreign(view),
        line_ends: |block: &_| line_ends(block),
        non_zero: |words: &_| non_zero(words),
    })
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
fn masks(view: &View) -> Masks {
    // What is looked at next is on its way meanwhile.
    _mm_prefetch::<_MM_HINT_T0>(view.as_ptr().wrapping_add(AHEAD).cast());
    let (bytes, front) = (load(&view[OWN..]), load(&view[FRONT..]));
    let foreign = _mm512_movepi8_mask(bytes);
    // The tables take all for ASCII.
    let class = _mm512_maskz_mov_epi8(!foreign, look_up(&tables::OF_BYTES, bytes));
    let pair = _mm512_and_si512(look_up(&tables::OF_LAST, bytes), look_up(&tables::OF_BEFORE_LAST, front));
    // Looking at top bits is no work for where the tables are looked up and bits are tested, which all wait for.
    const { assert!(tables::DIGITS == 1 << 7 && tables::SEPARATORS == 1) };
    Masks {
        digits: _mm512_movepi8_mask(class),
        separators: _mm512_movepi8_mask(_mm512_slli_epi16::<7>(class)),
        gaps: _mm512_test_epi8_mask(class, all(tables::GAPS)),
        labels: _mm512_test_epi8_mask(pair, all(tables::LABELS)) | foreign,
        escapes: _mm512_test_epi8_mask(pair, all(tables::ESCAPES)),
        foreign,
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
fn numbers(view: &View) -> Numbers {
    let bytes = load(&view[OWN..]);
    let ascii = !_mm512_movepi8_mask(bytes);
    let class = look_up(&tables::OF_BYTES, bytes);
    Numbers {
        digits: _mm512_mask_test_epi8_mask(ascii, class, all(tables::DIGITS)),
        separators: _mm512_mask_test_epi8_mask(ascii, class, all(tables::SEPARATORS)),
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
fn is_valid(digits: &[u8; 32], length: usize) -> bool {
    let wanted = u32::MAX << (digits.len() - length);
    // SAFETY: the array has 32 bytes, and loading needs no alignment.
    let digits = unsafe { _mm256_maskz_loadu_epi8(wanted, digits.as_ptr().cast()) };
    is_multiple_of_ten(digits, TWICE_AT_EVEN)
}

/// The shortest number that ends with a group is looked at; when others do too, it may be one of them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
fn may_be_card(run: &[u8; 32], digits: u32, known: u8) -> bool {
    let lengths = lengths_in_groups(digits, known);
    let length = MIN_DIGITS as u32 + lengths.trailing_zeros() % 8;
    // SAFETY: the array has 32 bytes, and loading needs no alignment.
    let run = unsafe { _mm256_loadu_si256(run.as_ptr().cast()) };
    let number = _mm256_maskz_compress_epi8(_pdep_u32((1 << length) - 1, digits), run);
    let twice = TWICE_AT_EVEN.rotate_left(u8::BITS * (length & 1));
    let lacks_check_digit = known & card_number::LACKS_CHECK_DIGIT != 0;
    let may_be =
        is_multiple_of_ten(number, twice) | lacks_check_digit | (lengths & lengths.wrapping_sub(1) != 0);
    may_be & (lengths != 0)
}

/// Whether digits, of which some count twice, add up to a multiple of ten. They look themselves up: without the bit
/// that leads to what they weigh once, so that it is what they weigh twice.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
fn is_multiple_of_ten(digits: __m256i, twice: u16) -> bool {
    // SAFETY: the array has 32 bytes, and loading needs no alignment.
    let weights = unsafe { _mm256_loadu_si256(WEIGHTS.as_ptr().cast()) };
    let places = _mm256_set1_epi16(twice.cast_signed());
    let weighed = _mm256_permutexvar_epi8(_mm256_and_si256(digits, places), weights);
    sum_of(weighed).is_multiple_of(10)
}

/// The bits of two digits, but for the one that leads to what the first of them weighs once: at an even place, every
/// second one from the last but one in 32 bytes, too.
const TWICE_AT_EVEN: u16 = u16::from_le_bytes([!0x10, !0]);

/// Twice each digit with its two digits added up; from 16 on, where ASCII digits are, the digit itself.
static WEIGHTS: [u8; 32] = *b"\x00\x02\x04\x06\x08\x01\x03\x05\x07\x09\0\0\0\0\0\0\
    \x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\0\0\0\0\0\0";

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
fn foreign(view: &View) -> u64 {
    let (bytes, front) = (load(&view[OWN..]), load(&view[FRONT..]));
    let pair = _mm512_and_si512(look_up(&tables::OF_FIRST, front), look_up(&tables::OF_SECOND, bytes));
    let foreign = _mm512_movepi8_mask(bytes) & _mm512_movepi8_mask(front);
    _mm512_mask_test_epi8_mask(foreign, pair, pair)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn line_ends(block: &[u8; BLOCK]) -> u64 {
    _mm512_cmpeq_epi8_mask(load(block), all(b'\n'))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn non_zero(words: &[u64; LANES]) -> u8 {
    // SAFETY: 64 bytes are there, and loading needs no alignment.
    let words = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
    _mm512_test_epi64_mask(words, words)
}

/// What a table says of the lower seven bits of each byte.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn look_up(table: &Whole, bytes: __m512i) -> __m512i {
    _mm512_permutex2var_epi8(load(&table.0[..BLOCK]), bytes, load(&table.0[BLOCK..]))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(bytes: &[u8]) -> __m512i {
    let bytes = &bytes[..BLOCK];
    // SAFETY: 64 bytes are there, and loading needs no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn all(byte: u8) -> __m512i {
    _mm512_set1_epi8(byte.cast_signed())
}
