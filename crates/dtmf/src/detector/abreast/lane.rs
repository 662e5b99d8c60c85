//! One channel of a group: how it joins and leaves, and what its tracker asks of the past.

use super::bits::{is_set, with};
use super::{Group, Head, SEATS, Seat};
use crate::detector::block::{Block, Kind, Pair, SUSPECT_PURITY, TOTAL_UNIT};
use crate::detector::history::LEN;
use crate::detector::kernel::{BLOCK, Kernel, Sixteen, TONES, WithKernel};
use crate::detector::listener::Listener;
use crate::detector::measure::{LEAD, WINDOW};
use crate::detector::recall::Recall;

/// The past of one channel.
pub(super) struct Lane<'a> {
    pub(super) seats: &'a [Seat; SEATS],
    pub(super) runs: &'a [u16; WINDOW],
    /// The seat of the newest block.
    pub(super) newest: usize,
    pub(super) lane: usize,
}

impl Group<'_> {
    /// Takes over what the listener of a channel knows, unless audio of it is missing.
    #[inline(never)]
    pub(super) fn join(&mut self, lane: usize, channel: usize, listener: &Listener) -> bool {
        let head = &mut *self.head;
        let history = &listener.history;
        if history.has_lost() {
            return false;
        }
        head.joined = with(head.joined, lane, true);
        head.channels[lane] = channel;
        head.ahead[lane] = listener.position.wrapping_sub(head.heard);
        head.odd = with(head.odd, lane, (listener.position / BLOCK as u64).is_multiple_of(2));
        head.left = with(head.left, lane, listener.is_left_out);
        head.suspect = with(head.suspect, lane, history.may_be_suspect());
        for (blocks, run) in (1..).zip(&mut head.runs) {
            *run = with(*run, lane, history.lively() >= blocks);
        }
        head.outlooks.load(lane, &listener.tracker);
        head.gates.set(lane, &listener.gate);
        head.wide = with(head.wide, lane, listener.tracker.is_wide());
        head.floors.0[lane] = listener.tracker.floor();
        let left = usize::from(listener.is_left_out);
        for ago in 0..SEATS - left {
            let block = history.ago(ago);
            let seat = &mut self.seats[(head.newest + SEATS - ago - left) % SEATS];
            let before = |blocks: usize| history.ago((ago + blocks) % LEN);
            seat.moment.set_lane(lane, [block, before(1), before(2)]);
            seat.moment.samples.set_lane(lane, &history.samples(ago));
            seat.heard = with(seat.heard, lane, block.kind == Kind::Heard);
            seat.lively = with(seat.lively, lane, block.lively);
        }
        if listener.is_left_out {
            self.look_again(lane, listener);
        }
        true
    }

    /// Looks at a block that was left out, as it would have been looked at here.
    fn look_again(&mut self, lane: usize, listener: &Listener) {
        let Head { newest, last_lively, last_incoherent, .. } = &mut *self.head;
        let (one, two) = (listener.history.ago(0), listener.history.ago(1));
        let (block, incoherent) = listener.path.with(LookAgain(listener, [one, two]));
        let seat = &mut self.seats[*newest];
        seat.moment.set_lane(lane, [&block, one, two]);
        seat.moment.samples.set_lane(lane, &listener.left_out);
        seat.heard = with(seat.heard, lane, false);
        seat.lively = with(seat.lively, lane, false);
        *last_lively = with(*last_lively, lane, block.lively);
        *last_incoherent = with(*last_incoherent, lane, incoherent);
    }

    /// Lets a listener know what it has heard here, if it is one of the group.
    #[inline(never)]
    pub(super) fn leave(&mut self, lane: usize, listener: &mut Listener) {
        let head = &mut *self.head;
        if !is_set(head.joined, lane) {
            return;
        }
        head.joined = with(head.joined, lane, false);
        head.outlooks.store(lane, &mut listener.tracker);
        listener.position = head.position(lane);
        listener.is_left_out = is_set(head.left, lane);
        listener.left_out = self.seats[head.newest].moment.samples.lane(lane);
        // A block that was left out has the seat of the eighth before it: nobody will ask for that any more.
        let newest = (head.newest + SEATS - usize::from(listener.is_left_out)) % SEATS;
        let past = Lane { seats: self.seats, runs: &head.runs, newest, lane };
        listener.history.restore(past.lively(), |ago| (past.block(ago), past.samples(ago)));
        head.left = with(head.left, lane, false);
        for seat in &mut *self.seats {
            (seat.heard, seat.lively) = (with(seat.heard, lane, false), with(seat.lively, lane, false));
        }
    }
}

