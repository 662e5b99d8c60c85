//! What may be kept of a call: the caller with the keys taken out on one side, what the caller hears on the other.

use paytone_dtmf::Fill;

use crate::FRAME_SAMPLES;
use crate::legs::SecureSpeech;
use crate::masked::Masked;
use crate::voice::{Voice, for_lost};

/// That a call is recorded, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recording {
    /// What is recorded in place of a key, and in place of the caller where that is cut.
    pub fill: Fill,
    /// Whether the caller's voice is recorded while the card is taken.
    pub speech: SecureSpeech,
}

/// The next 20 ms of a recording.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The caller, keys masked.
    pub caller: [i16; FRAME_SAMPLES],
    /// What the caller hears: prompts, and the operator of a bridge.
    pub heard: [i16; FRAME_SAMPLES],
}

impl core::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Recorded(..)")
    }
}

/// The recorder of one call.
pub(crate) struct Recorder {
    pub(crate) masked: Masked,
    pub(crate) speech: SecureSpeech,
    caller: Voice,
    heard: Voice,
}

impl Recorder {
    pub(crate) fn new(recording: Recording) -> Self {
        Self {
            masked: Masked::new(recording.fill, LOOK_BACK_MS),
            speech: recording.speech,
            caller: Voice::default(),
            heard: Voice::default(),
        }
    }

    pub(crate) fn caller_speaks(&mut self, samples: &[i16]) {
        self.caller.put(self.masked.hear(samples));
    }

    pub(crate) fn caller_lost(&mut self, samples: usize) {
        for_lost(samples, |part| self.caller_speaks(part));
    }

    pub(crate) fn caller_hears(&mut self, frame: &[i16]) {
        self.heard.put(frame);
    }

    pub(crate) fn next_frame(&mut self) -> Recorded {
        let mut recorded = Recorded { caller: [0; FRAME_SAMPLES], heard: [0; FRAME_SAMPLES] };
        self.caller.mix_into(&mut recorded.caller);
        self.heard.mix_into(&mut recorded.heard);
        recorded
    }
}

/// Nothing of a tone gets through with it; nobody who listens later minds the delay.
const LOOK_BACK_MS: usize = 25;
