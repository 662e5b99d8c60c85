//! One block of all channels of a group.

use super::bits::{bits, is_set, with};
use super::lane::Lane;
use super::outlooks::Changes;
use super::{Group, Head, SEATS};
use crate::detector::Detector;
use crate::detector::event::{Queue, ToneEvent};
use crate::detector::kernel::{BLOCK, Kernel, LANES, Verdicts};
use crate::detector::measure::WINDOW;
use crate::detector::recall::Recall;

/// What came of a block, a bit for every channel.
pub(super) struct Found {
    /// Who has found anything.
    pub(super) events: u16,
    /// Who has found so much that the next block must wait.
    pub(super) full: u16,
}

/// What becomes of a block, a bit for every channel.
struct Fates {
    /// It is too quiet.
    quiet: u16,
    /// It is left out.
    leave_out: u16,
    /// It is looked at; those of all blocks that are lively, and may be suspect.
    look: u16,
    lively: u16,
    suspect: u16,
    /// The one before, which was left out, is looked at as well.
    back: u16,
    /// Those that are lively as the block before is, so that a pair is known.
    known: u16,
}

impl Group<'_> {
    /// Lets all hear their next blocks.
    #[inline(always)]
    pub(super) fn step<K: Kernel>(
        &mut self,
        kernel: K,
        blocks: &[&[i16; BLOCK]; LANES],
        detectors: &mut [Detector],
    ) -> Found {
        self.head.newest = (self.head.newest + 1) % SEATS;
        let newest = self.head.newest;
        let moment = &mut self.seats[newest].moment;
        kernel.look_abreast(blocks, self.head.joined, moment);
        let fates = self.head.fates(kernel.verdicts(&moment.spectra, &self.head.gates));
        let mut found = Found { events: 0, full: 0 };
        if self.head.left != 0 {
            let decisive = self.look_back(&fates);
            self.follow(kernel, decisive, self.seat_ago(1), detectors, &mut found);
        }
        self.head.heard += BLOCK as u64;
        let fates = self.push(kernel, fates);
        self.decide(kernel, &fates, detectors, &mut found);
        found
    }

    #[inline(always)]
    const fn seat_ago(&self, ago: usize) -> usize {
        (self.head.newest + SEATS - ago) % SEATS
    }

    /// Puts the blocks into the past that were left out and turn out to matter, and passes over the others; who
    /// may have something to decide. A single block decides nothing.
    #[inline(always)]
    fn look_back(&mut self, fates: &Fates) -> u16 {
        let before = self.seat_ago(1);
        let head = &mut *self.head;
        let lively = fates.back & head.last_lively;
        let seat = &mut self.seats[before];
        seat.heard |= fates.back;
        seat.lively |= lively;
        head.run_on(head.left, lively, head.last_incoherent);
        fates.back & head.runs[1]
    }

    /// Puts the block into the past of those that look at it or find it quiet.
    #[inline(always)]
    fn push<K: Kernel>(&mut self, kernel: K, fates: Fates) -> Fates {
        let [newest, one, two] = [0, 1, 2].map(|ago| self.seat_ago(ago));
        let head = &mut *self.head;
        let &Fates { quiet, leave_out, look, lively, suspect, .. } = &fates;
        // Those that are left out may have to be looked at when the next block is known.
        let mut incoherent = 0;
        if (look | leave_out) & lively & head.runs[0] != 0 {
            let heard = self.seats[two].heard;
            if let Ok([newest, one, two]) = self.seats.get_disjoint_mut([newest, one, two]) {
                let (moment, pairs) = (&newest.moment.spectra, &mut newest.moment.pairs);
                let spectra = [moment, &one.moment.spectra, &two.moment.spectra];
                incoherent = kernel.strongest_abreast(spectra, heard, pairs);
            }
        }
        let seat = &mut self.seats[newest];
        seat.heard = look;
        seat.lively = look & lively;
        let known = look & lively & head.runs[0];
        head.run_on(look | quiet, look & lively, incoherent);
        head.suspect = look & suspect | head.suspect & leave_out;
        head.left = leave_out;
        (head.last_lively, head.last_incoherent) = (lively, incoherent);
        head.odd = !head.odd;
        Fates { known, ..fates }
    }

    /// Decides on the newest block of all: with trackers where a key is down or may have begun.
    #[inline(always)]
    fn decide<K: Kernel>(&mut self, kernel: K, fates: &Fates, detectors: &mut [Detector], found: &mut Found) {
        let heard = fates.look | fates.quiet;
        let key = heard & self.head.outlooks.key;
        let alike = self.alike(kernel, fates);
        let considered = self.promising(kernel, fates) & !key;
        self.follow(kernel, key, self.head.newest, detectors, found);
        let mut open = heard & !key;
        for lane in bits(considered) {
            if self.consider(kernel, lane, detectors, found) {
                open = with(open, lane, false);
            }
        }
        let Changes { raised, cleared } = self.head.outlooks.settle(open, considered, alike);
        for lane in bits(raised | cleared) {
            let position = self.head.position(lane);
            let event = if is_set(raised, lane) {
                ToneEvent::Suspect { at_sample: position.saturating_sub(3 * BLOCK as u64) }
            } else {
                ToneEvent::Cleared { at_sample: position }
            };
            if let Some(detector) = detectors.get_mut(self.head.channels[lane]) {
                detector.listener.events.push(event);
                found.note(lane, &detector.listener.events);
            }
        }
    }

    /// Who looks like a key in the newest block, and in the one before as well, as far as that matters.
    #[inline(always)]
    fn alike<K: Kernel>(&self, kernel: K, fates: &Fates) -> [u16; 2] {
        let Head { outlooks, floors, runs, .. } = &*self.head;
        let newest = &self.seats[self.seat_ago(0)].moment;
        let one = &self.seats[self.seat_ago(1)].moment;
        let eager = fates.known & (fates.suspect | runs[WINDOW - 1] | !outlooks.idle());
        if eager == 0 {
            return [0; 2];
        }
        let alike = kernel.alike_abreast(&newest.spectra, &newest.pairs, floors, eager);
        let may_raise = alike & !outlooks.suspects & !outlooks.key;
        if may_raise == 0 {
            return [alike, 0];
        }
        [alike, kernel.alike_abreast(&one.spectra, &newest.pairs, floors, may_raise)]
    }

    /// Whose pair is worth measuring.
    #[inline(always)]
    fn promising<K: Kernel>(&self, kernel: K, fates: &Fates) -> u16 {
        let long = fates.look & self.head.runs[WINDOW - 1];
        let window = core::array::from_fn(|ago| &self.seats[self.seat_ago(ago)].moment);
        if long == 0 { 0 } else { kernel.promising_abreast(window, self.head.wide, long) }
    }

    /// Measures a pair that may be a key; whether one is down now.
    #[inline(always)]
    fn consider<K: Kernel>(
        &mut self,
        kernel: K,
        lane: usize,
        detectors: &mut [Detector],
        found: &mut Found,
    ) -> bool {
        let Some(detector) = detectors.get_mut(self.head.channels[lane]) else { return false };
        let (tracker, events) = (&mut detector.listener.tracker, &mut detector.listener.events);
        let past = Lane { seats: self.seats, runs: &self.head.runs, newest: self.head.newest, lane };
        self.head.outlooks.store(lane, tracker);
        let is_key = tracker.consider_pair(kernel, past.pair(0), &past, self.head.position(lane), events);
        if is_key {
            self.head.outlooks.load(lane, tracker);
            found.note(lane, events);
        }
        is_key
    }

    /// Lets the trackers of some decide on a block, the newest or the one before.
    #[inline(always)]
    fn follow<K: Kernel>(
        &mut self,
        kernel: K,
        channels: u16,
        newest: usize,
        detectors: &mut [Detector],
        found: &mut Found,
    ) {
        for lane in bits(channels) {
            let Some(detector) = detectors.get_mut(self.head.channels[lane]) else { continue };
            let (tracker, events) = (&mut detector.listener.tracker, &mut detector.listener.events);
            let past = Lane { seats: self.seats, runs: &self.head.runs, newest, lane };
            self.head.outlooks.store(lane, tracker);
            tracker.handle_block(kernel, &past, self.head.position(lane), events);
            self.head.outlooks.load(lane, tracker);
            found.note(lane, events);
        }
    }
}

