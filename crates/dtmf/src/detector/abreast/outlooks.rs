//! What is going on with all channels.

use super::bits::{is_set, with};
use crate::detector::tracker::{Outlook, Tracker};

/// The [`Outlook`]s of all trackers, a bit for each.
#[derive(Clone, Copy)]
pub(super) struct Outlooks {
    pub(super) key: u16,
    candidate: u16,
    pub(super) suspects: u16,
    pub(super) doubts: u16,
    /// Which trackers do not know it yet.
    news: u16,
}

impl Outlooks {
    pub(super) const NONE: Self = Self { key: 0, candidate: 0, suspects: 0, doubts: 0, news: 0 };

    /// Those with nothing going on.
    #[inline(always)]
    pub(super) const fn idle(&self) -> u16 {
        !(self.key | self.candidate | self.suspects)
    }

    /// Takes over what a tracker says.
    #[inline(always)]
    pub(super) fn load(&mut self, lane: usize, tracker: &Tracker) {
        let outlook = tracker.outlook();
        self.key = with(self.key, lane, outlook.has_key);
        self.candidate = with(self.candidate, lane, outlook.has_candidate);
        self.suspects = with(self.suspects, lane, outlook.suspects);
        self.doubts = with(self.doubts, lane, outlook.doubts);
    }

    /// Tells a tracker what it does not know.
    #[inline(always)]
    pub(super) fn store(&mut self, lane: usize, tracker: &mut Tracker) {
        if is_set(self.news, lane) {
            tracker.set_outlook(&Outlook {
                has_key: is_set(self.key, lane),
                has_candidate: is_set(self.candidate, lane),
                suspects: is_set(self.suspects, lane),
                doubts: is_set(self.doubts, lane),
            });
            self.news = with(self.news, lane, false);
        }
    }

    /// What a block comes to for some `channels` without a key: who was `considered` is a candidate; who is alike,
    /// in this block and in the one before as well, is suspected; who is not alike twice is no longer.
    #[inline(always)]
    pub(super) const fn settle(
        &mut self,
        channels: u16,
        considered: u16,
        [alike, twice]: [u16; 2],
    ) -> Changes {
        let raised = channels & twice & !self.suspects;
        let cleared = channels & self.suspects & self.doubts & !alike;
        self.news |= channels & (self.candidate | self.suspects | raised);
        self.candidate = self.candidate & !channels | considered & channels;
        self.suspects = (self.suspects | raised) & !cleared;
        self.doubts = self.doubts & !channels | channels & self.suspects & !alike;
        Changes { raised, cleared }
    }
}

/// Who is suspected now, and who is no longer.
pub(super) struct Changes {
    pub(super) raised: u16,
    pub(super) cleared: u16,
}
