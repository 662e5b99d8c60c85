//! sipp as many callers: their SIP; what they say is in [`voices`](crate::voices).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::audio::{self, Keying};
use crate::voices::{FIRST_PORT, Voices};

/// A running sipp, and the callers' voices.
#[derive(Debug)]
pub(crate) struct Sipp {
    child: Child,
    statistics: PathBuf,
    _voices: Voices,
}

/// What sipp is to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Whom it calls.
    pub(crate) at: SocketAddr,
    /// How each caller keys.
    pub(crate) keying: Keying,
    /// Calls at a time.
    pub(crate) calls: u32,
    /// New calls a second until there are so many.
    pub(crate) per_second: f64,
    /// Calls altogether.
    pub(crate) total: u32,
    /// After how long the caller hangs up; `None` leaves that to the other side.
    pub(crate) hangs_up: Option<Duration>,
}

/// What became of the calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ended {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
}

impl Sipp {
    pub(crate) fn start(folder: &Path, load: &Load) -> Self {
        let (scenario, statistics) = (folder.join("scenario.xml"), folder.join("statistics.csv"));
        std::fs::write(&scenario, scenario_text(load)).expect("the folder takes a file");
        drop(std::fs::remove_file(&statistics));
        let voices = Voices::start(audio::call(load.keying), load.total);
        let child = Command::new("sipp")
            .args(["-sf", "scenario.xml", "-s", "pay", "-nostdin", "-i", "127.0.0.1", "-mi", "127.0.0.1"])
            // sipp opens this one itself, and calls have those after it.
            .args(["-mp", &(FIRST_PORT - 4).to_string()])
            .args(["-trace_stat", "-fd", "1", "-trace_err", "-stf", "statistics.csv"])
            .args(["-m", &load.total.to_string(), "-l", &load.calls.to_string()])
            .args(["-r", &format!("{:.0}", (load.per_second * 10.0).max(1.0)), "-rp", "10000"])
            .arg(load.at.to_string())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp starts");
        Self { child, statistics, _voices: voices }
    }

    /// Calls that are up now.
    pub(crate) fn calls_up(&self) -> u64 {
        self.figure("CurrentCall")
    }

    /// What has become of calls so far.
    pub(crate) fn so_far(&self) -> Ended {
        Ended { succeeded: self.figure("SuccessfulCall(C)"), failed: self.figure("FailedCall(C)") }
    }

    pub(crate) fn is_done(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_some()
    }

    /// Waits for the last call.
    pub(crate) fn wait(mut self) -> Ended {
        self.child.wait().expect("our own child");
        self.so_far()
    }

    fn figure(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(&self.statistics).unwrap_or_default();
        let mut lines = text.lines();
        let column = lines.next().and_then(|names| names.split(';').position(|column| column == name));
        let whole = lines.rfind(|line| line.ends_with(';'));
        let value = column.zip(whole).and_then(|(column, line)| line.split(';').nth(column)?.parse().ok());
        value.unwrap_or(0)
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn scenario_text(load: &Load) -> String {
    let end = match load.hangs_up {
        Some(after) => HANGS_UP.replace("{pause}", &after.as_millis().to_string()),
        None => IS_HUNG_UP.to_owned(),
    };
    CALL.replace("{end}", &end)
}

const CALL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="pay">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=u 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [auto_media_port+4] RTP/AVP 0 96
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
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]T[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
{end}
</scenario>
"#;

const IS_HUNG_UP: &str = r#"<recv request="BYE" timeout="90000"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>"#;

const HANGS_UP: &str = r#"<pause milliseconds="{pause}"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
[routes]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]T[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>"#;
