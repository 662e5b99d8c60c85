//! A pair that may become a key: measured over every window, until it is one or is gone.

use super::{Held, Tracker};
use crate::detector::block::Pair;
use crate::detector::doubt::{
    KINSHIP, Past, REST_FROM, RIVAL, doubt, doubt_of_company, doubt_of_rival, lasting_doubt,
};
use crate::detector::kernel::{BLOCK, Kernel, Sixteen, WithKernel};
use crate::detector::measure::{Measurement, WINDOW};
use crate::detector::recall::Recall;

/// The strongest pair, while it may become a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pair: Pair,
    /// For how many blocks it has been that.
    age: u32,
    /// Power in the band before its first window, over that in the window.
    ambience: f32,
    /// The doubt about the window that ended with the last block, as a part of what is allowed.
    doubt: f32,
}

impl Tracker {
    /// A key that has just become certain.
    #[inline(always)]
    pub(super) fn seek<K: Kernel>(
        &mut self,
        kernel: K,
        history: &impl Recall,
        position: u64,
    ) -> Option<Held> {
        let before = self.candidate.take();
        let (pair, keeps_pace) = (promising(history)?, self.limits.is_wide);
        kernel.with(Consider { tracker: self, pair, keeps_pace, before, history, position })
    }

    /// A key that has just become certain, if it is that pair, which keeps pace.
    #[inline(always)]
    pub(super) fn seek_pair<K: Kernel>(
        &mut self,
        kernel: K,
        pair: Pair,
        history: &impl Recall,
        position: u64,
    ) -> Option<Held> {
        let before = self.candidate.take();
        kernel.with(Consider { tracker: self, pair, keeps_pace: true, before, history, position })
    }

    /// Measures a pair that may be a key.
    #[inline(always)]
    fn consider<V: Sixteen>(
        &mut self,
        pair: Pair,
        keeps_pace: bool,
        before: Option<Candidate>,
        history: &impl Recall,
        position: u64,
    ) -> Option<Held> {
        let pointers = history.pointers::<V>(pair);
        if !keeps_pace && !pair.keeps_pace(pointers) {
            return None;
        }
        let before = before.filter(|before| before.pair == pair);
        let age = before.map_or(0, |before| before.age + 1);
        let ambience = before.map_or_else(|| ambience(history), |before| before.ambience);
        let measured = pair.measure(pointers, history, self.criteria.max_frequency_error());
        if age == 0 || measured.is_none() {
            self.steadiness.clear();
        }
        let Some(measured) = measured else {
            self.candidate = Some(Candidate { pair, age, ambience, doubt: f32::INFINITY });
            return None;
        };
        // A window after a good one is the second that the key fills.
        let is_second = before.is_some_and(|before| before.doubt <= LITTLE_DOUBT);
        let past = Past { age, ambience, is_second };
        let lasting = lasting_doubt(&measured, &self.criteria);
        let mut doubt = doubt(&measured, &past, lasting);
        if doubt <= LITTLE_DOUBT * self.criteria.max_doubt() && self.matters(doubt, RIVAL) {
            doubt += doubt_of_rival(pair.rival(history));
        }
        if doubt <= LITTLE_DOUBT * self.criteria.max_doubt() {
            doubt += self.doubt_of_company(pair, &measured, doubt, history);
        }
        doubt /= self.criteria.max_doubt();
        self.candidate = Some(Candidate { pair, age, ambience, doubt });
        // What is not beyond doubt has to be good enough twice in a row, or to stand still for long.
        let lasting = self.lasting(pair, &measured, lasting, history);
        let sure = doubt <= NO_DOUBT || doubt <= LITTLE_DOUBT && is_second;
        let lead = if sure { measured.lead } else { lasting? };
        if measured.low.power.min(measured.high.power) < self.limits.floor {
            return None;
        }
        let length = (WINDOW * BLOCK) as u64 + (lead * BLOCK as f32) as u64;
        Some(Held {
            key: pair.key()?,
            pair,
            low_power: measured.low.power,
            high_power: measured.high.power,
            onset: position.saturating_sub(length),
            announced: false,
            absent: 0.0,
            absent_from: position,
            lost: 0,
        })
    }

