//! 32 bytes at a time: a look-up for each half of a byte tells all classes of it. What most texts have none of is worked out
//! only for blocks with some.

use super::*;
use crate::masks::LANES;

const LANE: usize = size_of::<__m256i>();
/// Registers a block takes.
const REGISTERS: usize = BLOCK / LANE;

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn search<S: Search>(search: S) -> S::Found {
    search.with(Looks {
        masks: |view: &_| masks(view),
        numbers: |view: &_| numbers(view),
        is_valid,
        may_be_card: |run: &_, digits, known| may_be_card(run, digits, known),
        foreign: |view: &_| foreign(view),
        line_ends: |block: &_| line_ends(block),
        non_zero: |words: &_| non_zero(words),
    })
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn masks(view: &View) -> Masks {
    // What is looked at next is on its way meanwhile.
    _mm_prefetch::<_MM_HINT_T0>(view.as_ptr().wrapping_add(AHEAD).cast());
    let (mut masks, mut pairs) = (Masks::default(), [_mm256_setzero_si256(); REGISTERS]);
    let mut rare = _mm256_setzero_si256();
    for (lane, pair) in pairs.iter_mut().enumerate() {
        let (bytes, front) = (load(&view[OWN..], lane), load(&view[FRONT..], lane));
        let class = look_up(&tables::BYTES, bytes);
        *pair = _mm256_and_si256(look_up(&tables::LAST, bytes), look_up(&tables::BEFORE_LAST, front));
        masks.digits |= digits(class, lane);
        masks.separators |= separators(class, lane);
        masks.gaps |= gaps(class, lane);
        masks.labels |= labels(*pair, lane);
        rare = _mm256_or_si256(rare, bytes);
    }
    let rare = _mm256_or_si256(rare, escapes(_mm256_or_si256(pairs[0], pairs[1])));
    // Most blocks have neither an escape nor anything but ASCII.
    if top_bits(rare, 0) != 0 {
        for (lane, &pair) in pairs.iter().enumerate() {
            masks.escapes |= top_bits(escapes(pair), lane);
            masks.foreign |= top_bits(load(&view[OWN..], lane), lane);
        }
        masks.labels |= masks.foreign;
    }
    masks
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn numbers(view: &View) -> Numbers {
    let mut numbers = Numbers::default();
    for lane in 0..REGISTERS {
        let class = look_up(&tables::BYTES, load(&view[OWN..], lane));
        numbers.digits |= digits(class, lane);
        numbers.separators |= separators(class, lane);
    }
    numbers
}

/// The shortest number that ends with a group is looked at; when others do too, it may be one of them.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn may_be_card(run: &[u8; 32], digits: u32, known: u8) -> bool {
    let lengths = lengths_in_groups(digits, known);
    let length = MIN_DIGITS as u32 + lengths.trailing_zeros() % 8;
    let counted = _pdep_u32((1 << length) - 1, digits);
    // The last but one counts twice, and every second one in front of it.
    let twice = _pdep_u32(EVERY_SECOND << (length & 1), digits);
    let lacks_check_digit = known & card_number::LACKS_CHECK_DIGIT != 0;
    let may_be = is_multiple_of_ten(run, counted, twice)
        | lacks_check_digit
        | (lengths & lengths.wrapping_sub(1) != 0);
    may_be & (lengths != 0)
}

const EVERY_SECOND: u32 = 0x5555_5555;

/// Whether the ASCII digits that count, some of them twice, add up to a multiple of ten.
#[inline]
#[target_feature(enable = "avx2")]
fn is_multiple_of_ten(run: &[u8; 32], counted: u32, twice: u32) -> bool {
    let once = _mm256_and_si256(load(run, 0), all(15));
    let doubled = _mm256_shuffle_epi8(table(&DOUBLED), once);
    let weighed = _mm256_and_si256(_mm256_blendv_epi8(once, doubled, spread(twice)), spread(counted));
    sum_of(weighed).is_multiple_of(10)
}

/// Twice each digit with its two digits added up.
static DOUBLED: [u8; 16] = *b"\x00\x02\x04\x06\x08\x01\x03\x05\x07\x09\0\0\0\0\0\0";

/// A byte of ones for each bit.
#[inline]
#[target_feature(enable = "avx2")]
fn spread(bits: u32) -> __m256i {
    const BYTES: [u8; 32] =
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3];
    const BITS: i64 = i64::from_le_bytes([1, 2, 4, 8, 16, 32, 64, 128]);
    let bit = _mm256_set1_epi64x(BITS);
    let bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(bits.cast_signed()), load(&BYTES, 0));
    _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit)
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn foreign(view: &View) -> u64 {
    let mut mask = 0;
    for lane in 0..REGISTERS {
        let first = look_up_foreign(&tables::FIRST, load(&view[FRONT..], lane));
        let second = look_up_foreign(&tables::SECOND, load(&view[OWN..], lane));
        let none = _mm256_cmpeq_epi8(_mm256_and_si256(first, second), _mm256_setzero_si256());
        mask |= top_bits(none, lane);
    }
    !mask
}

