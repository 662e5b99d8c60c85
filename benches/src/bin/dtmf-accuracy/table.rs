//! Groups of measurements and the tables they print.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::bench::Bench;
use crate::support::Score;

/// A table: measurements to be made.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    /// Whether the rows add up to something.
    pub(crate) summed: bool,
    pub(crate) jobs: Vec<Job>,
}

/// One row of it.
pub(crate) struct Job {
    name: String,
    run: Run,
}

/// Measures a row: one cell for every subject, from a seed.
type Run = Box<dyn Fn(&Bench, u64) -> Vec<Cell> + Send + Sync>;

/// A table that has been measured.
pub(crate) struct Measured {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<(String, Vec<Cell>)>,
}

/// What one subject scored in one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Keys found of those sent.
    Found(Score),
    /// False keys in so many seconds.
    False {
        count: usize,
        seconds: f64,
    },
    /// False keys.
    Count(usize),
    Text(String),
    /// A number of decibels or milliseconds.
    Number(f64),
    /// Part of the keys an attacker read, 0 to 1.
    Recovered(f64),
    /// The subject cannot do this.
    None,
}

impl Job {
    pub(crate) fn new(
        name: impl Into<String>,
        run: impl Fn(&Bench, u64) -> Vec<Cell> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Makes the measurements of all groups on several threads.
pub(crate) fn measure(groups: &[Group], bench: &Bench, threads: usize) -> Vec<Measured> {
    let jobs: Vec<(usize, usize)> = groups
        .iter()
        .enumerate()
        .flat_map(|(group, of)| (0..of.jobs.len()).map(move |job| (group, job)))
        .collect();
    let next = AtomicUsize::new(0);
    let cells = Mutex::new(vec![Vec::new(); jobs.len()]);
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                // From the end: the longest are there.
                while let Some(at) = jobs.len().checked_sub(1 + next.fetch_add(1, Ordering::Relaxed)) {
                    let (group, job) = jobs[at];
                    let row = groups[group].measure(job, bench);
                    cells.lock().expect("no measurement panics")[at] = row;
                }
            });
        }
    });
    let mut rows = jobs.iter().zip(cells.into_inner().expect("no measurement panics"));
    groups
        .iter()
        .map(|group| Measured {
            title: group.title,
            rows: group
                .jobs
                .iter()
                .zip(&mut rows)
                .map(|(job, (_, cells))| (job.name.clone(), cells))
                .collect(),
        })
        .collect()
}

impl Group {
    fn measure(&self, job: usize, bench: &Bench) -> Vec<Cell> {
        let job = &self.jobs[job];
        bench.bar.set_message(format!("{}: {}", self.title, job.name));
        let cells = (job.run)(bench, bench.seed_of(&format!("{}/{}", self.title, job.name)));
        bench.bar.inc(1);
        cells
    }
}

impl Measured {
    pub(crate) fn print(&self, Group { about, summed, .. }: &Group, bench: &Bench) {
        println!("## {}\n\n{about}\n", self.title);
        let names: Vec<&str> = bench.subjects.iter().map(|subject| subject.name()).collect();
        println!("| | {} |\n|---|{}", names.join(" | "), "--:|".repeat(names.len()));
        for (name, cells) in &self.rows {
            println!("| {name} | {} |", join(cells));
        }
        if *summed {
            let totals: Vec<Cell> = (0..names.len()).map(|subject| self.total(subject)).collect();
            println!("| **all** | {} |", join(&totals));
        }
        println!();
    }

    /// What a subject scored in all rows together.
    pub(crate) fn total(&self, subject: usize) -> Cell {
        self.rows
            .iter()
            .filter_map(|(_, cells)| cells.get(subject))
            .fold(Cell::None, |sum, cell| sum.plus(cell))
    }

    /// The rows whose name starts with `name`, of one subject.
    pub(crate) fn cells<'a>(&'a self, name: &'a str, subject: usize) -> impl Iterator<Item = &'a Cell> + 'a {
        self.rows.iter().filter(move |row| row.0.starts_with(name)).filter_map(move |row| row.1.get(subject))
    }
}

impl Cell {
    pub(crate) fn plus(self, other: &Self) -> Self {
        match (self, other) {
            (Self::None, Self::Found(_) | Self::False { .. } | Self::Count(_)) => other.clone(),
            (Self::Found(mut sum), Self::Found(score)) => {
                sum += *score;
                Self::Found(sum)
            }
            (Self::Count(sum), Self::Count(count)) => Self::Count(sum + count),
            (Self::False { count, seconds }, Self::False { count: more, seconds: longer }) => {
                Self::False { count: count + more, seconds: seconds + longer }
            }
            (sum, _) => sum,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(Score { sent, found, extra }) => {
                write!(f, "{:.2} %", 100.0 * *found as f64 / (*sent).max(1) as f64)?;
                if *extra > 0 { write!(f, " +{extra}") } else { Ok(()) }
            }
            Self::False { count, seconds } => write!(f, "{count} in {:.2} h", seconds / 3600.0),
            Self::Count(count) => write!(f, "{count}"),
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number:.1}"),
            Self::Recovered(part) => write!(f, "{:.1} %", 100.0 * part),
            Self::None => f.write_str("n/a"),
        }
    }
}

fn join(cells: &[Cell]) -> String {
    cells.iter().map(Cell::to_string).collect::<Vec<_>>().join(" | ")
}

/// What the tables are and how they were made.
pub(crate) fn heading(bench: &Bench) {
    let quick = if bench.quick { "--quick " } else { "" };
    let features = if bench.subjects.len() > 1 { "--features peers " } else { "" };
    println!("# Accuracy of the DTMF detector\n");
    println!(
        "`cargo run --release -p benches --bin dtmf-accuracy {features}-- {quick}--seed {}`\n",
        bench.seed
    );
    println!(
        "`99.84 % +2`: 99.84 % of the keys sent were found, and two too many. Levels are of each tone.\n"
    );
}