    /// How many blocks before the newest window a pair began that has stood still since, if it has and if
    /// little else speaks against it.
    #[inline(always)]
    fn lasting(
        &mut self,
        pair: Pair,
        measured: &Measurement,
        doubt: f32,
        history: &impl Recall,
    ) -> Option<f32> {
        let lasting = self.steadiness.add(measured, doubt)?;
        let limit = 2.0 * LASTING_DOUBT * self.criteria.max_doubt();
        let is_sure = |rivals: f32| lasting.doubt + doubt + rivals <= limit;
        let others =
            || doubt_of_rival(pair.rival(history)) + doubt_of_company(pair.company(measured, history));
        (is_sure(0.0) && is_sure(2.0 * others())).then_some(lasting.lead)
    }

    /// Whether that much more doubt could still change what is decided.
    #[inline(always)]
    fn matters(&self, so_far: f32, more: f32) -> bool {
        so_far + more > NO_DOUBT * self.criteria.max_doubt()
    }

    /// The doubt that comes from what else is heard, where it could make a difference.
    #[inline(always)]
    fn doubt_of_company(
        &self,
        pair: Pair,
        measured: &Measurement,
        so_far: f32,
        history: &impl Recall,
    ) -> f32 {
        if self.matters(so_far, KINSHIP) && measured.clarity < 1.0 - REST_FROM / 2.0 {
            doubt_of_company(pair.company(measured, history))
        } else {
            0.0
        }
    }
}

/// [`Tracker::consider`] with some kernel.
struct Consider<'a, H> {
    tracker: &'a mut Tracker,
    pair: Pair,
    /// Whether that is known.
    keeps_pace: bool,
    before: Option<Candidate>,
    history: &'a H,
    position: u64,
}

impl<H: Recall> WithKernel for Consider<'_, H> {
    type Output = Option<Held>;

    #[inline(always)]
    fn run<K: Kernel>(self, _: K) -> Option<Held> {
        let Self { tracker, pair, keeps_pace, before, history, position } = self;
        tracker.consider::<K::Sixteen>(pair, keeps_pace, before, history, position)
    }
}

/// The strongest pair of a window of lively blocks, if it has been the same all the time and may be worth measuring.
#[inline(always)]
pub(super) fn promising(history: &impl Recall) -> Option<Pair> {
    let pair = history.pair(0);
    if history.lively() < WINDOW as u32 || (1..=WINDOW / 2).any(|ago| history.pair(ago) != pair) {
        return None;
    }
    let powers = history.pair_power(0) + history.pair_power(WINDOW / 2);
    (powers * (WINDOW as f32 / 2.0) >= PROMISING * band_of_window(history)).then_some(pair)
}

#[inline(always)]
fn band_of_window(history: &impl Recall) -> f32 {
    let mut band = 0.0;
    for ago in 0..WINDOW {
        band += history.band(ago);
    }
    band
}

/// Power in the band before the window, over that in the window. Of the two blocks before it, those that were
/// not looked at do not count; if that is both it was quiet.
#[inline(always)]
fn ambience(history: &impl Recall) -> f32 {
    let within = band_of_window(history);
    let (mut before, mut heard) = (0.0, 0.0);
    for ago in [WINDOW, WINDOW + 1] {
        if history.is_heard(ago) {
            before += history.band(ago);
            heard += 1.0;
        }
    }
    if heard > 0.0 { before * WINDOW as f32 / (within.max(f32::MIN_POSITIVE) * heard) } else { 0.0 }
}

/// Part of the band's power in the strongest row and column, below which measuring is not worth it.
pub(in super::super) const PROMISING: f32 = 0.42;
/// Doubt, as a part of what is allowed, at which one window is enough.
const NO_DOUBT: f32 = 1.0;
/// The same for two windows in a row.
const LITTLE_DOUBT: f32 = 1.3;
/// Doubt on average over a pair that stands still, as a part of what is allowed.
const LASTING_DOUBT: f32 = 0.8;
