//! How often one source calls.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Counts the new calls of each source within a second.
pub(super) struct Arrivals {
    limit: u32,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    second: u64,
    counts: HashMap<IpAddr, u32>,
}

impl Arrivals {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, seen: Mutex::default() }
    }

    /// Whether one more call of this source is looked at.
    pub(super) fn admits(&self, source: IpAddr, now: Duration) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.second != now.as_secs() {
            *seen = Seen { second: now.as_secs(), counts: HashMap::new() };
        }
        if seen.counts.len() >= MOST_SOURCES && !seen.counts.contains_key(&source) {
            return false;
        }
        let count = seen.counts.entry(source.to_canonical()).or_default();
        *count = count.saturating_add(1);
        *count <= self.limit
    }
}

/// Sources counted within one second: forged ones must not fill the memory.
const MOST_SOURCES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_so_many_calls_a_second_and_others_their_own() {
        let arrivals = Arrivals::new(2);
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let at = Duration::from_millis;
        let admitted = [1000, 1500, 1999, 2000].map(|now| arrivals.admits(one, at(now)));
        assert_eq!(admitted, [true, true, false, true]);
        assert!(arrivals.admits(other, at(2000)));
    }
}
