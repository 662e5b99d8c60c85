//! The decisions: when blocks become a key, and when a key is over.

mod candidate;
mod held;

pub(super) use candidate::PROMISING;

use super::block::{Pair, floor};
use super::event::{Queue, ToneEvent};
use super::kernel::{BLOCK, Kernel};
use super::measure::{MOST_ERROR, WINDOW};
use super::recall::Recall;
use super::steadiness::Steadiness;
use crate::Criteria;
use crate::math::powers_to_db;
use candidate::{Candidate, promising};
use held::Held;

/// Follows one signal block by block. Positions are samples at 8 kHz.
#[derive(Clone, Debug)]
pub(super) struct Tracker {
    criteria: Criteria,
    /// Whether nothing is going on.
    idle: bool,
    limits: Limits,
    held: Option<Held>,
    suspicion: Suspicion,
    candidate: Option<Candidate>,
    /// Of that candidate.
    steadiness: Steadiness,
    /// What is left of the last key: its tones and their power when it was declared over.
    tail: Option<(Pair, f32)>,
}

/// What the criteria come to.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Least power of each tone.
    floor: f32,
    /// How long a key lasts and is absent at least, in samples.
    duration: f32,
    pause: f32,
    /// Whether tones may be so far off that their [pace](Pair::keeps_pace) says nothing.
    is_wide: bool,
}

/// What is going on, as far as a block without a key can change it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// A key that is down, or its tail.
    pub(super) has_key: bool,
    pub(super) has_candidate: bool,
    pub(super) suspects: bool,
    /// Whether the last block did not look like what is suspected.
    pub(super) doubts: bool,
}

/// Whether something that may become a key is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suspicion {
    None,
    /// Yes; how many blocks in a row did not look like it.
    Raised {
        unlike: u8,
    },
}

impl Tracker {
    pub(super) fn new(criteria: Criteria) -> Self {
        Self {
            criteria,
            idle: true,
            limits: Limits::of(&criteria),
            held: None,
            suspicion: Suspicion::None,
            candidate: None,
            steadiness: Steadiness::new(),
            tail: None,
        }
    }

    /// Whether nothing is going on that a block which is not lively could change.
    #[inline(always)]
    pub(super) fn is_idle(&self) -> bool {
        self.idle
    }

    pub(super) fn set_criteria(&mut self, criteria: Criteria) {
        self.criteria = criteria;
        self.limits = Limits::of(&criteria);
    }

    pub(super) fn outlook(&self) -> Outlook {
        Outlook {
            has_key: self.held.is_some() || self.tail.is_some(),
            has_candidate: self.candidate.is_some(),
            suspects: self.suspicion != Suspicion::None,
            doubts: matches!(self.suspicion, Suspicion::Raised { unlike: 1.. }),
        }
    }

    /// Takes over what has become of candidate and suspicion without a key.
    pub(super) fn set_outlook(&mut self, outlook: &Outlook) {
        if !outlook.has_candidate {
            self.candidate = None;
        }
        self.suspicion = if outlook.suspects {
            Suspicion::Raised { unlike: outlook.doubts.into() }
        } else {
            Suspicion::None
        };
        self.idle = !outlook.has_key && !outlook.has_candidate && !outlook.suspects;
    }

    /// Least power of each tone.
    pub(super) const fn floor(&self) -> f32 {
        self.limits.floor
    }

    /// Whether tones may be so far off that their [pace](Pair::keeps_pace) says nothing.
    pub(super) const fn is_wide(&self) -> bool {
        self.limits.is_wide
    }

    /// Takes the newest block of `history`, which ends at `position`.
    #[inline(always)]
    pub(super) fn handle_block<K: Kernel>(
        &mut self,
        kernel: K,
        history: &impl Recall,
        position: u64,
        events: &mut Queue,
    ) {
        if let Some(held) = &mut self.held {
            let over = held.is_over(&self.limits, history, position);
            let pair = held.pair;
            let next = self.seek_other(pair, kernel, history, position);
            if !over && next.is_none() {
                self.announce(position, events);
                return;
            }
            self.release(next.map(|next| next.onset), history, position, events);
            if let Some(next) = next {
                self.hold(next, position, events);
            }
        } else {
            self.follow_tail(history);
            if self.idle && promising(history).is_none() && !self.may_suspect(history) {
                return;
            }
            match self.seek(kernel, history, position) {
                Some(found) if !self.is_tail(&found) => self.hold(found, position, events),
                _ => self.suspect(history, position, events),
            }
        }
        self.idle = self.held.is_none()
            && self.candidate.is_none()
            && self.tail.is_none()
            && self.suspicion == Suspicion::None;
    }

    /// Whether the newest block may be the first that is suspected.
    #[inline(always)]
    fn may_suspect(&self, history: &impl Recall) -> bool {
        let lively = history.lively();
        lively >= 2
            && (lively >= WINDOW as u32 || history.may_be_suspect())
            && self.looks_like(history.pair(0), history, 0)
    }

    /// What [`handle_block`](Self::handle_block) does while no key is down with a pair that may be one; whether it
    /// is.
    #[inline(always)]
    pub(super) fn consider_pair<K: Kernel>(
        &mut self,
        kernel: K,
        pair: Pair,
        history: &impl Recall,
        position: u64,
        events: &mut Queue,
    ) -> bool {
        let found = self.seek_pair(kernel, pair, history, position);
        self.idle = false;
        found.is_some_and(|held| {
            self.hold(held, position, events);
            true
        })
    }

