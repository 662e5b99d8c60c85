use core::time::Duration;

/// What is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The next key of the open field.
    Entry,
    /// The whole of one try at a field.
    Field,
    /// The next assurance while authorizing.
    StillWorking,
    /// The end of the last prompt.
    Closing,
    /// The age of the card since the last key.
    Card,
    Securing,
    LookUp,
    Authorizing,
    Session,
}

/// One deadline per [`Timer`]. While the call is held, those that wait for the caller rest.
///
/// A deadline is stopped when its state is left, and a timeout that comes before any deadline finds
/// nothing due: so a stale timeout changes nothing.
#[derive(Debug)]
pub(crate) struct Timers {
    /// In nanoseconds since the Unix epoch, which lasts for 580 years; [`NEVER`] where it does not run.
    deadlines: [u64; ALL.len()],
    /// [`NEVER`] unless the call is held.
    held_at: u64,
}

const NEVER: u64 = u64::MAX;

const ALL: [Timer; 9] = [
    Timer::Entry,
    Timer::Field,
    Timer::StillWorking,
    Timer::Closing,
    Timer::Card,
    Timer::Securing,
    Timer::LookUp,
    Timer::Authorizing,
    Timer::Session,
];

impl Timer {
    /// Whether it waits for the caller's ear or finger, which a hold takes away.
    const fn rests(self) -> bool {
        matches!(self, Self::Entry | Self::Field | Self::StillWorking | Self::Closing)
    }

    /// Whether it outlives the state it was started in.
    const fn spans_states(self) -> bool {
        matches!(self, Self::Card | Self::Session)
    }
}

impl Timers {
    pub(crate) const fn new() -> Self {
        Self { deadlines: [NEVER; ALL.len()], held_at: NEVER }
    }

    /// Starts or restarts a timer. One that rests counts from the start of the hold, so that all of
    /// `wait` is left when the hold ends.
    pub(crate) fn start(&mut self, timer: Timer, now: Duration, wait: Duration) {
        let from = if timer.rests() && self.is_held() { self.held_at } else { nanoseconds(now) };
        self.deadlines[timer as usize] = from.saturating_add(nanoseconds(wait));
    }

    /// Makes sure that at least `wait` is left.
    pub(crate) fn extend(&mut self, timer: Timer, now: Duration, wait: Duration) {
        let deadline = &mut self.deadlines[timer as usize];
        let at_least = nanoseconds(now).saturating_add(nanoseconds(wait));
        *deadline = if *deadline == NEVER { at_least } else { at_least.max(*deadline) };
    }

    pub(crate) const fn stop(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = NEVER;
    }

    /// Stops everything that belonged to the state that is being left.
    pub(crate) fn leave_state(&mut self) {
        ALL.into_iter().filter(|timer| !timer.spans_states()).for_each(|timer| self.stop(timer));
    }

    pub(crate) const fn stop_all(&mut self) {
        self.deadlines = [NEVER; ALL.len()];
    }

    pub(crate) const fn is_running(&self, timer: Timer) -> bool {
        self.deadlines[timer as usize] != NEVER
    }

    pub(crate) const fn is_held(&self) -> bool {
        self.held_at != NEVER
    }

    pub(crate) fn hold(&mut self, now: Duration) {
        self.held_at = self.held_at.min(nanoseconds(now));
    }

    pub(crate) fn resume(&mut self, now: Duration) {
        if !self.is_held() {
            return;
        }
        let held_at = core::mem::replace(&mut self.held_at, NEVER);
        let rested = nanoseconds(now).saturating_sub(held_at);
        for timer in ALL.into_iter().filter(|timer| timer.rests()) {
            let deadline = &mut self.deadlines[timer as usize];
            *deadline = deadline.saturating_add(rested);
        }
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.earliest().map(|(at, _)| Duration::from_nanos(at))
    }

    /// Takes out the earliest timer that is due.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Timer> {
        let (_, timer) = self.earliest().filter(|(at, _)| *at <= nanoseconds(now))?;
        self.stop(timer);
        Some(timer)
    }

    fn earliest(&self) -> Option<(u64, Timer)> {
        let awake = ALL.into_iter().filter(|timer| !(self.is_held() && timer.rests()));
        let running = awake.map(|timer| (self.deadlines[timer as usize], timer));
        running.min_by_key(|(at, _)| *at).filter(|(at, _)| *at != NEVER)
    }
}

pub(crate) const fn nanoseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        assert!(ALL.into_iter().enumerate().all(|(place, timer)| timer as usize == place));
    }

    #[test]
    fn nothing_is_due_early_and_everything_once() {
        let mut timers = Timers::new();
        timers.start(Timer::Entry, s(0), s(5));
        assert_eq!(timers.take_due(s(4)), None);
        assert_eq!(timers.take_due(s(5)), Some(Timer::Entry));
        assert_eq!(timers.take_due(s(6)), None);
    }

    #[test]
    fn a_hold_keeps_what_was_left_but_not_for_the_session() {
        let mut timers = Timers::new();
        timers.start(Timer::Entry, s(0), s(5));
        timers.start(Timer::Session, s(0), s(60));
        timers.hold(s(3));
        timers.hold(s(4));
        timers.start(Timer::Field, s(20), s(10));
        assert_eq!(timers.next(), Some(s(60)));
        timers.resume(s(30));
        assert_eq!(timers.next(), Some(s(32)));
        assert_eq!(timers.deadlines[Timer::Field as usize], nanoseconds(s(40)));
    }

    #[test]
    fn leaving_a_state_keeps_the_session() {
        let mut timers = Timers::new();
        timers.start(Timer::Securing, s(0), s(5));
        timers.start(Timer::Session, s(0), s(60));
        timers.leave_state();
        assert_eq!((timers.is_running(Timer::Securing), timers.is_running(Timer::Session)), (false, true));
    }
}
