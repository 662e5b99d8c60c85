//! Sounds that hold no key, for hours.

use rand::rngs::StdRng;

use crate::bench::samples;
use crate::instruments;
use crate::speech::CORPORA;
use crate::support::voice;
use crate::table::{Cell, Group, Job};

type Sound = fn(usize, &mut StdRng) -> Vec<f32>;

const SOUNDS: [(&str, Sound); 8] = [
    ("speaking, plain", |s, r| voice::voice(voice::SPEAKING.thin(), s, r)),
    ("speaking, even pitch", |s, r| voice::voice(voice::EVEN.thin(), s, r)),
    ("high voices, 220 to 500 Hz", |s, r| voice::voice(voice::HIGH.thin(), s, r)),
    ("singing", |s, r| voice::voice(voice::SINGING.thin(), s, r)),
    ("organ and flute chords", voice::chords),
    ("struck bars and bells", instruments::bells),
    ("strings and brass chords", instruments::strings),
    ("two whistles, one gliding fast", voice::whistles),
];

/// Pieces of this many seconds, so that an hour need not be held at once.
const PIECE: usize = 60;

pub(crate) fn made_up() -> Group {
    let jobs = SOUNDS.map(|(name, sound)| {
        Job::new(name, move |bench, seed| {
            let mut rng = crate::support::rng(seed);
            let mut sums = vec![Cell::None; bench.subjects.len()];
            for _ in 0..bench.seconds(3600) / PIECE {
                let cells = bench.false_keys(&samples(&sound(PIECE, &mut rng)));
                sums = sums.into_iter().zip(&cells).map(|(sum, cell)| sum.plus(cell)).collect();
            }
            sums
        })
    });
    let about = "An hour of each. Chords that hold a genuine key are left out, and the whistle stays within 3.5 % of a \
                 tone for less than 23 ms, so every key found is forbidden by the standards.";
    Group { title: "Talk-off: made-up sounds", summed: true, about, jobs: jobs.into() }
}

pub(crate) fn natural() -> Group {
    let jobs = CORPORA.iter().enumerate().map(|(number, corpus)| {
        Job::new(corpus.name(), move |bench, _| match bench.recording(number) {
            Some(recording) => bench.false_keys(&recording.samples),
            None => bench.each(|_| None),
        })
    });
    let about = "Prompts recorded by speakers (Debian's asterisk-core-sounds-*-wav) and texts read aloud by flite and \
                 espeak-ng, all at an active level of -22 dBov; n/a where a package is not installed.";
    Group { title: "Talk-off: speech", summed: true, about, jobs: jobs.collect() }
}
