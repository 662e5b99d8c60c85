//! Where prompt audio comes from.

use alloc::sync::Arc;

use paytone_dialog::Language;
use paytone_dialog::phrase::Phrasebook;

/// One recorded piece of speech: linear PCM, mono, 8 kHz.
pub type Clip = Arc<[i16]>;

/// A library of clips by name, the names of [`paytone_dialog::phrase`].
///
/// A clip that is missing is left out of what is spoken: the call goes on, and the embedder is expected to check the whole
/// catalogue once at start.
pub trait Clips: Send + Sync {
    /// The clip of that name in that language.
    fn clip(&self, language: Language, name: &str) -> Option<Clip>;

    /// Which words are spoken when; the built-in ones unless there are others.
    fn phrasebook(&self) -> &Phrasebook {
        const BUILT_IN: &Phrasebook = &Phrasebook::new();
        BUILT_IN
    }
}

/// No audio at all: every prompt ends at once. For tests of everything but sound.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Clips for Silent {
    fn clip(&self, _: Language, _: &str) -> Option<Clip> {
        None
    }
}
