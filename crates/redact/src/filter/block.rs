//! What is known of 64 bytes and of those in front of them.

use crate::card_number::MIN_DIGITS;
use crate::masks::{BLOCK, Masks};

/// What makes a block worth a closer look. Bit `n` of a mask stands for byte `n`.
pub(super) struct Block {
    digits: u64,
    /// Where as many digits and single separators follow as a card number has digits.
    long: u64,
    /// Digits and single separators that the blocks in front end with, and that this one begins with.
    run: [usize; 2],
    /// Digits behind a gap behind what may be the end of a label.
    labelled: u64,
    /// The second bytes of escapes, and of what else may stand in a number and is not ASCII.
    pub(super) specials: u64,
}

impl Block {
    #[inline(always)]
    pub(super) const fn may_hold_something(&self) -> bool {
        let [before, first] = self.run;
        (self.long | self.labelled | self.specials != 0) | (before + first >= MIN_DIGITS)
    }

    /// Where runs of digits and single separators begin that are as long as a card number.
    #[inline(always)]
    pub(super) const fn long(&self) -> u64 {
        // The run that goes on from the block in front does not begin here.
        self.long & !(self.long << 1) & !((self.run[0] > 0) as u64)
    }

    /// How far in front of the block such a run begins that gets as long within it.
    #[inline(always)]
    pub(super) const fn long_from(&self) -> Option<usize> {
        let [before, first] = self.run;
        let reaches = before > 0 && before < MIN_DIGITS && before + first >= MIN_DIGITS;
        if reaches { Some(before) } else { None }
    }

    /// Digits behind labels, in groups of one, three or four, but for those at the end of the block, which may have
    /// any size.
    #[inline(always)]
    pub(super) const fn labelled(&self) -> u64 {
        let digits = self.digits;
        let (second, third, fourth, fifth) = (digits >> 1, digits >> 2, digits >> 3, digits >> 4);
        self.labelled & (!second | third & !(fourth & fifth) | LAST)
    }
}

/// What matters of the blocks in front.
pub(super) struct Behind {
    digits: u64,
    labels: u64,
    /// A label ended, and nothing but a gap followed.
    open: bool,
    /// Digits and single separators that they end with.
    run: usize,
}

impl Behind {
    /// In front of `from` there is no number; there may be a label.
    pub(super) const fn at(from: usize) -> Self {
        Self { digits: 0, labels: 0, open: from > 0, run: 0 }
    }

    /// What is known of the next block.
    #[inline(always)]
    pub(super) const fn next(&mut self, masks: &Masks) -> Block {
        let &Masks { digits, separators, gaps, labels, escapes, .. } = masks;
        let behind_digits = digits << 1 | self.digits >> 63;
        let joined = digits | separators & behind_digits;
        let two = joined & joined >> 1;
        let four = two & two >> 2;
        let eight = four & four >> 4;
        let long = eight & eight >> (MIN_DIGITS - 8);
        let first = joined.trailing_ones() as usize;

        let behind_labels = labels << 1 | self.labels >> 63 | self.open as u64;
        // Adding carries from the start of a gap to what is behind it.
        let (carried, open) = gaps.overflowing_add(behind_labels & gaps);
        let behind_gaps = (carried | behind_labels) & !gaps;

        let block = Block {
            digits,
            long,
            run: [self.run, first],
            labelled: behind_gaps & digits & !behind_digits,
            specials: escapes,
        };
        let run = if first == BLOCK { self.run + BLOCK } else { joined.leading_ones() as usize };
        *self = Self { digits, labels, open, run };
        block
    }
}

/// Digits behind which a group of four may end in the next block.
const LAST: u64 = 0b1111 << 60;

const _: () = assert!(MIN_DIGITS > 8 && MIN_DIGITS <= 16 && BLOCK == u64::BITS as usize);
