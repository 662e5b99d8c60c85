//! Prints every clip that English prompts need, one per line: its name, a tab, its words.

use paytone_dialog::phrase::{self, Language};

fn main() {
    for clip in phrase::catalog(Language::En) {
        println!("{}\t{}", clip.name(), clip.text());
    }
}
