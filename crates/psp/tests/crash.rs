//! Every fault of the simulator, with the process dying at every point: no money is lost and none is taken twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use core::time::Duration;

use paytone_card::test_numbers;
use paytone_psp::attempt::State;
use paytone_psp::conformance::Payment;
use paytone_psp::model::{Dies, Plan, Simulated, live};
use paytone_psp::simulator::table;
use paytone_psp::{Capture, Currency, Money};

/// Not round: nine zeros in a row are part of some card numbers.
const NOW: Duration = Duration::from_millis(1_812_345_678_901);

fn payment(minor: u64) -> Payment {
    Payment { pan: test_numbers::VISA, expiry: "1230", code: "123", money: Money::new(minor, Currency::JPY) }
}

fn amounts() -> Vec<u64> {
    let faults = table().iter().filter_map(|row| row.amount_ending()).map(|ending| 1200 + u64::from(ending));
    core::iter::once(1200).chain(faults).collect()
}

#[test]
fn every_fault_at_every_death_ends_well() {
    let mut ends = Vec::new();
    for minor in amounts() {
        for dies in Dies::ALL {
            for capture in [Capture::Auto, Capture::Manual] {
                for reverses in [false, true] {
                    let plan = Plan { dies, capture, reverses, late: None };
                    let end = live(&Simulated::new(NOW), &payment(minor), plan);
                    ends.push(end.unwrap_or_else(|broken| panic!("{minor}: {broken}")));
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
fn a_declined_card_leaves_the_order_free_at_every_death() {
    for dies in Dies::ALL {
        let declined = Payment { pan: test_numbers::VISA_LOST, ..payment(1200) };
        let end = live(&Simulated::new(NOW), &declined, Plan { dies, ..Plan::default() });
        assert!(end.unwrap().is_over(), "{dies:?}");
    }
}
