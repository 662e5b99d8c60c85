//! A caller for tests and demonstrations: a SIP phone that keys like a person, over good lines and bad.
//!
//! ```no_run
//! use core::time::Duration;
//! use phone::{Call, Keying, Keys, Options, Pace, Target};
//!
//! # async fn pay() -> Result<(), phone::PhoneError> {
//! let target: Target = "sip:pay@127.0.0.1:5060".parse()?;
//! let options = Options::new().keying(Keying::Tone).line_noise_db(20.0).loss(0.02).pace(Pace::person());
//! let mut call = Call::dial(&target, &options).await?;
//! call.listen(Duration::from_secs(20)).await?;
//! call.press(&Keys::parse("4111111111111111#,1230#,123")?).await?;
//! let report = call.wait_for_hang_up(Duration::from_secs(60)).await;
//! println!("{:?} after {:?}", report.ending(), report.duration());
//! # Ok(())
//! # }
//! ```
//!
//! A [`Call`] is driven step by step; a [`CallPlan`] given to [`Phone::call`] drives it from start to end. The
//! phone sends RTP every 20 ms, keeps what it hears ([`Heard`]) and ends by itself: every wait has a limit.
//!
//! **Logs.** The SIP library under this crate writes whole messages to `tracing` at INFO, keys sent by SIP INFO
//! among them. The phone installs no subscriber. A program that installs one, and keys anything but
//! published test numbers, has to drop the targets that begin with `rsipstack`.

#![forbid(unsafe_code)]

mod audio;
mod call;
mod error;
mod keyboard;
mod keys;
mod line;
mod options;
mod plan;
mod report;
mod sip;
mod target;

pub use call::{Call, Dialing};
pub use error::PhoneError;
pub use keys::{InvalidKeys, Keys};
pub use options::{Keying, Options, Pace, Transport};
pub use paytone_media::g711::Codec;
pub use plan::{CallPlan, Phone};
pub use report::{CallReport, Ending, Heard};
pub use target::{InvalidTarget, Target};

/// The README's example has to compile too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
