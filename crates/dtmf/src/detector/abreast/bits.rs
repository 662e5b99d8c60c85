//! A bit for every channel.

use crate::detector::kernel::LANES;

#[inline(always)]
pub(super) const fn is_set(mask: u16, lane: usize) -> bool {
    mask >> lane & 1 == 1
}

#[inline(always)]
pub(super) fn mask(is: impl Fn(usize) -> bool) -> u16 {
    (0..LANES).fold(0, |mask, lane| mask | u16::from(is(lane)) << lane)
}

/// The mask with one bit as told.
#[inline(always)]
pub(super) const fn with(mask: u16, lane: usize, is: bool) -> u16 {
    mask & !(1 << lane) | (is as u16) << lane
}

/// The numbers of the bits that are set.
#[inline(always)]
pub(super) fn bits(mut mask: u16) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let lane = (mask != 0).then(|| mask.trailing_zeros() as usize % LANES);
        mask &= mask.wrapping_sub(1);
        lane
    })
}
