//! Who hears together: which channels are in which group, and when they join and leave.

use super::bits::{bits, mask};
use super::{Group, Head, Hear, Progress, SEATS, Seat};
use crate::detector::Detector;
use crate::detector::kernel::{BLOCK, LANES, Path};

/// Channels with sound in groups of up to [`LANES`], and what is known of them.
#[derive(Clone)]
pub(crate) struct Room<const CHANNELS: usize> {
    /// Of each group eight.
    seats: [Seat; CHANNELS],
    /// Of each group one.
    heads: [Head; CHANNELS],
    /// Where every channel is, unless it is by itself.
    places: [Option<Place>; CHANNELS],
}

#[derive(Clone, Copy)]
struct Place {
    group: usize,
    lane: usize,
}

impl<const CHANNELS: usize> Room<CHANNELS> {
    pub(crate) const fn new() -> Self {
        Self {
            seats: [const { Seat::EMPTY }; CHANNELS],
            heads: [const { Head::NEW }; CHANNELS],
            places: [None; CHANNELS],
        }
    }

    /// All groups there is room for, and where every channel is.
    #[inline(always)]
    fn groups(&mut self) -> (impl Iterator<Item = Group<'_>>, &mut [Option<Place>; CHANNELS]) {
        let seats = self.seats.as_chunks_mut().0.iter_mut();
        (seats.zip(&mut self.heads).map(|(seats, head)| Group { seats, head }), &mut self.places)
    }

    /// Lets all channels hear a frame that had better hear it together.
    #[inline]
    pub(in crate::detector) fn hear(
        &mut self,
        path: Path,
        detectors: &mut [Detector; CHANNELS],
        frames: &[&[i16]; CHANNELS],
    ) -> [Progress; CHANNELS] {
        let mut progress = [Progress::NONE; CHANNELS];
        let samples = usual_len(frames);
        self.let_leave(detectors, frames, samples);
        if CHANNELS < SEATS || samples == 0 {
            return progress;
        }
        self.let_join(detectors, frames, samples, &mut progress);
        let (groups, places) = self.groups();
        for group in groups.filter(|group| group.head.joined != 0) {
            let channels = group.head.channels;
            let left = path.with(Hear { group, detectors, frames, progress: &mut progress });
            for lane in bits(left) {
                places[channels[lane]] = None;
            }
        }
        progress
    }

    /// Lets those leave that have frames of another length, and those of whom nothing is known that quiet blocks
    /// could end; everybody, if few would stay.
    #[inline(always)]
    fn let_leave(
        &mut self,
        detectors: &mut [Detector; CHANNELS],
        frames: &[&[i16]; CHANNELS],
        samples: usize,
    ) {
        let (groups, places) = self.groups();
        for mut group in groups {
            let Head { joined, channels, .. } = *group.head;
            if joined == 0 {
                continue;
            }
            let same = mask(|lane| frames[channels[lane]].len() == samples);
            let staying = joined & same & !group.blank();
            let staying = if staying.count_ones() < FEW { 0 } else { staying };
            for lane in bits(joined & !staying) {
                group.leave(lane, &mut detectors[channels[lane]].listener);
                places[channels[lane]] = None;
            }
        }
    }

    /// Lets those join that have something to hear, as far as that is worth it.
    #[inline(always)]
    fn let_join(
        &mut self,
        detectors: &mut [Detector; CHANNELS],
        frames: &[&[i16]; CHANNELS],
        samples: usize,
        progress: &mut [Progress; CHANNELS],
    ) {
        let together: u32 =
            self.heads.iter().take(CHANNELS / SEATS).map(|head| head.joined.count_ones()).sum();
        if together as usize == CHANNELS {
            return;
        }
        let (groups, places) = self.groups();
        let (mut waiting, mut len) = ([0; CHANNELS], 0);
        for (channel, (detector, frame)) in detectors.iter_mut().zip(frames).enumerate() {
            if places[channel].is_none() && frame.len() == samples && detector.may_join() {
                if detector.listener.skip_silence(frame) {
                    progress[channel] = Progress { samples, is_over: true };
                } else {
                    waiting[len] = channel;
                    len += 1;
                }
            }
        }
        let mut waiting = &waiting[..len];
        for (n, mut group) in groups.enumerate() {
            let members = group.head.joined.count_ones() as usize;
            let joining = worth_it(members + waiting.len()).saturating_sub(members);
            let (now, later) = waiting.split_at(joining);
            waiting = later;
            for &channel in now {
                let lane = group.head.joined.trailing_ones() as usize;
                if group.join(lane, channel, &detectors[channel].listener) {
                    places[channel] = Some(Place { group: n, lane });
                }
            }
        }
    }

    /// Lets one channel know all that it has heard in a group, and be by itself.
    pub(crate) fn leave(&mut self, channel: usize, detector: &mut Detector) {
        let (mut groups, places) = self.groups();
        let place = places.get_mut(channel).and_then(|place| place.take());
        if let Some(Place { group, lane }) = place
            && let Some(mut group) = groups.nth(group)
        {
            group.leave(lane, &mut detector.listener);
        }
    }
}

