//! Places where a test can have the process killed, to see what is left. They do nothing without the feature `failpoints`.
//!
//! With it, `PAYTONE_FAIL_AT=name:2` kills the process, as `kill -9` would, when it comes to the place of that name for
//! the second time. A release build with the feature refuses to start unless `PAYTONE_ALLOW_FAILPOINTS=1`.

#[cfg(feature = "failpoints")]
use std::sync::{LazyLock, atomic};

/// The places there are, in the order a payment comes to them.
pub const PLACES: [&str; 7] =
    ["intent", "sending", "answered", "learnt", "operation", "operation-answered", "delivered"];

/// Those a request with an Idempotency-Key comes to as well: its key is taken, and its answer is there and not kept yet.
pub const REQUEST_PLACES: [&str; 2] = ["request-taken", "request-answered"];

/// Whether the process may run: always, but for a release build with fail points that nobody asked for.
#[must_use]
pub fn may_start() -> bool {
    let asked_for = std::env::var_os("PAYTONE_ALLOW_FAILPOINTS").is_some_and(|value| value == "1");
    may_run(cfg!(feature = "failpoints"), !cfg!(debug_assertions), asked_for)
}

const fn may_run(has_places: bool, is_release: bool, asked_for: bool) -> bool {
    !has_places || !is_release || asked_for
}

/// A place.
#[cfg(not(feature = "failpoints"))]
pub(crate) const fn hit(_place: &'static str) {}

/// A place.
#[cfg(feature = "failpoints")]
pub(crate) fn hit(place: &'static str) {
    static ARMED: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let setting = std::env::var("PAYTONE_FAIL_AT").ok()?;
        let (place, times) = setting.split_once(':')?;
        Some((place.to_owned(), times.parse().ok()?))
    });
    static HITS: atomic::AtomicU32 = atomic::AtomicU32::new(0);
    let Some((armed, times)) = &*ARMED else { return };
    if armed == place && HITS.fetch_add(1, atomic::Ordering::SeqCst) + 1 == *times {
        let this = rustix::process::getpid();
        if rustix::process::kill_process(this, rustix::process::Signal::KILL).is_err() {
            std::process::abort();
        }
        // The signal is on its way; nothing more may happen meanwhile.
        loop {
            std::thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_release_build_with_places_that_nobody_asked_for_does_not_run() {
        for number in 0..8_u8 {
            let [has_places, is_release, asked_for] = [1, 2, 4].map(|bit| number & bit != 0);
            let runs = may_run(has_places, is_release, asked_for);
            assert_eq!(!runs, has_places && is_release && !asked_for, "{number:03b}");
        }
    }
}
