//! The blocks of all channels, one after the other.

use super::bits::{bits, is_set, with};
use super::outlooks::Outlooks;
use super::{Blocks, Listener, Listeners, RECENT, Room};
use crate::detector::block::{Block, Spectrum};
use crate::detector::history::Heard;
use crate::detector::kernel::{BLOCK, Gates, Kernel, LANES, Lanes, Verdicts};
use crate::detector::measure::WINDOW;

/// What is known of all channels, a bit for each.
pub(super) struct State<'a> {
    room: &'a mut Room,
    /// Those that have more to hear.
    pub(super) active: u16,
    /// Whose next block is one of those that may be left out.
    odd: u16,
    /// Whose last block was left out.
    left: u16,
    /// Whose newest block in the history is lively, is the only one that is, may be suspect.
    lively: u16,
    single: u16,
    suspect: u16,
    /// Whose last block, whatever became of it, was lively.
    last_lively: u16,
    /// Of whom that block and the one before are in the history as heard.
    heard: [u16; 2],
    /// Whose tracker has decided anything.
    pub(super) decided: u16,
    outlooks: Outlooks,
    gates: Gates,
    /// Least power of each tone.
    floors: Lanes<f32>,
    /// After how many blocks those stopped that found too much.
    pub(super) taken: [usize; LANES],
}
/// What becomes of a block, a bit for every channel.
struct Fates {
    /// It is too quiet.
    quiet: u16,
    /// It is left out.
    leave_out: u16,
    /// It is looked at; those of them that are lively, and may be suspect.
    look: u16,
    lively: u16,
    suspect: u16,
    /// The one before, which was left out, is looked at as well, or is passed over.
    back: u16,
    passed: u16,
}

impl<'a> State<'a> {
    pub(super) const fn new(room: &'a mut Room) -> Self {
        Self {
            room,
            active: 0,
            odd: 0,
            left: 0,
            lively: 0,
            single: 0,
            suspect: 0,
            last_lively: 0,
            heard: [u16::MAX; 2],
            decided: 0,
            outlooks: Outlooks::NONE,
            gates: Gates::NONE,
            floors: Lanes([0.0; LANES]),
            taken: [usize::MAX; LANES],
        }
    }

    /// Takes over what all listeners know.
    #[inline(always)]
    pub(super) fn begin<K: Kernel>(&mut self, kernel: K, listeners: &mut Listeners<'_>) {
        for (lane, listener) in listeners.iter_mut().enumerate() {
            if let Some(listener) = listener {
                self.load(kernel, lane, listener);
            }
        }
        // Before the first block the second and the third of the spectra are the last ones.
        let silence = Spectrum::NOTHING;
        for ago in 0..2 {
            let mut spectra = [&silence; LANES];
            for (lane, (to, listener)) in spectra.iter_mut().zip(listeners.iter()).enumerate() {
                if let Some(listener) = listener {
                    *to = &listener.history.before(is_set(self.left, lane), ago).spectrum;
                }
            }
            kernel.load_abreast(&spectra, &mut self.room.spectra[2 - ago]);
        }
    }

    #[inline(always)]
    fn load<K: Kernel>(&mut self, kernel: K, lane: usize, listener: &mut Listener) {
        let bit = |is: bool| u16::from(is) << lane;
        self.active |= bit(true);
        self.gates.set(lane, &listener.gate);
        self.floors.0[lane] = listener.tracker.floor();
        self.outlooks.load(lane, &listener.tracker);
        self.odd |= bit((listener.position / BLOCK as u64).is_multiple_of(2));
        self.lively |= bit(listener.history.lively() > 0);
        self.single |= bit(listener.history.lively() == 1);
        self.suspect |= bit(listener.history.ago(0).spectrum.may_be_suspect());
        if listener.is_left_out {
            self.left |= bit(true);
            let energy = kernel.energy(&listener.left_out);
            let spectrum = listener.history.upcoming(0);
            kernel.look(&listener.left_out, spectrum);
            self.room.spectra[2].energy.0[lane] = energy;
            self.last_lively |= bit(listener.gate.is_lively(spectrum, energy));
        }
        if listener.is_left_out || listener.history.lively() > 0 {
            for ago in 0..WINDOW - 1 {
                self.room.recent[RECENT - 1 - ago]
                    .set(lane, listener.history.before(listener.is_left_out, ago));
            }
        }
    }

