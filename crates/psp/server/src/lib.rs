//! The simulated payment provider over HTTP with JSON, for programs in any language.
//!
//! ```sh
//! cargo run -p simulator-server -- --port 18600
//! curl http://127.0.0.1:18600/authorize -d '{"order": "A-1", "amount": 1200, "currency": "JPY",
//!   "card": {"number": "4242424242424242", "expiry": "1230", "code": "123"}}'
//! ```
//!
//! | request | fields | answer |
//! |---|---|---|
//! | `POST /authorize` | `order`, `amount`, `currency`, `card`; `capture` (`auto` or `manual`), `reference`, `key` | `approved`, `declined` |
//! | `POST /verify`, `POST /register` | `card`; `reference`, `key` | `valid` or `stored`, `declined` |
//! | `POST /charge_stored` | as `/authorize`, with `stored` instead of `card` | `approved`, `declined` |
//! | `POST /capture`, `/refund` | `reference`, `amount`, `currency`; `key` | `changed` |
//! | `POST /void` | `reference`; `key` | `changed` |
//! | `POST /lookup` | `reference` | `found`, `absent` |
//! | `POST /forget` | `stored` | `forgotten` |
//! | `GET /transactions`, `GET /table` | | everything it holds; what the cards and amounts do |
//!
//! A card has a `number`, an `expiry` and, where they were keyed, a `code` and a `postcode`.
//!
//! What was left out of `reference` and `key` is made and comes back with the answer. The HTTP status says the same as
//! the field `result`: 200 for what was done, 402 `declined`, 422 `refused` with a `reason`, 503 `not_sent` with
//! `retry_ms` where the same key may come again, 504 `in_doubt`: only a lookup can tell.
//!
//! Published test card numbers only; nobody's own card belongs here.

#![forbid(unsafe_code)]

mod answer;
mod body;
mod routes;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use paytone_psp::simulator::Simulator;

/// The server's routes around a simulator.
pub fn router(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/authorize", post(routes::authorize))
        .route("/verify", post(routes::verify))
        .route("/register", post(routes::register))
        .route("/charge_stored", post(routes::charge_stored))
        .route("/capture", post(routes::capture))
        .route("/void", post(routes::void))
        .route("/refund", post(routes::refund))
        .route("/lookup", post(routes::lookup))
        .route("/forget", post(routes::forget))
        .route("/transactions", get(routes::transactions))
        .route("/table", get(routes::table))
        .with_state(simulator)
}
