//! Keys of a telephone keypad (DTMF): found, made, masked and counted once.
//!
//! ```
//! use paytone_dtmf::{Detector, Generator, Key, SampleRate, ToneEvent};
//!
//! let mut audio = Vec::new();
//! for key in [Key::D4, Key::D2, Key::Pound] {
//!     audio.extend(Generator::new(SampleRate::Hz8000).key(key));
//! }
//!
//! let mut keys = String::new();
//! let mut detector = Detector::new(SampleRate::Hz8000);
//! for frame in audio.chunks(160) {
//!     for event in detector.process(frame) {
//!         if let ToneEvent::Start { key, .. } = event {
//!             keys.push(key.reveal());
//!         }
//!     }
//! }
//! assert_eq!(keys, "42#");
//! ```
//!
//! - [`Detector`] finds keys in audio at 8, 16 or 48 kHz, [`DetectorBank`] on many channels; [`Criteria`]
//!   says what counts as one.
//! - [`Generator`] makes them, [`Masker`] takes them out of audio that others hear, [`Eavesdropper`]
//!   tells what can still be read out of it.
//! - [`telephone_event`] reads and writes RTP telephone-events (RFC 4733), [`info`] reads SIP INFO.
//! - [`Arbiter`] makes one key out of what audio, events and INFO say about it.
//!
//! The crate does no I/O, reads no clock, needs neither `std` nor an allocator, and gives the same
//! results on every machine. A [`Key`] may be a digit of a card number, so it never prints itself.

#![cfg_attr(not(test), no_std)]

mod arbiter;
mod bank;
mod criteria;
mod detector;
mod eavesdropper;
mod generator;
pub mod info;
mod key;
mod masker;
mod math;
mod rate;
pub mod telephone_event;

pub use arbiter::{Arbiter, Phase, Source};
pub use bank::DetectorBank;
pub use criteria::Criteria;
pub use detector::{Detector, ToneEvent, ToneEvents};
pub use eavesdropper::{Eavesdropper, Reading};
pub use generator::{Generator, KeySound};
pub use key::Key;
pub use masker::{Fill, Masker};
pub use rate::{SampleRate, UnsupportedRate};
