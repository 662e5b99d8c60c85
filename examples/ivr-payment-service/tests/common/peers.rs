//! Real SIP programs as callers, started and stopped by the test: sipp, and what the others need too.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

/// Whether a peer is installed. A missing one is a failure where `PAYTONE_REQUIRE_PEERS` is set, and otherwise said on
/// standard error itself, past the test runner's capture.
pub(crate) fn available(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&paths).any(|folder| folder.join(program).is_file()) {
        return true;
    }
    assert!(std::env::var_os("PAYTONE_REQUIRE_PEERS").is_none(), "{program} is required and not installed");
    writeln!(std::io::stderr(), "SKIPPED: {program} is not installed").expect("standard error takes a line");
    false
}

/// How a sipp caller keys.
pub(crate) enum SippKeys<'a> {
    /// RFC 4733 on payload type 96, all keys in one go, without pauses.
    Events(&'a str),
    /// One SIP INFO request per key.
    Info(&'a str),
}

/// Places one call with sipp; it ends when the service hangs up. Panics with sipp's own words if the call fails.
pub(crate) async fn sipp_call(
    folder: &Path,
    service: SocketAddr,
    user: &str,
    keys: SippKeys<'_>,
    transport: &str,
) {
    let scenario = folder.join("scenario.xml");
    std::fs::write(&scenario, scenario_text(&keys)).expect("the scenario can be written");
    let output = Command::new("sipp")
        .current_dir(folder)
        .arg("-sf")
        .arg(&scenario)
        .args(["-s", user, "-i", "127.0.0.1", "-m", "1", "-nostdin", "-timeout", "90s", "-timeout_error"])
        .args(["-t", transport, "-mp", &free_media_port().to_string(), "-trace_err"])
        .arg(service.to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("sipp runs");
    assert!(output.status.success(), "sipp: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
}

/// Runs a scenario of sipp's as the caller, to its end; every message that was sent or received.
pub(crate) async fn sipp_runs(folder: &Path, service: SocketAddr, user: &str, scenario: &str) -> String {
    std::fs::write(folder.join("caller.xml"), scenario).expect("the scenario can be written");
    let output = Command::new("sipp")
        .current_dir(folder)
        .args(["-sf", "caller.xml", "-s", user, "-i", "127.0.0.1", "-m", "1", "-nostdin", "-timeout", "150s"])
        .args(["-timeout_error", "-trace_msg", "-message_file", "caller.log"])
        .args(["-mp", &free_media_port().to_string()])
        .arg(service.to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("sipp runs");
    let messages = std::fs::read_to_string(folder.join("caller.log")).unwrap_or_default();
    assert!(output.status.success(), "sipp: {}\n{messages}", output.status);
    messages
}

/// A scenario that calls with this description of its audio, and hangs up once it is answered.
pub(crate) fn sipp_calls_with(sdp: &str) -> String {
    let at = SIPP_CALL.find("v=0").expect("a call has a description");
    let end = SIPP_CALL[at..].find("]]>").expect("it ends") + at;
    let bye = SIPP_INFO.replace("{cseq}", "2").replace("INFO", "BYE").replace(
        "Content-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal={key}\nDuration=160\n",
        "Content-Length: 0\n\n",
    );
    format!("{}{sdp}{}{bye}</scenario>\n", &SIPP_CALL[..at], &SIPP_CALL[end..])
}

fn scenario_text(keys: &SippKeys<'_>) -> String {
    let mut text = String::from(SIPP_CALL);
    match keys {
        SippKeys::Events(keys) => {
            write!(text, r#"<nop><action><exec play_dtmf="{keys}"/></action></nop>"#).expect("text grows");
        }
        SippKeys::Info(keys) => {
            for (index, key) in keys.chars().enumerate() {
                text.push_str(
                    &SIPP_INFO.replace("{cseq}", &(index + 2).to_string()).replace("{key}", &key.to_string()),
                );
            }
        }
    }
    text.push_str(SIPP_END);
    text
}

/// An even UDP port with its neighbours free, as sipp wants for media.
fn free_media_port() -> u16 {
    loop {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let port = socket.local_addr().expect("bound").port() & !1;
        if (1024..65_000).contains(&port) {
            return port;
        }
    }
}

const SIPP_CALL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="pay">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [auto_media_port] RTP/AVP 0 96
a=rtpmap:0 PCMU/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-16
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
[routes]
From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[pid]T[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
"#;

const SIPP_INFO: &str = r#"
<send retrans="500"><![CDATA[
INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
[routes]
From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[pid]T[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {cseq} INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal={key}
Duration=160
]]></send>
<recv response="200"/>
"#;

const SIPP_END: &str = r#"
<recv request="BYE" timeout="80000"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"#;

/// What a sipp scenario sends as an answer to what it has received, with these headers of its own.
pub(crate) fn sipp_reply(status: &str, headers: &str) -> String {
    format!(
        "<send><![CDATA[\nSIP/2.0 {status}\n[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n[last_Call-ID:]\n\
         [last_CSeq:]\n{headers}Content-Length: 0\n\n]]></send>\n"
    )
}

/// How a sipp scenario takes a call it has received and waits for its BYE.
pub(crate) fn sipp_takes_call() -> String {
    SIPP_TAKES_CALL.to_owned() + &SIPP_END[..SIPP_END.find("</scenario>").expect("a scenario has an end")]
}

const SIPP_TAKES_CALL: &str = r#"<send retrans="500"><![CDATA[
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
"#;

/// A sipp that waits for one call and answers it by its scenario.
pub(crate) struct SippServer {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl SippServer {
    /// Starts sipp with its files in `folder`; with another port where the one it was given is taken meanwhile.
    pub(crate) async fn start(folder: &Path, scenario: &str) -> Self {
        std::fs::write(folder.join("server.xml"), scenario).expect("the scenario can be written");
        for _ in 0..5 {
            let port = free_sip_port();
            let mut child = Command::new("sipp")
                .current_dir(folder)
                .args([
                    "-sf",
                    "server.xml",
                    "-i",
                    "127.0.0.1",
                    "-p",
                    &port.to_string(),
                    "-m",
                    "1",
                    "-nostdin",
                ])
                .args(["-mp", &free_media_port().to_string(), "-trace_msg", "-message_file", "messages.log"])
                .args(["-timeout", "90s"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .expect("sipp starts");
            if takes_udp_port(&mut child, port).await {
                return Self { child, port, folder: folder.to_owned() };
            }
        }
        panic!("sipp does not start");
    }

    /// Where a user of its can be called; the server itself where there is none.
    pub(crate) fn uri(&self, user: &str) -> String {
        let at = if user.is_empty() { "" } else { "@" };
        format!("sip:{user}{at}127.0.0.1:{}", self.port)
    }

    /// Waits until one of the messages it has sent or received holds this text, and returns all of them.
    pub(crate) async fn logged(&self, text: &str) -> String {
        let mut messages = String::new();
        for _ in 0..200 {
            messages = std::fs::read_to_string(self.folder.join("messages.log")).unwrap_or_default();
            if messages.contains(text) {
                return messages;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no {text} in {messages}");
    }

    /// Waits until its call has come to the end of the scenario.
    pub(crate) async fn succeeds(mut self, limit: Duration) {
        let ended = tokio::time::timeout(limit, self.child.wait()).await;
        let messages = std::fs::read_to_string(self.folder.join("messages.log")).unwrap_or_default();
        assert!(ended.is_ok_and(|ended| ended.is_ok_and(|status| status.success())), "{messages}");
    }
}

/// Waits until a program of ours has this UDP port; whether it has, and not somebody else.
pub(crate) async fn takes_udp_port(child: &mut Child, port: u16) -> bool {
    for _ in 0..200 {
        if child.try_wait().expect("our own child").is_some() {
            return false;
        }
        match child.id() {
            Some(id) if has_udp_port(id, port) => return true,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    child.kill().await.expect("our own child can be ended");
    false
}

/// Whether one of a process's sockets is bound to this UDP port, as the kernel lists them.
fn has_udp_port(process: u32, port: u16) -> bool {
    let wanted = format!(":{port:04X}");
    let tables =
        ["/proc/net/udp", "/proc/net/udp6"].map(|table| std::fs::read_to_string(table).unwrap_or_default());
    let of_port = tables.iter().flat_map(|table| table.lines()).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.get(1)?.ends_with(&wanted).then(|| fields.get(9).map(|inode| format!("socket:[{inode}]")))?
    });
    let sockets: Vec<String> = of_port.collect();
    let Ok(files) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    targets.into_iter().any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
}

/// A TCP port nobody has.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("bound").port()
}

/// A port nobody has, of UDP and of TCP, nor the next one of TCP, which SIP over TLS takes.
pub(crate) fn free_sip_port() -> u16 {
    let is_free = |port: &u16| {
        let next = port.checked_add(1).map(|next| std::net::TcpListener::bind(("127.0.0.1", next)));
        std::net::UdpSocket::bind(("127.0.0.1", *port)).is_ok() && next.is_some_and(|bound| bound.is_ok())
    };
    core::iter::repeat_with(free_port).find(is_free).expect("a port is free")
}
