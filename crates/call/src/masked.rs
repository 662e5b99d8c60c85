//! The caller's voice as others may hear it: the keys taken out, and all of it while that is wanted.

use alloc::vec::Vec;

use paytone_dtmf::telephone_event::EventKey;
use paytone_dtmf::{Fill, Masker, Phase, SampleRate, ToneEvent};

/// Masks one listener's copy of what the caller sends.
pub(crate) struct Masked {
    masker: Masker,
    /// The frame that is being masked; wiped when the next one comes.
    frame: Vec<i16>,
    cut: Cut,
}

impl Masked {
    pub(crate) fn new(fill: Fill, look_back_ms: usize) -> Self {
        Self {
            masker: Masker::new(SampleRate::Hz8000, fill).with_delay_ms(look_back_ms),
            frame: Vec::new(),
            cut: Cut::default(),
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

    /// What others may hear of this: after the detector has heard the same samples and told [`tone`](Self::tone).
    pub(crate) fn hear(&mut self, samples: &[i16]) -> &[i16] {
        self.frame.clear();
        self.frame.extend_from_slice(samples);
        self.masker.process(&mut self.frame);
        self.cut.pass(self.frame.len());
        self.masker.hold(self.cut.is_on());
        &self.frame
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

/// Half a second: a key begun in secure mode is over by then.
const AFTER_CUT: usize = 4000;
