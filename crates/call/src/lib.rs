//! One payment call composed, still without sockets: audio and keys in; audio, gateway requests and call control out.
//!
//! ```
//! use core::time::Duration;
//! use std::sync::Arc;
//! use paytone_call::{Action, Call, Input, Settings, Silent};
//! use paytone_dialog::{Entry, MerchantName, OrderSummary, Script};
//! use paytone_psp::{Currency, Money};
//!
//! let money = Money::new(1200, Currency::parse("JPY")?);
//! let order = OrderSummary::new(MerchantName::default(), money);
//! let script = Script::builder(Entry::Order(order)).build()?;
//! let mut call = Call::new(script, Arc::new(Silent), Settings::default());
//!
//! let now = Duration::from_secs(1_800_000_000);
//! call.handle(Input::Answered, now);
//! assert!(matches!(call.poll_action(), Some(Action::Secure)));
//! call.handle(Input::Secured, now);
//!
//! let mut frame = [0; paytone_call::FRAME_SAMPLES];
//! call.next_frame(&mut frame, now); // what the caller hears in the next 20 ms
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The loop of an embedder
//!
//! 1. Whatever happens on the call goes into [`Call::handle`]: audio frames, telephone-events, INFO bodies, hold, hang-up,
//!    and the answers to earlier actions.
//! 2. Every 20 ms [`Call::next_frame`] fills the frame to send.
//! 3. At [`Call::poll_timeout`], [`Call::handle_timeout`].
//! 4. After each of these, [`Call::poll_action`] until `None`, and do what it says.
//!
//! Time is a `Duration` since the Unix epoch and must not go backwards.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

extern crate alloc;

mod bridge;
mod call;
mod clips;
mod comfort;
mod input;
mod keypad;
mod legs;
mod line_check;
mod masked;
mod player;
mod recorder;
mod voice;

pub use call::{Call, PaymentUnderWay, Settings};
pub use clips::{Clip, Clips, Silent};
pub use input::{Action, Input};
pub use keypad::KeysHeard;
pub use legs::{Hears, Role, SecureSpeech, Topology};
pub use line_check::{Counts, LineCheck};
pub use recorder::{Recorded, Recording};

/// Samples in 20 ms at 8 kHz: one frame of telephone audio.
pub const FRAME_SAMPLES: usize = 160;
