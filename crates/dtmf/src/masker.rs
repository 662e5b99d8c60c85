use crate::ToneEvent;

/// Takes the keys out of audio that others hear or record.
///
/// With a look-back ([`with_delay_ms`](Self::with_delay_ms), 25 ms is enough) the audio is held back until the detector has
/// heard whether a tone began in it, and nothing of the tone gets through. Without, the audio is not
/// delayed and the first 10 to 15 ms of a tone may pass.
///
/// For every frame: hand the detector's events to [`handle`](Self::handle), then the frame to
/// [`process`](Self::process). While telephone-events or a secure step demand it, [`hold`](Self::hold)
/// masks everything.
///
/// ```
/// use paytone_dtmf::{Detector, Fill, Generator, Key, Masker, SampleRate};
///
/// let mut detector = Detector::new(SampleRate::Hz8000);
/// let mut masker = Masker::with_delay_ms(25, Fill::Silence);
/// let mut audio: Vec<i16> = Generator::new(SampleRate::Hz8000).key(Key::D5).collect();
/// for frame in audio.chunks_mut(160) {
///     for event in detector.process(frame) {
///         masker.handle(&event);
///     }
///     masker.process(frame);
/// }
/// assert!(audio.iter().all(|&sample| sample == 0));
/// ```
#[derive(Clone, Debug)]
pub struct Masker {
    fill: Fill,
    /// The samples held back, a ring of `delay` samples.
    line: [i16; CAPACITY],
    delay: usize,
    /// Where in the ring the oldest sample is.
    oldest: usize,
    /// Position of the next sample to come in, counted like the detector's.
    position: u64,
    /// Stretches to mask, oldest first.
    spans: [Option<Span>; SPANS],
    held: bool,
}

/// What is heard instead of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Nothing.
    Silence,
    /// A quiet tone of 400 Hz (-20 dBm0), the same for every key.
    FlatTone,
}

impl Masker {
    /// A masker for 8 kHz audio that does not delay it.
    #[must_use]
    pub const fn new(fill: Fill) -> Self {
        Self {
            fill,
            line: [0; CAPACITY],
            delay: 0,
            oldest: 0,
            position: 0,
            spans: [None; SPANS],
            held: false,
        }
    }

    /// A masker for 8 kHz audio that delays it by `ms` milliseconds; at most 40 are used.
    #[must_use]
    pub const fn with_delay_ms(ms: usize, fill: Fill) -> Self {
        let delay = if ms * 8 < CAPACITY { ms * 8 } else { CAPACITY };
        Self { delay, ..Self::new(fill) }
    }

    /// By how many samples the audio is delayed.
    #[must_use]
    pub const fn delay(&self) -> usize {
        self.delay
    }

    /// Learns what the detector found, before the frame it was found in is processed.
    pub fn handle(&mut self, event: &ToneEvent) {
        match *event {
            ToneEvent::Suspect { at_sample } => self.open(at_sample),
            ToneEvent::Start { at_sample, .. } => self.open(at_sample.saturating_sub(MARGIN)),
            ToneEvent::Cleared { at_sample } => self.close(at_sample),
            ToneEvent::End { at_sample, .. } => self.close(at_sample + MARGIN),
        }
    }

    /// Masks everything from the next sample on, or stops doing so.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Masks the next samples in place. With a delay, what comes out is that much older than what
    /// went in.
    pub fn process(&mut self, frame: &mut [i16]) {
        for sample in frame {
            let age = self.delay as u64;
            let passing = if self.delay == 0 {
                *sample
            } else {
                core::mem::replace(&mut self.line[self.oldest], *sample)
            };
            if self.delay > 0 {
                self.oldest = (self.oldest + 1) % self.delay;
            }
            // What passes came in `age` samples ago; before the first sample there was silence.
            let masked = self.held || self.position.checked_sub(age).is_some_and(|at| self.masks(at));
            *sample = if masked { self.fill.at(self.position) } else { passing };
            self.position += 1;
        }
    }

    fn masks(&mut self, at: u64) -> bool {
        match self.spans[0] {
            None => return false,
            Some(span) if span.to.is_none_or(|to| at < to) => return at >= span.from,
            Some(_) => {}
        }
        // The first span is over.
        self.spans.rotate_left(1);
        self.spans[SPANS - 1] = None;
        self.masks(at)
    }

