//! The suite against `localstripe`, a stand-in for Stripe that nobody here wrote.

mod support;

use paytone_card::test_numbers;
use paytone_psp::DeclineReason;
use paytone_psp::conformance::{Kit, run};
use paytone_psp_stripe::Profile;

use support::python::Localstripe;
use support::{now, over_http, payment};

#[tokio::test]
async fn the_adapter_keeps_every_promise_against_localstripe() {
    let Some(localstripe) = Localstripe::start().await else { return };
    let gateway = over_http(&localstripe.url(), Profile::Localstripe);
    let kit = Kit {
        gateway: &gateway,
        clock: &now,
        seed: 7,
        approved: payment(test_numbers::VISA_42, 1200),
        declined: Some((payment(test_numbers::VISA_FAILS_WHEN_CHARGED, 1200), DeclineReason::CardNotUsable)),
        declined_check: Some(payment(test_numbers::VISA_INSUFFICIENT_FUNDS, 1200)),
        answer_lost: None,
        request_lost: None,
    };
    let report = run(&kit).await;
    assert!(report.has_passed(), "{report}");
    let skipped: Vec<_> = report.skipped().collect();
    assert_eq!(
        skipped,
        [
            "the same key charges once",
            "the same key for another amount is refused",
            "a lost answer is in doubt and a lookup finds the money",
            "a lost request is in doubt and a lookup finds no money",
            "what is not offered is refused",
        ],
        "{report}"
    );
}