    /// Gives back to a listener what it must know.
    #[inline(always)]
    pub(super) fn store(&mut self, lane: usize, listener: &mut Listener, blocks: &[[i16; BLOCK]]) {
        self.outlooks.store(lane, &mut listener.tracker);
        listener.position += (blocks.len() * BLOCK) as u64;
        listener.is_left_out = is_set(self.left, lane);
        if listener.is_left_out
            && let Some(last) = blocks.last()
        {
            listener.left_out = *last;
        }
    }

    /// Lets all hear their block number `n`.
    #[inline(always)]
    pub(super) fn step<K: Kernel>(
        &mut self,
        kernel: K,
        listeners: &mut Listeners<'_>,
        blocks: &Blocks<'_>,
        n: usize,
    ) {
        let mut frame = [&SILENCE; LANES];
        for (block, blocks) in frame.iter_mut().zip(blocks) {
            if let Some(next) = blocks.get(n) {
                *block = next;
            }
        }
        let fates = self.look(kernel, listeners, &frame, n);
        for lane in bits(fates.passed) {
            if let Some(listener) = &mut listeners[lane] {
                listener.history.push(&Block::PASSED);
            }
        }
        self.lively &= !fates.passed;
        for lane in bits(fates.back) {
            if let Some(listener) = &mut listeners[lane] {
                let samples = n.checked_sub(1).and_then(|before| blocks[lane].get(before));
                self.look_back(kernel, lane, listener, samples, n);
            }
        }
        let long = self.push(kernel, listeners, &frame, &fates, n);
        self.decide(kernel, listeners, &fates, long, n);
        self.left = fates.leave_out | self.left & !(fates.look | fates.quiet);
        self.last_lively = fates.lively;
        self.heard = [fates.look, self.heard[0] | fates.back];
        self.odd = !self.odd;
    }

    /// The arithmetic on a block, and what becomes of it.
    #[inline(always)]
    fn look<K: Kernel>(
        &mut self,
        kernel: K,
        listeners: &mut Listeners<'_>,
        frame: &[&[i16; BLOCK]; LANES],
        n: usize,
    ) -> Fates {
        let Room { spectra, recent, spare } = &mut *self.room;
        let newest = &mut spectra[n % 3];
        let mut copies = spare.each_mut();
        for (lane, (copy, listener)) in copies.iter_mut().zip(listeners).enumerate() {
            if let Some(listener) = listener {
                *copy = listener.history.upcoming(is_set(self.left, lane).into());
            }
        }
        kernel.look_abreast(frame, newest, &mut copies);
        recent[n % RECENT].band = newest.band;
        let Verdicts { loud, lively, suspect } = kernel.verdicts(newest, &self.gates);
        let quiet = self.active & !loud;
        let may_leave_out = self.odd & self.outlooks.idle() & (!self.lively | self.single & !self.suspect);
        let leave_out = self.active & loud & may_leave_out;
        let look = self.active & loud & !leave_out;
        let back = self.left & look & lively;
        let passed = self.left & (quiet | look & !lively);
        Fates { quiet, leave_out, look, lively, suspect, back, passed }
    }

    /// Puts the block into the history that was left out; [`Listener::look_back`].
    #[inline(always)]
    fn look_back<K: Kernel>(
        &mut self,
        kernel: K,
        lane: usize,
        listener: &mut Listener,
        samples: Option<&[i16; BLOCK]>,
        n: usize,
    ) {
        let Listener { history, tracker, events, position, left_out, .. } = listener;
        let one = &self.room.spectra[(n + 2) % 3];
        let spectrum = history.upcoming(0);
        (spectrum.band, spectrum.row, spectrum.column) =
            (one.band.0[lane], one.row.0[lane], one.column.0[lane]);
        let is_lively = is_set(self.last_lively, lane);
        history.push_heard(kernel, samples.unwrap_or(left_out), one.energy.0[lane], is_lively);
        self.lively = with(self.lively, lane, history.lively() > 0);
        // A single block decides nothing.
        if history.lively() > 1 {
            self.decided |= 1 << lane;
            self.outlooks.store(lane, tracker);
            tracker.handle_block(kernel, history, *position + (n * BLOCK) as u64, events);
            self.outlooks.load(lane, tracker);
        }
    }

