//! Names the brand of card numbers and says whether they are valid, one JSON object per line.
//!
//! ```sh
//! echo '{"id":1,"number":"4111111111111111"}' | cargo run --release -p examples --example classify
//! {"id":1,"brand":"visa","valid":true}
//! ```
//!
//! **For published test numbers and synthetic vectors only.** Numbers come in as plain text and stay in the memory of
//! this program and of whatever wrote them; a real card number must never be put into such a line.
//!
//! `brand` is `""` where no brand has the first digits. `valid` means that brand, length and check digit fit, for
//! every brand the crate knows, retired ones too: what a merchant takes is a matter of its policy.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};

use paytone_card::{BrandSet, Dispute, IssuerRange, PanEntry, PanPolicy};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).is_some() {
        println!("{USAGE}");
        return Ok(());
    }
    // Validators agree that Visa has 18 digits too, though no programme with them is known.
    let policy =
        PanPolicy::default().with_accepted(BrandSet::ALL).with_disputed(Dispute::VisaOfEighteenDigits);
    let mut answers = std::io::BufWriter::new(stdout().lock());
    for (line, text) in stdin().lock().lines().enumerate() {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        // The text is not repeated: whatever it is, it may hold a number.
        let question: Value =
            serde_json::from_str(&text).map_err(|_| format!("line {}: not JSON", line + 1))?;
        let number = question["number"].as_str().ok_or(format!("line {}: no number", line + 1))?;
        writeln!(answers, "{}", answer(&question["id"], number, &policy))?;
    }
    Ok(answers.flush()?)
}

fn answer(id: &Value, number: &str, policy: &PanPolicy) -> String {
    let brand = json!(brand(number, policy));
    let valid = policy.check(number.as_bytes()).is_ok();
    // Written out, so that the fields keep this order.
    format!(r#"{{"id":{id},"brand":{brand},"valid":{valid}}}"#)
}

/// The brand as far as the digits tell: of a number cut short, the one it will be whatever follows.
fn brand(number: &str, policy: &PanPolicy) -> &'static str {
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return "";
    }
    if number.len() >= 8 {
        return IssuerRange::of(number.as_bytes()).map_or("", |range| range.brand().name());
    }
    let mut entry = PanEntry::new();
    for digit in number.bytes() {
        entry.push(digit - b'0', policy);
    }
    entry.brand().map_or("", |brand| brand.name())
}

const USAGE: &str = "\
Reads lines such as {\"id\":1,\"number\":\"4111111111111111\"} and writes {\"id\":1,\"brand\":\"visa\",\"valid\":true}.
For published test numbers and synthetic vectors only: never put a real card number into it.";
