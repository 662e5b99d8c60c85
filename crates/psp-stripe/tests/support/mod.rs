//! What several tests need.

#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod by_amount;
pub(crate) mod python;

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use paytone_psp::conformance::Payment;
use paytone_psp::{Currency, Money};
use paytone_psp_http::{Endpoint, Http, HttpGateway, Trust};
use paytone_psp_stripe::{Account, Profile, Stripe};

pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

pub(crate) fn payment(pan: &'static str, minor: u64) -> Payment {
    Payment { pan, expiry: "1230", code: "123", money: Money::new(minor, Currency::JPY) }
}

pub(crate) fn account() -> Account {
    Account::new(&"sk_test_0123456789".into()).expect("a key")
}

pub(crate) fn over_http(url: &str, profile: Profile) -> HttpGateway<Stripe> {
    let http =
        Http::new(Endpoint::parse(url).expect("an address"), &Trust::PublicAuthorities).expect("trust");
    HttpGateway::new(Stripe::new(account().with_profile(profile)), http)
}
