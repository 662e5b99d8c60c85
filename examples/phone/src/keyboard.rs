//! Turns key presses into what is sent in each 20 ms.

use core::time::Duration;

use paytone_dtmf::telephone_event::{EventPacket, EventSender};
use paytone_dtmf::{Generator, Key, KeySound, SampleRate};
use paytone_media::g711::FRAME_SAMPLES;

use crate::line::level;

/// The keypad of a phone that sends a key as tone or as event, and what is said into it.
#[derive(Default)]
pub(crate) struct Keyboard {
    sound: Option<Sound>,
    event: Option<EventSender>,
    quiet_ticks: usize,
}

enum Sound {
    Key(KeySound),
    Said(std::vec::IntoIter<i16>),
}

/// What 20 ms consist of: audio, silent when nothing is pressed, or an event packet instead.
pub(crate) enum Tick {
    Audio(Vec<i16>),
    Event(EventPacket),
}

impl Keyboard {
    /// Presses `key` as a tone, `gap` of silence included.
    pub(crate) fn tone(&mut self, key: Key, length: Duration, gap: Duration) {
        self.sound = Some(Sound::Key(sound(key, length, gap)));
    }

    /// Says this.
    pub(crate) fn say(&mut self, samples: Vec<i16>) {
        self.sound = Some(Sound::Said(samples.into_iter()));
    }

    /// Presses `key` as an event that begins at the media clock `timestamp`.
    pub(crate) fn event(&mut self, key: Key, timestamp: u32, length: Duration, gap: Duration) {
        self.event = Some(EventSender::new(key, timestamp, length));
        // The end is sent three times, so the gap has begun two packets before the sender is done.
        let ticks = usize::try_from(gap.as_millis().div_ceil(20)).unwrap_or(usize::MAX);
        self.quiet_ticks = ticks.saturating_sub(2);
    }

    /// Whether the last key and its gap are over.
    pub(crate) const fn is_idle(&self) -> bool {
        self.sound.is_none() && self.event.is_none() && self.quiet_ticks == 0
    }

    /// The next 20 ms.
    pub(crate) fn tick(&mut self) -> Tick {
        if let Some(packet) = self.event.as_mut().and_then(Iterator::next) {
            return Tick::Event(packet);
        }
        self.event = None;
        let mut samples: Vec<i16> = match &mut self.sound {
            Some(Sound::Key(sound)) => sound.take(FRAME_SAMPLES).collect(),
            Some(Sound::Said(samples)) => samples.take(FRAME_SAMPLES).collect(),
            None => Vec::new(),
        };
        if samples.is_empty() {
            self.sound = None;
            self.quiet_ticks = self.quiet_ticks.saturating_sub(1);
        }
        samples.resize(FRAME_SAMPLES, 0);
        Tick::Audio(samples)
    }
}

/// `key` at the level phones send.
fn sound(key: Key, length: Duration, gap: Duration) -> KeySound {
    Generator::new(SampleRate::Hz8000).with_duration(length).with_pause(gap).key(key)
}

/// The root mean square of a key's tone, which noise is measured against.
pub(crate) fn tone_level() -> f64 {
    level(&sound(Key::D5, Duration::from_millis(100), Duration::ZERO).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Duration = Duration::from_millis(60);
    const GAP: Duration = Duration::from_millis(80);

    fn ticks(mut keyboard: Keyboard) -> String {
        let mut seen = String::new();
        while !keyboard.is_idle() {
            seen.push(match keyboard.tick() {
                Tick::Audio(samples) if level(&samples) > 1_000.0 => 'T',
                Tick::Audio(_) => '_',
                Tick::Event(packet) if packet.payload.end() => 'E',
                Tick::Event(_) => 'e',
            });
        }
        seen
    }

    #[test]
    fn a_tone_is_followed_by_its_gap() {
        let mut keyboard = Keyboard::default();
        keyboard.tone(Key::D5, KEY, GAP);
        assert_eq!(ticks(keyboard), "TTT_____");
    }

    #[test]
    fn what_is_said_is_sent_as_it_is() {
        let mut keyboard = Keyboard::default();
        keyboard.say(vec![7; 200]);
        let mut sent = Vec::new();
        while !keyboard.is_idle() {
            let Tick::Audio(samples) = keyboard.tick() else { panic!("no key") };
            sent.extend(samples);
        }
        assert_eq!(sent, [vec![7; 200], vec![0; 280]].concat());
    }

    #[test]
    fn an_event_ends_three_times_within_its_gap() {
        let mut keyboard = Keyboard::default();
        keyboard.event(Key::D5, 0, KEY, GAP);
        assert_eq!(ticks(keyboard), "eeEEE__");
    }

    #[test]
    fn nothing_pressed_is_idle() {
        assert_eq!(ticks(Keyboard::default()), "");
        assert!(matches!(Keyboard::default().tick(), Tick::Audio(samples) if samples == [0; 160]));
    }
}
