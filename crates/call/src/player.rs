//! Plays a list of clips, one 20 ms frame at a time.

use alloc::collections::VecDeque;

use crate::clips::Clip;

/// The prompt being spoken, if any, under an id of its own.
pub(crate) struct Player<Id> {
    playing: Option<Id>,
    clips: VecDeque<Clip>,
    position: usize,
}

impl<Id> Default for Player<Id> {
    fn default() -> Self {
        Self { playing: None, clips: VecDeque::new(), position: 0 }
    }
}

impl<Id> Player<Id> {
    /// Starts speaking `clips`, in place of whatever was being spoken.
    pub(crate) fn play(&mut self, id: Id, clips: impl Iterator<Item = Clip>) {
        self.stop();
        self.playing = Some(id);
        self.clips.extend(clips);
    }

    pub(crate) const fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// Falls silent at once.
    pub(crate) fn stop(&mut self) {
        self.playing = None;
        self.clips.clear();
        self.position = 0;
    }

    /// Fills `frame` with the next samples, silence where there are none; the id of the prompt that ended with it.
    pub(crate) fn next_frame(&mut self, frame: &mut [i16]) -> Option<Id> {
        let mut filled = 0;
        while filled < frame.len() {
            let Some(clip) = self.clips.front() else { break };
            let rest = &clip[self.position..];
            let count = rest.len().min(frame.len() - filled);
            frame[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.position += count;
            if self.position == clip.len() {
                self.clips.pop_front();
                self.position = 0;
            }
        }
        frame[filled..].fill(0);
        if self.clips.is_empty() { self.playing.take() } else { None }
    }
}
