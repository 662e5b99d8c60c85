//! How many legs of calls are up, asked of whoever has them.

use core::fmt;
use std::sync::{Arc, OnceLock};

/// Where the legs are counted, once somebody has any. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Legs(Arc<OnceLock<Count>>);

type Count = Box<dyn Fn() -> usize + Send + Sync>;

impl Legs {
    /// Has them counted like this from now on; the first who says so counts.
    pub fn count_with(&self, count: impl Fn() -> usize + Send + Sync + 'static) {
        drop(self.0.set(Box::new(count)));
    }

    /// Legs that are up now.
    #[must_use]
    pub fn up(&self) -> usize {
        self.0.get().map_or(0, |count| count())
    }
}

impl fmt::Debug for Legs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Legs").field(&self.up()).finish()
    }
}
