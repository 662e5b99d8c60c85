//! The adapter and the stand-in, with the process dying at every point and every request going wrong in every way: no
//! money is lost, none is taken twice, and none after the deadline.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;

use core::time::Duration;
use std::sync::{Arc, Mutex};

use paytone_card::test_numbers;
use paytone_psp::attempt::State;
use paytone_psp::exchange::Runner;
use paytone_psp::model::{Dies, Holding, Plan, Provider, live};
use paytone_psp::{Capture, Gateway, Reference};
use paytone_psp_gmo::Gmo;
use paytone_psp_gmo::fake::{Fake, Fault};

use common::{in_process, payment};

/// Not round: nine zeros in a row are part of some card numbers.
const NOW: Duration = Duration::from_millis(1_812_345_678_901);

struct World {
    now: Arc<Mutex<Duration>>,
    fake: Fake,
    gateway: Runner<Gmo, Fake>,
}

impl World {
    fn new() -> Self {
        let now = Arc::new(Mutex::new(NOW));
        let clock = now.clone();
        let fake = Fake::new(move || *clock.lock().unwrap());
        Self { now, gateway: in_process(&fake), fake }
    }
}

impl Provider for World {
    fn gateway(&self) -> &dyn Gateway {
        &self.gateway
    }

    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn set_now(&self, now: Duration) {
        *self.now.lock().unwrap() = now;
    }

    fn holdings(&self) -> Vec<Holding> {
        let held = self.fake.held().into_iter();
        held.map(|held| Holding {
            reference: Reference::parse(&held.order_id).expect("our own"),
            charged_at: Some(held.charged_at),
        })
        .collect()
    }
}

/// Every request a charge, its reversal and its lookups are made of.
const REQUESTS: [&str; 3] = ["/credit/charge", "/order/inquiry", "/order/cancel"];

const WAYS: [(Capture, bool); 4] =
    [(Capture::Auto, false), (Capture::Auto, true), (Capture::Manual, false), (Capture::Manual, true)];

#[test]
fn every_fault_of_every_request_at_every_death_ends_well() {
    let mut ends = Vec::new();
    let deaths = || Dies::ALL.map(|dies| (dies, 1)).into_iter().chain([(Dies::Never, 3)]);
    for request in REQUESTS {
        for fault in Fault::ALL {
            for (dies, times) in deaths() {
                for (capture, reverses) in WAYS {
                    let world = World::new();
                    world.fake.script(request, fault, times);
                    let plan = Plan { dies, capture, reverses, late: None };
                    let end = live(&world, &payment(test_numbers::VISA, 1200), plan);
                    let case = || format!("{request} {fault:?} {times} times");
                    ends.push(end.unwrap_or_else(|broken| panic!("{}: {broken}", case())));
                }
            }
        }
    }
    for end in [
        State::Abandoned,
        State::NotCharged,
        State::Approved,
        State::Captured,
        State::Voided,
        State::Refunded,
    ] {
        assert!(ends.contains(&end), "no attempt ended {end}");
    }
}

#[test]
fn a_declined_card_leaves_the_order_free_whatever_fails() {
    for request in REQUESTS {
        for fault in Fault::ALL {
            let world = World::new();
            world.fake.script(request, fault, 1);
            let end = live(&world, &payment(test_numbers::VISA_INSUFFICIENT_FUNDS, 1200), Plan::default());
            let end = end.unwrap_or_else(|broken| panic!("{request} {fault:?}: {broken}"));
            assert!(matches!(end, State::Declined | State::NotCharged), "{request} {fault:?}: {end}");
        }
    }
}
