//! A key that is down, until its tones have been absent for long enough.

use super::Limits;
use crate::Key;
use crate::detector::block::Pair;
use crate::detector::kernel::BLOCK;
use crate::detector::recall::Recall;
use crate::math::sqrt;

/// A key that is down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) key: Key,
    pub(super) pair: Pair,
    pub(super) low_power: f32,
    pub(super) high_power: f32,
    pub(super) onset: u64,
    pub(super) announced: bool,
    /// How much tone is missing since it was last there, in samples, and from where on.
    pub(super) absent: f32,
    pub(super) absent_from: u64,
    /// Lost blocks since the tone was last there.
    pub(super) lost: u32,
}

impl Held {
    /// Looks for the tones in the newest block; true when they have been absent for long enough.
    #[inline(always)]
    pub(super) fn is_over(&mut self, limits: &Limits, history: &impl Recall, position: u64) -> bool {
        if history.is_lost(0) {
            self.lost += 1;
            return self.lost > LOST_BLOCKS;
        }
        let presence = self.presence(history);
        if presence >= PRESENT {
            self.absent = 0.0;
            self.absent_from = position;
            self.lost = 0;
            return false;
        }
        if self.absent == 0.0 {
            self.absent_from = position - BLOCK as u64 + (presence * BLOCK as f32) as u64;
        }
        self.absent += (1.0 - presence) * BLOCK as f32;
        self.absent >= limits.pause
    }

    /// How much of the block the held tones fill, 0 to 1.
    #[inline(always)]
    fn presence(&mut self, history: &impl Recall) -> f32 {
        if !history.is_heard(0) {
            return 0.0;
        }
        let (low, high) = self.pair.powers(history, 0);
        let ratio = (low / self.low_power).min(high / self.high_power);
        // Most often it need not be known more closely.
        let presence = if ratio < SURELY_PRESENT { sqrt(ratio) } else { 1.0 };
        if presence >= PRESENT && low + high < PRESENT_PURITY * history.band(0) {
            return 0.0;
        }
        if presence >= PRESENT {
            // Follows a level that drifts.
            self.low_power += (low - self.low_power) / DRIFT;
            self.high_power += (high - self.high_power) / DRIFT;
        }
        presence
    }
}

/// Part of its amplitude from which on a held tone counts as there.
const PRESENT: f32 = 0.7;
/// Part of its power of which that is certain.
const SURELY_PRESENT: f32 = 0.5;
const _: () = assert!(PRESENT * PRESENT < 0.99 * SURELY_PRESENT);
/// Part of the band's power that a held pair must have to count as there.
const PRESENT_PURITY: f32 = 0.35;
/// Blocks over which the level of a held tone is averaged.
const DRIFT: f32 = 16.0;
/// 80 ms without any audio end a key.
const LOST_BLOCKS: u32 = 16;
