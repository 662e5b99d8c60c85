//! What a caller sends in one call, packet by packet.

use std::time::Duration;

use paytone_card::test_numbers;
use paytone_dtmf::telephone_event::EventSender;
use paytone_dtmf::{Generator, Key, SampleRate};
use paytone_media::g711::{Codec, FRAME_SAMPLES};
use paytone_media::rtp::Sender;
use rand::RngExt;

/// How a caller keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keying {
    /// As telephone-events (RFC 4733), 100 ms on and 100 ms off.
    Events,
    /// As tones in the audio, as long.
    Tones,
}

/// A packet, and when in the call it leaves.
pub(crate) type Timed = (Duration, Vec<u8>);

/// The payload type the scenario names for events.
const EVENT_TYPE: u8 = 96;
const FRAME: Duration = Duration::from_millis(20);
const KEY: Duration = Duration::from_millis(100);

/// A call in which somebody listens, keys the number, listens, keys the expiry date, listens, keys the code, and listens to
/// the end. Between the keys there is a quiet line's noise.
pub(crate) fn call(keying: Keying) -> Vec<Timed> {
    let mut stream = Stream::new(keying);
    stream.quiet(Duration::from_secs(11));
    stream.press(&format!("{}#", test_numbers::VISA));
    stream.quiet(Duration::from_secs(6));
    stream.press("1230");
    stream.quiet(Duration::from_secs(5));
    stream.press("123");
    stream.quiet(Duration::from_secs(30));
    stream.packets
}

struct Stream {
    keying: Keying,
    sender: Sender,
    at: Duration,
    packets: Vec<Timed>,
}

impl Stream {
    fn new(keying: Keying) -> Self {
        let sender = Sender::new(rand::random(), rand::random(), rand::random());
        Self { keying, sender, at: Duration::ZERO, packets: Vec::new() }
    }

    fn quiet(&mut self, length: Duration) {
        self.audio(&vec![0; samples(length)]);
    }

    fn press(&mut self, keys: &str) {
        for key in keys.chars().filter_map(Key::from_char) {
            match self.keying {
                Keying::Events => self.event(key),
                Keying::Tones => {
                    let tone = Generator::new(SampleRate::Hz8000).with_duration(KEY).key(key);
                    self.audio(&tone.take(samples(KEY)).collect::<Vec<_>>());
                }
            }
            self.quiet(KEY);
        }
    }

    fn event(&mut self, key: Key) {
        let began = self.at;
        for event in EventSender::new(key, self.sender.timestamp(), KEY) {
            let mut packet = Vec::new();
            let payload = event.payload.write();
            self.sender.event(EVENT_TYPE, event.timestamp, event.marker, &payload, &mut packet);
            self.packets.push((began + event.offset, packet));
            self.sender.advance(FRAME_SAMPLES as u32);
            self.at += FRAME;
        }
    }

    fn audio(&mut self, samples: &[i16]) {
        let mut random = rand::rng();
        for frame in samples.chunks_exact(FRAME_SAMPLES) {
            let noisy: Vec<i16> =
                frame.iter().map(|sample| sample.saturating_add(random.random_range(-12..=12))).collect();
            let mut payload = [0; FRAME_SAMPLES];
            Codec::Pcmu.encode(&noisy, &mut payload);
            let mut packet = Vec::new();
            self.sender.audio(Codec::Pcmu.static_payload_type(), &payload, &mut packet);
            self.packets.push((self.at, packet));
            self.at += FRAME;
        }
    }
}

fn samples(length: Duration) -> usize {
    (length.as_millis() * 8) as usize
}
