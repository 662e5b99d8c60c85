//! The voices between caller and operator: the caller's with the keys taken out, the operator's as it is.

use paytone_dtmf::Fill;

use crate::masked::Masked;
use crate::voice::{Voice, for_lost};

/// Where voices wait until a leg wants its next frame.
pub(crate) struct Bridge {
    pub(crate) masked: Masked,
    caller_to_operator: Voice,
    operator_to_caller: Voice,
}

impl Bridge {
    pub(crate) fn new(look_back_ms: usize) -> Self {
        Self {
            masked: Masked::new(Fill::ComfortNoise, look_back_ms),
            caller_to_operator: Voice::default(),
            operator_to_caller: Voice::default(),
        }
    }

    /// The caller speaks: after the detector has heard the same samples and the masker been told.
    pub(crate) fn caller_speaks(&mut self, samples: &[i16]) {
        self.caller_to_operator.put(self.masked.hear(samples));
    }

    /// What did not arrive sounds like nothing, and keeps the masker in step with the detector.
    pub(crate) fn caller_lost(&mut self, samples: usize) {
        for_lost(samples, |part| self.caller_speaks(part));
    }

    pub(crate) fn operator_speaks(&mut self, samples: &[i16]) {
        self.operator_to_caller.put(samples);
    }

    pub(crate) fn mix_for_caller(&mut self, frame: &mut [i16]) {
        self.operator_to_caller.mix_into(frame);
    }

    pub(crate) fn mix_for_operator(&mut self, frame: &mut [i16]) {
        self.caller_to_operator.mix_into(frame);
    }
}
