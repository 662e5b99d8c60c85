//! The IVR dialog that takes a card over the phone: events in, actions out.
//!
//! ```
//! use core::time::Duration;
//! use paytone_dialog::{Action, Dialog, Entry, Event, MerchantName, OrderSummary, Outcome, Script, Verdict};
//! use paytone_dtmf::Key;
//! use paytone_psp::{Currency, Money};
//!
//! let order = OrderSummary::new(MerchantName::default(), Money::new(1200, Currency::JPY));
//! let mut dialog = Dialog::new(Script::builder(Entry::Order(order)).build()?);
//! let now = Duration::from_secs(1_790_000_000);
//! dialog.handle(Event::Answered, now);
//! assert!(matches!(dialog.poll_action(), Some(Action::Secure)));
//! dialog.handle(Event::Secured, now); // only now is anything asked: number, month and year, code
//! for key in "5555555555554444 1230 123".chars().filter_map(Key::from_char) {
//!     dialog.handle(Event::Key(key), now);
//! }
//! let card = core::iter::from_fn(|| dialog.poll_action()).find_map(|action| match action {
//!     Action::Authorize(payment) => Some(payment.into_card()),
//!     _ => None,
//! });
//! assert_eq!(card.map(|card| card.masked().to_string()), Some("**** 4444".into()));
//! dialog.handle(Event::Verdict(Verdict::Approved), now);
//! dialog.handle(Event::HungUp, now);
//! let last = core::iter::from_fn(|| dialog.poll_action()).last();
//! assert!(matches!(last, Some(Action::Finished(Outcome::Approved))));
//! # Ok::<(), paytone_dialog::InvalidScript>(())
//! ```
//!
//! [`Dialog`] is a state machine without clock, sockets, audio or randomness: it is told what happened and when
//! ([`Event`]), and says what to do ([`Action`]). Whoever owns the call plays the [`Prompt`]s (see [`phrase`]
//! for their words), looks up orders and asks the payment provider.
//!
//! # The way through a call
//!
//! Order code, lookup, order summary, card number, expiry date, security code, provider, result, goodbye. A
//! [`Script`] may start at the order summary. Nothing about a card is asked before the media side has confirmed
//! that keys are hidden ([`Event::Secured`]), and every way out emits [`Action::Release`].
//!
//! # Keys
//!
//! - Any key interrupts a prompt and is the first digit of the entry.
//! - Keys that come before their field is open are kept, 64 of them, so that a caller who keys everything in one
//!   go pays. While the provider is asked, and after, keys are dropped.
//! - An entry ends with `#`, at the last digit it can have, or with a pause: 2 s where it is a possible card
//!   number and could be longer, 5 s otherwise. One `#` right after an entry that ended without it is swallowed.
//! - `*` clears the entry; when there is none, the prompt is repeated. Pressed twice it opens a menu: `0` operator, `1`
//!   repeat, `2` language, `3` help, `9` cancel, `*` back ([`AbortScope`]). None of this costs a try.
//! - `0` alone where a card number is asked for, or in a question, asks for the operator, where there is one.
//! - Keys that run on past the longest card number are split where exactly one valid card number ends.
//! - After a refused entry, keys that run on with gaps under 0.7 s are its rest and are dropped.
//! - `A` to `D` mean nothing.
//!
//! # Tries
//!
//! `no_input` and `no_match` are total tries, counted apart for each field each time it is asked for: with 3,
//! the third silence ends the dialog, or the third wrong entry, whichever comes first.
//!
//! After a decline only the wrong field is asked again, and the security code with it, since a code is never
//! kept for a second authorisation. An answer that does not come is [`Outcome::Unknown`], never a decline.
//!
//! A pause in the middle of a card number or an order code is only a pause the first time: the caller is asked to go on and
//! keeps what was keyed. Two silences without a key in the whole call are a case of their own: the caller hears how to
//! switch to tones, and [`Outcome::NoKeyHeard`] is not [`Outcome::NoInput`].
//!
//! # Modes
//!
//! In [`Mode::Automatic`] the script says what comes next; in [`Mode::Directed`] the operator does, one [`Command`] at a time
//! ([`Dialog::command`]), and nothing is sent before [`Command::Submit`]. The mode changes in mid-call.
//!
//! # Time
//!
//! All waits are in [`Timeouts`]. Silence is counted from the end of the prompt. During a hold the waits for
//! the caller rest; those for the provider and the limit of the session do not, so that a dialog always ends.
//!
//! # Features
//!
//! `serde` adds `Serialize` to [`Progress`], [`Phase`], [`Field`] and [`OrderRefusal`].

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod action;
mod actions;
mod command;
mod details;
mod dialog;
mod event;
mod field;
mod keymap;
mod keypad;
mod mode;
mod order;
mod order_code;
mod outcome;
mod phase;
pub mod phrase;
mod progress;
mod prompt;
mod rules;
mod script;
mod speech;
mod state;
mod timeouts;
mod timers;
mod type_ahead;

pub use crate::action::{Action, PlayId};
pub use crate::command::{Command, CommandRefused};
pub use crate::details::{Details, KeyedDigits, Payment};
pub use crate::dialog::Dialog;
pub use crate::event::{Event, Verdict};
pub use crate::field::{Field, FieldSet};
pub use crate::mode::Mode;
pub use crate::order::{
    InvalidMerchantName, MerchantName, OrderChange, OrderRefusal, OrderSummary, OrderTerms, Storing,
};
pub use crate::order_code::{InvalidOrderCode, OrderCode};
pub use crate::outcome::{MoneyMoved, Outcome, Retry};
pub use crate::phase::{Phase, SecureState};
pub use crate::phrase::Language;
pub use crate::progress::Progress;
pub use crate::prompt::Prompt;
pub use crate::rules::{AbortScope, FieldRules, KeySet, TypeAheadPolicy};
pub use crate::script::{
    AfterCall, AmountRange, Confirm, CustomField, Entry, HandOver, HangUpPolicy, InvalidCustomField,
    InvalidScript, Methods, Script, ScriptBuilder,
};
pub use crate::timeouts::Timeouts;
