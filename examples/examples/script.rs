//! A caller out of a text file, in virtual time: what is said, what is pressed, how it ends.
//!
//! ```sh
//! cargo run -p examples --example script -- examples/callers/pays.call
//! ```
//!
//! A line is a step: `keys 5555 5555`, `listen` (to the end of what is said), `wait 5`, `held`, `resumed`, `hang-up`,
//! `approved`, `declined code_mismatch`, `unknown`, `unavailable`; a line that begins with `#` is a comment. Keys are pressed 200 ms apart and
//! shown as dots: a transcript holds no card data.

use std::process::ExitCode;

#[path = "script/runner.rs"]
mod runner;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: script FILE");
        return ExitCode::FAILURE;
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runner::transcript(&text) {
        Ok(transcript) => print!("{transcript}"),
        Err(line) => {
            eprintln!("{path}: not a step: {line}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
