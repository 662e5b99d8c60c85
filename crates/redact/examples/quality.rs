//! Prints what is found of each class of text, and what is changed that should not be, as a table in Markdown.
//!
//! `cargo run --release -p paytone-redact --example quality -- [LINES A CLASS] [SEED]`

#[path = "../tests/quality/lines.rs"]
mod lines;
#[path = "../tests/quality/score.rs"]
mod score;

use lines::Tier;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let lines = arguments.next().unwrap_or(5_000);
    let seed = arguments.next().unwrap_or(0x00C0_FFEE) as u64;
    let scores = score::scores(seed.max(1), lines);
    print!("{}", score::table(&scores));
    println!();
    for tier in [Tier::Must, Tier::Hard, Tier::Label, Tier::Clean, Tier::HardClean] {
        let (found, changed) = score::of_tier(&scores, tier);
        println!(
            "{tier:?}: {:.2} % found, {:.2} % of the lines changed elsewhere",
            100.0 * found,
            100.0 * changed
        );
    }
}