    /// Puts the block into every history; of whom the pair is known, and whose are so long that it may begin
    /// something.
    #[inline(always)]
    fn push<K: Kernel>(
        &mut self,
        kernel: K,
        listeners: &mut Listeners<'_>,
        frame: &[&[i16; BLOCK]; LANES],
        fates: &Fates,
        n: usize,
    ) -> (u16, u16) {
        let &Fates { quiet, look, lively, suspect, .. } = fates;
        let known = look & lively & self.lively;
        let Room { spectra, recent, .. } = &mut *self.room;
        let newest = &spectra[n % 3];
        let spectra = [newest, &spectra[(n + 2) % 3], &spectra[(n + 1) % 3]];
        let pairs = &mut recent[n % RECENT].pairs;
        let incoherent = if known == 0 { 0 } else { kernel.strongest_abreast(spectra, self.heard[1], pairs) };
        let mut long = 0;
        for lane in bits(look) {
            if let Some(listener) = &mut listeners[lane] {
                listener.history.push_abreast(&Heard {
                    samples: frame[lane],
                    band: newest.band.0[lane],
                    row: newest.row.0[lane],
                    column: newest.column.0[lane],
                    energy: newest.energy.0[lane],
                    lively: is_set(lively, lane),
                    known: is_set(known, lane),
                    coherent: !is_set(incoherent, lane),
                    pair: pairs.lane(lane),
                });
                long |= u16::from(listener.history.lively() as usize >= WINDOW) << lane;
            }
        }
        for lane in bits(quiet) {
            if let Some(listener) = &mut listeners[lane] {
                listener.history.push(&Block::PASSED);
            }
        }
        let others = !(look | quiet);
        self.single = look & lively & !self.lively | self.single & others;
        self.lively = look & lively | self.lively & others;
        self.suspect = look & suspect | self.suspect & others;
        (known, long)
    }

    /// Lets those trackers decide whose block may change more than a bit.
    #[inline(always)]
    fn decide<K: Kernel>(
        &mut self,
        kernel: K,
        listeners: &mut Listeners<'_>,
        fates: &Fates,
        (known, long): (u16, u16),
        n: usize,
    ) {
        let pairs = &self.room.recent[n % RECENT].pairs;
        let alike = |n: usize| kernel.alike_abreast(&self.room.spectra[n % 3], pairs, &self.floors) & known;
        let eager = fates.suspect | long | !self.outlooks.idle();
        let newest_alike = if known & eager == 0 { 0 } else { alike(n) };
        let mut raised = newest_alike & eager & !self.outlooks.suspects & !self.outlooks.key;
        if raised != 0 {
            raised &= alike(n + 2);
        }
        let ago = |ago: usize| &self.room.recent[(n + RECENT - ago) % RECENT];
        let window = [ago(0), ago(1), ago(2), ago(3), ago(4), ago(5)];
        let promising = if long == 0 { 0 } else { kernel.promising_abreast(window) & long };
        let cleared = self.outlooks.suspects & self.outlooks.doubts & !newest_alike;
        let heard = fates.look | fates.quiet;
        let decide = heard & (self.outlooks.key | promising | raised | cleared);
        self.outlooks.settle(heard & !decide, newest_alike);
        self.decided |= decide;
        for lane in bits(decide) {
            if let Some(listener) = &mut listeners[lane] {
                let Listener { history, tracker, events, position, .. } = &mut **listener;
                self.outlooks.store(lane, tracker);
                tracker.handle_block(kernel, history, *position + ((n + 1) * BLOCK) as u64, events);
                self.outlooks.load(lane, tracker);
                if !events.has_room() {
                    self.active &= !(1 << lane);
                    self.taken[lane] = n + 1;
                }
            }
        }
    }
}
/// For lanes that have nothing to hear.
static SILENCE: [i16; BLOCK] = [0; BLOCK];
