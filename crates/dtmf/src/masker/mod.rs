mod fill;
mod onset;
mod spans;

pub use fill::Fill;

use crate::telephone_event::EventKey;
use crate::{SampleRate, ToneEvent};
use fill::Filler;
use onset::Onset;
use spans::Spans;

/// Takes the keys out of audio that others hear or record.
///
/// With a look-back ([`with_delay_ms`](Self::with_delay_ms), 25 ms is enough) the audio is held back until the
/// detector has heard whether a tone began in it, and nothing of the tone gets through. Without, the audio is
/// not delayed: what begins suddenly is kept back for 20 ms in case it is a key, and no more than the first
/// millisecond of most tones passes.
///
/// For every frame: hand the detector's events to [`handle`](Self::handle), the keys of telephone-events to
/// [`handle_event`](Self::handle_event), then the frame to [`process`](Self::process), concealment of a lost
/// frame included. During a secure step [`hold`](Self::hold) masks everything.
///
/// ```
/// use paytone_dtmf::{Detector, Fill, Generator, Key, Masker, SampleRate};
///
/// let mut detector = Detector::new(SampleRate::Hz8000);
/// let mut masker = Masker::new(SampleRate::Hz8000, Fill::Silence).with_delay_ms(25);
/// let mut audio: Vec<i16> = Generator::new(SampleRate::Hz8000).key(Key::D5).collect();
/// for frame in audio.chunks_mut(160) {
///     for event in detector.process(frame) {
///         masker.handle(&event);
///     }
///     masker.process(frame);
/// }
/// assert!(audio.iter().all(|&sample| sample == 0));
/// ```
#[derive(Clone)]
pub struct Masker {
    rate: SampleRate,
    filler: Filler,
    /// The samples held back, a ring of `delay` samples.
    line: [i16; CAPACITY],
    delay: usize,
    /// Where in the ring the oldest sample is.
    oldest: usize,
    /// Position of the next sample to come in, counted like the detector's.
    position: u64,
    spans: Spans,
    /// What telephone-events demand, apart from the tones: until where.
    event: Event,
    onset: Onset,
    held: bool,
    quiet: Quiet,
}

/// Leaves the audio out: it may hold a key.
impl core::fmt::Debug for Masker {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Masker")
            .field("rate", &self.rate)
            .field("delay", &self.delay)
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

/// Whether a telephone-event is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    None,
    Down,
    /// It is over; up to where the gateway may still send its tone.
    Until(u64),
}

/// Sum of the squares of samples that passed unmasked, for the comfort noise.
#[derive(Clone, Copy, Debug, Default)]
struct Quiet {
    sum: u64,
    samples: u32,
}

impl Masker {
    /// A masker that does not delay the audio.
    #[must_use]
    pub fn new(rate: SampleRate, fill: Fill) -> Self {
        Self {
            rate,
            filler: Filler::new(fill, rate),
            line: [0; CAPACITY],
            delay: 0,
            oldest: 0,
            position: 0,
            spans: Spans::default(),
            event: Event::None,
            onset: Onset::new(rate),
            held: false,
            quiet: Quiet::default(),
        }
    }

    /// Delays the audio by `ms` milliseconds, at most [`MAX_DELAY_MS`](Self::MAX_DELAY_MS).
    #[must_use]
    pub fn with_delay_ms(mut self, ms: usize) -> Self {
        self.delay = ms.min(Self::MAX_DELAY_MS) * self.samples_of_ms();
        self
    }

    /// The longest delay.
    pub const MAX_DELAY_MS: usize = 40;

    /// By how many samples the audio is delayed.
    #[must_use]
    pub const fn delay(&self) -> usize {
        self.delay
    }

    /// Learns what the detector found, before the frame it was found in is processed.
    pub fn handle(&mut self, event: &ToneEvent) {
        let margin = MARGIN_MS * self.samples_of_ms() as u64;
        match *event {
            ToneEvent::Suspect { at_sample } => self.spans.open(at_sample),
            ToneEvent::Start { at_sample, .. } => self.spans.open(at_sample.saturating_sub(margin)),
            ToneEvent::Cleared { at_sample } => self.spans.close(at_sample),
            ToneEvent::End { at_sample, .. } => self.spans.close(at_sample + margin),
        }
    }

    /// Learns of a telephone-event: from its start, and as far back as the delay reaches, until 60 ms after its
    /// end everything is masked, because gateways let 20 to 60 ms of the tone through before they cut it.
    pub fn handle_event(&mut self, event: &EventKey) {
        self.event = match event {
            EventKey::Start { .. } => Event::Down,
            EventKey::End { .. } => {
                Event::Until(self.position + GATEWAY_LEAK_MS * self.samples_of_ms() as u64)
            }
        };
    }

    /// Masks everything from the next sample on, or stops doing so.
    pub const fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Masks the next samples in place. With a delay, what comes out is that much older than what went in.
    pub fn process(&mut self, frame: &mut [i16]) {
        for sample in frame {
            let passing = self.delayed(*sample);
            // What passes came in `delay` samples ago; before the first sample there was silence.
            let at = self.position.checked_sub(self.delay as u64);
            let masked = self.held | at.is_some_and(|at| self.spans.contain(at)) | self.event_masks(at);
            let masked = masked | (self.delay == 0 && self.onset.keeps_back(passing));
            *sample = if masked { self.filler.at(self.position) } else { self.learn(passing) };
            self.position += 1;
        }
    }

