//! Who is told of trouble, and how long what is over is kept.

use core::time::Duration;

use serde::Deserialize;

use super::{ConfigError, setting};
use crate::webhook;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// PCI DSS 10.5.1: an audit trail is kept for a year.
const AUDIT_DAYS: u32 = 365;

/// Who is told of trouble at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertConfig {
    /// An address that gets a POST with JSON.
    pub url: Option<String>,
    /// A program with its arguments that gets the same on standard input.
    pub command: Vec<String>,
}

impl AlertConfig {
    /// Whether nobody is told.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.url.is_none() && self.command.is_empty()
    }

    pub(super) fn problems(&self) -> Vec<ConfigError> {
        let wrong = self.url.as_deref().is_some_and(|url| webhook::check_address(url).is_err());
        let problem = "must be https, or http on this machine, without a user name";
        Vec::from_iter(wrong.then(|| setting("alert.url", problem)))
    }
}

/// How long what is over is kept, in days; 0 keeps it for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// Orders that are settled, with their payments, notes and events.
    pub orders_days: u32,
    /// Calls nothing was paid in.
    pub calls_days: u32,
    /// Recordings of calls, by when they were written.
    pub recordings_days: u32,
    /// Entries of the audit, cut off at a signed head.
    pub audit_days: u32,
}

impl RetentionConfig {
    /// Before when something is old that is kept for so many days.
    #[must_use]
    pub fn before(days: u32, now: Duration) -> Option<Duration> {
        (days > 0).then(|| now.saturating_sub(DAY * days))
    }

    pub(super) fn problems(self, has_key: bool) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if (1..AUDIT_DAYS).contains(&self.audit_days) {
            problems.push(setting("retention.audit_days", "must be 365 at least, or 0"));
        }
        if self.audit_days > 0 && !has_key {
            problems.push(setting("retention.audit_days", "needs audit.key: a cut is signed"));
        }
        problems
    }
}
