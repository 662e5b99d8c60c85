//! What administrations ask a receiver to accept (ITU-T Q.24 table A-1, ETSI ES 201 235-3).

use paytone_dtmf::{Generator, Key};
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Sent, frac_ms, generator, line, rng};

/// The keys a receiver has to find.
#[derive(Clone, Copy)]
pub(crate) struct Accept {
    /// Frequency error: a fraction and so many Hz more.
    pub(crate) error: (f32, f32),
    pub(crate) low_over_high_db: (f32, f32),
    pub(crate) level_dbm0: (f32, f32),
    pub(crate) tone_ms: f32,
    pub(crate) pause_ms: f32,
}

pub(crate) const ATT: Accept = Accept {
    error: (0.015, 0.0),
    low_over_high_db: (-4.0, 8.0),
    level_dbm0: (-25.0, 0.0),
    tone_ms: 40.0,
    pause_ms: 40.0,
};

pub(crate) const NTT: Accept = Accept {
    error: (0.018, 0.0),
    low_over_high_db: (-5.0, 5.0),
    level_dbm0: (-24.0, -3.0),
    pause_ms: 30.0,
    ..ATT
};

pub(crate) const ETSI: Accept =
    Accept { error: (0.015, 2.0), low_over_high_db: (-6.0, 6.0), level_dbm0: (-30.0, -4.0), ..ATT };

/// All of them at once, and more: no administration asks for this much.
pub(crate) const ALL: Accept = Accept {
    error: (0.015, 4.0),
    low_over_high_db: (-6.0, 9.0),
    level_dbm0: (-36.0, 0.0),
    pause_ms: 30.0,
    ..ATT
};

impl Accept {
    /// Random keys from all over the box, at lengths up to 30 ms above the shortest, over faint noise.
    pub(crate) fn keys(&self, count: usize, seed: u64) -> Sent {
        let mut rng = rng(seed);
        let mut sent = Sent::new();
        for _ in 0..count {
            let key = Key::ALL[rng.random_range(0..16)];
            let (generator, tone_ms) = self.sound(key, &mut rng);
            sent.key(&generator, key, (tone_ms * 8.0) as usize);
        }
        sent.silence(800);
        line::noise(&mut sent.audio, -65.0, &mut rng);
        line::clip(&mut sent.audio);
        sent
    }

    /// A random sound of a key within the box, and the length of its tones in milliseconds.
    pub(crate) fn sound(&self, key: Key, rng: &mut StdRng) -> (Generator, f32) {
        let mut detune =
            |hz: u16| 1.0 + rng.random_range(-1.0..1.0f32) * (self.error.0 + self.error.1 / f32::from(hz));
        let (low, high) = (detune(key.low_hz()), detune(key.high_hz()));
        let tone_ms = rng.random_range(self.tone_ms..self.tone_ms + 30.0);
        let pause_ms = rng.random_range(self.pause_ms..self.pause_ms + 30.0);
        let twist = rng.random_range(self.low_over_high_db.0..=self.low_over_high_db.1);
        let weaker = rng.random_range(self.level_dbm0.0..=self.level_dbm0.1);
        let generator = generator()
            .with_duration(frac_ms(tone_ms))
            .with_pause(frac_ms(pause_ms))
            .with_low_over_high_db(twist)
            .with_level_dbm0((weaker + twist.abs()).min(self.level_dbm0.1))
            .with_detune(low, high);
        (generator, tone_ms)
    }
}
