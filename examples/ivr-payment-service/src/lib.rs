//! A complete IVR payment service that a SIP phone can call.
//!
//! ```no_run
//! use ivr_payment_service::{Service, api, config::Config};
//!
//! # async fn run() -> Result<(), ivr_payment_service::StartError> {
//! let service = Service::start(Config::default(), api::make_key()).await?;
//! println!("call sip:pay@{}", service.sip_udp());
//! # service.shut_down().await;
//! # Ok(())
//! # }
//! ```
//!
//! The modules in reading order, the way a payment takes through them:
#![forbid(unsafe_code)]

pub mod config;
pub mod service;
pub mod telephony;

pub mod desk;
pub mod gateway;
pub mod matching;
pub mod payments;
pub mod store;

pub mod alert;
pub mod api;
pub mod audit;
pub mod bus;
pub mod console;
pub mod gate;
pub mod guard;
pub mod health;
pub mod monitor;
pub mod operators;
pub mod recorder;
pub mod results;
pub mod retention;
pub mod scan;
pub mod speech;
pub mod tls;
pub mod waiting;
pub mod webhook;
pub mod worker;

pub mod clock;
pub mod demo;
pub mod failpoint;
pub mod hardening;
pub mod inspect;
pub mod logging;

pub use service::{Service, Services, StartError};
