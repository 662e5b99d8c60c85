mod abreast;
mod block;
mod company;
mod doubt;
mod event;
mod history;
mod input;
mod kernel;
mod listener;
mod measure;
mod recall;
mod resample;
mod steadiness;
mod tracker;

pub(crate) use abreast::Room;
pub use event::ToneEvent;

use crate::{Criteria, SampleRate};
use abreast::Progress;
use input::{CHUNK, Input};
use kernel::BLOCK;
use listener::Listener;
use resample::Resampler;

/// Finds keys in audio.
///
/// Give it the samples in pieces of any length; what it finds does not depend on how they were cut.
///
/// ```
/// use paytone_dtmf::{Detector, Generator, Key, SampleRate, ToneEvent};
///
/// let mut detector = Detector::new(SampleRate::Hz8000);
/// let audio: Vec<i16> = Generator::new(SampleRate::Hz8000).key(Key::D5).collect();
/// let mut keys = Vec::new();
/// for frame in audio.chunks(160) {
///     for event in detector.process(frame) {
///         if let ToneEvent::Start { key, .. } = event {
///             keys.push(key);
///         }
///     }
/// }
/// assert_eq!(keys, [Key::D5]);
/// ```
///
/// How it works: blocks of 5 ms are correlated with the eight tones in integers. Six blocks in
/// which the same row and column stand out are measured closely: frequency from the phase steps,
/// level, twist, steadiness, and how much of the power between 600 and 1700 Hz the two tones make
/// up. Outside that band hum, DC and dial tone do no harm.
#[derive(Clone)]
pub struct Detector {
    rate: SampleRate,
    resampler: Resampler,
    /// The block being filled.
    block: [i16; BLOCK],
    filled: usize,
    /// Whether a sample of that block was lost.
    lost: bool,
    listener: Listener,
}

