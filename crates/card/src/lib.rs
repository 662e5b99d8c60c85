//! Payment card data as types that validate, mask and wipe themselves.
//!
//! ```
//! use paytone_card::{Brand, CardEntry, PanPolicy, PanProgress};
//!
//! let policy = PanPolicy::default();
//! let mut entry = CardEntry::new();
//! let mut progress = PanProgress::Incomplete;
//! for key in [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4] {
//!     progress = entry.push_pan(key, &policy);
//! }
//! // A Mastercard has 16 digits, never more: there is nothing to wait for.
//! assert_eq!(progress, PanProgress::Complete);
//! assert_eq!(entry.accept_pan(&policy), Ok(Brand::Mastercard));
//! assert_eq!(entry.masked().unwrap().to_string(), "**** 4444");
//! assert_eq!(format!("{entry:?}"), "CardEntry(..)");
//! ```
//!
//! # What can be read back, and how
//!
//! [`Pan`], [`SecurityCode`] and [`Card`] have no `Clone`, `Display`, `Serialize`, `Deref` or `==`. Their
//! `Debug` prints the type name only. The digits come out through one closure per type, named `expose`, and
//! are overwritten when the value is dropped. What may be shown is a [`MaskedPan`]: the last four digits, in a
//! shape that does not tell how long the number was, and more of it only by an explicit [`MaskForm`]. What may be
//! stored is a [`TruncatedPan`], made by the one [`Truncation`] of a deployment; what recognises a card again is a
//! [`PanFingerprint`], which needs a key.
//!
//! # Where the digits are
//!
//! A value that moves leaves its old bytes behind on the stack. Where digits travel they therefore live in one
//! heap block, filled in place key by key ([`CardEntry`]) and handed on as a pointer ([`Card`]). Registers,
//! swap, core dumps and whatever a caller's own closure copies are outside what a library can wipe.
//!
//! # What is checked
//!
//! Digits, brand (longest prefix of the issuer ranges wins, [`IssuerRange`]), length, repeated digits, then the
//! check digit; each failure is its own [`InvalidPan`], and a wrong length is told before a wrong check digit,
//! because a dropped or doubled key shows up as the wrong length first. A [`PanPolicy`] says which brands and
//! lengths are taken. Where published tables differ, each point is a [`Dispute`] with a name: recognised, refused
//! with its reason, and allowed by policy. The table of issuer ranges is generated from `data/issuer_ranges.txt`
//! and carries a version and a date ([`RANGE_TABLE_VERSION`], [`RANGE_TABLE_DATE`]).
//!
//! `unsafe` is denied but for one file, the check digit in a 128-bit register on x86-64, which has a twin without it.
//! The crate is `no_std`; the feature `alloc` (on by default) adds [`CardEntry`] and [`Card`], the feature
//! `serde` adds `Serialize` and `Deserialize` for the types that are not secret.

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod brand;
mod brand_set;
mod digits;
mod dispute;
mod expiry_date;
mod issuer_range;
mod length_set;
pub mod luhn;
mod masked_pan;
#[cfg(feature = "serde")]
mod named_text;
mod pan;
mod pan_ends;
mod pan_entry;
mod pan_fingerprint;
mod policy;
mod progress;
mod range_table;
mod security_code;
mod stack;
pub mod test_numbers;
mod truncated_pan;

#[cfg(feature = "alloc")]
mod card;
#[cfg(feature = "alloc")]
mod card_entry;
#[cfg(feature = "alloc")]
mod digit_tail;

pub use brand::{Brand, SecurityCodeRule};
pub use brand_set::BrandSet;
#[cfg(feature = "alloc")]
pub use card::{Card, IncompleteCard};
#[cfg(feature = "alloc")]
pub use card_entry::CardEntry;
#[cfg(feature = "alloc")]
pub use digit_tail::DigitTail;
pub use dispute::Dispute;
pub use expiry_date::{ExpiryDate, InvalidExpiryDate};
pub use issuer_range::{IssuerRange, RANGE_TABLE_DATE, RANGE_TABLE_VERSION};
pub use length_set::LengthSet;
pub use masked_pan::{InvalidLastFour, MaskForm, MaskedPan};
pub use pan::{InvalidPan, Pan};
pub use pan_entry::PanEntry;
pub use pan_fingerprint::{FingerprintKey, InvalidFingerprintKey, InvalidPanFingerprint, PanFingerprint};
pub use policy::{LuhnPolicy, PanPolicy};
pub use progress::PanProgress;
pub use security_code::{InvalidSecurityCode, SecurityCode};
pub use truncated_pan::{InvalidTruncatedPan, TruncatedPan, Truncation};
