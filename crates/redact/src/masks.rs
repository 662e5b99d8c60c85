//! What each of 64 bytes is, as far as the filter wants to know: one bit each.

use paytone_card::luhn;

use crate::card_number::{self, MAX_DIGITS, MIN_DIGITS};

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
mod portable;
#[cfg(all(feature = "std", target_arch = "x86_64", target_feature = "sse2"))]
mod tables;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod x86;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// Words of the widest vector registers.
pub(crate) const LANES: usize = 8;

/// A block behind the byte in front of it.
pub(crate) type View = [u8; BLOCK + 1];

/// What the bytes of a block are, bit `n` standing for byte `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    /// `0` to `9`.
    pub(crate) digits: u64,
    /// Space, dash, plus, dot: what may stand between the digits of a card number, in ASCII.
    pub(crate) separators: u64,
    /// What may stand between a label and its number, and perhaps more, but nothing a label ends in.
    pub(crate) gaps: u64,
    /// What may be the last byte of a label. Its last letters are looked at, as far as that is cheap.
    pub(crate) labels: u64,
    /// The second byte of what may be an escape.
    pub(crate) escapes: u64,
    /// Whatever is not ASCII.
    pub(crate) foreign: u64,
}

impl Masks {
    /// Of nothing.
    pub(crate) const NONE: Self =
        Self { digits: 0, separators: 0, gaps: 0, labels: 0, escapes: 0, foreign: 0 };
}

/// What of a block may stand in a card number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) digits: u64,
    pub(crate) separators: u64,
}

/// How masks are made of a block.
pub(crate) trait Look: Copy {
    fn masks(self, view: &View) -> Masks;
    fn numbers(self, view: &View) -> Numbers;
    /// Whether the check digit of the last so many bytes, all of them ASCII digits, is right; two at least, and 19
    /// at most.
    fn is_valid(self, digits: &[u8; 32], length: usize) -> bool;
    /// Whether the first of the ASCII digits that have a bit in `digits` may be a card number that ends with a group,
    /// by what is [known](card_number::known_of) of the first two, and by the check digit. It may err on the side of
    /// yes.
    fn may_be_card(self, run: &[u8; 32], digits: u32, known: u8) -> bool;
    /// The second bytes of what may be digits and separators outside ASCII.
    fn foreign(self, view: &View) -> u64;
    /// A bit for each word that is not zero.
    fn non_zero(self, words: &[u64; LANES]) -> u8;
    /// A bit for each line feed.
    fn line_ends(self, block: &[u8; BLOCK]) -> u64;
}

/// Functions that are compiled for the same vector registers as what calls them.
#[derive(Clone, Copy)]
pub(crate) struct Looks<M, N, V, G, F, W, E> {
    masks: M,
    numbers: N,
    is_valid: V,
    may_be_card: G,
    foreign: F,
    non_zero: W,
    line_ends: E,
}

impl<M, N, V, G, F, W, E> Look for Looks<M, N, V, G, F, W, E>
where
    M: Fn(&View) -> Masks + Copy,
    N: Fn(&View) -> Numbers + Copy,
    V: Fn(&[u8; 32], usize) -> bool + Copy,
    G: Fn(&[u8; 32], u32, u8) -> bool + Copy,
    F: Fn(&View) -> u64 + Copy,
    W: Fn(&[u64; LANES]) -> u8 + Copy,
    E: Fn(&[u8; BLOCK]) -> u64 + Copy,
{
    #[inline(always)]
    fn masks(self, view: &View) -> Masks {
        (self.masks)(view)
    }

    #[inline(always)]
    fn numbers(self, view: &View) -> Numbers {
        (self.numbers)(view)
    }

    #[inline(always)]
    fn is_valid(self, digits: &[u8; 32], length: usize) -> bool {
        (self.is_valid)(digits, length)
    }

    #[inline(always)]
    fn may_be_card(self, run: &[u8; 32], digits: u32, known: u8) -> bool {
        (self.may_be_card)(run, digits, known)
    }

    #[inline(always)]
    fn foreign(self, view: &View) -> u64 {
        (self.foreign)(view)
    }

    #[inline(always)]
    fn non_zero(self, words: &[u64; LANES]) -> u8 {
        (self.non_zero)(words)
    }

    #[inline(always)]
    fn line_ends(self, block: &[u8; BLOCK]) -> u64 {
        (self.line_ends)(block)
    }
}

