//! Draws the states of a dialog, as recorded from a real one that is driven through everything that can happen.
//!
//! ```sh
//! cargo run -p paytone-dialog --example states -- mermaid > crates/dialog/STATES.md
//! cargo run -p paytone-dialog --example states -- dot > crates/dialog/states.dot
//! ```
//!
//! A test fails when the two files are not what this program prints.

use std::process::ExitCode;

mod caller;
mod drawing;
mod recording;
mod study;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("mermaid") => print!("{}", drawing::mermaid(&recording::record())),
        Some("dot") => print!("{}", drawing::dot(&recording::record())),
        _ => {
            eprintln!("usage: states mermaid|dot");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