impl Found {
    #[inline(always)]
    fn note(&mut self, lane: usize, events: &Queue) {
        self.events |= u16::from(!events.is_empty()) << lane;
        self.full |= u16::from(!events.has_room()) << lane;
    }
}

impl Head {
    #[inline(always)]
    fn fates(&self, Verdicts { loud, lively, suspect }: Verdicts) -> Fates {
        let idle = self.outlooks.idle();
        let one = self.runs[0] & !self.runs[1] & !self.suspect;
        let may_leave_out = self.odd & idle & (!self.runs[0] | one);
        let leave_out = self.joined & loud & may_leave_out;
        let look = self.joined & loud & !leave_out;
        let back = self.left & look & lively;
        Fates { quiet: self.joined & !loud, leave_out, look, lively, suspect, back, known: 0 }
    }

    /// Counts a block of some `channels`, of which some are lively and some are not in phase with those before.
    #[inline(always)]
    fn run_on(&mut self, channels: u16, lively: u16, incoherent: u16) {
        let before = self.runs;
        let goes_on = lively & before[0] & !incoherent;
        for (blocks, run) in self.runs.iter_mut().enumerate().skip(1) {
            *run = *run & !channels | before[blocks - 1] & goes_on;
        }
        // Of those that are not in phase at most the last two belong together.
        self.runs[1] |= lively & before[0];
        self.runs[0] = self.runs[0] & !channels | lively;
    }
}
