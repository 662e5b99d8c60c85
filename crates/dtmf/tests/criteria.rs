//! The presets: each accepts all of its box, and rejects below its floor and beyond its twist.

mod support;

use paytone_dtmf::{Criteria, Generator, Key};
use rand::RngExt;
use support::{Score, Sent, frac_ms, generator, line, rng};

/// What an administration asks a receiver to accept and to reject.
struct Box {
    criteria: Criteria,
    /// Frequency error: a fraction and so many Hz more.
    error: (f32, f32),
    low_over_high_db: (f32, f32),
    /// Level of either tone.
    level_dbm0: (f32, f32),
    pause_ms: f32,
    /// A key at this level must not be answered.
    silent_dbm0: f32,
}

const ATT: Box = Box {
    criteria: Criteria::q24_att(),
    error: (0.015, 0.0),
    low_over_high_db: (-4.0, 8.0),
    level_dbm0: (-25.0, 0.0),
    pause_ms: 40.0,
    silent_dbm0: -55.0,
};

const BOXES: [(&str, Box); 6] = [
    ("AT&T", ATT),
    (
        "NTT",
        Box {
            criteria: Criteria::q24_ntt(),
            error: (0.018, 0.0),
            low_over_high_db: (-5.0, 5.0),
            level_dbm0: (-24.0, -3.0),
            pause_ms: 30.0,
            silent_dbm0: -29.0,
        },
    ),
    (
        "Danish",
        Box {
            criteria: Criteria::q24_danish(),
            error: (0.015, 2.0),
            low_over_high_db: (-6.0, 6.0),
            level_dbm0: (-27.0, -2.0),
            silent_dbm0: -36.0,
            ..ATT
        },
    ),
    (
        "Australian",
        Box {
            criteria: Criteria::q24_australian(),
            error: (0.015, 4.0),
            low_over_high_db: (-10.0, 10.0),
            level_dbm0: (-27.0, -5.0),
            pause_ms: 70.0,
            silent_dbm0: -30.0,
        },
    ),
    (
        "Brazilian",
        Box {
            criteria: Criteria::q24_brazilian(),
            error: (0.018, 0.0),
            low_over_high_db: (-9.0, 9.0),
            level_dbm0: (-25.0, -3.0),
            pause_ms: 30.0,
            silent_dbm0: -50.0,
        },
    ),
    (
        "ETSI",
        Box {
            criteria: Criteria::etsi_es_201_235(),
            error: (0.015, 2.0),
            low_over_high_db: (-6.0, 6.0),
            level_dbm0: (-30.0, -4.0),
            silent_dbm0: -36.0,
            ..ATT
        },
    ),
];

/// Keys from all over a box.
fn accepted(bounds: &Box, criteria: Criteria) -> Score {
    let mut rng = rng(31);
    let mut sent = Sent::new();
    for _ in 0..1000 {
        let key = Key::ALL[rng.random_range(0..16)];
        let mut detune = |hz: u16| {
            1.0 + rng.random_range(-1.0..1.0f32) * (bounds.error.0 + bounds.error.1 / f32::from(hz))
        };
        let (low, high) = (detune(key.low_hz()), detune(key.high_hz()));
        let tone_ms = rng.random_range(40.0..70.0);
        let twist: f32 = rng.random_range(bounds.low_over_high_db.0..=bounds.low_over_high_db.1);
        // The weaker tone stays above the lower limit.
        let level = rng.random_range((bounds.level_dbm0.0 + twist.abs())..=bounds.level_dbm0.1);
        let generator = generator()
            .with_duration(frac_ms(tone_ms))
            .with_pause(frac_ms(rng.random_range(bounds.pause_ms..bounds.pause_ms + 30.0)))
            .with_low_over_high_db(twist)
            .with_level_dbm0(level)
            .with_detune(low, high);
        sent.key(&generator, key, (tone_ms * 8.0) as usize);
    }
    sent.silence(800);
    line::noise(&mut sent.audio, -65.0, &mut rng);
    line::clip(&mut sent.audio);
    sent.score(criteria)
}

fn found(generator: &Generator, criteria: Criteria) -> usize {
    let score = Sent::shuffled(generator, 50, 4, 33).score(criteria);
    score.found + score.extra
}

#[test]
fn every_preset_accepts_its_box_and_the_default_those_without_ten_decibels_of_twist() {
    for (name, bounds) in &BOXES {
        for (which, criteria) in [("preset", bounds.criteria), ("default", Criteria::default())] {
            if (*name, which) == ("Australian", "default") || (*name, which) == ("Brazilian", "default") {
                continue;
            }
            let score = accepted(bounds, criteria);
            assert!(score.found >= 995 && score.extra == 0, "{name} {which} {score:?}");
        }
    }
}

#[test]
fn every_preset_rejects_what_is_too_quiet_or_too_twisted() {
    for (name, bounds) in &BOXES {
        let (least, most) = bounds.low_over_high_db;
        assert_eq!(found(&generator().with_level_dbm0(bounds.silent_dbm0), bounds.criteria), 0, "{name}");
        for twist in [least - 3.0, most + 3.0] {
            assert_eq!(
                found(&generator().with_low_over_high_db(twist), bounds.criteria),
                0,
                "{name} {twist} dB"
            );
        }
        assert_eq!(found(&generator(), bounds.criteria), 64, "{name}");
    }
    assert_eq!(Criteria::tia_464(), Criteria::q24_att());
}