/// Leaves out the audio and what is known of it: it may hold a key.
impl core::fmt::Debug for Detector {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Detector").field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl Detector {
    /// A detector with the default [`Criteria`].
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        Self::with_criteria(rate, Criteria::default())
    }

    /// A detector with criteria of your own.
    #[must_use]
    pub fn with_criteria(rate: SampleRate, criteria: Criteria) -> Self {
        Self {
            rate,
            resampler: Resampler::new(rate),
            block: [0; BLOCK],
            filled: 0,
            lost: false,
            listener: Listener::new(criteria),
        }
    }

    /// Changes the criteria in mid-call; a key that is down stays down.
    pub fn set_criteria(&mut self, criteria: Criteria) {
        self.listener.set_criteria(criteria);
    }

    /// Listens to the next samples and yields what was found in them, oldest first.
    ///
    /// All samples are taken in even if the iterator is dropped early; the events not read are then lost.
    pub fn process<'a>(&'a mut self, samples: &'a [i16]) -> ToneEvents<'a> {
        ToneEvents { detector: self, input: Input::Linear(samples) }
    }

    /// [`process`](Self::process) for floating point samples; full scale is -1.0 to 1.0.
    pub fn process_f32<'a>(&'a mut self, samples: &'a [f32]) -> ToneEvents<'a> {
        ToneEvents { detector: self, input: Input::Float(samples) }
    }

    /// [`process`](Self::process) for G.711 u-law, one byte a sample.
    pub fn process_mu_law<'a>(&'a mut self, bytes: &'a [u8]) -> ToneEvents<'a> {
        ToneEvents { detector: self, input: Input::MuLaw(bytes) }
    }

    /// [`process`](Self::process) for G.711 A-law, one byte a sample.
    pub fn process_a_law<'a>(&'a mut self, bytes: &'a [u8]) -> ToneEvents<'a> {
        ToneEvents { detector: self, input: Input::ALaw(bytes) }
    }

    /// Says that the next `samples` samples never arrived. They count as unknown, not as silence: a
    /// key that is down stays down over a short loss. What this brings about is yielded by the next
    /// [`process`](Self::process).
    pub fn frame_lost(&mut self, samples: usize) {
        // After a long loss nothing is left to decide: only the position moves on, by whole blocks.
        let block = BLOCK * self.rate.factor();
        let skipped = samples.saturating_sub(LONG_LOSS_BLOCKS * block) / block;
        for _ in 0..samples - skipped * block {
            self.lost = true;
            self.take(0);
        }
        self.listener.skip(skipped);
    }

    /// Listens to the next frame of many channels and hands out what was found in it, channel by channel.
    ///
    /// First those that can hear block by block together.
    #[inline]
    pub(crate) fn process_all<const N: usize>(
        detectors: &mut [Self; N],
        frames: &[&[i16]; N],
        room: &mut Room<N>,
        mut found: impl FnMut(usize, ToneEvent),
    ) {
        let path = detectors.first().and_then(|first| first.listener.path_abreast());
        let progress = path.map_or([Progress::NONE; N], |path| room.hear(path, detectors, frames));
        for (channel, (detector, frame)) in detectors.iter_mut().zip(frames).enumerate() {
            if let Some(rest) = progress[channel].rest(frame) {
                for event in detector.process(rest) {
                    found(channel, event);
                }
            }
        }
    }

    /// Whether frames of whole blocks can be heard together with those of others.
    #[inline]
    fn may_join(&self) -> bool {
        let is_aligned = self.rate == SampleRate::Hz8000 && self.filled == 0 && !self.lost;
        is_aligned && self.listener.is_quiet()
    }

    /// Listens until something is found; how many samples were taken.
    #[inline]
    fn take_some(&mut self, samples: &[i16]) -> usize {
        if self.rate == SampleRate::Hz8000 {
            return self.hear(samples);
        }
        let full = samples.iter().position(|&sample| self.take(sample));
        full.map_or(samples.len(), |index| index + 1)
    }

    /// Takes one sample; whether it filled a block.
    fn take(&mut self, sample: i16) -> bool {
        let Some(sample) = self.resampler.push(sample) else { return false };
        self.block[self.filled] = sample;
        self.filled += 1;
        if self.filled < BLOCK {
            return false;
        }
        self.finish_block();
        true
    }

    /// Listens to 8 kHz samples up to the end of a block that was heard; how many were taken.
    #[inline]
    fn hear(&mut self, samples: &[i16]) -> usize {
        if self.filled == 0 && !self.lost && samples.len() >= BLOCK {
            return self.listener.hear(samples);
        }
        let taken = samples.len().min(BLOCK - self.filled);
        self.block[self.filled..self.filled + taken].copy_from_slice(&samples[..taken]);
        self.filled += taken;
        if self.filled == BLOCK {
            self.finish_block();
        }
        taken
    }

    fn finish_block(&mut self) {
        self.filled = 0;
        if core::mem::take(&mut self.lost) {
            self.listener.lose();
        } else {
            self.listener.hear(&self.block);
        }
    }

    #[inline]
    fn poll(&mut self) -> Option<ToneEvent> {
        if self.listener.is_quiet() {
            return None;
        }
        self.poll_event()
    }

    /// Out of the way of those who mostly hear nothing.
    #[inline(never)]
    fn poll_event(&mut self) -> Option<ToneEvent> {
        let event = self.listener.poll()?;
        if self.rate == SampleRate::Hz8000 {
            return Some(event);
        }
        let (factor, delay) = (self.rate.factor() as u64, Resampler::delay(self.rate));
        Some(event.map_positions(|position| (position * factor).saturating_sub(delay)))
    }
}

/// The events of some samples; see [`Detector::process`].
#[must_use = "samples are processed while the events are read; keys that are not read are lost"]
pub struct ToneEvents<'a> {
    detector: &'a mut Detector,
    input: Input<'a>,
}

impl core::fmt::Debug for ToneEvents<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ToneEvents").field("detector", &self.detector).finish_non_exhaustive()
    }
}

impl ToneEvents<'_> {
    /// Listens to some of the samples that have to be decoded first; how many were taken.
    #[inline(never)]
    fn take_decoded(&mut self) -> usize {
        self.detector.take_some(self.input.decoded(&mut [0; CHUNK]))
    }
}

impl Iterator for ToneEvents<'_> {
    type Item = ToneEvent;

    #[inline]
    fn next(&mut self) -> Option<ToneEvent> {
        loop {
            if let Some(event) = self.detector.poll() {
                return Some(event);
            }
            if self.input.is_empty() {
                return None;
            }
            let taken = match self.input {
                Input::Linear(samples) => self.detector.take_some(samples),
                _ => self.take_decoded(),
            };
            self.input.advance(taken);
        }
    }
}

impl Drop for ToneEvents<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.input.is_empty() || !self.detector.listener.is_quiet() {
            self.for_each(drop);
        }
    }
}

/// Half a second: longer than anything the decisions look back on.
const LONG_LOSS_BLOCKS: usize = 100;
