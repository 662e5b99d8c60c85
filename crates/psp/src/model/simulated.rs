//! The simulator as a [`Provider`].

use alloc::vec::Vec;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use super::{Holding, Provider};
use crate::Gateway;
use crate::simulator::Simulator;

/// The simulator, at a time that is set. Its faults are chosen by the payment's amount.
#[derive(Debug)]
pub struct Simulated {
    simulator: Simulator,
    now: Mutex<Duration>,
}

impl Simulated {
    /// A simulator with empty books, at `now` since the Unix epoch.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self { simulator: Simulator::new(), now: Mutex::new(now) }
    }
}

impl Provider for Simulated {
    fn gateway(&self) -> &dyn Gateway {
        &self.simulator
    }

    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_now(&self, now: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    fn holdings(&self) -> Vec<Holding> {
        let held = self.simulator.transactions().into_iter();
        held.filter(|snapshot| snapshot.state.holds_money(snapshot.money))
            .map(|snapshot| Holding { reference: snapshot.reference, charged_at: None })
            .collect()
    }
}