#[inline]
#[target_feature(enable = "avx2")]
fn line_ends(block: &[u8; BLOCK]) -> u64 {
    let mask = |lane| _mm256_movemask_epi8(_mm256_cmpeq_epi8(load(block, lane), all(b'\n'))).cast_unsigned();
    (0..REGISTERS).fold(0, |ends, lane| ends | u64::from(mask(lane)) << (lane * LANE))
}

#[inline]
#[target_feature(enable = "avx2")]
fn non_zero(words: &[u64; LANES]) -> u8 {
    let (lanes, _) = words.as_chunks::<4>();
    let zeros = |lane: usize| {
        // SAFETY: 32 bytes are there, and loading needs no alignment.
        let words = unsafe { _mm256_loadu_si256(lanes[lane].as_ptr().cast()) };
        let zeros = _mm256_cmpeq_epi64(words, _mm256_setzero_si256());
        _mm256_movemask_pd(_mm256_castsi256_pd(zeros)).cast_unsigned() as u8
    };
    !(zeros(0) | zeros(1) << 4)
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

// Nothing is looked up for two of what follows, so that one comparison tells one from the other.

#[inline]
#[target_feature(enable = "avx2")]
fn digits(class: __m256i, lane: usize) -> u64 {
    const { assert!(tables::DIGITS == 1 << 7) };
    top_bits(class, lane)
}

#[inline]
#[target_feature(enable = "avx2")]
fn separators(class: __m256i, lane: usize) -> u64 {
    const { assert!(tables::SEPARATORS == 1) };
    top_bits(_mm256_slli_epi16::<7>(class), lane)
}

/// A separator may be a gap, a digit is none.
#[inline]
#[target_feature(enable = "avx2")]
fn gaps(class: __m256i, lane: usize) -> u64 {
    const { assert!(tables::GAPS | tables::DIGITS | tables::SEPARATORS == tables::CLASSES_OF_BYTES) };
    top_bits(_mm256_cmpgt_epi8(class, all(tables::SEPARATORS)), lane)
}

/// No byte in front of the last of a label is one in front of the second of an escape.
#[inline]
#[target_feature(enable = "avx2")]
fn labels(pair: __m256i, lane: usize) -> u64 {
    const { assert!(tables::LABELS == 0x7E && tables::ESCAPES == 1 << 7 | 1) };
    top_bits(_mm256_cmpgt_epi8(pair, all(1)), lane)
}

#[inline]
#[target_feature(enable = "avx2")]
fn escapes(pair: __m256i) -> __m256i {
    _mm256_or_si256(pair, _mm256_slli_epi16::<7>(pair))
}

#[inline]
#[target_feature(enable = "avx2")]
fn top_bits(bytes: __m256i, lane: usize) -> u64 {
    u64::from(_mm256_movemask_epi8(bytes).cast_unsigned()) << (lane * LANE)
}
