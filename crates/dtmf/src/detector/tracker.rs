//! The decisions: when blocks become a key, and when a key is over.

use super::block::{Block, Kind, Pair, Spectrum, floor};
use super::doubt::{KINSHIP, Past, REST_FROM, RIVAL, doubt, doubt_of_company, doubt_of_rival, lasting_doubt};
use super::event::{Queue, ToneEvent};
use super::history::History;
use super::kernel::{BLOCK, Kernel, Sixteen, WithKernel};
use super::measure::{Measurement, WINDOW};
use super::steadiness::Steadiness;
use crate::math::{powers_to_db, sqrt};
use crate::{Criteria, Key};

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
}

/// The strongest pair, while it may become a key.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    pair: Pair,
    /// For how many blocks it has been that.
    age: u32,
    /// Power in the band before its first window, over that in the window.
    ambience: f32,
    /// The doubt about the window that ended with the last block, as a part of what is allowed.
    doubt: f32,
}

/// A key that is down.
#[derive(Clone, Copy, Debug)]
struct Held {
    key: Key,
    pair: Pair,
    low_power: f32,
    high_power: f32,
    onset: u64,
    announced: bool,
    /// How much tone is missing since it was last there, in samples, and from where on.
    absent: f32,
    absent_from: u64,
    /// Lost blocks since the tone was last there.
    lost: u32,
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

    /// Takes the newest block of `history`, which ends at `position`.
    #[inline(always)]
    pub(super) fn handle_block<K: Kernel>(
        &mut self,
        kernel: K,
        history: &History,
        position: u64,
        events: &mut Queue,
    ) {
        if !self.idle || self.is_worth_a_look(history) {
            self.decide(kernel, history, position, events);
            self.idle = self.held.is_none()
                && self.candidate.is_none()
                && self.tail.is_none()
                && self.suspicion == Suspicion::None;
        }
    }

    /// Whether the newest block starts something.
    #[inline(always)]
    fn is_worth_a_look(&self, history: &History) -> bool {
        let (newest, lively) = (history.ago(0), history.lively());
        if lively < WINDOW as u32 {
            lively >= 2 && newest.spectrum.may_be_suspect() && self.looks_like(newest.pair, newest)
        } else {
            promising(history).is_some() || self.looks_like(newest.pair, newest)
        }
    }

    #[inline(always)]
    fn decide<K: Kernel>(&mut self, kernel: K, history: &History, position: u64, events: &mut Queue) {
        if let Some(held) = &mut self.held {
            let over = held.is_over(&self.limits, history.ago(0), position);
            let pair = held.pair;
            let next = self.seek_other(pair, kernel, history, position);
            if !over && next.is_none() {
                self.announce(position, events);
                return;
            }
            self.release(next.map(|next| next.onset), history.ago(0), position, events);
            if let Some(next) = next {
                self.hold(next, position, events);
            }
            return;
        }
        self.follow_tail(history.ago(0));
        match self.seek(kernel, history, position) {
            Some(found) if !self.is_tail(&found) => self.hold(found, position, events),
            _ => self.suspect(history, position, events),
        }
    }

    /// A key other than the one that is down.
    #[inline(always)]
    fn seek_other<K: Kernel>(
        &mut self,
        held: Pair,
        kernel: K,
        history: &History,
        position: u64,
    ) -> Option<Held> {
        if !history.ago(0).lively || history.ago(0).pair == held {
            self.candidate = None;
            return None;
        }
        self.seek(kernel, history, position).filter(|next| next.pair != held)
    }

    /// A key that has just become certain.
    #[inline(always)]
    fn seek<K: Kernel>(&mut self, kernel: K, history: &History, position: u64) -> Option<Held> {
        if history.lively() < WINDOW as u32 {
            self.candidate = None;
            return None;
        }
        let before = self.candidate.take();
        let pair = promising(history)?;
        kernel.with(Consider { tracker: self, pair, before, history, position })
    }

