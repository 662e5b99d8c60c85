//! What survives a process: the attempt's record, and the outbox that is written with it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::attempt::{Attempt, Event, Record, State, Transition};

/// One attempt on disk. Every change goes through a record and back, so that what a record forgets is forgotten.
pub(super) struct Journal {
    attempt: Attempt,
    deadline: Option<Duration>,
    outbox: Vec<(u32, State)>,
    everything: Vec<Record>,
}

impl Journal {
    pub(super) fn new(attempt: Attempt) -> Self {
        let everything = Vec::from([attempt.to_record()]);
        Self { attempt, deadline: None, outbox: Vec::new(), everything }
    }

    pub(super) const fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// The authorisation's deadline, once there was one.
    pub(super) const fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    pub(super) fn apply(&mut self, event: Event, now: Duration) -> Result<(), String> {
        if let Event::Intend { deadline, .. } = &event {
            self.deadline = Some(*deadline);
        }
        let name = event.name();
        let transition = self.attempt.apply(event, now).map_err(|error| format!("{name}: {error}"))?;
        self.commit(transition)
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) -> Result<(), String> {
        let transition = self.attempt.handle_timeout(now);
        self.commit(transition)
    }

    pub(super) fn recover(&mut self, now: Duration) -> Result<(), String> {
        let transition = self.attempt.recover(now);
        self.commit(transition)
    }

    fn commit(&mut self, transition: Transition) -> Result<(), String> {
        let record = self.attempt.to_record();
        self.attempt = Attempt::from_record(record.clone()).map_err(|error| format!("{error}"))?;
        self.everything.push(record);
        if transition.report {
            self.outbox.push((transition.version, self.attempt.state()));
        }
        Ok(())
    }

    /// Whether the merchant heard of the last state, and every report has a version of its own.
    pub(super) fn is_reported(&self) -> bool {
        let last = (self.attempt.version(), self.attempt.state());
        let heard = match self.attempt.state() {
            State::Abandoned => self.outbox.is_empty(),
            _ => self.outbox.last() == Some(&last),
        };
        heard && self.outbox.is_sorted_by(|earlier, later| earlier.0 < later.0)
    }

    /// Whether nine digits in a row of a card number were ever written down.
    pub(super) fn holds_digits(&self, pan: &str) -> bool {
        let is_part = |run: &[u8]| {
            pan.as_bytes().windows(9).any(|digits| run.windows(9).any(|window| window == digits))
        };
        let holds = |bytes: &[u8]| bytes.split(|byte| !byte.is_ascii_digit()).any(is_part);
        self.everything.iter().any(|record| {
            let sealed = record.checkpoint.as_deref().unwrap_or_default();
            holds(format!("{record:?}").as_bytes()) || holds(sealed)
        })
    }
}
