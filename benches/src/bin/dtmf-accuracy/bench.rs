use std::sync::OnceLock;

use indicatif::{ProgressBar, ProgressStyle};
use paytone_dtmf::{Generator, SampleRate};
use rand::rngs::StdRng;

use crate::speech::{CORPORA, Recording};
use crate::subject::Subject;
use crate::support::{Score, Sent, line, ms, rng};
use crate::table::Cell;

/// What every measurement needs.
pub(crate) struct Bench {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) quick: bool,
    pub(crate) seed: u64,
    pub(crate) bar: ProgressBar,
    /// Of every corpus, once it was asked for; `None` when it is not on this machine.
    speech: [OnceLock<Option<Recording>>; CORPORA.len()],
}

impl Bench {
    pub(crate) fn new(quick: bool, seed: u64, jobs: usize) -> Self {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed_precise} {msg}");
        let bar =
            ProgressBar::new(jobs as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            subjects: Subject::all(),
            quick,
            seed,
            bar,
            speech: [const { OnceLock::new() }; CORPORA.len()],
        }
    }

    /// How many of something: a quarter in a quick run.
    pub(crate) const fn count(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(4) } else { full }
    }

    /// Seconds of talk-off sound: a tenth in a quick run.
    pub(crate) const fn seconds(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(10) } else { full }
    }

    /// The seed of one measurement, so that none depends on which others run.
    pub(crate) fn seed_of(&self, name: &str) -> u64 {
        name.bytes().fold(self.seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    }

    /// A recording of each corpus that is on this machine.
    pub(crate) fn speech(&self) -> Vec<&Recording> {
        (0..CORPORA.len()).filter_map(|number| self.recording(number)).collect()
    }

    /// The recording of a corpus by its number, made when first asked for.
    pub(crate) fn recording(&self, number: usize) -> Option<&Recording> {
        self.speech[number].get_or_init(|| CORPORA[number].recording(self.quick)).as_ref()
    }

    /// What every subject makes of the audio.
    pub(crate) fn scores(&self, sent: &Sent) -> Vec<Cell> {
        self.scores_of(&sent.samples(), sent)
    }

    /// What every subject makes of what is left of `sent` in `samples`.
    pub(crate) fn scores_of(&self, samples: &[i16], sent: &Sent) -> Vec<Cell> {
        self.each(|subject| {
            let hits = subject.listen(samples, SampleRate::Hz8000)?;
            Some(Cell::Found(sent.score_of(&hits.iter().map(|hit| (hit.key, hit.at)).collect::<Vec<_>>())))
        })
    }

    pub(crate) fn each(&self, measure: impl Fn(Subject) -> Option<Cell>) -> Vec<Cell> {
        self.subjects.iter().map(|&subject| measure(subject).unwrap_or(Cell::None)).collect()
    }

    /// `count` of every key through a line, as found by every subject.
    pub(crate) fn keys(
        &self,
        generator: Generator,
        tone_ms: u64,
        count: usize,
        seed: u64,
        line: impl Fn(&mut Vec<f32>, &mut StdRng),
    ) -> Vec<Cell> {
        let generator = generator.with_duration(ms(tone_ms));
        let mut sent = Sent::shuffled(&generator, tone_ms, self.count(count), seed);
        line(&mut sent.audio, &mut rng(seed ^ 1));
        line::clip(&mut sent.audio);
        self.scores(&sent)
    }

    /// How often every subject finds something in what holds no key.
    pub(crate) fn false_keys(&self, samples: &[i16]) -> Vec<Cell> {
        self.each(|subject| {
            let count = subject.listen(samples, SampleRate::Hz8000)?.len();
            Some(Cell::False { count, seconds: samples.len() as f64 / 8000.0 })
        })
    }
}

/// Every found key as a wrong one.
pub(crate) fn as_false(cells: Vec<Cell>) -> Vec<Cell> {
    let turn = |cell| match cell {
        Cell::Found(Score { found, extra, .. }) => Cell::Count(found + extra),
        other => other,
    };
    cells.into_iter().map(turn).collect()
}

pub(crate) fn samples(audio: &[f32]) -> Vec<i16> {
    audio.iter().map(|&sample| sample as i16).collect()
}
