//! Limits of calls, and of orders and their codes.

use core::time::Duration;

use serde::Deserialize;

use super::{ConfigError, seconds, setting};

/// Limits of one call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallConfig {
    /// No call lasts longer.
    #[serde(rename = "max_length_s", deserialize_with = "seconds")]
    pub max_length: Duration,
    /// How long calls that are up may go on when the service is stopped.
    #[serde(rename = "drain_s", deserialize_with = "seconds")]
    pub drain: Duration,
    /// Calls at the same time; one more is answered with 486.
    pub max_calls: usize,
    /// A call that sends no audio for this long, and is not on hold, is dead.
    #[serde(rename = "rtp_timeout_s", deserialize_with = "seconds")]
    pub rtp_timeout: Duration,
}

/// Limits of orders and their codes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderConfig {
    /// How long an order's code can be used.
    #[serde(rename = "ttl_s", deserialize_with = "seconds")]
    pub ttl: Duration,
    /// Wrong codes one call may try.
    pub max_guesses_per_call: u32,
    /// Wrong codes one caller may try within the window.
    pub max_guesses_per_caller: u32,
    /// The window those are counted in.
    #[serde(rename = "guess_window_s", deserialize_with = "seconds")]
    pub guess_window: Duration,
}

impl OrderConfig {
    /// Everything that is wrong with them.
    pub(super) fn problems(&self) -> Vec<ConfigError> {
        let limits = [
            ("order.max_guesses_per_call", self.max_guesses_per_call),
            ("order.max_guesses_per_caller", self.max_guesses_per_caller),
        ];
        let wrong = limits.into_iter().filter(|(_, limit)| *limit == 0);
        wrong.map(|(name, _)| setting(name, "must be at least 1")).collect()
    }
}
