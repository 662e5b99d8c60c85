//! The masks of many blocks side by side: what they mean together is worked out for several blocks at once, in vector
//! registers where there are some. Bit `n` of a mask stands for byte `n`.

use crate::card_number::MIN_DIGITS;
use crate::masks::{BLOCK, LANES, Look, Masks};

/// Masks of the blocks of a batch, each from slot one on, behind those of the block in front of them.
pub(super) struct Planes {
    digits: Plane,
    separators: Plane,
    gaps: Plane,
    labels: Plane,
    /// Where two, four and eight digits follow one another.
    pairs: Plane,
    fours: Plane,
    eights: Plane,
    /// Single separators between digits.
    links: Plane,
    /// Where groups of digits begin that a card number may begin with, told by their sizes.
    pub(super) groups: Plane,
    /// Digits behind a gap behind what may be the end of a label.
    pub(super) labelled: Plane,
    /// The second bytes of escapes, and of what else may stand in a number and is not ASCII.
    pub(super) specials: Plane,
}

/// One word for each block.
type Plane = [u64; SLOTS];

impl Planes {
    /// In front of `from` there is no number; there may be a label.
    pub(super) const fn at(from: usize) -> Self {
        const NONE: Plane = [0; SLOTS];
        let mut planes = Self {
            digits: NONE,
            separators: NONE,
            gaps: NONE,
            labels: NONE,
            pairs: NONE,
            fours: NONE,
            eights: NONE,
            links: NONE,
            groups: NONE,
            labelled: NONE,
            specials: NONE,
        };
        planes.restart(from);
        planes
    }

    pub(super) const fn restart(&mut self, from: usize) {
        (self.digits[0], self.links[0], self.gaps[0]) = (0, 0, 0);
        self.labels[0] = if from > 0 { 1 << (BLOCK - 1) } else { 0 };
    }

    /// Makes the last of so many blocks the one in front of those to come.
    pub(super) const fn go_on(&mut self, blocks: usize) {
        self.digits[0] = self.digits[blocks];
        self.links[0] = self.links[blocks];
        self.gaps[0] = self.gaps[blocks];
        self.labels[0] = self.labels[blocks];
    }

    /// Takes in the masks of a block.
    #[inline(always)]
    pub(super) const fn set(&mut self, index: usize, masks: &Masks) {
        let slot = index + 1;
        self.digits[slot] = masks.digits;
        self.separators[slot] = masks.separators;
        self.gaps[slot] = masks.gaps;
        self.labels[slot] = masks.labels;
        self.specials[slot] = masks.escapes;
    }

    /// Works out what the masks of so many blocks mean; the one behind them was taken in too.
    #[inline(always)]
    pub(super) fn work_out(&mut self, blocks: usize) {
        // Whole vectors of blocks are gone through; what comes out for those behind is not looked at.
        let behind = 1 + (blocks + 1).next_multiple_of(LANES).min(SLOTS - 2);
        self.find_sizes(behind);
        self.find_groups(behind);
        self.find_labelled(behind);
    }

    /// Each step doubles how many digits in a row are found.
    #[inline(always)]
    fn find_sizes(&mut self, behind: usize) {
        let (digits, separators) = (&self.digits[..=behind], &self.separators[..behind]);
        let (pairs, links) = (&mut self.pairs[..behind], &mut self.links[..behind]);
        for slot in 1..behind {
            let next = later(digits, slot, 1);
            pairs[slot] = digits[slot] & next;
            links[slot] = separators[slot] & earlier(digits, slot, 1) & next;
        }
        let (pairs, fours) = (&self.pairs[..=behind], &mut self.fours[..behind]);
        for slot in 1..behind {
            fours[slot] = pairs[slot] & later(pairs, slot, 2);
        }
        let (fours, eights) = (&self.fours[..=behind], &mut self.eights[..behind]);
        for slot in 1..behind {
            eights[slot] = fours[slot] & later(fours, slot, 4);
        }
    }

    /// Groups as long as a card number; of four, six and eight digits with what card numbers go on with behind them;
    /// and the first of many single digits.
    #[inline(always)]
    fn find_groups(&mut self, behind: usize) {
        let (digits, links) = (&self.digits[..=behind], &self.links[..=behind]);
        let (pairs, fours, eights) =
            (&self.pairs[..=behind], &self.fours[..=behind], &self.eights[..=behind]);
        let groups = &mut self.groups[..behind];
        for slot in 1..behind {
            let first = digits[slot] & !earlier(digits, slot, 1);
            let linked = |by| later(links, slot, by);
            let four = fours[slot] & linked(4) & (linked(4 + 4) | linked(4 + 5) | linked(4 + 7));
            let one = linked(1) & linked(3) & linked(5) & linked(7);
            let behind_one = earlier(links, slot, 1) & !earlier(digits, slot, 3);
            groups[slot] = first & (four | one & !behind_one);
        }
        // Many texts have no longer ones.
        if eights.iter().fold(0, |all, some| all | some) == 0 {
            return;
        }
        for slot in 1..behind {
            let first = digits[slot] & !earlier(digits, slot, 1);
            let linked = |by| later(links, slot, by);
            let long = eights[slot] & later(eights, slot, MIN_DIGITS as u32 - 8);
            let six = fours[slot] & later(pairs, slot, 4) & linked(6) & later(eights, slot, 7);
            let eight = eights[slot] & linked(8) & later(eights, slot, 9);
            groups[slot] |= first & (long | six | eight);
        }
    }

