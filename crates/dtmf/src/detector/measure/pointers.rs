//! The pointers of two tones over a window, and the steady tones they make.

use super::separation::SEPARATIONS;
use super::{ToneFit, WINDOW};
use crate::detector::block::Pair;
use crate::detector::kernel::{COLUMNS, Sixteen, TONES, block_rotation};
use crate::math::unit;

impl Pair {
    /// The two tones block by block, each without the leak of the other, turned back to the nominal
    /// frequencies.
    #[inline(always)]
    pub(super) fn pointers<V: Sixteen>(self, (re, im): (V, V)) -> Pointers<V> {
        let [of_re, of_im] = &SEPARATIONS[self.low][self.high - COLUMNS];
        let (low, high) = (&TURNS[self.low], &TURNS[self.high]);
        Pointers { re: of_re.apply_to_all(re), im: of_im.apply_to_all(im) }
            .rotated(Pointers { re: V::halves(&low.0, &high.0), im: V::halves(&low.1, &high.1) })
    }
}

/// How fast two tones turn.
pub(super) struct Drifts {
    /// Turns from block to block.
    pub(super) turns: [f32; 2],
    /// Change from the first to the second half of the window, in Hz.
    pub(super) bends: [f32; 2],
}

/// A complex amplitude for every block of the lead and the window, oldest first, of a low and a high tone.
#[derive(Clone, Copy)]
pub(super) struct Pointers<V> {
    pub(super) re: V,
    pub(super) im: V,
}

impl<V: Sixteen> Pointers<V> {
    /// With what is as long after them turned back, and what is as long before turned on, by the cosine of the phase
    /// that tones gain in that time and the sine turned over.
    #[inline(always)]
    pub(super) fn plus_in_phase(self, after: Self, before: Self, cos: V, sin: V) -> Self {
        let common = after.plus(before);
        let (re, im) = (before.re.minus(after.re), before.im.minus(after.im));
        self.plus(Self {
            re: common.re.times(cos).plus(im.times(sin)),
            im: common.im.times(cos).minus(re.times(sin)),
        })
    }

    #[inline(always)]
    fn rotated(self, by: Self) -> Self {
        Self {
            re: self.re.times(by.re).minus(self.im.times(by.im)),
            im: self.re.times(by.im).plus(self.im.times(by.re)),
        }
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Self) -> Self {
        Self { re: self.re.plus(other.re), im: self.im.plus(other.im) }
    }

    #[inline(always)]
    pub(super) fn after<const BY: usize>(self) -> Self {
        Self { re: self.re.after::<BY>(), im: self.im.after::<BY>() }
    }

    #[inline(always)]
    fn with_lanes<const LANES: i32>(self, other: Self) -> Self {
        Self { re: self.re.with_lanes::<LANES>(other.re), im: self.im.with_lanes::<LANES>(other.im) }
    }

    #[inline(always)]
    fn power(self) -> V {
        self.re.times(self.re).plus(self.im.times(self.im))
    }

    /// The other's pointers times the conjugates of these.
    #[inline(always)]
    pub(super) fn step_to(self, other: Self) -> Self {
        Self {
            re: other.re.times(self.re).plus(other.im.times(self.im)),
            im: other.im.times(self.re).minus(other.re.times(self.im)),
        }
    }

    /// The sum of the pointers of three blocks.
    #[inline(always)]
    fn three(self) -> Self {
        self.plus(self.after::<1>()).plus(self.after::<2>())
    }

    #[inline(always)]
    pub(super) fn drifts(self) -> Drifts {
        // The turn from block to block fixes the frequency roughly, three blocks apart sharpen it. What counts
        // is in lane 2, where the window begins: the steps within its first half and those within its second.
        const { assert!(LEAD == 2) };
        let (one, three) = (self.step_to(self.after::<1>()), self.step_to(self.after::<3>()));
        let first = one.plus(one.after::<1>());
        let second = first.after::<3>();
        let all = first.plus(one.after::<2>()).plus(second);
        let sharp = three.three();
        let bend = first.step_to(second);
        let (x, y) = (V::lane_2(all.re, sharp.re, bend.re), V::lane_2(all.im, sharp.im, bend.im));
        let angles = V::angles_turns(&y, &x);
        let turns = |rough: f32, sharp: f32| {
            let rest = sharp - 3.0 * rough;
            rough + (rest - round(rest)) / 3.0
        };
        Drifts {
            turns: [turns(angles[0], angles[2]), turns(angles[1], angles[3])],
            bends: [angles[4] * BLOCKS_A_SECOND, angles[5] * BLOCKS_A_SECOND],
        }
    }

