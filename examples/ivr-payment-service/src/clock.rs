//! Time: where it is read, how it is waited for, and how it is written for people.

use core::fmt;
use core::time::Duration;
use std::time::SystemTime;

use jiff::Timestamp;
use paytone_psp::BoxFuture;
use serde::{Serialize, Serializer};

/// Where the time comes from; a test brings its own. Times are since the Unix epoch, as every crate here takes them.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Duration;

    /// Waits until then; not at all where then is past.
    fn sleep_until(&self, then: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        now()
    }

    fn sleep_until(&self, then: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(then.saturating_sub(now())))
    }
}

/// The machine's time since the Unix epoch.
#[must_use]
pub fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// RFC 3339 text in UTC, such as `2026-11-22T09:30:00.25Z`; what is finer than a millisecond is cut.
///
/// A time no calendar has (past the year 9999) is written as the last one it has.
#[must_use]
pub fn rfc3339(time: Duration) -> String {
    i64::try_from(time.as_millis())
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

/// For `#[serde(serialize_with)]`: a time as RFC 3339 text.
///
/// # Errors
///
/// Only what the serializer itself returns.
pub fn serialize_time<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    rfc3339(*time).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(rfc3339(Duration::ZERO), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(Duration::from_millis(1_795_339_800_250)), "2026-11-22T09:30:00.25Z");
        assert_eq!(rfc3339(Duration::MAX), Timestamp::MAX.to_string());
    }
}
