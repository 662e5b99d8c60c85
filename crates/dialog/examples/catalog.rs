//! Prints what is spoken.
//!
//! ```sh
//! cargo run -p paytone-dialog --example catalog -- en       # every clip: name, tab, words, tab, how they sound
//! cargo run -p paytone-dialog --example catalog -- ja
//! ```

use std::error::Error;

use paytone_dialog::phrase::{self, Language};

fn main() -> Result<(), Box<dyn Error>> {
    let language: Language = std::env::args().nth(1).as_deref().unwrap_or("en").parse()?;
    for clip in phrase::catalog(language) {
        println!("{}\t{}\t{}", clip.name(), clip.text(), clip.reading());
    }
    Ok(())
}
