use core::time::Duration;

use crate::Key;

/// Makes one key out of what three sources say about it.
///
/// The same press may arrive as a tone in the audio, as telephone-events and as SIP INFO, in any
/// order and up to half a second apart. Each press is counted once; a key that is really pressed
/// twice is counted twice, because a source's second report of a key never claims the same press.
///
/// Telephone-events are preferred: once a leg has delivered one, keys heard in its audio are never
/// counted again, however late a gateway echoes them. INFO is ignored unless
/// [`with_info`](Self::with_info) allows it. A leg that changes from tones to telephone-events in
/// mid-call loses nothing: an event belongs to a tone only if it follows within 200 ms.
///
/// ```
/// use core::time::Duration;
/// use paytone_dtmf::{Arbiter, Key, Phase, Source};
///
/// let mut arbiter = Arbiter::new();
/// let ms = Duration::from_millis;
/// assert_eq!(arbiter.handle(Source::Event, Phase::Start, Key::D4, ms(0)), Some(Key::D4));
/// assert_eq!(arbiter.handle(Source::InBand, Phase::Start, Key::D4, ms(30)), None);
/// assert_eq!(arbiter.handle(Source::Event, Phase::Start, Key::D4, ms(120)), Some(Key::D4));
/// ```
#[derive(Clone, Debug)]
pub struct Arbiter {
    presses: [Option<Press>; PRESSES],
    next: usize,
    info_allowed: bool,
    events_seen: bool,
    window: Duration,
}

/// Where a key was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// RFC 4733 telephone-events.
    Event,
    /// A SIP INFO request.
    Info,
    /// A tone found in the audio.
    InBand,
}

/// Which side of a press a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The key went down.
    Start,
    /// The key came up.
    End,
}

impl Arbiter {
    /// An arbiter for one leg of a call: telephone-events and tones count, INFO does not.
    #[must_use]
    pub const fn new() -> Self {
        Self { presses: [None; PRESSES], next: 0, info_allowed: false, events_seen: false, window: WINDOW }
    }

    /// Lets keys of SIP INFO requests count: for trunks that send keys no other way.
    #[must_use]
    pub const fn with_info(mut self) -> Self {
        self.info_allowed = true;
        self
    }

    /// Sets how far apart two sources may report one press; half a second by default, which is how late
    /// gateways echo.
    #[must_use]
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Takes one report and returns the key if it is a press not counted yet.
    ///
    /// `at` is when the report arrived, since the Unix epoch. Sources that know when a key came up
    /// report [`Phase::End`] too, so that an INFO sent on release is matched to a long press.
    pub fn handle(&mut self, source: Source, phase: Phase, key: Key, at: Duration) -> Option<Key> {
        if phase == Phase::End {
            self.release(source, key, at);
            return None;
        }
        match source {
            Source::Info if !self.info_allowed => return None,
            Source::InBand if self.events_seen => return None,
            Source::Event => self.events_seen = true,
            _ => {}
        }
        if self.claim(source, key, at) {
            return None;
        }
        self.count(source, key, at);
        Some(key)
    }

    /// Forgets that the leg delivered telephone-events, so that its tones count again: for a
    /// renegotiation that took telephone-events away.
    pub fn forget_events(&mut self) {
        self.events_seen = false;
    }

    /// Whether the leg has delivered a telephone-event.
    #[must_use]
    pub const fn events_seen(&self) -> bool {
        self.events_seen
    }

    /// Ties a report to a press that another source made count; false when there is none.
    fn claim(&mut self, source: Source, key: Key, at: Duration) -> bool {
        let oldest = self
            .presses
            .iter_mut()
            .flatten()
            .filter(|press| press.key == key && !press.claimed[source as usize])
            .filter(|press| press.is_near(source, at, self.window))
            .min_by_key(|press| press.start);
        oldest.map(|press| press.claimed[source as usize] = true).is_some()
    }

    fn count(&mut self, source: Source, key: Key, at: Duration) {
        let mut claimed = [false; 3];
        claimed[source as usize] = true;
        // INFO is one message for the whole press: there is no release to wait for.
        let end = (source == Source::Info).then_some(at);
        self.presses[self.next] = Some(Press { key, source, start: at, end, claimed });
        self.next = (self.next + 1) % PRESSES;
    }

    fn release(&mut self, source: Source, key: Key, at: Duration) {
        let held = self
            .presses
            .iter_mut()
            .flatten()
            .filter(|press| press.key == key && press.source == source && press.end.is_none())
            .min_by_key(|press| press.start);
        if let Some(press) = held {
            press.end = Some(at);
        }
    }
}

impl Default for Arbiter {
    fn default() -> Self {
        Self::new()
    }
}

/// A counted press and who has reported it.
#[derive(Clone, Copy, Debug)]
struct Press {
    key: Key,
    source: Source,
    start: Duration,
    end: Option<Duration>,
    /// By [`Source`]: whether that source's report of this press has been seen.
    claimed: [bool; 3],
}

impl Press {
    /// Whether what `source` reports at `at` may still be about this press.
    fn is_near(&self, source: Source, at: Duration, window: Duration) -> bool {
        if (self.source, source) == (Source::InBand, Source::Event) {
            // Both come in one stream, and a gateway makes the event of the tone's first milliseconds.
            return at <= self.start + EVENT_AFTER_TONE && at + window >= self.start;
        }
        let last = self.end.unwrap_or(if at < self.start + LONGEST_PRESS { at } else { self.start });
        at <= last + window && at + window >= self.start
    }
}

