//! Masks card data in what comes in: standard input to standard output.
//!
//! `cargo run --release -p examples --example scrub < server.log > clean.log`. With `--stats` it prints what it
//! found to standard error; on a terminal it shows how far it is.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use paytone_redact::{Counts, Policy, Redactor, Writer};

/// Masks card numbers, security codes, magnetic stripe data and keypad digits.
#[derive(Parser)]
struct Arguments {
    /// Print what was found to standard error.
    #[arg(long)]
    stats: bool,
    /// What the mask of a card number shows.
    #[arg(long, value_enum, default_value_t = Show::LastFour)]
    show: Show,
}

#[derive(Clone, Copy, ValueEnum)]
enum Show {
    LastFour,
    BinAndLastFour,
    Nothing,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match scrub(arguments.show) {
        Ok(counts) if arguments.stats => {
            eprintln!("{}", line(counts));
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::SUCCESS,
        // Whoever reads the output has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scrub: {error}");
            ExitCode::FAILURE
        }
    }
}

fn scrub(show: Show) -> io::Result<Counts> {
    let policy = match show {
        Show::LastFour => Policy::LastFour,
        Show::BinAndLastFour => Policy::BinAndLastFour,
        Show::Nothing => Policy::RemoveAll,
    };
    let progress = progress();
    let mut input = io::stdin().lock();
    let mut output = Writer::with(Redactor::new().with_policy(policy), io::stdout().lock());
    let mut buffer = vec![0; PIECE];
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        output.write_all(&buffer[..read])?;
        output.flush()?;
        progress.inc(read as u64);
    }
    output.release()?;
    progress.finish_and_clear();
    Ok(output.counts())
}

/// A bar where the input is a file, a counter where it is not; nothing where nobody would see it, or where it
/// would run into the output.
fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() || io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let length =
        File::open("/dev/stdin").and_then(|file| file.metadata()).map_or(0, |metadata| metadata.len());
    let (progress, template) = match length {
        0 => (ProgressBar::new_spinner(), "{spinner} {bytes} {bytes_per_sec}"),
        _ => (ProgressBar::new(length), "{bar:40} {bytes}/{total_bytes} {bytes_per_sec}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => progress.with_style(style),
        Err(_) => progress,
    }
}

fn line(counts: Counts) -> String {
    format!(
        "card numbers {}, security codes {}, tracks {}, keys {}",
        counts.card_numbers, counts.security_codes, counts.tracks, counts.keys
    )
}

const PIECE: usize = 256 * 1024;
