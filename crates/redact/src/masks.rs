//! What each of 64 bytes is, as far as the filter wants to know: one bit each.

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
mod portable;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod x86;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// What makes a block worth a closer look, bit `n` standing for byte `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    /// `0` to `9`.
    pub(crate) digits: u64,
    /// Percent sign, backslash, ampersand, and what begins a character outside ASCII.
    pub(crate) special: u64,
}

/// What stands around digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around {
    /// Space, dash, plus, dot: what may stand between the digits of a card number, in ASCII.
    pub(crate) separators: u64,
    /// `A` to `Z` and `a` to `z`.
    pub(crate) letters: u64,
    /// Plus, comma, dash, dot, slash: what most numbers have in front that have no label.
    pub(crate) joints: u64,
}

/// How masks are made of a block.
pub(crate) trait Look: Copy {
    fn masks(self, block: &[u8; BLOCK]) -> Masks;
    fn around(self, block: &[u8; BLOCK]) -> Around;
}

/// Two functions, compiled for the same vector registers as what calls them.
impl<M: Fn(&[u8; BLOCK]) -> Masks + Copy, A: Fn(&[u8; BLOCK]) -> Around + Copy> Look for (M, A) {
    #[inline(always)]
    fn masks(self, block: &[u8; BLOCK]) -> Masks {
        (self.0)(block)
    }

    #[inline(always)]
    fn around(self, block: &[u8; BLOCK]) -> Around {
        (self.1)(block)
    }
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
    return search.with((portable::masks, portable::around));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Of<'a>(&'a [u8; BLOCK]);

    impl Search for Of<'_> {
        type Found = (Masks, Around);

        fn with(self, look: impl Look) -> (Masks, Around) {
            (look.masks(self.0), look.around(self.0))
        }
    }

    fn blocks() -> impl Iterator<Item = [u8; BLOCK]> {
        (0..=255_u8).map(|first| {
            core::array::from_fn(|at| (usize::from(first) * 7 + at * (usize::from(first) + 1)) as u8)
        })
    }

    #[test]
    fn one_bit_for_each_byte() {
        for block in blocks() {
            let mask = |test: fn(&u8) -> bool| {
                block.iter().enumerate().fold(0, |mask, (at, byte)| mask | u64::from(test(byte)) << at)
            };
            let masks = Masks {
                digits: mask(u8::is_ascii_digit),
                special: mask(|byte| matches!(byte, b'%' | b'&' | b'\\' | 0xC0..)),
            };
            let around = Around {
                separators: mask(|byte| b" -+.".contains(byte)),
                letters: mask(u8::is_ascii_alphabetic),
                joints: mask(|byte| b"+,-./".contains(byte)),
            };
            let expected = (masks, around);
            assert_eq!(Of(&block).with((portable::masks, portable::around)), expected);
            assert_eq!(search(Of(&block)), expected);
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            {
                assert_eq!(x86::with_sse2(Of(&block)), expected);
                #[cfg(feature = "std")]
                for wider in [x86::with_avx2(Of(&block)), x86::with_avx512(Of(&block))] {
                    assert!(wider.is_none_or(|found| found == expected));
                }
            }
        }
    }
}
