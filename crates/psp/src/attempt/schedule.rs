//! When a doubt is looked up, when it becomes a person's, and when "nothing there" may be believed.

use core::time::Duration;

use super::{Attempt, State};

/// How long after the doubt, and then after each lookup, the next lookup is made. The last delay repeats.
pub const LOOKUP_DELAYS: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    HOUR,
];

/// How old a doubt gets before a person is asked to look at it.
pub const PERSON_AFTER: Duration = Duration::from_secs(2 * 3600);

/// How long after a request's deadline a provider may still come to carry it out. Until then a lookup that
/// finds nothing proves nothing.
pub const SETTLE: Duration = Duration::from_secs(120);

const HOUR: Duration = Duration::from_secs(3600);

/// A doubt being looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) since: Duration,
    pub(super) lookups: u32,
    pub(super) next: Duration,
}

impl Attempt {
    /// When [`handle_timeout`](Self::handle_timeout) or a lookup is due next, since the Unix epoch. `None`
    /// where the attempt waits for nothing.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        match (&self.doubt, &self.pending) {
            (Some(doubt), _) if self.state == State::NeedsPerson => Some(doubt.next),
            (Some(doubt), _) => Some(doubt.next.min(doubt.since.saturating_add(PERSON_AFTER))),
            (None, Some(pending)) if self.state != State::Intent => Some(pending.deadline),
            (None, _) => None,
        }
    }

    /// Whether a lookup should be made now. Its answer or failure, applied as an event, sets the next time.
    #[must_use]
    pub fn lookup_due(&self, now: Duration) -> bool {
        self.doubt.is_some_and(|doubt| doubt.next <= now)
    }

    /// How many lookups the present doubt has seen.
    #[must_use]
    pub fn lookups(&self) -> u32 {
        self.doubt.map_or(0, |doubt| doubt.lookups)
    }

    pub(super) fn age(&mut self, now: Duration) {
        match (self.doubt, &self.pending) {
            (Some(doubt), _) if now >= doubt.since.saturating_add(PERSON_AFTER) => {
                self.state = State::NeedsPerson;
            }
            (None, Some(pending)) if self.state != State::Intent && now >= pending.deadline => {
                self.fall_in_doubt(now, now.saturating_add(LOOKUP_DELAYS[0]));
            }
            _ => {}
        }
    }

    /// The pending request has no answer. An authorisation changes state; another operation keeps its own.
    pub(super) fn fall_in_doubt(&mut self, now: Duration, next: Duration) {
        if matches!(self.state, State::Intent | State::Sending) {
            self.state = State::InDoubt;
        }
        match &mut self.doubt {
            Some(doubt) => doubt.next = doubt.next.min(next),
            None => self.doubt = Some(Doubt { since: now, lookups: 0, next }),
        }
    }

    /// A lookup was made and left the doubt as it is.
    pub(super) fn look_up_later(&mut self, now: Duration) {
        let state = self.state;
        let Some(doubt) = &mut self.doubt else { return };
        doubt.lookups = doubt.lookups.saturating_add(1);
        let place = usize::try_from(doubt.lookups).unwrap_or(usize::MAX).min(LOOKUP_DELAYS.len() - 1);
        let delay = if state == State::NeedsPerson { HOUR } else { LOOKUP_DELAYS[place] };
        doubt.next = now.saturating_add(delay);
    }

    /// Something happened that makes a lookup worth its while.
    pub(super) fn look_up_now(&mut self, now: Duration) {
        if let Some(doubt) = &mut self.doubt {
            doubt.next = doubt.next.min(now);
        }
    }
}
