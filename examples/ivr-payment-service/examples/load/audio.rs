//! What a caller sends in one call, as a capture file that sipp plays.

use std::io::Write;
use std::path::Path;
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

/// The payload type sipp's scenario names for events.
const EVENT_TYPE: u8 = 96;
const FRAME: Duration = Duration::from_millis(20);
const KEY: Duration = Duration::from_millis(100);

/// A call in which somebody listens, keys the number, listens, keys the expiry date, listens, keys the code, and listens to
/// the end. Between the keys there is a quiet line's noise.
pub(crate) fn write_call(path: &Path, keying: Keying) {
    let mut stream = Stream::new(keying);
    stream.quiet(Duration::from_secs(11));
    stream.press(&format!("{}#", test_numbers::VISA));
    stream.quiet(Duration::from_secs(6));
    stream.press("1230");
    stream.quiet(Duration::from_secs(5));
    stream.press("123");
    stream.quiet(Duration::from_secs(30));
    stream.write(path).expect("the folder takes a file");
}

struct Stream {
    keying: Keying,
    sender: Sender,
    at: Duration,
    packets: Vec<(Duration, Vec<u8>)>,
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

    /// The classic capture format, with the headers sipp skips.
    fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, ETHERNET] {
            file.write_all(&word.to_le_bytes())?;
        }
        for (at, packet) in &self.packets {
            let length = (ETHERNET_HEADER.len() + IP_LENGTH + UDP_LENGTH + packet.len()) as u32;
            for word in [at.as_secs() as u32, at.subsec_micros(), length, length] {
                file.write_all(&word.to_le_bytes())?;
            }
            file.write_all(&ETHERNET_HEADER)?;
            file.write_all(&ip_header(packet.len()))?;
            file.write_all(&udp_header(packet.len()))?;
            file.write_all(packet)?;
        }
        file.flush()
    }
}

fn samples(length: Duration) -> usize {
    (length.as_millis() * 8) as usize
}

fn ip_header(payload: usize) -> [u8; IP_LENGTH] {
    let mut header = [0; IP_LENGTH];
    (header[0], header[8], header[9]) = (0x45, 64, 17);
    header[2..4].copy_from_slice(&((IP_LENGTH + UDP_LENGTH + payload) as u16).to_be_bytes());
    header[12..16].copy_from_slice(&[127, 0, 0, 1]);
    header[16..20].copy_from_slice(&[127, 0, 0, 1]);
    header
}

fn udp_header(payload: usize) -> [u8; UDP_LENGTH] {
    let mut header = [0; UDP_LENGTH];
    for (place, word) in [PORT, PORT, (UDP_LENGTH + payload) as u16].into_iter().enumerate() {
        header[2 * place..2 * place + 2].copy_from_slice(&word.to_be_bytes());
    }
    header
}

const ETHERNET: u32 = 1;
const ETHERNET_HEADER: [u8; 14] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0];
const IP_LENGTH: usize = 20;
const UDP_LENGTH: usize = 8;
const PORT: u16 = 4000;
