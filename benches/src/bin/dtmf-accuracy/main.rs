//! How accurate the DTMF detector is: the tables of `crates/dtmf/ACCURACY.md`, and whether every must is met.
//!
//! ```sh
//! cargo run --release -p benches --bin dtmf-accuracy --features peers   # all of it, beside SpanDSP
//! cargo run --release -p benches --bin dtmf-accuracy -- --quick         # a quick cut
//! ```
//!
//! Prints Markdown to standard output and progress to standard error; ends with an error when a must is
//! missed. Everything is made up from `--seed`, except speech: that is read aloud by flite and espeak-ng
//! and taken from the prompt packages of Debian where they are installed, and never stored.

mod accept;
mod bench;
mod codecs;
mod impaired;
mod instruments;
mod loss;
mod masking;
mod mitel;
mod rates;
mod reject;
mod speech;
mod subject;
mod table;
mod talk_off;
mod targets;
mod timing;

/// The signals the detector's own tests use.
#[path = "../../../../crates/dtmf/tests/support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::thread;

use clap::Parser;

use bench::Bench;
use table::Group;

#[derive(Parser)]
#[command(about = "Measures the DTMF detector against the standards, and beside SpanDSP")]
struct Arguments {
    /// A quarter of the keys, six minutes of each made-up sound, two of each voice
    #[arg(long)]
    quick: bool,
    /// What all made-up signals follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the groups whose title contains this; no verdict then
    #[arg(long)]
    only: Option<String>,
    /// As many as there are processors unless said otherwise
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let groups: Vec<Group> = groups().into_iter().filter(|group| is_wanted(group, &arguments)).collect();
    let bench =
        Bench::new(arguments.quick, arguments.seed, groups.iter().map(|group| group.jobs.len()).sum());
    table::heading(&bench);
    let threads = arguments.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let results = table::measure(&groups, &bench, threads);
    bench.bar.finish_and_clear();
    groups.iter().zip(&results).for_each(|(group, measured)| measured.print(group, &bench));
    if arguments.only.is_some() {
        return ExitCode::SUCCESS;
    }
    if targets::print(&results) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_wanted(group: &Group, arguments: &Arguments) -> bool {
    arguments.only.as_ref().is_none_or(|part| group.title.to_lowercase().contains(&part.to_lowercase()))
}

fn groups() -> Vec<Group> {
    let mut groups = mitel::groups();
    groups.extend([
        accept::must(),
        accept::either_way(),
        impaired::group(),
        impaired::prompts(),
        codecs::group(),
        loss::group(),
        rates::group(),
        reject::group(),
        timing::group(),
        talk_off::made_up(),
        talk_off::natural(),
        masking::group(),
    ]);
    groups
}
