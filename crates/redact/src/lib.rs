//! Finds card data in text, logs and byte streams, and masks it.
//!
//! ```
//! use paytone_redact::redact_str;
//!
//! assert_eq!(redact_str("paid with 4111-1111-1111-1111, ok"), "paid with [card:****1111], ok");
//! assert_eq!(redact_str("cvc=123&amount=1200"), "cvc=[code:removed]&amount=1200");
//! assert_eq!(redact_str("Signal=5"), "Signal=[key:removed]");
//! assert_eq!(redact_str(r#"{"pan":4111111111111111}"#), r#"{"pan":"[card:****1111]"}"#);
//! assert_eq!(redact_str("10:22:33.123456Z t=1754043753123"), "10:22:33.123456Z t=1754043753123");
//! ```
//!
//! # Front doors
//!
//! [`redact_str`] for a text at hand, [`SafeText`] for a text that has been through it, [`Redacted`] around
//! anything that is displayed, [`Redactor`] for a stream of bytes that comes in pieces, `Writer` (feature
//! `std`) around an `io::Write`, `RedactingMakeWriter` (feature `tracing`) for tracing-subscriber's formatter,
//! and [`find`] to know what is where without changing it.
//!
//! # What is found
//!
//! - **Card numbers** of 13 to 19 digits of every brand that `paytone-card` knows, with the right check digit:
//!   plain, in the usual groups or digit by digit with single spaces, dashes or dots between them, next to
//!   letters and underscores, in JSON, XML, CSV and URLs, with percent, `\u` and `&#` escapes, in full-width
//!   and other Unicode digits, with an expiry date behind. They become `[card:****1111]`: the last four digits
//!   at most (PCI DSS v4.0.1 requirement 3.4.1).
//! - **Security codes** behind a label such as `cvc`, `cvv2` or `security_code`: removed.
//! - **Magnetic stripe data**, tracks 1 and 2 (ISO/IEC 7813): removed as a whole.
//! - **Single keys** behind a label such as `Signal=` or `DTMF digit`: removed, because a log that shows one key
//!   per line shows the card number all the same.
//!
//! Masks hold no quote, backslash or white space, so they fit into JSON strings and `key=value` lines; a JSON
//! number with a quoted key becomes a JSON string. A mask is never found again.
//!
//! # What is left alone
//!
//! Everything else, byte for byte: time stamps in every unit, decimal fractions, UUIDs, hashes, IBANs, phone
//! numbers with a plus, SDP origin ids, digit runs longer than a card number. A number that merely looks like
//! a card in prefix, length and check digit cannot be told apart and is masked.
//!
//! No finding reaches over a line feed.

#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

mod card_number;
mod context;
mod filter;
mod finding;
mod iban;
mod json;
mod label;
#[cfg(feature = "tracing")]
mod make_writer;
mod masks;
mod redacted;
mod redactor;
mod row;
mod safe_text;
mod scanner;
mod token;
mod track;
mod window;
mod wiped;
mod work;
#[cfg(feature = "std")]
mod writer;

pub use finding::{Finding, Kind, Policy};
#[cfg(feature = "tracing")]
pub use make_writer::{EventWriter, RedactingMakeWriter};
pub use redacted::Redacted;
pub use redactor::{Counts, Redactor, find, redact_bytes, redact_str};
pub use safe_text::SafeText;
#[cfg(feature = "std")]
pub use writer::Writer;