    /// Pointer `n` of each tone turned back `n` times by its drift in turns.
    #[inline(always)]
    pub(super) fn turned_back(self, drifts: [f32; 2]) -> Self {
        let (low, high) = (unit(-drifts[0]), unit(-drifts[1]));
        let one = Self { re: V::of(low.0, high.0), im: V::of(low.1, high.1) };
        let two = one.rotated(one);
        let (three, four) = (one.rotated(two), two.rotated(two));
        let none = Self { re: V::of(1.0, 1.0), im: V::of(0.0, 0.0) };
        let front = none.with_lanes::<0b0010_0010>(one).with_lanes::<0b0100_0100>(two);
        let front = front.with_lanes::<0b1000_1000>(three);
        self.rotated(front.with_lanes::<0b1111_0000>(front.rotated(four)))
    }

    /// The steady tones that pointers turned back to their own frequencies make.
    #[inline(always)]
    pub(super) fn steady(self) -> [Steady; 2] {
        // What counts is in lane 2, as above.
        let first = self.three();
        let sum = first.plus(first.after::<3>());
        let (power, halves) = (self.power(), first.power());
        let energy = power.plus(power.after::<1>()).plus(power.after::<2>()).plus(power.after::<3>());
        let energy = energy.plus(power.after::<4>()).plus(power.after::<5>());
        let powers = V::lane_2(halves, halves.after::<3>(), energy);
        let sums = V::lane_2(sum.re, sum.im, sum.power());
        let steady = |n: usize| Steady {
            sum: (sums[n], sums[n + 2]),
            sum_power: sums[n + 4],
            power: sums[n + 4] / (WINDOW * WINDOW) as f32,
            energy: powers[n + 4],
            swell: powers[n + 2] / powers[n].max(f32::MIN_POSITIVE),
        };
        [steady(0), steady(1)]
    }

    /// How far the pointers of the two tones reach along the steady tones, block by block.
    #[inline(always)]
    pub(super) fn along(self, [low, high]: &[Steady; 2], scale: f32) -> [f32; SPAN] {
        let scale = scale / WINDOW as f32;
        let re = self.re.times(V::of(low.sum.0 * scale, high.sum.0 * scale));
        let each = re.plus(self.im.times(V::of(low.sum.1 * scale, high.sum.1 * scale)));
        each.plus(each.swapped()).low_half()
    }
}

/// A steady tone in the window.
pub(super) struct Steady {
    /// The sum of its pointers, and the power of that.
    sum: (f32, f32),
    sum_power: f32,
    pub(super) power: f32,
    /// The sum of the powers of its pointers.
    energy: f32,
    /// Power of the second half over that of the first.
    pub(super) swell: f32,
}

impl Steady {
    #[inline(always)]
    pub(super) fn fit(&self, error: f32, bend_hz: f32, slope_db: f32) -> ToneFit {
        ToneFit {
            power: self.power,
            error,
            bend_hz,
            slope_db,
            scatter: 1.0 - self.sum_power / (self.energy * WINDOW as f32).max(f32::MIN_POSITIVE),
        }
    }
}

/// The nearest whole number, where that is small: floating point numbers this large have no fraction.
#[inline(always)]
fn round(x: f32) -> f32 {
    const LARGE: f32 = 12_582_912.0;
    (x + LARGE) - LARGE
}

/// By tone: what turns the pointer of every block back to that of the first, real and imaginary parts.
pub(super) static TURNS: [([f32; SPAN], [f32; SPAN]); TONES] = {
    let mut table = [([0.0; SPAN], [0.0; SPAN]); TONES];
    let mut k = 0;
    while k < TONES {
        let mut n = 0;
        while n < SPAN {
            (table[k].0[n], table[k].1[n]) = block_rotation(k, n);
            n += 1;
        }
        k += 1;
    }
    table
};

pub(super) const BLOCKS_A_SECOND: f32 = 200.0;
/// Blocks before the window that are looked at to find where the tones began.
pub(in super::super) const LEAD: usize = 2;
pub(super) const SPAN: usize = WINDOW + LEAD;
