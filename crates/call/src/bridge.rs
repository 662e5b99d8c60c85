//! The voices between the legs: the caller's with the keys taken out, the operator's as it is.

use alloc::collections::VecDeque;

use paytone_dtmf::telephone_event::EventKey;
use paytone_dtmf::{Fill, Masker, Phase, SampleRate, ToneEvent};

/// Where voices wait until a leg wants its next frame.
pub(crate) struct Bridge {
    masker: Masker,
    /// The frame that is being masked; wiped when the next one comes.
    frame: VecDeque<i16>,
    cut: Cut,
    caller_to_operator: Voice,
    caller_to_recorder: Voice,
    operator_to_caller: Voice,
    operator_to_recorder: Voice,
    prompts_to_recorder: Voice,
}

impl Bridge {
    pub(crate) fn new() -> Self {
        Self {
            masker: Masker::new(SampleRate::Hz8000, Fill::ComfortNoise).with_delay_ms(LOOK_BACK_MS),
            frame: VecDeque::new(),
            cut: Cut::default(),
            caller_to_operator: Voice::default(),
            caller_to_recorder: Voice::default(),
            operator_to_caller: Voice::default(),
            operator_to_recorder: Voice::default(),
            prompts_to_recorder: Voice::default(),
        }
    }

    /// Masks everything the caller sends, keys or not. It ends half a second of the caller's audio after it is no longer
    /// wanted, and not before the last key has been up that long.
    pub(crate) const fn cut_caller(&mut self, wanted: bool) {
        self.cut.wanted = wanted;
        if wanted {
            self.cut.rest = AFTER_CUT;
        }
        self.masker.hold(self.cut.is_on());
    }

    /// Whether the caller is heard again.
    pub(crate) const fn is_released(&self) -> bool {
        !self.cut.is_on()
    }

    pub(crate) fn tone(&mut self, event: &ToneEvent) {
        match event {
            ToneEvent::Start { .. } => self.cut.key(Phase::Start),
            ToneEvent::End { .. } => self.cut.key(Phase::End),
            _ => {}
        }
        self.masker.handle(event);
    }

    pub(crate) fn event_key(&mut self, event: &EventKey) {
        self.cut.key(event.phase());
        self.masker.handle_event(event);
    }

    /// The caller speaks: after the detector has heard the same samples and told [`tone`](Self::tone).
    pub(crate) fn caller_speaks(&mut self, samples: &[i16]) {
        self.frame.clear();
        self.frame.extend(samples);
        let masked = self.frame.make_contiguous();
        self.masker.process(masked);
        self.cut.pass(masked.len());
        self.masker.hold(self.cut.is_on());
        self.caller_to_operator.put(masked);
        self.caller_to_recorder.put(masked);
    }

    /// What did not arrive sounds like nothing, and keeps the masker in step with the detector.
    pub(crate) fn caller_lost(&mut self, samples: usize) {
        let silence = [0; MOST_LOST];
        for part in (0..samples).step_by(MOST_LOST) {
            self.caller_speaks(&silence[..MOST_LOST.min(samples - part)]);
        }
    }

    pub(crate) fn operator_speaks(&mut self, samples: &[i16]) {
        self.operator_to_caller.put(samples);
        self.operator_to_recorder.put(samples);
    }

    pub(crate) fn prompt(&mut self, frame: &[i16]) {
        self.prompts_to_recorder.put(frame);
    }

    pub(crate) fn mix_for_caller(&mut self, frame: &mut [i16]) {
        self.operator_to_caller.mix_into(frame);
    }

    pub(crate) fn mix_for_operator(&mut self, frame: &mut [i16]) {
        self.caller_to_operator.mix_into(frame);
    }

    pub(crate) fn mix_for_recorder(&mut self, frame: &mut [i16]) {
        self.caller_to_recorder.mix_into(frame);
        self.operator_to_recorder.mix_into(frame);
        self.prompts_to_recorder.mix_into(frame);
    }
}

/// When everything the caller sends is masked.
#[derive(Default)]
struct Cut {
    wanted: bool,
    key_down: bool,
    /// Samples it lasts after it was wanted.
    rest: usize,
}

impl Cut {
    const fn is_on(&self) -> bool {
        self.wanted || self.rest > 0
    }

    const fn key(&mut self, phase: Phase) {
        self.key_down = matches!(phase, Phase::Start);
        if self.is_on() {
            self.rest = AFTER_CUT;
        }
    }

    const fn pass(&mut self, samples: usize) {
        if !self.wanted && !self.key_down {
            self.rest = self.rest.saturating_sub(samples);
        }
    }
}

/// Samples on their way, the oldest dropped when nobody fetches them.
#[derive(Default)]
struct Voice(VecDeque<i16>);

impl Voice {
    fn put(&mut self, samples: &[i16]) {
        self.0.extend(samples);
        let late = self.0.len().saturating_sub(MOST_WAITING);
        self.0.drain(..late);
    }

    fn mix_into(&mut self, frame: &mut [i16]) {
        for (sample, voice) in frame.iter_mut().zip(core::iter::from_fn(|| self.0.pop_front())) {
            *sample = sample.saturating_add(voice);
        }
    }
}

/// Nothing of a tone gets through with it.
const LOOK_BACK_MS: usize = 25;
/// Half a second: a key begun in secure mode is over by then.
const AFTER_CUT: usize = 4000;
/// A fifth of a second: what waits longer was not wanted.
const MOST_WAITING: usize = 1600;
/// Lost samples are made up for in parts of this size.
const MOST_LOST: usize = 160;

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
}
