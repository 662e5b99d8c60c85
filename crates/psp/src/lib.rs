//! Asking a payment provider to take money, in words that cannot lose any.
//!
//! ```
//! use paytone_psp::{Authorization, Authorize, CallContext, Capture, Entry, Gateway, GatewayError};
//! use paytone_psp::{Currency, IdempotencyKey, Money, OrderId, PaymentMethod, Reference};
//! use paytone_psp::simulator::Simulator;
//! # use core::time::Duration;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (mut rng, now, checkpoint, card) = (rand::rng(), Duration::from_secs(1_800_000_000), Store, card());
//!
//! let gateway: Box<dyn Gateway> = Box::new(Simulator::new());
//! let (reference, key) = (Reference::generate(now, &mut rng), IdempotencyKey::generate(&mut rng));
//! let (order, money) = (OrderId::parse("2026-0001")?, Money::new(1200, Currency::JPY));
//! let (method, entry, capture) = (PaymentMethod::LumpSum, Entry::TelephoneOrder, Capture::Auto);
//! let (card, postcode) = (&card, None);
//! let request = Authorize { reference, key, order: &order, money, capture, method, entry, card, postcode };
//! let context = CallContext { now, deadline: now + Duration::from_secs(30), checkpoint: &checkpoint };
//! match gateway.authorize(context, request).await {
//!     Ok(Authorization::Approved(approval)) => assert_eq!(approval.snapshot.money.to_string(), "JPY 1200"),
//!     Ok(Authorization::Declined(decline)) => println!("declined: {}", decline.reason),
//!     Err(GatewayError::InDoubt(doubt)) => println!("nobody knows yet; look up {}", doubt.reference()),
//!     Err(error) => println!("nothing was charged: {error}"),
//! }
//! # Ok(())
//! # }
//! # struct Store;
//! # impl paytone_psp::Checkpoint for Store {
//! #     fn save<'a>(
//! #         &'a self,
//! #         _: &'a paytone_psp::CheckpointBlob,
//! #     ) -> paytone_psp::BoxFuture<'a, Result<(), paytone_psp::CheckpointFailed>> {
//! #         Box::pin(async { Ok(()) })
//! #     }
//! # }
//! # fn card() -> paytone_card::Card {
//! #     let (policy, mut entry) = (paytone_card::PanPolicy::default(), paytone_card::CardEntry::new());
//! #     for key in paytone_card::test_numbers::VISA.bytes() { entry.push_pan(key - b'0', &policy); }
//! #     entry.accept_pan(&policy).unwrap();
//! #     for key in [1, 2, 3, 0] { entry.push_expiry(key); }
//! #     entry.accept_expiry(Duration::from_secs(1_800_000_000)).unwrap();
//! #     for key in [1, 2, 3] { entry.push_code(key); }
//! #     entry.accept_code().unwrap();
//! #     entry.finish().unwrap()
//! # }
//! ```
//!
//! # Three ways a request can end
//!
//! *The provider said something*: [`Authorization::Approved`] or [`Authorization::Declined`]. A decline is an
//! answer, not an error, and comes with a [`DeclineReason`] and what the caller can do about it
//! ([`Recovery`]).
//!
//! *Nothing happened*: [`GatewayError::NotSent`] and [`GatewayError::Refused`]. No money moved; that is
//! certain.
//!
//! *Nobody knows*: [`GatewayError::InDoubt`]. It carries the only thing [`Gateway::lookup`] takes. No
//! conversion turns it into a decline, and the [`attempt`] journal lets it become an answer only through a
//! lookup or a person.
//!
//! # What is where
//!
//! - The words: [`Money`], [`Currency`], [`DeclineReason`], [`PaymentMethod`], [`Reference`], [`OrderId`],
//!   [`IdempotencyKey`]. Each value that exists is valid. With the feature `serde` names and ids are strings, and
//!   [`Money`] is `{"amount": 1200, "currency": "JPY"}`.
//! - The trait: [`Gateway`], what it is asked ([`Authorize`] and its siblings) and what it answers.
//! - The journal: [`attempt::Attempt`], a state machine that is written down before every step.
//! - The stand-in: `simulator` (feature, on by default), published test cards only.
//! - The way to a provider: `exchange` (feature), adapters as steps without a socket.
//! - The judges: `conformance` (feature), one suite for every gateway, and `model` (feature), one attempt lived
//!   through every crash and fault.
//!
//! The crate does no I/O, reads no clock and logs nothing; randomness is passed in. Card data is only ever
//! borrowed, from [`paytone_card`]. Without the feature `simulator` its own code needs `core` and `alloc`
//! alone.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), no_std)]

extern crate alloc;
#[cfg(feature = "simulator")]
extern crate std;

mod answer;
pub mod attempt;
mod checkpoint;
#[cfg(feature = "conformance")]
pub mod conformance;
mod decline;
mod error;
#[cfg(feature = "exchange")]
pub mod exchange;
mod gateway;
mod info;
mod merchant;
mod method;
#[cfg(feature = "model")]
pub mod model;
mod money;
mod postcode;
mod provider;
mod reference;
mod request;
#[cfg(feature = "simulator")]
pub mod simulator;
mod text;

pub use crate::answer::{
    Approval, Authorization, Found, ProviderState, Registration, Snapshot, StoredCard, Verification,
};
pub use crate::checkpoint::{Checkpoint, CheckpointBlob, CheckpointFailed, CheckpointTooLong};
pub use crate::decline::{Advice, Decline, DeclineReason, Recovery};
pub use crate::error::{AskError, DoubtCause, GatewayError, InDoubt, Refusal, Retry};
pub use crate::gateway::{BoxFuture, CallContext, Gateway};
pub use crate::info::{Capabilities, GatewayInfo, Operation};
pub use crate::merchant::{CustomerNumber, InvalidMerchantText, OrderId};
pub use crate::method::{Capture, Entry, InstalmentCount, PaymentMethod};
pub use crate::money::{Currency, InvalidCurrency, Money};
pub use crate::postcode::Postcode;
pub use crate::provider::{ApprovalCode, InvalidProviderText, ProviderCode, StoredCardId, TransactionId};
pub use crate::reference::{IdempotencyKey, InvalidKey, InvalidReference, Reference};
pub use crate::request::{
    Authorize, CaptureRequest, ChargeStored, RefundRequest, Register, RegisterMode, Verify, VoidRequest,
};
pub use crate::text::UnknownName;
