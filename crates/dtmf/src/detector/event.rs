use crate::Key;

/// What a [`Detector`](crate::Detector) found.
///
/// Positions count samples, at the detector's rate, from the first one it was given; lost ones count too.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ToneEvent {
    /// Something that may become a key began: the earliest sign, 10 to 15 ms into the tone, for
    /// masking. [`Start`](Self::Start) or [`Cleared`](Self::Cleared) follows.
    Suspect {
        /// Not later than where it began.
        at_sample: u64,
    },
    /// The suspect was no key.
    Cleared {
        /// Up to where it was suspected.
        at_sample: u64,
    },
    /// A key went down.
    Start {
        /// Which key.
        key: Key,
        /// Where the tone began, to 1 or 2 ms.
        at_sample: u64,
        /// How far the detector had listened when it was sure.
        declared_at: u64,
        /// Level of the stronger tone.
        level_dbm0: f32,
        /// Level of the low tone over that of the high one.
        low_over_high_db: f32,
    },
    /// A key came up.
    End {
        /// Which key.
        key: Key,
        /// Where the tone ended, to 1 or 2 ms.
        at_sample: u64,
        /// How far the detector had listened when it was sure.
        declared_at: u64,
    },
}

impl ToneEvent {
    /// The same event with every position turned from one clock into another.
    pub(super) fn map_positions(mut self, turn: impl Fn(u64) -> u64) -> Self {
        match &mut self {
            Self::Suspect { at_sample } | Self::Cleared { at_sample } => *at_sample = turn(*at_sample),
            Self::Start { at_sample, declared_at, .. } | Self::End { at_sample, declared_at, .. } => {
                *at_sample = turn(*at_sample);
                *declared_at = turn(*declared_at);
            }
        }
        self
    }
}

/// Events waiting to be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    events: [Option<ToneEvent>; Self::CAPACITY],
    read: usize,
    len: usize,
}

impl Queue {
    /// A block makes at most three events, and a stretch of lost audio at most one more.
    const CAPACITY: usize = 8;
    /// Of a block that was left out before it as well.
    const BLOCK_MAKES: usize = 6;

    pub(super) fn push(&mut self, event: ToneEvent) {
        debug_assert!(self.len < Self::CAPACITY, "a block made more events than it can");
        self.events[(self.read + self.len) % Self::CAPACITY] = Some(event);
        self.len += 1;
    }

    /// Whether what a block may make still fits.
    #[inline(always)]
    pub(super) const fn has_room(&self) -> bool {
        self.len + Self::BLOCK_MAKES <= Self::CAPACITY
    }

    #[inline(always)]
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<ToneEvent> {
        if self.len == 0 {
            return None;
        }
        let event = self.events[self.read];
        self.read = (self.read + 1) % Self::CAPACITY;
        self.len -= 1;
        event
    }
}
