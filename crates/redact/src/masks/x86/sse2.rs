//! 16 bytes at a time. Without a shuffle, labels and escapes are told by single bytes.

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
    (0..BLOCK / 16).fold(0, |mask, lane| mask | bits(within(load(&view[FRONT..], lane), 0xC0, 0xFF), lane))
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