/// A block that was left out, and whether it is not in phase with the two before it, the newer first.
struct LookAgain<'a>(&'a Listener, [&'a Block; 2]);

impl WithKernel for LookAgain<'_> {
    type Output = (Block, bool);

    fn run<K: Kernel>(self, kernel: K) -> (Block, bool) {
        let Self(listener, [one, two]) = self;
        let mut block = Block::PASSED;
        kernel.look(&listener.left_out, &mut block.spectrum);
        let energy = kernel.energy(&listener.left_out);
        block.hear(energy, listener.gate.is_lively(&block.spectrum, energy));
        let is_in_phase = block.set_pair(kernel, &one.spectrum, &two.spectrum);
        (block, !is_in_phase)
    }
}

impl Lane<'_> {
    #[inline(always)]
    fn seat(&self, ago: usize) -> &Seat {
        &self.seats[(self.newest + SEATS - ago) % SEATS]
    }

    #[inline(always)]
    fn pointer(&self, ago: usize, row: usize) -> f32 {
        self.seat(ago).moment.spectra.pointers[row].0[self.lane]
    }

    /// The same of a block that may not have been heard.
    #[inline(always)]
    fn heard_pointer(&self, ago: usize, row: usize) -> f32 {
        if ago < WINDOW || self.is_heard(ago) { self.pointer(ago, row) } else { 0.0 }
    }

    /// All that is known of a block.
    fn block(&self, ago: usize) -> Block {
        if !self.is_heard(ago) {
            return Block::PASSED;
        }
        let moment = &self.seat(ago).moment;
        let (pair, pair_power) = moment.pairs.lane(self.lane);
        Block {
            spectrum: moment.spectra.lane(self.lane),
            kind: Kind::Heard,
            lively: self.is_lively(ago),
            energy: moment.spectra.energy.0[self.lane],
            pair,
            pair_power,
        }
    }
}

impl Recall for Lane<'_> {
    #[inline(always)]
    fn is_heard(&self, ago: usize) -> bool {
        is_set(self.seat(ago).heard, self.lane)
    }

    #[inline(always)]
    fn is_lost(&self, _: usize) -> bool {
        false
    }

    #[inline(always)]
    fn is_lively(&self, ago: usize) -> bool {
        is_set(self.seat(ago).lively, self.lane)
    }

    #[inline(always)]
    fn tone(&self, ago: usize, tone: usize) -> (f32, f32) {
        (self.pointer(ago, tone), self.pointer(ago, TONES + tone))
    }

    #[inline(always)]
    fn band(&self, ago: usize) -> f32 {
        self.seat(ago).moment.spectra.band.0[self.lane]
    }

    #[inline(always)]
    fn total(&self, ago: usize) -> f32 {
        self.seat(ago).moment.spectra.energy.0[self.lane] as f32 * TOTAL_UNIT
    }

    #[inline(always)]
    fn may_be_suspect(&self) -> bool {
        let spectra = &self.seat(0).moment.spectra;
        let both = spectra.row.0[self.lane] + spectra.column.0[self.lane];
        both >= SUSPECT_PURITY * spectra.band.0[self.lane]
    }

    #[inline(always)]
    fn pair(&self, ago: usize) -> Pair {
        self.seat(ago).moment.pairs.lane(self.lane).0
    }

    #[inline(always)]
    fn pair_power(&self, ago: usize) -> f32 {
        self.seat(ago).moment.pairs.power.0[self.lane]
    }

    #[inline(always)]
    fn samples(&self, ago: usize) -> [i16; BLOCK] {
        self.seat(ago).moment.samples.lane(self.lane)
    }

    #[inline(always)]
    fn lively(&self) -> u32 {
        self.runs.iter().map(|&run| u32::from(is_set(run, self.lane))).sum()
    }

    /// Only asked for when the blocks of a window have been heard.
    #[inline(always)]
    fn pointers<V: Sixteen>(&self, pair: Pair) -> (V, V) {
        let each = |row: usize| move |n: usize| self.heard_pointer(SEATS - 1 - n, row);
        (V::each(each(pair.low), each(pair.high)), V::each(each(TONES + pair.low), each(TONES + pair.high)))
    }
}

const _: () = assert!(SEATS == LEN && SEATS == WINDOW + LEAD);
