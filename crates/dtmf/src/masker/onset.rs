//! The first sign that something began, for masking without delay.

use crate::SampleRate;
use crate::generator::FULL_SCALE_0_DBM0;

/// Notices samples far above what the last 15 ms held.
///
/// The detector needs 10 to 15 ms before it suspects a key, and 5 ms of a key give it away. So without a
/// delay whatever begins suddenly is kept back until the detector has had that time. A voice rises more
/// slowly, and while it sounds every period is as loud as the ones before.
#[derive(Clone, Debug)]
pub(super) struct Onset {
    /// Samples of 5 ms.
    block: u32,
    filled: u32,
    /// Largest values of the 5 ms now running and of those before it.
    peaks: [u16; PEAKS],
    /// Samples still to be kept back.
    left: u32,
}

impl Onset {
    pub(super) const fn new(rate: SampleRate) -> Self {
        // Before the first sample there may have been anything.
        Self { block: rate.hz() / 200, filled: 0, peaks: [u16::MAX; PEAKS], left: 0 }
    }

    /// Takes a sample; whether it has to be kept back.
    pub(super) fn keeps_back(&mut self, sample: i16) -> bool {
        let size = sample.unsigned_abs();
        let before = self.peaks.iter().copied().max().unwrap_or(u16::MAX);
        if size > FLOOR && u32::from(size) > RISE * u32::from(before) {
            // Three blocks of the detector, and the one that was running.
            self.left = 4 * self.block;
        }
        self.peaks[0] = self.peaks[0].max(size);
        self.filled += 1;
        if self.filled == self.block {
            self.filled = 0;
            self.peaks.rotate_right(1);
            self.peaks[0] = 0;
        }
        let kept = self.left > 0;
        self.left = self.left.saturating_sub(1);
        kept
    }
}

/// 5 ms running and three before: as long as the longest period of a voice.
const PEAKS: usize = 4;
/// By how much a sample exceeds them all when something begins: 6 dB.
const RISE: u32 = 2;
/// Half the amplitude of a tone of -42 dBm0.
const FLOOR: u16 = (FULL_SCALE_0_DBM0 * 0.004) as u16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sudden_rise_is_kept_back_for_20_ms() {
        let mut onset = Onset::new(SampleRate::Hz8000);
        assert!((0..400).all(|n| !onset.keeps_back(if n % 2 == 0 { 40 } else { -40 })));
        let kept = (0..400).take_while(|_| onset.keeps_back(1000)).count();
        assert_eq!(kept, 160);
        assert!((0..400).all(|_| !onset.keeps_back(1900)));
    }

    #[test]
    fn pulses_of_a_low_voice_are_not_onsets() {
        let mut onset = Onset::new(SampleRate::Hz8000);
        let pulse = |n: usize| (8000.0 * (-((n % 110) as f32) / 20.0).exp()) as i16;
        (0..220).for_each(|n| {
            onset.keeps_back(pulse(n));
        });
        (0..200).for_each(|n| {
            onset.keeps_back(pulse(n));
        });
        assert!((200..2000).all(|n| !onset.keeps_back(pulse(n))));
    }
}
