//! Whether two tones keep pace with their nominal frequencies.

use super::pointers::{BLOCKS_A_SECOND, Pointers};
use crate::detector::block::{Pair, TURN_COS, TURN_SIN};
use crate::detector::kernel::{Sixteen, TONE_HZ, TONES, Tones};
use crate::math::{cos_turns, sin_turns};

impl Pair {
    /// Whether both tones are no further off their frequencies than [`MOST_ERROR`], by how their phase goes on from
    /// block to block all through a window. Most voices are told here.
    ///
    /// Looked at are the sums over three blocks that found the pair. They are sharp enough (67 Hz) to leave little of
    /// one tone in the other, so that the leaks need not be taken out.
    #[inline(always)]
    pub(in super::super) fn keeps_pace<V: Sixteen>(self, (re, im): (V, V)) -> bool {
        let both = |table: &[f32; TONES]| V::of(table[self.low], table[self.high]);
        let two = Pointers { re, im };
        let (one, newest) = (two.after::<1>(), two.after::<2>());
        let sums = one.plus_in_phase(newest, two, both(&TURN_COS), both(&TURN_SIN));
        let step = sums.step_to(sums.after::<1>());
        let none = V::of(0.0, 0.0);
        let [least, most] = &PACES;
        let is_fast = step.re.times(both(&least[0].0)).plus(step.im.times(both(&least[1].0))).at_least(none);
        let is_slow = step.re.times(both(&most[0].0)).plus(step.im.times(both(&most[1].0))).at_least(none);
        is_fast & is_slow & STEPS == STEPS
    }
}

/// Whether a tone keeps pace from one sum over three blocks to that a block later.
pub(in super::super) fn tone_keeps_pace(tone: usize, older: (f32, f32), newer: (f32, f32)) -> bool {
    let re = newer.0 * older.0 + newer.1 * older.1;
    let im = newer.1 * older.0 - newer.0 * older.1;
    PACES.iter().all(|[x, y]| re * x.0[tone] + im * y.0[tone] >= 0.0)
}

/// The steps between the sums of the window, of both tones.
const STEPS: u16 = 0b0001_1100_0001_1100;

/// The steps that a tone may make in a block are those between two: what both have in common with a step, real and
/// imaginary part, is above zero.
pub(in super::super) static PACES: [[Tones; 2]; 2] = {
    let mut paces = [[Tones([0.0; TONES]); 2]; 2];
    let mut k = 0;
    while k < TONES {
        let turns = TONE_HZ[k] as f64 / BLOCKS_A_SECOND as f64;
        let slack = MOST_ERROR as f64 * turns + SLACK;
        // With a right angle or more between the two there would be more to it.
        assert!(slack < 0.25);
        let (least, most) = (turns - slack, turns + slack);
        paces[0][0].0[k] = -sin_turns(least) as f32;
        paces[0][1].0[k] = cos_turns(least) as f32;
        paces[1][0].0[k] = sin_turns(most) as f32;
        paces[1][1].0[k] = -cos_turns(most) as f32;
        k += 1;
    }
    paces
};

/// The most that any preset allows. Criteria that allow more do not look at the pace.
pub(in super::super) const MOST_ERROR: f32 = 0.025;
/// What noise and leaks may add, in turns.
const SLACK: f64 = 0.015;
