//! Many listeners at once: each block of all of them goes through the arithmetic together, and what is known
//! of them is one bit a channel. Only where something may begin or is going on does a tracker decide.

mod bits;
mod outlooks;
mod state;

use super::Listener;
use crate::detector::block::Spectrum;
use crate::detector::kernel::{BLOCK, Kernel, LANES, Path, Recent, Spectra, WithKernel};
use bits::{is_set, mask};
use state::State;

/// How far a listener has got.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::detector) struct Progress {
    /// Blocks that were heard.
    pub(in crate::detector) blocks: usize,
    /// Whether nothing can have been found in them.
    pub(in crate::detector) is_quiet: bool,
}

/// Listeners side by side, each with the blocks it is to hear.
pub(in crate::detector) struct Abreast<'a> {
    listeners: Listeners<'a>,
    blocks: Blocks<'a>,
    progress: [Option<&'a mut Progress>; LANES],
    len: usize,
}

impl<'a> Abreast<'a> {
    pub(in crate::detector) const fn new() -> Self {
        Self {
            listeners: [const { None }; LANES],
            blocks: [&[]; LANES],
            progress: [const { None }; LANES],
            len: 0,
        }
    }

    /// Adds a listener that is to hear whole blocks, and has found nothing yet that was not handed out.
    pub(in crate::detector) fn add(
        &mut self,
        listener: &'a mut Listener,
        blocks: &'a [[i16; BLOCK]],
        progress: &'a mut Progress,
    ) {
        if let Some(place) = self.listeners.get_mut(self.len) {
            *place = Some(listener);
            self.blocks[self.len] = blocks;
            self.progress[self.len] = Some(progress);
            self.len += 1;
        }
    }

    pub(in crate::detector) const fn is_full(&self) -> bool {
        self.len == LANES
    }

    /// Lets all hear, if they are enough for that to be worth it, and forgets them; those that find too much stop
    /// early.
    pub(in crate::detector) fn hear(&mut self, path: Path, room: &mut Room) {
        if self.len >= WORTH_IT {
            path.with(Hear(self, room));
        }
        for (listener, blocks) in self.listeners.iter_mut().zip(&mut self.blocks) {
            (*listener, *blocks) = (None, &[]);
        }
        self.len = 0;
    }
}

/// [`Abreast::hear`] with some kernel.
struct Hear<'a, 'b>(&'a mut Abreast<'b>, &'a mut Room);

impl WithKernel for Hear<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) {
        let Self(Abreast { listeners, blocks, progress, .. }, room) = self;
        let mut state = State::new(room);
        state.begin(kernel, listeners);
        // Mostly all frames are alike, and all are over at the same time.
        let mut from = 0;
        while let Some(to) = blocks.iter().map(|blocks| blocks.len()).filter(|&len| len > from).min() {
            state.active &= mask(|lane| blocks[lane].len() >= to);
            for n in from..to {
                state.step(kernel, listeners, blocks, n);
            }
            from = to;
        }
        for (lane, (listener, progress)) in listeners.iter_mut().zip(progress).enumerate() {
            if let (Some(listener), Some(progress)) = (listener, progress) {
                let blocks = &blocks[lane][..state.taken[lane].min(blocks[lane].len())];
                **progress = Progress { blocks: blocks.len(), is_quiet: !is_set(state.decided, lane) };
                state.store(lane, listener, blocks);
            }
        }
    }
}

/// Room for the arithmetic, which need not be made ready again for every frame.
#[derive(Clone)]
pub(crate) struct Room {
    /// The last three blocks, in turn.
    spectra: [Spectra; 3],
    /// The last eight blocks, in turn.
    recent: [Recent; RECENT],
    /// For lanes without a channel.
    spare: [Spectrum; LANES],
}

impl Room {
    pub(crate) const fn new() -> Self {
        Self {
            spectra: [Spectra::NOTHING; 3],
            recent: [Recent::NOTHING; RECENT],
            spare: [Spectrum::NOTHING; LANES],
        }
    }
}

