//! How an adapter talks to its provider without a socket: exchanges that hand out requests and take answers.
//!
//! An [`Adapter`] turns each operation into an [`Exchange`]. Whoever drives the exchange sends what it asks for
//! and makes durable what it wants kept; [`Driven`] does that over a [`Transport`] and is a
//! [`Gateway`](crate::Gateway). A test drives it by hand and can lose any message and stop at any point.
//!
//! ```
//! use paytone_psp::exchange::{Exchange, Method, Request, Response, Step};
//!
//! let mut exchange = Exchange::new(|wire| async move {
//!     let response = wire.send(Request::new(Method::Get, "https://api.example/ping")).await;
//!     response.is_ok_and(|response| response.status() == 200)
//! });
//! let Step::Send(request) = exchange.poll_step() else { panic!("it asks first") };
//! assert_eq!(request.url(), "https://api.example/ping");
//! exchange.handle_response(Ok(Response::new(200, b"pong".to_vec())));
//! assert!(matches!(exchange.poll_step(), Step::Done(true)));
//! ```
//!
//! What may hold card digits ([`Body`]) is written once into a buffer of the right size and wiped.

mod adapter;
mod body;
mod driven;
mod flow;
mod message;
mod transport;

pub use self::adapter::Adapter;
pub use self::body::{Body, BodyWriter};
pub use self::driven::{Driven, drive};
pub use self::flow::{Exchange, Step, Wire};
pub use self::message::{Header, Method, Request, Response};
pub use self::transport::{Transport, TransportError};
