//! Prints what is spoken.
//!
//! ```sh
//! cargo run -p paytone-dialog --example catalog -- en       # every clip: name, tab, words, tab, how they sound
//! cargo run -p paytone-dialog --example catalog -- ja
//! cargo run -p paytone-dialog --example catalog -- table    # PROMPTS.md: every prompt in every language
//! ```

use std::error::Error;

use paytone_dialog::phrase::{self, Language};

mod table;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("table") => print!("{}", table::markdown()),
        tag => list(tag.unwrap_or("en").parse()?),
    }
    Ok(())
}

fn list(language: Language) {
    for clip in phrase::catalog(language) {
        println!("{}\t{}\t{}", clip.name(), clip.text(), clip.reading());
    }
}
