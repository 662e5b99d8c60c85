//! The card: a published test number, given or typed.

use std::convert::Infallible;
use std::error::Error;
use std::io::{Read, Write};
use std::time::Duration;

use paytone_card::{Card, CardEntry, LuhnPolicy, PanPolicy, test_numbers};

/// Which card is meant.
#[derive(Clone, Copy)]
pub(crate) enum Choice {
    Published(&'static str),
    Typed,
    /// Not one of the published numbers. Whatever it was is not repeated.
    Unknown,
}

/// Reads the argument. It never fails: an error would print what was given.
pub(crate) fn choice(text: &str) -> Result<Choice, Infallible> {
    let published = test_numbers::ALL.iter().find(|number| number.digits() == text);
    Ok(match published {
        Some(number) => Choice::Published(number.digits()),
        None if text == "-" => Choice::Typed,
        None => Choice::Unknown,
    })
}

/// The card with an expiry date and a code that pass, as all test cards take any.
pub(crate) fn read(choice: Choice, now: Duration) -> Result<Card, Box<dyn Error>> {
    let policy = PanPolicy::default().with_luhn(LuhnPolicy::Off).with_test_numbers_only(true);
    let mut entry = CardEntry::new();
    match choice {
        Choice::Published(digits) => {
            for byte in digits.bytes() {
                entry.push_pan(byte - b'0', &policy);
            }
        }
        Choice::Typed => type_number(&mut entry, &policy)?,
        Choice::Unknown => return Err("not a published test card number".into()),
    }
    entry.accept_pan(&policy)?;
    for digit in [1, 2, 3, 5] {
        entry.push_expiry(digit);
    }
    entry.accept_expiry(now)?;
    for _ in 0..entry.code_len() {
        entry.push_code(1);
    }
    entry.accept_code()?;
    Ok(entry.finish()?)
}

/// Digit by digit into the entry; nothing else holds them.
fn type_number(entry: &mut CardEntry, policy: &PanPolicy) -> Result<(), Box<dyn Error>> {
    print!("card number: ");
    std::io::stdout().flush()?;
    for byte in std::io::stdin().lock().bytes() {
        match byte? {
            digit @ b'0'..=b'9' => {
                entry.push_pan(digit - b'0', policy);
            }
            b'\n' => break,
            _ => {}
        }
    }
    Ok(())
}
