//! How many calls one core carries, at what price: `.ci/load` builds everything and runs this.
//!
//! sipp holds so many paying calls up (their SIP; this program speaks for the callers), the service pinned to one core and sipp to another; first a program that does the least a
//! SIP service can do ([`floor`](../floor.rs)), then the service with keys as telephone-events, then with tones. What comes out
//! is a table. `--soak MINUTES` holds calls up for as long and prints the memory over the time.
#![allow(clippy::expect_used, reason = "a measurement whose tools fail has failed")]

mod audio;
mod measure;
mod process;
mod report;
mod sipp;
mod soak;
mod trace;
mod voices;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use self::audio::Keying;
use self::process::Subject;

/// Puts load on the service and on the floor, and prints what each of them took.
#[derive(Debug, Parser)]
struct Options {
    /// The service's program.
    #[arg(long)]
    service: PathBuf,
    /// The floor's program.
    #[arg(long)]
    floor: PathBuf,
    /// Calls that are up at a time; 500, or 100 with `--soak`.
    #[arg(long)]
    calls: Option<u32>,
    /// Seconds that are measured, once all calls are up.
    #[arg(long, default_value_t = 20)]
    window_s: u64,
    /// Minutes to hold calls up instead, and print the memory over the time.
    #[arg(long)]
    soak: Option<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    process::stay_with_callers();
    if let Some(minutes) = options.soak {
        let length = Duration::from_secs(60 * minutes);
        return verdict(soak::soak(&options.service, options.calls.unwrap_or(100), length));
    }
    let (calls, window) = (options.calls.unwrap_or(500), Duration::from_secs(options.window_s));
    let subjects = [
        Subject::Service(options.service.clone(), Keying::Events),
        Subject::Service(options.service, Keying::Tones),
        Subject::Floor(options.floor),
    ];
    // The service says how long a call is; the floor's calls are then as long.
    let mut length = None;
    let mut measured = Vec::new();
    for subject in &subjects {
        let one = measure::measure(subject, calls, window, length);
        length = Some(one.call_length);
        measured.push(one);
    }
    let passed = report::print(&measured);
    verdict(passed)
}

fn verdict(passed: bool) -> ExitCode {
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