/// A bit for each word that is not zero where nothing better is known.
#[inline]
fn non_zero(words: &[u64; LANES]) -> u8 {
    words.iter().enumerate().fold(0, |bits, (lane, &word)| bits | u8::from(word != 0) << lane)
}

/// The check digit where nothing better is known.
#[inline]
fn is_valid(digits: &[u8; 32], length: usize) -> bool {
    luhn::is_valid(&digits[digits.len() - length..])
}

/// A card number in groups where nothing better is known. The digits are added up where they stand.
fn may_be_card(run: &[u8; 32], mut digits: u32, known: u8) -> bool {
    let lacks_check_digit = known & card_number::LACKS_CHECK_DIGIT != 0;
    let (mut count, mut sums) = (0, [0_u16; 2]);
    for &byte in run {
        if digits & 1 == 1 {
            let digit = usize::from(byte & 15);
            let (once, twice) = (digit as u16, card_number::DOUBLED[digit]);
            sums[count % 2] += once;
            sums[1 - count % 2] += twice;
            count += 1;
            let ends = digits & 2 == 0 && (MIN_DIGITS..=MAX_DIGITS).contains(&count);
            let has_length = ends && known & !card_number::LACKS_CHECK_DIGIT & 1 << (count - MIN_DIGITS) != 0;
            // The last digit counts once.
            if has_length && (lacks_check_digit || sums[(count - 1) % 2].is_multiple_of(10)) {
                return true;
            }
        }
        digits >>= 1;
    }
    false
}

/// Work that takes the masks of many blocks. It is compiled once for each kind of vector register.
pub(crate) trait Search {
    type Found;

    /// Does it; to be inlined, so that making masks is.
    fn with(self, look: impl Look) -> Self::Found;
}

