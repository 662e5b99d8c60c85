//! Who calls and who we are, shown by digest: a partner's calls, calls of ours, and REGISTER.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::Fixture;
use common::baresip::{Baresip, Setup};
use common::peers::{SippServer, available, sipp_reply, sipp_takes_call};
use phone::{Call, Options, PhoneError, Target};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_shows_its_password_with_every_call() {
    if !available("baresip") {
        return;
    }
    let trunk = "[[sip.trunks]]\nname = 'pbx'\nsources = ['127.0.0.1']\n\
                 login = { user = 'pbx', password = 'open sesame' }\n";
    let fixture = Fixture::start_with(trunk).await;
    let target: Target = fixture.uri("pay").parse().unwrap();
    let refused = Call::dial(&target, &Options::new()).await;
    assert!(matches!(refused, Err(PhoneError::Refused { status: 401, .. })), "{refused:?}");
    for (password, event) in [("open sesame", "CALL_ESTABLISHED"), ("guessed", "CALL_CLOSED")] {
        let folder = tempfile::tempdir().unwrap();
        let account = format!(";auth_user=pbx;auth_pass=\"{password}\"");
        let mut caller =
            Baresip::start_as(folder.path(), Setup { account: &account, ..Setup::default() }).await;
        caller.command(&format!("dial {}", fixture.uri("pay"))).await;
        caller.wait_for(event, PATIENCE).await;
        caller.stop().await;
    }
    fixture.stop().await;
}

fn account(peer: &str) -> String {
    format!("[[sip.accounts]]\npeer = '{peer}'\nlogin = {{ user = 'paytone', password = 'secret' }}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_registers_and_says_goodbye() {
    if !available("sipp") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let registrar = SippServer::start(folder.path(), &registrar()).await;
    let settings = format!("{}register = true\n", account(&registrar.uri("")));
    let fixture = Fixture::start_with(&settings).await;
    registrar.logged("Expires: 300").await;
    registrar.logged("200 OK").await;
    fixture.stop().await;
    registrar.succeeds(PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_behind_a_switchboard_that_asks_is_called() {
    if !available("sipp") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let switchboard = SippServer::start(folder.path(), &switchboard()).await;
    let line = format!(
        "{}[[lines]]\nname = 'desk'\nkind = 'pay_fixed'\namount = 1000\ncurrency = 'JPY'\nusers = ['desk']\n\
         [lines.operator]\nuri = '{}'\nstays = true\n",
        account(&switchboard.uri("")),
        switchboard.uri("operator")
    );
    let fixture = Fixture::start_with(&line).await;
    let target: Target = fixture.uri("desk").parse().unwrap();
    let call = Call::dial(&target, &Options::new()).await.unwrap();
    switchboard.logged("ACK sip:").await;
    switchboard.logged("SIP/2.0 200 OK").await;
    call.hang_up().await;
    switchboard.succeeds(PATIENCE).await;
    fixture.stop().await;
}

/// Asks once, checks the answer, and waits for the goodbye.
fn registrar() -> String {
    scenario(
        "REGISTER",
        "",
        &(sipp_reply("200 OK", "[last_Contact:]\nExpires: 300\n")
            + "<recv request=\"REGISTER\"/>\n"
            + &sipp_reply("200 OK", "")),
    )
}

/// Asks the caller who it is, answers, and waits for the BYE.
fn switchboard() -> String {
    scenario("INVITE", "<recv request=\"ACK\"/>\n", &sipp_takes_call())
}

/// Asks whoever sends this request for the password, and goes on where it is right.
fn scenario(request: &str, after_refusal: &str, goes_on: &str) -> String {
    let asks = "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"4711\", algorithm=MD5, qop=\"auth\"\n";
    let (asks, refuses) = (sipp_reply("401 Unauthorized", asks), sipp_reply("403 Forbidden", ""));
    let refuses = refuses.replace("<send>", "<send next=\"end\">");
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="asks for a password">
<recv request="{request}"/>
{asks}{after_refusal}<recv request="{request}"><action><verifyauth assign_to="good" username="paytone" password="secret"/></action></recv>
<nop hide="true" test="good" next="good"/>
{refuses}<label id="good"/>
{goes_on}<label id="end"/>
</scenario>
"#
    )
}
