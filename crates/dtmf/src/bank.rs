use crate::detector::Room;
use crate::{Criteria, Detector, SampleRate, ToneEvent};

/// Finds keys on many channels.
///
/// Every channel is a [`Detector`] of its own and decides bit for bit as that would, on every processor.
///
/// With AVX2 or AVX-512, channels at 8 kHz on which there is sound hear in groups of up to sixteen: the sums, the
/// strongest tones and most tests of a block are made for all of a group at once, and what is remembered lies side by
/// side. That takes frames of the same length, a whole number of blocks of 5 ms (20 ms are four), and seven channels
/// at least. The others, and those on other processors, hear one after the other.
/// [`channel`](Self::channel) takes a channel out of its group for the moment.
///
/// A channel takes 6 kB.
///
/// ```
/// use paytone_dtmf::{DetectorBank, Generator, Key, SampleRate, ToneEvent};
///
/// let mut bank = DetectorBank::<8>::new(SampleRate::Hz8000);
/// let audio: Vec<i16> = Generator::new(SampleRate::Hz8000).key(Key::D5).collect();
/// let mut keys = Vec::new();
/// for frame in audio.chunks(160) {
///     // Nothing but silence on every channel but the third.
///     let mut frames = [&[0; 160][..frame.len()]; 8];
///     frames[3] = frame;
///     bank.process(&frames, |channel, event| {
///         if let ToneEvent::Start { key, .. } = event {
///             keys.push((channel, key));
///         }
///     });
/// }
/// assert_eq!(keys, [(3, Key::D5)]);
/// ```
#[derive(Clone, Debug)]
pub struct DetectorBank<const CHANNELS: usize> {
    channels: [Detector; CHANNELS],
    room: Room<CHANNELS>,
}

impl<const CHANNELS: usize> DetectorBank<CHANNELS> {
    /// A bank with the default [`Criteria`].
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        Self::with_criteria(rate, Criteria::default())
    }

    /// A bank with criteria of your own.
    #[must_use]
    pub fn with_criteria(rate: SampleRate, criteria: Criteria) -> Self {
        Self {
            channels: core::array::from_fn(|_| Detector::with_criteria(rate, criteria)),
            room: Room::new(),
        }
    }

    /// Listens to the next frame of every channel and hands out what was found in it: first what the first
    /// channel holds, oldest first. The frames may have any lengths, the empty one of a channel at rest too.
    pub fn process(&mut self, frames: &[&[i16]; CHANNELS], found: impl FnMut(usize, ToneEvent)) {
        Detector::process_all(&mut self.channels, frames, &mut self.room, found);
    }

    /// One channel, to change its criteria, to mark losses, to give it other kinds of audio. `None` unless
    /// `channel` is below `CHANNELS`.
    pub fn channel(&mut self, channel: usize) -> Option<&mut Detector> {
        let detector = self.channels.get_mut(channel)?;
        self.room.leave(channel, detector);
        Some(detector)
    }
}
