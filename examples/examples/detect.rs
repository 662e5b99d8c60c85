//! Finds the keys in a WAV file.
//!
//! ```sh
//! cargo run --release -p examples --example detect -- call.wav                  # a table
//! cargo run --release -p examples --example detect -- call.wav --json           # one object per line
//! cargo run --release -p examples --example detect -- call.wav --plot call.svg  # a picture, too
//! ```
//!
//! PCM at 8, 16 or 48 kHz; of several channels the first is read, or the one `--channel` says. Meant for test
//! recordings: it prints the keys, so do not point it at the call of somebody who paid by card.

#[path = "detect/plot.rs"]
mod plot;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use examples::wav;
use paytone_dtmf::{Detector, Key, SampleRate, ToneEvent};

#[derive(Parser)]
#[command(about = "Finds the keys in a WAV file")]
struct Arguments {
    /// The file: PCM at 8, 16 or 48 kHz
    file: PathBuf,
    /// Print one JSON object per key instead of a table
    #[arg(long)]
    json: bool,
    /// Draw the spectrogram with the keys marked
    #[arg(long, value_name = "OUT.SVG")]
    plot: Option<PathBuf>,
    /// Which channel to listen to, from 0
    #[arg(long, default_value_t = 0)]
    channel: usize,
}

/// A key; times in milliseconds from the start of the file.
struct Found {
    key: Key,
    start_ms: f64,
    end_ms: f64,
    /// The position at which the detector was sure of it.
    at_ms: f64,
    level_dbm0: f32,
    low_over_high_db: f32,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let wav = wav::read(&arguments.file)?;
    let samples = wav.channels.get(arguments.channel).ok_or("the file has no such channel")?;
    let keys = keys(samples, wav.rate);
    if arguments.json {
        print_json(&keys);
    } else {
        print_table(&keys);
    }
    if let Some(path) = &arguments.plot {
        std::fs::write(path, plot::svg(samples, wav.rate.hz(), &keys))?;
    }
    Ok(())
}

fn keys(samples: &[i16], rate: SampleRate) -> Vec<Found> {
    let ms = |position: u64| position as f64 * 1000.0 / f64::from(rate.hz());
    let mut found: Vec<Found> = Vec::new();
    for event in Detector::new(rate).process(samples) {
        match event {
            ToneEvent::Start { key, at_sample, declared_at, level_dbm0, low_over_high_db } => {
                found.push(Found {
                    key,
                    start_ms: ms(at_sample),
                    // Until it is known; a key may last to the end of the file.
                    end_ms: ms(samples.len() as u64),
                    at_ms: ms(declared_at),
                    level_dbm0,
                    low_over_high_db,
                });
            }
            ToneEvent::End { at_sample, .. } => {
                if let Some(last) = found.last_mut() {
                    last.end_ms = ms(at_sample);
                }
            }
            _ => {}
        }
    }
    found
}

fn print_json(keys: &[Found]) {
    for Found { key, start_ms, end_ms, at_ms, .. } in keys {
        let digit = key.reveal();
        println!(r#"{{"digit":"{digit}","start_ms":{start_ms:.1},"end_ms":{end_ms:.1},"at_ms":{at_ms:.1}}}"#);
    }
}

fn print_table(keys: &[Found]) {
    println!("key   start ms     end ms  level dBm0  low over high dB");
    for found in keys {
        println!(
            "{:>3} {:>10.1} {:>10.1} {:>11.1} {:>17.1}",
            found.key.reveal(),
            found.start_ms,
            found.end_ms,
            found.level_dbm0,
            found.low_over_high_db
        );
    }
}
