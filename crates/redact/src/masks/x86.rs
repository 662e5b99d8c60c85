//! The masks with the vector registers of x86-64: 16 bytes at a time with SSE2, which all of these processors
//! have, 32 with AVX2 or 64 with AVX-512, which are looked for at run time. The whole search is compiled for each,
//! so that nothing stands between the masks and what is done with them.
//!
//! Several times as fast as the words of `portable`, the twin for every other processor; a test holds all four
//! against each other, and the bench `redact` shows what it is worth. The one file of the crate with `unsafe` in
//! it.
#![allow(
    unsafe_code,
    reason = "calling functions that want vector registers where these are known to be there"
)]

use core::arch::x86_64::*;

#[cfg(feature = "std")]
use super::tables::{self, Halves, Whole};
use super::{BLOCK, Looks, Masks, Numbers, Search, View, is_valid, may_be_card, non_zero};

#[inline]
pub(super) fn search<S: Search>(search: S) -> S::Found {
    #[cfg(feature = "std")]
    if has_avx512() {
        // SAFETY: the processor has what the function wants, as was just asked.
        return unsafe { avx512::search(search) };
    } else if has_avx2() {
        // SAFETY: the processor has what the function wants, as was just asked.
        return unsafe { avx2::search(search) };
    }
    with_sse2(search)
}

#[inline]
pub(super) fn with_sse2<S: Search>(search: S) -> S::Found {
    // SAFETY: this file is compiled only for processors that have SSE2.
    unsafe { sse2::search(search) }
}

/// `None` where the processor has no AVX2.
#[cfg(all(test, feature = "std"))]
pub(super) fn with_avx2<S: Search>(search: S) -> Option<S::Found> {
    // SAFETY: the processor has what the function wants, as was just asked.
    has_avx2().then(|| unsafe { avx2::search(search) })
}

/// `None` where the processor has no AVX-512.
#[cfg(all(test, feature = "std"))]
pub(super) fn with_avx512<S: Search>(search: S) -> Option<S::Found> {
    // SAFETY: the processor has what the function wants, as was just asked.
    has_avx512().then(|| unsafe { avx512::search(search) })
}

#[cfg(feature = "std")]
#[inline]
fn has_avx512() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx512f")
        && has!("avx512bw")
        && has!("avx512vl")
        && has!("avx512vbmi")
        && has!("avx512vbmi2")
        && has_avx2()
}

/// All processors with AVX2 have the others too; a virtual one may not.
#[cfg(feature = "std")]
#[inline]
fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")
}

/// The second half of the bytes of a view are its block, the first are those in front of each.
const OWN: usize = 1;
const FRONT: usize = 0;

/// Without a shuffle, labels and escapes are told by single bytes.
mod sse2 {
    use super::*;

