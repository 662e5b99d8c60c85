//! The suite against our own fake, in memory and over HTTP, faults included.

mod support;

use std::sync::{Arc, Mutex};

use paytone_card::test_numbers;
use paytone_psp::conformance::{Kit, Report, run};
use paytone_psp::exchange::Runner;
use paytone_psp::{DeclineReason, Gateway};
use paytone_psp_http::{Endpoint, Http, Trust};
use paytone_psp_stripe::Stripe;
use stripe_fake::{Fake, Fault, Memory, serve};

use support::by_amount::ByAmount;
use support::{account, now, payment};

const FAULTS: [(u64, Fault); 2] = [(1251, Fault::LostAnswer), (1252, Fault::LostRequest)];

async fn judge(gateway: &dyn Gateway) -> Report {
    let kit = Kit {
        gateway,
        clock: &now,
        seed: 11,
        approved: payment(test_numbers::VISA, 1200),
        declined: Some((
            payment(test_numbers::VISA_INSUFFICIENT_FUNDS, 1200),
            DeclineReason::InsufficientFunds,
        )),
        declined_check: Some(payment(test_numbers::VISA_LOST, 1200)),
        answer_lost: Some(payment(test_numbers::VISA, 1251)),
        request_lost: Some(payment(test_numbers::VISA, 1252)),
    };
    run(&kit).await
}

fn expect_everything(report: &Report) {
    assert!(report.has_passed(), "{report}");
    assert_eq!(report.skipped().collect::<Vec<_>>(), ["what is not offered is refused"], "{report}");
}

#[tokio::test]
async fn the_adapter_keeps_every_promise_against_the_fake_in_memory() {
    let memory = Memory::new(now());
    let armed = memory.clone();
    let arm = move |fault| armed.fake().script("/confirm", fault, 1);
    let transport = ByAmount { inner: memory, arm, faults: FAULTS.to_vec() };
    let books = transport.inner.clone();
    expect_everything(&judge(&Runner::new(Stripe::new(account()), transport)).await);
    for payment in books.fake().payments() {
        assert_eq!(payment.order, "conformance", "the merchant's own order id goes along");
        assert!(payment.by_telephone || payment.charged.is_none(), "{payment:?}");
    }
}

#[tokio::test]
async fn the_adapter_keeps_every_promise_against_the_fake_over_http() {
    let fake = Arc::new(Mutex::new(Fake::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let served = tokio::spawn(serve(listener, Arc::clone(&fake)));
    let http =
        Http::new(Endpoint::parse(&url).expect("an address"), &Trust::PublicAuthorities).expect("trust");
    let arm = move |fault| fake.lock().expect("whole").script("/confirm", fault, 1);
    let transport = ByAmount { inner: http, arm, faults: FAULTS.to_vec() };
    expect_everything(&judge(&Runner::new(Stripe::new(account()), transport)).await);
    served.abort();
}
