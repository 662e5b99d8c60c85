//! When keys are found, over the keys of the AT&T box.

use paytone_dtmf::SampleRate;

use crate::bench::Bench;
use crate::subject::Hit;
use crate::support::Placed;
use crate::support::accept::ATT;
use crate::table::{Cell, Group, Job};

type Measure = fn(&Placed, &Hit) -> f64;

pub(crate) fn group() -> Group {
    let jobs = [
        ("start error", (|placed, hit| hit.at as f64 - placed.from as f64) as Measure),
        ("tone start to declaration", |placed, hit| hit.declared_at as f64 - placed.from as f64),
    ]
    .map(|(name, measure)| Job::new(name, move |bench, _| spread(bench, measure)));
    let about = "Milliseconds over the keys found in the AT&T box: median; 5 % to 95 %.";
    Group { title: "Timing", summed: false, about, jobs: jobs.into() }
}

fn spread(bench: &Bench, measure: Measure) -> Vec<Cell> {
    let sent = ATT.keys(bench.count(2000), bench.seed_of("timing"));
    bench.each(|subject| {
        let hits = subject.listen(&sent.samples(), SampleRate::Hz8000)?;
        let mut values: Vec<f64> = sent
            .keys
            .iter()
            .filter_map(|placed| {
                let near = |hit: &&Hit| {
                    let at = hit.at as usize;
                    hit.key == placed.key && at + 160 >= placed.from && at < placed.to
                };
                Some(measure(placed, hits.iter().find(near)?) / 8.0)
            })
            .collect();
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values.get((part * values.len() as f64) as usize).copied().unwrap_or(f64::NAN);
        Some(Cell::Text(format!("{:.1}; {:.1}..{:.1}", at(0.5), at(0.05), at(0.95))))
    })
}
