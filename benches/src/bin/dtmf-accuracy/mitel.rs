//! The decoder tests of the Mitel CM7291 test tape, side 1.

use paytone_dtmf::{Generator, Key, SampleRate};

use crate::bench::Bench;
use crate::subject::Subject;
use crate::support::{Score, Sent, frac_ms, generator, line, ms, rng};
use crate::table::{Cell, Group, Job};

/// The digits the tape tests: one of every row and column.
const DIGITS: [Key; 4] = [Key::D1, Key::D5, Key::D9, Key::D];

pub(crate) fn groups() -> Vec<Group> {
    vec![decode(), bandwidth(), twist(), dynamic_range(), guard_time(), noise()]
}

fn decode() -> Group {
    let loud = generator().with_level_dbm0(-6.0);
    let job = Job::new("16 keys, 10 times, 50 ms, 6 dB below clipping", move |bench, seed| {
        let sent = Sent::shuffled(&loud, 50, 10, seed);
        bench.scores(&sent)
    });
    Group {
        title: "Mitel 2: decode",
        summed: false,
        about: "Every key has to be found once.",
        jobs: vec![job],
    }
}

fn bandwidth() -> Group {
    let mut jobs = Vec::new();
    for key in DIGITS {
        for low in [true, false] {
            let name = format!("key {}, {} tone", key.reveal(), if low { "low" } else { "high" });
            jobs.push(Job::new(name, move |bench, _| {
                bench.each(|subject| Some(Cell::Text(band(subject, key, low))))
            }));
        }
    }
    jobs.push(Job::new("accepted up to 1.5 %", |bench, _| detuned(bench, 1..=15)));
    jobs.push(Job::new("accepted from 3.5 to 4 % (none should be)", |bench, _| detuned(bench, 35..=40)));
    let about = "How far a tone may be off its frequency, as a range in percent (RRB: its width; offset: its \
                 centre), 16 dB below clipping, in steps of 0.1 % up to 4 %.";
    Group { title: "Mitel 3: recognition bandwidth", summed: false, about, jobs }
}

/// Whether one burst with a tone off by so many tenths of a percent is found.
fn accepts(subject: Subject, key: Key, low: bool, tenths: i32) -> bool {
    let factor = 1.0 + tenths as f32 / 1000.0;
    let generator = generator().with_level_dbm0(-16.9);
    let generator = if low { generator.with_detune(factor, 1.0) } else { generator.with_detune(1.0, factor) };
    answers(subject, &generator, key)
}

fn answers(subject: Subject, generator: &Generator, key: Key) -> bool {
    let mut sent = Sent::new();
    sent.key(generator, key, 400);
    sent.silence(400);
    subject
        .listen(&sent.samples(), SampleRate::Hz8000)
        .is_some_and(|hits| hits.iter().any(|hit| hit.key == key))
}

fn band(subject: Subject, key: Key, low: bool) -> String {
    let count =
        |sign: i32| (1..=40).filter(|tenths| accepts(subject, key, low, sign * tenths)).count() as f64;
    let (below, above) = (count(-1), count(1));
    let (rrb, offset) = ((above + below) / 10.0, (above - below) / 20.0);
    format!("-{:.1}..+{:.1} (RRB {rrb:.1}, offset {offset:+.2})", below / 10.0, above / 10.0)
}

fn detuned(bench: &Bench, tenths: std::ops::RangeInclusive<i32>) -> Vec<Cell> {
    bench.each(|subject| {
        let mut score = Score::default();
        for key in DIGITS {
            for step in tenths.clone() {
                for (low, sign) in [(true, 1), (true, -1), (false, 1), (false, -1)] {
                    score.sent += 1;
                    score.found += usize::from(accepts(subject, key, low, sign * step));
                }
            }
        }
        Some(Cell::Found(score))
    })
}

fn twist() -> Group {
    let jobs = DIGITS.into_iter().flat_map(|key| {
        [(1.0f32, "low over high"), (-1.0, "high over low")].map(|(sign, name)| {
            Job::new(format!("key {}, {name}, dB", key.reveal()), move |bench, _| {
                bench.each(|subject| {
                    let accepted = (1..=200).filter(|&tenths| {
                        let twist = generator().with_low_over_high_db(sign * tenths as f32 / 10.0);
                        answers(subject, &twist, key)
                    });
                    Some(Cell::Number(accepted.count() as f64 / 10.0))
                })
            })
        })
    });
    let about = "How far apart the levels of the two tones may be, in steps of 0.1 dB up to 20 dB.";
    Group { title: "Mitel 4: twist", summed: false, about, jobs: jobs.collect() }
}

fn dynamic_range() -> Group {
    let jobs = DIGITS.into_iter().map(|key| {
        Job::new(format!("key {}, dB", key.reveal()), move |bench, _| {
            bench.each(|subject| {
                let found = (-60..=3)
                    .filter(|&level| answers(subject, &generator().with_level_dbm0(level as f32), key));
                Some(Cell::Number(found.count() as f64))
            })
        })
    });
    let about = "At how many levels a key is found, from +3 dBm0 down to -60 dBm0 in steps of 1 dB.";
    Group { title: "Mitel 5: dynamic range", summed: false, about, jobs: jobs.collect() }
}

fn guard_time() -> Group {
    // Every burst at a place of its own within a block.
    let burst = |subject: Subject, tenths: usize| {
        let mut sent = Sent::new();
        sent.silence(tenths * 7 % 40);
        let tone_ms = tenths as f32 / 10.0;
        sent.key(
            &generator().with_duration(frac_ms(tone_ms)),
            Key::ALL[tenths % 16],
            (tone_ms * 8.0) as usize,
        );
        sent.silence(400);
        subject.listen(&sent.samples(), SampleRate::Hz8000).is_some_and(|hits| !hits.is_empty())
    };
    let mut jobs = vec![Job::new("guard time, ms", move |bench, _| {
        bench.each(|subject| {
            let answers = (101..=490).filter(|&tenths| burst(subject, tenths)).count();
            Some(Cell::Number((500.0 - answers as f64) / 10.0))
        })
    })];
    for (name, from, to) in [
        ("answered, 40 to 50 ms", 400, 500),
        ("answered, 23 to 40 ms", 230, 400),
        ("answered, 10 to 23 ms", 100, 230),
    ] {
        jobs.push(Job::new(name, move |bench, _| {
            bench.each(|subject| {
                let found = (from..to).filter(|&tenths| burst(subject, tenths)).count();
                Some(Cell::Found(Score { sent: to - from, found, extra: 0 }))
            })
        }));
    }
    let about = "How short a tone may be: bursts of 49 to 10 ms in steps of 0.1 ms, (500 - answers)/10. All of 40 ms \
                 and more have to be answered, none of 23 ms and less may be.";
    Group { title: "Mitel 6: guard time", summed: false, about, jobs }
}

fn noise() -> Group {
    let jobs = [24.0, 18.0, 15.0, 12.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0f32].into_iter().map(|snr| {
        Job::new(format!("SNR {snr} dB"), move |bench, seed| {
            let mut sent = Sent::shuffled(&generator().with_duration(ms(50)), 50, bench.count(63), seed);
            // Two tones of -10 dBm0 are -7 dBm0 together.
            line::noise(&mut sent.audio, -7.0 - snr, &mut rng(seed ^ 1));
            line::clip(&mut sent.audio);
            bench.scores(&sent)
        })
    });
    let about = "1008 keys of 50/50 ms at -10 dBm0 in white noise, measured over 4 kHz.";
    Group { title: "Mitel 7: white noise", summed: false, about, jobs: jobs.collect() }
}
