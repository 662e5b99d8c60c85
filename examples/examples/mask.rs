//! Takes the keys out of a WAV file, as a recording of a call has to be without them.
//!
//! ```sh
//! cargo run --release -p examples --example mask -- call.wav masked.wav                # with a look-back of 25 ms
//! cargo run --release -p examples --example mask -- call.wav masked.wav --delay-ms 0   # as on a live line
//! ```
//!
//! PCM at 8, 16 or 48 kHz, every channel for itself. What is written is as long as what is read and in step with it:
//! the delay is only what a live line would have. Says how many keys there were, never which.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use examples::wav::{self, Wav};
use paytone_dtmf::{Detector, Fill, Masker, SampleRate, ToneEvent};

#[derive(Parser)]
#[command(about = "Takes the keys out of a WAV file")]
struct Arguments {
    /// The file to read: PCM at 8, 16 or 48 kHz
    input: PathBuf,
    /// The file to write
    output: PathBuf,
    /// How long audio is held back to be sure of what is in it, 0 to 40
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u64).range(..=Masker::MAX_DELAY_MS as u64))]
    delay_ms: u64,
    /// What is heard instead of keys
    #[arg(long, value_enum, default_value = "silence")]
    fill: Instead,
}

#[derive(Clone, Copy, ValueEnum)]
enum Instead {
    Silence,
    FlatTone,
    ComfortNoise,
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
    let Wav { rate, mut channels } = wav::read(&arguments.input)?;
    let fill = match arguments.fill {
        Instead::Silence => Fill::Silence,
        Instead::FlatTone => Fill::FlatTone,
        Instead::ComfortNoise => Fill::ComfortNoise,
    };
    let masker = Masker::new(rate, fill).with_delay_ms(arguments.delay_ms as usize);
    let keys: usize = channels.iter_mut().map(|channel| mask(channel, rate, masker.clone())).sum();
    wav::write(&arguments.output, &Wav { rate, channels })?;
    println!("{keys} keys masked");
    Ok(())
}

/// Masks a channel in place; how many keys it held.
fn mask(channel: &mut Vec<i16>, rate: SampleRate, mut masker: Masker) -> usize {
    let mut detector = Detector::new(rate);
    let mut keys = 0;
    // What is held back at the end comes out when as much silence goes in.
    channel.extend(std::iter::repeat_n(0, masker.delay()));
    for frame in channel.chunks_mut(rate.hz() as usize / 50) {
        for event in detector.process(frame) {
            keys += usize::from(matches!(event, ToneEvent::Start { .. }));
            masker.handle(&event);
        }
        masker.process(frame);
    }
    channel.drain(..masker.delay());
    keys
}