    /// Digits behind labels, in groups of one, three or four, but for those at the end of a block, which may have any
    /// size.
    #[inline(always)]
    fn find_labelled(&mut self, behind: usize) {
        let (digits, gaps, labels) = (&self.digits[..behind], &self.gaps[..behind], &self.labels[..behind]);
        let labelled = &mut self.labelled[..behind];
        for slot in 1..behind {
            let (digits, gaps, before) = (digits[slot], gaps[slot], slot - 1);
            let behind_digits = digits << 1 | self.digits[before] >> 63;
            // A gap at the end of the block in front may have a label in front of it.
            let behind_labels = labels[slot] << 1 | (labels[before] | self.gaps[before]) >> 63;
            // Adding carries from the start of a gap to what is behind it.
            let behind_gaps = (gaps.wrapping_add(behind_labels & gaps) | behind_labels) & !gaps;
            let (second, third, fourth, fifth) = (digits >> 1, digits >> 2, digits >> 3, digits >> 4);
            let sizes = !second | third & !(fourth & fifth) | LAST;
            labelled[slot] = behind_gaps & digits & !behind_digits & sizes;
        }
    }

    /// How many digits there are from a place on, counted from the first block; [`BLOCK`] when there are more.
    #[inline(always)]
    pub(super) fn digits_at(&self, place: usize) -> usize {
        let (slot, by) = (1 + place / BLOCK, (place % BLOCK) as u32);
        from(&self.digits, slot, by).trailing_ones() as usize
    }

    /// The digits of the run of digits and single separators at a place with a digit, as far as they are in its first
    /// half a block.
    #[inline(always)]
    pub(super) fn digits_of_run(&self, place: usize) -> u32 {
        let (slot, by) = (1 + place / BLOCK, (place % BLOCK) as u32);
        let (digits, links) = (from(&self.digits, slot, by) as u32, from(&self.links, slot, by) as u32);
        let len = (digits | links).trailing_ones();
        digits & !u32::MAX.checked_shl(len).unwrap_or(0)
    }

    /// Whether a separator and a digit are right in front of a place with a digit.
    #[inline(always)]
    pub(super) fn is_linked(&self, place: usize) -> bool {
        earlier(&self.links, 1 + place / BLOCK, 1) >> (place % BLOCK) & 1 == 1
    }

    /// How many bytes in front of a place are part of a gap, [`BLOCK`] less one at most: as far as is seen.
    #[inline(always)]
    pub(super) const fn gap_before(&self, place: usize) -> usize {
        let (slot, by) = (1 + place / BLOCK, (place % BLOCK) as u32);
        // The bits in front of the place, the nearest one at the top; in two steps, as elsewhere.
        let gaps = self.gaps[slot] << 1 << (u64::BITS - 1 - by) | self.gaps[slot - 1] >> by;
        gaps.leading_ones() as usize
    }

    /// A bit for each block with some group; one for each with something else.
    #[inline(always)]
    pub(super) fn some(&self, blocks: usize, look: impl Look) -> [u64; 2] {
        let (mut groups, mut others) = (0, 0);
        for at in (0..blocks).step_by(LANES) {
            let Some(here) = self.groups[1 + at..].first_chunk() else { break };
            groups |= u64::from(look.non_zero(here)) << at;
            let Some(labelled) = self.labelled[1 + at..].first_chunk() else { break };
            let Some(specials) = self.specials[1 + at..].first_chunk() else { break };
            others |= u64::from(look.non_zero(labelled) | look.non_zero(specials)) << at;
        }
        let known = (1 << blocks) - 1;
        [groups & known, others & known]
    }
}

/// The bits of a plane from one of a slot on; in two steps, since a word cannot be moved by its whole size.
#[inline(always)]
const fn from(plane: &Plane, slot: usize, by: u32) -> u64 {
    plane[slot] >> by | plane[slot + 1] << 1 << (u64::BITS - 1 - by)
}

/// What the bits of a plane are so many places further on.
#[inline(always)]
fn later(plane: &[u64], slot: usize, by: u32) -> u64 {
    plane[slot] >> by | plane[slot + 1] << (u64::BITS - by)
}

/// The same so many places back.
#[inline(always)]
fn earlier(plane: &[u64], slot: usize, by: u32) -> u64 {
    plane[slot] << by | plane[slot - 1] >> (u64::BITS - by)
}

/// Blocks of a batch: what is looked through at a time.
pub(super) const BLOCKS: usize = 62;
/// The one in front, whole vectors of the others with the one behind them, and one more that is always empty.
const SLOTS: usize = 2 + (BLOCKS + 1).next_multiple_of(LANES);

/// Digits behind which a group of four may end in the next block.
const LAST: u64 = 0b1111 << 60;

const _: () = assert!(MIN_DIGITS > 8 && MIN_DIGITS <= 16 && BLOCK == u64::BITS as usize && BLOCKS < BLOCK);
