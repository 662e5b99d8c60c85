//! Where prompt audio comes from.

use alloc::sync::Arc;

/// One recorded piece of speech: linear PCM, mono, 8 kHz.
pub type Clip = Arc<[i16]>;

/// A library of clips by name, the names of [`paytone_dialog::phrase`].
///
/// A clip that is missing is left out of what is spoken: the call goes on, and the embedder is expected to check the whole
/// catalogue once at start.
pub trait Clips: Send + Sync {
    /// The clip of that name.
    fn clip(&self, name: &str) -> Option<Clip>;
}

/// No audio at all: every prompt ends at once. For tests of everything but sound.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Clips for Silent {
    fn clip(&self, _: &str) -> Option<Clip> {
        None
    }
}