/// The length that more than half of the frames of whole blocks have, if there is one; else that of some of them,
/// or 0.
fn usual_len(frames: &[&[i16]]) -> usize {
    let (mut usual, mut votes) = (0, 0);
    for frame in frames {
        match frame.len() {
            0 => {}
            len if len == usual => votes += 1,
            len if !len.is_multiple_of(BLOCK) => {}
            len => (usual, votes) = if votes == 0 { (len, 1) } else { (usual, votes - 1) },
        }
    }
    usual
}

/// How many of so many channels had better hear together: the sums are made for eight or for sixteen in any case.
const fn worth_it(channels: usize) -> usize {
    match channels {
        0..7 => 0,
        7..=HALF => channels,
        9..11 => HALF,
        11..=LANES => channels,
        _ => LANES,
    }
}

/// Leaves out what is known of the audio: it may hold a key.
impl<const CHANNELS: usize> core::fmt::Debug for Room<CHANNELS> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Room").finish_non_exhaustive()
    }
}

/// Channels of half a group, which is heard alone if there are no others.
const HALF: usize = LANES / 2;
/// Fewer channels do not stay together.
const FEW: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Criteria, Generator, Key, SampleRate, ToneEvent};

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

    fn detector(path: Path, channel: usize) -> Detector {
        let criteria = match channel % 5 {
            2 => Criteria::slow(),
            4 => Criteria::default().with_max_frequency_error(0.03),
            _ => Criteria::default(),
        };
        let mut detector = Detector::with_criteria(SampleRate::Hz8000, criteria);
        detector.listener.path = path;
        detector
    }

    #[test]
    fn many_channels_decide_as_each_alone_on_every_path() {
        let audio: [Vec<i16>; CHANNELS] = core::array::from_fn(audio);
        for path in Path::all() {
            let alone: [Vec<ToneEvent>; CHANNELS] =
                core::array::from_fn(|channel| detector(path, channel).process(&audio[channel]).collect());
            for frame in [1, 3, 4, 40] {
                let mut detectors: [Detector; CHANNELS] =
                    core::array::from_fn(|channel| detector(path, channel));
                let mut room = Room::<CHANNELS>::new();
                let mut events: [Vec<ToneEvent>; CHANNELS] = Default::default();
                let mut heard = [0; CHANNELS];
                let (mut rounds, mut together) = (0, 0);
                // One channel has nothing now and then, and not every frame is of the same length.
                while heard.iter().zip(&audio).any(|(&heard, audio)| heard < audio.len()) {
                    rounds += 1;
                    let frames: [&[i16]; CHANNELS] = core::array::from_fn(|channel| {
                        let len = BLOCK * (frame + usize::from((channel + rounds) % 29 == 0));
                        let len = if channel == 15 && rounds % 5 == 0 { 0 } else { len };
                        let rest = &audio[channel][heard[channel]..];
                        &rest[..len.min(rest.len())]
                    });
                    let progress = room.hear(path, &mut detectors, &frames);
                    together += room.places.iter().flatten().count();
                    for (channel, frame) in frames.into_iter().enumerate() {
                        heard[channel] += frame.len();
                        if let Some(rest) = progress[channel].rest(frame) {
                            events[channel].extend(detectors[channel].process(rest));
                        }
                    }
                }
                for (channel, events) in events.iter().enumerate() {
                    assert_eq!(events, &alone[channel], "{path:?} {frame} {channel}");
                    assert!(events.len() > 8);
                }
                assert!(together > 8 * rounds, "{together} in {rounds}");
            }
        }
    }

    #[test]
    fn only_those_with_sound_are_together_and_only_if_they_are_enough() {
        let path = Path::best();
        let mut detectors: [Detector; CHANNELS] = core::array::from_fn(|channel| detector(path, channel));
        let mut room = Room::<CHANNELS>::new();
        let (loud, silence) = (audio(1), [0; 160]);
        let loud = loud.chunks(160).find(|frame| frame[0].unsigned_abs() > 1_000).expect("sound");
        // How many are together when so many channels have sound, spread over all.
        let mut together = |channels: usize| {
            let frames: [&[i16]; CHANNELS] = core::array::from_fn(|channel| {
                if channel * channels % CHANNELS < channels { loud } else { &silence[..] }
            });
            room.hear(path, &mut detectors, &frames);
            room.places.iter().flatten().count()
        };
        assert_eq!(together(6), 0);
        assert_eq!(together(7), 7);
        // Two and a half frames later nothing of the sound is known any more.
        assert_eq!([together(0), together(0), together(0)], [7, 7, 0]);
        assert_eq!(together(20), 16);
        assert_eq!(together(CHANNELS), 16 + 8);
        assert_eq!(together(5), 16 + 8);
    }

    #[test]
    fn the_usual_length_is_that_of_most_frames_of_whole_blocks() {
        let frames =
            |lens: &[usize]| usual_len(&lens.iter().map(|&len| &[0; 400][..len]).collect::<Vec<_>>());
        assert_eq!(frames(&[80, 160, 160, 0, 160, 240, 137]), 160);
        assert_eq!(frames(&[0, 0, 0, 40, 1]), 40);
        assert_eq!(frames(&[0, 39, 41]), 0);
        assert_eq!(frames(&[]), 0);
    }

    /// A group, half of one, and two.
    const CHANNELS: usize = 26;
}
