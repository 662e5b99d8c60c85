//! Stripe's own Python package drives the fake: the fake is judged by a client nobody here wrote.

mod support;

use std::sync::{Arc, Mutex};

use paytone_card::test_numbers;
use stripe_fake::{Fake, serve};

use support::python::with_module;

#[tokio::test]
async fn stripes_own_package_understands_the_fake() {
    let Some(python) = with_module("stripe") else { return };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let fake = Arc::new(Mutex::new(Fake::new()));
    let served = tokio::spawn(serve(listener, Arc::clone(&fake)));
    let cards = format!(
        r#"{{"approved": "{}", "lost": "{}", "authentication": "{}"}}"#,
        test_numbers::VISA_42,
        test_numbers::VISA_LOST,
        test_numbers::VISA_AUTHENTICATION
    );
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk.py");
    let ran = tokio::process::Command::new(python)
        .args([script, &url, &cards])
        .kill_on_drop(true)
        .output()
        .await
        .expect("Python starts");
    served.abort();
    let (said, complained) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}\n{complained}");
    assert_eq!(said.trim(), "all understood");

    let fake = fake.lock().expect("whole");
    let payments = fake.payments();
    assert!(
        payments.iter().any(|payment| payment.order == "A-1" && payment.held == 1000 && payment.by_telephone)
    );
    let charged = payments.iter().filter(|payment| payment.charged.is_some()).count();
    assert_eq!(charged, 6, "every charge once: {payments:#?}");
}
