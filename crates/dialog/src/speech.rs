use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::{PlayId, Prompt};

/// What is being said, and what is to be said as soon as somebody listens.
#[derive(Debug, Default)]
pub(crate) struct Speech {
    playing: Option<(PlayId, Arc<[Prompt]>)>,
    /// Keeps its room, which the next words need again.
    pending: Vec<Prompt>,
    started: u32,
}

impl Speech {
    /// Replaces what is to be said next.
    pub(crate) fn say(&mut self, prompts: impl IntoIterator<Item = Prompt>) {
        self.pending.clear();
        self.pending.extend(prompts);
    }

    /// An empty list with the room of the last one; [`say_these`](Self::say_these) takes it back.
    pub(crate) fn compose(&mut self) -> Vec<Prompt> {
        let mut words = core::mem::take(&mut self.pending);
        words.clear();
        words
    }

    /// Replaces what is to be said next by what was composed.
    pub(crate) fn say_these(&mut self, words: Vec<Prompt>) {
        self.pending = words;
    }

    pub(crate) const fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(crate) const fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// Takes what is to be said next; from now on it is playing.
    pub(crate) fn start(&mut self) -> (PlayId, Arc<[Prompt]>) {
        self.started = self.started.wrapping_add(1);
        let play: (_, Arc<[Prompt]>) = (PlayId::new(self.started), self.pending.drain(..).collect());
        if self.pending.capacity() > USUAL {
            self.pending = Vec::new();
        }
        self.playing = Some(play.clone());
        play
    }

    /// Forgets what is playing and what is to come; tells whether something was playing.
    #[inline]
    pub(crate) fn stop(&mut self) -> bool {
        if self.playing.is_none() && self.pending.is_empty() {
            return false;
        }
        self.pending.clear();
        self.playing.take().is_some()
    }

    /// Stops what is playing and puts it back to be said again, unless something newer waits.
    pub(crate) fn interrupt(&mut self) -> bool {
        let Some((_, prompts)) = self.playing.take() else { return false };
        if self.pending.is_empty() {
            self.pending.extend_from_slice(&prompts);
        }
        true
    }

    /// Notes that a play has ended; false when it is not the one that is playing.
    pub(crate) fn done(&mut self, id: PlayId) -> bool {
        self.playing.take_if(|(playing, _)| *playing == id).is_some()
    }
}

/// As many prompts as are said in one go, but for a menu.
const USUAL: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_what_is_playing_counts() {
        let mut speech = Speech::default();
        speech.say([Prompt::Welcome]);
        let (first, _) = speech.start();
        assert!(speech.stop());
        speech.say([Prompt::Goodbye]);
        let (second, _) = speech.start();
        assert!(!speech.done(first));
        assert!(speech.done(second));
        assert!(!speech.done(second));
    }

    #[test]
    fn what_was_interrupted_is_said_again() {
        let mut speech = Speech::default();
        speech.say([Prompt::Welcome]);
        speech.start();
        assert!(speech.interrupt());
        assert_eq!(*speech.start().1, [Prompt::Welcome]);
        speech.say([Prompt::Goodbye]);
        assert!(speech.interrupt());
        assert_eq!(*speech.start().1, [Prompt::Goodbye]);
    }
}