    /// Measures a pair that may be a key.
    #[inline(always)]
    fn consider<V: Sixteen>(
        &mut self,
        pair: Pair,
        before: Option<Candidate>,
        history: &History,
        position: u64,
    ) -> Option<Held> {
        let before = before.filter(|before| before.pair == pair);
        let age = before.map_or(0, |before| before.age + 1);
        let ambience = before.map_or_else(|| ambience(history), |before| before.ambience);
        let measured = pair.measure::<V>(history, self.criteria.max_frequency_error());
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
    fn lasting(&mut self, pair: Pair, measured: &Measurement, doubt: f32, history: &History) -> Option<f32> {
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
    fn doubt_of_company(&self, pair: Pair, measured: &Measurement, so_far: f32, history: &History) -> f32 {
        if self.matters(so_far, KINSHIP) && measured.clarity < 1.0 - REST_FROM / 2.0 {
            doubt_of_company(pair.company(measured, history))
        } else {
            0.0
        }
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
    fn follow_tail(&mut self, block: &Block) {
        self.tail = self.tail.filter(|&(pair, power)| {
            let (low, high) = pair.powers(block);
            block.kind == Kind::Heard && low + high > power / 4.0
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
    fn release(&mut self, next: Option<u64>, newest: &Block, position: u64, events: &mut Queue) {
        let Some(held) = self.held.take() else { return };
        let end = held.absent_from.min(next.unwrap_or(u64::MAX)).max(held.onset);
        let (low, high) = held.pair.powers(newest);
        self.tail = (newest.kind == Kind::Heard).then_some((held.pair, low + high));
        if held.announced {
            events.push(ToneEvent::End { key: held.key, at_sample: end, declared_at: position });
        } else if self.suspicion != (Suspicion::None) {
            events.push(ToneEvent::Cleared { at_sample: position });
        }
        self.suspicion = Suspicion::None;
    }

    #[inline(always)]
    fn suspect(&mut self, history: &History, position: u64, events: &mut Queue) {
        let pair = history.ago(0).pair;
        let known = history.lively() >= 2;
        let alike = |ago| known && self.looks_like(pair, history.ago(ago));
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
    fn looks_like(&self, pair: Pair, block: &Block) -> bool {
        looks_like(self.limits.floor, pair, &block.spectrum)
    }
}

/// Whether a single block looks like one of a key whose tones have at least the power `floor`.
#[inline(always)]
pub(super) fn looks_like(floor: f32, pair: Pair, spectrum: &Spectrum) -> bool {
    let (low, high) = pair.powers_in(spectrum);
    // There is no NaN here, and what a voice does next cannot be foreseen: without branches.
    let (least, most) = if low < high { (low, high) } else { (high, low) };
    (least >= floor) & (least >= SUSPECT_TWIST * most) & (low + high >= SUSPECT_PURITY * spectrum.band)
}

/// [`Tracker::consider`] with some kernel.
struct Consider<'a> {
    tracker: &'a mut Tracker,
    pair: Pair,
    before: Option<Candidate>,
    history: &'a History,
    position: u64,
}

impl WithKernel for Consider<'_> {
    type Output = Option<Held>;

    #[inline(always)]
    fn run<K: Kernel>(self, _: K) -> Option<Held> {
        let Self { tracker, pair, before, history, position } = self;
        tracker.consider::<K::Sixteen>(pair, before, history, position)
    }
}

impl Limits {
    fn of(criteria: &Criteria) -> Self {
        Self {
            floor: floor(criteria),
            duration: criteria.min_duration_samples(),
            pause: criteria.min_pause_samples(),
        }
    }
}

impl Held {
    /// Looks for the tones in the newest block; true when they have been absent for long enough.
    #[inline(always)]
    fn is_over(&mut self, limits: &Limits, block: &Block, position: u64) -> bool {
        if block.kind == Kind::Lost {
            self.lost += 1;
            return self.lost > LOST_BLOCKS;
        }
        let presence = self.presence(block);
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
    fn presence(&mut self, block: &Block) -> f32 {
        if block.kind != Kind::Heard {
            return 0.0;
        }
        let (low, high) = self.pair.powers(block);
        let ratio = (low / self.low_power).min(high / self.high_power);
        // Most often it need not be known more closely.
        let presence = if ratio < SURELY_PRESENT { sqrt(ratio) } else { 1.0 };
        if presence >= PRESENT && low + high < PRESENT_PURITY * block.spectrum.band {
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

/// The strongest pair of a window of lively blocks, if it has been the same all the time and is worth measuring.
#[inline(always)]
fn promising(history: &History) -> Option<Pair> {
    let (newer, older) = (history.ago(0), history.ago(WINDOW / 2));
    if older.pair != newer.pair {
        return None;
    }
    let band: f32 = (0..WINDOW).map(|ago| history.ago(ago).spectrum.band).sum();
    let coherent = (newer.pair_power + older.pair_power) * (WINDOW as f32 / 2.0);
    (coherent >= PROMISING * band).then_some(newer.pair)
}

/// Power in the band before the window, over that in the window. Of the two blocks before it, those that were
/// not looked at do not count; if that is both it was quiet.
#[inline(always)]
fn ambience(history: &History) -> f32 {
    let within: f32 = (0..WINDOW).map(|ago| history.ago(ago).spectrum.band).sum();
    let (mut before, mut heard) = (0.0, 0.0);
    for block in [history.ago(WINDOW), history.ago(WINDOW + 1)] {
        if block.kind == Kind::Heard {
            before += block.spectrum.band;
            heard += 1.0;
        }
    }
    if heard > 0.0 { before * WINDOW as f32 / (within.max(f32::MIN_POSITIVE) * heard) } else { 0.0 }
}

/// Decibels of the square of the magnitude of a 0 dBm0 tone.
const FULL_SCALE_DB: f32 = 176.7115;
/// Part of the band's power in the strongest row and column, below which measuring is not worth it.
pub(super) const PROMISING: f32 = 0.42;
/// Doubt, as a part of what is allowed, at which one window is enough.
const NO_DOUBT: f32 = 1.0;
/// The same for two windows in a row.
const LITTLE_DOUBT: f32 = 1.3;
/// Doubt on average over a pair that stands still, as a part of what is allowed.
const LASTING_DOUBT: f32 = 0.8;
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
