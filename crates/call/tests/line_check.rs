//! A line is tried out: what is spoken back, and what is counted.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use core::time::Duration;
use std::sync::{Arc, Mutex};

use paytone_call::{Clip, Clips, Counts, FRAME_SAMPLES, Input, LineCheck};
use paytone_dialog::Language;
use paytone_dtmf::{Generator, Key, SampleRate};

/// Notes which clips are asked for; each is one frame.
#[derive(Default)]
struct Noted(Mutex<Vec<String>>);

impl Clips for Noted {
    fn clip(&self, _: Language, name: &str) -> Option<Clip> {
        self.0.lock().unwrap().push(name.to_owned());
        Some(Arc::from(vec![1; FRAME_SAMPLES]))
    }
}

struct World {
    noted: Arc<Noted>,
    check: LineCheck,
    now: Duration,
    spoken: usize,
}

impl World {
    fn new() -> Self {
        let noted = Arc::new(Noted::default());
        let check = LineCheck::new(noted.clone(), Language::En);
        Self { noted, check, now: Duration::from_secs(1_800_000_000), spoken: 0 }
    }

    fn frame(&mut self, audio: &[i16]) {
        self.now += Duration::from_millis(20);
        self.check.handle(Input::Audio(audio), self.now);
        if self.check.poll_timeout().is_some_and(|at| at <= self.now) {
            self.check.handle_timeout(self.now);
        }
        let mut frame = [0; FRAME_SAMPLES];
        self.check.next_frame(&mut frame);
        self.spoken += usize::from(frame.contains(&1));
    }

    fn wait(&mut self) {
        (0..60).for_each(|_| self.frame(&[0; FRAME_SAMPLES]));
    }

    fn tone(&mut self, key: Key) {
        let audio: Vec<i16> = Generator::new(SampleRate::Hz8000).key(key).take(800).collect();
        audio.chunks(FRAME_SAMPLES).for_each(|frame| self.frame(frame));
    }

    fn event(&mut self, code: u8, timestamp: u32) {
        for duration in [160_u16, 320, 480] {
            let end = if duration == 480 { 0x8A } else { 0x0A };
            let [high, low] = duration.to_be_bytes();
            let payload = [code, end, high, low];
            let event =
                Input::TelephoneEvent { ssrc: 7, timestamp, marker: duration == 160, payload: &payload };
            self.check.handle(event, self.now);
        }
    }

    fn info(&mut self, key: char) {
        let body = format!("Signal={key}\r\nDuration=160\r\n");
        let content_type = "application/dtmf-relay";
        self.check.handle(Input::Info { content_type, body: body.as_bytes() }, self.now);
    }

    fn said(&self) -> Vec<String> {
        core::mem::take(&mut self.noted.0.lock().unwrap())
    }
}

#[test]
fn every_key_is_spoken_back_with_the_way_it_came() {
    let mut world = World::new();
    world.event(4, 1000);
    world.wait();
    assert_eq!(world.said(), ["number-4", "letter-e"]);
    world.info('7');
    world.wait();
    assert_eq!(world.said(), ["number-7", "letter-i"]);
    let mut tones = World::new();
    tones.tone(Key::D9);
    tones.wait();
    assert_eq!(tones.said(), ["number-9", "letter-t"]);
    assert_eq!(world.check.counts(), Counts { keys: 2, events: 1, infos: 1, tones: 0 });
    assert!(world.spoken >= 4, "{}", world.spoken);
}

#[test]
fn a_key_that_comes_twice_is_said_once_and_counted_as_doubled() {
    let mut world = World::new();
    world.event(4, 1000);
    world.tone(Key::D4);
    world.wait();
    assert_eq!(world.said(), ["number-4", "letter-e", "letter-t"]);
    world.event(5, 20_000);
    world.info('5');
    world.wait();
    assert_eq!(world.said(), ["number-5", "letter-e", "letter-i"]);
    // Really pressed twice.
    world.event(5, 40_000);
    world.wait();
    assert_eq!(world.check.counts().doubled(), 2);
    let _ = world.said();
    world.event(11, 60_000);
    world.wait();
    assert_eq!(world.said(), ["number-4", "number-2"], "four keys, the last one #, and two too many");
}
