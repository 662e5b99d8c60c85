//! Who calls and who we are, shown by digest: a partner's calls, calls of ours, and REGISTER.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::Fixture;
use common::baresip::{Baresip, Setup};
use common::peers::{SippServer, available};
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
    let registrar = SippServer::start(folder.path(), REGISTRAR).await;
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
    let switchboard = SippServer::start(folder.path(), SWITCHBOARD).await;
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
const REGISTRAR: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="registrar">
<recv request="REGISTER"/>
<send><![CDATA[
SIP/2.0 401 Unauthorized
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
WWW-Authenticate: Digest realm="pbx", nonce="4711", algorithm=MD5, qop="auth"
Content-Length: 0

]]></send>
<recv request="REGISTER"><action><verifyauth assign_to="good" username="paytone" password="secret"/></action></recv>
<nop hide="true" test="good" next="good"/>
<send next="end"><![CDATA[
SIP/2.0 403 Forbidden
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<label id="good"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Contact:]
Expires: 300
Content-Length: 0

]]></send>
<recv request="REGISTER"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<label id="end"/>
</scenario>
"#;

/// Asks the caller who it is, answers, and waits for the BYE.
const SWITCHBOARD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="switchboard">
<recv request="INVITE"/>
<send><![CDATA[
SIP/2.0 401 Unauthorized
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
WWW-Authenticate: Digest realm="pbx", nonce="0815", algorithm=MD5, qop="auth"
Content-Length: 0

]]></send>
<recv request="ACK"/>
<recv request="INVITE"><action><verifyauth assign_to="good" username="paytone" password="secret"/></action></recv>
<nop hide="true" test="good" next="good"/>
<send next="end"><![CDATA[
SIP/2.0 403 Forbidden
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<label id="good"/>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>
<recv request="ACK"/>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<label id="end"/>
</scenario>
"#;
