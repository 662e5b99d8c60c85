//! What is known of 64 bytes.

use crate::card_number::MIN_DIGITS;
use crate::masks::{Around, BLOCK, Masks};

/// Bytes at the start of a block that the one before had too: as many as are looked back at, and one more that
/// tells whether a separator there is behind a digit.
pub(super) const OVERLAP: usize = 16;

/// Bit `n` of a mask stands for byte `n`.
pub(super) struct Block {
    pub(super) digits: u64,
    /// Digits, and single separators behind one.
    pub(super) joined: u64,
    /// Where runs of these reach the length of the shortest card number.
    pub(super) long: u64,
    /// Behind groups of one digit that may be a key.
    pub(super) keys: u64,
    /// Behind groups of three and of four digits that may be a code.
    pub(super) threes: u64,
    pub(super) fours: u64,
    /// Escapes, and what begins a character outside ASCII.
    pub(super) special: u64,
}

/// Whether nothing can be in a block of which the bytes from `new` on are new.
#[inline(always)]
pub(super) const fn is_dull(masks: &Masks, new: usize) -> bool {
    (masks.digits >> new.saturating_sub(1)) | (masks.special >> new) == 0
}

impl Block {
    /// A block of which the bytes from `new` on are new.
    #[inline(always)]
    pub(super) const fn new(masks: Masks, around: Around, new: usize) -> Self {
        let Masks { digits, special } = masks;
        let Around { separators, letters, joints } = around;
        let joined = digits | separators & digits << 1;
        let two = joined & joined << 1;
        let four = two & two << 2;
        let eight = four & four << 4;
        let long = eight & eight << (MIN_DIGITS - 8);

        let words = digits | letters;
        let (second, third, fourth) = (digits << 2, digits << 3, digits << 4);
        let fresh = u64::MAX << new;
        let ended = digits << 1 & !words & fresh;
        let longer = ended & second & third;
        Self {
            digits,
            joined,
            long: long & !(long << 1) & fresh,
            // The label of a key ends in a separator: none is a letter, but in `%3D`.
            keys: ended & !second & !(joints << 2) & (!(words << 2) | special << 4),
            threes: longer & !fourth & !(joints << 4),
            fours: longer & fourth & !(digits << 5) & !(joints << 5),
            special: special & fresh,
        }
    }

    #[inline(always)]
    pub(super) const fn may_hold_something(&self) -> bool {
        self.long | self.keys | self.threes | self.fours | self.special != 0
    }
}

const _: () = assert!(OVERLAP > MIN_DIGITS && BLOCK > 2 * OVERLAP);
