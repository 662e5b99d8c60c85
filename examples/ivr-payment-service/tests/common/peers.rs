//! Real SIP programs as callers: sipp and baresip, started and stopped by the test.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
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

/// A baresip without any audio device, driven over its control socket.
pub(crate) struct Baresip {
    child: Child,
    control: TcpStream,
    sip: u16,
    folder: PathBuf,
}

/// How a baresip is set up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup<'a> {
    /// It answers by itself.
    pub(crate) answers: bool,
    /// What its microphone hears; silence where there is nothing.
    pub(crate) says: &'a [i16],
    /// More parameters of its account, such as `;mediaenc=srtp-mand`.
    pub(crate) account: &'a str,
    /// More lines of its configuration.
    pub(crate) config: &'a str,
}

impl Baresip {
    /// Starts baresip with its files in `folder`.
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::start_as(folder, Setup::default()).await
    }

    /// Starts baresip set up like this, with its files in `folder`.
    pub(crate) async fn start_as(folder: &Path, setup: Setup<'_>) -> Self {
        let answers = if setup.answers { ";answermode=auto" } else { "" };
        let account =
            format!("<sip:phone@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1{answers}{}\n", setup.account);
        std::fs::write(folder.join("accounts"), account).expect("accounts");
        std::fs::write(folder.join("contacts"), "").expect("contacts");
        std::fs::create_dir_all(folder.join("heard")).expect("folder");
        write_microphone(&folder.join("tx.wav"), setup.says);
        // A port that was free may be somebody else's by the time baresip wants it: then it ends, and is started again.
        for _ in 0..5 {
            if let Some(phone) = Self::try_start(folder, setup.config).await {
                return phone;
            }
        }
        panic!("baresip does not start: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    async fn try_start(folder: &Path, more: &str) -> Option<Self> {
        let (sip, control) = (free_sip_port(), free_port());
        std::fs::write(folder.join("config"), baresip_config(folder, sip, control) + more).expect("config");
        let log = std::fs::File::create(folder.join("log")).expect("log");
        let mut child = Command::new("baresip")
            .arg("-f")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("baresip starts");
        let control = connect(control, &mut child).await?;
        Some(Self { child, control, sip, folder: folder.to_owned() })
    }

    /// Where it can be called.
    pub(crate) fn uri(&self) -> String {
        format!("sip:phone@127.0.0.1:{}", self.sip)
    }

    /// What it has heard in its last call, 8 kHz; whole once the program has ended.
    pub(crate) fn heard(folder: &Path) -> Vec<i16> {
        let files = std::fs::read_dir(folder.join("heard")).expect("a folder");
        let mut files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
        files.retain(|file| file.to_string_lossy().ends_with("dec.wav"));
        files.sort();
        let file = files.last().expect("baresip has recorded");
        let mut wav = hound::WavReader::open(file).expect("a recording");
        assert_eq!(wav.spec().sample_rate, 8000);
        wav.samples::<i16>().map_while(Result::ok).collect()
    }

    /// Sends a command, such as `dial sip:pay@127.0.0.1:5060` or `sndcode 4`.
    pub(crate) async fn command(&mut self, command: &str) {
        let (name, params) = command.split_once(' ').unwrap_or((command, ""));
        let json = format!(r#"{{"command":"{name}","params":"{params}","token":"t"}}"#);
        let netstring = format!("{}:{json},", json.len());
        self.control.write_all(netstring.as_bytes()).await.expect("baresip takes commands");
    }

    /// Waits until baresip reports an event, such as `CALL_ESTABLISHED`.
    pub(crate) async fn wait_for(&mut self, event: &str, limit: Duration) {
        let mut heard = String::new();
        let waited = tokio::time::timeout(limit, async {
            let mut buffer = [0; 4096];
            while !heard.contains(event) {
                let length = self.control.read(&mut buffer).await.expect("baresip talks");
                assert!(length > 0, "baresip closed its control socket; heard {heard}");
                heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        assert!(waited.await.is_ok(), "no {event} from baresip; heard {heard}");
    }

    /// Says this from now on, and then nothing.
    pub(crate) async fn say(&mut self, name: &str, samples: &[i16]) {
        let path = self.folder.join(name).with_extension("wav");
        write_microphone(&path, samples);
        self.command(&format!("ausrc aufile,{}", path.display())).await;
    }

    /// Presses keys one after the other, like a person.
    pub(crate) async fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.command(&format!("sndcode {key}")).await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Ends the program.
    pub(crate) async fn stop(mut self) {
        self.command("quit").await;
        if tokio::time::timeout(Duration::from_secs(3), self.child.wait()).await.is_err() {
            self.child.kill().await.expect("our own child can be ended");
        }
    }
}

/// The program's control socket; nothing where the program does without it, or has ended.
async fn connect(port: u16, child: &mut Child) -> Option<TcpStream> {
    for _ in 0..100 {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await {
            return Some(stream);
        }
        if child.try_wait().expect("our own child").is_some() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    child.kill().await.expect("our own child can be ended");
    None
}

/// A TCP port nobody has.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("bound").port()
}

/// A port nobody has, of UDP and of TCP, nor the next one of TCP, which SIP over TLS takes.
fn free_sip_port() -> u16 {
    let is_free = |port: &u16| {
        let next = port.checked_add(1).map(|next| std::net::TcpListener::bind(("127.0.0.1", next)));
        std::net::UdpSocket::bind(("127.0.0.1", *port)).is_ok() && next.is_some_and(|bound| bound.is_ok())
    };
    core::iter::repeat_with(free_port).find(is_free).expect("a port is free")
}

/// What the microphone hears, and then silence up to two minutes. baresip hangs up at the end of the file.
fn write_microphone(path: &Path, says: &[i16]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).expect("wav");
    for at in 0..says.len().max(120 * 8000) {
        wav.write_sample(says.get(at).copied().unwrap_or_default()).expect("wav");
    }
    wav.finalize().expect("wav");
}

fn baresip_config(folder: &Path, sip: u16, control: u16) -> String {
    let folder = folder.display();
    let modules = modules().display().to_string();
    format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{sip}\naudio_player aubridge,sink\naudio_source aufile,{folder}/tx.wav\n\
         audio_alert aubridge,nil\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
         audio_txmode poll\nrtp_ports 10000-20000\nnet_interface 127.0.0.1\nmodule_path {modules}\n\
         module g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule_tmp account.so\nmodule_app menu.so\n\
         module sndfile.so\nsnd_path {folder}/heard\nmodule_app contact.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n"
    )
}

fn modules() -> PathBuf {
    let folders = [
        "/usr/lib/baresip/modules",
        "/usr/lib/x86_64-linux-gnu/baresip/modules",
        "/usr/local/lib/baresip/modules",
    ];
    let found = folders.iter().map(PathBuf::from).find(|folder| folder.is_dir());
    found.expect("baresip's modules are installed with it")
}
