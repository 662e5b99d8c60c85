//! What the masks of some blocks say: gathered without a branch that depends on the text, judged when asked for.

use core::ops::Range;

use super::planes::{BLOCKS, Planes};
use super::{LastBytes, Text, run, start_of_token};
use crate::label;
use crate::masks::{BLOCK, Look, Masks};
use crate::work;

/// Where something may begin in up to [`BLOCKS`] blocks of a text.
pub(super) struct Batch {
    /// Where the first of the blocks begins.
    base: usize,
    /// How many there are.
    blocks: usize,
    planes: Planes,
    /// A bit for each block with a digit behind a label, or something written otherwise.
    others: u64,
    /// Where groups of digits begin that a card number may begin with, counted from the first block.
    groups: [u16; GROUPS],
    /// How many of them there are, and how many were judged.
    known: usize,
    judged: usize,
    /// What the last of them that was judged may hold.
    found: Option<Range<usize>>,
    /// Nothing was given out of these blocks up to a line end yet.
    is_new: bool,
}

impl Batch {
    /// None yet; the first begins at `from`.
    pub(super) const fn at(from: usize) -> Self {
        Self {
            base: from,
            blocks: 0,
            planes: Planes::at(from),
            others: 0,
            groups: [0; GROUPS],
            known: 0,
            judged: 0,
            found: None,
            is_new: false,
        }
    }

    /// The same again.
    pub(super) const fn restart(&mut self, from: usize) {
        (self.base, self.blocks) = (from, 0);
        (self.others, self.known, self.judged, self.found, self.is_new) = (0, 0, 0, None, false);
        self.planes.restart(from);
    }

    /// Behind the last block.
    pub(super) const fn end(&self) -> usize {
        self.base + self.blocks * BLOCK
    }

    /// Whether something was looked through in front of `from`.
    pub(super) const fn begins_before(&self, from: usize) -> bool {
        self.base < from
    }

    /// Behind the last line end of the blocks, when it is behind `from`; asked for once.
    #[inline(always)]
    pub(super) fn line_end(&mut self, text: &[u8], from: usize, look: impl Look) -> Option<usize> {
        if !core::mem::take(&mut self.is_new) {
            return None;
        }
        let start = from.max(self.base);
        let mut rest = &text[start..self.end().min(text.len())];
        while let Some((front, block)) = rest.split_last_chunk() {
            let ends = look.line_ends(block);
            if ends != 0 {
                return Some(start + rest.len() - ends.leading_zeros() as usize);
            }
            rest = front;
        }
        memchr::memrchr(b'\n', rest).map(|at| start + at + 1)
    }

    /// Looks through the next blocks.
    #[inline(always)]
    pub(super) fn fill(&mut self, text: Text<'_>, look: impl Look) {
        let Text { bytes, tail, .. } = text;
        self.planes.go_on(self.blocks);
        self.base = self.end();
        self.blocks = (tail - self.base).div_ceil(BLOCK).min(BLOCKS);
        work::note(self.blocks);
        self.look(bytes, look);
        self.planes.work_out(self.blocks);
        let [groups, others] = self.planes.some(self.blocks, look);
        (self.others, self.judged, self.found, self.is_new) = (others, 0, None, true);
        self.note_groups(groups);
        self.sift(bytes, look);
        self.sift_labels(bytes);
    }

    /// Makes the masks of the blocks, and of one behind them.
    #[inline(always)]
    fn look(&mut self, bytes: &[u8], look: impl Look) {
        // Nothing is in front of the first byte of a text.
        let mut index = usize::from(self.base == 0);
        let views = bytes.get((self.base + index * BLOCK).wrapping_sub(1)..).unwrap_or_default();
        let mut foreign = 0;
        if index > 0 {
            foreign |= self.look_at_end(0, bytes, look);
        }
        let whole = (views.len().saturating_sub(1) / BLOCK).min(self.blocks + 1 - index);
        for at in (0..whole * BLOCK).step_by(BLOCK) {
            let Some(view) = views[at..].first_chunk() else { break };
            let masks = look.masks(view);
            self.planes.set(index, &masks);
            foreign |= masks.foreign;
            index += 1;
        }
        if index <= self.blocks {
            foreign |= self.look_at_end(index, bytes, look);
            // Behind the end of the text there is nothing.
            if index < self.blocks {
                self.planes.set(index + 1, &Masks::NONE);
            }
        }
        if foreign != 0 {
            self.look_at_foreign(bytes, look);
        }
    }

    /// Looks at a block of which the text is only a part.
    #[inline(never)]
    fn look_at_end(&mut self, index: usize, bytes: &[u8], look: impl Look) -> u64 {
        let at = self.base + index * BLOCK;
        let mut last = LastBytes::default();
        let masks = if at < bytes.len() { look.masks(last.view(bytes, at)) } else { Masks::NONE };
        self.planes.set(index, &masks);
        masks.foreign
    }

    #[inline(never)]
    fn look_at_foreign(&mut self, bytes: &[u8], look: impl Look) {
        let mut last = LastBytes::default();
        let blocks = self.planes.specials[1..=self.blocks].iter_mut();
        for (specials, at) in blocks.zip((self.base..).step_by(BLOCK)) {
            *specials |= look.foreign(last.view(bytes, at));
        }
    }

