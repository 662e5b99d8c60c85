//! A call that tries a line out: every key is spoken back with where it came from.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use paytone_dialog::Language;
use paytone_dtmf::{Key, Source};

use crate::clips::{Clip, Clips};
use crate::input::Input;
use crate::keypad::{EventPacket, Keypad};
use crate::player::Player;

/// What commissioning a line or a trunk needs: the caller presses keys and hears each again, then a letter for every way it
/// came: E for a telephone-event (RFC 4733), I for SIP INFO, T for a tone in the audio. Two letters are a line that sends keys
/// twice. After `#` it says how many keys there were and how many came more than one way.
///
/// Nothing of a key is kept beyond that, but it is spoken aloud: no card belongs on such a call.
pub struct LineCheck {
    keypad: Keypad,
    clips: Arc<dyn Clips>,
    language: Language,
    player: Player<()>,
    /// Presses that may still come another way, oldest first.
    fresh: VecDeque<Press>,
    to_say: VecDeque<Clip>,
    counts: Counts,
}

/// How keys came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys that were pressed.
    pub keys: u32,
    /// Reports of keys as telephone-events.
    pub events: u32,
    /// Reports of keys by SIP INFO.
    pub infos: u32,
    /// Keys heard as tones.
    pub tones: u32,
}

impl Counts {
    /// Reports too many: a receiver that counts each would take so many keys twice.
    #[must_use]
    pub const fn doubled(&self) -> u32 {
        (self.events + self.infos + self.tones).saturating_sub(self.keys)
    }
}

struct Press {
    key: Key,
    ways: Vec<Source>,
    at: Duration,
}

impl LineCheck {
    /// A call that speaks this language.
    #[must_use]
    pub fn new(clips: Arc<dyn Clips>, language: Language) -> Self {
        Self {
            keypad: Keypad::new(true),
            clips,
            language,
            player: Player::default(),
            fresh: VecDeque::new(),
            to_say: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// Takes in what came from the caller; what is not about keys is passed over.
    pub fn handle(&mut self, input: Input<'_>, now: Duration) {
        let mut reports = Vec::new();
        match input {
            Input::Audio(samples) => self.keypad.watch_audio(samples, now, |key, counts| {
                reports.push((Source::InBand, key, counts));
            }),
            Input::AudioLost(samples) => self.keypad.audio_lost(samples),
            Input::TelephoneEvent { ssrc, timestamp, marker, payload } => {
                let packet = EventPacket { ssrc, timestamp, marker, payload };
                self.keypad.watch_event(packet, now, |key, counts| {
                    reports.push((Source::Event, key, counts));
                });
            }
            Input::Info { content_type, body } => {
                if let Some((key, counts)) = self.keypad.watch_info(content_type, body, now) {
                    reports.push((Source::Info, key, counts));
                }
            }
            Input::EventsWithdrawn => self.keypad.events_withdrawn(),
            _ => {}
        }
        for (source, key, counts) in reports {
            self.reported(source, key, counts, now);
        }
    }

    /// Fills the next 20 ms to send.
    pub fn next_frame(&mut self, frame: &mut [i16; crate::FRAME_SAMPLES]) {
        if !self.player.is_playing() && !self.to_say.is_empty() {
            self.player.play((), core::mem::take(&mut self.to_say).into_iter());
        }
        self.player.next_frame(frame);
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, since the Unix epoch.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let spoken = self.fresh.front().map(|press| press.at + WAIT);
        spoken.into_iter().chain(self.keypad.poll_timeout()).min()
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Duration) {
        let _ = self.keypad.handle_timeout(now, |_| {});
        while let Some(press) = self.fresh.pop_front_if(|press| press.at + WAIT <= now) {
            self.say(&press);
        }
    }

    /// How keys have come so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn reported(&mut self, source: Source, key: Key, counts: bool, now: Duration) {
        match source {
            Source::Event => self.counts.events += 1,
            Source::Info => self.counts.infos += 1,
            Source::InBand => self.counts.tones += 1,
        }
        let known = self.fresh.iter_mut().find(|press| press.key == key && !press.ways.contains(&source));
        match known {
            Some(press) if !counts => press.ways.push(source),
            _ => {
                self.counts.keys += u32::from(counts);
                self.fresh.push_back(Press { key, ways: Vec::from([source]), at: now });
            }
        }
    }

    fn say(&mut self, press: &Press) {
        match press.key.reveal() {
            digit @ '0'..='9' => self.queue(&format!("number-{digit}")),
            '*' => self.queue("letter-s"),
            '#' => return self.sum_up(),
            letter => self.queue(&format!("letter-{}", letter.to_ascii_lowercase())),
        }
        for way in &press.ways {
            self.queue(match way {
                Source::Event => "letter-e",
                Source::Info => "letter-i",
                Source::InBand => "letter-t",
            });
        }
    }

    /// How many keys, a pause, how many too many; digit by digit.
    fn sum_up(&mut self) {
        for number in [self.counts.keys, self.counts.doubled()] {
            for digit in format!("{number}").chars() {
                self.queue(&format!("number-{digit}"));
            }
            self.to_say.push_back(Arc::from([0; PAUSE].as_slice()));
        }
    }

    fn queue(&mut self, name: &str) {
        self.to_say.extend(self.clips.clip(self.language, name));
    }
}

impl fmt::Debug for LineCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineCheck").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// Longer than two reports of one press are apart.
const WAIT: Duration = Duration::from_millis(600);
/// A third of a second.
const PAUSE: usize = 2_700;
