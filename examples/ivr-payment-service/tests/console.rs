//! The operators' console without a browser: who may do what, forms of ours and forms of others, sign-in, pages.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod fixtures;
mod screen;