/// How far apart two sources report one press: gateways echo tones up to half a second late.
const WINDOW: Duration = Duration::from_millis(500);
/// How long after a tone was heard its telephone-event may begin: what a gateway needs to recognise the
/// tone, and a few lost packets.
const EVENT_AFTER_TONE: Duration = Duration::from_millis(200);
/// A press whose release was never reported is not held longer than this.
const LONGEST_PRESS: Duration = Duration::from_secs(10);
/// Presses remembered: more than fit into the window at the fastest legal rate of 80 ms.
const PRESSES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(1_000_000 + n)
    }

    fn press(arbiter: &mut Arbiter, source: Source, key: Key, at: u64) -> Option<Key> {
        arbiter.handle(source, Phase::Start, key, ms(at))
    }

    #[test]
    fn tones_alone_count_with_genuine_repeats() {
        let mut arbiter = Arbiter::new();
        for at in [0, 100, 200] {
            assert_eq!(press(&mut arbiter, Source::InBand, Key::D4, at), Some(Key::D4));
        }
    }

    #[test]
    fn a_tone_heard_before_its_event_is_one_key_and_repeats_survive() {
        let mut arbiter = Arbiter::new();
        assert_eq!(press(&mut arbiter, Source::InBand, Key::D4, 0), Some(Key::D4));
        assert_eq!(press(&mut arbiter, Source::Event, Key::D4, 40), None);
        assert_eq!(press(&mut arbiter, Source::Event, Key::D4, 160), Some(Key::D4));
        assert_eq!(press(&mut arbiter, Source::InBand, Key::D4, 190), None);
    }

    #[test]
    fn echoes_of_an_event_leg_are_never_counted() {
        let mut arbiter = Arbiter::new();
        assert_eq!(press(&mut arbiter, Source::Event, Key::D1, 0), Some(Key::D1));
        for late in [30, 250, 500, 900, 60_000] {
            assert_eq!(press(&mut arbiter, Source::InBand, Key::D1, late), None);
            assert_eq!(press(&mut arbiter, Source::InBand, Key::D2, late), None);
        }
    }

    #[test]
    fn info_is_off_unless_allowed() {
        let mut arbiter = Arbiter::new();
        assert_eq!(press(&mut arbiter, Source::Info, Key::D1, 0), None);
        assert_eq!(press(&mut arbiter.with_info(), Source::Info, Key::D1, 0), Some(Key::D1));
    }

    #[test]
    fn info_and_event_of_one_press_are_one_key_in_either_order() {
        for (first, second) in [(Source::Info, Source::Event), (Source::Event, Source::Info)] {
            let mut arbiter = Arbiter::new().with_info();
            assert_eq!(press(&mut arbiter, first, Key::D4, 0), Some(Key::D4));
            assert_eq!(press(&mut arbiter, second, Key::D4, 90), None);
            assert_eq!(press(&mut arbiter, first, Key::D4, 130), Some(Key::D4));
            assert_eq!(press(&mut arbiter, second, Key::D4, 220), None);
        }
    }

    #[test]
    fn info_sent_on_release_belongs_to_the_long_press() {
        let mut arbiter = Arbiter::new().with_info();
        assert_eq!(press(&mut arbiter, Source::Event, Key::D4, 0), Some(Key::D4));
        assert_eq!(arbiter.handle(Source::Event, Phase::End, Key::D4, ms(2000)), None);
        assert_eq!(press(&mut arbiter, Source::Info, Key::D4, 2050), None);
        assert_eq!(press(&mut arbiter, Source::Info, Key::D4, 3000), Some(Key::D4));
    }

    #[test]
    fn the_same_key_survives_a_change_of_source_between_its_presses() {
        let mut arbiter = Arbiter::new();
        for at in [0, 120] {
            assert_eq!(press(&mut arbiter, Source::InBand, Key::D4, at), Some(Key::D4));
            arbiter.handle(Source::InBand, Phase::End, Key::D4, ms(at + 60));
        }
        assert_eq!(press(&mut arbiter, Source::Event, Key::D4, 360), Some(Key::D4));
        assert_eq!(press(&mut arbiter, Source::InBand, Key::D4, 390), None);
        assert_eq!(press(&mut arbiter, Source::Event, Key::D4, 480), Some(Key::D4));
    }

    #[test]
    fn the_window_can_be_set() {
        let mut arbiter = Arbiter::new().with_info().with_window(Duration::from_millis(100));
        assert_eq!(press(&mut arbiter, Source::Info, Key::D4, 0), Some(Key::D4));
        assert_eq!(press(&mut arbiter, Source::Event, Key::D4, 150), Some(Key::D4));
        assert_eq!(press(&mut arbiter, Source::Info, Key::D4, 200), None);
    }

    #[test]
    fn sources_may_change_in_mid_call() {
        let mut arbiter = Arbiter::new();
        assert_eq!(press(&mut arbiter, Source::InBand, Key::D1, 0), Some(Key::D1));
        arbiter.handle(Source::InBand, Phase::End, Key::D1, ms(80));
        assert_eq!(press(&mut arbiter, Source::Event, Key::D1, 700), Some(Key::D1));
        arbiter.forget_events();
        arbiter.handle(Source::Event, Phase::End, Key::D1, ms(800));
        assert_eq!(press(&mut arbiter, Source::InBand, Key::D1, 1400), Some(Key::D1));
    }
}