    fn open(&mut self, from: u64) {
        let used = self.spans.iter().flatten().count();
        match used.checked_sub(1).and_then(|last| self.spans[last].as_mut()) {
            Some(last) if last.to.is_none_or(|to| from <= to) => {
                last.to = None;
                last.from = last.from.min(from);
            }
            // More stretches than fit: they become one, so that nothing is let through.
            Some(last) if used == SPANS => last.to = None,
            _ => self.spans[used] = Some(Span { from, to: None }),
        }
    }

    fn close(&mut self, to: u64) {
        if let Some(last) = self.spans.iter_mut().flatten().last()
            && last.to.is_none()
        {
            last.to = Some(to.max(last.from));
        }
    }
}

impl Fill {
    fn at(self, position: u64) -> i16 {
        match self {
            Self::Silence => 0,
            Self::FlatTone => FLAT_TONE[(position % 20) as usize],
        }
    }
}

/// Positions to mask; without an end while the tone goes on.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u64,
    to: Option<u64>,
}

/// 40 ms at 8 kHz.
const CAPACITY: usize = 320;
/// Stretches that may be waiting within the delay.
const SPANS: usize = 8;
/// 5 ms around a key, more than the error of its position.
const MARGIN: u64 = 40;

/// One period of 400 Hz at 8 kHz, -20 dBm0.
static FLAT_TONE: [i16; 20] = {
    let mut period = [0; 20];
    let mut n = 0;
    while n < 20 {
        period[n] = (2_283.0 * crate::math::sin_turns(n as f64 / 20.0)) as i16;
        n += 1;
    }
    period
};

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(samples: u64) -> Vec<i16> {
        (1..=samples as i16).collect()
    }

    fn end(at_sample: u64) -> ToneEvent {
        ToneEvent::End { key: crate::Key::D1, at_sample, declared_at: at_sample }
    }

    #[test]
    fn audio_without_keys_passes_untouched_and_late() {
        let mut plain = ramp(500);
        Masker::new(Fill::Silence).process(&mut plain);
        assert_eq!(plain, ramp(500));

        let mut delayed = ramp(500);
        Masker::with_delay_ms(25, Fill::FlatTone).process(&mut delayed);
        assert!(delayed[..200].iter().all(|&s| s == 0));
        assert_eq!(delayed[200..], ramp(300));
    }

    #[test]
    fn what_is_held_back_can_still_be_masked() {
        let mut masker = Masker::with_delay_ms(25, Fill::Silence);
        masker.process(&mut ramp(160));
        masker.handle(&ToneEvent::Suspect { at_sample: 100 });
        masker.handle(&end(160));
        let mut frame = ramp(240);
        masker.process(&mut frame);
        // The first sample out is number -40; 100 to 200 are masked.
        assert_eq!(frame[139], 100);
        assert!(frame[140..].iter().all(|&s| s == 0));
        let mut rest = ramp(200);
        masker.process(&mut rest);
        assert_eq!(rest[0], 200 - 160 + 1);
    }

    #[test]
    fn suspects_that_were_cleared_pass_again() {
        let mut masker = Masker::new(Fill::FlatTone);
        masker.handle(&ToneEvent::Suspect { at_sample: 10 });
        masker.handle(&ToneEvent::Cleared { at_sample: 30 });
        let mut frame = [1000; 60];
        masker.process(&mut frame);
        assert!(frame[..10].iter().chain(&frame[30..]).all(|&s| s == 1000));
        assert_eq!(
            frame[10..30],
            FLAT_TONE[10..].iter().chain(&FLAT_TONE[..10]).copied().collect::<Vec<_>>()
        );
    }

    #[test]
    fn holding_masks_everything() {
        let mut masker = Masker::new(Fill::Silence);
        masker.hold(true);
        let mut frame = [7; 80];
        masker.process(&mut frame);
        assert_eq!(frame, [0; 80]);
        masker.hold(false);
        let mut frame = [7; 80];
        masker.process(&mut frame);
        assert_eq!(frame, [7; 80]);
    }

    #[test]
    fn too_many_stretches_mask_more_not_less() {
        let mut masker = Masker::with_delay_ms(40, Fill::Silence);
        for n in 0..20 {
            masker.handle(&ToneEvent::Suspect { at_sample: n * 10 });
            masker.handle(&ToneEvent::Cleared { at_sample: n * 10 + 5 });
        }
        let mut frame = [1; 800];
        masker.process(&mut frame);
        for n in 0..20 {
            assert!(frame[320 + n * 10..][..5].iter().all(|&s| s == 0));
        }
    }
}
