//! What the tests share.

#![allow(dead_code, reason = "every test file uses a part of it")]

use core::time::Duration;

use paytone_card::test_numbers;
use paytone_psp::conformance::{Kit, Payment};
use paytone_psp::exchange::Runner;
use paytone_psp::{Currency, DeclineReason, Gateway, Money};
use paytone_psp_gmo::fake::Fake;
use paytone_psp_gmo::{Environment, Gmo};

pub(crate) const NOW: Duration = Duration::from_secs(1_800_000_000);

pub(crate) fn yen(minor: u64) -> Money {
    Money::new(minor, Currency::JPY)
}

pub(crate) fn payment(pan: &'static str, minor: u64) -> Payment {
    Payment { pan, expiry: "1230", code: "123", money: yen(minor) }
}

pub(crate) fn adapter() -> Gmo {
    Gmo::new(Fake::shop(), Fake::merchant(), Environment::Test).expect("the fake's merchant is a good one")
}

/// The adapter on the fake, without a socket.
pub(crate) fn in_process(fake: &Fake) -> Runner<Gmo, Fake> {
    Runner::new(adapter(), fake.clone())
}

pub(crate) fn kit(gateway: &dyn Gateway) -> Kit<'_> {
    Kit {
        gateway,
        clock: &|| NOW,
        seed: 7,
        approved: payment(test_numbers::VISA, 1200),
        declined: Some((
            payment(test_numbers::VISA_INSUFFICIENT_FUNDS, 1200),
            DeclineReason::InsufficientFunds,
        )),
        declined_check: Some(payment(test_numbers::VISA_LOST, 1200)),
        answer_lost: Some(payment(test_numbers::VISA, 1251)),
        request_lost: Some(payment(test_numbers::VISA, 1252)),
    }
}
