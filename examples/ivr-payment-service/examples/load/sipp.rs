//! sipp as many callers at once.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::process::OTHER_CORE;

/// A few sipps that run beside each other.
#[derive(Debug)]
pub(crate) struct Sipp {
    parts: Vec<Part>,
}

/// One of them.
#[derive(Debug)]
struct Part {
    child: Child,
    statistics: PathBuf,
    /// Where the calls' audio goes: a socket for each, which nobody reads.
    _ears: Vec<UdpSocket>,
}

/// What sipp is to do.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    /// Whom it calls.
    pub(crate) at: SocketAddr,
    /// What each caller sends.
    pub(crate) capture: &'a Path,
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
    pub(crate) fn start(folder: &Path, load: &Load<'_>) -> Self {
        let scenario = folder.join("scenario.xml");
        std::fs::write(&scenario, scenario_text(load)).expect("the folder takes a file");
        let parts = load.calls.div_ceil(CALLS_OF_A_PART);
        Self { parts: (0..parts).map(|part| Part::start(folder, load, (part, parts))).collect() }
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
        self.parts.iter_mut().all(|part| part.child.try_wait().expect("our own child").is_some())
    }

    /// Waits for the last call.
    pub(crate) fn wait(mut self) -> Ended {
        for part in &mut self.parts {
            part.child.wait().expect("our own child");
        }
        self.so_far()
    }

    fn figure(&self, name: &str) -> u64 {
        self.parts.iter().map(|part| part.figure(name)).sum()
    }
}

impl Part {
    /// One of so many parts of a load, with an address of its own for the audio.
    fn start(folder: &Path, load: &Load<'_>, (part, parts): (u32, u32)) -> Self {
        let address = Ipv4Addr::from_bits(FIRST_ADDRESS.to_bits() + part);
        let statistics = folder.join(format!("statistics-{part}.csv"));
        drop(std::fs::remove_file(&statistics));
        let share = |whole: u32| whole / parts + u32::from(part < whole % parts);
        let per_ten_seconds = (load.per_second * 10.0 / f64::from(parts)).max(1.0);
        let child = Command::new("taskset")
            .args(["-c", OTHER_CORE, "sipp", "-sf", "scenario.xml", "-s", "pay", "-nostdin"])
            .args(["-i", "127.0.0.1", "-mi", &address.to_string(), "-mp", &FIRST_PORT.to_string()])
            .args(["-trace_stat", "-fd", "1", "-trace_err", "-stf"])
            .arg(&statistics)
            .args(["-m", &share(load.total).to_string(), "-l", &share(load.calls).to_string()])
            .args(["-r", &format!("{per_ten_seconds:.0}"), "-rp", "10000"])
            .arg(load.at.to_string())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp starts");
        Self { child, statistics, _ears: ears(address, share(load.total)) }
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

impl Drop for Part {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// sipp sends audio and listens to none; a port nobody has would be answered with ICMP, at the sender's expense.
fn ears(address: Ipv4Addr, total: u32) -> Vec<UdpSocket> {
    // The first one is sipp's own.
    let ports = (1..total.min(MOST_PORTS)).filter_map(|call| u16::try_from(4 * call).ok());
    ports.filter_map(|port| UdpSocket::bind((address, FIRST_PORT + port)).ok()).collect()
}

/// A call that plays audio has a raw socket, and the kernel hands it every packet to its address, at the sender's expense:
/// the fewer calls share an address, the less of that is counted as the service's.
const CALLS_OF_A_PART: u32 = 25;
/// All of 127.0.0.0/8 is this machine.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);

fn scenario_text(load: &Load<'_>) -> String {
    let end = match load.hangs_up {
        Some(after) => HANGS_UP.replace("{pause}", &after.as_millis().to_string()),
        None => IS_HUNG_UP.to_owned(),
    };
    CALL.replace("{capture}", &load.capture.display().to_string()).replace("{end}", &end)
}

/// sipp gives every call the fourth port after that of the one before, ten thousand ports round.
const FIRST_PORT: u16 = 40_000;
const MOST_PORTS: u32 = 2500;

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
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]T[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<nop><action><exec play_pcap_audio="{capture}"/></action></nop>
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
