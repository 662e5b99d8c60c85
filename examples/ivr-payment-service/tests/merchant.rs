//! What merchants' systems meet: whose data is whose, money by request, webhooks, the audit, and every event in every state
//! of an order's life.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixtures;
mod web;
