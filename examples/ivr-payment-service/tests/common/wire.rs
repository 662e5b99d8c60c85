//! What is on the wire: tcpdump on the loopback interface.

use std::io::Write as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use super::peers::available;

/// A running capture of UDP from and to some ports.
pub(crate) struct Wire {
    child: Child,
    words: BufReader<ChildStderr>,
    file: PathBuf,
}

/// One datagram.
pub(crate) struct Datagram {
    /// The byte of the IP header that marks it.
    pub(crate) traffic_class: u8,
    pub(crate) from: u16,
    pub(crate) payload: Vec<u8>,
}

impl Datagram {
    /// Whether it is as long as 20 ms of G.711, or a telephone-event, is, and says that it is one: SRTP adds a tag of ten
    /// bytes or four.
    pub(crate) fn is_plain_rtp(&self) -> bool {
        let payload_type = self.payload.get(1).map(|byte| byte & 0x7f);
        match (self.payload.len(), payload_type) {
            (AUDIO, Some(0)) => true,
            (EVENT, Some(payload_type)) => payload_type >= 96,
            _ => false,
        }
    }

    /// Whether it holds a run of equal bytes that only silence has: never what has been encrypted.
    pub(crate) fn is_silence(&self) -> bool {
        self.payload.chunk_by(|one, next| one == next).any(|run| run.len() >= 40)
    }
}

/// Ten ports for a service's RTP that no other test is likely to have.
pub(crate) fn some_ports() -> RangeInclusive<u16> {
    let first = 21_000 + rand::random::<u16>() % 800 * 10;
    first..=first + 9
}

impl Wire {
    /// Begins to listen. Nothing where that is not installed or not permitted, which is said as for a missing peer.
    pub(crate) async fn tap(folder: &Path, ports: &RangeInclusive<u16>) -> Option<Self> {
        if !available("tcpdump") {
            return None;
        }
        let file = folder.join("wire.pcap");
        let mut child = Command::new("tcpdump")
            .args(["-i", "lo", "-n", "-U", "--immediate-mode", "-w"])
            .arg(&file)
            .arg(format!("udp portrange {}-{}", ports.start(), ports.end()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("tcpdump starts");
        let mut words = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            if words.read_line(&mut line).await.expect("tcpdump talks") == 0 {
                assert!(std::env::var_os("PAYTONE_REQUIRE_PEERS").is_none(), "tcpdump may not capture");
                writeln!(std::io::stderr(), "SKIPPED: tcpdump may not capture")
                    .expect("standard error takes a line");
                return None;
            }
        }
        Some(Self { child, words, file })
    }

    /// Ends the capture; everything that was on the wire.
    pub(crate) async fn datagrams(mut self) -> Vec<Datagram> {
        let id = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        // It closes its file when it is asked to end, not when it is killed.
        rustix::process::kill_process(id.expect("it runs"), rustix::process::Signal::TERM)
            .expect("our own child");
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        ended.expect("tcpdump ends").expect("our own child");
        drop(self.words);
        datagrams(&std::fs::read(&self.file).expect("a capture"))
    }
}

fn datagrams(capture: &[u8]) -> Vec<Datagram> {
    let mut rest = &capture[FILE_HEADER..];
    let mut found = Vec::new();
    while rest.len() >= RECORD_HEADER {
        let length = u32::from_le_bytes(rest[8..12].try_into().expect("four bytes")) as usize;
        let Some(packet) = rest.get(RECORD_HEADER..RECORD_HEADER + length) else { break };
        rest = &rest[RECORD_HEADER + length..];
        let (ip, udp) = (&packet[ETHERNET..], &packet[ETHERNET + IPV4..]);
        found.push(Datagram {
            traffic_class: ip[1],
            from: u16::from_be_bytes([udp[0], udp[1]]),
            payload: udp[UDP..].to_vec(),
        });
    }
    found
}

/// An RTP header, and 160 samples.
const AUDIO: usize = 12 + 160;
/// An RTP header, and a key.
const EVENT: usize = 12 + 4;
const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const ETHERNET: usize = 14;
const IPV4: usize = 20;
const UDP: usize = 8;