    /// A key other than the one that is down.
    #[inline(always)]
    fn seek_other<K: Kernel>(
        &mut self,
        held: Pair,
        kernel: K,
        history: &impl Recall,
        position: u64,
    ) -> Option<Held> {
        if !history.is_lively(0) || history.pair(0) == held {
            self.candidate = None;
            return None;
        }
        self.seek(kernel, history, position).filter(|next| next.pair != held)
    }

    /// Whether a key is only what is left of the last one, reflected: the same tones, there ever
    /// since it was declared over and no louder.
    #[inline(always)]
    fn is_tail(&self, found: &Held) -> bool {
        self.tail.is_some_and(|(pair, power)| {
            found.pair == pair && found.low_power + found.high_power < 4.0 * power
        })
    }

    /// Forgets the tail of the last key when a block has nothing of it.
    #[inline(always)]
    fn follow_tail(&mut self, history: &impl Recall) {
        self.tail = self.tail.filter(|&(pair, power)| {
            let (low, high) = pair.powers(history, 0);
            history.is_heard(0) && low + high > power / 4.0
        });
    }

    #[inline(always)]
    fn hold(&mut self, held: Held, position: u64, events: &mut Queue) {
        self.held = Some(held);
        self.announce(position, events);
    }

    /// Reports the key that is down once it has lasted long enough.
    #[inline(always)]
    fn announce(&mut self, position: u64, events: &mut Queue) {
        let Some(held) = &mut self.held else { return };
        if held.announced || (position - held.onset) as f32 - held.absent < self.limits.duration {
            return;
        }
        held.announced = true;
        let [level_db, low_over_high_db] =
            powers_to_db([held.low_power.max(held.high_power), held.low_power / held.high_power]);
        events.push(ToneEvent::Start {
            key: held.key,
            at_sample: held.onset,
            declared_at: position,
            level_dbm0: level_db - FULL_SCALE_DB,
            low_over_high_db,
        });
    }

    /// Ends a key where its tones vanished, or where the next key began if that was earlier.
    #[inline(always)]
    fn release(&mut self, next: Option<u64>, history: &impl Recall, position: u64, events: &mut Queue) {
        let Some(held) = self.held.take() else { return };
        let end = held.absent_from.min(next.unwrap_or(u64::MAX)).max(held.onset);
        let (low, high) = held.pair.powers(history, 0);
        self.tail = history.is_heard(0).then_some((held.pair, low + high));
        if held.announced {
            events.push(ToneEvent::End { key: held.key, at_sample: end, declared_at: position });
        } else if self.suspicion != (Suspicion::None) {
            events.push(ToneEvent::Cleared { at_sample: position });
        }
        self.suspicion = Suspicion::None;
    }

    #[inline(always)]
    fn suspect(&mut self, history: &impl Recall, position: u64, events: &mut Queue) {
        let pair = history.pair(0);
        let known = history.lively() >= 2;
        let alike = |ago| known && self.looks_like(pair, history, ago);
        self.suspicion = match self.suspicion {
            Suspicion::None if alike(0) && alike(1) => {
                events.push(ToneEvent::Suspect { at_sample: position.saturating_sub(3 * BLOCK as u64) });
                Suspicion::Raised { unlike: 0 }
            }
            Suspicion::None => Suspicion::None,
            Suspicion::Raised { .. } if alike(0) => Suspicion::Raised { unlike: 0 },
            Suspicion::Raised { unlike: 1.. } => {
                events.push(ToneEvent::Cleared { at_sample: position });
                Suspicion::None
            }
            Suspicion::Raised { unlike } => Suspicion::Raised { unlike: unlike + 1 },
        };
    }

    /// Whether a single block looks like one of a key.
    #[inline(always)]
    fn looks_like(&self, pair: Pair, history: &impl Recall, ago: usize) -> bool {
        looks_like(self.limits.floor, pair.powers(history, ago), history.band(ago))
    }
}

/// Whether a single block, with so much power in the two tones and in the band, looks like one of a key whose
/// tones have at least the power `floor`.
#[inline(always)]
pub(super) fn looks_like(floor: f32, (low, high): (f32, f32), band: f32) -> bool {
    // There is no NaN here, and what a voice does next cannot be foreseen: without branches.
    let (least, most) = if low < high { (low, high) } else { (high, low) };
    (least >= floor) & (least >= SUSPECT_TWIST * most) & (low + high >= SUSPECT_PURITY * band)
}

impl Limits {
    fn of(criteria: &Criteria) -> Self {
        Self {
            floor: floor(criteria),
            duration: criteria.min_duration_samples(),
            pause: criteria.min_pause_samples(),
            is_wide: criteria.max_frequency_error() > MOST_ERROR,
        }
    }
}

/// Decibels of the square of the magnitude of a 0 dBm0 tone.
const FULL_SCALE_DB: f32 = 176.7115;
/// What a single block must show to be suspected.
pub(super) const SUSPECT_PURITY: f32 = 0.8;
pub(super) const SUSPECT_TWIST: f32 = 0.06;

#[cfg(test)]
mod tests {
    use super::super::kernel::UNIT;
    use super::*;

    #[test]
    fn the_reference_level_is_that_of_the_generator() {
        let magnitude = crate::generator::FULL_SCALE_0_DBM0 * UNIT;
        assert!((20.0 * magnitude.log10() - FULL_SCALE_DB).abs() < 0.001);
    }
}
