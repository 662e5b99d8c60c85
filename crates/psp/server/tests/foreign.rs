//! A program in another language pays at the simulated provider.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;

use paytone_card::test_numbers;
use paytone_psp::simulator::Simulator;

#[tokio::test]
async fn a_python_program_pays_is_declined_and_is_left_in_doubt() {
    let installed = tokio::process::Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if !installed.await.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("PAYTONE_REQUIRE_PEERS").is_none(), "python3 is required and not installed");
        writeln!(std::io::stderr(), "SKIPPED: python3 is not installed").expect("a line");
        return;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let simulator = Arc::new(Simulator::new());
    let router = simulator_server::router(Arc::clone(&simulator));
    let served = tokio::spawn(async move { axum::serve(listener, router).await });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign.py");
    let ran = tokio::process::Command::new("python3")
        .args([script, &url, test_numbers::VISA_42, test_numbers::VISA_INSUFFICIENT_FUNDS])
        .kill_on_drop(true)
        .output()
        .await
        .expect("Python starts");
    served.abort();
    let (said, complained) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}\n{complained}");
    assert_eq!(said.trim(), "all understood");
    assert_eq!(simulator.transactions().len(), 5);
}
