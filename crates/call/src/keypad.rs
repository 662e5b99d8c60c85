//! The caller's keypad, heard three ways, each press once.

use core::time::Duration;

use paytone_dtmf::telephone_event::{EventKey, EventReceiver};
use paytone_dtmf::{Arbiter, Detector, Key, Phase, SampleRate, Source, ToneEvent, info};

/// Tones, telephone-events and INFO of one leg, made into single key presses.
///
/// A press is handed to the caller's closure and not kept.
pub(crate) struct Keypad {
    detector: Detector,
    events: EventReceiver,
    arbiter: Arbiter,
}

impl Keypad {
    pub(crate) fn new(info: bool) -> Self {
        let arbiter = if info { Arbiter::new().with_info() } else { Arbiter::new() };
        Self { detector: Detector::new(SampleRate::Hz8000), events: EventReceiver::new(), arbiter }
    }

    pub(crate) fn audio(&mut self, samples: &[i16], now: Duration, press: impl FnMut(Key)) {
        let Self { detector, arbiter, .. } = self;
        let heard = |event| match event {
            ToneEvent::Start { key, .. } => arbiter.handle(Source::InBand, Phase::Start, key, now),
            ToneEvent::End { key, .. } => arbiter.handle(Source::InBand, Phase::End, key, now),
            _ => None,
        };
        detector.process(samples).filter_map(heard).for_each(press);
    }

    pub(crate) fn audio_lost(&mut self, samples: usize) {
        self.detector.frame_lost(samples);
    }

    pub(crate) fn telephone_event(&mut self, packet: EventPacket<'_>, now: Duration, press: impl FnMut(Key)) {
        let Self { events, arbiter, .. } = self;
        let changes = events.handle(packet.ssrc, packet.timestamp, packet.marker, packet.payload, now);
        changes.filter_map(|change| count(arbiter, change, now)).for_each(press);
    }

    pub(crate) fn info(&mut self, content_type: &str, body: &[u8], now: Duration) -> Option<Key> {
        // A body that holds no key is the sender's mistake and has nothing to tell the dialog.
        let key = info::parse(content_type, body).ok().flatten()?;
        self.arbiter.handle(Source::Info, Phase::Start, key, now)
    }

    pub(crate) fn events_withdrawn(&mut self) {
        self.arbiter.forget_events();
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.events.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) -> Option<Key> {
        let change = self.events.handle_timeout(now)?;
        count(&mut self.arbiter, change, now)
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
