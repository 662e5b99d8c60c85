//! One leg's keypad, heard three ways, each press once.

use core::time::Duration;

use paytone_dtmf::telephone_event::{EventKey, EventReceiver};
use paytone_dtmf::{Arbiter, Criteria, Detector, Key, Phase, SampleRate, Source, ToneEvent, info};

/// Tones, telephone-events and INFO of one leg, made into single key presses.
///
/// A press is handed to the caller's closure and not kept.
pub(crate) struct Keypad {
    detector: Detector,
    events: EventReceiver,
    arbiter: Arbiter,
    heard: KeysHeard,
}

/// How many keys the caller has pressed, by the way they came; a press that came in two ways counts once. Counts alone: which
/// keys they were is nobody's business.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeysHeard {
    /// As telephone-events (RFC 4733).
    pub events: u32,
    /// As tones in the audio.
    pub tones: u32,
    /// In SIP INFO requests.
    pub infos: u32,
}

impl Keypad {
    pub(crate) fn new(info: bool) -> Self {
        let arbiter = if info { Arbiter::new().with_info() } else { Arbiter::new() };
        Self {
            detector: Detector::new(SampleRate::Hz8000),
            events: EventReceiver::new(),
            arbiter,
            heard: KeysHeard::default(),
        }
    }

    /// How many keys there were so far.
    pub(crate) const fn heard(&self) -> KeysHeard {
        self.heard
    }

    /// Hears `samples`; every finding is handed to `found`, every press to `press`.
    pub(crate) fn audio(
        &mut self,
        samples: &[i16],
        now: Duration,
        mut found: impl FnMut(&ToneEvent),
        mut press: impl FnMut(Key),
    ) {
        let Self { detector, arbiter, heard, .. } = self;
        for event in detector.process(samples) {
            found(&event);
            let key = match event {
                ToneEvent::Start { key, .. } => arbiter.handle(Source::InBand, Phase::Start, key, now),
                ToneEvent::End { key, .. } => arbiter.handle(Source::InBand, Phase::End, key, now),
                _ => None,
            };
            heard.tones += u32::from(key.is_some());
            key.into_iter().for_each(&mut press);
        }
    }

    pub(crate) fn audio_lost(&mut self, samples: usize) {
        self.detector.frame_lost(samples);
    }

    pub(crate) fn telephone_event(
        &mut self,
        packet: EventPacket<'_>,
        now: Duration,
        mut found: impl FnMut(&EventKey),
        mut press: impl FnMut(Key),
    ) {
        let Self { events, arbiter, heard, .. } = self;
        for change in events.handle(packet.ssrc, packet.timestamp, packet.marker, packet.payload, now) {
            found(&change);
            let key = count(arbiter, change, now);
            heard.events += u32::from(key.is_some());
            key.into_iter().for_each(&mut press);
        }
    }

    pub(crate) fn info(&mut self, content_type: &str, body: &[u8], now: Duration) -> Option<Key> {
        // A body that holds no key is the sender's mistake and has nothing to tell the dialog.
        let key = info::parse(content_type, body).ok().flatten()?;
        let key = self.arbiter.handle(Source::Info, Phase::Start, key, now);
        self.heard.infos += u32::from(key.is_some());
        key
    }

    /// Hears `samples`; every key in them is handed to `report`, with whether it counts as a press.
    pub(crate) fn watch_audio(&mut self, samples: &[i16], now: Duration, mut report: impl FnMut(Key, bool)) {
        let Self { detector, arbiter, .. } = self;
        for event in detector.process(samples) {
            match event {
                ToneEvent::Start { key, .. } => {
                    report(key, arbiter.handle(Source::InBand, Phase::Start, key, now).is_some());
                }
                ToneEvent::End { key, .. } => {
                    let _ = arbiter.handle(Source::InBand, Phase::End, key, now);
                }
                _ => {}
            }
        }
    }

    /// Takes a packet; every key it begins is handed to `report`, with whether it counts as a press.
    pub(crate) fn watch_event(
        &mut self,
        packet: EventPacket<'_>,
        now: Duration,
        mut report: impl FnMut(Key, bool),
    ) {
        let Self { events, arbiter, .. } = self;
        for change in events.handle(packet.ssrc, packet.timestamp, packet.marker, packet.payload, now) {
            let counts = count(arbiter, change, now).is_some();
            if change.phase() == Phase::Start {
                report(change.key(), counts);
            }
        }
    }

    /// The key of an INFO body, with whether it counts as a press.
    pub(crate) fn watch_info(
        &mut self,
        content_type: &str,
        body: &[u8],
        now: Duration,
    ) -> Option<(Key, bool)> {
        let key = info::parse(content_type, body).ok().flatten()?;
        Some((key, self.arbiter.handle(Source::Info, Phase::Start, key, now).is_some()))
    }

    pub(crate) fn events_withdrawn(&mut self) {
        self.arbiter.forget_events();
    }

    /// Hears keys that bounce or break up as one.
    pub(crate) fn set_slow(&mut self, slow: bool) {
        self.detector.set_criteria(if slow { Criteria::slow() } else { Criteria::new() });
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.events.poll_timeout()
    }

    /// Ends a key whose end was lost; `found` is told, and a press it makes comes back.
    pub(crate) fn handle_timeout(&mut self, now: Duration, mut found: impl FnMut(&EventKey)) -> Option<Key> {
        let change = self.events.handle_timeout(now)?;
        found(&change);
        let key = count(&mut self.arbiter, change, now);
        self.heard.events += u32::from(key.is_some());
        key
    }
}

/// What matters of one RTP packet of the telephone-event payload type.
pub(crate) struct EventPacket<'a> {
    pub(crate) ssrc: u32,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: &'a [u8],
}

fn count(arbiter: &mut Arbiter, event: EventKey, now: Duration) -> Option<Key> {
    arbiter.handle(Source::Event, event.phase(), event.key(), now)
}
