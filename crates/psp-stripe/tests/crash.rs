//! The adapter and the fake, with the process dying at every point and every request of a charge going wrong in every
//! way: no money is lost, none is taken twice, and none after the deadline.

mod support;

use core::time::Duration;

use paytone_card::test_numbers;
use paytone_psp::attempt::State;
use paytone_psp::exchange::Runner;
use paytone_psp::model::{Dies, Holding, PATIENCE, Plan, Provider, live};
use paytone_psp::{Capture, Gateway, Reference};
use paytone_psp_stripe::Stripe;
use stripe_fake::{Fault, Memory};

use support::{account, payment};

struct World {
    memory: Memory,
    gateway: Runner<Stripe, Memory>,
}

impl World {
    fn new() -> Self {
        let memory = Memory::new(Duration::from_millis(1_812_345_678_901));
        Self { gateway: Runner::new(Stripe::new(account()), memory.clone()), memory }
    }
}

impl Provider for World {
    fn gateway(&self) -> &dyn Gateway {
        &self.gateway
    }

    fn now(&self) -> Duration {
        self.memory.now()
    }

    fn set_now(&self, now: Duration) {
        self.memory.set_now(now);
    }

    fn holdings(&self) -> Vec<Holding> {
        let held = self.memory.fake().payments().into_iter().filter(|payment| payment.held > 0);
        held.map(|payment| Holding {
            reference: Reference::parse(&payment.reference).expect("our own"),
            charged_at: payment.charged.map(Duration::from_secs),
        })
        .collect()
    }

    fn deliver_delayed(&self) {
        self.memory.fake().deliver_delayed(self.memory.now());
    }
}

const FAULTS: [Fault; 14] = [
    Fault::RateLimit,
    Fault::LockTimeout,
    Fault::KeyInUse,
    Fault::ServerErrorBefore,
    Fault::ServerErrorAfter,
    Fault::NotConnected,
    Fault::LostRequest,
    Fault::LostAnswer,
    Fault::Delayed,
    Fault::Garbage,
    Fault::HungRequest,
    Fault::HungAnswer,
    Fault::Slow(Duration::from_secs(12)),
    Fault::Slow(Duration::from_secs(600)),
];

/// Every request a charge, its reversal and its lookups are made of.
const REQUESTS: [&str; 6] =
    ["/payment_methods", "/payment_intents", "/confirm", "/cancel", "/refunds", "none of them"];

/// When what was held up arrives: before the deadline, and after it but before anything is believed to be final.
const LATE: [Duration; 3] =
    [Duration::from_secs(30), Duration::from_secs(89), Duration::from_secs(PATIENCE.as_secs() + 60)];

/// Every death with a fault that happens once, and a process that lives with one that happens three times.
fn plans(fault: Fault) -> Vec<(Plan, u32)> {
    let late = match fault {
        Fault::Delayed => LATE.map(Some).to_vec(),
        _ => vec![None],
    };
    let ways = [(Capture::Auto, false), (Capture::Auto, true), (Capture::Manual, true)];
    let deaths = Dies::ALL.map(|dies| (dies, 1)).into_iter().chain([(Dies::Never, 3)]);
    let each = |(dies, times)| {
        let late = late.clone();
        ways.into_iter().flat_map(move |(capture, reverses)| {
            late.clone().into_iter().map(move |late| (Plan { dies, capture, reverses, late }, times))
        })
    };
    deaths.flat_map(each).collect()
}

fn check(request: &str, fault: Fault, times: u32, plan: Plan, ends: &mut Vec<State>) {
    let world = World::new();
    world.memory.fake().script(request, fault, times);
    match live(&world, &payment(test_numbers::VISA, 1200), plan) {
        Ok(end) => ends.push(end),
        Err(broken) => panic!("{request} {fault:?} {times} times: {broken}"),
    }
}

#[test]
fn every_fault_of_every_request_at_every_death_ends_well() {
    let mut ends = Vec::new();
    for request in REQUESTS {
        for fault in FAULTS {
            for (plan, times) in plans(fault) {
                check(request, fault, times, plan, &mut ends);
            }
        }
    }
    for end in [State::Abandoned, State::NotCharged, State::Captured, State::Voided, State::Refunded] {
        assert!(ends.contains(&end), "no attempt ended {end}");
    }
}

#[test]
fn a_declined_card_leaves_the_order_free_whatever_fails() {
    for request in REQUESTS {
        for fault in FAULTS {
            let world = World::new();
            world.memory.fake().script(request, fault, 1);
            let end = live(&world, &payment(test_numbers::VISA_INSUFFICIENT_FUNDS, 1200), Plan::default());
            let end = end.unwrap_or_else(|broken| panic!("{request} {fault:?}: {broken}"));
            assert!(matches!(end, State::Declined | State::NotCharged), "{request} {fault:?}: {end}");
        }
    }
}