    fn delayed(&mut self, sample: i16) -> i16 {
        if self.delay == 0 {
            return sample;
        }
        let passing = core::mem::replace(&mut self.line[self.oldest], sample);
        self.oldest = (self.oldest + 1) % self.delay;
        passing
    }

    fn event_masks(&mut self, at: Option<u64>) -> bool {
        match self.event {
            Event::None => false,
            Event::Down => true,
            Event::Until(end) if at.is_none_or(|at| at < end) => true,
            Event::Until(_) => {
                self.event = Event::None;
                false
            }
        }
    }

    /// Measures a sample that passes.
    fn learn(&mut self, sample: i16) -> i16 {
        self.quiet.sum += i64::from(sample).pow(2) as u64;
        self.quiet.samples += 1;
        if self.quiet.samples == self.rate.hz() / 200 {
            self.filler.learn(self.quiet.sum as f32 / self.quiet.samples as f32);
            self.quiet = Quiet::default();
        }
        sample
    }

    const fn samples_of_ms(&self) -> usize {
        self.rate.hz() as usize / 1000
    }
}

/// The longest delay at 48 kHz, in samples.
const CAPACITY: usize = Masker::MAX_DELAY_MS * 48;
/// Around a key, more than the error of its position.
const MARGIN_MS: u64 = 5;
/// How long the tone of a telephone-event may go on in the audio.
const GATEWAY_LEAK_MS: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use core::time::Duration;

    const RATE: SampleRate = SampleRate::Hz8000;

    fn ramp(samples: u64) -> Vec<i16> {
        (1..=samples as i16).collect()
    }

    fn end(at_sample: u64) -> ToneEvent {
        ToneEvent::End { key: Key::D1, at_sample, declared_at: at_sample }
    }

    #[test]
    fn audio_without_keys_passes_untouched_and_late() {
        let mut plain = ramp(500);
        Masker::new(RATE, Fill::Silence).process(&mut plain);
        assert_eq!(plain, ramp(500));

        let mut delayed = ramp(500);
        let mut masker = Masker::new(RATE, Fill::FlatTone).with_delay_ms(25);
        masker.process(&mut delayed);
        assert_eq!(masker.delay(), 200);
        assert!(delayed[..200].iter().all(|&s| s == 0));
        assert_eq!(delayed[200..], ramp(300));
    }

    #[test]
    fn delays_are_the_same_time_at_every_rate_and_bounded() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
            let masker = Masker::new(rate, Fill::Silence).with_delay_ms(25);
            assert_eq!(masker.delay() as u32 * 40, rate.hz());
            let longest = masker.with_delay_ms(1000);
            assert_eq!(longest.delay() as u32 * 25, rate.hz());
        }
    }

    #[test]
    fn what_is_held_back_can_still_be_masked() {
        let mut masker = Masker::new(RATE, Fill::Silence).with_delay_ms(25);
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
        let mut masker = Masker::new(RATE, Fill::FlatTone);
        masker.handle(&ToneEvent::Suspect { at_sample: 10 });
        masker.handle(&ToneEvent::Cleared { at_sample: 30 });
        let mut frame = [1000; 60];
        masker.process(&mut frame);
        assert!(frame[..10].iter().chain(&frame[30..]).all(|&s| s == 1000));
        assert!(frame[11..29].iter().all(|&s| s != 1000) && frame[10..30].iter().any(|&s| s != 0));
    }

    #[test]
    fn holding_masks_everything() {
        let mut masker = Masker::new(RATE, Fill::Silence);
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
    fn telephone_events_mask_what_is_held_back_and_what_leaks_after_them() {
        for delay_ms in [0, 25] {
            let mut masker = Masker::new(RATE, Fill::Silence).with_delay_ms(delay_ms);
            masker.process(&mut [7; 400]);
            masker.handle_event(&EventKey::Start { key: Key::D5 });
            let mut during = [7; 1600];
            masker.process(&mut during);
            assert_eq!(during, [0; 1600]);
            masker.handle_event(&EventKey::End { key: Key::D5, duration: Duration::from_millis(200) });
            let mut after = [7; 1600];
            masker.process(&mut after);
            let masked = 480 + masker.delay();
            assert!(after[..masked].iter().all(|&s| s == 0) && after[masked..].iter().all(|&s| s == 7));
        }
    }

    #[test]
    fn comfort_noise_has_the_level_of_the_line() {
        let mut masker = Masker::new(RATE, Fill::ComfortNoise);
        let mut quiet: Vec<i16> = (0..4000).map(|n| (n * 7919 % 61) as i16 - 30).collect();
        masker.process(&mut quiet);
        masker.hold(true);
        let mut frame = [0; 800];
        masker.process(&mut frame);
        let largest = frame.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        assert!((25..=35).contains(&largest), "{largest}");
    }
}