    #[target_feature(enable = "sse2")]
    pub(super) fn search<S: Search>(search: S) -> S::Found {
        search.with(Looks {
            masks: |view: &_| masks(view),
            numbers: |view: &_| numbers(view),
            is_valid,
            may_be_card,
            foreign: |view: &_| foreign(view),
            line_ends: |block: &_| line_ends(block),
            non_zero,
        })
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn masks(view: &View) -> Masks {
        let Numbers { digits, separators } = numbers(view);
        let mut masks = Masks { digits, separators, ..Masks::default() };
        let mut letters = 0;
        for lane in 0..BLOCK / 16 {
            let (bytes, front) = (load(&view[OWN..], lane), load(&view[FRONT..], lane));
            let escapes = _mm_or_si128(within(front, b'%', b'&'), is(front, b'\\'));
            letters |= bits(within(_mm_or_si128(bytes, all(0x20)), b'a', b'z'), lane);
            masks.labels |= bits(is(bytes, b';'), lane);
            masks.escapes |= bits(escapes, lane);
            masks.foreign |= bits(bytes, lane);
        }
        masks.labels |= digits | letters | masks.foreign;
        masks.gaps = !masks.labels;
        masks
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn numbers(view: &View) -> Numbers {
        let mut numbers = Numbers::default();
        for lane in 0..BLOCK / 16 {
            let bytes = load(&view[OWN..], lane);
            let marks = within(bytes, b'+', b'.');
            let marks = _mm_andnot_si128(is(bytes, b','), marks);
            numbers.digits |= bits(within(bytes, b'0', b'9'), lane);
            numbers.separators |= bits(_mm_or_si128(is(bytes, b' '), marks), lane);
        }
        numbers
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn foreign(view: &View) -> u64 {
        (0..BLOCK / 16)
            .fold(0, |mask, lane| mask | bits(within(load(&view[FRONT..], lane), 0xC0, 0xFF), lane))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn line_ends(block: &[u8; BLOCK]) -> u64 {
        (0..BLOCK / 16).fold(0, |mask, lane| mask | bits(is(load(block, lane), b'\n'), lane))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(bytes: &[u8], lane: usize) -> __m128i {
        let (lanes, _) = bytes.as_chunks::<16>();
        // SAFETY: that many bytes are there, and loading needs no alignment.
        unsafe { _mm_loadu_si128(lanes[lane].as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn all(byte: u8) -> __m128i {
        _mm_set1_epi8(byte.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn is(bytes: __m128i, byte: u8) -> __m128i {
        _mm_cmpeq_epi8(bytes, all(byte))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn within(bytes: __m128i, first: u8, last: u8) -> __m128i {
        let value = _mm_sub_epi8(bytes, all(first));
        _mm_cmpeq_epi8(_mm_min_epu8(value, all(last - first)), value)
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn bits(found: __m128i, lane: usize) -> u64 {
        u64::from(_mm_movemask_epi8(found).cast_unsigned()) << (lane * 16)
    }
}

/// Bytes of a page.
#[cfg(feature = "std")]
const AHEAD: usize = 4096;

#[cfg(feature = "std")]
mod avx2 {
    use super::*;

    const LANE: usize = size_of::<__m256i>();

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn search<S: Search>(search: S) -> S::Found {
        search.with(Looks {
            masks: |view: &_| masks(view),
            numbers: |view: &_| numbers(view),
            is_valid,
            may_be_card,
            foreign: |view: &_| foreign(view),
            line_ends: |block: &_| line_ends(block),
            non_zero,
        })
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn masks(view: &View) -> Masks {
        // What is looked at next is on its way meanwhile.
        _mm_prefetch::<_MM_HINT_T0>(view.as_ptr().wrapping_add(AHEAD).cast());
        let mut masks = Masks::default();
        for lane in 0..BLOCK / LANE {
            let (bytes, front) = (load(&view[OWN..], lane), load(&view[FRONT..], lane));
            let class = look_up(&tables::BYTES, bytes);
            let pair = _mm256_and_si256(look_up(&tables::LAST, bytes), look_up(&tables::BEFORE_LAST, front));
            let foreign = u64::from(_mm256_movemask_epi8(bytes).cast_unsigned());
            masks.digits |= any(class, tables::DIGITS) << (lane * LANE);
            masks.separators |= any(class, tables::SEPARATORS) << (lane * LANE);
            masks.gaps |= any(class, tables::GAPS) << (lane * LANE);
            masks.labels |= (any(pair, tables::LABELS) | foreign) << (lane * LANE);
            masks.escapes |= any(pair, tables::ESCAPES) << (lane * LANE);
            masks.foreign |= foreign << (lane * LANE);
        }
        masks
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn numbers(view: &View) -> Numbers {
        let mut numbers = Numbers::default();
        for lane in 0..BLOCK / LANE {
            let class = look_up(&tables::BYTES, load(&view[OWN..], lane));
            numbers.digits |= any(class, tables::DIGITS) << (lane * LANE);
            numbers.separators |= any(class, tables::SEPARATORS) << (lane * LANE);
        }
        numbers
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn foreign(view: &View) -> u64 {
        let mut mask = 0;
        for lane in 0..BLOCK / LANE {
            let first = look_up_foreign(&tables::FIRST, load(&view[FRONT..], lane));
            let second = look_up_foreign(&tables::SECOND, load(&view[OWN..], lane));
            mask |= any(_mm256_and_si256(first, second), u8::MAX) << (lane * LANE);
        }
        mask
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn line_ends(block: &[u8; BLOCK]) -> u64 {
        let mask =
            |lane| _mm256_movemask_epi8(_mm256_cmpeq_epi8(load(block, lane), all(b'\n'))).cast_unsigned();
        (0..BLOCK / LANE).fold(0, |ends, lane| ends | u64::from(mask(lane)) << (lane * LANE))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8], lane: usize) -> __m256i {
        let (lanes, _) = bytes.as_chunks::<LANE>();
        // SAFETY: that many bytes are there, and loading needs no alignment.
        unsafe { _mm256_loadu_si256(lanes[lane].as_ptr().cast()) }
    }

    /// The classes of bytes of ASCII; the others have none.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn look_up(halves: &Halves, bytes: __m256i) -> __m256i {
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), all(15));
        _mm256_and_si256(
            _mm256_shuffle_epi8(table(&halves.low), bytes),
            _mm256_shuffle_epi8(table(&halves.high), high),
        )
    }

    /// The classes of all others.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn look_up_foreign(halves: &Halves, bytes: __m256i) -> __m256i {
        look_up(halves, _mm256_xor_si256(bytes, all(0x80)))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn table(entries: &[u8; 16]) -> __m256i {
        // SAFETY: the table has 16 bytes, and loading needs no alignment.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(entries.as_ptr().cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn all(byte: u8) -> __m256i {
        _mm256_set1_epi8(byte.cast_signed())
    }

    /// One bit for each byte of which some of `bits` are set.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn any(bytes: __m256i, bits: u8) -> u64 {
        let none = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, all(bits)), _mm256_setzero_si256());
        u64::from(!_mm256_movemask_epi8(none).cast_unsigned())
    }
}

/// With the shuffles of AVX-512 one look-up tells all classes of a byte, and one test gives a whole mask.
#[cfg(feature = "std")]
mod avx512 {
    use super::*;
    use crate::card_number::{self, MIN_DIGITS};
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
        let pair =
            _mm512_and_si512(look_up(&tables::OF_LAST, bytes), look_up(&tables::OF_BEFORE_LAST, front));
        // Looking at top bits is no work for where the tables are looked up and bits are tested, which all wait for.
        const { assert!(tables::DIGITS == 1 << 7 && tables::SEPARATORS == 1 << 6) };
        Masks {
            digits: _mm512_movepi8_mask(class),
            separators: _mm512_movepi8_mask(_mm512_add_epi8(class, class)),
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
        let ends = _pext_u32(digits & !(digits >> 1), digits) >> (MIN_DIGITS - 1);
        let lengths = ends & u32::from(known & !card_number::LACKS_CHECK_DIGIT);
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
        let sums = _mm256_sad_epu8(weighed, _mm256_setzero_si256());
        let sums = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
        let sum = _mm_cvtsi128_si32(_mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums)));
        sum.cast_unsigned().is_multiple_of(10)
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
}