/// Does the work with the widest registers that the processor has.
#[inline]
pub(crate) fn search<S: Search>(search: S) -> S::Found {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    return x86::search(search);
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    return search.with(portable::looks());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label;
    use crate::token::may_begin_number;

    struct Of<'a>(&'a View);

    impl Search for Of<'_> {
        type Found = (Masks, Numbers, u64);

        fn with(self, look: impl Look) -> Self::Found {
            let numbers = look.numbers(self.0);
            (look.masks(self.0), numbers, look.foreign(self.0))
        }
    }

    /// What is found with every kind of register that this processor has.
    fn all_of<S: Search>(work: impl Fn() -> S) -> Vec<S::Found> {
        let mut all = vec![work().with(portable::looks())];
        all.push(search(work()));
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        {
            all.push(x86::with_sse2(work()));
            #[cfg(feature = "std")]
            all.extend([x86::with_avx2(work()), x86::with_avx512(work())].into_iter().flatten());
        }
        all
    }

    fn all(view: &View) -> Vec<(Masks, Numbers, u64)> {
        all_of(|| Of(view))
    }

    /// Every pair of bytes, each at several places.
    fn views() -> impl Iterator<Item = View> {
        (0..=255_u8).flat_map(|first| {
            (0..4_u8).map(move |quarter| {
                core::array::from_fn(|at| {
                    let second = quarter << 6 | (at / 2) as u8;
                    if at.is_multiple_of(2) { first } else { second << 1 | (at as u8 >> 1 & 1) }
                })
            })
        })
    }

    fn mask(view: &View, test: impl Fn(u8, u8) -> bool) -> u64 {
        view.array_windows()
            .enumerate()
            .fold(0, |mask, (at, &[before, byte])| mask | u64::from(test(before, byte)) << at)
    }

    #[test]
    fn one_bit_for_each_byte() {
        for view in views() {
            let digits = mask(&view, |_, byte| byte.is_ascii_digit());
            let separators = mask(&view, |_, byte| b" -+.".contains(&byte));
            let foreign = mask(&view, |_, byte| !byte.is_ascii());
            for (masks, numbers, _) in all(&view) {
                assert_eq!((masks.digits, masks.separators, masks.foreign), (digits, separators, foreign));
                assert_eq!(numbers, Numbers { digits, separators });
            }
        }
    }

    struct Check<'a>(&'a [u8; 32], usize);

    impl Search for Check<'_> {
        type Found = bool;

        fn with(self, look: impl Look) -> bool {
            look.is_valid(self.0, self.1)
        }
    }

    struct Groups<'a>(&'a [u8; 32], u32, u8);

    impl Search for Groups<'_> {
        type Found = bool;

        fn with(self, look: impl Look) -> bool {
            look.may_be_card(self.0, self.1, self.2)
        }
    }

    #[test]
    fn every_card_number_in_groups() {
        let mut found = 0;
        for seed in 0..20_000_u32 {
            let random =
                |at: u32| seed.wrapping_mul(2_654_435_761).wrapping_add(at.wrapping_mul(0x9E37_79B9)) >> 11;
            // A separator behind each fourth, or sixth, or so of the digits.
            let size = 3 + seed as usize % 6;
            let run = core::array::from_fn(|at| {
                if at % (size + 1) == size { b' ' } else { b'0' + random(at as u32) as u8 % 10 }
            });
            let digits = (0..32).fold(0, |digits, at| digits | u32::from(run[at] != b' ') << at);
            let digits = digits & u32::MAX >> (random(32) % 20);
            let known = card_number::known_of(run[0], run[1]);
            let ends = (0..32).filter(|at| digits >> at & 3 == 1);
            let is_card = ends.map(|at| -> Vec<u8> {
                (0..=at).filter(|at| digits >> at & 1 == 1).map(|at| run[at]).collect()
            });
            let is_card = is_card.into_iter().any(|number| {
                (MIN_DIGITS..=MAX_DIGITS).contains(&number.len()) && card_number::may_be(&number)
            });
            assert_eq!(may_be_card(&run, digits, known), is_card);
            found += u32::from(is_card);
            assert!(all_of(|| Groups(&run, digits, known)).into_iter().all(|may_be| may_be || !is_card));
        }
        assert!(found > 500, "{found}");
    }

    struct LineEnds<'a>(&'a [u8; BLOCK]);

    impl Search for LineEnds<'_> {
        type Found = u64;

        fn with(self, look: impl Look) -> u64 {
            look.line_ends(self.0)
        }
    }

    #[test]
    fn every_line_end() {
        for at in 0..BLOCK {
            let block =
                core::array::from_fn(|byte| if byte == at || byte == 63 { b'\n' } else { byte as u8 | 0x8A });
            for found in all_of(|| LineEnds(&block)) {
                assert_eq!(found, 1 << at | 1 << 63);
            }
        }
    }

    struct Words([u64; LANES]);

    impl Search for Words {
        type Found = u8;

        fn with(self, look: impl Look) -> u8 {
            look.non_zero(&self.0)
        }
    }

    #[test]
    fn every_word_that_is_not_zero() {
        for bits in 0..=u8::MAX {
            let words = core::array::from_fn(|lane| u64::from(bits >> lane & 1) << (9 * lane));
            assert!(all_of(|| Words(words)).into_iter().all(|found| found == bits));
        }
    }

    #[test]
    fn every_check_digit() {
        for seed in 0..5_000_u32 {
            let digits = core::array::from_fn(|at| {
                b'0' + (seed.wrapping_mul(2_654_435_761 + 97 * at as u32) >> 13) as u8 % 10
            });
            for length in 2..=19 {
                let valid = luhn::is_valid(&digits[32 - length..]);
                assert!(all_of(|| Check(&digits, length)).into_iter().all(|found| found == valid));
            }
        }
    }

    #[test]
    fn nothing_that_matters_is_missing() {
        for view in views() {
            let gaps = mask(&view, |_, byte| label::is_gap(byte));
            let labels = mask(&view, label::may_end_with);
            let escapes = mask(&view, |before, byte| {
                before.is_ascii() && may_begin_number(&[before, byte]) && !before.is_ascii_digit()
            });
            let foreign = mask(&view, |before, byte| {
                !before.is_ascii()
                    && !byte.is_ascii()
                    && [0x80, 0x87, 0xBC].iter().any(|&third| may_begin_number(&[before, byte, third]))
            });
            for (masks, _, found) in all(&view) {
                assert_eq!(gaps & !masks.gaps, 0);
                assert_eq!(labels & !masks.labels, 0);
                assert_eq!(labels & masks.gaps, 0);
                assert_eq!(escapes & !masks.escapes, 0);
                assert_eq!(foreign & !found, 0, "{view:?}");
            }
        }
    }
}