/// Leaves out what is known of the audio: it may hold a key.
impl core::fmt::Debug for Room {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Room").finish_non_exhaustive()
    }
}

type Listeners<'a> = [Option<&'a mut Listener>; LANES];
type Blocks<'a> = [&'a [[i16; BLOCK]]; LANES];

/// Fewer channels are left to be heard one after the other: the sums are made for sixteen in any case.
const WORTH_IT: usize = 12;
/// A power of two that is more than a window.
const RECENT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToneEvent;
    use crate::{Criteria, Generator, Key, SampleRate};

    /// Keys, vowels that glide, noise and silence in turn, another order on every channel.
    fn audio(channel: usize) -> Vec<i16> {
        let mut state = 7 * channel as u32 + 1;
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        let mut audio = Vec::new();
        while audio.len() < 80_000 {
            let len = 400 + random() as usize % 4_000;
            match random() % 4 {
                0 => audio.extend(Generator::new(SampleRate::Hz8000).key(Key::ALL[random() as usize % 16])),
                1 => audio.extend((0..len).map(|_| 0)),
                2 => audio.extend((0..len).map(|_| (random() as i16) >> (channel % 8))),
                _ => {
                    let pitch = 90.0 + f64::from(random() % 160);
                    audio.extend((0..len).map(|n| {
                        let t = n as f64 / 8_000.0;
                        let sine =
                            |h: u32| (core::f64::consts::TAU * f64::from(h) * (pitch + 9.0 * t) * t).sin();
                        (1_500.0 * (4..14).map(sine).sum::<f64>()) as i16
                    }));
                }
            }
        }
        audio
    }

    fn listener(path: Path, channel: usize) -> Listener {
        let criteria = if channel % 3 == 2 { Criteria::slow() } else { Criteria::default() };
        Listener { path, ..Listener::new(criteria) }
    }

    fn alone(path: Path, channel: usize, audio: &[i16]) -> Vec<ToneEvent> {
        let (mut listener, mut rest, mut events) = (listener(path, channel), audio, Vec::new());
        while rest.len() >= BLOCK {
            rest = &rest[listener.hear(rest)..];
            events.extend(core::iter::from_fn(|| listener.poll()));
        }
        events
    }

    #[test]
    fn many_listeners_decide_as_each_alone_on_every_path() {
        for path in Path::all() {
            for frame in [1, 3, 4, 40] {
                let audio: [Vec<i16>; LANES] = core::array::from_fn(audio);
                let mut listeners: [Listener; LANES] =
                    core::array::from_fn(|channel| listener(path, channel));
                let mut events: [Vec<ToneEvent>; LANES] = Default::default();
                let mut heard = [0; LANES];
                let (mut room, mut rounds) = (Room::new(), 0);
                // The last lane is empty now and then, and not every frame is of the same length.
                while heard.iter().zip(&audio).any(|(heard, audio)| heard + BLOCK <= audio.len()) {
                    let mut progress = [Progress::default(); LANES];
                    let mut abreast = Abreast::new();
                    rounds += 1;
                    let lanes = LANES - usize::from(rounds % 5 == 0);
                    for (lane, (listener, progress)) in
                        listeners.iter_mut().zip(&mut progress).enumerate().take(lanes)
                    {
                        let blocks = audio[lane][heard[lane]..].as_chunks().0;
                        let len = (frame + usize::from((lane + rounds) % 11 == 0)).min(blocks.len());
                        abreast.add(listener, &blocks[..len], progress);
                    }
                    abreast.hear(path, &mut room);
                    for (lane, listener) in listeners.iter_mut().enumerate() {
                        heard[lane] += progress[lane].blocks * BLOCK;
                        let before = events[lane].len();
                        events[lane].extend(core::iter::from_fn(|| listener.poll()));
                        assert!(!progress[lane].is_quiet || before == events[lane].len());
                    }
                }
                for (lane, events) in events.iter().enumerate() {
                    assert_eq!(events, &alone(path, lane, &audio[lane]), "{path:?} {frame} {lane}");
                    assert!(events.len() > 8);
                }
            }
        }
    }
}
