//! Two re-INVITEs cross on a bridged call (RFC 3261, 14.1): both are refused, both are made again, and the two people notice
//! nothing of it; nor do they of a hold while no card is taken.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::Fixture;
use common::baresip::{Baresip, Setup};
use common::peers::{available, sipp_runs};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn crossing_re_invites_are_refused_and_made_again() {
    if !(available("baresip") && available("sipp")) {
        return;
    }
    let (operator_folder, caller_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut operator =
        Baresip::start_as(operator_folder.path(), Setup { answers: true, ..Setup::default() }).await;
    // The caller sends no audio.
    let settings = format!(
        "call.rtp_timeout_s = 120\n[[lines]]\nname = 'desk'\nkind = 'pay_order'\nusers = ['desk-{{code}}']\n\
         [lines.operator]\nuri = '{}'\nstays = true\n",
        operator.uri()
    );
    let fixture = Fixture::start_with(&settings).await;
    let order = fixture.order("GLARE", 1200).await;
    let user = format!("desk-{}", order["code"].as_str().unwrap());
    let mut events = fixture.watch();
    // The scenario fails if the call ends before its own BYE.
    let messages = sipp_runs(caller_folder.path(), fixture.sip(), &user, &scenario()).await;
    assert!(messages.contains("a=recvonly"), "the hold is answered as one:\n{messages}");
    let ended = events.wait_for("call_ended").await;
    assert_eq!(ended["data"]["outcome"], "caller_hung_up", "{ended}");
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    operator.stop().await;
    fixture.stop().await;
}

/// A caller whom the service refreshes the session of. It waits for the refresh, sends a re-INVITE of its own before it
/// answers with 491, takes the refresh that is made again, holds, goes on and hangs up.
fn scenario() -> String {
    let first = request("INVITE", 1, "", "Supported: timer\nSession-Expires: 90;refresher=uas\n", "sendrecv");
    let ack = |cseq, branch: &str| request("ACK", cseq, branch, "", "");
    let own = |cseq: u32, direction| request("INVITE", cseq, &format!("z9hG4bK-own-{cseq}"), "", direction);
    let again = |cseq: u32| ack(cseq, &format!("z9hG4bK-ack-{cseq}"));
    let reoffered = |cseq, direction| {
        format!("{}{TRYING}<recv response=\"200\"/>\n{}", own(cseq, direction), again(cseq))
    };
    let body = [
        first,
        TRYING.to_owned(),
        "<recv response=\"200\" rrs=\"true\"/>\n".to_owned(),
        again(1),
        // Half of the session timer, and then some on a busy machine.
        their_invite("90000"),
        own(2, "sendonly"),
        TRYING.to_owned(),
        "<recv response=\"491\"/>\n".to_owned(),
        ack(2, "z9hG4bK-own-2"),
        answer("491 Request Pending", ""),
        "<recv request=\"ACK\"/>\n".to_owned(),
        their_invite("20000"),
        answer("200 OK", &sdp("sendrecv")),
        "<recv request=\"ACK\"/>\n".to_owned(),
        reoffered(3, "sendonly"),
        "<pause milliseconds=\"1000\"/>\n".to_owned(),
        reoffered(4, "sendrecv"),
        request("BYE", 5, "z9hG4bK-bye", "", ""),
        "<recv response=\"200\"/>\n".to_owned(),
    ];
    format!("<?xml version=\"1.0\"?>\n<scenario name=\"glare\">\n{}</scenario>\n", body.concat())
}

const TRYING: &str =
    "<recv response=\"100\" optional=\"true\"/>\n<recv response=\"180\" optional=\"true\"/>\n";

/// A request of the caller's; without a branch the call's first, with a direction one that describes its audio.
fn request(method: &str, cseq: u32, branch: &str, headers: &str, direction: &str) -> String {
    let (uri, branch, tag, routes) = match branch {
        "" => ("sip:[service]@[remote_ip]:[remote_port]", "[branch]", "", ""),
        branch => ("[next_url]", branch, "[peer_tag_param]", "[routes]\n"),
    };
    let body = if direction.is_empty() { "Content-Length: 0\n\n".to_owned() } else { sdp(direction) };
    let retrans = if method == "ACK" { "" } else { " retrans=\"500\"" };
    format!(
        "<send{retrans}><![CDATA[\n{method} {uri} SIP/2.0\n\
         Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport\n{routes}\
         From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[pid]T[call_number]\n\
         To: <sip:[service]@[remote_ip]:[remote_port]>{tag}\nCall-ID: [call_id]\nCSeq: {cseq} {method}\n\
         Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>\nMax-Forwards: 70\n{headers}{body}]]></send>\n"
    )
}

fn sdp(direction: &str) -> String {
    format!(
        "Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\no=sipp 1 1 IN IP4 [local_ip]\ns=-\n\
         c=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 0\na=rtpmap:0 PCMU/8000\na={direction}\n"
    )
}

/// A re-INVITE of the service's, kept so that it can be answered after other messages.
fn their_invite(timeout: &str) -> String {
    let keep = |header: &str, name: &str| {
        format!("<ereg regexp=\".*\" search_in=\"hdr\" header=\"{header}:\" assign_to=\"{name}\"/>\n")
    };
    let kept = [("Via", "via"), ("From", "from"), ("To", "to"), ("CSeq", "cseq")];
    let kept: String = kept.iter().map(|(header, name)| keep(header, name)).collect();
    format!("<recv request=\"INVITE\" timeout=\"{timeout}\"><action>\n{kept}</action></recv>\n")
}

/// The answer to it.
fn answer(status: &str, body: &str) -> String {
    let body = if body.is_empty() { "Content-Length: 0\n\n" } else { body };
    format!(
        "<send><![CDATA[\nSIP/2.0 {status}\nVia:[$via]\nFrom:[$from]\nTo:[$to]\nCall-ID: [call_id]\nCSeq:[$cseq]\n\
         Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>\n{body}]]></send>\n"
    )
}