    /// Notes where groups begin in the blocks that have a bit.
    #[inline(always)]
    fn note_groups(&mut self, mut blocks: u64) {
        let mut known = 0;
        while blocks != 0 {
            let index = blocks.trailing_zeros() as usize;
            let mut bits = self.planes.groups[index + 1];
            let then = known + bits.count_ones() as usize;
            // Most blocks have no more than two.
            let mut noted = known + 2;
            for group in &mut self.groups[known..noted] {
                *group = (index * BLOCK + bits.trailing_zeros() as usize) as u16;
                bits &= bits.wrapping_sub(1);
            }
            while bits != 0 {
                self.groups[noted] = (index * BLOCK + bits.trailing_zeros() as usize) as u16;
                bits &= bits - 1;
                noted += 1;
            }
            known = then;
            blocks &= blocks - 1;
        }
        self.known = known;
    }

    /// Drops the groups that nothing begins with, as far as that is quickly told: first by their length, then by the check
    /// digit, of what stands in one group and of what stands in several.
    #[inline(always)]
    fn sift(&mut self, text: &[u8], look: impl Look) {
        self.keep(|base, planes, place| {
            let (length, linked) = (planes.digits_at(place), planes.is_linked(place));
            run::has_length_of_card(text, base + place, length, linked)
        });
        self.keep(|base, planes, place| {
            run::may_have_check_digit(text, base + place, planes.digits_at(place), look)
        });
        self.keep(|base, planes, place| {
            run::may_be_in_groups(text, base + place, planes.digits_of_run(place), look)
        });
    }

    /// Keeps some groups, told by where the blocks begin and the place of the group.
    #[inline(always)]
    fn keep(&mut self, may: impl Fn(usize, &Planes, usize) -> bool) {
        let mut kept = 0;
        for index in 0..self.known {
            work::note(1);
            let group = self.groups[index];
            self.groups[kept] = group;
            kept += usize::from(may(self.base, &self.planes, usize::from(group)));
        }
        self.known = kept;
    }

    /// Drops the digits behind what does not end like a label, as far as that is quickly told.
    #[inline(always)]
    fn sift_labels(&mut self, text: &[u8]) {
        let mut blocks = self.others;
        while blocks != 0 {
            let index = blocks.trailing_zeros() as usize;
            blocks &= blocks - 1;
            let (mut bits, mut kept) = (self.planes.labelled[index + 1], 0);
            while bits != 0 {
                work::note(1);
                let place = index * BLOCK + bits.trailing_zeros() as usize;
                let end = self.base + place - self.planes.gap_before(place);
                kept |= if label::may_end_at(text, end) { bits & bits.wrapping_neg() } else { 0 };
                bits &= bits - 1;
            }
            self.planes.labelled[index + 1] = kept;
            let some = kept | self.planes.specials[index + 1] != 0;
            self.others &= !(u64::from(!some) << index);
        }
    }

    /// The first stretch of these blocks at `from` or behind it in which something may begin.
    #[inline(always)]
    pub(super) fn next(&mut self, text: Text<'_>, from: usize, look: impl Look) -> Option<Range<usize>> {
        self.judge(text.bytes, from, look);
        let limit = self.found.as_ref().map_or(usize::MAX, |found| found.start);
        if self.others != 0
            && let Some(stretch) = self.first_other(text, from, limit)
        {
            return Some(stretch);
        }
        let found = self.found.clone()?;
        Some(start_of_token(text.bytes, from, found.start)..found.end)
    }

    /// Finds the first group at `from` or behind it that a card number may begin with.
    #[inline(always)]
    fn judge(&mut self, text: &[u8], from: usize, look: impl Look) {
        self.found.take_if(|found| found.start < from);
        while self.found.is_none() && self.judged < self.known {
            let at = self.base + usize::from(self.groups[self.judged]);
            self.judged += 1;
            if at >= from {
                self.found = run::holding_card(text, at, look);
            }
        }
    }

    /// The first code, key, or digit written otherwise in front of `limit`.
    #[inline(never)]
    fn first_other(&mut self, text: Text<'_>, from: usize, limit: usize) -> Option<Range<usize>> {
        while self.others != 0 {
            let index = self.others.trailing_zeros() as usize;
            let base = self.base + index * BLOCK;
            if base > limit {
                break;
            }
            // What is in front of `from` was judged.
            let ahead = from.saturating_sub(base);
            if ahead < BLOCK {
                let open = u64::MAX << ahead;
                let labelled = first_labelled(text, from, base, self.planes.labelled[index + 1] & open);
                let special = text.first_special(from, base, self.planes.specials[index + 1] & open);
                let first = match (labelled, special) {
                    (Some(labelled), Some(special)) if special.start < labelled.start => Some(special),
                    (None, special) => special,
                    (labelled, _) => labelled,
                };
                if first.is_some() {
                    return first.filter(|first| first.start < limit);
                }
            }
            self.others &= self.others - 1;
        }
        None
    }
}

fn first_labelled(text: Text<'_>, from: usize, base: usize, mut bits: u64) -> Option<Range<usize>> {
    while bits != 0 {
        let found = text.labelled(from, base + bits.trailing_zeros() as usize);
        if found.is_some() {
            return found;
        }
        bits &= bits - 1;
    }
    None
}

/// At most 16 in a block: those of four digits and more are five places apart, and a row of single digits takes more than
/// nine. Two more are written at random.
const GROUPS: usize = 16 * BLOCKS + 2;
