//! What each of 64 bytes is, as far as the filter wants to know: one bit each.

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
mod portable;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod x86;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// One block, bit `n` standing for byte `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    /// `0` to `9`.
    pub(crate) digits: u64,
    /// `A` to `Z` and `a` to `z`.
    pub(crate) letters: u64,
    /// Plus, comma, dash, dot, slash: what most numbers have in front that have no label.
    pub(crate) joints: u64,
    /// Space, dash, plus, dot: what may stand between the digits of a card number, in ASCII.
    pub(crate) separators: u64,
    /// Percent sign, backslash, ampersand, and everything outside ASCII.
    pub(crate) special: u64,
}

impl Masks {
    #[inline]
    pub(crate) fn of(block: &[u8; BLOCK]) -> Self {
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        return x86::masks(block);
        #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
        return portable::masks(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let expected = Masks {
                digits: mask(u8::is_ascii_digit),
                letters: mask(u8::is_ascii_alphabetic),
                joints: mask(|byte| b"+,-./".contains(byte)),
                separators: mask(|byte| b" -+.".contains(byte)),
                special: mask(|byte| matches!(byte, b'%' | b'&' | b'\\' | 0x80..)),
            };
            assert_eq!(portable::masks(&block), expected);
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            {
                assert_eq!(x86::with_sse2(&block), expected);
                #[cfg(feature = "std")]
                assert!(x86::with_avx2(&block).is_none_or(|masks| masks == expected));
            }
        }
    }
}
