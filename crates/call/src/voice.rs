//! Samples on their way from one leg to another.

use alloc::collections::VecDeque;

/// Samples that wait until somebody wants the next frame, the oldest dropped when nobody does.
#[derive(Default)]
pub(crate) struct Voice(VecDeque<i16>);

impl Voice {
    pub(crate) fn put(&mut self, samples: &[i16]) {
        self.0.extend(samples);
        let late = self.0.len().saturating_sub(MOST_WAITING);
        self.0.drain(..late);
    }

    pub(crate) fn mix_into(&mut self, frame: &mut [i16]) {
        for (sample, voice) in frame.iter_mut().zip(core::iter::from_fn(|| self.0.pop_front())) {
            *sample = sample.saturating_add(voice);
        }
    }
}

/// Silence in place of what did not arrive, in parts.
pub(crate) fn for_lost(samples: usize, mut part: impl FnMut(&[i16])) {
    let silence = [0; crate::FRAME_SAMPLES];
    for done in (0..samples).step_by(silence.len()) {
        part(&silence[..silence.len().min(samples - done)]);
    }
}

/// A fifth of a second: what waits longer was not wanted.
const MOST_WAITING: usize = 1600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_are_mixed_and_old_ones_dropped() {
        let mut voice = Voice::default();
        voice.put(&[1; MOST_WAITING]);
        voice.put(&[7, i16::MAX]);
        assert_eq!(voice.0.len(), MOST_WAITING);
        voice.0.drain(..MOST_WAITING - 2);
        let mut frame = [1, 1, 1];
        voice.mix_into(&mut frame);
        assert_eq!(frame, [8, i16::MAX, 1]);
    }

    #[test]
    fn what_was_lost_is_as_long_as_silence() {
        let mut lengths = Vec::new();
        for_lost(400, |part| lengths.push(part.len()));
        assert_eq!(lengths, [160, 160, 80]);
    }
}
